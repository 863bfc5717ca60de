"""From what a source holds to a :class:`DataSet`: shuffled, split, encoded.

What an encoding learns (means, limits between low and high) is learned from training samples, as in
the papers, and never from those to test with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from offchain.encoders import DenseEncoder, SparseEncoder
from simulation.data.dataset import DataSet, Indices, Part, Samples, UnusableOption

Floats = NDArray[np.float64]
# Which samples to learn from, and which to test with.
Parts = tuple[Indices, Indices]

# As in the papers: what accuracy is measured on, where the source does not say.
TEST_SHARE = 0.3
# Low, middle and high: what measurements become where features are present or not.
LEVELS = 3


@dataclass(frozen=True)
class Preparation:
    """How a data set is wanted.

    Attributes
    ----------
    seed
        Of the order of samples, of which are held out, and of what is generated.
    limit
        Of training samples, and as many to test with; None for all there are.
    dense
        Whether samples shall be vectors or lists of present features; None for what suits them.
    features
        How many to keep, those whose means differ most between the classes of the training
        samples; of measurements, before they become thirds. Naive Bayes can use but few. None for
        all.
    """

    seed: int
    limit: int | None = None
    dense: bool | None = None
    features: int | None = None

    def __post_init__(self) -> None:
        for name, lowest in [("seed", 0), ("limit", 1), ("features", 1)]:
            value = getattr(self, name)
            if value is None and name != "seed":
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
                raise UnusableOption(
                    f"{name}={value!r} will not do: give a whole number, {lowest} or more"
                )

    def split(self, count: int) -> Parts:
        """Divide `count` samples at random."""
        order = np.random.default_rng(self.seed).permutation(count)
        held_out = round(TEST_SHARE * count)
        return order[held_out:][: self.limit], order[:held_out][: self.limit]

    def given(self, train_count: int, test_count: int) -> Parts:
        """Order samples at random of which the source says that the last ones are to test with."""
        random = np.random.default_rng(self.seed)
        train, test = random.permutation(train_count), random.permutation(test_count)
        return train[: self.limit], train_count + test[: self.limit]


@dataclass(frozen=True)
class About:
    """What is known of a data set before it is read."""

    name: str
    classes: tuple[str, ...]
    origin: str


class Standardize:
    """A step of an encoder: each feature less its mean, over its standard deviation."""

    def __init__(self, rows: Floats) -> None:
        self.means: Floats = rows.mean(axis=0)
        deviations = rows.std(axis=0)
        self.deviations: Floats = np.where(deviations > 0, deviations, 1.0)

    def transform(self, samples: Floats) -> Floats:
        """Scale the rows."""
        return (samples - self.means) / self.deviations


class Levels:
    """A step of an encoder: a feature for each third that a measurement can be in."""

    def __init__(self, rows: Floats) -> None:
        self.cuts: Floats = np.quantile(rows, np.arange(1, LEVELS) / LEVELS, axis=0)

    def transform(self, samples: Floats) -> Floats:
        """Set one of three features where there was a measurement."""
        levels = (samples > self.cuts[:, None, :]).sum(axis=0)
        bits: Floats = (levels[:, :, None] == np.arange(LEVELS)).astype(np.float64)
        return bits.reshape(len(samples), -1)


class Above:
    """A step of an encoder: whether a measurement is above a threshold."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold

    def transform(self, samples: Floats) -> Floats:
        """Set the feature where it is."""
        return (samples > self.threshold).astype(np.float64)


def from_measurements(
    about: About,
    rows: Floats,
    labels: Indices,
    parts: Parts,
    preparation: Preparation,
    threshold: float | None = None,
) -> DataSet:
    """Make a data set of real numbers: dense unless it is wanted otherwise.

    Dense samples end with a constant, since no intercept of a contract ever learns.

    Parameters
    ----------
    rows, labels
        A row and a class for each sample there is.
    parts
        Which of them to learn from, and which to test with.
    threshold
        What a feature must exceed to be present; None for a feature per third of its measurements.
    """
    train, _ = parts
    scaled = Standardize(rows[train]).transform(rows)
    means = [
        scaled[train][labels[train] == label].mean(axis=0) for label in _present(labels, train)
    ]
    kept = _telling(about, np.array(means), preparation.features)
    if preparation.dense is False:
        rows = rows[:, kept]
        step = Levels(rows[train]) if threshold is None else Above(threshold)
        bits = step.transform(rows)
        present = SparseEncoder().encode(bits)
        chosen = replace(preparation, features=None)
        return from_features(about, present, labels, bits.shape[1], parts, chosen)
    encoder = DenseEncoder(constant=1.0)

    def encode(part: Indices) -> NDArray[np.int64]:
        return encoder.encode(scaled[np.ix_(part, kept)])

    return _data_set(about, True, len(kept) + 1, encode, labels, parts)


def from_features(
    about: About,
    present: Sequence[Indices],
    labels: Indices,
    feature_count: int,
    parts: Parts,
    preparation: Preparation,
) -> DataSet:
    """Make a data set of present features: sparse unless it is wanted otherwise.

    Dense samples end with a constant, as those of measurements do.

    Parameters
    ----------
    present, labels
        The features, ascending, and the class of each sample there is. A feature that counts
        several times is listed as often.
    feature_count
        What feature indices stay below.
    parts
        Which samples to learn from, and which to test with.
    """
    train, _ = parts
    means = [
        _counts([present[index] for index in train if labels[index] == label], feature_count)
        / np.count_nonzero(labels[train] == label)
        for label in _present(labels, train)
    ]
    kept = _telling(about, np.array(means), preparation.features)
    if len(kept) < feature_count:
        position = np.full(feature_count, -1)
        position[kept] = np.arange(len(kept))
        renamed = [position[features] for features in present]
        present = [features[features >= 0] for features in renamed]
    encoder = DenseEncoder(constant=1.0)

    def encode_dense(part: Indices) -> NDArray[np.int64]:
        return encoder.encode(np.array([_counts([present[index]], len(kept)) for index in part]))

    def encode_sparse(part: Indices) -> list[Indices]:
        return [present[index] for index in part]

    if preparation.dense:
        return _data_set(about, True, len(kept) + 1, encode_dense, labels, parts)
    return _data_set(about, False, len(kept), encode_sparse, labels, parts)


def _data_set(
    about: About,
    dense: bool,
    feature_count: int,
    encode: Callable[[Indices], Samples],
    labels: Indices,
    parts: Parts,
) -> DataSet:
    train, test = (Part(encode(part), labels[part]) for part in parts)
    return DataSet(about.name, about.classes, dense, feature_count, train, test, about.origin)


def _present(labels: Indices, part: Indices) -> list[int]:
    """The classes that there are in a part."""
    return sorted(set(labels[part].tolist()))


def _counts(present: Sequence[Indices], feature_count: int) -> Floats:
    """How often each feature is present."""
    # An empty list of lists has nothing to concatenate.
    together = np.concatenate([np.zeros(0, np.int64), *present])
    return np.bincount(together, minlength=feature_count).astype(np.float64)


def _telling(about: About, means: Floats, wanted: int | None) -> Indices:
    """Which features to keep, in order: those whose means differ most between the classes."""
    feature_count = means.shape[1]
    if wanted is None:
        return np.arange(feature_count)
    if wanted > feature_count:
        raise UnusableOption(
            f"features={wanted} will not do: {about.name} has {feature_count}, give that or less"
        )
    # Stable, so that of equal ones the first are kept on every machine.
    return np.sort(np.argsort(-means.var(axis=0), kind="stable")[:wanted])
