"""The prediction market in simulations: who pays, what is hidden, what the model learns."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from chain.units import ether
from contracts_py.classifiers.restorable import Restorable
from contracts_py.collaborative_trainer import AddData
from incentives.market.phases import COLLECT, Collected, Started
from simulation.__main__ import main
from simulation.counterfactual import UnusableChange, counterfactual
from simulation.data.dataset import Part, UnusableOption
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.market import Market
from simulation.outcome import Outcome
from simulation.policies import Buyer, Copier, Flipping, Honest, Sybil
from simulation.recorder import InMemory
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.world import World

# A round for each of 20 tests and more, so that whoever only does harm loses all of the stake.
MARKET = Market(bounty_wei=300 * ether, pieces=3, piece_size=10)
SMALL = Experiment(
    name="small market",
    data=Data(name="breast-cancer", seed=1),
    mechanism=MARKET,
    agents=(
        Group(name="good", policy=Honest()),
        Group(name="bad", policy=Flipping(mean_wait_s=1_800)),
        Group(name="sybil", policy=Sybil(addresses=2, mean_wait_s=3_600)),
        Group(name="copier", policy=Copier(mean_wait_s=7_200)),
        Group(name="buyer", policy=Buyer(mean_wait_s=3_600)),
    ),
    stop=Stop(contributions=30),
)
SETTINGS = [
    {f"mechanism.{name}": name in chosen for name in ("stakes_all", "groups", "restarts")}
    for size in range(4)
    for chosen in combinations(("stakes_all", "groups", "restarts"), size)
]


def rooted(experiment: Experiment, seed: int) -> Outcome:
    return run(experiment, seed, with_root=True)


def rows_of(part: Part) -> list[tuple[int, ...]]:
    return [tuple(map(int, sample)) for sample in part.samples]


def played(experiment: Experiment, seed: int) -> World:
    world = World(experiment, seed)
    go_on(world)
    return world


@pytest.mark.parametrize(
    "setting", SETTINGS, ids=lambda each: "".join("01"[v] for v in each.values())
)
def test_no_wei_is_made_or_lost_and_the_provider_pays_the_bounty_at_most(
    setting: dict[str, bool],
) -> None:
    world = played(SMALL.changed(dict(setting)), 1)
    outcome = world.outcome()
    assert outcome.created_wei == outcome.held_wei
    starts, ends, fees = (
        sum(getattr(agent, field) for agent in outcome.agents)
        for field in ("start_wei", "end_wei", "fees_wei")
    )
    assert ends + fees == starts
    assert (outcome.left_wei, outcome.failed, outcome.contributions) == (0, 0, 30)
    assert not [receipt for receipt in world.chain.receipts() if not receipt.ok]
    provider = outcome.agents[-1]
    assert (provider.name, provider.group) == ("provider", "provider")
    assert provider.start_wei - provider.end_wei <= MARKET.bounty_wei + provider.fees_wei
    assert world.system.incentive_mechanism.phase() == COLLECT
    kind = world.system.classifier.contract_class
    assert issubclass(kind, Restorable) == setting["mechanism.restarts"]
    staked = {each.deposit_wei for each in world.state.contributions}
    if setting["mechanism.stakes_all"]:
        assert len(staked) == 30  # as much as each accepts that time
    else:
        assert staked == {MARKET.stake_wei}


def test_what_the_provider_spent_is_what_its_receipts_say() -> None:
    world = played(SMALL, 1)
    owner, market = world.owner.address, world.system.incentive_mechanism
    (started,) = world.chain.logs(Started, contract=market)
    sent = [
        each
        for each in world.chain.receipts(started.block_number)
        if each.transaction.sender == owner
    ]
    assert [each.transaction.name for each in sent][:6] == [
        "start", "close_commitments", "draw", "show", "end_participation", "reveal"
    ]  # fmt: skip
    provider = world.outcome().agents[-1]
    collected: list[Any] = [log.event for log in world.chain.logs(Collected, contributor=owner)]
    fees = sum(each.fee for each in sent)
    assert provider.fees_wei == fees
    back = sum(event.amount for event in collected)
    assert provider.end_wei == provider.start_wei - MARKET.bounty_wei + back - fees
    gas = dict.fromkeys(world.state.gas, 0)
    people = {a.address for agent in world.everyone for a in agent.accounts}
    for receipt in world.chain.receipts(started.block_number):
        if receipt.transaction.sender in people:
            gas[receipt.transaction.name] += receipt.gas_used
    assert gas == dict(world.state.gas)


def test_honesty_pays_and_lying_does_not() -> None:
    outcomes = [run(SMALL, seed) for seed in range(8)]
    for group, sign in [("good", 1), ("bad", -1)]:
        agents = [each for outcome in outcomes for each in outcome.agents if each.group == group]
        gained_wei = sum(each.end_wei + each.fees_wei - each.start_wei for each in agents)
        assert sign * gained_wei > 8 * MARKET.stake_wei // 2


def test_the_same_seed_gives_the_same_root_alone_and_in_another_process() -> None:
    alone = rooted(SMALL, 3)
    assert alone.state_root is not None
    with ProcessPoolExecutor(1) as pool:
        assert pool.submit(rooted, SMALL, 3).result() == alone
    again = Experiment.model_validate_json(SMALL.model_dump_json())
    assert again == SMALL
    assert rooted(again, 3) == alone
    recorder = InMemory()
    assert run(SMALL, 3, recorder=recorder) == alone.model_copy(update={"state_root": None})
    assert {row[2] for row in recorder.rows["events"]} == {
        "good", "bad", "sybil", "copier", "provider"
    }  # fmt: skip


@pytest.mark.parametrize("at_block", [0, 40, 10**9])
def test_without_a_change_a_branch_is_the_original(at_block: int) -> None:
    original, again = counterfactual(SMALL, 2, at_block=at_block, with_root=True)
    assert original == again == rooted(SMALL, 2)


def test_what_if_the_bad_agent_had_reformed() -> None:
    original, reformed = counterfactual(
        SMALL, 0, at_block=20, policies={"bad": Honest(mean_wait_s=1_800)}
    )
    assert original == run(SMALL, 0)
    assert reformed.agents[1].end_wei > original.agents[1].end_wei + MARKET.stake_wei
    assert reformed.failed == 0
    with pytest.raises(UnusableChange, match="no agent 'provider'"):
        counterfactual(SMALL, 0, at_block=0, policies={"provider": Honest()})


def test_hidden_tests_are_neither_handed_out_nor_what_accuracy_is_measured_on() -> None:
    experiment = SMALL.changed({"stop.contributions": None, "data.limit": 150})
    world = World(experiment, 1)
    plain = World(experiment.changed({"mechanism": "deposit"}), 1)
    given, rows = len(world.rest), rows_of(plain.rest)
    assert given == len(plain.rest) - 30
    hidden = set(rows_of(world.hidden))
    assert hidden == set(rows[given:])  # the last ones
    assert len(hidden) == 30
    assert not hidden & set(rows_of(world.data.test))
    go_on(world)
    assert world.state.used == [given]
    events: list[Any] = [log.event for log in world.chain.logs(AddData)]
    assert {tuple(event.data) for event in events} == set(rows[:given])
    # All the market has seen are these; a third of them in advance.
    market = world.system.incentive_mechanism
    revealed = [market.tests(index, "data") for index in range(market.num_tests())]
    scored = {tuple(sample) for sample in revealed}
    assert len(scored) == 20
    assert scored < hidden


def test_the_models_accuracy_is_measured_once_the_market_has_trained_it() -> None:
    recorder = InMemory(["accuracy", "balances"])
    # Nothing is added between the last time that it is measured as usual and the end.
    changes = {"measure_every_s": 60, "stop.contributions": None, "stop.days": 0.2}
    world = World(SMALL.changed(changes), 1, recorder)
    go_on(world)
    *before, last = recorder.rows["accuracy"]
    assert before[-1][2] == last[2] > 20
    assert {row[3] for row in before} == {world.state.first}
    asked = [world.system.classifier.predict(each) for each in world.data.test.samples]
    right = sum(a == b for a, b in zip(asked, world.data.test.labels.tolist(), strict=True))
    assert last[3] == world.outcome().accuracy_end == right / len(asked) != world.state.first
    first = {row[2]: row[4] for row in recorder.rows["balances"][:6]}
    final = {row[2]: row[4] for row in recorder.rows["balances"][-6:]}
    outcome = world.outcome()
    assert first == {agent.name: agent.start_wei for agent in outcome.agents}
    assert final == {agent.name: agent.end_wei for agent in outcome.agents}


def test_agents_have_the_luck_that_they_have_under_other_mechanisms() -> None:
    worlds = [World(SMALL.changed({"mechanism": each}), 5) for each in ("market", "deposit")]
    draws = [[agent.random.random() for agent in world.state.agents] for world in worlds]
    assert draws[0] == draws[1]


def test_a_market_that_nobody_came_to_gives_the_bounty_back() -> None:
    dear = SMALL.changed(
        {"mechanism.stake_wei": 300 * ether, "stop.idle_days": 0.5, "stop.contributions": None}
    )
    outcome = run(dear, 0)
    provider = outcome.agents[-1]
    assert (outcome.contributions, outcome.left_wei) == (0, 0)
    assert provider.end_wei == provider.start_wei - provider.fees_wei
    assert outcome.accuracy_end == outcome.accuracy_start


@pytest.mark.parametrize("kind", ["perceptron", "naive-bayes", "centroid"])
def test_each_ready_made_one_plays_to_its_end(kind: str) -> None:
    world = played(SCENARIOS[f"market-{kind}"].changed({"stop.contributions": 12}), 0)
    outcome = world.outcome()
    assert outcome.groups == ("good", "bad", "provider")
    assert (outcome.contributions, outcome.left_wei, outcome.failed) == (12, 0, 0)
    assert issubclass(world.system.classifier.contract_class, Restorable)
    assert world.system.incentive_mechanism.num_tests() == 40
    asked = [world.system.classifier.predict(each) for each in world.data.test.samples]
    found = world.evaluation.predictions(world.chain, world.system.classifier)
    assert found.tolist() == asked


def test_it_is_a_mechanism_for_sparse_models_and_many_classes_too() -> None:
    for changes in (
        {"data.name": "tic-tac-toe"},
        {"data.name": "wine", "learner.kind": "centroid"},
        {"data.name": "digits", "data.dense": False, "learner.kind": "centroid"},
    ):
        described = SMALL.changed({**changes, "stop.contributions": 10})
        outcome = run(described, 0)
        assert (outcome.contributions, outcome.left_wei, outcome.failed) == (10, 0, 0)


def test_too_many_hidden_tests_are_refused() -> None:
    most = SMALL.changed({"mechanism.pieces": 73, "mechanism.piece_size": 5})  # 366 are there
    assert len(World(most, 0).rest) == 1
    with pytest.raises(UnusableOption, match=r"366 samples besides .* hides 366: give more data"):
        World(SMALL.changed({"mechanism.pieces": 61, "mechanism.piece_size": 6}), 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("mechanism.pieces=100", "the provider hides 1000: give"),
        ("mechanism.bounty_wei=10000000000000000000000", "below provider_wei"),
        ("mechanism.stake_wei=0", "mechanism.stake_wei: Input should be greater than 0"),
    ],
)
def test_wrong_parameters_are_one_line(
    change: str, message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as caught:
        main(["run", "market-perceptron", "--quiet", "--set", change, "--record", str(out)])
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert message in printed.err
    assert not out.exists()
