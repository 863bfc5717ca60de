"""The IMDB reviews that users bring, as Keras' archive and as Stanford's folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chain.values import shown
from simulation.data.dataset import DataSet, Indices
from simulation.data.keras_archive import read_archive
from simulation.data.preparation import About, Preparation, from_features
from simulation.data.reading import Wanted
from simulation.data.texts import FEATURES, from_texts

CLASSES = ("negative", "positive")
# Stanford's names of the folders of each class.
FOLDERS = ("neg", "pos")

IMDB = Wanted(
    "the archive imdb.npz or the folder aclImdb",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb.npz or "
    "https://ai.stanford.edu/~amaas/data/sentiment",
)


def imdb(path: Path, preparation: Preparation) -> DataSet:
    """Load reviews, 25,000 and as many to test with: the 1,000 most frequent words in each."""
    return _stanford(path, preparation) if path.is_dir() else _keras(path, preparation)


def _keras(path: Path, preparation: Preparation) -> DataSet:
    """Words are numbered by frequency, from 1: feature 0 is the most frequent one."""
    names = ["x_train", "y_train", "x_test", "y_test"]
    train, train_labels, test, test_labels = read_archive(path, names, IMDB)
    for reviews, labels in [(train, train_labels), (test, test_labels)]:
        if len(reviews) != len(labels):
            raise IMDB.refused(path, f"has {len(labels)} labels of {len(reviews)} reviews")
    for label in [*train_labels, *test_labels]:
        if type(label) is not int or label not in (0, 1):
            raise IMDB.refused(path, f"has a label {shown(label)}, not 0 or 1")
    parts = preparation.given(len(train), len(test))
    return from_features(
        About("imdb", CLASSES, f"imdb.npz, {IMDB.source.split()[0]}"),
        [_most_frequent(path, review) for review in [*train, *test]],
        _labels(path, train_labels, test_labels),
        FEATURES,
        parts,
        preparation,
    )


def _most_frequent(path: Path, review: Any) -> Indices:
    """The features present in a review, given as numbers of words."""
    try:
        words = np.array(review or [0])
    except ValueError:  # lists of different lengths
        words = np.array(None)
    if words.dtype.kind != "i" or words.ndim != 1:
        raise IMDB.refused(path, f"has a review {shown(review)}, not a list of word numbers")
    return np.unique(words[(words >= 1) & (words <= FEATURES)]) - 1


def _stanford(path: Path, preparation: Preparation) -> DataSet:
    """Each review is a file; words are counted as scikit-learn's ``CountVectorizer`` does."""
    found: list[tuple[Path, int]] = []
    counts = []
    for part in ("train", "test"):
        before = len(found)
        for label, folder in enumerate(FOLDERS):
            with IMDB.reading(path / part / folder):
                files = sorted((path / part / folder).iterdir())
            found.extend((file, label) for file in files if file.suffix == ".txt")
        counts.append(len(found) - before)
    every = [label for _, label in found]
    labels = _labels(path, every[: counts[0]], every[counts[0] :])
    about = About("imdb", CLASSES, f"aclImdb, {IMDB.source.split()[-1]}")

    def text(index: int) -> str:
        return IMDB.text(found[index][0])

    return from_texts(about, text, labels, preparation.given(*counts), preparation)


def _labels(path: Path, train: Sequence[int], test: Sequence[int]) -> Indices:
    """All labels, if both parts have some of each class."""
    return np.concatenate([IMDB.labels(path, labels, CLASSES) for labels in (train, test)])
