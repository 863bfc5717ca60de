"""Naive Bayes of two classes."""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.models.model import CLASS_NAMES, TO_FLOAT, Call, Model, chunks, draw_features
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier

SMOOTHING_FACTOR = TO_FLOAT


class NaiveBayesModel(Model):
    """Multinomial naive Bayes on lists of `num_present` features out of `num_features`."""

    contract = NaiveBayesClassifier
    source = "naive_bayes"

    def __init__(self, rng: random.Random, num_features: int, num_present: int) -> None:
        self.num_features = num_features
        self.num_present = num_present
        self.sample_counts = [rng.randint(200, 1000) for _ in CLASS_NAMES]
        self.feature_counts = [
            [rng.randint(1, highest) for _ in range(num_features)] for highest in (20, 40)
        ]
        self.totals = [sum(counts) for counts in self.feature_counts]

    def our_arguments(self) -> tuple[object, ...]:
        no_counts: list[list[object]] = [[] for _ in CLASS_NAMES]
        return CLASS_NAMES, self.sample_counts, no_counts, self.num_features, SMOOTHING_FACTOR

    def peer_arguments(self) -> tuple[str, tuple[object, ...]]:
        arguments = (self.sample_counts, self.num_features, SMOOTHING_FACTOR)
        return "uint64[],uint256,uint32", arguments

    def initial_calls(self) -> Iterator[Call]:
        for label, counts in enumerate(self.feature_counts):
            pairs = [[feature, count] for feature, count in enumerate(counts)]
            for part in chunks(self.num_features):
                yield Call("initialize_counts", "uint32[][],uint64", (pairs[part], label))

    def state(self) -> Iterator[tuple[Call, int]]:
        for label, counts in enumerate(self.feature_counts):
            yield Call("num_samples", "uint256", (label,)), self.sample_counts[label]
            yield Call("class_total_feature_count", "uint256", (label,)), self.totals[label]
            for feature, count in enumerate(counts):
                yield Call("feature_count", "uint256,uint32", (label, feature)), count
        # Of more than a few features the product is rounded down to 0 for every class.
        for feature in range(100):
            data = [feature, feature + 100]
            yield Call("predict", "int64[]", (data,)), self.predict(data)

    def draw(self, rng: random.Random) -> list[int]:
        return draw_features(rng, self.num_features, self.num_present)

    def predict(self, data: list[int]) -> int:
        scores = []
        for label, counts in enumerate(self.feature_counts):
            score = self.sample_counts[label] * TO_FLOAT
            total = TO_FLOAT * self.totals[label] + SMOOTHING_FACTOR * self.num_features
            for feature in data:
                score = score * (TO_FLOAT * counts[feature] + SMOOTHING_FACTOR) // total
            scores.append(score)
        return scores.index(max(scores))

    def update(self, data: list[int], label: int) -> None:
        self.sample_counts[label] += 1
        self.totals[label] += len(data)
        for feature in data:
            self.feature_counts[label][feature] += 1
