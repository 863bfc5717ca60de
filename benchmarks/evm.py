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
from benchmarks.models.model import Call

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


def signature(call: Call) -> str:
    """Write a call's method as the peers know it.

    Parameters
    ----------
    call
        Such as `initialize_weights` of ``int80[]``.

    Returns
    -------
    str
        Such as ``initializeWeights(int80[])``.
    """
    first, *others = call.name.split("_")
    return f"{first}{''.join(word.capitalize() for word in others)}({call.types})"


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
        """Put the four contracts on an empty chain, and the model's initial state into its own.

        Parameters
        ----------
        case, stream
            What is to be run.
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
        model = stream.initial
        types, arguments = model.peer_arguments()
        self.classifier = self._create(model.source, f"({types})", *arguments)
        for call in model.initial_calls():
            self.call(self.classifier, call_data(signature(call), *call.arguments))
        parts = (self.handler, self.incentive, self.classifier)
        texts = ("benchmark", "the same work as ours", "none")
        self.trainer = self._create(
            "trainer", "(string,string,string,address,address,address)", *texts, *parts
        )
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
        """Require the model, the money and the records of the plain simulation.

        Parameters
        ----------
        case, stream
            What was run.
        """
        for call, expected in stream.final_checks():
            found = self.read(self.classifier, signature(call), *call.arguments)
            if found != expected:
                raise RuntimeError(f"{self.name}: {found} instead of {expected} for {call}")
        deposits_wei = sum(sample.cost_wei for sample in stream.samples)
        getter = "getClaimableAmount(int64[],uint64,uint256,address)"
        claimable_wei = sum(
            self.read(self.handler, getter, sample.data, sample.label, sample.time_s, USER)
            for sample in stream.samples
        )
        checks = {
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
