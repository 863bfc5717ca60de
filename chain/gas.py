"""Gas: what each operation costs under a hard fork's rules, and the meter that counts it.

Costs go through :meth:`Meter.charge` before their effect. Two kinds are added in place, because
they take no memory and change nothing, and are held against the limit a little later: the
compiler's charges for straight-line code, and single storage reads.

Sources: the Ethereum yellow paper, appendix G; EIP-1108, EIP-1884, EIP-2028 and EIP-2200 for
Istanbul.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from chain.errors import OutOfGas


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


@dataclass(frozen=True, slots=True)
class Schedule:
    """The prices of one hard fork, in gas.

    The last two follow from `keccak`: finding a mapping's value, and an array's elements.
    """

    name: str
    transaction: int
    creation: int
    calldata_zero: int
    calldata_nonzero: int
    storage_read: int
    storage_set: int
    storage_reset: int
    storage_clear_refund: int
    refund_quotient: int
    keccak: int
    keccak_word: int
    log: int
    log_topic: int
    log_byte: int
    call: int
    call_value: int
    call_stipend: int
    call_new_account: int
    balance: int
    own_balance: int
    block_hash: int
    code_byte: int
    memory_word: int
    map_access: int
    array_access: int

    def store(self, original: object, current: object, new: object, zero: object) -> int:
        """Price of one storage write (EIP-2200), from the slot at the start, now, and to be."""
        if current == new:
            return self.storage_read
        if original != current:
            return self.storage_read
        return self.storage_set if original == zero else self.storage_reset

    def store_refund(self, original: object, current: object, new: object, zero: object) -> int:
        """Change of the refund counter by one storage write, EIP-2200."""
        if current == new:
            return 0
        if original == current:
            return self.storage_clear_refund if new == zero else 0
        refund = 0
        if original != zero:
            if current == zero:
                refund -= self.storage_clear_refund
            elif new == zero:
                refund += self.storage_clear_refund
        if original == new:
            restored = self.storage_set if original == zero else self.storage_reset
            refund += restored - self.storage_read
        return refund


ISTANBUL = Schedule(
    name="istanbul",
    transaction=21_000,
    creation=32_000,
    calldata_zero=4,
    calldata_nonzero=16,
    storage_read=800,
    storage_set=20_000,
    storage_reset=5_000,
    storage_clear_refund=15_000,
    refund_quotient=2,
    keccak=30,
    keccak_word=6,
    log=375,
    log_topic=375,
    log_byte=8,
    call=700,
    call_value=9_000,
    call_stipend=2_300,
    call_new_account=25_000,
    balance=700,
    own_balance=5,
    block_hash=20,
    code_byte=200,
    memory_word=3,
    map_access=30 + 2 * 6,
    array_access=30 + 6,
)


def memory_gas(words: int) -> int:
    """Gas of as many words of a frame's memory, in all forks (yellow paper, appendix H)."""
    return 3 * words + words * words // 512


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
    allocated
        Words of memory that the running frame keeps things in.
    reached
        Words of memory that it has paid for.
    """

    __slots__ = (
        "allocated",
        "by_reason",
        "limit",
        "reached",
        "read",
        "refund",
        "schedule",
        "used",
    )

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.start(0)

    def start(self, limit: int, base: int = 0, calldata: int = 0) -> None:
        """Begin a transaction with `limit` gas, which costs this before anything runs."""
        self.used = base + calldata
        self.limit = limit
        self.refund = 0
        self.read = 0
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
        self.allocated += words
        self.reach(0)

    def reach(self, words: int) -> None:
        """Pay for `words` of memory beyond what is kept, to put something there for a moment."""
        end = self.allocated + words
        if end > self.reached:
            self.charge(memory_gas(end) - memory_gas(self.reached), Reason.MEMORY)
            self.reached = end

    def work(self, amount: int) -> None:
        """Spend `amount` gas on arithmetic; raises OutOfGas when the frame has less."""
        used = self.used = self.used + amount
        if used > self.limit:
            raise OutOfGas(f"{used} gas is needed, the limit is {self.limit}: raise gas_limit")
