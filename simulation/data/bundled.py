"""The real data sets inside scikit-learn."""

from __future__ import annotations

import numpy as np

from simulation.data.dataset import DataSet
from simulation.data.optional import bundled
from simulation.data.preparation import About, Preparation, from_measurements

# Pixels are 0 to 16; those above this are set.
PIXEL_THRESHOLD = 8


def breast_cancer(preparation: Preparation) -> DataSet:
    """Measurements of 569 tumours."""
    return _load("breast-cancer", "breast_cancer", ("malignant", "benign"), preparation)


def iris(preparation: Preparation) -> DataSet:
    """Measurements of 150 flowers."""
    return _load("iris", "iris", ("setosa", "versicolor", "virginica"), preparation)


def wine(preparation: Preparation) -> DataSet:
    """Chemical analyses of 178 wines."""
    return _load("wine", "wine", ("first grower", "second grower", "third grower"), preparation)


def _load(name: str, bundle: str, classes: tuple[str, ...], preparation: Preparation) -> DataSet:
    rows, labels = bundled(bundle)
    about = About(name, classes, f"scikit-learn, load_{bundle}")
    parts = preparation.split(len(labels))
    return from_measurements(about, rows, labels.astype(np.int64), parts, preparation)


def digits(preparation: Preparation) -> DataSet:
    """1,797 digits written by hand: 64 pixels, or those that are set."""
    return _digits("digits", tuple(map(str, range(10))), preparation)


def odd_digits(preparation: Preparation) -> DataSet:
    """The same digits, of two classes."""
    return _digits("digits-parity", ("even", "odd"), preparation)


def _digits(name: str, classes: tuple[str, ...], preparation: Preparation) -> DataSet:
    rows, labels = bundled("digits")
    about = About(name, classes, "scikit-learn, load_digits")
    labels = labels.astype(np.int64) % len(classes)
    parts = preparation.split(len(labels))
    return from_measurements(about, rows, labels, parts, preparation, PIXEL_THRESHOLD)
