"""A binary perceptron on dense samples of unit norm."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    add_scaled,
    dot,
    external,
    int64,
    int80,
    require,
    uint32,
    uint64,
    uint256,
    view,
)
from contracts_py.classifiers.classifier import TO_FLOAT, DenseClassifier
from contracts_py.ownable import only_owner


class WeightsDimensionMismatch(Error):
    """The sample has more or fewer numbers than the model has weights."""

    given: uint256
    expected: uint256


class DensePerceptron(DenseClassifier):
    """Class 1 where the intercept and the product of weights and sample add up to more than 0.

    Rosenblatt's rule: a sample that is predicted wrongly is added to the weights, or subtracted,
    times the learning rate. The intercept stays. As in the reference, the intercept (scale
    ``TO_FLOAT``) is added to products of scale ``TO_FLOAT**2``.
    """

    weights: Array[int80]
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
        self.weights = weights
        self.intercept = intercept
        self.learning_rate = learning_rate

    @external
    @only_owner
    def initialize_weights(self, weights: Array[int80]) -> None:
        """Append weights: for models that do not fit into one transaction."""
        for weight in weights:
            self.weights.append(weight)

    @view
    def predict(self, data: Array[int64]) -> uint64:
        dimensions = len(self.weights)
        require(
            len(data) == dimensions,
            WeightsDimensionMismatch(given=len(data), expected=dimensions),
        )
        return 1 if self.intercept + dot(self.weights, data) > 0 else 0

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        prediction = self.predict(data)
        weights = self.weights.load()
        self.check_unit_norm(data)
        # A label above 1 differs from every prediction: it always trains, as a positive one.
        if prediction != classification:
            if classification > 0:
                self.weights = add_scaled(weights, data, self.learning_rate, TO_FLOAT, int80)
            else:
                self.weights = add_scaled(weights, data, -self.learning_rate, TO_FLOAT, int80)
