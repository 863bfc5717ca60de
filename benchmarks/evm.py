"""The Vyper contracts on any EVM: compile, deploy, encode and check."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from vyper.compiler import compile_from_file_input
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import OptimizationLevel, Settings

from benchmarks.cases import (
    ANY_ADDRESS_CLAIM_WAIT_S,
    COST_WEIGHT_WEI,
    OWNER_CLAIM_WAIT_S,
    REFUND_WAIT_S,
    Case,
    Sample,
    Stream,
)

SOURCES = Path(__file__).parent / "vyper"
EVM_VERSION = "cancun"
USER = "0x" + "11" * 20
USER_BALANCE_WEI = 10**30
GAS_LIMIT = 10**9
ADD_DATA_TOPIC = keccak(text="AddData(int64[],uint64,uint256,address,uint256)")


@dataclass(frozen=True)
class Event:
    """One log entry: its topics, and its ABI-encoded data."""

    topics: list[bytes]
    data: bytes


@cache
def compile_contract(name: str) -> bytes:
    """Compile one of the Vyper contracts for least run-time gas.

    Parameters
    ----------
    name
        Name of the source file without its ending.

    Returns
    -------
    bytes
        The deployment code, to which encoded constructor arguments are appended.
    """
    bundle = FilesystemInputBundle([SOURCES])
    settings = Settings(optimize=OptimizationLevel.GAS, evm_version=EVM_VERSION)
    source = bundle.load_file(f"{name}.vy")
    output = compile_from_file_input(source, input_bundle=bundle, settings=settings)
    return bytes.fromhex(output["bytecode"].removeprefix("0x"))


def call_data(signature: str, *arguments: object) -> bytes:
    """Encode a call.

    Parameters
    ----------
    signature
        Such as ``addData(int64[],uint64)``.
    arguments
        One for each type in it.

    Returns
    -------
    bytes
        Four bytes of selector, then the arguments.
    """
    inner = signature[signature.index("(") + 1 : -1]
    types = inner.split(",") if inner else []
    return bytes(keccak(text=signature)[:4] + encode(types, arguments))


class EvmPeer(ABC):
    """An EVM with the contracts on it: a `benchmarks.measure.Peer` of encoded calls.

    The subclasses say how to reach the EVM.

    Attributes
    ----------
    name
        What tables call it.
    trainer, handler, incentive, classifier
        Addresses, after `deploy`.
    """

    name: str
    trainer: str
    handler: str
    incentive: str
    classifier: str

    @abstractmethod
    def reset(self) -> None:
        """Start an empty chain at `START_TIME_S`, with a rich user."""

    @abstractmethod
    def set_time(self, time_s: int) -> None:
        """Set the time stamp of what comes next."""

    @abstractmethod
    def create(self, code: bytes) -> str:
        """Deploy code as the user, and return the address."""

    @abstractmethod
    def call(self, to: str, data: bytes) -> bytes:
        """Call as the user without value, and return what it returns."""

    @abstractmethod
    def add_data(self, call: bytes) -> None:
        """Run one encoded addData with `VALUE_WEI`: this is what is timed."""

    @abstractmethod
    def last_gas(self) -> int:
        """Return the gas of the last `add_data`."""

    @abstractmethod
    def last_events(self) -> list[Event]:
        """Return the events of the last `add_data`; raise if it failed."""

    @abstractmethod
    def balance_wei(self, address: str) -> int:
        """Return the balance of an address."""

    def deploy(self, case: Case, stream: Stream) -> None:
        """Put the five contracts on an empty chain, and the initial weights into the model.

        Parameters
        ----------
        case
            Says which of the perceptrons.
        stream
            Holds the model.
        """
        self.reset()
        self.handler = self._create("data_handler", "()")
        self.incentive = self._create(
            "stakeable",
            "(uint32,uint32,uint32,uint80)",
            REFUND_WAIT_S,
            OWNER_CLAIM_WAIT_S,
            ANY_ADDRESS_CLAIM_WAIT_S,
            COST_WEIGHT_WEI,
        )
        self.classifier = self._create(
            f"{case.kind}_perceptron", "(int80,uint32)", stream.intercept, stream.learning_rate
        )
        if case.kind == "sparse":
            start = call_data("initializeWeights(uint64,int80[])", 0, stream.weights)
        else:
            start = call_data("initializeWeights(int80[])", stream.weights)
        self.call(self.classifier, start)
        parts = (self.handler, self.incentive, self.classifier)
        texts = ("benchmark", "the same work as ours", "none")
        types = "(string,string,string,address,address,address)"
        self.trainer = self._create("trainer", types, *texts, *parts)
        for part in parts:
            self.call(part, call_data("transferOwnership(address)", self.trainer))

    def prepare(self, sample: Sample) -> bytes:
        """Set the time and encode an addData.

        Parameters
        ----------
        sample
            What it is to add.
        """
        self.set_time(sample.time_s)
        return call_data("addData(int64[],uint64)", sample.data, sample.label)

    def read(self, to: str, signature: str, *arguments: object) -> int:
        """Call a getter that returns one integer.

        Parameters
        ----------
        to, signature, arguments
            Whom, what and with what.
        """
        output = self.call(to, call_data(signature, *arguments))
        return int.from_bytes(output, "big", signed=True)

    def check_sample(self, sample: Sample) -> None:
        """Require that the last `add_data` made just the AddData event of this sample.

        Parameters
        ----------
        sample
            What was added.
        """
        events = self.last_events()
        if len(events) != 1 or events[0].topics != [ADD_DATA_TOPIC, encode(["address"], [USER])]:
            raise RuntimeError(f"{self.name}: addData must make one AddData event")
        found = decode(["int64[]", "uint64", "uint256", "uint256"], events[0].data)
        if found != (tuple(sample.data), sample.label, sample.time_s, sample.cost_wei):
            raise RuntimeError(f"{self.name}: wrong AddData event {found}")

    def check_end(self, case: Case, stream: Stream) -> None:
        """Require the weights, the money and the records of the plain simulation.

        Parameters
        ----------
        case, stream
            What was run.
        """
        index_type = "uint64" if case.kind == "sparse" else "uint256"
        weights = [
            self.read(self.classifier, f"weights({index_type})", index)
            for index in range(case.num_weights)
        ]
        deposits_wei = sum(sample.cost_wei for sample in stream.samples)
        getter = "getClaimableAmount(int64[],uint64,uint256,address)"
        claimable_wei = sum(
            self.read(self.handler, getter, sample.data, sample.label, sample.time_s, USER)
            for sample in stream.samples
        )
        checks = {
            "the weights": weights == stream.final_weights,
            "the trainer's balance": self.balance_wei(self.trainer) == deposits_wei,
            "the user's balance": self.balance_wei(USER) == USER_BALANCE_WEI - deposits_wei,
            "the number submitted": self.read(self.incentive, "totalSubmitted()")
            == len(stream.samples),
            "the records": claimable_wei == deposits_wei,
        }
        for what, is_right in checks.items():
            if not is_right:
                raise RuntimeError(f"{self.name}, {case.name}: wrong {what}")

    def _create(self, name: str, signature: str, *arguments: object) -> str:
        return self.create(compile_contract(name) + call_data(signature, *arguments)[4:])
