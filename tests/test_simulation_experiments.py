"""Descriptions: through JSON and back, changes by path, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incentives.points import Points
from simulation.experiment import Data, Experiment, Group, Stop
from simulation.market import Market
from simulation.mechanism import Mechanism
from simulation.mechanisms import Deposit, Reputation
from simulation.named import Named
from simulation.policies import Flipping, Honest, Policy, Sybil
from simulation.scenarios import SCENARIOS, about
from simulation.training import Learner

SIMPLE = SCENARIOS["simple"]


class Dumb(Mechanism):
    """Says nothing about claims."""

    contract_class = Points


EXPERIMENTS = st.builds(
    Experiment,
    name=st.text("abc 123", min_size=1, max_size=9),
    data=st.builds(
        Data,
        name=st.sampled_from(["simple", "tic-tac-toe"]),
        initial=st.none() | st.integers(1, 100) | st.floats(0.01, 0.9),
        held=st.sampled_from(["in common", "dealt"]),
    ),
    learner=st.builds(Learner, learning_rate=st.floats(1e-9, 4)),
    mechanism=st.builds(Deposit, cost_weight_wei=st.integers(0, 2**80 - 1))
    | st.builds(Market, stake_wei=st.integers(1, 10**20), groups=st.booleans())
    | st.just(Reputation()),
    agents=st.tuples(
        st.builds(
            Group,
            name=st.just("one"),
            policy=st.builds(Honest, mean_deposit_wei=st.integers(0, 10**30)),
            count=st.integers(1, 9),
        ),
        st.builds(Group, name=st.just("other"), policy=st.just(Flipping())),
    ),
    stop=st.builds(Stop, days=st.none() | st.floats(0.01, 1000)),
)


@given(experiment=EXPERIMENTS)
def test_experiments_go_through_json_unchanged(experiment: Experiment) -> None:
    text = experiment.model_dump_json()
    again = Experiment.model_validate_json(text)
    assert again == experiment
    assert again.model_dump_json() == text
    assert experiment.changed({}) == experiment


def test_the_ready_made_ones_do_so_too_and_say_what_they_are() -> None:
    for name, experiment in SCENARIOS.items():
        assert experiment.name == name
        assert Experiment.model_validate_json(experiment.model_dump_json()) == experiment
        assert about(name)


@pytest.mark.parametrize("family", [Policy, Mechanism])
def test_short_names_stand_for_classes(family: type[Named]) -> None:
    for name, known in family.names.items():
        assert known.kind() == name
        assert type(family.of(name)) is known
        assert type(family.of({"kind": name})) is known
        assert family.of(known()) == known()


def test_changes_go_where_their_paths_lead() -> None:
    changed = SIMPLE.changed(
        {"stop.days": 3, "agents.1.policy.mean_wait_s": 7, "mechanism": "points", "name": "x"}
    )
    assert changed.stop.days == 3
    assert changed.agents[1].policy.mean_wait_s == 7
    assert changed.mechanism == Reputation()
    assert changed.agents[0] == SIMPLE.agents[0]
    assert SIMPLE.stop.days is None


def test_what_was_just_put_in_place_can_be_changed_further() -> None:
    changed = SIMPLE.changed(
        {
            "mechanism": "market",
            "mechanism.pieces": 3,
            "agents.0.policy": {"kind": "sybil", "addresses": 7},
            "agents.0.policy.balance_wei": 5,
            "agents.1.policy": Flipping(),
        }
    )
    assert changed.mechanism == Market(pieces=3)
    assert changed.agents[0].policy == Sybil(addresses=7, balance_wei=5)
    assert changed.agents[1].policy == Flipping()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"stop.day": 3}, "an experiment has no 'stop.day'"),
        ({"agents.2.count": 3}, "an experiment has no 'agents.2.count'"),
        ({"agents.one.count": 3}, "an experiment has no 'agents.one.count'"),
        ({"name.x": 3}, "an experiment has no 'name.x'"),
        ({"stop.days": -1}, "greater than 0"),
        ({"stop.days": float("nan")}, "greater than 0|finite"),
        ({"stop.contributions": 0}, "greater than or equal to 1"),
        ({"gas_price_wei": -1}, "greater than or equal to 0"),
        ({"gas_price_wei": 2**80}, "less than"),
        ({"gas_price_wei": 1.5}, "valid integer"),
        ({"measure_every_s": 0}, "greater than 0"),
        ({"mechanism": "pionts"}, "there is no mechanism 'pionts': give one of deposit, points"),
        ({"mechanism": 3}, "give a name, or an object with a kind"),
        ({"mechanism": "no.such.module:Class"}, "cannot be imported"),
        ({"mechanism": "simulation.policies:Honest"}, "Honest' is no Mechanism: inherit from it"),
        ({"mechanism": "simulation.policies:SIMPLE"}, "cannot be imported: AttributeError"),
        ({"mechanism": "simulation.policies:days"}, "there is no mechanism"),
        ({"mechanism": "..:Class"}, "cannot be imported: TypeError"),
        ({"mechanism": "simulation.mechanism:Mechanism"}, "Mechanism has no contract_class: name"),
        ({"mechanism": f"{__name__}:Dumb"}, r"Dumb has no look\(\): say what can be claimed"),
        ({"mechanism": "points", "mechanism.speed": 3}, "an experiment has no 'mechanism.speed'"),
        ({"mechanism": {"kind": "points", "speed": 3}, "mechanism.speed": 4}, "Extra inputs"),
        ({"mechanism": {"kind": "market", "stake_wei": 0}}, "greater than 0"),
        ({"mechanism": {"kind": "market", "bounty_wei": 1}}, "stake_wei or more"),
        ({"mechanism": {"kind": "market", "provider_wei": 10**21}}, "below provider_wei"),
        ({"mechanism": {"kind": "market", "pieces": 1}}, "greater than or equal to 2"),
        ({"mechanism": "market", "agents.0.name": "provider"}, "two agents are called 'provider'"),
        ({"mechanism.refund_wait_s": 10**8}, "any_address_claim_wait_s is below"),
        ({"agents.0.policy": "nice"}, "there is no policy 'nice'"),
        ({"agents.0.policy.mean_wait_s": 0}, "greater than 0"),
        ({"agents.0.policy.addresses": 0}, "greater than or equal to 1"),
        ({"agents.0.policy.mistake_probability": 1.5}, "less than or equal to 1"),
        ({"agents.0.policy": {"kind": "honest", "speed": 3}}, "Extra inputs"),
        ({"agents.0.policy.balance_wei": 2**128}, "less than"),
        ({"agents": []}, "at least 1"),
        ({"agents.0.count": 0}, "greater than or equal to 1"),
        ({"agents.0.name": "bad"}, "two agents are called 'bad'"),
        ({"agents.0.name": "a/b"}, "match pattern"),
        ({"agents": [{"name": "x", "policy": "claimer"}]}, "nobody adds data"),
        ({"learner.kind": "forest"}, "'perceptron', 'naive-bayes' or 'centroid'"),
        ({"learner.learning_rate": 0}, "greater than or equal to"),
        ({"data.held": "nowhere"}, "'in common' or 'dealt'"),
        ({"data.seed": -1}, "greater than or equal to 0"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ValidationError, ValueError)) as caught:
        SIMPLE.changed(changes)
    assert re.search(message, str(caught.value))
