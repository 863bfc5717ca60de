"""A binary perceptron on the indices of present features, in plain ints."""

from __future__ import annotations

from tests.twins.classifier import (
    Failed,
    Reading,
    SparseTwin,
    Stored,
    item,
    signed,
    unsigned,
)


class SparsePerceptronTwin(SparseTwin):
    OWNER_ONLY = SparseTwin.OWNER_ONLY | {"initialize_weights", "initialize_sparse_weights"}

    def __init__(
        self,
        owner: str,
        classifications: list[str],
        weights: list[int],
        intercept: int,
        learning_rate: int,
    ) -> None:
        super().__init__(owner, classifications)
        self.weights = dict(enumerate(weights))
        self.intercept = intercept
        self.learning_rate = learning_rate

    def initialize_weights(self, start: int, weights: list[int]) -> None:
        for offset, weight in enumerate(weights):
            self.weights[unsigned(start + offset, 64)] = weight

    def initialize_sparse_weights(self, entries: list[list[int]]) -> None:
        for entry in entries:
            index = item(entry, 0)
            if index >= 2**64:
                raise Failed("FeatureIndexTooLarge")
            self.weights[unsigned(index, 64)] = item(entry, 1)

    def score(self, data: list[int]) -> int:
        return self.intercept + sum(self.weights.get(index, 0) for index in data)

    def predict(self, data: list[int]) -> int:
        if any(index < 0 for index in data):
            raise Failed("NegativeIndex")
        return int(self.score(data) > 0)

    def update(self, data: list[int], label: int) -> None:
        if self.predict(data) == label:
            return
        step = self.learning_rate if label > 0 else -self.learning_rate
        for index in data:
            self.weights[index] = signed(self.weights.get(index, 0) + step, 80)

    def evaluate_batch(self, batch: list[list[int]], labels: list[int]) -> int:
        correct = 0
        for position, data in enumerate(batch):
            assert len(data) == 60, "the reference's type of a row"
            prediction = int(signed(self.score(data), 80) > 0)
            correct += prediction == item(labels, position)
        return correct

    def readings(self) -> list[Reading]:
        return [
            *super().readings(),
            ("intercept", (), self.intercept),
            ("learning_rate", (), self.learning_rate),
            *(("weights", (index,), weight) for index, weight in self.weights.items()),
        ]

    def stored(self) -> Stored:
        return {("weights", "[]"): {index for index, weight in self.weights.items() if weight}}
