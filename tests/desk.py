"""A desk: a contract with slots of every kind, and a slow twin of its gas under each hard fork.

The twin works as the EIPs word it: whole slots, copied for every frame, and the two sets of
EIP-2929.
"""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import Any, NamedTuple

from chain import Chain, Deployed, Reason, Receipt
from chain.contract import (
    Array,
    Contract,
    Error,
    Map,
    Struct,
    add_at,
    address,
    external,
    int256,
    payable,
    reentrant,
    sum_at,
    uint8,
    uint64,
    uint256,
    wrapping,
)
from tests.test_journal import FINE, FRAME, Frame, FrameFailed, flat


class Rules(NamedTuple):
    """The constants, by the names that the EIPs give them."""

    cold_sload_cost: int = 2_100  # EIP-2929
    warm_storage_read_cost: int = 100
    cold_account_access_cost: int = 2_600
    warm_account: int = 100
    cold_sstore: int = 2_100
    sstore_set_gas: int = 20_000  # EIP-2200
    sstore_reset_gas: int = 5_000 - 2_100
    sstore_clears_schedule: int = 15_000
    max_refund_quotient: int = 2

    def sstore(self, original: Any, current: Any, new: Any, zero: Any) -> tuple[int, int]:
        """Gas and refund of a write to a warm slot, clause by clause."""
        if current == new:
            return self.warm_storage_read_cost, 0
        if original == current:
            if original == zero:
                return self.sstore_set_gas, 0
            return self.sstore_reset_gas, self.sstore_clears_schedule if new == zero else 0
        refund = 0
        if original != zero:
            if current == zero:
                refund -= self.sstore_clears_schedule
            if new == zero:
                refund += self.sstore_clears_schedule
        if original == new:
            if original == zero:
                refund += self.sstore_set_gas - self.warm_storage_read_cost
            else:
                refund += self.sstore_reset_gas - self.warm_storage_read_cost
        return self.warm_storage_read_cost, refund


ISTANBUL = Rules(800, 800, 700, 700, 0, 20_000, 5_000)
BERLIN = Rules()
LONDON = BERLIN._replace(sstore_clears_schedule=4_800, max_refund_quotient=5)  # EIP-3529
RULES = {
    "istanbul": ISTANBUL,
    "berlin": BERLIN,
    "london": LONDON,
    "shanghai": LONDON,
    "cancun": LONDON,
    "prague": LONDON,
}

LONG = "longer than the 31 bytes that share a slot with a length, and than 64, so three more"


class GaveUp(Error):
    """A frame fails on purpose."""


class Pair(Struct):
    """Two members in one slot, one in a slot of its own, and a map."""

    left: uint64
    right: uint64
    whole: uint256
    inner: Map[uint8, uint256]


class Friend(Contract):
    """Can be called, and paid."""

    count: uint256

    @external
    def nothing(self) -> None:
        pass

    @payable
    def receive(self) -> None:
        pass


class Desk(Contract):
    """Slots of every kind, in the order of the numbers that follow."""

    itself: Desk
    whole: uint256
    low: uint64
    high: uint64
    friend: Friend
    values: Map[uint8, uint256]
    counts: Map[uint8, uint64]
    grid: Map[uint8, Map[uint8, uint64]]
    pairs: Map[uint8, Pair]
    packed: Array[uint64]
    wide: Array[uint256]
    lists: Map[uint8, Array[Array[uint64]]]
    text: str

    def __init__(self, friend: Friend) -> None:
        self.itself = self
        self.friend = friend
        self.packed = [1, 2, 3, 4, 5, 6]  # type: ignore[assignment]
        self.wide = [1, 2, 3]  # type: ignore[assignment]

    @external
    @reentrant
    def run(self, program: Array[int256], start: uint256, stop: uint256, ending: uint8) -> None:
        """Take the steps of `program` from `start` on, each FRAME in a call of its own."""
        position = start
        while position < stop:
            code = program[position]
            a = program[position + 1]
            b = program[position + 2]
            value = program[position + 3]
            position += 4
            if code == FRAME:
                self.try_call(self.itself, "run", [program, position, a, b])
                position = a
            elif code < 20:
                self.read(code, a, b)
            elif code < 40:
                self.write(code - 20, a, b, wrapping(uint64, value))
            else:
                self.walk(code, a, b, wrapping(uint64, value))
        if ending != FINE:
            raise GaveUp()

    def read(self, code: int256, a: uint8, b: uint8) -> uint256:
        if code == 0:
            return self.whole
        if code == 1:
            return self.low
        if code == 2:
            return self.high
        if code == 3:
            return self.values[a]
        if code == 4:
            return self.counts[a]
        if code == 5:
            return self.grid[a][b]
        if code == 6:
            return self.pairs[a].left
        if code == 7:
            return self.pairs[a].right
        if code == 8:
            return self.pairs[a].whole
        if code == 9:
            return self.pairs[a].inner[b]
        if code == 10:
            return self.packed[a]
        if code == 11:
            return self.wide[a]
        if code == 12:
            return len(self.text)
        return len(self.lists[a])

    def write(self, code: int256, a: uint8, b: uint8, value: uint64) -> None:
        if code == 0:
            self.whole = value
        elif code == 1:
            self.low = value
        elif code == 2:
            self.high = value
        elif code == 3:
            self.values[a] = value
        elif code == 4:
            self.counts[a] = value
        elif code == 5:
            self.grid[a][b] = value
        elif code == 6:
            self.pairs[a].left = value
        elif code == 7:
            self.pairs[a].right = value
        elif code == 8:
            self.pairs[a].whole = value
        elif code == 9:
            self.pairs[a].inner[b] = value
        elif code == 10:
            self.packed[a] = value
        elif code == 11:
            self.wide[a] = value
        elif code == 12:
            self.text = LONG if value > 0 else "short"
        elif code == 13:
            self.lists[a].append([value, b])  # type: ignore[arg-type]
        elif code == 14:
            pair = self.pairs[a]
            pair.left = value
            pair.whole = value
            pair.right = b
        elif code == 15:
            pair = self.pairs[a]
            pair.right = value
            pair.left = b

    def walk(self, code: int256, a: uint8, b: uint8, value: uint64) -> None:
        if code == 40:
            sum_at(self.counts, [a, b, a])
        elif code == 41:
            add_at(self.counts, [a, b], value)
        elif code == 42:
            self.packed.load()
        elif code == 43:
            several = [value + i for i in range(a)]
            self.packed = several  # type: ignore[assignment]
        elif code == 44:
            several = [value + i for i in range(a)]
            self.wide = several  # type: ignore[assignment]
        elif code == 45:
            self.packed.append(value)
        elif code == 46:
            self.friend.nothing()
        elif code == 47:
            self.transfer(self.friend.address, 0)
        elif code == 48:
            self.transfer(self.address_of(a), 0)
        elif code == 49:
            sum_at(self.grid[a], [b, 1])
        elif code == 50:
            self.wide.load()

    def address_of(self, number: uint8) -> address:
        if number == 0:
            return self.block.producer
        if number == 1:
            return "0x0000000000000000000000000000000000000009"
        if number == 2:
            return "0x000000000000000000000000000000000000000a"
        return "0x0000000000000000000000000000000000000012"

    @payable
    def receive(self) -> None:
        pass


READS, WRITES = range(14), range(20, 36)
WALKS = range(40, 51)
PRECOMPILES = {"cancun": 10, "prague": 17}  # EIP-4844, EIP-2537; before, 9


class Twin:
    """A desk's slots and the sets of EIP-2929, on plain values that are copied whole.

    A slot is a dict from what is in it to that, zeros left out.
    """

    def __init__(self, fork: str) -> None:
        self.fork = fork
        self.rules = RULES[fork]
        self.slots: dict[Any, dict[Any, Any]] = {}
        self.lengths: dict[Any, int] = {"packed": 0, "wide": 0}
        self.long = False
        self.slots["itself"] = self.slots["friend"] = {0: 1}  # whatever they are
        self.begin()
        self.assign("packed", 4, [1, 2, 3, 4, 5, 6])
        self.assign("wide", 1, [1, 2, 3])

    def begin(self) -> None:
        """Start a transaction."""
        self.original = deepcopy(self.slots)
        self.accessed_storage_keys: set[Any] = set()
        self.accessed_addresses: set[Any] = {"sender", "itself"}
        self.accessed_addresses |= {f"precompile {n + 1}" for n in range(self.precompiles)}
        if self.fork in ("shanghai", "cancun", "prague"):
            self.accessed_addresses.add("producer")  # EIP-3651
        self.gas = dict.fromkeys((Reason.STORAGE_READ, Reason.STORAGE_WRITE, Reason.CALL), 0)
        self.refund = 0

    @property
    def precompiles(self) -> int:
        return PRECOMPILES.get(self.fork, 9)

    # The EVM's operations

    def sload(self, slot: Any) -> None:
        cold = slot not in self.accessed_storage_keys
        self.accessed_storage_keys.add(slot)
        self.gas[Reason.STORAGE_READ] += (
            self.rules.cold_sload_cost if cold else self.rules.warm_storage_read_cost
        )

    def sstore(self, slot: Any, new: dict[Any, Any]) -> None:
        cold = slot not in self.accessed_storage_keys
        self.accessed_storage_keys.add(slot)
        new = {where: value for where, value in new.items() if value}
        current = self.slots.get(slot, {})
        gas, refund = self.rules.sstore(self.original.get(slot, {}), current, new, {})
        self.gas[Reason.STORAGE_WRITE] += gas + (self.rules.cold_sstore if cold else 0)
        self.refund += refund
        self.slots[slot] = new

    def access(self, account: Any) -> None:
        """EXTCODESIZE, or CALL without value."""
        cold = account not in self.accessed_addresses
        self.accessed_addresses.add(account)
        self.gas[Reason.CALL] += (
            self.rules.cold_account_access_cost if cold else self.rules.warm_account
        )

    # What solc makes of a desk's code

    def put(self, slot: Any, place: Any, value: Any, *, narrow: bool) -> None:
        """Assign a part of a slot, or all of it."""
        if narrow:
            self.sload(slot)
        self.sstore(slot, {**self.slots.get(slot, {}), place: value})

    def assign(self, name: Any, per_slot: int, values: list[int]) -> None:
        self.sload((name, "length"))
        size = self.lengths.get(name, 0)
        self.sstore((name, "length"), {0: len(values)})
        used = -(-len(values) // per_slot)
        for index in range(used * per_slot):
            value = values[index] if index < len(values) else 0
            slot = (name, index // per_slot)
            self.put(slot, index % per_slot, value, narrow=per_slot > 1)
        for number in range(used, -(-size // per_slot)):
            self.sstore((name, number), {})
        self.lengths[name] = len(values)

    def element(self, name: Any, per_slot: int, index: int) -> Any:
        self.sload((name, "length"))
        if index >= self.lengths[name]:
            raise FrameFailed
        return name, index // per_slot

    def load(self, name: Any, per_slot: int) -> None:
        for index in range(self.lengths[name]):
            self.sload((name, index // per_slot))

    def slot_of(self, code: int, a: int, b: int) -> Any:
        """The slot, what is in it, and whether that is less than all of it."""
        return {
            0: ("whole", 0, False), 1: ("low and high", "low", True),
            2: ("low and high", "high", True), 3: (("values", a), 0, False),
            4: (("counts", a), 0, True), 5: (("grid", a, b), 0, True),
            6: (("pair", a), "left", True), 7: (("pair", a), "right", True),
            8: (("pair whole", a), 0, False), 9: (("inner", a, b), 0, False),
        }[code]  # fmt: skip

    def read(self, code: int, a: int, b: int) -> None:
        if code < 10:
            self.sload(self.slot_of(code, a, b)[0])
        elif code in (10, 11):
            self.sload(self.element(*(("packed", 4) if code == 10 else ("wide", 1)), a))
        elif code == 12:
            for number in range(1 + -(-len(LONG) // 32) if self.long else 1):
                self.sload(("text", number))
        else:
            self.sload(("lists", a))

    def write(self, code: int, a: int, b: int, value: int) -> None:
        if code < 10:
            slot, place, narrow = self.slot_of(code, a, b)
            self.put(slot, place, value, narrow=narrow)
        elif code == 10:
            self.put(self.element("packed", 4, a), a % 4, value, narrow=True)
        elif code == 11:
            self.put(self.element("wide", 1, a), 0, value, narrow=False)
        elif code == 12:
            self.sload(("text", 0))
            old = 1 + -(-len(LONG) // 32) if self.long else 1
            self.long = value > 0
            new = 1 + -(-len(LONG) // 32) if self.long else 1
            for number in range(max(old, new)):
                held = (LONG if self.long else "short", number) if number < new else 0
                self.sstore(("text", number), {0: held})
        elif code == 13:
            self.sload(("lists", a))
            size = self.lengths.get(("lists", a), 0)
            self.lengths["lists", a] = size + 1
            self.sstore(("lists", a), {0: size + 1})
            self.assign(("list", a, size), 4, [value, b])
        elif code == 14:
            for member, new in ((6, value), (8, value), (7, b)):
                self.write(member, a, b, new)
        else:
            for member, new in ((7, value), (6, b)):
                self.write(member, a, b, new)

    def walk(self, code: int, a: int, b: int, value: int) -> None:
        several = [value + i for i in range(a)]
        if code == 40:
            for key in (a, b, a):
                self.sload(("counts", key))
        elif code == 41:
            for key in (a, b):
                slot = ("counts", key)
                self.sload(slot)
                held = self.slots.get(slot, {}).get(0, 0)
                self.put(slot, 0, (held + value) % 2**64, narrow=True)
        elif code in (42, 50):
            self.load(*(("packed", 4) if code == 42 else ("wide", 1)))
        elif code in (43, 44):
            if code == 43 and a and value + a > 2**64:
                raise FrameFailed
            self.assign(*(("packed", 4) if code == 43 else ("wide", 1)), several)
        elif code == 45:
            self.sload(("packed", "length"))
            size = self.lengths["packed"]
            self.lengths["packed"] = size + 1
            self.sstore(("packed", "length"), {0: size + 1})
            self.put(("packed", size // 4), size % 4, value, narrow=True)
        elif code == 46:
            self.sload("friend")
            self.access("friend")
            self.access("friend")
        elif code == 47:
            self.sload("friend")
            self.access("friend")
        elif code == 48:
            self.access(["producer", "precompile 9", "precompile 10", "precompile 18"][a])
        else:
            for key in (b, 1):
                self.sload(("grid", a, key))

    def run(self, program: list[Any], ending: int) -> None:
        """One frame; if it fails, all but its gas is as before, the sets included."""
        kept = deepcopy((
            self.slots, self.lengths, self.long, self.refund, self.accessed_storage_keys,
            self.accessed_addresses,
        ))  # fmt: skip
        try:
            for step in program:
                if len(step) == 4:
                    code, a, b, value = step
                    if code < 20:
                        self.read(code, a, b)
                    elif code < 40:
                        self.write(code - 20, a, b, value % 2**64)
                    else:
                        self.walk(code, a, b, value % 2**64)
                    continue
                self.sload("itself")
                self.access("itself")
                with suppress(FrameFailed):
                    self.run(*step)
            if ending != FINE:
                raise FrameFailed
        except FrameFailed:
            (
                self.slots, self.lengths, self.long, self.refund, self.accessed_storage_keys,
                self.accessed_addresses,
            ) = kept  # fmt: skip
            raise


def new_desk(fork: str) -> Deployed:
    # An index that is out of bounds eats nearly all gas of its frame.
    chain = Chain(block_gas_limit=2**62, gas_price=0, fork=fork)
    alice = chain.accounts[0]
    friend = chain.deploy(Friend, sender=alice)
    return chain.deploy(Desk, friend, sender=alice)


def ran(desk: Deployed, program: Frame) -> Receipt:
    code, ending = flat(*program)
    sender = desk._chain.accounts[9]
    return desk._chain.send(desk.run.transaction(code, 0, len(code), ending, sender=sender))
