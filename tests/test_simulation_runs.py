"""Whole runs: determinism, money, what agents can spend, and how good the model is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.units import days, ether, gwei
from contracts_py.collaborative_trainer import AddData
from simulation.agents import UnusableWait
from simulation.evaluation import Evaluation
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.mechanisms import Deposit, PaidDeposit, PaidReputation, Reputation
from simulation.outcome import Outcome
from simulation.policies import Buyer, Careless, Claimer, Copier, Flipping, Honest, Policy, Sybil
from simulation.recorder import InMemory
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.training import Kind, Learner
from simulation.world import World
from tests.programs import ROOT

MECHANISMS = [Deposit(), Reputation(), PaidDeposit(), PaidReputation()]
EVERYONE: list[Policy] = [
    Honest(),
    Careless(),
    Flipping(),
    Copier(mean_wait_s=900),
    Sybil(addresses=3),
    Claimer(),
    Buyer(mean_wait_s=3600),
]
GAMES = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 60})
CROWD = Experiment(
    name="everyone",
    data=Data(name="tic-tac-toe", limit=200, seed=0),
    mechanism=PaidDeposit(),
    agents=tuple(Group(name=policy.kind(), policy=policy) for policy in EVERYONE),
    stop=Stop(contributions=50),
)


def rooted(experiment: Experiment, seed: int) -> Outcome:
    return run(experiment, seed, with_root=True)


def test_the_same_seed_gives_the_same_root_alone_in_processes_and_resumed() -> None:
    alone = rooted(CROWD, 3)
    assert alone.state_root is not None
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(rooted, [CROWD] * 2, [3] * 2)) == [alone, alone]
    world = World(CROWD, 3)
    for block in range(50, 600, 50):
        go_on(world, until_block=block)
    go_on(world)
    assert world.outcome(with_root=True) == alone
    assert rooted(CROWD, 4).state_root != alone.state_root


@pytest.mark.parametrize("wait_s", [0, -5, 1.5])
def test_a_policy_that_does_not_wait_is_refused(wait_s: Any) -> None:
    class Restless(Policy):
        def wait_s(self, luck: float) -> int:
            found: int = wait_s
            return found

    group = CROWD.agents[0].model_copy(update={"policy": Restless()})
    with pytest.raises(UnusableWait, match=rf"Restless.wait_s gives {wait_s}: return whole sec"):
        run(CROWD.model_copy(update={"agents": (group,)}), 0)


def test_what_is_recorded_changes_nothing() -> None:
    recorder = InMemory()
    assert run(CROWD, 3, recorder=recorder) == run(CROWD, 3)
    assert all(recorder.rows.values())


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda each: each.kind())
def test_no_wei_is_made_or_lost_and_the_chain_verifies(mechanism: Deposit) -> None:
    world = World(CROWD.model_copy(update={"mechanism": mechanism}), 1)
    go_on(world)
    outcome = world.outcome()
    assert outcome.created_wei == outcome.held_wei == world.chain.total_balance
    deployed = 10_000 * ether - world.chain.balance(world.chain.account("owner"))
    fees = sum(agent.fees_wei for agent in outcome.agents)
    assert world.chain.balance(world.chain.producer) == fees + deployed
    ends = sum(agent.end_wei for agent in outcome.agents)
    assert ends + outcome.left_wei + fees == sum(agent.start_wei for agent in outcome.agents)
    assert outcome.failed == 0
    world.chain.verify()


@pytest.mark.parametrize("mechanism", [Deposit(), PaidDeposit()], ids=lambda each: each.kind())
def test_what_everybody_knows_of_contributions_is_what_the_contracts_hold(
    mechanism: Deposit,
) -> None:
    world = World(CROWD.model_copy(update={"mechanism": mechanism}), 2)
    while not world.state.done:
        go_on(world, until_block=world.chain.number + 60)
        for each in world.state.contributions:
            about = (each.data, each.label, each.time, each.author)
            records = world.system.data_handler
            assert records.claimable_amount(*about) == each.left_wei
            assert records.initial_deposit(*about) == each.deposit_wei
            assert each.closed == (each.left_wei == 0)
            for agent in world.state.agents:
                for account in agent.accounts:
                    claimed = records.has_claimed(*about, account)
                    assert claimed == (account.address in each.claimed_by)
        still_open = sum(not each.closed for each in world.state.contributions)
        assert world.state.open == still_open


def test_outcomes_are_what_the_receipts_say() -> None:
    world = World(CROWD, 5)
    go_on(world)
    outcome = world.outcome()
    owner = {
        account.address: agent.name for agent in world.state.agents for account in agent.accounts
    }
    receipts = [each for each in world.chain.receipts() if each.transaction.sender in owner]
    done: Counter[tuple[str, str]] = Counter()
    fees: Counter[str] = Counter()
    gas: Counter[str] = Counter()
    for receipt in receipts:
        name, action = owner[receipt.transaction.sender], receipt.transaction.name
        done[name, action] += receipt.ok
        fees[name] += receipt.fee
        gas[action] += receipt.gas_used
    assert outcome.gas == dict(gas)
    for agent in outcome.agents:
        counts = (agent.added, agent.refunded, agent.reported, agent.bought)
        actions = ("add_data", "refund", "report", "buy_prediction")
        assert counts == tuple(done[agent.name, action] for action in actions)
        assert agent.fees_wei == fees[agent.name]
    added = [
        event for receipt in receipts for event in receipt.events if isinstance(event, AddData)
    ]
    assert len(added) == outcome.contributions == 50


@settings(max_examples=6)
@given(
    balance_wei=st.integers(0, 3 * ether),
    mean_deposit_wei=st.integers(0, 5 * ether),
    gas_price_wei=st.integers(0, 20_000 * gwei),
    seed=st.integers(0, 2**32),
)
def test_no_agent_spends_what_it_does_not_have(
    balance_wei: int, mean_deposit_wei: int, gas_price_wei: int, seed: int
) -> None:
    poor = {"balance_wei": balance_wei, "mean_deposit_wei": mean_deposit_wei}
    policies: list[Policy] = [
        Honest(**poor),
        Flipping(**poor),
        Sybil(addresses=3, **poor),
        Buyer(balance_wei=balance_wei, mean_wait_s=600),
    ]
    experiment = Experiment(
        name="poor",
        data=Data(name="tic-tac-toe", limit=100, seed=1),
        mechanism=PaidDeposit(prediction_price_wei=ether // 10),
        agents=tuple(Group(name=policy.kind(), policy=policy) for policy in policies),
        gas_price_wei=gas_price_wei,
        stop=Stop(contributions=20, days=2),
    )
    recorder = InMemory(["events"])
    world = World(experiment, seed, recorder)
    go_on(world)
    outcome = world.outcome()
    assert outcome.failed == 0
    assert outcome.created_wei == outcome.held_wei
    # Account by account, transaction by transaction, from the receipts alone.
    held = {account.address: 0 for agent in world.state.agents for account in agent.accounts}
    for receipt in world.chain.receipts():
        transaction = receipt.transaction
        if transaction.kind == "deal" and transaction.to in held:
            held[transaction.to] += transaction.value
        elif transaction.sender in held:
            held[transaction.sender] -= transaction.value + receipt.fee
            assert held[transaction.sender] >= 0
            for event in receipt.events:
                if isinstance(event, AddData):
                    held[transaction.sender] += transaction.value - event.cost
                elif hasattr(event, "price"):
                    held[transaction.sender] += transaction.value - event.price
                else:
                    held[transaction.sender] += getattr(event, "amount", 0)
    assert held == {address: world.chain.balance(address) for address in held}


def test_who_cannot_pay_for_twice_the_usual_gas_leaves_it() -> None:
    world = World(GAMES, 0)
    go_on(world, until_block=30)
    account = world.state.agents[0].accounts[0]
    data, label = world.rest.samples[50], world.labels[50]
    fee_wei = world.state.typical_gas["add_data"] * world.gas_price
    most_wei = world.chain.balance(account) - 2 * fee_wei
    prepared = world.prepare(account, "add_data", data, label, value=most_wei)
    assert prepared is not None
    assert prepared.fee_wei == fee_wei
    assert world.prepare(account, "add_data", data, label, value=most_wei + 1) is None


def test_what_would_fail_is_not_sent() -> None:
    world = World(GAMES, 0)
    account = world.state.agents[0].accounts[0]
    number = world.chain.number
    assert world.prepare(account, "refund", world.rest.samples[0], 0, world.start) is None
    assert world.chain.number == number


def test_looking_does_not_become_a_habit() -> None:
    """At most once a day and agent, for nine days; in the reference everyone retries each time."""
    outcome = run(GAMES, 0)
    assert outcome.contributions == 60
    assert outcome.looks <= outcome.contributions * len(GAMES.agents) * 10
    assert outcome.refunds + outcome.reports >= outcome.contributions


KINDS: list[tuple[Data, Kind]] = [
    (Data(name="breast-cancer"), "perceptron"),
    (Data(name="tic-tac-toe"), "perceptron"),
    (Data(name="breast-cancer", dense=False, features=6), "naive-bayes"),
    (Data(name="digits-parity", dense=False, features=8), "naive-bayes"),
    (Data(name="wine"), "centroid"),
    (Data(name="digits-parity", limit=300, dense=False), "centroid"),
]


@pytest.mark.parametrize(("data", "kind"), KINDS)
def test_accuracy_is_the_contracts_own(data: Data, kind: Kind) -> None:
    experiment = Experiment(
        name="accuracy",
        data=data,
        learner=Learner(kind=kind),
        agents=(Group(name="good", policy=Honest()), Group(name="bad", policy=Flipping())),
        stop=Stop(contributions=40),
    )
    world = World(experiment, 1)
    for _ in range(2):
        predicted = world.evaluation.predictions(world.chain, world.system.classifier)
        asked = [world.system.classifier.predict(each) for each in world.data.test.samples]
        assert predicted.tolist() == asked
        right = np.count_nonzero(np.array(asked) == world.data.test.labels)
        assert world.state.accuracy == right / len(asked)
        assert len(set(asked)) > 1
        go_on(world)
    assert len(world.state.contributions) == 40


def test_a_contract_of_the_users_own_is_asked() -> None:
    world = World(GAMES, 1)
    evaluation = Evaluation(world.data.test.between(0, 20))
    classifier = world.system.classifier
    quickly = evaluation.predictions(world.chain, classifier).tolist()

    class Handle:
        contract_class = object
        predict = staticmethod(classifier.predict)

    assert evaluation.predictions(world.chain, Handle()).tolist() == quickly  # type: ignore[arg-type]


def test_the_model_learns_what_it_was_deployed_with() -> None:
    """Trained on half of the tumours, every learner is far better than guessing."""
    for kind in ("perceptron", "naive-bayes", "centroid"):
        for dense in (False,) if kind == "naive-bayes" else (False, True):
            changes = {"data.initial": 0.5, "data.dense": dense, "data.features": 6}
            experiment = SCENARIOS[f"cancer-{kind}"].changed(changes)
            assert World(experiment, 0).state.accuracy > 0.9, (kind, dense)


def test_the_outcome_has_the_shape_of_the_references() -> None:
    """Accuracy holds, the bad agent loses, and what it loses the good one gains, but for gas."""
    recorder = InMemory(["accuracy"])
    outcome = run(SCENARIOS["cancer-perceptron"], 0, recorder=recorder)
    accuracies = [row[3] for row in recorder.rows["accuracy"]]
    assert outcome.accuracy_start == accuracies[0]
    assert outcome.accuracy_lowest == min(accuracies) < accuracies[-1] == outcome.accuracy_end
    good, bad = outcome.agents
    assert outcome.contributions == 366
    assert outcome.accuracy_end > outcome.accuracy_start - 0.05
    assert bad.end_wei < bad.start_wei < good.end_wei
    gained, lost = good.end_wei - good.start_wei, bad.start_wei - bad.end_wei
    assert gained + outcome.left_wei == lost - good.fees_wei - bad.fees_wei
    assert outcome.left_wei < ether // 1000


@pytest.mark.parametrize(
    ("stop", "contributions", "longest_days"),
    [
        ({"contributions": 7}, 7, 12),
        ({"days": 0.5}, None, 12),
        ({"idle_days": 3}, 0, 15),
    ],
)
def test_it_stops_when_it_should(
    stop: dict[str, float], contributions: int | None, longest_days: float
) -> None:
    changes: dict[str, object] = {f"stop.{name}": value for name, value in stop.items()}
    if "idle_days" in stop:  # nobody would pay what it takes
        changes["mechanism.cost_weight_wei"] = 100 * ether
    world = World(GAMES.changed({"stop.contributions": None, **changes}), 0)
    go_on(world)
    outcome = world.outcome()
    assert outcome.days < longest_days
    if contributions is not None:
        assert outcome.contributions == contributions
    if "days" in stop:
        assert 0 < outcome.contributions < 100
        last = max(each.time for each in world.state.contributions)
        assert last - world.start <= 0.5 * days + 60


def test_those_who_add_nothing_are_dealt_nothing() -> None:
    groups = (*CROWD.agents[::-1], Group(name="last", policy=Claimer()))
    experiment = CROWD.model_copy(update={"agents": groups})
    world = World(experiment.changed({"data.held": "dealt"}), 0)
    assert len(world.supplies) == sum(policy.adds for policy in EVERYONE)
    go_on(world)
    assert len(world.state.contributions) == 50


def test_samples_are_shared_or_dealt() -> None:
    for held, expected in [("in common", False), ("dealt", True)]:
        world = World(GAMES.changed({"data.held": held}), 0)
        go_on(world)
        authors = {agent.accounts[0].address: k for k, agent in enumerate(world.state.agents)}
        own = [each.sample % 2 == authors[each.author] for each in world.state.contributions]
        assert all(own) == expected
        samples = [each.sample for each in world.state.contributions]
        assert len(set(samples)) == len(samples) == 60


def test_hash_seeds_make_no_difference() -> None:
    """Sets of strings are in another order in another process; what agents do is not."""
    done = subprocess.run(
        [sys.executable, "-m", "simulation", "run", "simple", "--quiet", "--root"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"state root {run(SCENARIOS['simple'], 0, with_root=True).state_root}" in done.stdout
