"""Models as the chain holds them, in integers: one class for each kind of classifier contract.

Between a model file or an estimator and a contract there is always one of these. Each knows what
its contract is made with, what is put into it bit by bit if that is too much for one transaction,
and how to read it back. Numbers are in units of 1 / ``TO_FLOAT``, counts are counts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from chain import Chain, Deployed
from chain.types import IntType
from contracts_py.classifiers.classifier import Classifier
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from offchain.fixed_point import DoesNotFit

INT64, INT80 = IntType(64, signed=True), IntType(80, signed=True)
UINT32, UINT64 = IntType(32, signed=False), IntType(64, signed=False)

# Values by feature index; those that are missing are 0.
Sparse = Mapping[int, int]


@dataclass(frozen=True)
class Load:
    """Something to put into a contract, in one transaction or more.

    Parameters
    ----------
    method
        The contract's method.
    size
        How many items there are.
    arguments
        What the method takes for the items from a start to an end.
    """

    method: str
    size: int
    arguments: Callable[[int, int], tuple[Any, ...]]


@dataclass(frozen=True)
class Plan:
    """How to make a contract: what its constructor takes, and what is to be put in afterwards."""

    arguments: tuple[Any, ...]
    loads: list[Load]


@dataclass(frozen=True, kw_only=True)
class Model(ABC):
    """A classifier off the chain.

    Parameters
    ----------
    classifications
        Names of the classes; a prediction is an index into them.
    feature_indices
        Which features of the encoder's output the model looks at; none means all.
    """

    contract_class: ClassVar[type[Classifier]]

    classifications: tuple[str, ...]
    feature_indices: tuple[int, ...] = ()

    @abstractmethod
    def plan(self, whole: bool) -> Plan:
        """Say how to make the contract.

        If `whole`, the constructor takes all it can; otherwise nothing that can come later.
        `feature_indices` come after that in any case.
        """

    @classmethod
    @abstractmethod
    def read(cls, chain: Chain, contract: Deployed) -> Model:
        """Read what a contract holds now; raises DoesNotFit for what only a contract can hold."""


@dataclass(frozen=True, kw_only=True)
class DensePerceptronModel(Model):
    """A binary perceptron with a weight for each number of a sample.

    The intercept is in units of 1 / ``TO_FLOAT**2``, as the contract uses it: it is added to
    products of weights and samples.
    """

    contract_class = DensePerceptron

    weights: tuple[int, ...]
    intercept: int
    learning_rate: int

    def plan(self, whole: bool) -> Plan:
        weights = self.weights
        rest = (self.intercept, self.learning_rate)
        if whole:
            return Plan((self.classifications, weights, *rest), [])
        load = Load("initialize_weights", len(weights), lambda a, b: (weights[a:b],))
        return Plan((self.classifications, (), *rest), [load])

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> DensePerceptronModel:
        return cls(
            classifications=tuple(contract.classifications()),
            feature_indices=tuple(contract.feature_indices()),
            weights=tuple(contract.weights()),
            intercept=contract.intercept(),
            learning_rate=contract.learning_rate(),
        )


@dataclass(frozen=True, kw_only=True)
class SparsePerceptronModel(Model):
    """A binary perceptron with a weight for each feature that may be present."""

    contract_class = SparsePerceptron

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
        of_pairs = Load("initialize_sparse_weights", len(pairs), lambda a, b: (pairs[a:b],))
        if whole:
            return Plan((self.classifications, row, *rest), [of_pairs])
        return Plan((self.classifications, (), *rest), [of_row, of_pairs])

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> SparsePerceptronModel:
        return cls(
            classifications=tuple(contract.classifications()),
            feature_indices=tuple(contract.feature_indices()),
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
        loads = [of_class("initialize_counts", items, index) for index, items in enumerate(pairs)]
        return Plan((self.classifications, self.class_counts, none, *rest), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> NaiveBayesModel:
        names = tuple(contract.classifications())
        feature_counts = []
        for index in range(len(names)):
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
            classifications=names,
            feature_indices=tuple(contract.feature_indices()),
            class_counts=tuple(contract.num_samples(index) for index in range(len(names))),
            feature_counts=tuple(feature_counts),
            total_num_features=contract.total_num_features(),
            smoothing_factor=contract.smoothing_factor(),
        )


@dataclass(frozen=True, kw_only=True)
class NearestCentroidModel(Model):
    """The mean of the samples of each class, and how many those were."""

    contract_class = NearestCentroidClassifier

    centroids: tuple[tuple[int, ...], ...]
    data_counts: tuple[int, ...]

    def plan(self, whole: bool) -> Plan:
        if whole:
            return Plan((self.classifications, self.centroids, self.data_counts), [])
        none = [()] * len(self.centroids)
        loads = [
            of_class("extend_centroid", values, index)
            for index, values in enumerate(self.centroids)
        ]
        return Plan((self.classifications, none, self.data_counts), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> NearestCentroidModel:
        return cls(
            classifications=tuple(contract.classifications()),
            feature_indices=tuple(contract.feature_indices()),
            centroids=tuple(tuple(centroid) for centroid in contract.centroids()),
            data_counts=tuple(contract.data_counts()),
        )


@dataclass(frozen=True, kw_only=True)
class SparseNearestCentroidModel(Model):
    """The mean of the samples of each class, feature by feature, and how many those were.

    A contract that has learned keeps older values and a rounded squared magnitude of each centroid.
    What is read from it are the values of now, so distances may differ in their last units.
    """

    contract_class = SparseNearestCentroidClassifier

    centroids: tuple[Sparse, ...]
    data_counts: tuple[int, ...]

    def plan(self, whole: bool) -> Plan:
        pairs = [tuple(centroid.items()) for centroid in self.centroids]
        if whole:
            return Plan((self.classifications, pairs, self.data_counts), [])
        none = [()] * len(pairs)
        loads = [of_class("extend_centroid", items, index) for index, items in enumerate(pairs)]
        return Plan((self.classifications, none, self.data_counts), loads)

    @classmethod
    def read(cls, chain: Chain, contract: Deployed) -> SparseNearestCentroidModel:
        names = tuple(contract.classifications())
        return cls(
            classifications=names,
            feature_indices=tuple(contract.feature_indices()),
            centroids=tuple(
                {
                    feature: contract.centroid_value(index, feature)
                    for feature in chain.map_keys(contract, "class_infos", index, "centroid")
                }
                for index in range(len(names))
            ),
            data_counts=tuple(contract.num_samples(index) for index in range(len(names))),
        )


def of_class(method: str, items: tuple[Any, ...], index: int) -> Load:
    """Something to put into one class of a contract."""
    return Load(method, len(items), lambda a, b: (items[a:b], index))


KINDS: tuple[type[Model], ...] = (
    DensePerceptronModel,
    SparsePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
)


def read_contract(chain: Chain, contract: Deployed) -> Model:
    """Read the model that a classifier contract holds now, whichever kind it is.

    Raises DoesNotFit for a contract that is none of the kinds, or holds what no model can.
    """
    for kind in KINDS:
        if issubclass(contract.contract_class, kind.contract_class):
            return kind.read(chain, contract)
    known = ", ".join(kind.contract_class.__name__ for kind in KINDS)
    raise DoesNotFit(
        f"{contract} is a {contract.contract_class.__name__}: models are read from {known}"
    )
