"""Random markets: every wei stays in sight, and all is paid as the twin in fractions says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import floor
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from chain.errors import ExecutionError
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.restorable import (
    RestorableDensePerceptron,
    RestorableSparsePerceptron,
)
from incentives.market.phases import COLLECT, REVEAL_TEST_SET, REWARD, NothingOwed
from incentives.market.phases import PARTICIPATION as TAKING
from tests.markets import (
    ADD,
    REFUSE,
    SET,
    SETTINGS,
    Script,
    ScriptTwin,
    World,
    make_world,
    options,
    script_tests,
)
from tests.twins.dense_perceptron import DensePerceptronTwin
from tests.twins.prediction_market import Given, Outcome
from tests.twins.sparse_perceptron import SparsePerceptronTwin

PEOPLE = 6
HALF = settings(max_examples=settings.default.max_examples // 2)  # type: ignore[union-attr]
CLASSES = ["no", "yes"]


@dataclass(frozen=True)
class Sent:
    """A contribution: by whom, what, and how many wei more than the minimum stake."""

    who: int
    data: list[int]
    label: int
    extra: int


@dataclass(frozen=True)
class Case:
    """A market to play.

    Attributes
    ----------
    works
        How much each step does, over and over.
    order
        Who collects, in order; the others never do.
    """

    setting: str
    through_trainer: bool
    unit: int
    bounty: int
    pieces: list[list[tuple[list[int], int]]]
    sent: list[Sent]
    works: list[int]
    order: list[int]


@st.composite
def cases(
    draw: st.DrawFn,
    samples: st.SearchStrategy[tuple[list[int], int]],
    pieces: st.SearchStrategy[list[list[tuple[list[int], int]]]],
    setting: str = "",
) -> Case:
    unit = draw(st.sampled_from((1, 7, 1_000)))
    extra = st.sampled_from((0, 0, 1, 3 * unit, 12 * unit + 5))
    sent = st.builds(
        lambda who, sample, extra: Sent(who, sample[0], sample[1], extra),
        st.integers(0, draw(st.sampled_from((3, 5, 2, 1)))),
        samples,
        extra,
    )
    return Case(
        setting or draw(st.sampled_from(SETTINGS)),
        draw(st.booleans()),
        unit,
        draw(st.sampled_from((200 * unit + 3, 40 * unit, 9 * unit, 2 * unit + 1, unit - 1))),
        draw(pieces),
        draw(st.lists(sent, min_size=draw(st.sampled_from((4, 1))), max_size=8)),
        draw(st.lists(st.integers(1, 9), min_size=1, max_size=4)),
        draw(st.lists(st.integers(0, PEOPLE - 1), unique=True)),
    )


script_samples = st.tuples(
    st.tuples(st.sampled_from((ADD, ADD, ADD, SET, REFUSE)), st.integers(-3, 4)).map(list),
    st.just(1),
)
script_pieces = st.builds(
    lambda sizes: [script_tests(size) for size in sizes],
    st.lists(st.integers(1, 5), min_size=2, max_size=3),
)


def open_market(case: Case, classifier: type[Any] | None = None, *arguments: Any) -> World:
    """A market up to where the stakes are in."""
    world = make_world(
        options(case.setting.strip("-"), min_stake=case.unit),
        classifier or Script,
        (CLASSES, *arguments),
        case.pieces,
        case.through_trainer,
    )
    world.provider.open(case.bounty)
    for each in case.sent:
        before = world.chain.balance(world.people[each.who])
        world.add(each.who, each.data, case.unit + each.extra, each.label)
        stake = case.unit + (each.extra if "A" in case.setting else 0)
        assert before - world.chain.balance(world.people[each.who]) == stake
        check_books(world)
    return world


def check_books(world: World) -> None:
    """All there is belongs to the running market, or to somebody who can collect it."""
    market, chain = world.market, world.chain
    owed = sum(world.owed(person) for person in chain.accounts)
    assert market.balance == market.pot() + owed
    assert chain.total_balance == chain.money
    if world.trainer is not None:
        assert world.trainer.balance == 0


def drive(world: World, works: list[int]) -> None:
    """Step to the end, looking at the books all the time."""
    turn = 0
    while world.market.phase() == REWARD:
        world.market.step(works[turn % len(works)], sender=world.people[8])
        turn += 1
        check_books(world)
    assert world.market.phase() == COLLECT
    assert world.market.pot() == 0


def check_payments(world: World, case: Case, outcome: Outcome, wealth: dict[str, int]) -> None:
    """What everybody gets is what the twin says, rounded down."""
    staked: Counter[str] = Counter()
    for each in case.sent:
        stake = case.unit + (each.extra if "A" in case.setting else 0)
        staked[world.people[each.who].label] += stake
    paid = 0
    for person in world.people[:PEOPLE]:
        owed = world.owed(person)
        exact = outcome.owed.get(person.label, [])
        assert owed == sum(map(floor, exact))
        assert 0 <= sum(exact) - owed < max(len(exact), 1)
        assert wealth[person.label] - world.chain.balance(person) == staked[person.label]
        paid += owed - staked[person.label]
    assert paid <= case.bounty
    assert world.owed(world.chain.accounts[0]) == case.bounty - paid


def check_collecting(world: World, case: Case) -> None:
    """Whoever comes, and in whatever order, gets what is theirs; in the end nothing is left."""
    chain, market = world.chain, world.market
    owed = {person.label: world.owed(person) for person in chain.accounts}
    for who in case.order:
        person = world.people[who]
        before = chain.balance(person)
        if owed[person.label]:
            market.collect(sender=person)
        with pytest.raises(NothingOwed):
            market.collect(sender=person)
        assert chain.balance(person) - before == owed[person.label]
        owed[person.label] = 0
    assert {person.label: world.owed(person) for person in chain.accounts} == owed
    assert market.balance == sum(owed.values())
    chain.time_travel(seconds=world.rules.any_address_claim_wait_time_s)
    scavenger = chain.accounts[9]
    for person in chain.accounts:
        if owed[person.label]:
            market.collect_from(person, sender=scavenger)
    assert market.balance == 0


def play(
    case: Case, model: Any, classifier: type[Any] | None = None, *arguments: Any
) -> tuple[World, Any]:
    world = open_market(case, classifier, *arguments)
    wealth = {person.label: 10_000 * 10**18 for person in world.people}
    world.finish_participation()
    world.provider.reveal()
    given = [
        Given(world.people[each.who].label, case.unit + each.extra, each.data, each.label)
        for each in case.sent
    ]
    outcome = world.twin(case.bounty, model, given).run()
    drive(world, case.works)
    event(f"passes {min(outcome.passes, 3)}")
    check_payments(world, case, outcome, wealth)
    check_collecting(world, case)
    return world, outcome.model


@pytest.mark.parametrize("setting", ["-", *SETTINGS[1:]])
@HALF
@given(data=st.data())
def test_scripted_markets_pay_as_the_twin_says(setting: str, data: st.DataObject) -> None:
    case = data.draw(cases(script_samples, script_pieces, setting))
    world, final = play(case, ScriptTwin())
    assert world.classifier.skill() == final.skill


sparse_samples = st.tuples(st.lists(st.integers(0, 3), max_size=3, unique=True), st.integers(0, 1))
sparse_pieces = st.lists(st.lists(sparse_samples, min_size=1, max_size=4), min_size=2, max_size=3)


@given(case=cases(sparse_samples, sparse_pieces))
def test_sparse_perceptrons_pay_as_the_twin_says(case: Case) -> None:
    made_of = (CLASSES, [1, -2, 0, 1], 0, 2)
    twin = SparsePerceptronTwin("", *made_of)
    world, final = play(case, twin, RestorableSparsePerceptron, *made_of[1:])
    for feature in range(4):
        assert world.classifier.weights(feature) == final.weights.get(feature, 0)


UNITS = [[TO_FLOAT, 0], [0, TO_FLOAT], [TO_FLOAT * 3 // 5, -TO_FLOAT * 4 // 5], [-TO_FLOAT, 0]]
REFUSED = [[TO_FLOAT, TO_FLOAT], [TO_FLOAT]]
dense_samples = st.tuples(st.sampled_from(UNITS + REFUSED), st.integers(0, 1))
dense_tests = st.tuples(st.sampled_from(UNITS), st.integers(0, 1))
dense_pieces = st.lists(st.lists(dense_tests, min_size=1, max_size=4), min_size=2, max_size=3)


@given(case=cases(dense_samples, dense_pieces))
def test_dense_perceptrons_pay_as_the_twin_says(case: Case) -> None:
    made_of = (CLASSES, [5 * 10**8, -(10**8)], 7, 10**9)
    twin = DensePerceptronTwin("", *made_of)
    world, final = play(case, twin, RestorableDensePerceptron, *made_of[1:])
    assert list(world.classifier.weights()) == final.weights


@HALF
@given(
    case=cases(script_samples, script_pieces),
    revealed=st.booleans(),
    steps=st.integers(0, 12),
)
def test_abandoned_markets_give_back_what_accounts_are_worth(
    case: Case, revealed: bool, steps: int
) -> None:
    world = open_market(case)
    market, chain = world.market, world.chain
    world.finish_participation()
    if revealed:
        world.provider.reveal()
        for _ in range(steps):
            if market.phase() == REWARD:
                market.step(case.works[0], sender=world.people[8])
    chain.time_travel(seconds=world.rules.patience_s)
    remaining = market.remaining_rounds() if revealed else 0
    before = {index: market.accounts(index) for index in range(market.num_accounts())}
    try:
        market.abandon(sender=world.people[7])
    except ExecutionError:
        event("not possible")
    else:
        event("abandoned")
        # Nobody gets less than the account was worth: stake, and gain in units of a test.
        tests = market.num_tests()
        worth: Counter[str] = Counter()
        for owner, left, _, stake, gain in before.values():
            if not left:
                worth[owner] += stake + (gain * case.unit // tests if gain else 0)
        owed = {person.address: world.owed(person) for person in world.people}
        drive(world, case.works)
        for person in world.people:
            assert world.owed(person) >= owed[person.address] + worth[person.address]
        shared = sum(world.owed(person) - owed[person.address] for person in world.people)
        bonus = remaining * case.unit if revealed else case.bounty
        assert shared - worth.total() <= bonus
        if not revealed and case.bounty >= case.unit:
            assert shared - worth.total() > bonus - len(before), "all of it is shared"
    drive(world, case.works)
    check_collecting(world, case)


@HALF
@given(case=cases(script_samples, script_pieces), size=st.integers(1, 40))
def test_the_size_of_the_steps_changes_nothing(case: Case, size: int) -> None:
    world = open_market(case)
    world.finish_participation()
    world.provider.reveal()
    with world.chain.anchor():
        drive(world, case.works)
        owed = [world.owed(person) for person in world.chain.accounts]
        skill = world.classifier.skill()
    drive(world, [size])
    assert [world.owed(person) for person in world.chain.accounts] == owed
    assert world.classifier.skill() == skill


@HALF
@given(case=cases(script_samples, script_pieces), other=cases(script_samples, script_pieces))
def test_a_second_market_begins_where_the_first_has_ended(case: Case, other: Case) -> None:
    world = open_market(case)
    world.finish_participation()
    world.provider.reveal()
    drive(world, case.works)
    owed = {person.label: world.owed(person) for person in world.chain.accounts}
    skill = world.classifier.skill()
    world.provider.open(other.bounty)
    assert world.market.phase() == TAKING
    given = []
    for each in other.sent:
        world.add(each.who, each.data, case.unit + each.extra, each.label)
        who = world.people[each.who].label
        given.append(Given(who, case.unit + each.extra, each.data, each.label))
    check_books(world)
    world.finish_participation()
    assert world.market.phase() == REVEAL_TEST_SET
    world.provider.reveal()
    outcome = world.twin(other.bounty, ScriptTwin(skill), given).run()
    drive(world, other.works)
    for person in world.people[:PEOPLE]:
        gained = world.owed(person) - owed[person.label]
        assert gained == sum(map(floor, outcome.owed.get(person.label, [])))
    assert world.classifier.skill() == outcome.model.skill
    check_collecting(world, other)
