"""Restorable classifiers learn as the plain ones do, and go back to the checkpoint exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed
from chain.cells import Leaves
from chain.errors import ExecutionError
from contracts_py.classifiers.classifier import TO_FLOAT, Classifier
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.restorable import (
    Restorable,
    RestorableDensePerceptron,
    RestorableNaiveBayes,
    RestorableNearestCentroid,
    RestorableSparseNearestCentroid,
    RestorableSparsePerceptron,
)
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.ownable import NotOwner

CLASSES = ["no", "yes"]
UNITS = [
    [TO_FLOAT, 0, 0],
    [0, TO_FLOAT, 0],
    [0, 0, -TO_FLOAT],
    [TO_FLOAT * 3 // 5, -TO_FLOAT * 4 // 5, 0],
    [TO_FLOAT // 3, TO_FLOAT * 2 // 3, TO_FLOAT * 2 // 3],
    [TO_FLOAT, TO_FLOAT, 0],  # refused: not of unit norm
    [TO_FLOAT],  # refused: too short
]
dense_samples = st.sampled_from(UNITS)
sparse_samples = st.lists(st.integers(0, 5) | st.just(2**32 + 1), max_size=4)


@dataclass(frozen=True)
class Kind:
    """A restorable classifier, the plain one, what both are made of, and fields to compare."""

    restorable: type[Restorable]
    plain: type[Classifier]
    arguments: tuple[Any, ...]
    samples: st.SearchStrategy[list[int]]
    fields: tuple[str, ...]


KINDS = [
    Kind(
        RestorableSparsePerceptron, SparsePerceptron, (CLASSES, [5, -5, 0, 0], 1, 2),
        st.lists(st.integers(-1, 5), max_size=4), ("weights", "intercept"),
    ),
    Kind(
        RestorableDensePerceptron, DensePerceptron, (CLASSES, [5, -5, 1], 1, 3),
        dense_samples, ("weights", "intercept"),
    ),
    Kind(
        RestorableNaiveBayes, NaiveBayesClassifier,
        (CLASSES, [2, 3], [[[0, 2], [1, 1]], [[3, 2**32 - 1]]], 6, TO_FLOAT),
        sparse_samples, ("class_infos",),
    ),
    Kind(
        RestorableNearestCentroid, NearestCentroidClassifier, (CLASSES, UNITS[:2], [1, 2]),
        dense_samples, ("centroids", "data_counts"),
    ),
    Kind(
        RestorableSparseNearestCentroid, SparseNearestCentroidClassifier,
        (CLASSES, [[[0, TO_FLOAT]], [[1, TO_FLOAT // 2], [3, TO_FLOAT]]], [1, 2]),
        sparse_samples, ("class_infos",),
    ),
]  # fmt: skip


def stored(contract: Deployed, fields: tuple[str, ...]) -> dict[Any, bytes]:
    """What the model's own fields hold, by their place."""
    held = contract._chain._ledger.contract(contract.address)
    leaves: dict[Any, bytes] = {}
    for name in fields:
        if name not in held._places:
            leaves[name] = getattr(contract, name)()
            continue
        for family in held._places[name].families():
            found: Leaves = {}
            for key in family:
                family.add_leaves(found, key, None)
            for path, value in found.items():
                if value is not None:
                    leaves[path.replace(contract.address.encode(), b"")] = value
    return leaves


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.restorable.__name__)
@given(data=st.data())
def test_it_goes_back_to_the_checkpoint(kind: Kind, data: st.DataObject) -> None:
    chain = Chain(gas_price=0)
    owner = chain.accounts[0]
    restorable = chain.deploy(kind.restorable, *kind.arguments, sender=owner)
    plain = chain.deploy(kind.plain, *kind.arguments, sender=owner)
    updates = st.lists(st.tuples(kind.samples, st.integers(0, 2)), max_size=8)

    def learn(contract: Deployed, sample: list[int], label: int) -> str:
        transaction = contract.update.transaction(sample, label, sender=owner)
        return type(chain.send(transaction).error).__name__

    for sample, label in data.draw(updates):
        assert learn(restorable, sample, label) == learn(plain, sample, label)
    restorable.checkpoint(sender=owner)
    checkpoint = stored(restorable, kind.fields)
    assert checkpoint == stored(plain, kind.fields)
    for _ in range(2):
        with chain.anchor():
            for sample, label in data.draw(updates):
                assert learn(restorable, sample, label) == learn(plain, sample, label)
            assert stored(restorable, kind.fields) == stored(plain, kind.fields)
            left = restorable.num_remembered()
            while left:
                most = data.draw(st.integers(1, 3))
                expected = max(left - most, 0)
                left = restorable.restore(most, sender=owner).return_value
                assert left == expected == restorable.num_remembered()
            assert stored(restorable, kind.fields) == checkpoint


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.restorable.__name__)
def test_there_is_nothing_to_undo_after_a_checkpoint(kind: Kind) -> None:
    chain = Chain(gas_price=0)
    owner, mallory = chain.accounts[:2]
    contract = chain.deploy(kind.restorable, *kind.arguments, sender=owner)
    sample = UNITS[2] if kind.samples is dense_samples else [0, 3]
    for label in (1, 0):
        contract.update(sample, label, sender=owner)
    assert contract.num_remembered() >= 1
    contract.checkpoint(sender=owner)
    held = stored(contract, kind.fields)
    assert contract.restore(5, sender=owner).return_value == 0
    assert stored(contract, kind.fields) == held
    for method, arguments in (("checkpoint", ()), ("restore", (1,)), ("update", (sample, 1))):
        with pytest.raises(NotOwner):
            getattr(contract, method)(*arguments, sender=mallory)


def test_what_changes_nothing_is_not_remembered() -> None:
    chain = Chain(gas_price=0)
    owner = chain.accounts[0]
    for kind, sample in zip(KINDS[:2], ([0], UNITS[0]), strict=True):
        contract = chain.deploy(kind.restorable, *kind.arguments, sender=owner)
        contract.update(sample, contract.predict(sample), sender=owner)
        assert contract.num_remembered() == 0
        with pytest.raises(ExecutionError):
            contract.update([-1], 1, sender=owner)
        assert contract.num_remembered() == 0
