"""What a simulation learns from: samples as contracts take them, and their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chain.errors import ChainError

Indices = NDArray[np.int64]
Samples = NDArray[np.int64] | list[Indices]


class DataError(ChainError, ValueError):
    """A data set cannot be had as asked for; says in one line what would do."""


class UnknownDataSet(DataError):
    """There is no data set of this name."""


class UnusableOption(DataError):
    """A seed, a limit or a number of samples that makes no sense, or not with this data set."""


class NoFile(DataError):
    """A file that the user has to bring is not there, or may not be read."""


class UnusableFile(DataError):
    """A file is there, but is not what it should be."""


class MissingPackage(DataError):
    """A package is needed that is not installed."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some samples of a data set.

    Attributes
    ----------
    samples
        As models take them: see :class:`DataSet`.
    labels
        The class of each.
    """

    samples: Samples
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def between(self, start: int, end: int) -> Part:
        """Return the samples from `start` on, up to but without `end`."""
        return Part(self.samples[start:end], self.labels[start:end])


@dataclass(frozen=True, eq=False)
class DataSet:
    """Samples to learn from, and others to measure accuracy on.

    Attributes
    ----------
    classes
        Their names; labels are positions in here.
    dense
        Whether samples are the rows of a matrix, vectors of length 1 in units of 1 / ``TO_FLOAT``;
        or lists of the features that are present, ascending, for sparse models and naive Bayes.
    feature_count
        The length of those vectors, or what feature indices stay below.
    origin
        Where it comes from.
    """

    name: str
    classes: tuple[str, ...]
    dense: bool
    feature_count: int
    train: Part
    test: Part
    origin: str

    def __post_init__(self) -> None:
        if not len(self.test):
            raise UnusableOption(f"{self.name} has no samples to test with: it takes more of them")
        _require_all_classes(self.train, self.classes, f"{self.name}: its training samples")

    def split(self, initial: int | float) -> tuple[Part, Part]:
        """Divide the training samples into those the model is deployed with, and the others.

        Parameters
        ----------
        initial
            How many come first: a number of samples, or a share of them if it is a float.
        """
        total = len(self.train)
        if isinstance(initial, bool) or not (isinstance(initial, int) or 0 < initial < 1):
            raise UnusableOption(
                f"initial={initial!r} will not do: give a number of samples, or a share "
                "between 0.0 and 1.0"
            )
        count = initial if isinstance(initial, int) else round(initial * total)
        if not 1 <= count < total:
            raise UnusableOption(
                f"{count} initial samples of {total} will not do: give 1 to {total - 1}"
            )
        first = self.train.between(0, count)
        _require_all_classes(first, self.classes, f"{self.name}: the first {count} samples")
        return first, self.train.between(count, total)


def _require_all_classes(part: Part, classes: Sequence[str], what: str) -> None:
    found = set(part.labels.tolist())
    for label, name in enumerate(classes):
        if label not in found:
            raise UnusableOption(f"{what} have none of class {name!r}: take more, or another seed")
