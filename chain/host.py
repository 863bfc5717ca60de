"""What a running contract can reach: meter, state, the current block, and other contracts.

There is one host per chain, handed to every contract; nothing here is global. The virtual machine
(``chain.vm``) completes it with calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from chain.cells import Cells, Column
from chain.compute import ENCODE_ARRAY, ENCODE_ITEM, ENCODE_WORD
from chain.errors import CallDepthExceeded, OutOfGas, WriteInView
from chain.forks import Schedule
from chain.gas import Meter, Reason
from chain.state import State
from chain.values import Address

if TYPE_CHECKING:
    from chain.contract.contract import Contract
    from chain.contract.method import Method
    from chain.contract.records import Event

WRITE = int(Reason.STORAGE_WRITE)
LOG = int(Reason.LOG)

# How deep calls may nest: a call within a contract counts 1, one between contracts 2 at least. The
# EVM allows 1,024; a unit takes up to two frames of Python's stack, which holds 1,000 by default.
MAX_DEPTH = 320


class Message(NamedTuple):
    """Who calls, and how many wei came along."""

    sender: Address
    value: int


# The message of a contract that is not running.
IDLE: Message = cast(Message, None)


class BlockContext(NamedTuple):
    """The block a transaction runs in."""

    number: int
    timestamp: int
    producer: Address
    gas_limit: int


class Host:
    """Services for contracts; also the record of what the running transaction touched.

    Attributes
    ----------
    static
        True inside a view: nothing may be written.
    depth
        How deep calls are nested, between contracts and within one.
    hash_of
        A recent block's hash, by number (``Contract.block_hash``).
    precompiles
        Addresses of the protocol's own contracts, which are always warm.
    touched
        Cell families and columns that hold original values to drop when the transaction ends.
    logs
        Emitted so far: (contract, event) in order.
    """

    __slots__ = (
        "block",
        "depth",
        "hash_of",
        "logs",
        "meter",
        "precompiles",
        "schedule",
        "state",
        "static",
        "touched",
    )

    def __init__(
        self,
        state: State,
        schedule: Schedule,
        block: BlockContext,
        hash_of: Callable[[int], bytes],
    ) -> None:
        self.state = state
        self.schedule = schedule
        self.hash_of = hash_of
        self.meter = Meter(schedule)
        self.block = block
        self.static = False
        self.depth = 0
        self.precompiles = frozenset(
            f"0x{number + 1:040x}" for number in range(schedule.precompiles)
        )
        self.touched: list[Cells | Column] = []
        self.logs: list[tuple[Contract, Event]] = []

    def call(
        self, message: Message, target: Address, declared: Method, arguments: tuple[Any, ...]
    ) -> Any:
        """Run an external method of another contract in a frame of its own."""
        raise NotImplementedError

    def attempt(self, sender: Address, target: Any, name: str, arguments: tuple[Any, ...]) -> Any:
        """Like `call`, but a failure is a result."""
        raise NotImplementedError

    def send(self, sender: Address, recipient: Address, amount: int) -> None:
        """Send plain money."""
        raise NotImplementedError

    def emit(self, contract: Contract, event: Event) -> None:
        """Log an event."""
        if self.static:
            raise WriteInView("a view tried to emit an event: make the method @external")
        kind = type(event)
        schedule = self.schedule
        meter = self.meter
        words = heads = len(kind.logged)
        tails = kind.tails
        for name, array in tails.items():
            words += array.abi_tail_words(event.__dict__[name])
        topics = 1 + len(kind.indexed)
        gas = schedule.log + topics * schedule.log_topic + 32 * words * schedule.log_byte
        meter.used += (
            ENCODE_WORD * heads + ENCODE_ARRAY * len(tails) + ENCODE_ITEM * (words - heads)
        )
        meter.reach(words)
        meter.charge(gas, LOG)
        self.logs.append((contract, event))

    def refuse_depth(self) -> NoReturn:
        """Raise CallDepthExceeded."""
        raise CallDepthExceeded(f"calls are nested {self.depth} deep, the limit is {MAX_DEPTH}")

    def check_writable(self) -> None:
        """Raise WriteInView inside a view, and OutOfGas on no more than a stipend (EIP-2200)."""
        if self.static:
            raise WriteInView("a view tried to write to storage: make the method @external")
        stipend = self.schedule.call_stipend
        if self.meter.limit - self.meter.used <= stipend:
            raise OutOfGas(f"a write needs more than {stipend} gas to be left: raise gas_limit")

    def reach(self, target: Address) -> int:
        """Price of an operation on an account, which is warm from then on (EIP-2929)."""
        warm = self.meter.warm
        if target in warm or target in self.precompiles:
            return self.schedule.account_warm
        warm[target] = None
        return self.schedule.account_cold

    def store(
        self, cells: Cells | Column, key: Any, current: Any, new: Any, zero: Any, first: int = 0
    ) -> None:
        """Charge for changing a slot from `current` to `new`, before it happens.

        `key` names the slot among the originals of `cells`; the values are whole slots. `first` is
        of ``Meter.first_write``, unless the slot was read before.
        """
        originals = cells.originals
        if key in originals:
            original = originals[key]
        else:  # as `original` has it (hot path)
            if not originals:
                self.touched.append(cells)
            original = originals[key] = current
        self.pay_for_write(original, current, new, zero, first)

    def original(self, cells: Cells | Column, key: Any, current: Any) -> Any:
        """What was there when the transaction began, given that it is `current` now.

        To be asked before every write, so that it is noted before the first one.
        """
        originals = cells.originals
        if key in originals:
            return originals[key]
        if not originals:
            self.touched.append(cells)
        originals[key] = current
        return current

    def pay_for_write(
        self, original: Any, current: Any, new: Any, zero: Any, first: int = 0
    ) -> None:
        """Charge for changing a slot that held `original` when the transaction began."""
        meter = self.meter
        schedule = self.schedule
        used, limit = meter.used, meter.limit
        if self.static or limit - used <= schedule.call_stipend:
            self.check_writable()
        cost, refund = schedule.write(original, current, new, zero)
        cost += first
        used += cost
        meter.used = used
        if used > limit:
            meter.charge(0, WRITE)
        meter.by_reason[WRITE] += cost
        meter.refund += refund

    def end_transaction(self) -> None:
        """Forget the original values, and what was touched: the next transaction starts anew."""
        for cells in self.touched:
            cells.originals.clear()
        self.touched.clear()
        self.meter.warm.clear()
        self.logs = []
