"""Gas: the meter that counts it, at the prices of a hard fork (``chain.forks``).

Costs go through :meth:`Meter.charge` before their effect. Two kinds are added in place, because
they take no memory and change nothing, and are held against the limit a little later: the
compiler's charges for straight-line code, and single storage reads.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import IntEnum
from typing import Any

from chain.errors import OutOfGas
from chain.forks import Schedule
from chain.warmth import Warm, WarmArray


class Reason(IntEnum):
    """What gas was spent on."""

    INTRINSIC = 0
    CALLDATA = 1
    STORAGE_READ = 2
    STORAGE_WRITE = 3
    KECCAK = 4
    LOG = 5
    CALL = 6
    MEMORY = 7
    CODE = 8
    COMPUTE = 9


READ = int(Reason.STORAGE_READ)

_NOTHING_ELSE = (0,) * (len(Reason) - 2)


class Meter:
    """Counts the gas of one transaction; one per chain, started anew for each transaction.

    Attributes
    ----------
    used
        Gas so far, everything included.
    limit
        Where the running frame must stop.
    refund
        EIP-2200's refund counter; may be negative in between.
    by_reason
        Gas per :class:`Reason`, arithmetic excluded, and single storage reads.
    read
        Gas of single storage reads, which are too many to look for their place in a list.
    warm
        Accounts and slots that were touched, by anything that names them, in that order (EIP-2929);
        the values are None, or else what holds several slots and which (``chain.warmth``).
    """

    __slots__ = (
        "by_reason",
        "limit",
        "read",
        "refund",
        "schedule",
        "slot_cold",
        "slot_warm",
        "used",
        "warm",
    )

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.slot_cold = schedule.slot_cold  # at hand, for it is asked for all the time
        self.slot_warm = schedule.slot_warm
        self.warm: dict[Any, Any] = {}
        self.start(0)

    def start(self, limit: int, base: int = 0, calldata: int = 0) -> None:
        """Begin a transaction with `limit` gas, which costs this before anything runs."""
        self.used = base + calldata
        self.limit = limit
        self.refund = 0
        self.read = 0
        self.by_reason = [base, calldata, *_NOTHING_ELSE]

    def charge(self, amount: int, reason: int) -> None:
        """Spend `amount` gas; raises OutOfGas when that is more than the frame has."""
        used = self.used = self.used + amount
        if used > self.limit:
            raise OutOfGas(f"{used} gas is needed, the limit is {self.limit}: raise gas_limit")
        self.by_reason[reason] += amount

    def work(self, amount: int) -> None:
        """Spend `amount` gas on arithmetic; raises OutOfGas when the frame has less."""
        used = self.used = self.used + amount
        if used > self.limit:
            raise OutOfGas(f"{used} gas is needed, the limit is {self.limit}: raise gas_limit")

    # Storage slots, cold and warm

    def read_slot(self, slot: Any) -> None:
        """Pay for reading a slot; `slot` is any name that no other has."""
        if slot in self.warm:
            cost = self.slot_warm
        else:
            cost = self.slot_cold
            self.warm[slot] = None
        self.used += cost
        if self.used > self.limit:
            self.charge(0, READ)
        self.read += cost

    def first_write(self, slot: Any) -> int:
        """What a write costs on top if it is first to touch its slot (EIP-2929)."""
        if slot in self.warm:
            return 0
        self.warm[slot] = None
        return self.schedule.slot_cold_write

    def read_slot_of(self, warm: Warm, slot: Any) -> None:
        """Pay for reading a slot of a map or an array."""
        if slot in warm:
            cost = self.slot_warm
        else:
            cost = self.slot_cold
            self.touch(warm, (slot,))
        self.used += cost
        if self.used > self.limit:
            self.charge(0, READ)
        self.read += cost

    def first_write_of(self, warm: Warm, slot: Any) -> int:
        """`first_write` to a slot of a map or an array."""
        if slot in warm:
            return 0
        self.touch(warm, (slot,))
        return self.schedule.slot_cold_write

    def read_slots_of(self, warm: Warm, slots: Collection[Any]) -> None:
        """Pay for reading slots of a map, some of them more than once maybe."""
        cold = 0
        if not warm:
            self.touch(warm, slots)
            cold = len(warm)
        elif not warm.issuperset(slots):
            fresh = set(slots).difference(warm)
            self.touch(warm, fresh)
            cold = len(fresh)
        self.pay_for_reads(len(slots), cold)

    def touch_first(self, warm: WarmArray, count: int) -> int:
        """Touch the first `count` slots of an array; return how many of them were cold."""
        below = warm.below
        if count <= below:
            return 0
        warm.below = count
        self.warm[object()] = warm, below
        return count - below - len([slot for slot in warm if below <= slot < count])

    def touch(self, warm: Warm, slots: Collection[Any]) -> None:
        """Make cold slots of a map or an array warm."""
        warm.update(slots)
        self.warm[object()] = warm, slots

    def pay_for_reads(self, reads: int, cold: int = 0) -> None:
        """Pay for reads, that many of which were first to touch their slot."""
        warm = self.slot_warm
        self.charge(reads * warm + cold * (self.slot_cold - warm), READ)

    def cool(self, mark: int) -> None:
        """Make cold again, newest first, what was touched since `warm` was that long."""
        while len(self.warm) > mark:
            _, several = self.warm.popitem()
            if several is not None:
                holder, slots = several
                holder.cool(slots)

    def cool_all(self) -> None:
        """Make everything cold again: the transaction has ended."""
        for holder, _ in filter(None, self.warm.values()):
            holder.clear()
        self.warm.clear()
