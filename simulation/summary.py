"""What many runs say: for each setting and measure a mean with its interval, and how it differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from simulation.intervals import Estimate, difference, estimate
from simulation.outcome import Outcome
from simulation.sweep import Result


class Row(NamedTuple):
    """A measure in a setting.

    Attributes
    ----------
    measure
        ``accuracy_end`` and other fields of outcomes, or ``profit of`` a group.
    value
        The mean over all seeds.
    against_first
        By how much it exceeds the first setting's, seed by seed; None for the first itself, and
        where the first has no such group.
    """

    setting: int
    measure: str
    value: Estimate
    against_first: Estimate | None

    def plain(self, name: str) -> dict[str, str | int | float | None]:
        """As an object for JSON, or a line for CSV; `name` is the setting's.

        JSON has no infinity: limits of a single run are None.
        """
        other = self.against_first
        return {
            "setting": name,
            "measure": self.measure,
            "runs": self.value.runs,
            "mean": self.value.mean,
            "low": finite(self.value.low),
            "high": finite(self.value.high),
            "difference": None if other is None else other.mean,
            "difference_low": None if other is None else finite(other.low),
            "difference_high": None if other is None else finite(other.high),
        }


def finite(limit: float) -> float | None:
    """A limit of an interval, if it has one."""
    return limit if math.isfinite(limit) else None


def summary(results: Sequence[Result]) -> list[Row]:
    """Summarize a sweep, by setting and measure.

    Parameters
    ----------
    results
        As `sweep` returns them.
    """
    measured = measured_by_setting(results)
    first = next(iter(measured.values()))
    return [
        Row(
            setting,
            name,
            estimate(values),
            difference(values, first[name])
            if values is not first.get(name) and name in first
            else None,
        )
        for setting, found in measured.items()
        for name, values in found.items()
    ]


def measured_by_setting(results: Sequence[Result]) -> dict[int, dict[str, list[float]]]:
    """What is worth knowing of each run of a sweep, by setting and name, in the order of seeds."""
    outcomes: dict[int, list[Outcome]] = {}
    for result in results:
        outcomes.setdefault(result.setting, []).append(result.outcome)
    return {setting: measures(found) for setting, found in outcomes.items()}


def measures(outcomes: Sequence[Outcome]) -> dict[str, list[float]]:
    """What is worth knowing of each run, by name."""
    found = {
        name: [float(getattr(outcome, name)) for outcome in outcomes]
        for name in ("accuracy_start", "accuracy_lowest", "accuracy_end", "contributions", "days")
    }
    found["gas"] = [float(sum(outcome.gas.values())) for outcome in outcomes]
    if any(outcome.skipped for outcome in outcomes):
        found["skipped"] = [float(outcome.skipped) for outcome in outcomes]
    for group in outcomes[0].groups:
        found[f"profit of {group}"] = [outcome.profit(group) for outcome in outcomes]
    return found
