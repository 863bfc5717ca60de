"""Counterfactuals: back to a block, one thing changed, and on."""

from __future__ import annotations

import pytest

from simulation.counterfactual import Branch, UnusableChange, change, counterfactual
from simulation.policies import Claimer, Honest, Policy, Sybil
from simulation.recorder import InMemory
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.world import World

GAMES = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 50, "data.seed": 0})


@pytest.mark.parametrize("at_block", [0, 90, 10**9])
def test_without_a_change_it_is_the_original(at_block: int) -> None:
    original, again = counterfactual(GAMES, 2, at_block=at_block, with_root=True)
    assert original == again == run(GAMES, 2, with_root=True)


def test_a_changed_policy_is_what_is_gone_by_from_then_on() -> None:
    recorders = InMemory(["events"]), InMemory(["events"])
    original, reformed = counterfactual(
        GAMES, 2, at_block=40, policies={"bad": Honest(mean_wait_s=3600)}, recorders=recorders
    )
    assert original == run(GAMES, 2)
    assert reformed.agents[1].end_wei > original.agents[1].end_wei
    first, second = (recorder.rows["events"] for recorder in recorders)
    assert first[0][1] == second[0][1] > 40
    assert first[:2] == second[:2]  # it makes no difference before the bad agent comes by
    assert first[2][2] == "bad"
    assert first[2:] != second[2:]


def test_one_contribution_can_have_another_label_or_be_left_out() -> None:
    world = World(GAMES, 2)
    go_on(world)
    labels = [(each.sample, each.label) for each in world.state.contributions]
    other = 1 - labels[30][1]
    recorder = InMemory(["events"])
    _, changed = counterfactual(
        GAMES, 2, at_block=20, labels={30: other}, recorders=(InMemory([]), recorder)
    )
    added = {row[4]: row[5:7] for row in recorder.rows["events"] if row[3] == "add_data"}
    assert changed.contributions == 50
    assert added[29] == labels[29]
    assert added[30] == (labels[30][0], other)
    recorder = InMemory(["events"])
    counterfactual(GAMES, 2, at_block=20, labels={30: None}, recorders=(InMemory([]), recorder))
    added = {row[4]: row[5:7] for row in recorder.rows["events"] if row[3] == "add_data"}
    assert added[29] == labels[29]
    assert added[30][0] == labels[31][0]  # the next sample takes its place


def test_a_label_is_not_wasted_on_who_cannot_pay() -> None:
    poor = GAMES.changed({"agents.1.policy.balance_wei": 0, "agents.1.policy.mean_wait_s": 1})
    world = World(poor, 2)
    wanted = 1 - world.labels[0]
    change(world, labels={0: wanted})
    go_on(world, until_block=world.chain.number + 1)
    assert world.state.visits > world.state.agents[0].visits  # somebody poor came by
    assert world.state.contributions[0].author == world.state.agents[0].addresses[0]
    assert world.state.contributions[0].label == wanted


def test_who_had_no_samples_gets_some_with_a_policy_that_adds() -> None:
    idle = GAMES.changed({"agents.1.policy": Claimer().model_dump()})
    original, changed = counterfactual(idle, 2, at_block=20, policies={"bad": Policy()})
    assert original.agents[1].added == 0
    assert changed.agents[1].added > 0
    dealt = idle.changed({"data.held": "dealt"})
    with pytest.raises(UnusableChange, match="bad was dealt no samples"):
        change(World(dealt, 2), {"bad": Policy()})


def test_a_branch_can_be_returned_to_any_number_of_times() -> None:
    world = World(GAMES, 2)
    go_on(world, until_block=40)
    branch = Branch(world)
    ends = []
    for wanted in (None, 0, None, 1):
        branch.back()
        if wanted is not None:
            change(world, labels={49: wanted})
        go_on(world)
        ends.append(world.outcome(with_root=True))
    assert ends[0] == ends[2]
    assert ends[1] != ends[3]
    assert ends[0] in (ends[1], ends[3])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"policies": {"ugly": Honest()}}, "no agent 'ugly': give one of good, bad"),
        ({"policies": {"bad": Sybil()}}, "bad has 1 addresses"),
        ({"labels": {3: 0}}, "contribution 3 was made already"),
        ({"labels": {40: 2}}, "no class 2: give 0 to 1"),
        ({"labels": {40: -1}}, "no class -1"),
    ],
)
def test_what_cannot_be_changed_is_refused_before_anything_runs(
    changes: dict[str, dict[str, Honest]], message: str
) -> None:
    world = World(GAMES, 2)
    go_on(world, until_block=40)
    number = world.chain.number
    with pytest.raises(UnusableChange, match=message):
        change(world, **changes)  # type: ignore[arg-type]
    assert world.chain.number == number
    assert world.state.labels == {}
    with pytest.raises(UnusableChange, match=message):
        counterfactual(GAMES, 2, at_block=40, **changes)  # type: ignore[arg-type]
