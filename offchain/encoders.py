"""From what users hold to what contracts take: unit vectors, or indices of present features.

Everybody who adds data to a model must encode alike. So what an encoder learns from data (a mean, a
vocabulary) must be fixed before the model is deployed, and known to all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from offchain.fixed_point import DoesNotFit, as_floats, rounded

# In one sample; no block has the gas for as many.
MOST_COUNTED = 2**24


class Transformer(Protocol):
    """A step of an encoder: anything with ``transform``, such as scikit-learn's, fitted."""

    def transform(self, samples: Any, /) -> Any:
        """Return a matrix with a row for each sample: an array, or SciPy's sparse one."""


class SelectFeatures:
    """A step that keeps some features, in the order given.

    Parameters
    ----------
    indices
        Which, none for all; those a classifier was deployed with are
        ``classifier.feature_indices()``.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        given = np.asarray(indices)
        if given.size and given.dtype.kind not in "iu":
            raise DoesNotFit(
                f"feature indices are whole numbers, not {given.dtype}: of a mask, give "
                "np.flatnonzero(mask)"
            )
        self.indices = given.astype(np.int64)

    def transform(self, samples: Any) -> Any:
        """Keep these columns of a matrix; raises DoesNotFit if it has too few."""
        if not len(self.indices):
            return samples
        samples = samples.tocsc() if hasattr(samples, "tocsc") else np.asarray(samples)
        if samples.ndim != 2:
            raise DoesNotFit(f"samples have {samples.ndim} dimensions: give two")
        width = samples.shape[1]
        outside = self.indices[(self.indices < 0) | (self.indices >= width)]
        if len(outside):
            raise DoesNotFit(f"there is no feature {outside[0]} in samples of {width}")
        return samples[:, self.indices]


class DenseEncoder:
    """Scales samples to length 1 and rounds them to units of 1 / ``TO_FLOAT``: for dense models.

    Rounding moves each number by half a unit at most, and so the squared length off 10**18 by
    about 10**9 times the root of the number of features: up to 10,000 of them, that is within the
    10**11 that the contracts allow.

    Parameters
    ----------
    steps
        What is done to the samples before, in order: scaling (``StandardScaler``), selection of
        features, an embedding.
    constant
        A number to append to each sample before it gets its length. The intercept of a contract
        never learns; the weight of a feature that is always there does.
    """

    def __init__(self, *steps: Transformer, constant: float | None = None) -> None:
        self.steps = steps
        self.constant = None if constant is None else as_floats(constant, "constant")

    def encode(self, samples: Any) -> NDArray[np.int64]:
        """Return a row of int64 for each sample.

        Raises DoesNotFit for samples with NaN or infinities, and for those that are 0 throughout,
        which have no direction.
        """
        for step in self.steps:
            samples = step.transform(samples)
        rows = as_rows(samples)
        if self.constant is not None:
            rows = np.column_stack([rows, np.full(len(rows), self.constant)])
        largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
        for index in np.flatnonzero(largest == 0):
            raise DoesNotFit(
                f"sample {index} is 0 throughout and cannot have length 1: leave it out, or give "
                "the encoder a constant"
            )
        rows = rows / largest  # so that no square overflows
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return rounded(unit).astype(np.int64)


class SparseEncoder:
    """Lists the features that are present in each sample: for sparse models and naive Bayes.

    Parameters
    ----------
    steps
        What makes numbers of the samples, in order: a ``CountVectorizer`` or ``HashingVectorizer``
        (which hashes tokens with MurmurHash3) of texts, a ``Binarizer``, a ``OneHotEncoder``. A
        feature is present where the number is not 0.
    counts
        Whether a feature that occurs several times is listed as often: naive Bayes can use that.
        The numbers must then be whole: let a ``HashingVectorizer`` have ``norm=None``.

    A ``HashingVectorizer`` is best made with ``alternate_sign=False``: otherwise tokens that share
    an index may cancel each other.
    """

    def __init__(self, *steps: Transformer, counts: bool = False) -> None:
        self.steps = steps
        self.counts = counts

    def encode(self, samples: Any) -> list[NDArray[np.int64]]:
        """Return the indices of each sample's features, in ascending order.

        Raises DoesNotFit for NaN or infinities, and where counts are not whole, or negative.
        """
        for step in self.steps:
            samples = step.transform(samples)
        encoded = []
        for index, (features, values) in enumerate(nonzero(samples)):
            if self.counts:
                wrong = values[(values < 0) | (values != np.floor(values))]
                if len(wrong):
                    raise DoesNotFit(
                        f"sample {index} has a count of {wrong[0]}: counts are whole and positive"
                    )
                if values.sum() > MOST_COUNTED:
                    raise DoesNotFit(
                        f"sample {index} counts {values.sum():.0f} features: {MOST_COUNTED} at most"
                    )
                features = np.repeat(features, values.astype(np.int64))
            encoded.append(features.astype(np.int64))
        return encoded


def nonzero(samples: Any) -> Iterator[tuple[NDArray[Any], NDArray[np.float64]]]:
    """For each row of a matrix, the columns that are not 0 in order, and what is in them."""
    if hasattr(samples, "tocsr"):
        matrix = samples.tocsr().copy()
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        for index, (start, end) in enumerate(pairwise(matrix.indptr)):
            yield matrix.indices[start:end], as_floats(matrix.data[start:end], f"samples[{index}]")
    else:
        for row in as_rows(samples):
            columns = np.flatnonzero(row)
            yield columns, row[columns]


def as_rows(samples: Any) -> NDArray[np.float64]:
    """A matrix of floats, one row per sample; raises DoesNotFit for anything else."""
    rows = as_floats(samples, "samples")
    if rows.ndim != 2:
        raise DoesNotFit(f"samples have {rows.ndim} dimensions: give two, a row for each sample")
    return rows
