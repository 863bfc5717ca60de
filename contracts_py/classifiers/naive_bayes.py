"""Multinomial naive Bayes in integers, on samples given as the features that are present."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Map,
    Struct,
    add_at,
    checked_div,
    external,
    int64,
    int256,
    require,
    uint32,
    uint64,
    uint256,
    view,
    wrapping,
)
from contracts_py.classifiers.classifier import (
    TO_FLOAT,
    AddClass,
    ClassNotAdded,
    NoClasses,
    SparseClassifier,
)
from contracts_py.ownable import only_owner

# From here on, feature indices are refused. Below it only their low 32 bits count.
FEATURE_INDEX_LIMIT = 2**33

MOST_SAMPLES = 2**64 - 1


class ClassCountsMismatch(Error):
    """There are more or fewer counts of samples than classes."""

    class_counts: uint256
    classifications: uint256


class FeatureCountsMismatch(Error):
    """There are more or fewer lists of feature counts than classes."""

    feature_counts: uint256
    classifications: uint256


class ClassOutOfBounds(Error):
    """There is no such class."""

    classification: uint64


class TooManySamples(Error):
    """No further sample of the class can be counted."""


class FeatureIndexTooHigh(Error):
    """A feature index has more than 33 bits."""

    index: int64


class ClassInfo(Struct):
    """How many samples and features of a class were seen, and each feature how often."""

    num_samples: uint64
    total_feature_count: uint64
    feature_counts: Map[uint32, uint32]


class NaiveBayesClassifier(SparseClassifier):
    """The class that is most probable if its features occur independently of each other.

    The probability of a class, times ``TO_FLOAT`` and the number of all samples, is its number of
    samples times, for each feature of the sample in turn, the feature's share of all the features
    seen in that class. Counts are smoothed (Lidstone) with `smoothing_factor` / ``TO_FLOAT``.
    Rounded down at each step, as in the reference: many features make every class impossible.
    """

    class_infos: Array[ClassInfo]
    total_num_features: uint256
    smoothing_factor: uint32

    def __init__(
        self,
        classifications: Array[str],
        class_counts: Array[uint64],
        feature_counts: Array[Array[Array[uint32]]],
        total_num_features: uint256,
        smoothing_factor: uint32,
    ) -> None:
        super().__init__(classifications)
        size = len(classifications)
        require(size > 0, NoClasses())
        require(
            len(class_counts) == size,
            ClassCountsMismatch(class_counts=len(class_counts), classifications=size),
        )
        require(
            len(feature_counts) == size,
            FeatureCountsMismatch(feature_counts=len(feature_counts), classifications=size),
        )
        self.total_num_features = total_num_features
        self.smoothing_factor = smoothing_factor
        for num_samples, counts in zip(class_counts, feature_counts, strict=True):
            self.start_class(num_samples, counts)

    @external
    @only_owner
    def initialize_counts(
        self, feature_counts: Array[Array[uint32]], classification: uint64
    ) -> None:
        """Set counts given as (feature index, count): for models too big for one transaction.

        Setting a count again replaces it, but adds to the total, as in the reference.
        """
        require(
            classification < len(self.class_infos), ClassNotAdded(classification=classification)
        )
        self.set_counts(self.class_infos[classification], feature_counts)

    @external
    @only_owner
    def add_class(
        self, num_samples: uint64, feature_counts: Array[Array[uint32]], classification: str
    ) -> None:
        """Add a class that was seen `num_samples` times, with counts as (feature index, count)."""
        index = len(self.classifications)
        self.classifications.append(classification)
        self.start_class(num_samples, feature_counts)
        self.emit(AddClass(name=classification, index=index))

    def start_class(self, num_samples: uint64, feature_counts: Array[Array[uint32]]) -> None:
        info = self.class_infos.add()
        info.num_samples = num_samples
        self.set_counts(info, feature_counts)

    def set_counts(self, info: ClassInfo, feature_counts: Array[Array[uint32]]) -> None:
        total = info.total_feature_count
        for entry in feature_counts:
            index = entry[0]
            count = entry[1]
            info.feature_counts[index] = count
            total += count
        info.total_feature_count = total

    @view
    def num_samples(self, classification: uint256) -> uint64:
        """How many samples of a class were seen."""
        return self.class_infos[classification].num_samples

    @view
    def class_total_feature_count(self, classification: uint256) -> uint64:
        """How many features were seen with a class, repeated ones included."""
        return self.class_infos[classification].total_feature_count

    @view
    def feature_count(self, classification: uint256, feature: uint32) -> uint32:
        """How often a feature was seen with a class."""
        return self.class_infos[classification].feature_counts[feature]

    @view
    def predict(self, data: Array[int64]) -> uint64:
        best_class = 0
        highest = 0
        # Added to the denominator without a check, as in the reference.
        smoothed = wrapping(int256, self.smoothing_factor * self.total_num_features)
        for index, info in enumerate(self.class_infos):
            probability = info.num_samples * TO_FLOAT
            for feature in data:
                count = info.feature_counts[wrapping(uint32, feature)]
                probability = checked_div(
                    probability * (TO_FLOAT * count + self.smoothing_factor),
                    wrapping(uint256, TO_FLOAT * info.total_feature_count + smoothed),
                )
            if probability > highest:
                best_class = index
                highest = probability
        return best_class

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        require(
            classification < len(self.classifications),
            ClassOutOfBounds(classification=classification),
        )
        info = self.class_infos[classification]
        require(info.num_samples < MOST_SAMPLES, TooManySamples())
        info.num_samples += 1
        info.total_feature_count += len(data)
        if len(data) > 0 and max(data) >= FEATURE_INDEX_LIMIT:
            # As in the reference, those before it are counted first, and paid for.
            for feature in data:
                require(feature < FEATURE_INDEX_LIMIT, FeatureIndexTooHigh(index=feature))
                count = info.feature_counts[wrapping(uint32, feature)]
                info.feature_counts[wrapping(uint32, feature)] = wrapping(uint32, count + 1)
        add_at(
            self.class_infos[classification].feature_counts,
            [wrapping(uint32, feature) for feature in data],
            1,
        )
