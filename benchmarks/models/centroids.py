"""The two nearest-centroid classifiers, of two classes each."""

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
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier


class NearestCentroidModel(Model):
    """Nearest centroid on vectors of `num_dimensions`."""

    contract = NearestCentroidClassifier
    source = "nearest_centroid"

    def __init__(self, rng: random.Random, num_dimensions: int) -> None:
        self.num_dimensions = num_dimensions
        self.sample_counts = [rng.randint(200, 1000) for _ in CLASS_NAMES]
        self.centroids = [draw_unit_vector(rng, num_dimensions) for _ in CLASS_NAMES]

    def our_arguments(self) -> tuple[object, ...]:
        no_centroids: list[list[object]] = [[] for _ in CLASS_NAMES]
        return CLASS_NAMES, no_centroids, self.sample_counts

    def peer_arguments(self) -> tuple[str, tuple[object, ...]]:
        return "uint256[]", (self.sample_counts,)

    def initial_calls(self) -> Iterator[Call]:
        for label, centroid in enumerate(self.centroids):
            for part in chunks(self.num_dimensions):
                yield Call("extend_centroid", "int64[],uint64", (centroid[part], label))

    def state(self) -> Iterator[tuple[Call, int]]:
        for label, centroid in enumerate(self.centroids):
            yield Call("num_samples", "uint256", (label,)), self.sample_counts[label]
            for feature, value in enumerate(centroid):
                yield Call("centroid_value", "uint256,uint256", (label, feature)), value

    def draw(self, rng: random.Random) -> list[int]:
        return draw_unit_vector(rng, self.num_dimensions)

    def predict(self, data: list[int]) -> int:
        distances = [
            sum((x - c) ** 2 // TO_FLOAT for x, c in zip(data, centroid, strict=True))
            for centroid in self.centroids
        ]
        return distances.index(min(distances))

    def update(self, data: list[int], label: int) -> None:
        count = self.sample_counts[label]
        self.centroids[label] = [
            truncated_quotient(c * count + x, count + 1)
            for x, c in zip(data, self.centroids[label], strict=True)
        ]
        self.sample_counts[label] = count + 1


class SparseNearestCentroidModel(Model):
    """Nearest centroid on lists of `num_present` features out of `num_features`."""

    contract = SparseNearestCentroidClassifier
    source = "sparse_nearest_centroid"

    def __init__(self, rng: random.Random, num_features: int, num_present: int) -> None:
        self.num_features = num_features
        self.num_present = num_present
        self.sample_counts = [rng.randint(200, 1000) for _ in CLASS_NAMES]
        highest = 2 * TO_FLOAT * num_present // num_features  # twice the expected mean
        # Of each class, each value and the number of samples that it is the mean of.
        self.centroids = [
            [(rng.randint(1, highest), count) for _ in range(num_features)]
            for count in self.sample_counts
        ]
        self.squared_magnitudes = [
            sum(value * value for value, _ in centroid) for centroid in self.centroids
        ]

    def our_arguments(self) -> tuple[object, ...]:
        no_centroids: list[list[object]] = [[] for _ in CLASS_NAMES]
        return CLASS_NAMES, no_centroids, self.sample_counts

    def peer_arguments(self) -> tuple[str, tuple[object, ...]]:
        return "uint64[]", (self.sample_counts,)

    def initial_calls(self) -> Iterator[Call]:
        for label, centroid in enumerate(self.centroids):
            pairs = [[feature, value] for feature, (value, _) in enumerate(centroid)]
            for part in chunks(self.num_features):
                yield Call("extend_centroid", "uint64[][],uint64", (pairs[part], label))

    def state(self) -> Iterator[tuple[Call, int]]:
        for label in range(len(CLASS_NAMES)):
            yield Call("num_samples", "uint256", (label,)), self.sample_counts[label]
            yield Call("squared_magnitude", "uint256", (label,)), self.squared_magnitudes[label]
            for feature in range(self.num_features):
                value = self._value(label, feature)
                yield Call("centroid_value", "uint256,uint32", (label, feature)), value

    def draw(self, rng: random.Random) -> list[int]:
        return draw_features(rng, self.num_features, self.num_present)

    def predict(self, data: list[int]) -> int:
        distances = [
            squared_magnitude
            + sum(TO_FLOAT * (TO_FLOAT - 2 * self._value(label, feature)) for feature in data)
            for label, squared_magnitude in enumerate(self.squared_magnitudes)
        ]
        return distances.index(min(distances))

    def update(self, data: list[int], label: int) -> None:
        count = self.sample_counts[label]
        magnitude = self.squared_magnitudes[label]
        added = 0
        for feature in data:
            value = self._value(label, feature)
            moved = (value * count + TO_FLOAT) // (count + 1)
            self.centroids[label][feature] = moved, count + 1
            magnitude -= value * value
            added += moved * moved
        self.squared_magnitudes[label] = magnitude * count**2 // (count + 1) ** 2 + added
        self.sample_counts[label] = count + 1

    def _value(self, label: int, feature: int) -> int:
        value, count = self.centroids[label][feature]
        return value * count // self.sample_counts[label]
