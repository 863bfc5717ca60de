"""A binary perceptron on vectors, in plain ints."""

from __future__ import annotations

from tests.twins.classifier import ONE, DenseTwin, Failed, Reading, quotient, signed


class DensePerceptronTwin(DenseTwin):
    OWNER_ONLY = DenseTwin.OWNER_ONLY | {"initialize_weights"}

    def __init__(
        self,
        owner: str,
        classifications: list[str],
        weights: list[int],
        intercept: int,
        learning_rate: int,
    ) -> None:
        super().__init__(owner, classifications)
        self.weights = list(weights)
        self.intercept = intercept
        self.learning_rate = learning_rate

    def initialize_weights(self, weights: list[int]) -> None:
        self.weights += weights

    def score(self, data: list[int]) -> int:
        return self.intercept + sum(w * x for w, x in zip(self.weights, data, strict=True))

    def predict(self, data: list[int]) -> int:
        if len(data) != len(self.weights):
            raise Failed("WeightsDimensionMismatch", given=len(data), expected=len(self.weights))
        return int(self.score(data) > 0)

    def update(self, data: list[int], label: int) -> None:
        prediction = self.predict(data)
        self.check_unit_norm(data)
        if prediction == label:
            return
        rate = self.learning_rate if label > 0 else -self.learning_rate
        for i, x in enumerate(data):
            self.weights[i] = signed(self.weights[i] + quotient(x * rate, ONE), 80)

    def readings(self) -> list[Reading]:
        return [
            *super().readings(),
            ("weights", (), self.weights),
            ("intercept", (), self.intercept),
            ("learning_rate", (), self.learning_rate),
        ]
