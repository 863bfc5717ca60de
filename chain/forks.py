"""What each operation costs under the rules of each hard fork.

Sources: the Ethereum yellow paper, appendix G; for Istanbul EIP-1108, EIP-1884, EIP-2028 and
EIP-2200; for Berlin EIP-2929; for London EIP-3529; for Shanghai EIP-3651 and EIP-3860 (without its
limit: our code sizes are estimates); for Prague EIP-7623. Cancun changes nothing that a contract
here could do, but for a precompile more (EIP-4844). Out of scope are base fees (EIP-1559) and
access lists (EIP-2930).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from chain.errors import InvalidValue


@dataclass(frozen=True, slots=True)
class Schedule:
    """The prices of one hard fork, in gas.

    From Berlin on, an account or a storage slot is cold until the transaction touches it, and warm
    from then on; earlier, both cost the same.

    Attributes
    ----------
    calldata_floor
        Least that a zero byte of call data costs, a non-zero one costing four times as much: what
        a transaction pays at least (EIP-7623), or 0 where it need not.
    slot_cold, slot_warm
        Reading a slot; the latter is also what a write costs that changes nothing, or nothing more.
    slot_cold_write
        What a write costs on top where it touches its slot first.
    account_cold, account_warm
        Calling an account, and asking how much code it has.
    call_value
        What sending money with a call adds; `call_stipend` of it is the callee's.
    producer_warm
        Whether the block's producer is warm from the start (EIP-3651).
    precompiles
        How many addresses from 1 on are contracts of the protocol's, which are always warm.
    map_access, array_access
        Finding a map's value, and an array's elements: what `keccak` and its words come to.
    """

    name: str
    transaction: int
    creation: int
    initcode_word: int
    calldata_zero: int
    calldata_nonzero: int
    calldata_floor: int
    slot_cold: int
    slot_warm: int
    slot_cold_write: int
    slot_set: int
    slot_reset: int
    clear_refund: int
    refund_quotient: int
    account_cold: int
    account_warm: int
    producer_warm: bool
    precompiles: int
    keccak: int
    keccak_word: int
    log: int
    log_topic: int
    log_byte: int
    call_value: int
    call_stipend: int
    call_new_account: int
    own_balance: int
    block_hash: int
    code_byte: int
    map_access: int
    array_access: int

    def write(
        self, original: object, current: object, new: object, zero: object
    ) -> tuple[int, int]:
        """Price of a write to a warm slot, and by how much it changes the refunds (EIP-2200).

        Parameters
        ----------
        original, current, new
            The slot when the transaction began, now, and to be.
        zero
            What it holds when nothing was written there.
        """
        if current == new:
            return self.slot_warm, 0
        if original == current:
            if current == zero:
                return self.slot_set, 0
            return self.slot_reset, self.clear_refund if new == zero else 0
        refund = 0
        if original != zero:
            if current == zero:
                refund -= self.clear_refund
            elif new == zero:
                refund += self.clear_refund
        if original == new:
            refund += (self.slot_set if original == zero else self.slot_reset) - self.slot_warm
        return self.slot_warm, refund


_ISTANBUL = Schedule(
    name="istanbul",
    transaction=21_000,
    creation=32_000,
    initcode_word=0,
    calldata_zero=4,
    calldata_nonzero=16,
    calldata_floor=0,
    slot_cold=800,
    slot_warm=800,
    slot_cold_write=0,
    slot_set=20_000,
    slot_reset=5_000,
    clear_refund=15_000,
    refund_quotient=2,
    account_cold=700,
    account_warm=700,
    producer_warm=False,
    precompiles=9,
    keccak=30,
    keccak_word=6,
    log=375,
    log_topic=375,
    log_byte=8,
    call_value=9_000,
    call_stipend=2_300,
    call_new_account=25_000,
    own_balance=5,
    block_hash=20,
    code_byte=200,
    map_access=30 + 2 * 6,
    array_access=30 + 6,
)
_BERLIN = replace(
    _ISTANBUL,
    name="berlin",
    slot_cold=2_100,
    slot_warm=100,
    slot_cold_write=2_100,
    slot_reset=5_000 - 2_100,
    account_cold=2_600,
    account_warm=100,
)
_LONDON = replace(_BERLIN, name="london", clear_refund=4_800, refund_quotient=5)
_SHANGHAI = replace(_LONDON, name="shanghai", initcode_word=2, producer_warm=True)
_CANCUN = replace(_SHANGHAI, name="cancun", precompiles=10)
_PRAGUE = replace(_CANCUN, name="prague", calldata_floor=10, precompiles=17)

NEWEST = _PRAGUE.name

# In order of time.
FORKS = {each.name: each for each in (_ISTANBUL, _BERLIN, _LONDON, _SHANGHAI, _CANCUN, _PRAGUE)}


def schedule_of(fork: str) -> Schedule:
    """The prices of the fork of that name; raises InvalidValue if there is none."""
    if fork not in tuple(FORKS):
        raise InvalidValue(f"there is no hard fork {fork!r}: choose one of {', '.join(FORKS)}")
    return FORKS[fork]
