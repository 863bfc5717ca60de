"""Gas under each hard fork: against the EIPs' own words, and against figures of a real EVM."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain, Deployed, Reason, Receipt
from chain.contract import (
    Array,
    Contract,
    Map,
    address,
    external,
    payable,
    reentrant,
    uint8,
    uint256,
)
from chain.errors import InvalidGasLimit, InvalidValue, NotAContract, OutOfGas
from chain.forks import FORKS
from chain.values import Address
from tests.desk import READS, RULES, WALKS, WRITES, Friend, GaveUp, Twin, new_desk, ran
from tests.test_gas import Trained
from tests.test_journal import FINE, GIVES_UP, Frame, FrameFailed

small = st.integers(0, 3)
numbers = st.integers(-2, 3) | st.sampled_from([2**63])
steps = st.tuples(st.sampled_from([*READS, *WRITES, *WALKS]), small, small, numbers)
endings = st.sampled_from((FINE, FINE, GIVES_UP))
bodies = st.recursive(
    st.lists(steps, max_size=8),
    lambda inner: st.lists(steps | st.tuples(inner, endings), min_size=1, max_size=6),
    max_leaves=6,
)
histories = st.lists(st.tuples(bodies, endings), min_size=1, max_size=4)

LOAD, APPEND = (42, 0, 0, 0), (45, 0, 0, 1)  # of six elements, four to a slot


@pytest.mark.parametrize("fork", FORKS)
@given(programs=histories)
@example(programs=[([([(10, 0, 0, 0)], GIVES_UP), (42, 0, 0, 0), (10, 0, 0, 0)], FINE)])
@example(programs=[([(42, 0, 0, 0), ([(45, 0, 0, 1), (42, 0, 0, 0)], 1), (45, 0, 0, 1)], FINE)])
@example(programs=[([([(46, 0, 0, 0)], GIVES_UP), (46, 0, 0, 0), (47, 0, 0, 0)], FINE)])
@example(programs=[([(40, 1, 2, 0), ([(40, 1, 3, 0)], GIVES_UP), (41, 3, 1, 1)], FINE)])
@example(programs=[([(34, 1, 2, 3), ([(35, 2, 1, 3)], GIVES_UP), (34, 2, 0, 1)], FINE)])
@example(programs=[([(11, 2, 0, 0), (50, 0, 0, 0), (44, 1, 0, 0)], FINE)])
@example(programs=[([APPEND, APPEND, LOAD, ([APPEND, LOAD], GIVES_UP), APPEND], FINE)])
@example(programs=[([(13, 1, 0, 0), (13, 2, 0, 0), (33, 2, 0, 1)], FINE)])
def test_gas_is_that_of_the_sets_and_prices_of_the_eips(fork: str, programs: list[Frame]) -> None:
    desk, twin = new_desk(fork), Twin(fork)
    for program in programs:
        twin.begin()
        failed = False
        try:
            twin.run(*program)
        except FrameFailed:
            failed = True
        receipt = ran(desk, program)
        assert receipt.ok != failed
        gas = receipt.gas_by_reason
        assert {reason: gas[reason] for reason in twin.gas} == twin.gas
        spent = receipt.gas_used + receipt.gas_refund
        most = spent // RULES[fork].max_refund_quotient
        assert receipt.gas_refund == (0 if failed else min(max(twin.refund, 0), most))
        assert sum(gas.values()) == spent
        assert desk._chain._ledger.vm.meter.warm == {}


# By hand: what was done in an earlier transaction, steps of a program, gas of its reads and of its
# writes in Istanbul and later, and refunds in Istanbul, Berlin and later.
WHOLE, LOW, HIGH, VALUE, PAIR_LEFT, PAIR_RIGHT, PAIR_WHOLE, PACKED, WIDE, TEXT = (
    0, 1, 2, 3, 6, 7, 8, 10, 11, 12,
)  # fmt: skip
Steps = list[Any]


def reading(code: int, a: int = 0) -> tuple[int, ...]:
    return (code, a, 0, 0)


def writing(code: int, value: int, a: int = 0) -> tuple[int, ...]:
    return (20 + code, a, 0, value)


SLOTS: dict[str, tuple[Steps, Steps, tuple[int, int], tuple[int, int], tuple[int, int, int]]] = {
    "a slot once": ([], [reading(WHOLE)], (800, 2_100), (0, 0), (0, 0, 0)),
    "a slot twice": ([], 2 * [reading(WHOLE)], (1_600, 2_200), (0, 0), (0, 0, 0)),
    "two fields": ([], [reading(WHOLE), reading(LOW)], (1_600, 4_200), (0, 0), (0, 0, 0)),
    "a slot of two fields": ([], [reading(LOW), reading(HIGH)], (1_600, 2_200), (0, 0), (0, 0, 0)),
    "a slot of two members": (
        [], [reading(PAIR_LEFT), reading(PAIR_RIGHT)], (1_600, 2_200), (0, 0), (0, 0, 0)
    ),
    "two slots of a struct": (
        [], [reading(PAIR_LEFT), reading(PAIR_WHOLE)], (1_600, 4_200), (0, 0), (0, 0, 0)
    ),
    "a member of two structs": (
        [], [reading(PAIR_LEFT, 1), reading(PAIR_LEFT, 2)], (1_600, 4_200), (0, 0), (0, 0, 0)
    ),
    "two values of a map": (
        [], [reading(VALUE, 1), reading(VALUE, 2)], (1_600, 4_200), (0, 0), (0, 0, 0)
    ),
    "elements of one slot": (
        [], [reading(PACKED, 0), reading(PACKED, 3)], (3_200, 4_400), (0, 0), (0, 0, 0)
    ),
    "elements of two slots": (
        [], [reading(PACKED, 3), reading(PACKED, 4)], (3_200, 6_400), (0, 0), (0, 0, 0)
    ),
    "a long text": (
        [writing(TEXT, 1)], [reading(TEXT)], (4 * 800, 4 * 2_100), (0, 0), (0, 0, 0)
    ),
    "read, then written": (
        [], [reading(WHOLE), writing(WHOLE, 1)], (800, 2_100), (20_000, 20_000), (0, 0, 0)
    ),
    "written, then read": (
        [], [writing(WHOLE, 1), reading(WHOLE)], (800, 100), (20_000, 22_100), (0, 0, 0)
    ),
    "into use": ([], [writing(WHOLE, 1)], (0, 0), (20_000, 22_100), (0, 0, 0)),
    "a half into use": ([], [writing(LOW, 1)], (800, 2_100), (20_000, 20_000), (0, 0, 0)),
    "changed": ([writing(WHOLE, 1)], [writing(WHOLE, 2)], (0, 0), (5_000, 5_000), (0, 0, 0)),
    "no change": ([writing(WHOLE, 1)], [writing(WHOLE, 1)], (0, 0), (800, 2_200), (0, 0, 0)),
    "no change, warm": (
        [writing(WHOLE, 1)], 2 * [writing(WHOLE, 1)], (0, 0), (1_600, 2_300), (0, 0, 0)
    ),
    "dirty": (
        [writing(WHOLE, 1)], [writing(WHOLE, 2), writing(WHOLE, 3)], (0, 0), (5_800, 5_100),
        (0, 0, 0),
    ),
    "restored": (
        [writing(WHOLE, 1)], [writing(WHOLE, 2), writing(WHOLE, 1)], (0, 0), (5_800, 5_100),
        (4_200, 2_800, 2_800),
    ),
    "restored to zero": (
        [], [writing(WHOLE, 2), writing(WHOLE, 0)], (0, 0), (20_800, 22_200),
        (19_200, 19_900, 19_900),
    ),
    "cleared": (
        [writing(WHOLE, 1)], [writing(WHOLE, 0)], (0, 0), (5_000, 5_000), (15_000, 15_000, 4_800)
    ),
    "cleared, and back": (
        [writing(WHOLE, 1)], [writing(WHOLE, 0), writing(WHOLE, 1)], (0, 0), (5_800, 5_100),
        (4_200, 2_800, 2_800),
    ),
    "a frame that fails": (
        [], [([reading(WHOLE)], GIVES_UP), reading(WHOLE)],
        (2_400, 3 * 2_100), (0, 0), (0, 0, 0),
    ),
    "a frame that succeeds": (
        [], [([reading(WHOLE)], FINE), reading(WHOLE)], (2_400, 2 * 2_100 + 100), (0, 0), (0, 0, 0)
    ),
    "a write of a frame that fails": (
        [], [([writing(WHOLE, 1)], GIVES_UP), writing(WHOLE, 1)],
        (800, 2_100), (40_000, 2 * 22_100), (0, 0, 0),
    ),
    "a failing frame after": (
        [], [reading(WHOLE), ([reading(WHOLE), reading(LOW)], GIVES_UP), reading(LOW)],
        (4 * 800 + 800, 2_100 + 2_100 + 100 + 2_100 + 2_100), (0, 0), (0, 0, 0),
    ),
}  # fmt: skip


class TestSlots:
    @pytest.mark.parametrize("name", SLOTS)
    @pytest.mark.parametrize("fork", FORKS)
    def test_are_cold_once_and_then_warm(self, name: str, fork: str) -> None:
        before, steps, reads, writes, refunds = SLOTS[name]
        desk = new_desk(fork)
        for program in [before] * bool(before) + [steps]:
            receipt = ran(desk, (program, FINE))
        berlin, london = fork != "istanbul", fork not in ("istanbul", "berlin")
        assert receipt.gas_by_reason[Reason.STORAGE_READ] == reads[berlin]
        assert receipt.gas_by_reason[Reason.STORAGE_WRITE] == writes[berlin]
        most = (receipt.gas_used + receipt.gas_refund) // (5 if london else 2)
        assert receipt.gas_refund == min(refunds[berlin + london], most)

    def test_are_cold_again_in_the_next_transaction_and_after_a_bug(self) -> None:
        desk = new_desk("prague")
        chain = desk._chain
        gas = []
        for _ in range(2):
            desk.whole()  # looked at from outside
            gas.append(ran(desk, ([reading(WHOLE)], FINE)).gas_by_reason[Reason.STORAGE_READ])
            transaction = desk.run.transaction([0, 0, 0, 0], 0, 8, FINE, sender=chain.accounts[1])
            chain.simulate(transaction)
        assert gas == [2_100, 2_100]

    # EIP-3529's own tables: what is written to a warm slot 0, what was there, gas and refund of it
    # all, before London and since.
    @pytest.mark.parametrize(("writes", "original", "used", "before", "since"), [
        ([0, 0], 0, 212, 0, 0), ([0, 1], 0, 20_112, 0, 0), ([1, 0], 0, 20_112, 19_900, 19_900),
        ([1, 2], 0, 20_112, 0, 0), ([1, 1], 0, 20_112, 0, 0), ([0, 0], 1, 3_012, 15_000, 4_800),
        ([0, 1], 1, 3_012, 2_800, 2_800), ([0, 2], 1, 3_012, 0, 0),
        ([2, 0], 1, 3_012, 15_000, 4_800), ([2, 3], 1, 3_012, 0, 0),
        ([2, 1], 1, 3_012, 2_800, 2_800), ([2, 2], 1, 3_012, 0, 0),
        ([1, 0], 1, 3_012, 15_000, 4_800), ([1, 2], 1, 3_012, 0, 0), ([1, 1], 1, 212, 0, 0),
        ([1, 0, 1], 0, 40_118, 19_900, 19_900), ([0, 1, 0], 1, 5_918, 17_800, 7_600),
    ])  # fmt: skip
    def test_the_standards_test_cases(
        self, writes: list[int], original: int, used: int, before: int, since: int
    ) -> None:
        for fork, refund in (("berlin", before), ("london", since)):
            gas = refunded = 0
            current = original
            for value in writes:
                price, change = FORKS[fork].write(original, current, value, 0)
                gas, refunded, current = gas + price, refunded + change, value
            pushes = 6 * len(writes)  # the tables count the PUSHes, too
            assert (gas + pushes, refunded) == (used, refund)


def test_the_newest_fork_is_the_default_and_others_are_known_by_name() -> None:
    assert Chain()._ledger.genesis.schedule is FORKS["prague"] is [*FORKS.values()][-1]
    assert [*FORKS] == [*RULES]
    for wrong in ("Berlin", "osaka", ""):
        with pytest.raises(InvalidValue, match="istanbul, berlin, london, shanghai, cancun"):
            Chain(fork=wrong)


class Caller(Contract):
    """Calls, and pays."""

    @external
    def call(self, friend: Friend, times: uint8) -> None:
        for _ in range(times):
            friend.nothing()

    @external
    def call_and_pay(self, friend: Friend) -> None:
        friend.nothing()
        self.transfer(friend.address, 1)

    @external
    def ask(self, friend: Friend, times: uint8) -> None:
        for _ in range(times):
            self.try_call(friend, "nothing", [])

    @external
    @reentrant
    def fail(self, friend: Friend) -> None:
        friend.nothing()
        raise GaveUp()

    @external
    def fail_and_call(self, other: Caller, friend: Friend) -> None:
        self.try_call(other, "fail", [friend])
        friend.nothing()

    @external
    def pay(self, to: address, amount: uint256) -> None:
        self.transfer(to, amount)

    @payable
    def __init__(self) -> None:
        pass


class TestAccounts:
    """EIP-2929, with EXTCODESIZE (EIP-1884) before every call through an interface."""

    def gas(self, fork: str, method: str, *arguments: Any) -> int:
        """Gas of calls; arguments may be made of the chain, the caller and two friends."""
        chain = Chain(fork=fork)
        alice = chain.accounts[0]
        caller = chain.deploy(Caller, sender=alice, value=100)
        friends = [chain.deploy(Friend, sender=alice) for _ in range(2)]
        chain.deal(Address("0x" + "12" * 20), 1)
        given = [each(chain, caller, *friends) if callable(each) else each for each in arguments]
        receipt: Receipt = getattr(caller, method)(*given, sender=alice)
        return receipt.gas_by_reason[Reason.CALL]

    @pytest.mark.parametrize(("fork", "prices"), [
        ("istanbul", [1_400, 2_800, 700, 1_400, 1_400 + 700 + 6_700, 700 + 1_400 + 1_400]),
        ("berlin", [2_700, 2_900, 2_600, 2_700, 2_700 + 100 + 6_700, 2_600 + 2_700 + 2_700]),
        ("prague", [2_700, 2_900, 2_600, 2_700, 2_700 + 100 + 6_700, 2_600 + 2_700 + 2_700]),
    ])  # fmt: skip
    def test_are_cold_once_and_then_warm(self, fork: str, prices: list[int]) -> None:
        def friend(chain: Chain, caller: Deployed, friend: Deployed, other: Deployed) -> Deployed:
            return friend

        def second(chain: Chain, caller: Deployed, friend: Deployed, other: Deployed) -> Deployed:
            return chain.deploy(Caller, sender=chain.accounts[0])

        assert [
            self.gas(fork, "call", friend, 1),
            self.gas(fork, "call", friend, 2),
            self.gas(fork, "ask", friend, 1),
            self.gas(fork, "ask", friend, 2),
            self.gas(fork, "call_and_pay", friend),
            self.gas(fork, "fail_and_call", second, friend),
        ] == prices

    @pytest.mark.parametrize(("who", "warm_since"), [
        (lambda chain, *_: chain.accounts[0], "berlin"),  # the sender
        (lambda chain, *_: chain.producer, "shanghai"),  # EIP-3651
        (lambda *_: "0x" + "12" * 20, None),  # somebody
        (lambda *_: "0x0000000000000000000000000000000000000001", "berlin"),  # precompiles
        (lambda *_: "0x0000000000000000000000000000000000000009", "berlin"),
        (lambda *_: "0x000000000000000000000000000000000000000a", "cancun"),  # EIP-4844
        (lambda *_: "0x000000000000000000000000000000000000000b", "prague"),  # EIP-2537
        (lambda *_: "0x0000000000000000000000000000000000000011", "prague"),
        (lambda *_: "0x0000000000000000000000000000000000000012", None),
    ])  # fmt: skip
    def test_some_are_warm_from_the_start(
        self, who: Callable[..., Any], warm_since: str | None
    ) -> None:
        order = [*FORKS]
        for fork in order:
            warm = warm_since is not None and order.index(fork) >= order.index(warm_since)
            access = 700 if fork == "istanbul" else 100 if warm else 2_600
            assert self.gas(fork, "pay", who, 0) == access
            known = str(who(Chain())) == "0x" + "12" * 20 or not isinstance(who(Chain()), str)
            new = 0 if known else 25_000
            assert self.gas(fork, "pay", who, 1) == access + 9_000 - 2_300 + new

    def test_a_contract_is_warm_to_itself_and_when_it_is_made(self) -> None:
        chain = Chain()
        maker = chain.deploy(Maker, sender=chain.accounts[0], value=1)
        made = chain.block().receipts[0]
        assert made.gas_by_reason[Reason.CALL] == 100
        again = maker.pay_itself(sender=chain.accounts[0])
        assert again.gas_by_reason[Reason.CALL] == 100

    def test_who_finds_no_code_does_not_call(self) -> None:
        for fork, price in (("istanbul", 700), ("berlin", 2_600), ("prague", 2_600)):
            chain = Chain(fork=fork)
            alice = chain.accounts[0]
            caller = chain.deploy(Caller, sender=alice, value=100)
            nobody = "0x" + "77" * 20
            receipt = chain.send(caller.call.transaction(nobody, 1, sender=alice))
            assert isinstance(receipt.error, NotAContract)
            assert receipt.gas_by_reason[Reason.CALL] == price


class Maker(Contract):
    """Pays itself, which costs as any call."""

    @payable
    def __init__(self) -> None:
        self.try_call(self, "nothing", [])

    @external
    @reentrant
    def nothing(self) -> None:
        pass

    @external
    def pay_itself(self) -> None:
        self.try_call(self, "nothing", [])


class Burner(Contract):
    """Clears, and burns gas to the unit."""

    values: Map[uint8, uint256]

    @external
    def fill(self, count: uint8) -> None:
        for index in range(count):
            self.values[index] = 1

    @external
    def clear(self, count: uint8, turns: uint256, odd: uint256, padding: Array[uint256]) -> None:
        for index in range(count):
            self.values[index] = 0
        for _ in range(turns):
            pass
        for _ in range(odd):
            turns = -odd + 1


class Burning:
    """A burner whose gas can be aimed: `turns` and `odd` add to it in steps without a divisor."""

    def __init__(self, fork: str) -> None:
        self.chain = Chain(fork=fork)
        self.burner = self.chain.deploy(Burner, sender=self.chain.accounts[0])
        self.burner.fill(8, sender=self.chain.accounts[0])

    def clear(self, *arguments: Any) -> Receipt:
        receipt: Receipt = self.burner.clear.simulate(*arguments, sender=self.chain.accounts[0])
        return receipt

    def aimed(self, spent: int, count: int, padding: list[int]) -> tuple[Any, ...]:
        """Arguments that make it spend just so much, refunds apart."""

        def gas(turns: int, odd: int) -> int:
            receipt = self.clear(count, turns, odd, padding)
            return receipt.gas_used + receipt.gas_refund

        start = gas(257, 1)
        turn, odd_turn = gas(258, 1) - start, gas(257, 2) - start
        for odd in range(255):
            turns, rest = divmod(spent - start - odd * odd_turn, turn)
            # As many bytes that are not zero as there were.
            if rest == 0 <= turns < 2**15 and (257 + turns) % 256:
                return count, 257 + turns, 1 + odd, padding
        raise AssertionError(f"{spent} cannot be spent: it starts at {start}")


class TestRefunds:
    @pytest.mark.parametrize(
        ("fork", "quotient", "each"), [("berlin", 2, 15_000), ("london", 5, 4_800)]
    )
    def test_are_cut_where_they_exceed_their_part(
        self, fork: str, quotient: int, each: int
    ) -> None:
        burning = Burning(fork)
        edge = each * 3 * quotient  # three slots' refunds are just the part of this that comes back
        for more in (-quotient - 1, -quotient, -1, 0, 1, quotient - 1, quotient):
            receipt = burning.clear(*burning.aimed(edge + more, 3, []))
            assert receipt.gas_used + receipt.gas_refund == edge + more
            refund = each * 3 - (0 if more >= 0 else 1 if more >= -quotient else 2)
            assert receipt.gas_refund == refund


def tokens_of(receipt: Receipt) -> int:
    """Tokens of call data, from what they cost before there was a floor."""
    return receipt.gas_by_reason[Reason.CALLDATA] // 4


class TestCalldataFloor:
    """EIP-7623: a transaction costs 21,000 and 10 per token of call data at least."""

    def test_holds_just_where_less_was_used(self) -> None:
        before, since = Burning("cancun"), Burning("prague")
        padding = [2**256 - 1] * 50
        floor = 21_000 + 10 * tokens_of(before.clear(0, 257, 1, padding))
        for more in (-1_000, -2, -1, 0, 1, 2, 1_000):
            arguments = before.aimed(floor + more, 0, padding)
            then, now = before.clear(*arguments), since.clear(*arguments)
            assert then.gas_used == floor + more
            assert now.gas_used == max(floor, floor + more)
            gas = now.gas_by_reason
            assert sum(gas.values()) == now.gas_used
            expected = then.gas_by_reason
            expected[Reason.CALLDATA] += max(-more, 0)
            assert gas == expected

    def test_is_of_what_is_left_after_refunds(self) -> None:
        before, since = Burning("cancun"), Burning("prague")
        padding = [2**256 - 1] * 6
        arguments = (2, 1, 1, padding)
        then, now = before.clear(*arguments), since.clear(*arguments)
        floor = 21_000 + 10 * tokens_of(then)
        assert then.gas_used < floor < then.gas_used + then.gas_refund
        assert (now.gas_used, now.gas_refund) == (floor, then.gas_refund)
        assert sum(now.gas_by_reason.values()) == now.gas_used + now.gas_refund

    def test_must_be_covered_by_the_gas_limit(self) -> None:
        burning = Burning("prague")
        chain = burning.chain
        alice = chain.accounts[0]
        words = [2**256 - 1] * 50

        def transaction(limit: int) -> Any:
            return burning.burner.clear.transaction(0, 0, 0, words, sender=alice, gas_limit=limit)

        floor = chain.send(transaction(10**6)).gas_used
        # A selector, 3 numbers, the array's place, its length and its elements.
        tokens = 4 * 4 + 3 * 32 + (31 + 4) + (31 + 4) + 50 * 32 * 4
        assert floor == 21_000 + 10 * tokens
        with pytest.raises(InvalidGasLimit, match=str(floor)):
            chain.send(transaction(floor - 1))
        with pytest.raises(InvalidGasLimit, match=str(floor)):
            chain.submit(transaction(floor - 1))
        assert chain.send(transaction(floor)).gas_used == floor
        older = Burning("cancun")
        chain, burning = older.chain, older
        alice = chain.accounts[0]
        with pytest.raises(InvalidGasLimit, match=str(21_000 + 4 * tokens)):
            chain.send(transaction(21_000 + 4 * tokens - 1))
        assert isinstance(chain.send(transaction(21_000 + 4 * tokens)).error, OutOfGas)

    def test_has_no_part_for_creation(self) -> None:
        chain = Chain()
        executor = chain._ledger.executor
        chain.register(Burner)
        transaction = chain.make_transaction("deploy", chain.accounts[0], name="Burner")
        base, calldata, floor = executor.intrinsic_gas(transaction)
        assert base == 53_000 + 2 * -(-Burner.code_size // 32)
        assert floor == 21_000 + calldata // 4 * 10
        assert calldata % 4 == 0

    def test_costs_a_plain_transfer_nothing(self) -> None:
        chain = Chain()
        receipt = chain.transfer(chain.accounts[0], chain.accounts[1], 1)
        assert receipt.gas_used == 21_000
        assert sum(receipt.gas_by_reason.values()) == 21_000


class Sized(Contract):
    """Takes words at its deployment."""

    def __init__(self, words: Array[uint256]) -> None:
        pass


class TestInitCode:
    """EIP-3860: 2 gas for each word of init code, begun ones included."""

    @pytest.mark.parametrize("count", [0, 1, 2, 33])
    def test_is_paid_by_the_word_since_shanghai(self, count: int) -> None:
        intrinsic = {}
        for fork in FORKS:
            chain = Chain(fork=fork)
            chain.deploy(Sized, [7] * count, sender=chain.accounts[0])
            intrinsic[fork] = chain.block().receipts[0].gas_by_reason[Reason.INTRINSIC]
        size = (
            Sized.code_size + Sized.constructor_size + 32 * (2 + count)
        )  # where the array is, its length, its elements
        words = size // 32 + (size % 32 > 0)
        paid = [53_000, 53_000, 53_000, *[53_000 + 2 * words] * 3]
        assert [*intrinsic.values()] == paid


# GAS.md, operations of the reference contracts on py-evm (build A): gas under Istanbul and Cancun.
MEASURED = {
    ("sparse perceptron", "add", 10): (189_327, 222_627),
    ("sparse perceptron", "update", 10): (248_294, 238_894),
    ("sparse perceptron", "refund", 10): (130_936, 170_636),
    ("sparse perceptron", "report", 10): (128_576, 157_476),
    ("sparse perceptron", "add", 20): (212_808, 259_108),
    ("sparse perceptron", "update", 20): (349_865, 311_465),
    ("sparse perceptron", "refund", 20): (151_107, 203_807),
    ("sparse perceptron", "report", 20): (148_747, 190_647),
    ("sparse perceptron", "add", 100): (400_947, 551_247),
    ("sparse perceptron", "update", 100): (1_162_724, 892_324),
    ("sparse perceptron", "refund", 100): (312_766, 469_466),
    ("sparse perceptron", "report", 100): (310_409, 456_309),
    ("dense perceptron", "add", 10): (214_105, 222_705),
    ("dense perceptron", "refund", 10): (143_274, 165_274),
    ("dense perceptron", "report", 10): (140_914, 152_114),
    ("dense perceptron", "add", 20): (262_484, 256_084),
    ("dense perceptron", "refund", 20): (176_331, 190_331),
    ("dense perceptron", "report", 20): (173_971, 177_171),
    ("dense perceptron", "add", 100): (640_039, 519_639),
    ("dense perceptron", "refund", 100): (431_268, 387_268),
    ("dense perceptron", "report", 100): (428_911, 374_111),
}


@cache
def measured(model: str, operation: str, size: int, fork: str) -> Receipt:
    return Trained(model, size, fork).measure(operation)


@pytest.mark.parametrize(("model", "operation", "size"), MEASURED)
def test_forks_changed_what_they_changed_on_a_real_evm(
    model: str, operation: str, size: int
) -> None:
    # Gas of arithmetic is an estimate, but the same in both.
    istanbul, cancun = MEASURED[model, operation, size]
    ours = [measured(model, operation, size, fork).gas_used for fork in ("istanbul", "cancun")]
    assert ours[1] - ours[0] == cancun - istanbul
