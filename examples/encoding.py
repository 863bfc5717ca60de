"""From real measurements to the fixed-point unit vectors that ``DensePerceptron`` takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts_py.classifiers.classifier import TO_FLOAT

# What every standardised sample gets as one more feature. The contract's intercept never learns;
# the weight of a feature that is always there does.
CONSTANT_FEATURE = 1.0
# Deviations below this are no measurements, and dividing by them would overflow.
TINY = 1e-100


class UnitEncoder:
    """Standardises each feature, appends a constant one, and scales each sample to length 1.

    Everybody must encode alike, so the mean and the deviation come from samples that are known
    before the contracts are deployed.

    Rounding moves each number by half a unit at most, and so the squared norm off 10**18 by about
    10**9 times the root of the number of features: far within the 10**11 that the contract allows.

    Parameters
    ----------
    known
        One sample per row.
    """

    def __init__(self, known: NDArray[np.float64]) -> None:
        self.mean = known.mean(axis=0)
        deviation = known.std(axis=0)
        # A feature that was the same in all known samples, up to rounding, is only moved to 0.
        same = deviation <= 1e-12 * np.abs(known).max(axis=0, initial=0.0)
        self.deviation = np.where(same | (deviation < TINY), 1.0, deviation)

    def encode(self, samples: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return `samples` (one per row) in units of 1 / ``TO_FLOAT``, with one more column."""
        standard = (samples - self.mean) / self.deviation
        extended = np.column_stack([standard, np.full(len(standard), CONSTANT_FEATURE)])
        # By the largest number first, so that no square overflows.
        extended /= np.abs(extended).max(axis=1, keepdims=True)
        unit = extended / np.linalg.norm(extended, axis=1, keepdims=True)
        fixed: NDArray[np.int64] = np.rint(unit * TO_FLOAT).astype(np.int64)
        return fixed
