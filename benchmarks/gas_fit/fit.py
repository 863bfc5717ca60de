"""Least squares for prices, robust against what no price can explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from benchmarks.gas_fit.counting import OPERATIONS, PRICES, Row
from benchmarks.gas_fit.expected import EXPECTED, FIXED

Vector = NDArray[np.float64]

# Nothing is free, so that no loop goes on for ever.
LEAST_GAS = 2

# How much a price that is off its expected value by as much as that counts, beside the mean square
# of all relative differences. Ten times more or less moves the median difference by 0.1 %.
PULL = 2e-7

# Differences below count with their squares, those above with less (so that a few transactions
# that the language cannot express do not move all prices).
LARGE = 1e-3
ROUNDS = 12


@dataclass(frozen=True)
class Table:
    """Rows as matrices.

    Attributes
    ----------
    counts
        Of shape (rows, fitted operations).
    computing
        Gas to explain, what has a fixed price taken off.
    recorded
        Gas in all.
    """

    counts: Vector
    computing: Vector
    recorded: Vector

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Table:
        """Of rows of counts."""
        everything = np.array([row.counts for row in rows], dtype=float)
        fixed = np.array([PRICES[name] if name in FIXED else 0 for name in OPERATIONS], dtype=float)
        fitted = [index for index, name in enumerate(OPERATIONS) if name not in FIXED]
        computing = np.array([row.computing for row in rows], dtype=float)
        recorded = np.array([row.recorded for row in rows], dtype=float)
        return cls(everything[:, fitted], computing - everything @ fixed, recorded)

    def only(self, mask: NDArray[np.bool_]) -> Table:
        """Some of the rows."""
        return Table(self.counts[mask], self.computing[mask], self.recorded[mask])

    def percent(self, prices: Vector) -> Vector:
        """By how much our gas differs from the recorded, absolutely."""
        return 100 * np.abs(self.counts @ prices - self.computing) / self.recorded


FITTED = tuple(name for name in OPERATIONS if name not in FIXED)


def fit(table: Table) -> Vector:
    """Prices of the fitted operations, in gas."""
    expected = np.array([EXPECTED[name] for name in FITTED], dtype=float)
    size = len(table.recorded)
    pull = np.diag(np.sqrt(PULL) / expected)
    weights = 1 / table.recorded / np.sqrt(size)
    large = np.ones(size)
    prices = expected
    for _ in range(ROUNDS):
        scale = weights / np.sqrt(large)
        matrix = np.vstack([table.counts * scale[:, None], pull])
        # Only the products matter, which are small.
        triangle = np.linalg.cholesky(matrix.T @ matrix).T
        target = matrix.T @ np.concatenate([table.computing * scale, pull @ expected])
        goal = np.linalg.solve(triangle.T, target)
        prices = lsq_linear(triangle, goal, bounds=(LEAST_GAS, np.inf), tol=1e-12).x
        large = np.maximum(table.percent(prices) / 100 / LARGE, 1)
    return prices


def rounded(prices: Vector) -> Vector:
    """As the schedule holds them."""
    return np.maximum(np.round(prices), LEAST_GAS)
