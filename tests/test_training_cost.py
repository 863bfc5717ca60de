"""The cost of training, against what the receipts and the samples say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Account, Chain, Deployed
from chain.errors import InvalidValue
from chain.gas_report import GasPrice
from chain.units import gwei
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.data_handler import DataHandler
from examples import gas as example
from incentives.points import Points
from offchain.deployment import deploy_model
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)
from offchain.system import System, deploy_system
from offchain.training_cost import TrainingCost, accuracy, training_cost
from tests.programs import ROOT, run

NAMES = ("no", "yes")
UNIT = (TO_FLOAT, 0, 0)
DOLLARS = GasPrice(4 * gwei, "373", "USD")

# A model of each kind, two samples it can learn from, and how many of its numbers those touch.
KINDS: list[tuple[Model, tuple[tuple[int, ...], ...], int]] = [
    (
        DensePerceptronModel(
            classifications=NAMES, weights=(1, 2, 3), intercept=0, learning_rate=TO_FLOAT
        ),
        (UNIT, UNIT),
        6,
    ),
    (
        SparsePerceptronModel(
            classifications=NAMES, weights={0: 5, 9: 7}, intercept=0, learning_rate=1
        ),
        ((0, 9, 70), (9, 9)),
        4,
    ),
    (
        NaiveBayesModel(
            classifications=NAMES,
            class_counts=(1, 1),
            feature_counts=({0: 1}, {1: 1}),
            total_num_features=9,
            smoothing_factor=TO_FLOAT,
        ),
        ((0, 1, 1, 2), ()),
        3,
    ),
    (
        NearestCentroidModel(
            classifications=NAMES, centroids=(UNIT, (0, TO_FLOAT, 0)), data_counts=(1, 1)
        ),
        (UNIT, UNIT),
        6,
    ),
    (
        SparseNearestCentroidModel(
            classifications=NAMES, centroids=({0: TO_FLOAT}, {1: TO_FLOAT}), data_counts=(1, 1)
        ),
        ((0, 5), (1,)),
        3,
    ),
]
KIND_NAMES = [type(model).__name__ for model, _, _ in KINDS]


def small_system(chain: Chain, model: Model) -> tuple[System, Account]:
    owner, contributor = chain.accounts[:2]
    return deploy_system(chain, model, Points, 0, 0, 0, sender=owner), contributor


@pytest.mark.parametrize(("model", "samples", "touched"), KINDS, ids=KIND_NAMES)
def test_contributions_to_a_system(
    model: Model, samples: tuple[tuple[int, ...], ...], touched: int
) -> None:
    chain = Chain()
    system, contributor = small_system(chain, model)
    added = [
        system.trainer.add_data(sample, label, sender=contributor)
        for label, sample in enumerate(samples)
    ]
    event: Any = added[1].events[0]
    chain.send(system.trainer.refund.transaction(samples[1], 1, event.time, sender=contributor))
    cost = training_cost(system, chain.receipts())
    assert (cost.samples, cost.failed) == (2, 0)
    assert cost.gas == sum(receipt.gas_used for receipt in added)
    assert cost.weights == touched
    assert cost.deployment_gas == sum(each.gas_used for each in system.receipts)
    assert cost.gas_per_sample == Fraction(cost.gas, 2)
    assert cost.gas_per_weight == Fraction(cost.gas, touched)
    assert cost.gas_per_point is None
    assert training_cost(system, added) == cost


@pytest.mark.parametrize(("model", "samples", "touched"), KINDS, ids=KIND_NAMES)
def test_updates_of_a_classifier_alone(
    model: Model, samples: tuple[tuple[int, ...], ...], touched: int
) -> None:
    chain = Chain()
    owner = chain.accounts[0]
    deployment = deploy_model(chain, model, sender=owner)
    done = [
        deployment.contract.update(sample, label, sender=owner)
        for label, sample in enumerate(samples)
    ]
    cost = training_cost(deployment, chain.receipts())
    expected = TrainingCost(
        samples=2,
        gas=sum(each.gas_used for each in done),
        weights=touched,
        failed=0,
        failed_gas=0,
        deployment_gas=deployment.gas_used,
    )
    assert cost == expected
    alone = training_cost(deployment.contract, chain.receipts())
    assert alone.deployment_gas is None
    assert (alone.samples, alone.gas, alone.weights) == (2, cost.gas, touched)


def test_failed_contributions_and_other_systems_are_counted_apart() -> None:
    chain = Chain()
    system, contributor = small_system(chain, KINDS[0][0])
    other, _ = small_system(chain, KINDS[0][0])
    other.trainer.add_data(UNIT, 1, sender=contributor)
    good = system.trainer.add_data(UNIT, 1, sender=contributor)
    bad = [
        chain.send(system.trainer.add_data.transaction(data, 1, sender=contributor))
        for data in ((1, 2), (1, 2, 3))
    ]
    assert not any(receipt.ok for receipt in bad)
    cost = training_cost(system, chain.receipts())
    assert (cost.samples, cost.gas, cost.weights) == (1, good.gas_used, 3)
    assert (cost.failed, cost.failed_gas) == (2, sum(receipt.gas_used for receipt in bad))
    assert f"2 contributions that failed{cost.failed_gas:>12,}" in str(cost)


def test_accuracy_is_the_share_that_the_contract_gets_right_at_the_time() -> None:
    chain = Chain()
    model = SparsePerceptronModel(
        classifications=NAMES, weights={0: 1, 1: -1}, intercept=0, learning_rate=2
    )
    owner = chain.accounts[0]
    deployment = deploy_model(chain, model, sender=owner)
    samples = [((0,), 1), ((1,), 1), ((0, 1), 0)]
    number = chain.number
    before = accuracy(deployment.contract, samples)
    assert (before, chain.number) == (Fraction(2, 3), number)
    receipt = deployment.contract.update((1, 5), 1, sender=owner)  # now 1 is present in class 1
    after = accuracy(deployment.contract, samples[:2])
    assert after == 1
    cost = training_cost(deployment, [receipt], before, after)
    assert cost.gas_per_point == Fraction(receipt.gas_used * 3, 100)


@pytest.mark.parametrize(
    ("before", "after"),
    [(Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 2), Fraction(1, 3)), (None, Fraction(1))],
)
def test_where_nothing_is_gained_there_is_no_price_of_it(
    before: Fraction | None, after: Fraction
) -> None:
    cost = TrainingCost(2, 100, 5, 0, 0, None, before, after)
    assert cost.gas_per_point is None
    assert cost.as_dict(DOLLARS)["cost_per_point"] is None
    last = cost.table(DOLLARS).splitlines()[-1]
    assert last.endswith("-") == (before is not None)


def test_without_contributions_there_are_no_ratios() -> None:
    cost = training_cost(deploy_model(chain := Chain(), KINDS[0][0], sender=chain.accounts[0]), [])
    assert (cost.samples, cost.gas_per_sample, cost.gas_per_weight) == (0, None, None)
    assert [line.split()[-1] for line in str(cost).splitlines()[-3:]] == ["0", "-", "-"]


def test_what_is_no_classifier_and_no_samples_are_refused() -> None:
    chain = Chain()
    owner = chain.accounts[0]
    with pytest.raises(InvalidValue, match="DataHandler is no classifier: give"):
        training_cost(chain.deploy(DataHandler, sender=owner), [])
    contract: Deployed = deploy_model(chain, KINDS[0][0], sender=owner).contract
    with pytest.raises(InvalidValue, match="no samples: give one or more"):
        accuracy(contract, [])


@given(
    samples=st.integers(1, 10**6),
    gas=st.integers(1, 10**12),
    weights=st.integers(1, 10**9),
    right=st.lists(st.integers(0, 100), min_size=2, max_size=2),
)
def test_ratios_are_exact_and_survive_json(
    samples: int, gas: int, weights: int, right: list[int]
) -> None:
    before, after = (Fraction(each, 100) for each in right)
    cost = TrainingCost(samples, gas, weights, 0, 0, 7, before, after)
    assert cost.gas_per_sample is not None
    assert cost.gas_per_weight is not None
    assert cost.gas_per_sample * samples == cost.gas_per_weight * weights == gas
    if right[1] > right[0]:
        assert cost.gas_per_point is not None
        assert cost.gas_per_point * (right[1] - right[0]) == gas
    else:
        assert cost.gas_per_point is None
    read = json.loads(json.dumps(cost.as_dict(DOLLARS)))
    assert (read["samples"], read["gas"], read["weights"]) == (samples, gas, weights)
    half = Fraction(1, 2 * 10**6)
    for name in ("per_sample", "per_weight", "per_point"):
        exact = getattr(cost, f"gas_{name}")
        if exact is not None:
            assert abs(Fraction(read[f"gas_{name}"]) - exact) <= half
            assert abs(Fraction(read[f"cost_{name}"]) - DOLLARS.of(exact)) <= half
    assert "cost_per_sample" not in cost.as_dict()


def test_the_table_is_aligned_and_has_money_only_with_a_price() -> None:
    cost = TrainingCost(10, 1_234_567, 30, 0, 0, 7_654_321, Fraction(1, 2), Fraction(3, 4))
    assert str(cost).splitlines() == [
        "Cost of training                                             gas",
        "----------------------------------------------------------------",
        "deployment                                             7,654,321",
        "10 contributions                                       1,234,567",
        "per sample                                               123,457",
        "per weight touched, 30 in all                             41,152",
        "per point of accuracy gained, from 50.00 % to 75.00 %     49,383",
    ]
    priced = cost.table(DOLLARS).splitlines()
    assert priced[0].split()[-2:] == ["gas", "USD"]
    assert priced[3].split()[-2:] == ["1,234,567", "1.8420"]


# The example


@pytest.fixture(scope="module")
def trained() -> example.Outcome:
    return example.train(12)


def test_the_example_adds_up(trained: example.Outcome) -> None:
    rows = {(row.contract, row.method): row for row in trained.report.methods}
    added = rows["CollaborativeTrainer", "add_data"]
    training = trained.training
    assert (training.samples, training.gas) == (added.calls, added.gas.total) == (12, training.gas)
    assert training.weights == 12 * 31
    settled = sum(row.calls for (_, method), row in rows.items() if method in {"refund", "report"})
    assert settled == 12
    assert training.deployment_gas == trained.report.gas - sum(
        row.gas.total
        for (_, method), row in rows.items()
        if method in {"add_data", "refund", "report"}
    )
    assert not any(row.failed for row in trained.report.methods)


def test_the_example_prints_tables_that_fit(trained: example.Outcome) -> None:
    text = example.as_text(trained, DOLLARS)
    assert max(map(len, text.splitlines())) <= 120
    for part in ("Gas by method", "Kinds of gas", "Calls from contracts", "Cost of training"):
        assert part in text


def test_the_example_says_the_same_in_every_run(trained: example.Outcome) -> None:
    command = [sys.executable, "-m", "examples.gas", "--cases", "12", "--json"]
    printed = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": "7"},
    ).stdout
    assert printed == example.as_json(trained, GasPrice(4 * gwei, "373", "USD")) + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cases", "0"], "whole number from 1 to 350"),
        (["--gas-price-gwei", "x"], "a gas price of 'x'"),
        (["--rate", "373"], "say in what"),
        (["--wat"], "unrecognized arguments: --wat"),
    ],
)
def test_wrong_input_gives_one_line_and_status_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        example.main(arguments)
    assert stopped.value.code == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def test_hospitals_print_it_if_asked() -> None:
    printed = run("-m", "examples.hospitals", "--days", "1", "--quiet", "--gas").stdout
    head, _, report = printed.partition("all roots are the same.\n\n")
    assert head.startswith("Accuracy")
    assert report.startswith("Gas by method")
