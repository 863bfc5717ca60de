"""A nearest-centroid classifier on samples given as the features that are present."""

from __future__ import annotations

from chain.contract import (
    Array,
    Map,
    Struct,
    checked_div,
    external,
    int64,
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
from contracts_py.classifiers.nearest_centroid import (
    DATA_COUNT_LIMIT,
    UINT256_MAX,
    CentroidsMismatch,
)
from contracts_py.ownable import only_owner


class CentroidValue(Struct):
    """A value of a centroid, as it was when its class had `num_samples` samples."""

    value: uint64
    num_samples: uint64


class ClassInfo(Struct):
    """A class: its centroid, and what is needed to measure distances from that."""

    centroid: Map[uint32, CentroidValue]
    num_samples: uint64
    squared_magnitude: uint256


class SparseNearestCentroidClassifier(SparseClassifier):
    """The class whose centroid is nearest to a sample that is 1 at some features and 0 elsewhere.

    A sample lists the features that are present, each once. Every sample moves the centroid of its
    class, the mean of its samples, right or wrong; but only the values of its own features are
    written. The others shrink by themselves: a value keeps the number of samples it is the mean
    of, and counts as that much less once there are more. Values are in units of 1 / ``TO_FLOAT``.
    """

    class_infos: Array[ClassInfo]

    def __init__(
        self,
        classifications: Array[str],
        centroids: Array[Array[Array[uint64]]],
        data_counts: Array[uint64],
    ) -> None:
        super().__init__(classifications)
        require(len(classifications) > 0, NoClasses())
        require(
            len(classifications) == len(centroids),
            CentroidsMismatch(centroids=len(centroids), classifications=len(classifications)),
        )
        for index, centroid in enumerate(centroids):
            self.start_class(centroid, data_counts[index])

    @external
    @only_owner
    def extend_centroid(self, extension: Array[Array[uint64]], classification: uint64) -> None:
        """Set values given as (feature, value): for models too big for one transaction.

        Setting a value again replaces it, but adds to the squared magnitude, as in the reference.
        """
        require(
            classification < len(self.class_infos), ClassNotAdded(classification=classification)
        )
        self.extend(self.class_infos[classification], extension)

    @external
    @only_owner
    def add_class(
        self, centroid: Array[Array[uint64]], classification: str, data_count: uint64
    ) -> None:
        """Add a class of `data_count` samples with a centroid given as (feature, value)."""
        index = len(self.classifications)
        self.classifications.append(classification)
        self.start_class(centroid, data_count)
        self.emit(AddClass(name=classification, index=index))

    def start_class(self, centroid: Array[Array[uint64]], data_count: uint64) -> None:
        info = self.class_infos.add()
        info.num_samples = data_count
        self.extend(info, centroid)

    def extend(self, info: ClassInfo, extension: Array[Array[uint64]]) -> None:
        squared_magnitude = info.squared_magnitude
        for entry in extension:
            value = entry[1]
            # Only the low 32 bits of a feature index count, as in the reference.
            held = info.centroid[wrapping(uint32, entry[0])]
            held.value = value
            held.num_samples = info.num_samples
            squared_magnitude += value * value
        info.squared_magnitude = squared_magnitude

    @view
    def data_count_limit(self) -> uint256:
        """Of the dense classifier, as in the reference; counts are not limited here."""
        return DATA_COUNT_LIMIT

    @view
    def uint256_max(self) -> uint256:
        """The distance that every other is smaller than."""
        return UINT256_MAX

    @view
    def num_samples(self, classification: uint256) -> uint64:
        """How many samples a centroid is the mean of."""
        return self.class_infos[classification].num_samples

    @view
    def squared_magnitude(self, classification: uint256) -> uint256:
        """The squared length of a centroid, in units of 1 / ``TO_FLOAT**2``."""
        return self.class_infos[classification].squared_magnitude

    @view
    def centroid_value(self, classification: uint256, feature: uint32) -> uint64:
        """One value of a centroid, as it is now."""
        info = self.class_infos[classification]
        held = info.centroid[feature]
        if held.num_samples == info.num_samples:
            return held.value
        return held.value * held.num_samples // info.num_samples

    @view
    def predict(self, data: Array[int64]) -> uint64:
        best_class = 0
        smallest = UINT256_MAX
        for index, _ in enumerate(self.class_infos):
            # Squared: a feature that is present adds (1 - value)**2, which is 1 - 2 * value more
            # than the value**2 in the squared magnitude.
            distance = self.squared_magnitude(index)
            for feature in data:
                value = self.centroid_value(index, wrapping(uint32, feature))
                distance += TO_FLOAT * (TO_FLOAT - 2 * value)
            # A feature given twice can make it negative: as in the reference, that is far away.
            distance = wrapping(uint256, distance)
            if distance < smallest:
                best_class = index
                smallest = distance
        return best_class

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        require(
            classification < len(self.class_infos), ClassNotAdded(classification=classification)
        )
        info = self.class_infos[classification]
        # Products of counts wrap at 64 bits here, as in the reference.
        count = info.num_samples
        new_count = wrapping(uint64, count + 1)
        info.num_samples = new_count
        others = info.squared_magnitude
        added = 0
        for feature in data:
            held = info.centroid[wrapping(uint32, feature)]
            value = wrapping(uint64, held.value * held.num_samples) // count
            new_value = (value * count + TO_FLOAT) // new_count
            remaining: uint256 = others - value * value
            others = remaining
            held.value = new_value
            held.num_samples = new_count
            added += new_value * new_value
        # The other values shrink by count / new_count.
        shrunk = checked_div(others * count * count, wrapping(uint64, new_count * info.num_samples))
        info.squared_magnitude = shrunk + added
