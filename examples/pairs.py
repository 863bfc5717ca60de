"""Classifier contracts beside the scikit-learn estimators they were made of, and their errors.

A contract's number is a real one and an error. Each class below derives how large that error can
be, and follows it from sample to sample. "Units" are the contract's, 1 / ``TO_FLOAT``. Samples are
rounded to units: each of their numbers is off by half a unit at most.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.linear_model import Perceptron
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestCentroid

from chain import Chain
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.deployment import deploy_model
from offchain.estimators import from_estimator

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

UNIT = 1 / TO_FLOAT
HALF_UNIT = UNIT / 2

# More than floats are off by in any score here: scores come of numbers below 100, in chains of a
# few hundred operations with a relative error of 2**-53 each.
FLOAT_ERROR = 1e-11


@dataclass(frozen=True)
class Sample:
    """What both learn from: the contract takes `encoded`, the estimator a matrix of one row."""

    encoded: NDArray[np.int64]
    row: Floats
    label: int


class Pair(ABC):
    """An estimator and the contract that was made of it. Each learns by its own rule.

    Parameters
    ----------
    rows, labels
        What the estimator is fitted on first; classes are 0, 1 and so on.
    options
        Of `from_estimator`.

    Attributes
    ----------
    partings
        From how many samples only one of the two learned.
    """

    sparse: ClassVar[bool] = False

    def __init__(self, rows: Floats, labels: Labels, **options: Any) -> None:
        chain = Chain()
        self.owner = chain.accounts[0]
        self.estimator = self.fitted(rows, labels)
        model = from_estimator(self.estimator, sparse=self.sparse, **options)
        self.contract = deploy_model(chain, model, sender=self.owner).contract
        self.partings = 0

    @abstractmethod
    def fitted(self, rows: Floats, labels: Labels) -> Any:
        """Return the estimator."""

    def predictions(self, sample: Sample) -> tuple[int, int]:
        """What the contract says, and what the estimator says."""
        # For a single row, scikit-learn's threads take twenty times as long as going without.
        with config_context(enable_cython_pairwise_dist=False):
            said = self.estimator.predict(sample.row)[0]
        return self.contract.predict(sample.encoded), int(said)

    def learn(self, sample: Sample) -> None:
        """Let both learn."""
        self.contract.update(sample.encoded, sample.label, sender=self.owner)
        self.estimator.partial_fit(sample.row, [sample.label])

    @abstractmethod
    def scores(self, row: Floats) -> tuple[Floats, Floats]:
        """Score the classes of a sample in floats: the highest wins.

        Returns
        -------
        scores
        errors
            How far off each the contract's score may be by now.
        """

    def close(self, sample: Sample, one: int, other: int) -> bool:
        """Whether rounding can turn the order of two classes' scores around."""
        scores, errors = self.scores(sample.row[0])
        gap = abs(scores[one] - scores[other])
        return bool(gap <= errors[one] + errors[other] + FLOAT_ERROR)


class PerceptronPair(Pair):
    """Perceptrons learn from what they get wrong, so two that disagree once may part for good.

    If rounding makes only one of the two learn, their weights differ by a whole step from then on.
    That is counted (`partings`), and the step is kept in `drift`, as one more error of the
    contract: what it leads to later is due to rounding, too. A difference in learning that rounding
    does not explain is counted but not kept, so whatever comes of it remains unexplained.

    At a score of exactly 0 both predict class 0, but if that is right, scikit-learn learns from it
    all the same, and a contract does not. What keeps scores away from 0 is said below.

    Attributes
    ----------
    updates
        How often the contract has learned.
    drift
        The contract's weights less the estimator's, but for rounding.
    """

    step: ClassVar[float] = 0.1  # a whole number of units
    intercept: ClassVar[float] = 0.0

    def __init__(self, rows: Floats, labels: Labels, **options: Any) -> None:
        super().__init__(rows, labels, **options)
        self.updates = 0
        self.drift = np.zeros(rows.shape[1])

    def fitted(self, rows: Floats, labels: Labels) -> Perceptron:
        # As contracts learn: in order, and with an intercept that stays.
        estimator = Perceptron(eta0=self.step, fit_intercept=False, shuffle=False)
        return estimator.fit(rows, labels, intercept_init=[self.intercept])

    def learn(self, sample: Sample) -> None:
        close = self.close(sample, 0, 1)
        # A sample without features teaches nothing.
        errs = self.contract.predict(sample.encoded) != sample.label
        contract_learns = errs and len(sample.encoded) > 0
        before = self.estimator.coef_.copy()
        super().learn(sample)
        estimator_learns = not np.array_equal(self.estimator.coef_, before)
        self.updates += contract_learns
        if contract_learns != estimator_learns:
            self.partings += 1
            if close:
                towards = 1 if contract_learns == (sample.label > 0) else -1
                self.drift += towards * self.step * sample.row[0]

    def scores(self, row: Floats) -> tuple[Floats, Floats]:
        score = self.estimator.decision_function([row])[0]
        error = abs(self.drift @ row) + self.rounding(row)
        return np.array([0.0, score]), np.array([0.0, error])

    @abstractmethod
    def rounding(self, row: Floats) -> float:
        """How far off the contract's score can be, apart from drift."""


class DensePerceptronPair(PerceptronPair):
    """Scores of dense samples are numbers like 0.0123456789: none of them is exactly 0.

    A sample's number is X = x + e with |e| <= 1/2 unit, a weight W = w + d with |d| <= D. At first,
    weights are rounded: D = 1/2 unit. An update adds step * X, truncated: D grows by step * 1/2
    unit for e, and by 1 unit. A score adds up W * X = w * x + w * e + d * X for all features, so
    it is off by |w| * 1/2 unit + D * |X| for each.
    """

    def rounding(self, row: Floats) -> float:
        weight_error = HALF_UNIT + self.updates * (self.step * HALF_UNIT + UNIT)
        weights = np.abs(self.estimator.coef_[0] + self.drift)
        return float((weights * HALF_UNIT + weight_error * (np.abs(row) + HALF_UNIT)).sum())


class SparsePerceptronPair(PerceptronPair):
    """Weights here are sums of steps, and scores often the intercept. So that is half a step.

    All scores are then half a step or more away from 0. A contract has all these numbers exactly;
    the bound does not rely on that, but on weights and intercept having been rounded at first.
    """

    sparse = True
    intercept = -PerceptronPair.step / 2

    def rounding(self, row: Floats) -> float:
        return float(HALF_UNIT * (1 + row.sum()))


class NaiveBayesPair(Pair):
    """Both count, and counts are exact. What is rounded are probabilities, when predicting.

    In units, a class starts with its number of samples times ``TO_FLOAT``, exactly. Each feature
    in turn multiplies that by the feature's share in the class and rounds it down: an error of e
    becomes e * share, and up to 1 unit more. Where nothing is left, all of it was error.
    """

    def fitted(self, rows: Floats, labels: Labels) -> MultinomialNB:
        return MultinomialNB().fit(rows, labels)

    def scores(self, row: Floats) -> tuple[Floats, Floats]:
        logarithms = self.estimator.predict_joint_log_proba([row])[0]
        shares = np.exp(self.estimator.feature_log_prob_[:, row > 0])
        errors = np.zeros(len(shares))
        for share in shares.T:
            errors = errors * share + UNIT
        # All relative to the highest, which a contract has times the number of all samples.
        highest = np.exp(logarithms.max())
        samples = self.estimator.class_count_.sum()
        return np.exp(logarithms) / highest, errors / (highest * samples)


class NearestCentroidPair(Pair):
    """The estimator cannot learn sample by sample; it is given the means of all there were.

    A sample's number is X = x + e with |e| <= 1/2 unit, a centroid's C = c + d with |d| <= D. At
    first, centroids are rounded: D = 1/2 unit. An update makes it (C * n + X) / (n + 1), truncated:
    D becomes (D * n + 1/2 unit) / (n + 1), and 1 unit more. X - C is off by h = D + 1/2 unit, so
    (X - C)**2 by 2 * |x - c| * h + h**2, and by 1 unit for truncating it. A score is minus the sum
    of these.
    """

    def __init__(self, rows: Floats, labels: Labels, **options: Any) -> None:
        self.counts = np.bincount(labels)
        super().__init__(rows, labels, **{"data_counts": self.counts.tolist(), **options})
        self.sums = self.estimator.centroids_ * self.counts[:, None]
        self.errors = np.full(len(self.counts), HALF_UNIT)

    def fitted(self, rows: Floats, labels: Labels) -> NearestCentroid:
        with warnings.catch_warnings():
            # That a number never varies within a class matters to shrunken centroids only.
            warnings.filterwarnings("ignore", message="self.within_class_std_dev_")
            return NearestCentroid().fit(rows, labels)

    def learn(self, sample: Sample) -> None:
        label = sample.label
        self.follow(label, sample.row[0])
        self.contract.update(sample.encoded, label, sender=self.owner)
        self.sums[label] += sample.row[0]
        self.counts[label] += 1
        self.estimator.centroids_[label] = self.sums[label] / self.counts[label]

    def follow(self, label: int, row: Floats) -> None:
        """Work out what the errors are after an update."""
        count = self.counts[label]
        self.errors[label] = (self.errors[label] * count + HALF_UNIT) / (count + 1) + UNIT

    def scores(self, row: Floats) -> tuple[Floats, Floats]:
        distances = np.abs(row - self.estimator.centroids_)
        largest = (self.errors + HALF_UNIT)[:, None]
        errors = 2 * distances * largest + largest**2 + UNIT
        return -(distances**2).sum(axis=1), errors.sum(axis=1)


class SparseNearestCentroidPair(NearestCentroidPair):
    """Samples are exact here, numbers of centroids shrink by themselves, and squares are kept.

    A centroid's number was written at n' samples of its class and counts n' / n as much at n: call
    that U = c + d with |d| <= D, a fraction of a unit still being in it. When read it is rounded
    down to V: 1 unit more. At first D = 1/2 unit. An update makes it (V * n + 1) / (n + 1), rounded
    down: D becomes (D + 1 unit) * n / (n + 1), and 1 unit more. If its feature is not present,
    it becomes D * n / (n + 1): D of the former covers all.

    The squared magnitude is the sum of all U**2 but for an error of at most M, at first 0. An
    update takes V**2 off it for each feature present, which leaves up to 2 * U * 1 unit of U**2
    behind; all is scaled by n**2 / (n + 1)**2, rounded down by 1 unit**2 at most; and the new
    squares are added exactly. From the sum of all c**2, that of U**2 differs by 2 * c * D + D**2
    for each feature. The distance is that magnitude, and 1 - 2 * V for each feature present.
    """

    sparse = True

    def __init__(self, rows: Floats, labels: Labels, **options: Any) -> None:
        super().__init__(rows, labels, **options)
        self.magnitude_errors = np.zeros(len(self.counts))

    def follow(self, label: int, row: Floats) -> None:
        count, error = self.counts[label], self.errors[label]
        shrinking = count / (count + 1)
        left_behind = 2 * UNIT * (self.estimator.centroids_[label] + error) @ row
        magnitude_error = (self.magnitude_errors[label] + left_behind) * shrinking**2
        self.magnitude_errors[label] = magnitude_error + UNIT**2
        self.errors[label] = (error + UNIT) * shrinking + UNIT

    def scores(self, row: Floats) -> tuple[Floats, Floats]:
        centroids = self.estimator.centroids_
        error = self.errors[:, None]
        squares = (2 * centroids * error + error**2).sum(axis=1)
        read = 2 * (self.errors + UNIT) * row.sum()
        scores = -((row - centroids) ** 2).sum(axis=1)
        return scores, self.magnitude_errors + squares + read
