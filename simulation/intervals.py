"""Means with 95 % intervals, and differences: of runs that share their seeds, and of others."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

# Student's t, 97.5 %, of 1 to 6 degrees of freedom; the expansion is not good enough for those.
SMALL_SAMPLES = (12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469)


class Estimate(NamedTuple):
    """A mean, and between what the true one is with a probability of 95 %.

    The limits are infinite for a single value.
    """

    mean: float
    low: float
    high: float
    runs: int

    @property
    def half_width(self) -> float:
        """From the mean to a limit."""
        return self.high - self.mean


def estimate(values: Sequence[float]) -> Estimate:
    """Estimate a mean from values of independent runs; there must be one."""
    count = len(values)
    mean = statistics.fmean(values)
    if count == 1:
        return Estimate(mean, -math.inf, math.inf, 1)
    half = student(count - 1) * statistics.stdev(values) / math.sqrt(count)
    return Estimate(mean, mean - half, mean + half, count)


def difference(values: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Estimate by how much values exceed those of other runs with the same seeds, in order."""
    return estimate([value - other for value, other in zip(values, baseline, strict=True)])


def independent_difference(values: Sequence[float], baseline: Sequence[float]) -> Estimate:
    """Estimate by how much values exceed those of runs that they have nothing in common with.

    The variances need not be the same: by Welch, with his degrees of freedom rounded down, so that
    the interval is rather too wide than too narrow. What seeds have in common it does not see. It
    has as many runs as the smaller sample.
    """
    mean = statistics.fmean(values) - statistics.fmean(baseline)
    runs = min(len(values), len(baseline))
    if runs == 1:
        return Estimate(mean, -math.inf, math.inf, 1)
    # Of the means; those of independent samples add up.
    variances = [statistics.variance(each) / len(each) for each in (values, baseline)]
    variance = sum(variances)
    if variance == 0:
        return Estimate(mean, mean, mean, runs)
    freedom = variance**2 / sum(
        part**2 / (len(each) - 1) for part, each in zip(variances, (values, baseline), strict=True)
    )
    half = student(math.floor(freedom)) * math.sqrt(variance)
    return Estimate(mean, mean - half, mean + half, runs)


def student(freedom: int) -> float:
    """What 97.5 % of Student's t distribution are below, by degrees of freedom."""
    if freedom <= len(SMALL_SAMPLES):
        return SMALL_SAMPLES[freedom - 1]
    z = statistics.NormalDist().inv_cdf(0.975)
    # The expansion of Cornish and Fisher; off by less than 0.001.
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )
