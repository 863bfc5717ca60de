"""Each policy by an example of what it does."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from chain.units import days, ether, gwei, hours
from chain.values import Address
from simulation.decisions import Claim, Contribution, Offer, Visit
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.mechanisms import Deposit, PaidDeposit, Reputation
from simulation.outcome import Outcome
from simulation.policies import Buyer, Careless, Claimer, Copier, Flipping, Honest, Policy, Sybil
from simulation.recorder import InMemory
from simulation.run import go_on, run
from simulation.visits import UnusableOffer
from simulation.world import World

ME, OTHER = Address("0x" + "1" * 40), Address("0x" + "2" * 40)
SEEN = Visit(
    number=0,
    now=1_000,
    previous=900,
    accuracy=0.8,
    sample=7,
    label=1,
    classes=3,
    contributions=[],
    addresses=(ME,),
    chance=0.5,
    slip=0.5,
    deposit_luck=0.0,
)


class Sloth(Policy):
    """Ten lines are enough for a new one."""

    mean_wait_s: float = 1 * hours

    def label(self, visit: Visit) -> int | None:
        return 0 if visit.chance < 0.5 else None


class Wild(Policy):
    """Offers what it is told to."""

    sample_given: int = 0
    label_given: int = 0
    address_given: int = 0

    def offer(self, visit: Visit) -> Offer | None:
        return Offer(self.sample_given, self.label_given, self.address_given)


class Mixed(Copier):
    """Copies, although it has samples of its own."""

    adds = True


def contribution(author: Address, time: int) -> Contribution:
    return Contribution(None, 2, 4, time, 0, author, 1, 1)


def experiment(*policies: Policy, mechanism: Deposit | Reputation | None = None) -> Experiment:
    return Experiment(
        name="policies",
        data=Data(name="tic-tac-toe", seed=0),
        mechanism=mechanism or Deposit(),
        agents=tuple(
            Group(name=f"{k} {type(each).__name__.lower()}", policy=each)
            for k, each in enumerate(policies)
        ),
        stop=Stop(contributions=60),
    )


def of(outcome: Outcome, kind: str) -> list[int]:
    """Contributions, refunds, reports, predictions of an agent."""
    agent = next(each for each in outcome.agents if each.name.endswith(kind))
    return [agent.added, agent.refunded, agent.reported, agent.bought]


def test_by_default_samples_are_added_as_they_are() -> None:
    assert Policy().offer(SEEN) == Offer(7, 1, 0)
    assert Policy().offer(replace(SEEN, sample=None)) is None


def test_waits_and_deposits_follow_the_luck_and_stay_positive() -> None:
    policy = Policy(
        mean_wait_s=600, wait_deviation_s=10, mean_deposit_wei=50, deposit_deviation_wei=10
    )
    assert [policy.wait_s(luck) for luck in (-2.0, 0.0, 1.0, -99.0)] == [580, 600, 610, 1]
    lucks = (-1.0, 0.0, 2.5, -99.0)
    ceilings = [policy.ceiling_wei(replace(SEEN, deposit_luck=luck)) for luck in lucks]
    assert ceilings == [40, 50, 75, 1]


def test_claims_must_bring_more_than_their_gas_or_good_standing() -> None:
    policy = Policy()
    assert policy.claims(SEEN, Claim("report", 11, False), 10)
    assert not policy.claims(SEEN, Claim("report", 10, False), 10)
    assert policy.claims(SEEN, Claim("refund", 0, True), 10)


def test_the_honest_err_rarely_and_stay_away_from_a_bad_model() -> None:
    honest = Honest()
    assert honest.offer(SEEN) == Offer(7, 1, 0)
    assert honest.offer(replace(SEEN, slip=0.00009)) == Offer(7, 2, 0)
    assert honest.offer(replace(SEEN, slip=0.0001)) == Offer(7, 1, 0)
    bad = replace(SEEN, accuracy=0.3)
    assert honest.offer(replace(bad, chance=0.449)) is not None
    assert honest.offer(replace(bad, chance=0.451)) is None


def test_the_careless_err_often() -> None:
    assert Careless().offer(replace(SEEN, slip=0.29)) == Offer(7, 2, 0)
    assert Careless().offer(replace(SEEN, slip=0.31)) == Offer(7, 1, 0)


def test_the_flipping_always_write_a_wrong_label() -> None:
    for label in range(3):
        offer = Flipping().offer(replace(SEEN, label=label))
        assert offer is not None
        assert offer.label != label


def test_the_copier_adds_what_others_added_since_its_last_visit() -> None:
    theirs, mine = contribution(OTHER, 950), contribution(ME, 980)
    seen = replace(SEEN, contributions=[contribution(OTHER, 940), theirs, mine])
    assert Copier().offer(seen) == Offer(theirs, 2, 0)
    assert Copier().offer(replace(seen, previous=950)) is None
    assert Copier().offer(SEEN) is None
    recorder = InMemory(["events"])
    outcome = run(experiment(Honest(), Copier(mean_wait_s=1200)), 1, recorder=recorder)
    added = of(outcome, "copier")[0]
    assert added >= 15
    rows = [row for row in recorder.rows["events"] if row[3] == "add_data"]
    for before, row in pairwise(rows):
        if row[2] == "1 copier":
            assert before[2] == "0 honest"
            assert (before[5], before[6]) == (row[5], row[6])  # the same sample and label


def test_a_copy_uses_up_no_sample() -> None:
    world = World(experiment(Honest(), Mixed(mean_wait_s=1200)), 1)
    go_on(world)
    copies = world.state.counts["1 mixed", "add_data"]
    assert copies > 15
    assert world.state.used == [60 - copies]


def test_a_sybil_takes_back_with_one_address_what_the_others_lose() -> None:
    sybil = Sybil(addresses=3)
    offers = [sybil.offer(replace(SEEN, number=number)) for number in range(4)]
    assert offers == [Offer(7, 1, 0), Offer(7, 2, 1), Offer(7, 2, 2), Offer(7, 1, 0)]
    world = World(experiment(Sybil(addresses=3)), 1)
    go_on(world)
    (agent,) = world.state.agents
    good, *false = (account.address for account in agent.accounts)
    reported = [
        each
        for each in world.state.contributions
        if each.author in false and good in each.claimed_by
    ]
    assert reported
    lost = agent.policy.balance_wei - world.balance_wei(agent)
    assert lost == world.state.fees[agent.name]  # alone, it loses no more than its gas


def test_a_claimer_adds_nothing_and_takes_what_is_left() -> None:
    outcome = run(experiment(Flipping(mean_wait_s=1 * days), Claimer(mean_wait_s=1 * hours)), 1)
    added, refunded, reported, bought = of(outcome, "claimer")
    assert (added, refunded, bought) == (0, 0, 0)
    assert reported > 0
    assert outcome.agents[1].end_wei > outcome.agents[1].start_wei


def test_a_buyer_pays_the_teachers() -> None:
    assert Buyer().buys(replace(SEEN, chance=0.79))
    assert not Buyer().buys(replace(SEEN, chance=0.8))
    policies = (Honest(), Buyer(mean_wait_s=1 * hours))
    for mechanism, sold in [(PaidDeposit(), True), (Deposit(), False)]:
        outcome = run(experiment(*policies, mechanism=mechanism), 1)
        honest, buyer = outcome.agents
        paid_wei = buyer.start_wei - buyer.end_wei - buyer.fees_wei
        assert paid_wei == buyer.bought * 50 * ether
        assert (buyer.bought > 0) == sold == (honest.end_wei > honest.start_wei)
        assert of(outcome, "buyer")[:3] == [0, 0, 0]
        assert outcome.left_wei < ether // 1000


def test_teachers_withdraw_what_is_worth_ten_fees_and_at_the_end_all_of_it() -> None:
    policies = (Honest(), Buyer(mean_wait_s=1 * hours))
    # So many gas at one gwei: it takes some payments for a withdrawal to be worth it.
    mechanism = PaidDeposit(prediction_price_wei=70_000 * gwei)
    recorder = InMemory(["events"])
    outcome = run(experiment(*policies, mechanism=mechanism), 1, recorder=recorder)
    *regular, last = [row for row in recorder.rows["events"] if row[3] == "withdraw_share"]
    assert len(regular) > 2
    for row in regular:
        assert 9 < row[7] / (row[8] * gwei) < 20
    assert 1 < last[7] / (last[8] * gwei) < 9
    assert outcome.left_wei < 1_000


def test_those_who_claimed_look_again_when_all_is_open_to_anyone() -> None:
    mechanism = Deposit(refund_wait_s=10, any_address_claim_wait_s=100)
    added = contribution(OTHER, 1_000)
    assert mechanism.next_look(added, [ME], 1_010, 20) == 1_030
    assert mechanism.next_look(added, [ME], 1_095, 20) == 1_100
    assert mechanism.next_look(added, [ME], 1_100, 20) is None
    added.claimed_by = frozenset([ME])
    assert mechanism.next_look(added, [ME], 1_010, 20) == 1_100
    assert mechanism.next_look(added, [ME, OTHER], 1_010, 20) == 1_030


def test_under_points_good_data_is_confirmed_and_nobody_pays_for_reports() -> None:
    outcome = run(experiment(Honest(), Flipping(), mechanism=Reputation()), 1)
    assert of(outcome, "honest")[1] > 0.6 * of(outcome, "honest")[0]
    assert outcome.reports == 0
    for agent in outcome.agents:
        assert agent.start_wei - agent.end_wei == agent.fees_wei


def test_a_new_policy_takes_a_few_lines_and_goes_through_json() -> None:
    described = experiment(Sloth(), Honest())
    again = Experiment.model_validate_json(described.model_dump_json())
    assert again == described
    assert again.agents[0].policy.kind() == f"{__name__}:Sloth"
    recorder = InMemory(["events"])
    outcome = run(again, 1, recorder=recorder)
    assert 0 < outcome.agents[0].added < outcome.agents[1].added
    rows = [row for row in recorder.rows["events"] if row[3] == "add_data"]
    assert {row[6] for row in rows if "sloth" in row[2]} <= {0, None}


@pytest.mark.parametrize(
    ("wild", "message"),
    [
        (Wild(sample_given=10_000), "offers sample 10000: there are "),
        (Wild(sample_given=-1), "offers sample -1: there are "),
        (
            Wild(label_given=2),
            f"0 wild's policy {__name__}:Wild offers class 2: there are 2, from 0",
        ),
        (Wild(label_given=-1), "offers class -1: there are 2"),
        (Wild(address_given=1), "offers address 1: there are 1"),
        (Wild(address_given=-1), "offers address -1: there are 1"),
    ],
)
def test_an_offer_of_what_there_is_not_says_whose(wild: Wild, message: str) -> None:
    with pytest.raises(UnusableOffer, match=message):
        run(experiment(wild), 1)


def test_adding_ends_with_the_data_even_if_somebody_adds_more_than_it_was_dealt() -> None:
    world = World(
        experiment(Wild(mean_wait_s=60), Policy()).changed(
            {"data.held": "dealt", "stop.contributions": None}
        ),
        1,
    )
    go_on(world, progress=_not_forever)
    assert world.state.used[0] > len(world.supplies[0])
    assert world.state.used[1] == len(world.supplies[1])


def _not_forever(world: World) -> None:
    assert len(world.state.contributions) <= 20 * len(world.rest)


@pytest.mark.parametrize("policy", [Honest(), Careless(), Flipping(), Sybil()])
def test_without_samples_nothing_is_added(policy: Policy) -> None:
    assert policy.offer(replace(SEEN, sample=None)) is None
