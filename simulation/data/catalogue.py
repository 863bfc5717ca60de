"""All data sets by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulation.data.bundled import breast_cancer, digits, iris, odd_digits, wine
from simulation.data.dataset import DataSet, NoFile, UnknownDataSet, UnusableOption
from simulation.data.fitness import ENDOMONDO, fitness
from simulation.data.generated import imdb_sized, simple, tic_tac_toe
from simulation.data.preparation import Preparation
from simulation.data.reading import Wanted
from simulation.data.reviews import IMDB, imdb
from simulation.data.tables import BOSTON, TITANIC, boston, titanic
from simulation.data.texts import FAKE_NEWS, OFFENSIVE, fake_news, fake_news_counts, offensive

# Where the papers do not say.
INITIAL = 0.08


@dataclass(frozen=True)
class BuiltIn:
    """A data set that needs no file.

    Attributes
    ----------
    initial
        How many samples to deploy the model with, as in the papers: for :meth:`DataSet.split`.
    """

    description: str
    make: Callable[[Preparation], DataSet]
    initial: int | float = INITIAL


@dataclass(frozen=True)
class FromFile:
    """A data set made of a file, or a folder, that the user has.

    Attributes
    ----------
    initial
        How many samples to deploy the model with, as in the papers: for :meth:`DataSet.split`.
    """

    description: str
    make: Callable[[Path, Preparation], DataSet]
    wanted: Wanted
    initial: int | float = INITIAL


CATALOGUE: dict[str, BuiltIn | FromFile] = {
    "breast-cancer": BuiltIn("30 measurements of 569 tumours: malignant or benign", breast_cancer),
    "digits": BuiltIn("1,797 digits written by hand, 64 pixels: which one", digits),
    "digits-parity": BuiltIn("the same digits: even or odd", odd_digits),
    "iris": BuiltIn("4 measurements of 150 flowers: one of three species", iris),
    "wine": BuiltIn("13 analyses of 178 wines: one of three growers", wine),
    "tic-tac-toe": BuiltIn("958 ends of a game, 27 features: whether X wins", tic_tac_toe),
    "simple": BuiltIn("28 messages of six words, made by hand: which are offers", simple),
    "imdb-sized": BuiltIn(
        "50,000 generated samples, 20 of 1,000 features present: two classes", imdb_sized, 2_000
    ),
    "imdb": FromFile("50,000 film reviews, 1,000 words: negative or positive", imdb, IMDB, 2_000),
    "fake-news": FromFile(
        "20,000 articles, 1,000 pairs of words: reliable or not", fake_news, FAKE_NEWS
    ),
    "fake-news-counts": FromFile(
        "the same articles, pairs listed as often as they occur", fake_news_counts, FAKE_NEWS
    ),
    "fitness": FromFile("5,000 workouts, 9 features: biking or running", fitness, ENDOMONDO, 100),
    "titanic": FromFile("891 passengers, 13 features: died or survived", titanic, TITANIC),
    "boston": FromFile("13 facts on 506 houses: below or above the median price", boston, BOSTON),
    "offensive": FromFile("24,783 tweets, 1,000 words: safe or offensive", offensive, OFFENSIVE),
}


def load(
    name: str,
    *,
    seed: int,
    path: str | Path | None = None,
    limit: int | None = None,
    dense: bool | None = None,
    features: int | None = None,
) -> DataSet:
    """Load a data set.

    Parameters
    ----------
    name
        One of ``CATALOGUE``.
    path
        Where the file or folder is that it is made of, if it is made of one.
    seed, limit, dense, features
        How it is wanted: see :class:`Preparation`.

    Raises
    ------
    DataError
        If it cannot be had: one line that says why, and what would do.
    """
    preparation = Preparation(seed, limit, dense, features)
    source = CATALOGUE.get(name)
    if source is None:
        known = ", ".join(CATALOGUE)
        raise UnknownDataSet(f"there is no data set {name!r}: give one of {known}")
    if isinstance(source, BuiltIn):
        if path is not None:
            raise UnusableOption(f"{name} needs no file: leave the path out")
        return source.make(preparation)
    if path is None:
        raise NoFile(f"{name} needs a path: {source.wanted}")
    return source.make(Path(path), preparation)
