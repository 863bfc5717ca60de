"""Contributions of one run, made again in others: the same ones, and the same run if it can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.units import days, ether
from chain.values import Address
from simulation.counterfactual import Branch
from simulation.data.catalogue import CATALOGUE, BuiltIn, load
from simulation.events import Event
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.market import Market
from simulation.mechanism import Mechanism
from simulation.mechanisms import Deposit, PaidDeposit, PaidReputation, Reputation
from simulation.outcome import Outcome
from simulation.policies import (
    Buyer,
    Careless,
    Claimer,
    Copier,
    Flipping,
    Honest,
    Policy,
    Sybil,
)
from simulation.recorder import InMemory
from simulation.results_file import UnusableFile
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.summary import summary
from simulation.sweep import Result, sweep
from simulation.traces import Addition, Trace, UnusableTrace
from simulation.world import World

EVERYONE: list[Policy] = [
    Honest(),
    Careless(mean_wait_s=700, wait_deviation_s=200),
    Flipping(),
    Copier(mean_wait_s=900),
    Sybil(addresses=3),
    Claimer(),
    Buyer(mean_wait_s=3600),
]
CROWD = Experiment(
    name="everyone",
    data=Data(name="tic-tac-toe", limit=200, seed=0),
    mechanism=PaidDeposit(),
    agents=tuple(Group(name=policy.kind(), policy=policy) for policy in EVERYONE),
    stop=Stop(contributions=40),
)
SIMPLE = SCENARIOS["simple"]
# Whether agents would add the same depends on what data costs: here they often would not.
DEAR = SIMPLE.changed({"mechanism.cost_weight_wei": ether})


def whole(experiment: Experiment, seed: int, trace: Trace | None = None) -> World:
    world = World(experiment, seed, trace=trace)
    go_on(world)
    return world


def added(world: World) -> list[tuple[int, int, int, Address]]:
    """When, what, and by whom."""
    return [(each.visit_s, each.sample, each.label, each.author) for each in contributions(world)]


def contributions(world: World) -> list[Any]:
    return world.state.contributions


@settings(max_examples=12)
@given(
    mechanism=st.sampled_from(
        [
            Deposit(),
            Deposit(cost_weight_wei=2 * ether),
            Reputation(),
            PaidDeposit(cost_weight_wei=ether // 3),
            PaidReputation(),
        ]
    ),
    held=st.sampled_from(["in common", "dealt"]),
    stop=st.sampled_from([{"contributions": 15}, {"days": 0.2}, {"idle_days": 0.1, "days": 1}]),
    block_time_s=st.sampled_from([1, 12, 300]),
    seed=st.integers(0, 2**32),
)
def test_a_run_with_its_own_contributions_is_the_same_to_the_root(
    mechanism: Mechanism, held: str, stop: dict[str, float], block_time_s: int, seed: int
) -> None:
    experiment = CROWD.changed(
        {
            "mechanism": mechanism.model_dump(),
            "data.held": held,
            "stop": {"contributions": 30, **stop},
            "block_time_s": block_time_s,
        }
    )
    recorders = InMemory(), InMemory()
    world = World(experiment, seed, recorders[0])
    go_on(world)
    trace = world.trace()
    again = World(experiment, seed, recorders[1], trace)
    go_on(again)
    assert again.outcome(with_root=True) == world.outcome(with_root=True)
    assert recorders[0].rows == recorders[1].rows
    assert contributions(again) == contributions(world)
    assert again.trace() == trace


OTHERS: list[dict[str, Any]] = [
    {"mechanism": "points"},
    {"mechanism": "deposit"},
    {"learner.kind": "centroid"},
    {"learner.kind": "centroid", "data.dense": True},
    {"learner.kind": "naive-bayes", "data.features": 8},
    {"mechanism.refund_wait_s": 3 * days, "measure_every_s": 3_000},
    {"gas_price_wei": 10**13},
    {"block_time_s": 60},
]


@pytest.fixture(scope="module")
def original() -> World:
    return whole(CROWD, 3)


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_in_other_settings_the_same_is_added_by_the_same_at_the_same_visits(
    original: World, changes: dict[str, Any]
) -> None:
    experiment = CROWD.changed(changes)
    world = whole(experiment, 3, original.trace())
    outcome = world.outcome()
    assert added(world) == added(original)
    assert len(added(world)) == 40
    assert outcome.skipped == outcome.failed == 0
    assert outcome.created_wei == outcome.held_wei
    # A visit's transactions take a block each, and the next visit may have to wait for them.
    longest_s = 25 * experiment.block_time_s
    for each in contributions(world):
        assert each.visit_s <= each.time - world.start <= each.visit_s + longest_s
    # It is not what they would have added, or the test would say little.
    assert outcome != original.outcome()


def test_a_market_can_have_what_was_added_for_deposits_and_the_other_way_round() -> None:
    market = Market(pieces=2, piece_size=3, stakes_all=True, bounty_wei=20 * ether)
    hiding = CROWD.changed({"mechanism": market.model_dump(), "stop.contributions": 20})
    deposits = hiding.changed({"mechanism": "deposit"})
    for first, others in ((hiding, (hiding, deposits)), (deposits, (hiding,))):
        world = whole(first, 3)
        for other in others:
            again = whole(other, 3, world.trace())
            assert added(again) == added(world)
            assert again.outcome().skipped == again.outcome().failed == 0
            assert (again.outcome(True) == world.outcome(True)) == (other is first)
    # A stake is sent whole even if nobody would go so high.
    stakes = {"mechanism.stake_wei": 200 * ether, "mechanism.bounty_wei": 400 * ether}
    again = whole(hiding.changed(stakes), 3, whole(deposits, 3).trace())
    assert {each.deposit_wei for each in contributions(again)} == {200 * ether}
    assert again.outcome().skipped == again.outcome().failed == 0


def test_what_a_provider_hides_cannot_be_added() -> None:
    hiding = {"mechanism": Market(pieces=2, piece_size=3).model_dump()}
    samples = len(World(SIMPLE.changed(hiding), 0).rest)
    with pytest.raises(UnusableTrace, match=f"a run with {samples} samples for 2 agents cannot"):
        run(SIMPLE.changed(hiding), 0, trace=whole(SIMPLE, 0).trace())
    with pytest.raises(UnusableTrace, match=r"hides 6 samples .* first that hides most$"):
        sweep(SIMPLE, [{}, hiding], [0], same_contributions=True, workers=1)
    results = sweep(SIMPLE, [hiding, {}], [0], same_contributions=True, workers=1)
    assert results[0].outcome.contributions == results[1].outcome.contributions == samples


def with_money(**balances_wei: int) -> Experiment:
    """The same crowd, with other balances."""
    groups = [
        group.model_copy(
            update={
                "policy": group.policy.model_copy(
                    update={"balance_wei": balances_wei.get(group.name, 10**6 * ether)}
                )
            }
        )
        for group in CROWD.agents
    ]
    return CROWD.model_copy(update={"agents": tuple(groups)})


def test_what_is_added_costs_what_it_costs() -> None:
    """Agents would not pay so much of their own will."""
    experiment = with_money()
    dear = experiment.changed({"mechanism.cost_weight_wei": 8 * ether})
    world = whole(experiment, 3)
    again = whole(dear, 3, world.trace())
    assert added(again) == added(world)
    freely = contributions(whole(dear, 3))
    assert max(each.deposit_wei for each in freely) < 120 * ether
    assert max(each.deposit_wei for each in contributions(again)) > 1_000 * ether


def test_who_cannot_pay_is_skipped_and_counted() -> None:
    experiment = with_money(flipping=4 * ether, honest=9 * ether).changed({"mechanism": "points"})
    world = whole(experiment, 3)
    trace = world.trace()
    assert {"flipping", "honest", "sybil"} <= {each.agent for each in trace.additions}
    again = whole(experiment.changed({"mechanism": "deposit"}), 3, trace)
    outcome = again.outcome()
    missing = [each for each in added(world) if each not in added(again)]
    assert added(again) == [each for each in added(world) if each not in missing]
    assert outcome.skipped == len(missing) == 40 - outcome.contributions > 0
    assert outcome.failed == 0
    names = {agent.accounts[0].address: agent.name for agent in again.state.agents}
    assert {names[author] for *_, author in missing} == {"flipping", "honest"}
    assert "honest" in {names.get(each.author) for each in contributions(again)}  # while it could
    # They have what could be made of it, and it can be made again.
    assert len(again.trace().additions) == outcome.contributions


def test_it_can_be_branched_like_any_run(original: World) -> None:
    world = World(CROWD.changed({"mechanism": "points"}), 3, trace=original.trace())
    go_on(world, until_block=world.chain.number + 20)
    branch = Branch(world)
    ends = []
    for _ in range(2):
        branch.back()
        go_on(world)
        ends.append(world.outcome(with_root=True))
    assert ends[0] == ends[1]
    assert ends[0].contributions == 40


def test_a_trace_is_json(original: World) -> None:
    trace = original.trace()
    text = trace.model_dump_json()
    assert Trace.model_validate_json(text) == trace
    assert len(text) < 10_000
    first = contributions(original)[0]
    agent = next(
        agent for agent in original.state.agents if agent.accounts[0].address == first.author
    )
    assert trace.additions[0] == Addition(first.visit_s, agent.name, 0, first.sample, first.label)
    assert {each.address for each in trace.additions if each.agent == "sybil"} == {0, 1, 2}


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name != "imdb-sized"])
def test_samples_are_the_same_ones_in_any_form(name: str) -> None:
    if not isinstance(CATALOGUE[name], BuiltIn):
        return
    forms = [
        load(name, seed=5, limit=100, dense=dense, features=features)
        for dense in (None, False, True)
        for features in (None, 3)
    ]
    for form in forms:
        assert form.train.labels.tolist() == forms[0].train.labels.tolist()
        assert form.test.labels.tolist() == forms[0].test.labels.tolist()


@pytest.mark.parametrize(
    ("changes", "seed", "message"),
    [
        ({"agents.1.policy.mean_wait_s": 10}, 3, "need the same agents"),
        ({"data.limit": 150}, 3, "need the same data"),
        ({"data.seed": 1}, 3, "need the same data"),
        ({"stop.contributions": 5}, 3, "need the same stop"),
        ({"mechanism": "points"}, 4, "need the seed 3, not 4"),
    ],
)
def test_contributions_to_something_else_are_refused(
    original: World, changes: dict[str, Any], seed: int, message: str
) -> None:
    with pytest.raises(UnusableTrace, match=message):
        run(CROWD.changed(changes), seed, trace=original.trace())


@pytest.mark.parametrize(
    "wrong",
    [{"agent": "nobody"}, {"address": 1}, {"sample": 10**6}, {"sample": -1}, {"label": 2}],
    ids=str,
)
def test_contributions_that_cannot_be_are_refused(original: World, wrong: dict[str, Any]) -> None:
    trace = original.trace()
    honest = next(each for each in trace.additions if each.agent == "honest")
    changed = trace.model_copy(update={"additions": (honest._replace(**wrong),)})
    with pytest.raises(UnusableTrace, match="cannot have Addition"):
        run(CROWD, 3, trace=changed)


def test_nothing_is_known_of_contributions_to_come() -> None:
    world = World(CROWD, 3)
    go_on(world, until_block=world.chain.number + 20)
    with pytest.raises(UnusableTrace, match="still adding"):
        world.trace()
    assert isinstance(whole(CROWD, 3).trace().end, Event)


SETTINGS: list[dict[str, Any]] = [
    {},
    {"mechanism": "points"},
    {"mechanism.cost_weight_wei": 2 * ether},
]
SEEDS = [5, 1, 3]


@pytest.fixture(scope="module")
def alone() -> list[Result]:
    return sweep(DEAR, SETTINGS, SEEDS, same_contributions=True, workers=1, with_root=True)


def test_a_sweep_gives_all_settings_the_contributions_of_the_first(alone: list[Result]) -> None:
    expected = []
    for number, setting in enumerate(SETTINGS):
        for seed in SEEDS:
            trace = whole(DEAR, seed).trace() if number else None
            outcome = run(DEAR.changed(setting), seed, trace=trace, with_root=True)
            expected.append(Result(number, seed, outcome))
    assert alone == expected
    freely = sweep(DEAR, SETTINGS, SEEDS, workers=1, with_root=True)
    assert freely[:3] == alone[:3]
    assert all(own != other for own, other in zip(alone[3:], freely[3:], strict=True))


def test_what_was_skipped_is_in_the_summary() -> None:
    poor = {f"agents.{number}.policy.balance_wei": 5 * ether for number in range(2)}
    settings = [{"mechanism": "points"}, {"mechanism": "deposit"}]
    results = sweep(SIMPLE.changed(poor), settings, SEEDS, same_contributions=True, workers=1)
    counts = [result.outcome.skipped for result in results]
    assert counts[:3] == [0, 0, 0]
    assert any(counts[3:])
    rows = [row for row in summary(results) if row.measure == "skipped"]
    assert [(row.setting, row.value.mean) for row in rows] == [(1, sum(counts) / 3)]
    assert "skipped" not in [row.measure for row in summary(results[:3])]


def test_workers_and_interruptions_change_nothing(alone: list[Result], tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"

    def swept(workers: int) -> list[Result]:
        return sweep(
            DEAR,
            SETTINGS,
            SEEDS,
            same_contributions=True,
            into=path,
            workers=workers,
            with_root=True,
        )

    assert swept(2) == alone
    lines = path.read_text().splitlines(keepends=True)
    for kept in ([], lines[3:5], lines[7:]):
        path.write_text("".join([lines[0], *kept]))
        assert swept(1) == alone
        assert sorted(path.read_text().splitlines(keepends=True)) == sorted(lines)


def test_it_is_another_sweep_than_the_one_without(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    for first in (True, False):
        path.unlink(missing_ok=True)
        sweep(SIMPLE, [{}], [0], into=path, workers=1, same_contributions=first)
        with pytest.raises(UnusableFile, match="another sweep"):
            sweep(SIMPLE, [{}], [0], into=path, workers=1, same_contributions=not first)


def test_settings_that_cannot_have_them_are_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    for setting in ({"agents.1.count": 2}, {"data.initial": 5}, {"stop.days": 1}):
        with pytest.raises(UnusableTrace, match="need the same"):
            sweep(SIMPLE, [{}, setting], [0], same_contributions=True, into=path, workers=1)
    assert not path.exists()


class Fickle(Honest):
    """Somebody whose class is changed between two sweeps, as in a notebook."""

    lies: ClassVar[bool] = False

    def label(self, visit: Any) -> int | None:
        return int(not visit.label) if self.lies else int(visit.label)


def test_what_was_run_before_is_not_mistaken_for_this(monkeypatch: pytest.MonkeyPatch) -> None:
    agents = (Group(name="fickle", policy=Fickle()),)
    experiment = SIMPLE.model_copy(update={"agents": agents, "mechanism": Reputation()})

    def found() -> list[Outcome]:
        settings = [{}, {"gas_price_wei": 7}]
        results = sweep(experiment, settings, [0], same_contributions=True, workers=1)
        return [result.outcome for result in results]

    before = found()
    monkeypatch.setattr(Fickle, "lies", True)
    after = found()
    assert after[0] == run(experiment, 0) != before[0]
    assert after[1].accuracy_end == after[0].accuracy_end != before[1].accuracy_end
