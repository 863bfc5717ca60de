"""What all classifiers share: classes by name, features to look at, and the scale of numbers."""

from __future__ import annotations

from chain.contract import (
    Array,
    Error,
    Event,
    external,
    int64,
    integer_sqrt,
    require,
    squared_norm,
    uint32,
    uint64,
    uint256,
    view,
)
from contracts_py.ownable import Ownable, only_owner

# 1 in fixed point: a real number r is stored as round(r * TO_FLOAT).
TO_FLOAT = 10**9


# Bounds of the squared norm of data that counts as of unit norm.
UNIT_NORM_BELOW = 10**18 - 10**11
UNIT_NORM_ABOVE = 10**18 + 10**11


class NormNotRequired(Error):
    """The classifier does not look at the norm of its data."""


class NotUnitNorm(Error):
    """The sample's squared norm is not 1 (10**18 in fixed point, within 10**11)."""

    squared_norm: uint256


class NoClasses(Error):
    """A classifier has one class or more."""


class ClassNotAdded(Error):
    """There is no such class."""

    classification: uint64


class AddClass(Event):
    """A class was added, under the next index."""

    name: str
    index: uint256


class Classifier(Ownable):
    """A model that predicts a class for a sample and learns from samples its owner passes on."""

    classifications: Array[str]
    feature_indices: Array[uint32]

    def __init__(self, classifications: Array[str]) -> None:
        super().__init__()
        self.classifications = classifications

    @view
    def to_float(self) -> uint256:
        """The fixed-point scale."""
        return TO_FLOAT

    @view
    def num_classifications(self) -> uint256:
        """How many classes there are."""
        return len(self.classifications)

    @view
    def num_feature_indices(self) -> uint256:
        """How many features were selected; 0 means all."""
        return len(self.feature_indices)

    @external
    @only_owner
    def add_feature_indices(self, feature_indices: Array[uint32]) -> None:
        """Say which features of the encoder's output the model looks at."""
        for index in feature_indices:
            self.feature_indices.append(index)

    @view
    def norm(self, data: Array[int64]) -> uint256:
        """The length of a sample as a vector, rounded down."""
        ...

    @view
    def predict(self, data: Array[int64]) -> uint64:
        """The class of a sample, as an index into the classifications."""
        ...

    @external
    @only_owner
    def update(self, data: Array[int64], classification: uint64) -> None:
        """Learn from one sample."""
        ...


class DenseClassifier(Classifier):
    """A classifier of samples that are vectors of unit norm."""

    @view
    def norm(self, data: Array[int64]) -> uint256:
        return integer_sqrt(squared_norm(data))

    def check_unit_norm(self, data: Array[int64]) -> None:
        squared = squared_norm(data)
        require(UNIT_NORM_BELOW < squared < UNIT_NORM_ABOVE, NotUnitNorm(squared_norm=squared))


class SparseClassifier(Classifier):
    """A classifier of samples that are the indices of the features that are present."""

    @view
    def norm(self, data: Array[int64]) -> uint256:
        raise NormNotRequired()
