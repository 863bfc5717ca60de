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


class ArraySlots(set[int]):
    """Slots of an array that were touched, by number: those in the set, and all `below` one."""

    __slots__ = ("below",)

    def __init__(self) -> None:
        self.below = 0

    def __contains__(self, slot: object) -> bool:
        return slot < self.below or super().__contains__(slot)  # type: ignore[operator]


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
        Gas per :class:`Reason`, arithmetic excluded, and `read` and `memory`.
    read, memory
        Gas of single storage reads and of memory, which are too many to look for their place in a
        list.
    allocated
        Words of memory that the running frame keeps things in.
    reached
        Words of memory that it has paid for.
    warm
        What the transaction has touched, in that order (EIP-2929): accounts and slots, by anything
        that names them. Slots of maps, arrays and structs are not named one by one, for kernels
        touch hundreds at a time: under the name of a map is a set of its slots, and what came
        into the set is an entry of its own, with the set and the slots as its value.
    """

    __slots__ = (
        "allocated",
        "by_reason",
        "limit",
        "memory",
        "reached",
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
        self.read = self.memory = 0
        self.allocated = self.reached = 0
        self.by_reason = [base, calldata, *_NOTHING_ELSE]

    def charge(self, amount: int, reason: int) -> None:
        """Spend `amount` gas; raises OutOfGas when that is more than the frame has."""
        used = self.used = self.used + amount
        if used > self.limit:
            raise OutOfGas(f"{used} gas is needed, the limit is {self.limit}: raise gas_limit")
        self.by_reason[reason] += amount

    def allocate(self, words: int) -> None:
        """Pay for `words` more of the running frame's memory, and keep something there."""
        end = self.allocated = self.allocated + words
        if end > self.reached:
            self.grow(end)

    def reach(self, words: int) -> None:
        """Pay for `words` of memory beyond what is kept, to put something there for a moment."""
        end = self.allocated + words
        if end > self.reached:
            self.grow(end)

    def grow(self, words: int) -> None:
        """Pay for the running frame's memory up to that many words."""
        reached = self.reached
        self.reached = words
        # Yellow paper, appendix H.
        gas = 3 * (words - reached) + words * words // 512 - reached * reached // 512
        self.memory += gas
        self.used += gas
        if self.used > self.limit:
            self.work(0)

    def work(self, amount: int) -> None:
        """Spend `amount` gas on arithmetic; raises OutOfGas when the frame has less."""
        used = self.used = self.used + amount
        if used > self.limit:
            raise OutOfGas(f"{used} gas is needed, the limit is {self.limit}: raise gas_limit")

    # Storage slots, cold and warm

    def slots_of(self, name: Any) -> set[Any]:
        """The touched slots of the map or struct of that name."""
        found: set[Any] | None = self.warm.get(name)
        if found is None:
            found = self.warm[name] = set()
        return found

    def array_slots_of(self, name: Any) -> ArraySlots:
        """The touched slots of the array of that name, but for that of its length."""
        found: ArraySlots | None = self.warm.get(name)
        if found is None:
            found = self.warm[name] = ArraySlots()
        return found

    def read_slot(self, name: Any) -> None:
        """Pay for reading a slot by itself."""
        if name in self.warm:
            cost = self.slot_warm
        else:
            cost = self.slot_cold
            self.warm[name] = None
        self.used += cost
        if self.used > self.limit:
            self.charge(0, READ)
        self.read += cost

    def first_write(self, name: Any) -> int:
        """What a write costs on top if it is first to touch its slot (EIP-2929)."""
        if name in self.warm:
            return 0
        self.warm[name] = None
        return self.schedule.slot_cold_write

    def read_one_of(self, touched: set[Any], slot: Any) -> None:
        """`read_slot` of a map, an array or a struct."""
        if slot in touched:
            cost = self.slot_warm
        else:
            cost = self.slot_cold
            self.touch(touched, (slot,))
        self.used += cost
        if self.used > self.limit:
            self.charge(0, READ)
        self.read += cost

    def first_write_of(self, touched: set[Any], slot: Any) -> int:
        """`first_write` to a slot of a map, an array or a struct."""
        if slot in touched:
            return 0
        self.touch(touched, (slot,))
        return self.schedule.slot_cold_write

    def read_many_of(self, touched: set[Any], slots: Collection[Any]) -> None:
        """Pay for reading slots of a map, some of them more than once maybe."""
        warm = self.slot_warm
        gas = len(slots) * warm
        if not touched:
            touched.update(slots)  # as `touch` has it (hot path)
            self.warm[object()] = touched, slots
            gas += len(touched) * (self.slot_cold - warm)
        elif not touched.issuperset(slots):
            fresh = set(slots).difference(touched)
            self.touch(touched, fresh)
            gas += len(fresh) * (self.slot_cold - warm)
        self.charge(gas, READ)

    def touch(self, touched: set[Any], slots: Collection[Any]) -> None:
        """Make cold slots of a map, an array or a struct warm."""
        touched.update(slots)
        self.warm[object()] = touched, slots

    def touch_below(self, touched: ArraySlots, stop: int) -> int:
        """Make the first slots of an array warm, up to `stop`; return how many were cold."""
        below = touched.below
        if stop <= below:
            return 0
        touched.below = stop
        self.warm[object()] = touched, below
        return stop - below - len([slot for slot in touched if below <= slot < stop])

    def pay_for_reads(self, reads: int, cold: int = 0) -> None:
        """Pay for reads, that many of which were first to touch their slot."""
        warm = self.slot_warm
        self.charge(reads * warm + cold * (self.slot_cold - warm), READ)

    def cool(self, mark: int) -> None:
        """Make cold again, newest first, what was touched since `warm` was that long."""
        while len(self.warm) > mark:
            _, entry = self.warm.popitem()
            if type(entry) is tuple:
                touched, slots = entry
                if type(slots) is int:
                    touched.below = slots
                else:
                    touched.difference_update(slots)
