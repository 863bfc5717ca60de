"""One class for each kind of classifier contract: what it holds, in integers, off the chain.

Between a model file or an estimator and a contract there is always one of these. Each knows what
its contract is made with, what is put into it bit by bit if that is too much for one transaction,
and how to read it back. Numbers are in units of 1 / ``TO_FLOAT``, counts are counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain import Chain, Deployed
from chain.types import UINT256
from chain.values import shown
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from offchain.fixed_point import DoesNotFit
from offchain.model import (
    INT64,
    INT80,
    UINT32,
    UINT64,
    Load,
    Model,
    Plan,
    Sparse,
    held_by_all,
)


@dataclass(frozen=True, kw_only=True)
class DensePerceptronModel(Model):
    """A binary perceptron with a weight for each number of a sample.

    The intercept is in units of 1 / ``TO_FLOAT**2``, as the contract uses it: it is added to
    products of weights and samples.
    """

    contract_class = DensePerceptron
    integers = {"weights": INT80, "intercept": INT80, "learning_rate": UINT32}

    weights: tuple[int, ...]
    intercept: int
    learning_rate: int

    def plan(self, whole: bool) -> Plan:
        weights = self.weights
        rest = (self.intercept, self.learning_rate)
        if whole:
            return Plan((self.classifications, weights, *rest), [])
        return Plan((self.classifications, (), *rest), [Load.of("initialize_weights", weights)])

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> DensePerceptronModel:
        return cls(
            **held_by_all(contract),
            weights=contract.weights(),
            intercept=contract.intercept(),
            learning_rate=contract.learning_rate(),
        )


@dataclass(frozen=True, kw_only=True)
class SparsePerceptronModel(Model):
    """A binary perceptron with a weight for each feature that may be present."""

    contract_class = SparsePerceptron
    integers = {"weights": INT80, "intercept": INT80, "learning_rate": UINT32}
    features = UINT64

    weights: Sparse
    intercept: int
    learning_rate: int

    def split(self) -> tuple[tuple[int, ...], dict[int, int]]:
        """The weights from feature 0 on as a row, as far as half of it is used, and the others."""
        indices = sorted(self.weights)
        size = max((i + 1 for before, i in enumerate(indices) if i <= 2 * before), default=0)
        row = tuple(self.weights.get(index, 0) for index in range(size))
        return row, {index: self.weights[index] for index in indices if index >= size}

    def plan(self, whole: bool) -> Plan:
        row, others = self.split()
        pairs = tuple(others.items())
        rest = (self.intercept, self.learning_rate)
        of_row = Load("initialize_weights", len(row), lambda a, b: (a, row[a:b]))
        of_pairs = Load.of("initialize_sparse_weights", pairs)
        if whole:
            return Plan((self.classifications, row, *rest), [of_pairs])
        return Plan((self.classifications, (), *rest), [of_row, of_pairs])

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> SparsePerceptronModel:
        return cls(
            **held_by_all(contract),
            weights={
                index: contract.weights(index) for index in chain.map_keys(contract, "weights")
            },
            intercept=contract.intercept(),
            learning_rate=contract.learning_rate(),
        )


@dataclass(frozen=True, kw_only=True)
class NaiveBayesModel(Model):
    """Multinomial naive Bayes: how often each class was seen, and each feature with it."""

    contract_class = NaiveBayesClassifier
    integers = {
        "class_counts": UINT64,
        "feature_counts": UINT32,
        "total_num_features": UINT256,
        "smoothing_factor": UINT32,
    }
    per_class = ("class_counts", "feature_counts")

    class_counts: tuple[int, ...]
    feature_counts: tuple[Sparse, ...]
    total_num_features: int
    smoothing_factor: int

    def plan(self, whole: bool) -> Plan:
        pairs = [tuple(by_feature.items()) for by_feature in self.feature_counts]
        rest = (self.total_num_features, self.smoothing_factor)
        if whole:
            return Plan((self.classifications, self.class_counts, pairs, *rest), [])
        none = [()] * len(pairs)
        loads = [Load.of("initialize_counts", items, index) for index, items in enumerate(pairs)]
        return Plan((self.classifications, self.class_counts, none, *rest), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> NaiveBayesModel:
        shared = held_by_all(contract)
        classes = range(len(shared["classifications"]))
        feature_counts = []
        for index in classes:
            found = {
                feature: contract.feature_count(index, feature)
                for feature in chain.map_keys(contract, "class_infos", index, "feature_counts")
            }
            if sum(found.values()) != (total := contract.class_total_feature_count(index)):
                raise DoesNotFit(
                    f"class {index} of {contract} counts {total} features in total, but "
                    f"{sum(found.values())} one by one (a count was set twice, or wrapped): only "
                    "a contract can hold that"
                )
            feature_counts.append(found)
        return cls(
            **shared,
            class_counts=tuple(map(contract.num_samples, classes)),
            feature_counts=tuple(feature_counts),
            total_num_features=contract.total_num_features(),
            smoothing_factor=contract.smoothing_factor(),
        )


@dataclass(frozen=True, kw_only=True)
class NearestCentroidModel(Model):
    """The mean of the samples of each class, and how many those were."""

    contract_class = NearestCentroidClassifier
    integers = {"centroids": INT64, "data_counts": UINT256}
    per_class = ("centroids", "data_counts")

    centroids: tuple[tuple[int, ...], ...]
    data_counts: tuple[int, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = [len(centroid) for centroid in self.centroids]
        if len(set(sizes)) > 1:
            raise DoesNotFit(f"the centroids differ in their numbers of values: {shown(sizes)}")

    def plan(self, whole: bool) -> Plan:
        if whole:
            return Plan((self.classifications, self.centroids, self.data_counts), [])
        none = [()] * len(self.centroids)
        loads = [
            Load.of("extend_centroid", values, index) for index, values in enumerate(self.centroids)
        ]
        return Plan((self.classifications, none, self.data_counts), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> NearestCentroidModel:
        return cls(
            **held_by_all(contract),
            centroids=contract.centroids(),
            data_counts=contract.data_counts(),
        )


@dataclass(frozen=True, kw_only=True)
class SparseNearestCentroidModel(Model):
    """The mean of the samples of each class, feature by feature, and how many those were.

    A contract that has learned keeps older values and a rounded squared magnitude of each centroid.
    What is read from it are the values of now. Deployed again, squared distances come out smaller,
    by up to 1 / ``TO_FLOAT`` for each value that was ever written.
    """

    contract_class = SparseNearestCentroidClassifier
    integers = {"centroids": UINT64, "data_counts": UINT64}
    per_class = ("centroids", "data_counts")

    centroids: tuple[Sparse, ...]
    data_counts: tuple[int, ...]

    def plan(self, whole: bool) -> Plan:
        pairs = [tuple(centroid.items()) for centroid in self.centroids]
        if whole:
            return Plan((self.classifications, pairs, self.data_counts), [])
        none = [()] * len(pairs)
        loads = [Load.of("extend_centroid", items, index) for index, items in enumerate(pairs)]
        return Plan((self.classifications, none, self.data_counts), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> SparseNearestCentroidModel:
        shared = held_by_all(contract)
        classes = range(len(shared["classifications"]))
        data_counts = tuple(map(contract.num_samples, classes))
        centroids = []
        for index in classes:
            found = {
                feature: contract.centroid_value(index, feature)
                for feature in chain.map_keys(contract, "class_infos", index, "centroid")
            }
            squared = sum(value * value for value in found.values())
            held = contract.squared_magnitude(index)
            # A value is rounded down by less than a unit whenever it is written, and now once more;
            # that changes its square by less than three.
            rounded_off = 3 * TO_FLOAT * len(found) * (data_counts[index] + 1)
            if abs(held - squared) > rounded_off:
                raise DoesNotFit(
                    f"class {index} of {contract} has a squared magnitude of {held}, but {squared} "
                    "value by value (one was set twice, or a count wrapped): only a contract can "
                    "hold that"
                )
            centroids.append(found)
        return cls(**shared, centroids=tuple(centroids), data_counts=data_counts)


KINDS: tuple[type[Model], ...] = (
    DensePerceptronModel,
    SparsePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
)


def read_contract(chain: Chain, contract: Any) -> Model:
    """Read the model that a classifier contract holds now, whichever kind it is.

    Raises DoesNotFit for a contract that is none of the kinds, or holds what no model can.
    """
    contract = chain.at(contract)  # on this chain, even if the handle is another's
    for kind in KINDS:
        if issubclass(contract.contract_class, kind.contract_class):
            return kind.read(chain, contract)
    known = ", ".join(kind.contract_class.__name__ for kind in KINDS)
    raise DoesNotFit(
        f"{contract} is a {contract.contract_class.__name__}: models are read from {known}"
    )
