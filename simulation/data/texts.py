"""Texts as the words in them; two data sets that users bring."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from offchain.encoders import SelectFeatures, SparseEncoder
from simulation.data.dataset import DataSet, Indices, UnusableFile
from simulation.data.optional import count_vectorizer
from simulation.data.preparation import About, Parts, Preparation, from_features
from simulation.data.reading import Wanted

# As in the papers.
FEATURES = 1_000

FAKE_NEWS = Wanted("train.csv of Kaggle's Fake News", "https://www.kaggle.com/c/fake-news/data")
OFFENSIVE = Wanted(
    "labeled_data.csv of Davidson et al.",
    "https://github.com/t-davidson/hate-speech-and-offensive-language",
)


def fake_news(path: Path, preparation: Preparation) -> DataSet:
    """Load articles: which of the most frequent pairs of words occur in each.

    Articles without text are left out.
    """
    return _fake_news(path, preparation, counts=False)


def fake_news_counts(path: Path, preparation: Preparation) -> DataSet:
    """Load articles with pairs of words listed as often as they occur, as in the papers.

    The sparse nearest centroid takes each feature once only.
    """
    return _fake_news(path, preparation, counts=True)


def _fake_news(path: Path, preparation: Preparation, *, counts: bool) -> DataSet:
    rows = [row for row in FAKE_NEWS.rows(path, ("text", "label")) if row.text("text").strip()]
    about = About("fake-news", ("reliable", "unreliable"), f"{FAKE_NEWS.what}, {FAKE_NEWS.source}")
    found = [row.one_of("label", {"0": 0, "1": 1}) for row in rows]
    labels = FAKE_NEWS.labels(path, found, about.classes)
    parts = preparation.split(len(rows))

    def text(index: int) -> str:
        return rows[index].text("text")

    return from_texts(about, text, labels, parts, preparation, words=2, counts=counts)


def offensive(path: Path, preparation: Preparation) -> DataSet:
    """Load tweets: the most frequent words that occur in each.

    Both hate speech and offensive language count as offensive, as in the reference.
    """
    rows = OFFENSIVE.rows(path, ("class", "tweet"))
    about = About("offensive", ("safe", "offensive"), f"{OFFENSIVE.what}, {OFFENSIVE.source}")
    found = [row.one_of("class", {"0": 1, "1": 1, "2": 0}) for row in rows]
    labels = OFFENSIVE.labels(path, found, about.classes)

    def text(index: int) -> str:
        return rows[index].text("tweet")

    return from_texts(about, text, labels, preparation.split(len(rows)), preparation)


def from_texts(
    about: About,
    text: Callable[[int], str],
    labels: Indices,
    parts: Parts,
    preparation: Preparation,
    *,
    words: int = 1,
    counts: bool = False,
) -> DataSet:
    """Make a data set of texts: features are what is most frequent in those to learn from.

    Parameters
    ----------
    text, labels
        What returns a sample's text, and the classes of all samples there are.
    parts
        Which of them to learn from, and which to test with.
    words
        How many of them, one after another, make up a feature.
    counts
        Whether a feature that occurs several times is listed as often.
    """
    train, test = parts
    vectorizer = count_vectorizer(ngram_range=(words, words))
    # Read before, since what is wrong with a file is a ValueError, too.
    first = [text(index) for index in train]
    try:
        learned = vectorizer.fit_transform(first)
    except ValueError:
        raise UnusableFile(f"there are no words in {about.name}: give {about.origin}") from None
    # The vectorizer's features are in alphabetical order; stable, so that ties stay in it. It has
    # a limit of its own, but breaks ties as a machine's sorting happens to.
    totals = np.asarray(learned.sum(axis=0)).ravel()
    frequent = np.argsort(-totals, kind="stable")[:FEATURES]
    encoder = SparseEncoder(SelectFeatures(frequent.tolist()), counts=counts)
    other = vectorizer.transform(map(text, test))
    present = encoder.encode(learned) + encoder.encode(other)
    positions = (np.arange(len(train)), len(train) + np.arange(len(test)))
    encoded_labels = labels[np.concatenate(parts)]
    return from_features(about, present, encoded_labels, len(frequent), positions, preparation)
