"""Paid predictions: everyone gets their share of every payment, and nobody anything else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from chain import Account, Chain, Receipt
from chain.contract import Array, address, external, int64, uint64, uint80, uint256
from chain.errors import Arithmetic, ExecutionError, UnknownMethod
from chain.forks import FORKS, NEWEST, schedule_of
from chain.testing import reverts
from chain.units import ether
from contracts_py.classifiers.classifier import Classifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.ownable import NotOwner, only_owner
from incentives.paid_predictions import (
    PARTS_PER_WEI,
    NobodyToPay,
    NothingOwed,
    PaidPoints,
    PaidPredictions,
    PaidStakeable,
    PaymentTooLow,
    PredictionBought,
    ShareWithdrawn,
)
from incentives.points import Points
from offchain.system import deploy_system
from tests.attackers.contributors import (
    Contributor,
    Gate,
    Leech,
    Sulker,
    UnlockedPoints,
)
from tests.strategies import root_from_scratch
from tests.twins.paid_predictions import SharesTwin

STIPEND = schedule_of(NEWEST).call_stipend

REFUND_WAIT_S, OWNER_WAIT_S, ANY_WAIT_S = 10, 20, 30
WAITS_S = (REFUND_WAIT_S, OWNER_WAIT_S, ANY_WAIT_S)
SAMPLES: tuple[list[int], ...] = ([], [0], [0, 1], [1, 2, 3])
PEOPLE = 4
PRICE_WEI = 10**15 + 7


class School:
    """A whole system whose predictions can be paid for, and the twin, told what events say."""

    def __init__(
        self,
        mechanism: type[PaidPredictions] = PaidPoints,
        price_wei: int = PRICE_WEI,
        chain: Chain | None = None,
    ) -> None:
        self.chain = Chain(gas_price=0, block_time_s=0) if chain is None else chain
        self.people = self.chain.accounts[:PEOPLE]
        self.buyer, owner = self.chain.accounts[8:]
        self.price_wei = price_wei
        self.model = self.chain.deploy(
            SparsePerceptron, ["NO", "YES"], [-1, 1, 1, 1], 0, 1, sender=owner
        )
        cost_weight = (1,) if issubclass(mechanism, PaidStakeable) else ()
        system = deploy_system(
            self.chain, self.model, mechanism, price_wei, *WAITS_S, *cost_weight, sender=owner
        )
        self.trainer, self.mechanism = system.trainer, system.incentive_mechanism
        self.added: list[tuple[list[int], int, int, Account]] = []
        self.deposits_wei = 0
        self.twin = SharesTwin()

    def teach(self, who: Account, sample: list[int], label: int) -> None:
        value = self.mechanism.next_add_data_cost()
        receipt = self.trainer.add_data(sample, label, sender=who, value=value)
        self.added.append((sample, label, receipt.events[0].time, who))
        self.deposits_wei += value

    def claim(self, which: int, reporter: Account | None = None) -> None:
        """Have a contribution refunded, or reported; the model decides."""
        sample, label, time, author = self.added[which % len(self.added)]
        held = self.trainer.balance
        if reporter is None:
            self.trainer.refund(sample, label, time, sender=author)
            self.twin.units[author.address] += 1
        else:
            self.trainer.report(sample, label, time, author, sender=reporter)
        self.deposits_wei -= held - self.trainer.balance

    def teach_well(self, who: Account) -> None:
        """Add a sample that the model agrees with, and claim it."""
        self.teach(who, [1], self.model.predict([1]))
        self.chain.time_travel(seconds=REFUND_WAIT_S)
        self.claim(-1)

    def buy(self, buyer: Account | None = None, extra: int = 0) -> Receipt:
        receipt: Receipt = self.mechanism.buy_prediction(
            [1], sender=buyer or self.buyer, value=max(0, self.price_wei + extra)
        )
        self.twin.pay(self.price_wei)
        return receipt

    def withdraw(self, who: Account) -> int:
        receipt = self.mechanism.withdraw_share(sender=who)
        amount: int = receipt.return_value
        assert receipt.events == [ShareWithdrawn(contributor=who.address, amount=amount)]
        self.twin.withdraw(who.address, amount)
        return amount

    def owed(self) -> list[int]:
        return [self.mechanism.owed_wei(who) for who in self.people]

    def check(self) -> None:
        """The contract's books against the twin's, and to the last part of a wei."""
        parts = self.mechanism.parts_kept()
        for contributor, units in self.twin.units.items():
            assert self.mechanism.num_valid_for_address(contributor) == units
            self.twin.check(contributor, self.mechanism.owed_wei(contributor))
            parts += self.mechanism.owed_parts(contributor)
        assert self.mechanism.balance == self.twin.paid - self.twin.withdrawn
        assert self.mechanism.balance * PARTS_PER_WEI == parts
        assert self.trainer.balance == self.deposits_wei, "deposits and payments do not mix"
        assert self.chain.total_balance == self.chain.money


@dataclass(frozen=True)
class Step:
    """Something somebody tries; which sample, contribution or extra wei is in `number`."""

    what: str
    who: int
    number: int = 0

    def take(self, school: School) -> None:
        who = school.people[self.who]
        if self.what == "teach":
            school.teach(who, SAMPLES[self.number % len(SAMPLES)], self.number % 3)
        elif self.what == "teach well":
            school.teach_well(who)
        elif self.what in ("claim", "report"):
            if school.added:
                school.claim(self.number, who if self.what == "report" else None)
        elif self.what == "wait":
            school.chain.time_travel(seconds=self.number)
        elif self.what == "buy":
            school.buy(who, self.number % 4 - 1)
        else:
            school.withdraw(who)


KINDS = ("teach", "teach well", "teach well", "claim", "report", "wait", "buy", "buy", "withdraw")
steps = st.builds(Step, st.sampled_from(KINDS), st.integers(0, PEOPLE - 1), st.integers(0, 31))


@settings(max_examples=120)
@given(
    sequence=st.lists(steps, min_size=15, max_size=40),
    mechanism=st.sampled_from((PaidPoints, PaidStakeable)),
    price_wei=st.sampled_from((PRICE_WEI, 7, 1, 0)),
    order=st.permutations(range(PEOPLE)),
)
def test_shares_are_those_of_the_twin_and_nothing_is_lost_or_made(
    sequence: list[Step], mechanism: type[PaidPredictions], price_wei: int, order: list[int]
) -> None:
    school = School(mechanism, price_wei)
    for step in sequence:
        held = {who: school.chain.balance(who) for who in school.chain.accounts}
        owed = school.owed()
        try:
            step.take(school)
        except ExecutionError:
            outcome = "failed"
            assert {who: school.chain.balance(who) for who in held} == held
        else:
            outcome = "done"
            changed = [before != after for before, after in zip(owed, school.owed(), strict=True)]
            assert step.what in ("buy", "withdraw") or not any(changed), "no pay for the past"
            assert step.what != "withdraw" or changed == [i == step.who for i in range(PEOPLE)]
        event(f"{step.what} {outcome}")
        school.check()
    # Whoever comes first, all get the same.
    owed = school.owed()
    for turn in (range(PEOPLE), order):
        with school.chain.anchor():
            for who in turn:
                if owed[who]:
                    receipt = school.mechanism.withdraw_share(sender=school.people[who])
                    assert receipt.return_value == owed[who]
                with reverts(NothingOwed):
                    school.mechanism.withdraw_share(sender=school.people[who])
            assert school.mechanism.balance < max(len(school.twin.units), 1), "fractions"
    assert school.chain.header().state_root == root_from_scratch(school.chain)


def test_the_steps_reach_what_they_are_for() -> None:
    school = School(PaidStakeable)
    done = []
    for step in (
        Step("buy", 0, 1),
        Step("withdraw", 0),
        Step("teach well", 0),
        Step("buy", 1, 0),
        Step("buy", 1, 1),
        Step("buy", 1, 3),
        Step("teach", 1, 1),
        Step("wait", 0, 10),
        Step("claim", 0, 1),
        Step("report", 2, 1),
        Step("report", 0, 1),
        Step("withdraw", 0),
        Step("withdraw", 0),
    ):
        try:
            step.take(school)
            done.append(step.what)
        except ExecutionError as error:
            done.append(type(error).__name__)
        school.check()
    assert done == [
        "NobodyToPay", "NothingOwed", "teach well", "PaymentTooLow", "buy", "buy", "teach", "wait",
        "ModelDisagrees", "NoGoodDataSent", "report", "withdraw", "NothingOwed",
    ]  # fmt: skip


class BulkPoints(Points):
    """Counts as many units in one refund as the owner says."""

    @external
    @only_owner
    def handle_refund(
        self,
        submitter: address,
        data: Array[int64],
        classification: uint64,
        added_time: uint256,
        claimable_amount: uint256,
        claimed_by_submitter: bool,
        prediction: uint64,
        num_claims: uint256,
    ) -> uint256:
        self.address_stats[submitter].num_valid += claimable_amount
        self.total_good_data_count += claimable_amount
        return 0


class PaidBulk(PaidPredictions, BulkPoints):
    """Begins as if much had been paid before."""

    def __init__(
        self, classifier: Classifier, prediction_price_wei: uint80, parts_per_unit: uint256
    ) -> None:
        super().__init__(0, 0, 0)
        self.classifier = classifier
        self.prediction_price_wei = prediction_price_wei
        self.parts_per_unit = parts_per_unit


class Bulk:
    """A mechanism on its own, whose owner hands out units."""

    def __init__(self, price_wei: int = PRICE_WEI, parts_per_unit: int = 0) -> None:
        self.chain = Chain(gas_price=0, balance=10**27)
        *self.people, self.owner = self.chain.accounts
        self.price_wei = price_wei
        model = self.chain.deploy(SparsePerceptron, ["NO", "YES"], [], 1, 1, sender=self.owner)
        self.mechanism = self.chain.deploy(
            PaidBulk, model, price_wei, parts_per_unit, sender=self.owner
        )
        self.twin = SharesTwin()

    def earn(self, who: str, units: int) -> None:
        self.mechanism.handle_refund(who, [], 0, 0, units, False, 0, 0, sender=self.owner)
        self.twin.units[who] += units

    def buy(self) -> Receipt:
        receipt: Receipt = self.mechanism.buy_prediction(
            [], sender=self.owner, value=self.price_wei
        )
        self.twin.pay(self.price_wei)
        return receipt

    def check(self) -> None:
        parts = self.mechanism.parts_kept()
        for who in self.twin.units:
            self.twin.check(who, self.mechanism.owed_wei(who))
            parts += self.mechanism.owed_parts(who)
        assert parts == self.mechanism.balance * PARTS_PER_WEI


@given(
    earned=st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 9) | st.integers(1, 2**62), st.integers(0, 3)),
        min_size=1,
        max_size=12,
    ),
    price_wei=st.sampled_from((1, 3, 10**18 + 9, 2**80 - 1)),
)
@example([(0, 1, 1), (1, 2**62, 3), (0, 2**62, 3), (2, 1, 3)], 2**80 - 1)
def test_shares_are_exact_for_any_number_of_units(
    earned: list[tuple[int, int, int]], price_wei: int
) -> None:
    bulk = Bulk(price_wei)
    for who, units, payments in earned:
        bulk.earn(bulk.people[who].address, units)
        for _ in range(payments):
            bulk.buy()
        bulk.check()


def test_many_payments_that_do_not_divide_add_up_to_the_wei() -> None:
    bulk = Bulk(price_wei=1)
    for who in range(7):
        bulk.earn(bulk.people[who].address, 1)
    for number in range(1, 141):
        bulk.buy()
        assert {bulk.mechanism.owed_wei(who) for who in bulk.people[:7]} == {number // 7}
    assert bulk.mechanism.parts_kept() == 0, "140 is 7 times 20"


def test_numbers_fit_up_to_the_bounds_and_beyond_them_nothing_happens() -> None:
    # As if 2**128 wei had been paid to the first unit; then 2**64 - 1 units of one person.
    paid = 2**128
    bulk = Bulk(2**80 - 1, paid * PARTS_PER_WEI - 2**150)
    alice = bulk.people[0]
    bulk.earn(alice.address, 1)
    bulk.buy()
    bulk.earn(alice.address, 2**64 - 2)
    bulk.buy()
    bulk.check()
    amount = bulk.mechanism.withdraw_share(sender=alice).return_value
    assert amount == 2 * (2**80 - 1) - 1, "2**64 - 1 units divide 2**144 - 2**64 with a rest"
    with reverts(Arithmetic):
        bulk.earn(alice.address, 2**80)
    assert bulk.mechanism.num_valid_for_address(alice) == 2**64 - 1
    assert bulk.mechanism.balance == 1


# By hand.


def test_a_unit_has_no_part_in_what_was_paid_before_it() -> None:
    school = School(price_wei=60)
    alice, bob, carol, _ = school.people
    school.teach_well(alice)
    school.buy()
    school.teach_well(bob)
    assert school.owed() == [60, 0, 0, 0]
    school.buy()
    school.teach_well(alice)
    assert school.owed() == [90, 30, 0, 0]
    school.buy()
    school.teach_well(carol)
    assert school.owed() == [130, 50, 0, 0]
    assert school.withdraw(bob) == 50
    school.buy()
    assert school.owed() == [160, 15, 15, 0]
    school.check()


def test_while_nobody_has_good_data_a_payment_is_refused_and_nobody_gets_it() -> None:
    school = School(PaidStakeable)
    held = school.chain.balance(school.buyer)
    with reverts(NobodyToPay()):
        school.buy()
    assert school.chain.balance(school.buyer) == held
    school.teach(school.people[0], [1], 1)
    with reverts(NobodyToPay()):
        school.buy()
    school.chain.time_travel(seconds=REFUND_WAIT_S)
    school.claim(0)
    assert (school.owed(), school.mechanism.balance) == ([0] * PEOPLE, 0)
    school.buy()
    assert school.owed()[0] == PRICE_WEI


def test_what_a_payment_buys_is_on_record_and_what_it_does_not_cost_comes_back() -> None:
    school = School()
    school.teach_well(school.people[0])
    buyer = school.buyer
    held = school.chain.balance(buyer)
    with reverts(PaymentTooLow(sent=PRICE_WEI - 1, required=PRICE_WEI)):
        school.buy(extra=-1)
    receipt = school.buy(extra=ether)
    assert held - school.chain.balance(buyer) == PRICE_WEI == school.mechanism.balance
    assert receipt.return_value == 1 == school.model.predict([1])
    assert receipt.events == [
        PredictionBought(data=Array([1]), prediction=1, buyer=buyer.address, price=PRICE_WEI)
    ]
    assert len(school.chain.logs(PredictionBought, buyer=buyer)) == 1
    school.chain.verify()


def test_a_contract_can_pay_for_what_it_acts_on() -> None:
    school = School()
    school.teach_well(school.people[0])
    gate = school.chain.deploy(Gate, school.mechanism, sender=school.buyer)
    gate.knock([0], sender=school.buyer, value=PRICE_WEI)
    assert gate.opened_for() != school.buyer.address
    gate.knock([1], sender=school.buyer, value=PRICE_WEI)
    assert gate.opened_for() == school.buyer.address
    assert school.owed()[0] == 2 * PRICE_WEI
    with reverts(UnknownMethod):  # its change would come back to it, and it takes no plain money
        gate.knock([1], sender=school.buyer, value=PRICE_WEI + 1)


def test_money_that_nobody_asked_for_is_refused_or_changes_no_share() -> None:
    school = School()
    school.teach_well(school.people[0])
    school.buy()
    with reverts(UnknownMethod):
        school.chain.transfer(school.buyer, school.mechanism, 5)
    school.chain.deal(school.mechanism, 5)
    school.buy()
    assert school.owed()[0] == school.withdraw(school.people[0]) == 2 * PRICE_WEI


def test_nobody_withdraws_twice_or_what_is_anothers() -> None:
    school = School()
    alice, bob, *_ = school.people
    for who in (alice, bob):
        school.teach_well(who)
    school.buy()
    with reverts(NothingOwed):
        school.mechanism.withdraw_share(sender=school.buyer)
    half = school.withdraw(bob)
    with reverts(NothingOwed):
        school.mechanism.withdraw_share(sender=bob)
    assert (half, school.owed()[:2]) == (PRICE_WEI // 2, [PRICE_WEI // 2, 0])
    with reverts(NotOwner):
        school.mechanism.handle_refund(bob, [1], 1, 0, 0, False, 1, 0, sender=bob)
    school.check()


@pytest.mark.parametrize("mechanism", [PaidPoints, PaidStakeable])
def test_a_system_knows_its_own_classifier(mechanism: type[PaidPredictions]) -> None:
    school = School(mechanism)
    assert school.mechanism.classifier() == school.model.address == school.trainer.classifier()
    assert school.mechanism.prediction_price_wei() == PRICE_WEI
    assert school.mechanism.any_address_claim_wait_time_s() == ANY_WAIT_S


# Contracts that contribute.


def contributing(school: School, kind: type[Contributor]) -> Account:
    """A contract with one unit, and an account to speak for it."""
    contract = school.chain.deploy(kind, school.trainer, school.mechanism, sender=school.buyer)
    added = contract.contribute([1], 1, sender=school.buyer)
    school.chain.time_travel(seconds=REFUND_WAIT_S)
    contract.claim([1], 1, added.events[0].time, sender=school.buyer)
    account = school.chain.impersonate(contract)
    school.twin.units[account.address] += 1
    return account


def test_a_contract_that_refuses_money_harms_itself_alone() -> None:
    school = School(price_wei=60)
    sulker = contributing(school, Sulker)
    school.teach_well(school.people[0])
    school.buy()
    with reverts("Refused|OutOfGas"):  # a stipend is hardly enough to say so
        school.mechanism.withdraw_share(sender=sulker)
    school.check()
    assert school.withdraw(school.people[0]) == 30
    school.buy()
    school.chain.deal(sulker, 61)
    with reverts("Refused|OutOfGas"):  # the change
        school.buy(sulker, extra=1)
    school.chain.at(sulker).cheer_up(sender=school.buyer)
    assert school.withdraw(sulker) == 60
    school.check()


@pytest.mark.parametrize("mechanism", [PaidPoints, UnlockedPoints])
@pytest.mark.parametrize("stipend", [STIPEND, 1_000_000])
def test_a_contract_that_calls_back_gets_its_share_once(
    mechanism: type[PaidPredictions], stipend: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where plain transfers bring gas for calls the lock is there, and without it the books."""
    rules = replace(schedule_of(NEWEST), call_stipend=stipend, call_value=9_000 + stipend)
    monkeypatch.setitem(FORKS, "generous", rules)
    chain = Chain(gas_price=0, block_time_s=0, fork="generous")
    school = School(mechanism, price_wei=2, chain=chain)
    leech = contributing(school, Leech)
    school.teach_well(school.people[0])
    school.buy()
    if stipend == STIPEND:
        with reverts("OutOfGas"):
            school.mechanism.withdraw_share(sender=leech)
    else:
        receipt = school.mechanism.withdraw_share(sender=leech)
        assert receipt.return_value == 1
        school.twin.withdraw(leech.address, 1)
        again = str(receipt.trace).splitlines()[-1]
        assert ("ReentrantCall" if mechanism is PaidPoints else "NothingOwed") in again
    school.check()
    assert school.withdraw(school.people[0]) == 1


# The cost of a payment.


def test_a_payment_and_a_withdrawal_cost_the_same_however_many_share() -> None:
    gas = []
    for contributors in (10, 1_000):
        bulk = Bulk()
        first = bulk.people[0]
        bulk.earn(first.address, 1)
        for number in range(1, contributors):
            bulk.earn(f"0x{number:040x}", 1)
        bulk.buy()  # the first one pays for cells that were empty
        kept = bulk.mechanism.parts_kept()
        gas.append([bulk.buy().gas_used, bulk.mechanism.withdraw_share(sender=first).gas_used])
        assert bulk.mechanism.parts_kept() != kept, "else there would be nothing to write"
    assert gas[0] == gas[1]
