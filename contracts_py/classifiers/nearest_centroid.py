"""A classifier of dense samples of unit norm, by the nearest mean of the samples of each class."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    external,
    int64,
    int256,
    moving_average,
    require,
    squared_distance,
    uint64,
    uint256,
    view,
    wrapping,
)
from contracts_py.classifiers.classifier import (
    TO_FLOAT,
    AddClass,
    ClassNotAdded,
    DenseClassifier,
    NoClasses,
)
from contracts_py.ownable import only_owner

UINT256_MAX = 2**256 - 1

# Samples of a class beyond this many are no longer counted: the products of a count and a value
# must fit into 256 bits.
DATA_COUNT_LIMIT = 2**191


# A centroid has fewer numbers.
MOST_DIMENSIONS = 2**64


class CentroidsMismatch(Error):
    """There are more or fewer centroids than classes."""

    centroids: uint256
    classifications: uint256


class InconsistentDimensions(Error):
    """Centroids at deployment differ in how many numbers they have."""


class CentroidDimensionMismatch(Error):
    """A centroid or sample has more or fewer numbers than the centroid it must match."""

    given: uint256
    expected: uint256


class CentroidTooLong(Error):
    """A centroid cannot have that many numbers."""


class DataLengthMismatch(Error):
    """The sample has more or fewer numbers than the centroids."""

    given: uint256
    expected: uint256


class DataCountTooLarge(Error):
    """A class cannot start with that many samples."""

    given: uint256
    limit: uint256


class NearestCentroidClassifier(DenseClassifier):
    """The class whose centroid, the mean of its samples, is nearest to a sample.

    Every sample moves the centroid of its class, right or wrong. Values are in units of
    1 / ``TO_FLOAT``.
    """

    centroids: Array[Array[int64]]
    data_counts: Array[uint256]

    def __init__(
        self,
        classifications: Array[str],
        centroids: Array[Array[int64]],
        data_counts: Array[uint256],
    ) -> None:
        super().__init__(classifications)
        require(len(classifications) > 0, NoClasses())
        require(
            len(classifications) == len(centroids),
            CentroidsMismatch(centroids=len(centroids), classifications=len(classifications)),
        )
        # Not checked, as in the reference: where a count is missing, updates panic.
        self.data_counts = data_counts
        for centroid in centroids:
            require(len(centroid) == len(centroids[0]), InconsistentDimensions())
            self.centroids.append(centroid)

    @external
    @only_owner
    def extend_centroid(self, extension: Array[int64], classification: uint64) -> None:
        """Append values to a centroid: for models that do not fit into one transaction."""
        require(classification < len(self.centroids), ClassNotAdded(classification=classification))
        dimensions = len(self.centroids[classification]) + len(extension)
        require(dimensions < MOST_DIMENSIONS, CentroidTooLong())
        for value in extension:
            self.centroids[classification].append(value)

    @external
    @only_owner
    def add_class(self, centroid: Array[int64], classification: str, data_count: uint256) -> None:
        """Add a class that `data_count` samples have made the centroid of."""
        dimensions = len(self.centroids[0])
        require(
            len(centroid) == dimensions,
            CentroidDimensionMismatch(given=len(centroid), expected=dimensions),
        )
        require(
            data_count < DATA_COUNT_LIMIT,
            DataCountTooLarge(given=data_count, limit=DATA_COUNT_LIMIT),
        )
        index = len(self.classifications)
        self.classifications.append(classification)
        self.centroids.append(centroid)
        self.data_counts.append(data_count)
        self.emit(AddClass(name=classification, index=index))

    @view
    def data_count_limit(self) -> uint256:
        """How many samples of a class are counted."""
        return DATA_COUNT_LIMIT

    @view
    def uint256_max(self) -> uint256:
        """The distance that every other is smaller than."""
        return UINT256_MAX

    @view
    def num_samples(self, classification: uint256) -> uint256:
        """How many samples a centroid is the mean of."""
        return self.data_counts[classification]

    @view
    def centroid_value(self, classification: uint256, feature: uint256) -> int64:
        """One value of a centroid."""
        return self.centroids[classification][feature]

    @view
    def predict(self, data: Array[int64]) -> uint64:
        dimensions = len(self.centroids[0])
        require(len(data) == dimensions, DataLengthMismatch(given=len(data), expected=dimensions))
        best_class = 0
        smallest = UINT256_MAX
        index = 0
        while index < len(self.centroids):
            # Squared; it stops growing where it reaches the smallest so far.
            distance = squared_distance(data, self.centroids[index], TO_FLOAT, smallest)
            if distance < smallest:
                best_class = index
                smallest = distance
            index += 1
        return best_class

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        # As in the reference, a class that does not exist is a panic: the check comes too late.
        dimensions = len(self.centroids[classification])
        require(
            classification < len(self.classifications),
            ClassNotAdded(classification=classification),
        )
        require(
            len(data) == dimensions,
            CentroidDimensionMismatch(given=len(data), expected=dimensions),
        )
        centroid = self.centroids[classification].load()
        count = self.data_counts[classification]
        counts = self.data_counts[classification] < DATA_COUNT_LIMIT
        new_count = count + 1 if counts else count
        # Unchecked, as in the reference: counts from 2**255 on turn negative. The constructor
        # takes them, too.
        self.centroids[classification] = moving_average(
            centroid, data, wrapping(int256, count), wrapping(int256, new_count)
        )
        if self.data_counts[classification] < DATA_COUNT_LIMIT:
            self.data_counts[classification] = new_count
        self.check_unit_norm(data)
