"""The peers: the work of our contracts done by Vyper contracts, on pyrevm and on py-evm.

Run ``python -m benchmarks.peers`` for a table. What is timed is the bare execution of one
transaction whose call data was encoded before: no signature, block, receipt or state root.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import pyrevm
from boa.environment import Env as BoaEnvironment
from boa.util.abi import Address as BoaAddress
from eth.vm.code_stream import CodeStream

from benchmarks.cases import CASES, START_TIME_S, VALUE_WEI, Case, samples
from benchmarks.evm import EVM_VERSION, GAS_LIMIT, USER, USER_BALANCE_WEI, Event, EvmPeer
from benchmarks.measure import SEED, measure
from benchmarks.tables import cell

SHA3 = 0x20
SSTORE = 0x55
NOBODY = "0x" + "22" * 20


class PyrevmPeer(EvmPeer):
    """revm through pyrevm.

    pyrevm 0.3.7 never ends a transaction: all calls change one open journal, and what was touched
    before stays warm. This saves it the look-ups of cold slots and the commit to its database; and
    its gas is of warm slots, so take the gas from py-evm. On the other hand a part of its time is
    not execution, but the hand-over of call data to Rust: see `hand_over_us`.
    """

    name = "pyrevm"

    def reset(self) -> None:
        """Start an empty chain."""
        self.evm = pyrevm.EVM(spec_id=EVM_VERSION.upper(), gas_limit=GAS_LIMIT)
        self.evm.set_balance(USER, USER_BALANCE_WEI)
        self.set_time(START_TIME_S)

    def set_time(self, time_s: int) -> None:
        """Replace the block environment."""
        self.evm.set_block_env(pyrevm.BlockEnv(number=1, timestamp=time_s))

    def create(self, code: bytes) -> str:
        """Deploy code."""
        return str(self.evm.deploy(USER, code))

    def call(self, to: str, data: bytes) -> bytes:
        """Call without value."""
        return bytes(self.evm.message_call(USER, to, data))

    def add_data(self, call: bytes) -> None:
        """Run one message call; it raises if it fails."""
        self.evm.message_call(USER, self.trainer, call, VALUE_WEI)

    def hand_over_us(self, case: Case, count: int) -> float:
        """Measure how long a case's call data take from Python to Rust (PyO3 makes a list of ints).

        It is the time of calls to an account without code, less that of calls without data.

        Parameters
        ----------
        case, count
            Whose samples to take, and how many.
        """
        self.reset()
        times_ns: dict[bool, list[int]] = {True: [], False: []}
        for sample in samples(case, count, SEED).samples:
            call = self.prepare(sample)
            for with_data, taken_ns in times_ns.items():
                data = call if with_data else b""
                start_ns = time.perf_counter_ns()
                self.evm.message_call(USER, NOBODY, data, VALUE_WEI)
                taken_ns.append(time.perf_counter_ns() - start_ns)
        return (statistics.median(times_ns[True]) - statistics.median(times_ns[False])) / 1000

    def last_gas(self) -> int:
        """Return the gas with the intrinsic gas, of warm slots."""
        return int(self._result().gas_used)

    def last_events(self) -> list[Event]:
        """Return the events of the last call."""
        return [
            Event([bytes.fromhex(topic[2:]) for topic in entry.topics], bytes(entry.data[1]))
            for entry in self._result().logs
        ]

    def balance_wei(self, address: str) -> int:
        """Return a balance."""
        return int(self.evm.get_balance(address))

    def _result(self) -> pyrevm.ExecutionResult:
        result = self.evm.result
        if result is None or not result.is_success:
            raise RuntimeError(f"{self.name}: the last call failed")
        return result


class PyevmPeer(EvmPeer):
    """py-evm through the environment of titanoboa, without its tracing.

    titanoboa does not separate transactions by itself; `add_data` does, in the way of py-evm.
    """

    name = "py-evm"

    def reset(self) -> None:
        """Start an empty chain."""
        self.environment: Any = BoaEnvironment()
        self.state: Any = self.environment.evm.vm.state
        self.state.computation_class = untraced(self.state.computation_class)
        self.user = BoaAddress(USER)
        self.environment.set_balance(self.user, USER_BALANCE_WEI)
        self.set_time(START_TIME_S)

    def set_time(self, time_s: int) -> None:
        """Patch the time of the block."""
        self.environment.timestamp = time_s

    def create(self, code: bytes) -> str:
        """Deploy code, without telling titanoboa that it comes from Vyper."""
        address, _ = self.environment.deploy_code(sender=self.user, bytecode=code, gas=GAS_LIMIT)
        return str(address)

    def call(self, to: str, data: bytes) -> bytes:
        """Call without value."""
        result = self.environment.raw_call(to, sender=self.user, data=data, gas=GAS_LIMIT)
        return bytes(result.output)

    def add_data(self, call: bytes) -> None:
        """Begin a transaction (all slots cold, values now are the original ones), and run it."""
        self.state.lock_changes()
        self.state.clear_transient_storage()
        self.state.mark_address_warm(self.user.canonical_address)
        self.computation: Any = self.environment.execute_code(
            self.trainer, sender=self.user, value=VALUE_WEI, data=call, gas=GAS_LIMIT
        )

    def last_gas(self) -> int:
        """Return the gas with the intrinsic gas, less what is refunded."""
        data = bytes(self.computation.msg.data)
        num_zeros = data.count(0)
        intrinsic = 21_000 + 4 * num_zeros + 16 * (len(data) - num_zeros)
        used = intrinsic + int(self.computation.get_gas_used())
        return used - min(int(self.computation.get_gas_refund()), used // 5)

    def last_events(self) -> list[Event]:
        """Return the events of the last transaction."""
        self.computation.raise_if_error()
        return [
            Event([topic.to_bytes(32, "big") for topic in topics], data)
            for _, topics, data in self.computation.get_log_entries()
        ]

    def balance_wei(self, address: str) -> int:
        """Return a balance."""
        return int(self.environment.get_balance(address))


def untraced(computation_class: Any) -> type[Any]:
    """Make titanoboa's class of computations one that keeps no traces.

    Parameters
    ----------
    computation_class
        As titanoboa makes it: it records every program counter, SHA3 and SSTORE.

    Returns
    -------
    type
        A subclass with the plain instructions and the plain reader of code.
    """
    opcodes = dict(computation_class.opcodes)
    for number, wrapped in ((SHA3, "sha3"), (SSTORE, "sstore")):
        while hasattr(opcodes[number], wrapped):  # once more for each environment made so far
            opcodes[number] = getattr(opcodes[number], wrapped)

    def start(self: Any, *arguments: Any, **named: Any) -> None:
        computation_class.__init__(self, *arguments, **named)
        self.code = CodeStream(self.code._raw_code_bytes)

    return type("Untraced", (computation_class,), {"opcodes": opcodes, "__init__": start})


PEERS: tuple[tuple[type[EvmPeer], int], ...] = ((PyrevmPeer, 400), (PyevmPeer, 40))
"""Each peer, and how many contributions to measure it with."""


def main() -> None:
    """Measure every peer with every case, and print a table."""
    print("addData: median µs of calls that keep and that update the model, and the mean of both")
    print(
        f"{'case':<26} {'peer':<8} {'calls':>5} {'keep':>10} {'update':>10} {'mean':>10}"
        f" {'gas keep':>10} {'gas update':>10}"
    )
    for case in CASES:
        for peer_class, count in PEERS:
            peer = peer_class()
            run = measure(peer, case, count)
            print(
                f"{case.name:<26} {peer.name:<8} {count:>5} {cell(run.median_us(False), 1)}"
                f" {cell(run.median_us(True), 1)} {cell(run.mean_us(), 1)}"
                f" {cell(run.median_gas(False), 0)} {cell(run.median_gas(True), 0)}",
                flush=True,
            )
    print("gas: pyrevm's is of one endless transaction (warm slots), py-evm's of one each")


if __name__ == "__main__":
    main()
