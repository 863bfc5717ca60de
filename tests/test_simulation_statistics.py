"""Means and intervals, against scipy and against what 95 % means."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from chain.units import ether
from simulation.intervals import difference, estimate, independent_difference, student
from simulation.scenarios import SCENARIOS
from simulation.summary import measured_by_setting
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


def test_differences_of_independent_runs_are_welchs() -> None:
    values, baseline = [3.0, 5.0, 4.0, 8.0, 1.0, 4.5, 4.4], [30.0, 10.0, 26.0, 17.0]
    found = independent_difference(values, baseline)
    expected = stats.ttest_ind(values, baseline, equal_var=False)
    spread = math.sqrt(stats.sem(values) ** 2 + stats.sem(baseline) ** 2)
    freedom = expected.df
    assert 3 < freedom < 4  # far from the 9 of equal variances
    half = stats.t.ppf(0.975, math.floor(freedom)) * spread
    assert found.mean == pytest.approx(np.mean(values) - np.mean(baseline))
    assert found.half_width == pytest.approx(half, abs=1e-3)
    assert found.high - found.mean == pytest.approx(found.mean - found.low)
    # Scipy does not round the degrees of freedom down.
    low, high = expected.confidence_interval(0.95)
    assert found.low < low < high < found.high
    assert found.runs == 4
    reverse = independent_difference(baseline, values)
    assert reverse.mean == -found.mean
    assert reverse.half_width == pytest.approx(found.half_width)


def test_differences_of_independent_runs_at_the_edges() -> None:
    assert independent_difference([3.0], [1.0, 2.0]) == (1.5, -math.inf, math.inf, 1)
    assert independent_difference([3.0, 3.0], [1.0, 1.0]) == (2.0, 2.0, 2.0, 2)
    one_sided = independent_difference([3.0, 3.0], [1.0, 2.0])  # one degree of freedom
    assert one_sided.half_width == pytest.approx(stats.t.ppf(0.975, 1) * 0.5, abs=1e-3)


@pytest.mark.parametrize(("sizes", "deviations"), [((6, 6), (2, 2)), ((5, 12), (9, 1))])
def test_nineteen_of_twenty_independent_differences_have_the_true_one(
    sizes: tuple[int, int], deviations: tuple[int, int]
) -> None:
    random = np.random.default_rng(7)
    found = [
        independent_difference(
            random.normal(7, deviations[0], size=sizes[0]).tolist(),
            random.normal(4, deviations[1], size=sizes[1]).tolist(),
        )
        for _ in range(4_000)
    ]
    share = np.mean([each.low <= 3 <= each.high for each in found])
    assert 0.94 < share < 0.965


def test_what_runs_have_in_common_tells_settings_apart() -> None:
    """Deposits 5 % higher, near what agents accept at most.

    Runs with other seeds drown that in chance. With the same seeds agents have the same luck, but
    some no longer pay, and others take the next samples. With the same contributions, too, nothing
    but the deposits differs.
    """
    experiment = SCENARIOS["tic-tac-toe"].changed(
        {"stop.contributions": 80, "mechanism.cost_weight_wei": ether}
    )
    settings = [{}, {"mechanism.cost_weight_wei": ether * 105 // 100}]
    seeds, others = range(8), range(100, 108)
    first, second = measured_by_setting(sweep(experiment, settings, seeds, workers=1)).values()
    (apart,) = measured_by_setting(sweep(experiment, settings[1:], others, workers=1)).values()
    same = measured_by_setting(
        sweep(experiment, settings, seeds, same_contributions=True, workers=1)
    )
    assert same[0] == first
    for measure in ("accuracy_end", "profit of good", "profit of bad", "gas"):
        widths = [
            independent_difference(apart[measure], first[measure]).half_width,
            difference(second[measure], first[measure]).half_width,
            difference(same[1][measure], first[measure]).half_width,
        ]
        assert all(narrow < 0.7 * wide for wide, narrow in pairwise(widths)), (measure, widths)
        # The same seeds, but the pairs torn apart: as wide as if the seeds were others.
        torn = independent_difference(second[measure], first[measure]).half_width
        assert torn == pytest.approx(widths[0], rel=0.5), measure
        assert torn > widths[1], measure


def test_differences_are_taken_seed_by_seed() -> None:
    assert difference([3.0, 5.0], [1.0, 3.0]) == (2.0, 2.0, 2.0, 2)
    with pytest.raises(ValueError, match="longer"):
        difference([1.0], [1.0, 2.0])
