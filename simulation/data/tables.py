"""Tables that users bring: the passengers of the Titanic, the houses of Boston."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chain.values import shown
from simulation.data.dataset import DataSet
from simulation.data.preparation import (
    About,
    Floats,
    Preparation,
    from_features,
    from_measurements,
)
from simulation.data.reading import Row, Wanted

TITANIC = Wanted("train.csv of Kaggle's Titanic", "https://www.kaggle.com/c/titanic/data")
TITANIC_COLUMNS = ("Survived", "Pclass", "Sex", "Age", "SibSp", "Parch", "Embarked")
TITANIC_FEATURES = (
    "first class",
    "second class",
    "third class",
    "woman",
    "man",
    "child",
    "adult",
    "alone",
    "small family",
    "large family",
    "from Cherbourg",
    "from Queenstown",
    "from Southampton",
)
# Passengers younger than this are children, families of more than this are large.
ADULT_YEARS = 16
SMALL_FAMILY = 4

BOSTON = Wanted(
    "the Boston house prices, as text with 14 numbers for each or as CSV with a header",
    "http://lib.stat.cmu.edu/datasets/boston",
)
BOSTON_COLUMNS = (
    *("CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE"),
    *("DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT", "MEDV"),
)
# The original has so many lines of explanation before the numbers.
BOSTON_HEADER_LINES = 22


def titanic(path: Path, preparation: Preparation) -> DataSet:
    """Load passengers: class, sex, age, family and port, none of which but age may be missing."""
    rows = TITANIC.rows(path, TITANIC_COLUMNS)
    present = [np.flatnonzero(_titanic_features(row)) for row in rows]
    about = About("titanic", ("died", "survived"), f"{TITANIC.what}, {TITANIC.source}")
    found = [row.one_of("Survived", {"0": 0, "1": 1}) for row in rows]
    labels = TITANIC.labels(path, found, about.classes)
    parts = preparation.split(len(labels))
    return from_features(about, present, labels, len(TITANIC_FEATURES), parts, preparation)


def _titanic_features(row: Row) -> list[bool]:
    """Whether each of ``TITANIC_FEATURES`` is present."""
    travels = row.one_of("Pclass", {"1": 1, "2": 2, "3": 3})
    woman = row.one_of("Sex", {"female": True, "male": False})
    age_years = row.real("Age") if row.text("Age") else None
    family = 1 + row.real("SibSp") + row.real("Parch")
    # Of two passengers the port is not known.
    port = row.one_of("Embarked", {"C": "C", "Q": "Q", "S": "S", "": ""})
    return [
        *(travels == which for which in (1, 2, 3)),
        woman,
        not woman,
        age_years is not None and age_years < ADULT_YEARS,
        age_years is not None and age_years >= ADULT_YEARS,
        family == 1,
        1 < family <= SMALL_FAMILY,
        family > SMALL_FAMILY,
        *(port == which for which in "CQS"),
    ]


def boston(path: Path, preparation: Preparation) -> DataSet:
    """Load houses: whether the price is above the median of those in the training samples.

    One of the 13 features, B, is computed from the share of black people in a town; for that,
    scikit-learn has removed the data set. It is here because the reference has it.
    """
    lines = BOSTON.text(path).splitlines()
    # The first line of the original has commas, too: it is a sentence.
    is_csv = bool(lines) and lines[0].count(",") >= len(BOSTON_COLUMNS) - 1
    table = _boston_csv(path) if is_csv else _boston_text(path, lines)
    if len(table) < 2:
        raise BOSTON.refused(path, f"has {len(table)} houses")
    prices = table[:, -1]
    parts = preparation.split(len(prices))
    labels = (prices > np.median(prices[parts[0]])).astype(np.int64)
    about = About("boston", ("below the median", "above the median"), BOSTON.source)
    return from_measurements(about, table[:, :-1], labels, parts, preparation)


def _boston_csv(path: Path) -> Floats:
    rows = BOSTON.rows(path, BOSTON_COLUMNS)
    table = [[row.real(column) for column in BOSTON_COLUMNS] for row in rows]
    return np.array(table, float).reshape(-1, len(BOSTON_COLUMNS))


def _boston_text(path: Path, lines: Sequence[str]) -> Floats:
    """Read the original, with two lines for each house, or UCI's, with one and no header."""
    has_header = not lines or len(lines[0].split()) != len(BOSTON_COLUMNS)
    start = BOSTON_HEADER_LINES if has_header else 0
    numbers = []
    for line_number, line in enumerate(lines[start:], start=start + 1):
        for word in line.split():
            try:
                numbers.append(float(word))
            except ValueError:
                problem = f"has {shown(word)} in line {line_number}, not a number"
                raise BOSTON.refused(path, problem) from None
    if len(numbers) % len(BOSTON_COLUMNS):
        problem = f"has {len(numbers)} numbers, not {len(BOSTON_COLUMNS)} for each house"
        raise BOSTON.refused(path, problem)
    table = np.array(numbers).reshape(-1, len(BOSTON_COLUMNS))
    if not np.isfinite(table).all():
        raise BOSTON.refused(path, "has numbers that are not finite")
    return table
