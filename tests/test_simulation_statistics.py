"""Means and intervals, against scipy and against what 95 % means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from simulation.intervals import difference, estimate, student
from simulation.scenarios import SCENARIOS
from simulation.summary import summary
from simulation.sweep import sweep


def test_students_t_is_scipys() -> None:
    for freedom in [*range(1, 60), 100, 1_000, 10**6]:
        assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=0.001)


def test_an_interval_is_the_textbooks() -> None:
    values = [3.0, 5.0, 4.0, 8.0, 1.0]
    found = estimate(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert found.mean == pytest.approx(4.2)
    assert found.low == pytest.approx(low, abs=1e-3)
    assert found.high == pytest.approx(high, abs=1e-3)
    assert found.half_width == pytest.approx((high - low) / 2, abs=1e-3)
    assert found.runs == 5


def test_a_single_run_says_nothing_of_the_mean() -> None:
    assert estimate([3.0]) == (3.0, -math.inf, math.inf, 1)


def test_nineteen_intervals_of_twenty_have_the_true_mean_in_them() -> None:
    random = np.random.default_rng(5)
    found = [estimate(random.normal(7, 2, size=6).tolist()) for _ in range(2_000)]
    share = np.mean([each.low <= 7 <= each.high for each in found])
    assert 0.94 < share < 0.96


def test_common_seeds_tell_settings_apart_better_than_independent_ones() -> None:
    """Refunds a day later: what that does, the same seeds see, and others drown in chance."""
    experiment = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 80})
    settings = [{}, {"mechanism.refund_wait_s": 2 * 86_400}]
    rows = summary(sweep(experiment, settings, range(8), workers=1))
    others = summary(sweep(experiment, settings[1:], range(100, 108), workers=1))
    for measure in ("accuracy_end", "profit of bad"):
        first, second = (row for row in rows if row.measure == measure)
        (independent,) = (row for row in others if row.measure == measure)
        assert second.against_first is not None
        paired = second.against_first.half_width
        # Of two independent samples, the variances of the means add up.
        apart = math.hypot(first.value.half_width, independent.value.half_width)
        assert paired < 0.7 * apart, measure


def test_differences_are_taken_seed_by_seed() -> None:
    assert difference([3.0, 5.0], [1.0, 3.0]) == (2.0, 2.0, 2.0, 2)
    with pytest.raises(ValueError, match="longer"):
        difference([1.0], [1.0, 2.0])
