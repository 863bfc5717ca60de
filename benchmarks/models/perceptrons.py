"""The two perceptrons."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.models.model import (
    CLASS_NAMES,
    TO_FLOAT,
    Call,
    Model,
    chunks,
    draw_features,
    draw_unit_vector,
    truncated_quotient,
)
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron


class Perceptron(Model):
    """What the two have in common.

    Parameters
    ----------
    rng
        Draws the weights.
    num_weights
        Size of the model.
    """

    always_updates = False

    def __init__(self, rng: random.Random, num_weights: int) -> None:
        self.weights = [rng.randint(-TO_FLOAT, TO_FLOAT) for _ in range(num_weights)]
        self.intercept = rng.randint(-TO_FLOAT, TO_FLOAT)
        self.learning_rate = TO_FLOAT // 2

    def our_arguments(self) -> tuple[object, ...]:
        return CLASS_NAMES, [], self.intercept, self.learning_rate

    def peer_arguments(self) -> tuple[str, tuple[object, ...]]:
        return "int80,uint32", (self.intercept, self.learning_rate)


class SparsePerceptronModel(Perceptron):
    """A perceptron on lists of `num_present` features."""

    contract = SparsePerceptron
    source = "sparse_perceptron"

    def __init__(self, rng: random.Random, num_weights: int, num_present: int) -> None:
        super().__init__(rng, num_weights)
        self.num_present = num_present

    def initial_calls(self) -> Iterator[Call]:
        for part in chunks(len(self.weights)):
            yield Call("initialize_weights", "uint64,int80[]", (part.start, self.weights[part]))

    def state(self) -> Iterator[tuple[Call, int]]:
        for index, weight in enumerate(self.weights):
            yield Call("weights", "uint64", (index,)), weight

    def draw(self, rng: random.Random) -> list[int]:
        return draw_features(rng, len(self.weights), self.num_present)

    def predict(self, data: list[int]) -> int:
        return int(self.intercept + sum(self.weights[index] for index in data) > 0)

    def update(self, data: list[int], label: int) -> None:
        for index in data:
            self.weights[index] += self.learning_rate if label > 0 else -self.learning_rate


class DensePerceptronModel(Perceptron):
    """A perceptron on vectors."""

    contract = DensePerceptron
    source = "dense_perceptron"

    def initial_calls(self) -> Iterator[Call]:
        for part in chunks(len(self.weights)):
            yield Call("initialize_weights", "int80[]", (self.weights[part],))

    def state(self) -> Iterator[tuple[Call, int]]:
        for index, weight in enumerate(self.weights):
            yield Call("weights", "uint256", (index,)), weight

    def draw(self, rng: random.Random) -> list[int]:
        return draw_unit_vector(rng, len(self.weights))

    def predict(self, data: list[int]) -> int:
        return int(self.intercept + sum(w * x for w, x in zip(self.weights, data, strict=True)) > 0)

    def update(self, data: list[int], label: int) -> None:
        rate = self.learning_rate if label > 0 else -self.learning_rate
        for index, value in enumerate(data):
            self.weights[index] += truncated_quotient(value * rate, TO_FLOAT)
