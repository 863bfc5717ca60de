"""How good a contract's model is, without asking the contract for every sample.

What the contract holds is read once, and its predictions are computed here for all samples at once:
the same integers, rounded at the same steps, and so exactly the same predictions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chain import Chain, Deployed
from chain.contract import vector
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from simulation.data.dataset import Part

# Sums of fewer values below this do not leave int64.
MOST_ADDED = 2**40
WORD = 2**256


class Evaluation:
    """Samples to measure a classifier with.

    Parameters
    ----------
    part
        Samples as the classifier takes them, and their labels.
    """

    def __init__(self, part: Part) -> None:
        self.labels = part.labels
        self.samples: Any = part.samples
        if isinstance(part.samples, list):
            longest = max((len(features) for features in part.samples), default=0)
            highest = max((int(features.max(initial=-1)) for features in part.samples), default=-1)
            # What is missing in a row is a feature of its own, which is never present.
            self.width = highest + 1
            self.matrix = np.full((len(part), longest), self.width, np.int64)
            for row, features in zip(self.matrix, part.samples, strict=True):
                row[: len(features)] = features

    def accuracy(self, chain: Chain, classifier: Deployed) -> float:
        """Share of the samples that the contract predicts as labelled."""
        right = self.predictions(chain, classifier) == self.labels
        return int(np.count_nonzero(right)) / len(self.labels)

    def predictions(self, chain: Chain, classifier: Deployed) -> NDArray[np.int64]:
        """What the contract predicts for each sample."""
        for kind, predict in PREDICTING.items():
            if issubclass(classifier.contract_class, kind):
                return predict(self, classifier)
        # Of the user's own: slower, and as right.
        rows = [classifier.predict(sample) for sample in self.samples]
        return np.array(rows, np.int64)

    def sparse_perceptron(self, classifier: Deployed) -> NDArray[np.int64]:
        """Weights of the present features, added up."""
        weights = _smallest([*map(classifier.weights, range(self.width)), 0])
        sums = weights[self.matrix].sum(axis=1)
        return np.array(sums + classifier.intercept() > 0, np.int64)

    def dense_perceptron(self, classifier: Deployed) -> NDArray[np.int64]:
        """Exact products of weights and samples."""
        held = classifier.weights()
        weights = held.int64
        if weights is None:
            values = list(held)
            sums = [sum(map(int.__mul__, values, row.tolist())) for row in self.samples]
        else:
            sums = [vector.dot(row, weights) for row in self.samples]
        intercept = classifier.intercept()
        return np.array([intercept + each > 0 for each in sums], np.int64)

    def naive_bayes(self, classifier: Deployed) -> NDArray[np.int64]:
        """Probabilities rounded down at each feature; those that are 0 by then are left alone."""
        smoothing = classifier.smoothing_factor()
        smoothed = smoothing * classifier.total_num_features()
        present = self.matrix < self.width
        highest = np.zeros(len(self.labels), object)
        best = np.zeros(len(self.labels), np.int64)
        for index in range(classifier.num_classifications()):
            counts = [classifier.feature_count(index, each) for each in range(self.width)]
            factors = np.array([TO_FLOAT * count + smoothing for count in counts], object)
            divisor = TO_FLOAT * classifier.class_total_feature_count(index) + smoothed
            first = classifier.num_samples(index) * TO_FLOAT
            found = np.full(len(self.labels), first, object)
            for column in range(self.matrix.shape[1]):
                rows = np.flatnonzero(present[:, column] & (found > 0))
                found[rows] = found[rows] * factors[self.matrix[rows, column]] // divisor
            better = found > highest
            best[better] = index
            highest[better] = found[better]
        return best

    def nearest_centroid(self, classifier: Deployed) -> NDArray[np.int64]:
        """Squared distances, each difference truncated; the first of equals is nearest."""
        centroids = [np.array(list(row), np.int64) for row in classifier.centroids()]
        distances = [
            [vector.squared_distance(row, centroid, TO_FLOAT) for centroid in centroids]
            for row in self.samples
        ]
        return np.array([each.index(min(each)) for each in distances], np.int64)

    def sparse_nearest_centroid(self, classifier: Deployed) -> NDArray[np.int64]:
        """Squared magnitudes, and what the present features make of them."""
        distances = []
        for index in range(classifier.num_classifications()):
            values = [classifier.centroid_value(index, each) for each in range(self.width)]
            # An absent feature adds nothing.
            terms = _smallest([*[TO_FLOAT - 2 * value for value in values], 0])
            sums = terms[self.matrix].sum(axis=1).astype(object)
            distances.append((classifier.squared_magnitude(index) + TO_FLOAT * sums) % WORD)
        return np.array(np.argmin(np.array(distances), axis=0), np.int64)


def _smallest(values: list[int]) -> Any:
    """An array of int64 whose sums fit; of Python ints where they might not."""
    fits = all(-MOST_ADDED < value < MOST_ADDED for value in values)
    return np.array(values, np.int64 if fits else object)


Predicting = Callable[[Evaluation, Deployed], NDArray[np.int64]]

PREDICTING: dict[type, Predicting] = {
    SparsePerceptron: Evaluation.sparse_perceptron,
    DensePerceptron: Evaluation.dense_perceptron,
    NaiveBayesClassifier: Evaluation.naive_bayes,
    NearestCentroidClassifier: Evaluation.nearest_centroid,
    SparseNearestCentroidClassifier: Evaluation.sparse_nearest_centroid,
}
