"""Classifiers that can go back to a checkpoint: they remember what each update overwrites.

No contract can copy another's storage, so a model has to keep its own way back. An update that
changes something notes what it takes to undo it; ``restore`` undoes the newest first, as many per
call as the caller asks for, so that no transaction grows with the number of updates. Undoing one
costs about what the update did, and remembering it as much again. Before the first checkpoint,
everything since deployment is remembered.
"""

from __future__ import annotations

from chain.contract import (
    Array,
    Map,
    Struct,
    add_at,
    external,
    int64,
    int80,
    require,
    uint32,
    uint64,
    uint256,
    wrapping,
)
from contracts_py.classifiers.classifier import Classifier, ClassNotAdded
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import (
    CentroidValue,
    SparseNearestCentroidClassifier,
)
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.ownable import only_owner


class Restorable(Classifier):
    """A classifier that its owner can take back to how it was at the last checkpoint."""

    num_remembered: uint256

    @external
    @only_owner
    def checkpoint(self) -> None:
        """Make the model as it is now what ``restore`` leads back to."""
        self.num_remembered = 0

    @external
    @only_owner
    def restore(self, most: uint256) -> uint256:
        """Undo up to `most` updates, newest first; return how many are left to undo."""
        position = self.num_remembered
        stop = position - min(most, position)
        while position > stop:
            position -= 1
            self.undo(position)
        self.num_remembered = position
        return position

    def remember(self) -> uint256:
        """Count one more update, and return its position."""
        position = self.num_remembered
        self.num_remembered = position + 1
        return position

    def undo(self, position: uint256) -> None:
        """Undo the update remembered at `position`, the newest one."""
        ...


class SparseStep(Struct):
    """A sample that moved the weights of its features, up if it was positive."""

    positive: bool
    data: Array[int64]


class RestorableSparsePerceptron(SparsePerceptron, Restorable):
    """A sparse perceptron that takes the very steps back."""

    steps: Map[uint256, SparseStep]

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        if self.predict(data) != classification:
            step = self.steps[self.remember()]
            step.positive = classification > 0
            step.data = data
            super().update(data, classification)

    def undo(self, position: uint256) -> None:
        step = self.steps[position]
        rate = -self.learning_rate if step.positive else self.learning_rate
        add_at(self.weights, step.data.load(), rate)


class RestorableDensePerceptron(DensePerceptron, Restorable):
    """A dense perceptron that keeps a copy of its weights from before the first update."""

    kept_weights: Array[int80]

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        if self.num_remembered == 0 and self.predict(data) != classification:
            self.remember()
            self.kept_weights = self.weights.load()
        super().update(data, classification)

    def undo(self, position: uint256) -> None:
        self.weights = self.kept_weights.load()


class CountedSample(Struct):
    """A sample that was counted."""

    classification: uint64
    data: Array[int64]


class RestorableNaiveBayes(NaiveBayesClassifier, Restorable):
    """A naive Bayes classifier that counts samples out again."""

    counted: Map[uint256, CountedSample]

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        sample = self.counted[self.remember()]
        sample.classification = classification
        sample.data = data
        super().update(data, classification)

    def undo(self, position: uint256) -> None:
        sample = self.counted[position]
        data = sample.data.load()
        info = self.class_infos[sample.classification]
        info.num_samples -= 1
        info.total_feature_count -= len(data)
        add_at(info.feature_counts, [wrapping(uint32, feature) for feature in data], -1)


class KeptCentroid(Struct):
    """A class as it was before an update."""

    classification: uint64
    data_count: uint256
    centroid: Array[int64]


class RestorableNearestCentroid(NearestCentroidClassifier, Restorable):
    """A nearest centroid classifier that keeps the centroid each update has moved."""

    kept: Map[uint256, KeptCentroid]

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        before = self.kept[self.remember()]
        before.classification = classification
        before.data_count = self.data_counts[classification]
        before.centroid = self.centroids[classification].load()
        super().update(data, classification)

    def undo(self, position: uint256) -> None:
        before = self.kept[position]
        classification = before.classification
        self.data_counts[classification] = before.data_count
        self.centroids[classification] = before.centroid.load()


class KeptValues(Struct):
    """A class as it was before an update, with the values of the sample's features."""

    classification: uint64
    num_samples: uint64
    squared_magnitude: uint256
    data: Array[int64]
    held: Map[uint256, CentroidValue]


class RestorableSparseNearestCentroid(SparseNearestCentroidClassifier, Restorable):
    """A sparse nearest centroid classifier that keeps the values each update has overwritten."""

    kept: Map[uint256, KeptValues]

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        # As in the update itself, a class that does not exist is refused.
        require(
            classification < len(self.class_infos), ClassNotAdded(classification=classification)
        )
        info = self.class_infos[classification]
        before = self.kept[self.remember()]
        before.classification = classification
        before.num_samples = info.num_samples
        before.squared_magnitude = info.squared_magnitude
        before.data = data
        for index, feature in enumerate(data):
            entry = info.centroid[wrapping(uint32, feature)]
            copy = before.held[index]
            copy.value = entry.value
            copy.num_samples = entry.num_samples
        super().update(data, classification)

    def undo(self, position: uint256) -> None:
        before = self.kept[position]
        info = self.class_infos[before.classification]
        info.num_samples = before.num_samples
        info.squared_magnitude = before.squared_magnitude
        for index, feature in enumerate(before.data.load()):
            copy = before.held[index]
            entry = info.centroid[wrapping(uint32, feature)]
            entry.value = copy.value
            entry.num_samples = copy.num_samples
