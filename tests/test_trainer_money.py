"""Deposits: the trainer holds just what can still be claimed, and can be emptied to 0."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed, Receipt
from chain.errors import ExecutionError, UnknownMethod
from chain.units import ether
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.collaborative_trainer import AddData, CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from contracts_py.ownable import NotOwner
from incentives.stakeable import (
    DepositClaimedByReporter,
    DepositTooLow,
    NothingLeftToClaim,
    Refund,
    Report,
    Stakeable,
)
from tests.strategies import Purse, root_from_scratch

REFUND_WAIT_S, OWNER_WAIT_S, ANY_WAIT_S = 10, 20, 30
SAMPLES: tuple[list[int], ...] = ([], [0], [0, 1], [1, 2, 3])
PEOPLE = 4

Key = tuple[tuple[int, ...], int, int, str]


@dataclass(frozen=True)
class Add:
    """Add a sample, with this much more (or less) than it costs, in wei."""

    who: int
    sample: int
    label: int
    extra: int


@dataclass(frozen=True)
class Claim:
    """Refund or report one of the contributions made so far."""

    who: int
    which: int
    report: bool


@dataclass(frozen=True)
class Wait:
    """Let time pass."""

    seconds: int


class Market:
    """A trainer with all its parts, and a twin of its books kept from its events alone."""

    def __init__(self, cost_weight_wei: int) -> None:
        # Blocks take no time of their own, so that equal samples in one second can happen.
        self.chain = Chain(gas_price=0, block_time_s=0, balance=1000 * ether)
        self.people = self.chain.accounts[:PEOPLE]
        owner = self.chain.accounts[9]
        self.incentive = self.chain.deploy(
            Stakeable, REFUND_WAIT_S, OWNER_WAIT_S, ANY_WAIT_S, cost_weight_wei, sender=owner
        )
        self.handler = self.chain.deploy(DataHandler, sender=owner)
        self.model = self.chain.deploy(
            SparsePerceptron, ["NO", "YES"], [-1, 1, 1, 1], 0, 1, sender=owner
        )
        self.trainer = self.chain.deploy(
            CollaborativeTrainer, "name", "description", "encoder",
            self.handler, self.incentive, self.model, sender=owner,
        )  # fmt: skip
        for part in (self.handler, self.incentive, self.model):
            part.transfer_ownership(self.trainer, sender=owner)
        self.keys: list[Key] = []
        self.claimable: dict[Key, int] = {}
        self.balances = {person.address: 1000 * ether for person in self.people}

    def perform(self, step: Add | Claim | Wait) -> Receipt | None:
        """Take a step; None if it was only to wait, or failed."""
        try:
            if isinstance(step, Wait):
                self.chain.time_travel(seconds=step.seconds)
                return None
            if isinstance(step, Add):
                return self.add(step)
            return self.claim(step) if self.keys else None
        except ExecutionError:
            return None

    def add(self, step: Add) -> Receipt:
        who = self.people[step.who]
        data = SAMPLES[step.sample]
        cost: int = self.incentive.next_add_data_cost()
        held = self.chain.balance(who)
        value = max(0, cost + step.extra)
        receipt: Receipt = self.trainer.add_data(data, step.label, sender=who, value=value)
        (event,) = receipt.events
        assert isinstance(event, AddData)
        assert event.cost == cost == held - self.chain.balance(who), "the rest came back"
        key = (tuple(data), step.label, event.time, who.address)
        if key not in self.keys:
            self.keys.append(key)
        self.claimable[key] = cost
        self.balances[who.address] -= cost
        return receipt

    def claim(self, step: Claim) -> Receipt:
        who = self.people[step.who]
        data, label, time, author = key = self.keys[step.which % len(self.keys)]
        receipt: Receipt
        if step.report:
            receipt = self.trainer.report(data, label, time, author, sender=who)
        else:
            receipt = self.trainer.refund(data, label, time, sender=who)
            key = (data, label, time, who.address)  # one's own, whoever added the same
        (event,) = receipt.events
        assert isinstance(event, Report if step.report else Refund)
        assert event.recipient == who.address
        assert 0 < event.amount <= self.claimable[key]
        if not step.report:
            assert event.amount == self.claimable[key]
        self.claimable[key] -= event.amount
        self.balances[who.address] += event.amount
        return receipt

    def check_books(self) -> None:
        """The contracts' own figures against those of the twin."""
        held = [self.handler.claimable_amount(*key) for key in self.keys]
        assert held == [self.claimable[key] for key in self.keys]
        assert self.trainer.balance == sum(held)
        assert {who: self.chain.balance(who) for who in self.balances} == self.balances
        for part in (self.handler, self.incentive, self.model):
            assert part.balance == 0
        assert self.chain.total_balance == self.chain.money


people = st.integers(0, PEOPLE - 1)
steps = st.one_of(
    st.builds(
        Add, people, st.integers(0, len(SAMPLES) - 1), st.integers(0, 2),
        st.sampled_from((0, 0, 1, ether, -1)),
    ),
    st.builds(Claim, people, st.integers(0, 9), st.booleans()),
    st.builds(Wait, st.integers(0, 2) | st.integers(REFUND_WAIT_S - 1, ANY_WAIT_S + 1)),
)  # fmt: skip


@given(sequence=st.lists(steps, max_size=25), cost_weight_wei=st.sampled_from((0, 1, 7, 10**15)))
def test_the_trainer_holds_what_can_be_claimed_and_can_be_emptied(
    sequence: list[Add | Claim | Wait], cost_weight_wei: int
) -> None:
    market = Market(cost_weight_wei)
    for step in sequence:
        market.perform(step)
        market.check_books()
    # Everyone may claim everything: one of them does.
    market.chain.time_travel(seconds=ANY_WAIT_S)
    for which, key in enumerate(market.keys):
        left = market.claimable[key]
        receipt = market.perform(Claim(0, which, report=True))
        assert (receipt is not None) == (left > 0)
        market.check_books()
    assert market.trainer.balance == 0
    assert set(market.claimable.values()) <= {0}
    assert market.chain.header().state_root == root_from_scratch(market.chain)


@given(sequence=st.lists(steps, min_size=10, max_size=25))
def test_what_came_of_it_is_reached_again_by_replay(sequence: list[Add | Claim | Wait]) -> None:
    market = Market(7)
    for step in sequence:
        market.perform(step)
    market.chain.verify()


@given(sequence=st.lists(steps, max_size=12), at=st.integers(0, 12))
def test_an_undone_detour_leaves_the_books_as_they_were(
    sequence: list[Add | Claim | Wait], at: int
) -> None:
    market = Market(10**15)
    for step in sequence[:at]:
        market.perform(step)
    books = (list(market.keys), dict(market.claimable), dict(market.balances))
    with market.chain.anchor():
        for step in sequence[at:]:
            market.perform(step)
        market.chain.header()
    market.keys, market.claimable, market.balances = books
    market.check_books()
    assert market.chain.header().state_root == root_from_scratch(market.chain)


class TestByHand:
    """Figures worked out on paper: a weight of 10 wei, so 36,000 wei in the second of the last."""

    @pytest.fixture
    def market(self) -> Market:
        return Market(10)

    def add(self, market: Market, who: int, sample: list[int], label: int) -> tuple[Key, int]:
        receipt = market.trainer.add_data(sample, label, sender=market.people[who], value=ether)
        (event,) = receipt.events
        return (tuple(sample), label, event.time, market.people[who].address), event.cost

    def test_the_price_falls_with_the_root_of_the_seconds(self, market: Market) -> None:
        costs: list[int] = []
        for seconds in (0, 0, 1, 4, 100, 101):
            market.chain.time_travel(seconds=seconds)
            costs.append(self.add(market, len(costs) % PEOPLE, [len(costs)], 1)[1])
        assert costs == [36_000, 36_000, 36_000, 18_000, 3_600, 3_600]
        assert market.trainer.balance == sum(costs)

    def test_a_deposit_one_wei_too_low_is_refused(self, market: Market) -> None:
        alice = market.people[0]
        with pytest.raises(DepositTooLow) as caught:
            market.trainer.add_data([0], 1, sender=alice, value=35_999)
        assert (caught.value.sent, caught.value.required) == (35_999, 36_000)
        assert (market.trainer.balance, market.chain.balance(alice)) == (0, 1000 * ether)

    def test_a_report_shares_out_by_good_data(self, market: Market) -> None:
        # The model says 1 for [1] and for [2]; Bob has two good samples and Carol one.
        for who, sample in ((1, [1]), (1, [2]), (2, [1, 2])):
            self.add(market, who, sample, 1)
        bad, deposit = self.add(market, 3, [3], 1)
        market.chain.time_travel(seconds=REFUND_WAIT_S)
        for which, who in ((([1], 1), 1), (([2], 1), 1), (([1, 2], 1), 2)):
            market.trainer.refund(*which, bad[2], sender=market.people[who])
        # Dave's becomes wrong: a sample against it moves the weight of feature 3 from 1 to 0.
        self.add(market, 0, [3], 0)
        assert market.model.predict([3]) == 0
        shares = []
        for who in (1, 2):
            receipt = market.trainer.report(*bad, sender=market.people[who])
            shares.append(receipt.events[0].amount)
            # Carol's share would now be a half, but only a third is left.
            good, _ = self.add(market, 2, [2], 1)
            market.chain.time_travel(seconds=REFUND_WAIT_S)
            market.trainer.refund(*good[:3], sender=market.people[2])
        assert shares == [deposit * 2 // 3, deposit * 1 // 3]
        with pytest.raises(NothingLeftToClaim):
            market.trainer.report(*bad, sender=market.people[1])

    def test_a_share_that_rounds_to_nothing_is_all_of_it(self, market: Market) -> None:
        for who, sample in ((1, [1]), (2, [2])):
            key, _ = self.add(market, who, sample, 1)
            market.chain.time_travel(seconds=REFUND_WAIT_S)
            market.trainer.refund(*key[:3], sender=market.people[who])
        market.chain.time_travel(seconds=36_000**2)
        bad, deposit = self.add(market, 3, [3], 1)
        self.add(market, 0, [3], 0)
        market.chain.time_travel(seconds=REFUND_WAIT_S)
        receipt = market.trainer.report(*bad, sender=market.people[1])
        assert (deposit, receipt.events[0].amount) == (1, 1), "half of 1 wei would be 0"

    def test_nobody_reports_twice_before_everyone_may(self, market: Market) -> None:
        for who, sample in ((1, [1]), (2, [2])):
            key, _ = self.add(market, who, sample, 1)
            market.chain.time_travel(seconds=REFUND_WAIT_S)
            market.trainer.refund(*key[:3], sender=market.people[who])
        bad, deposit = self.add(market, 3, [3], 1)
        self.add(market, 0, [3], 0)
        market.chain.time_travel(seconds=REFUND_WAIT_S)
        assert not market.handler.has_claimed(*bad, market.people[1])
        market.trainer.report(*bad, sender=market.people[1])
        assert market.handler.has_claimed(*bad, market.people[1])
        with pytest.raises(DepositClaimedByReporter):
            market.trainer.report(*bad, sender=market.people[1])
        market.chain.time_travel(seconds=ANY_WAIT_S)
        receipt = market.trainer.report(*bad, sender=market.people[1])
        assert receipt.events[0].amount == deposit - deposit // 2

    def test_nobody_gets_at_the_money_past_the_trainer(self, market: Market) -> None:
        alice = market.people[0]
        key, cost = self.add(market, 0, [1], 1)
        market.chain.time_travel(seconds=ANY_WAIT_S)
        with pytest.raises(NotOwner):
            market.handler.handle_refund(alice, *key[:3], sender=alice)
        with pytest.raises(NotOwner):
            market.handler.update_claimable_amount(bytes(32), 1, sender=alice)
        with pytest.raises(NotOwner):
            market.incentive.handle_refund(alice, *key[:3], cost, False, 1, 0, sender=alice)
        with pytest.raises(UnknownMethod):
            market.chain.transfer(alice, market.trainer, 1)
        assert market.trainer.balance == cost

    def test_an_author_who_refuses_money_keeps_the_deposit_claimable(self, market: Market) -> None:
        # A contract without receive() adds data exactly paid, and cannot be paid back.
        chain = market.chain
        author = chain.impersonate(market.handler)
        chain.deal(author.address, 2 * ether)
        cost: int = market.incentive.next_add_data_cost()
        receipt = market.trainer.add_data([1], 1, sender=author, value=cost)
        time = receipt.events[0].time
        chain.time_travel(seconds=REFUND_WAIT_S)
        with pytest.raises(UnknownMethod, match="takes no plain money"):
            market.trainer.refund([1], 1, time, sender=author)
        assert market.handler.claimable_amount([1], 1, time, author) == cost
        assert market.trainer.balance == cost
        with pytest.raises(UnknownMethod):
            market.trainer.add_data([2], 1, sender=author, value=ether)
        chain.time_travel(seconds=ANY_WAIT_S)
        market.trainer.report([1], 1, time, author, sender=market.people[2])
        assert market.trainer.balance == 0

    def test_a_contract_that_takes_money_can_contribute(self, market: Market) -> None:
        purse: Deployed = market.chain.deploy(Purse, sender=market.people[0], value=ether)
        author = market.chain.impersonate(purse)
        receipt = market.trainer.add_data([1], 1, sender=author, value=ether)
        market.chain.time_travel(seconds=REFUND_WAIT_S)
        market.trainer.refund([1], 1, receipt.events[0].time, sender=author)
        assert (purse.balance, market.trainer.balance) == (ether, 0)


def test_the_steps_reach_every_way_to_end() -> None:
    outcomes: set[tuple[type, type | None]] = set()
    market = Market(10)
    for step in (
        Add(0, 1, 0, 0),
        Add(0, 1, 0, 0),
        Add(1, 2, 1, ether),
        Add(1, 2, 1, -1),
        Wait(REFUND_WAIT_S),
        Claim(0, 0, report=False),
        Claim(0, 0, report=False),
        Claim(1, 0, report=True),
        Wait(ANY_WAIT_S),
        Claim(1, 1, report=True),
        Claim(2, 1, report=True),
    ):
        receipt = market.perform(step)
        outcomes.add((type(step), type(receipt.events[0]) if receipt else None))
    assert outcomes == {
        (Add, AddData),
        (Add, None),
        (Wait, None),
        (Claim, Refund),
        (Claim, Report),
        (Claim, None),
    }
