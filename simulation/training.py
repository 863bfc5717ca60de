"""The model that a simulation begins with, learned from the initial samples in exact integers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from chain.contract import vector
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)
from simulation.data.dataset import DataSet, Part, UnusableOption

Kind = Literal["perceptron", "naive-bayes", "centroid"]


class Learner(BaseModel):
    """Which classifier, and how it learns.

    Parameters
    ----------
    kind
        ``perceptron`` (of two classes), ``naive-bayes`` (of present features), or ``centroid``.
        Whether the contract is the dense or the sparse one depends on the data.
    learning_rate
        Of perceptrons in the contract. Before, they learn with 1 and are averaged over all steps;
        so the smaller this is, the less a single contribution does to what was known before.
    passes
        How often a perceptron sees the initial samples before it is deployed.
    smoothing
        Of naive Bayes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Kind = "perceptron"
    learning_rate: Annotated[float, Field(ge=1e-9, le=4)] = 0.1
    passes: Annotated[int, Field(ge=1, le=100, strict=True)] = 10
    smoothing: Annotated[float, Field(ge=1e-9, le=4)] = 1.0

    def learn(self, data: DataSet, initial: Part) -> Model:
        """Learn from the initial samples; raises UnusableOption for data that will not do."""
        if self.kind == "perceptron":
            if len(data.classes) != 2:
                raise UnusableOption(
                    f"{data.name} has {len(data.classes)} classes and a perceptron two: take "
                    "centroid, or another data set"
                )
            return (
                self._dense_perceptron(data, initial)
                if data.dense
                else self._perceptron(data, initial)
            )
        if self.kind == "naive-bayes":
            if data.dense:
                raise UnusableOption("naive Bayes takes present features: leave dense out")
            return self._naive_bayes(data, initial)
        return _dense_centroids(data, initial) if data.dense else _centroids(data, initial)

    def _perceptron(self, data: DataSet, initial: Part) -> Model:
        weights = np.zeros(data.feature_count, np.int64)
        total = np.zeros(data.feature_count, np.int64)
        for _ in range(self.passes):
            for features, label in zip(initial.samples, initial.labels.tolist(), strict=True):
                if (weights[features].sum() > 0) != label:
                    weights[features] += TO_FLOAT if label else -TO_FLOAT
                total += weights
        return SparsePerceptronModel(
            classifications=data.classes,
            weights=dict(enumerate(self._mean(total, initial))),
            intercept=0,
            learning_rate=round(self.learning_rate * TO_FLOAT),
        )

    def _dense_perceptron(self, data: DataSet, initial: Part) -> Model:
        weights = np.zeros(data.feature_count, np.int64)
        total = np.zeros(data.feature_count, np.int64)
        for _ in range(self.passes):
            for sample, label in zip(initial.samples, initial.labels.tolist(), strict=True):
                if (vector.dot(sample, weights) > 0) != label:
                    weights = weights + sample if label else weights - sample
                total += weights
        return DensePerceptronModel(
            classifications=data.classes,
            weights=tuple(self._mean(total, initial)),
            intercept=0,
            learning_rate=round(self.learning_rate * TO_FLOAT),
        )

    def _mean(self, total: NDArray[np.int64], initial: Part) -> list[int]:
        """Weights added up over all steps, as the mean of them."""
        means: list[int] = (total // (self.passes * len(initial))).tolist()
        return means

    def _naive_bayes(self, data: DataSet, initial: Part) -> Model:
        sums = _feature_sums(data, initial)
        return NaiveBayesModel(
            classifications=data.classes,
            class_counts=tuple(_class_sizes(data, initial)),
            feature_counts=tuple(dict(enumerate(row.tolist())) for row in sums),
            total_num_features=data.feature_count,
            smoothing_factor=round(self.smoothing * TO_FLOAT),
        )


def _centroids(data: DataSet, initial: Part) -> Model:
    sizes = _class_sizes(data, initial)
    means = _feature_sums(data, initial) * TO_FLOAT // np.array(sizes)[:, None]
    return SparseNearestCentroidModel(
        classifications=data.classes,
        centroids=tuple(dict(enumerate(row.tolist())) for row in means),
        data_counts=tuple(sizes),
    )


def _dense_centroids(data: DataSet, initial: Part) -> Model:
    sizes = _class_sizes(data, initial)
    rows: Any = initial.samples
    return NearestCentroidModel(
        classifications=data.classes,
        centroids=tuple(
            tuple((rows[initial.labels == label].sum(axis=0) // size).tolist())
            for label, size in enumerate(sizes)
        ),
        data_counts=tuple(sizes),
    )


def _class_sizes(data: DataSet, part: Part) -> list[int]:
    """How many samples of each class there are."""
    return [int(np.count_nonzero(part.labels == label)) for label in range(len(data.classes))]


def _feature_sums(data: DataSet, part: Part) -> Any:
    """How often each feature is present in the samples of each class."""
    sums = np.zeros((len(data.classes), data.feature_count), np.int64)
    for features, label in zip(part.samples, part.labels.tolist(), strict=True):
        np.add.at(sums[label], features, 1)
    return sums
