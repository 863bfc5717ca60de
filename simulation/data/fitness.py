"""Workouts that users bring: Endomondo's, from the FitRec project."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from chain.values import shown
from simulation.data.dataset import DataSet, Indices
from simulation.data.preparation import About, Floats, Preparation, from_features
from simulation.data.reading import Wanted

ENDOMONDO = Wanted(
    "endomondoHR_proper.json of FitRec",
    "https://sites.google.com/eng.ucsd.edu/fitrec-project/home",
)
SPORTS = {"bike": 0, "run": 1}
GENDERS = ("female", "male", "unknown")
# As in the paper: the first so many rides and runs of a file of some 250,000 workouts.
WORKOUTS = 5_000


def fitness(path: Path, preparation: Preparation) -> DataSet:
    """Load the first 5,000 workouts that are rides or runs, and have a speed: which of the two.

    The nine features of the paper: whether the mean and the median heart rate, both relative to the
    lowest, and the highest, lowest, mean and median speed are above the median of the workouts to
    learn from; and whether the gender is female, male, or unknown.
    """
    about = About("fitness", ("biking", "running"), f"{ENDOMONDO.what}, {ENDOMONDO.source}")
    sports: list[int] = []
    genders: list[int] = []
    measured: list[Floats] = []
    for line_number, workout in _workouts(path):
        problem = f"has no heart rates and speeds in line {line_number}"
        try:
            measured.append(_measured(workout))
        except (KeyError, TypeError, ValueError):
            raise ENDOMONDO.refused(path, problem) from None
        sports.append(SPORTS[workout["sport"]])
        gender = workout.get("gender")
        genders.append(GENDERS.index(gender if gender in GENDERS else "unknown"))
        if len(sports) == WORKOUTS:
            break
    labels = ENDOMONDO.labels(path, sports, about.classes)
    parts = preparation.split(len(labels))
    rows = np.array(measured)
    above = rows > np.median(rows[parts[0]], axis=0)
    width = rows.shape[1]
    present: list[Indices] = [
        np.append(np.flatnonzero(high), width + gender)
        for high, gender in zip(above, genders, strict=True)
    ]
    return from_features(about, present, labels, width + len(GENDERS), parts, preparation)


def _workouts(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The workouts of the two sports that have a speed, with the numbers of their lines."""
    for line_number, line in ENDOMONDO.lines(path):
        # Most workouts have none, and parsing takes time.
        if "speed" not in line:
            continue
        workout = _parsed(path, line_number, line)
        if workout.get("sport") in list(SPORTS) and "speed" in workout:
            yield line_number, workout


def _parsed(path: Path, line_number: int, line: str) -> Mapping[str, Any]:
    """Read a line of JSON, or of a Python dict, which those of the original are."""
    found = _from_json(line)
    if found is None and '"' not in line and "\\" not in line:
        # With plain strings and numbers in it the two differ in their quotes only, and to read it
        # as a dict takes ten times as long.
        found = _from_json(line.replace("'", '"'))
    if found is None:
        found = _from_literal(line)
    if not isinstance(found, dict):
        problem = f"has {shown(line.strip())} in line {line_number}, not a workout"
        raise ENDOMONDO.refused(path, problem)
    return found


def _from_json(text: str) -> Any:
    """What it says, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_literal(text: str) -> Any:
    """What it says, or None."""
    try:
        return ast.literal_eval(text.strip())
    # All that its documentation warns of.
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _measured(workout: Mapping[str, Any]) -> Floats:
    """The six numbers of a workout; raises an error if there are none."""
    rates, speeds = (np.array(workout[name], float) for name in ("heart_rate", "speed"))
    # A heart rate of 0 is a sensor's mistake.
    lowest = max(rates.min(), 1.0)
    with np.errstate(over="ignore"):
        relative = [rates.mean() / lowest, np.median(rates) / lowest]
        speed = [speeds.max(), speeds.min(), speeds.mean(), np.median(speeds)]
    measured = np.array([*relative, *speed])
    if not np.isfinite(measured).all():
        raise ValueError("not finite")
    return measured
