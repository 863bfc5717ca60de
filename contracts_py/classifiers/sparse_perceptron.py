"""A binary perceptron on samples given as the indices of the features that are present."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Map,
    add_at,
    external,
    int64,
    int80,
    require,
    sum_at,
    uint24,
    uint32,
    uint64,
    uint256,
    view,
    wrapping,
)
from contracts_py.classifiers.classifier import SparseClassifier
from contracts_py.ownable import only_owner

# How many feature indices a sample of evaluate_batch has.
BATCH_WIDTH = 60


class NegativeIndex(Error):
    """A feature index is below 0."""


class FeatureIndexTooLarge(Error):
    """A feature index does not fit into 64 bits."""


class BatchWidthMismatch(Error):
    """A sample of a batch has more or fewer feature indices than all of them must have."""

    given: uint256
    expected: uint256


class SparsePerceptron(SparseClassifier):
    """Class 1 where the intercept and the weights of the present features add up to more than 0.

    Rosenblatt's rule: a sample that is predicted wrongly moves the weight of each of its features
    by the learning rate. The intercept stays. Weights are in units of 1 / ``TO_FLOAT``.
    """

    weights: Map[uint64, int80]
    intercept: int80
    learning_rate: uint32

    def __init__(
        self,
        classifications: Array[str],
        weights: Array[int80],
        intercept: int80,
        learning_rate: uint32,
    ) -> None:
        super().__init__(classifications)
        self.intercept = intercept
        self.learning_rate = learning_rate
        for index, weight in enumerate(weights):
            self.weights[index] = weight

    @external
    @only_owner
    def initialize_weights(self, start_index: uint64, weights: Array[int80]) -> None:
        """Set consecutive weights from `start_index` on; beyond 2**64 it goes on at 0."""
        for offset, weight in enumerate(weights):
            self.weights[wrapping(uint64, start_index + offset)] = weight

    @external
    @only_owner
    def initialize_sparse_weights(self, weights: Array[Array[int80]]) -> None:
        """Set weights given as (feature index, weight)."""
        for entry in weights:
            index = entry[0]
            require(index < 2**64, FeatureIndexTooLarge())
            # A negative index passes, as in the reference, and wraps to the end.
            self.weights[wrapping(uint64, index)] = entry[1]

    @view
    def predict(self, data: Array[int64]) -> uint64:
        if len(data) > 0 and min(data) < 0:
            # As in the reference, the weights before it are read first, and paid for.
            for index in data:
                require(index >= 0, NegativeIndex())
                self.weights[wrapping(uint64, index)]
        return 1 if self.intercept + sum_at(self.weights, data) > 0 else 0

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        # A label above 1 differs from every prediction: it always trains, as a positive one.
        if self.predict(data) != classification:
            if classification > 0:
                add_at(self.weights, data, self.learning_rate)
            else:
                add_at(self.weights, data, -self.learning_rate)

    @view
    def evaluate_batch(
        self, data_batch: Array[Array[uint24]], classifications: Array[uint64]
    ) -> uint256:
        """How many of the samples, of exactly 60 feature indices each, are predicted as labelled.

        Labels beyond the samples are ignored; too few are a panic.
        """
        num_correct = 0
        for position, data in enumerate(data_batch):
            require(
                len(data) == BATCH_WIDTH,
                BatchWidthMismatch(given=len(data), expected=BATCH_WIDTH),
            )
            # The reference sums in int80 here, which wraps.
            score = wrapping(int80, self.intercept + sum_at(self.weights, data))
            prediction = 1 if score > 0 else 0
            if prediction == classifications[position]:
                num_correct += 1
        return num_correct
