"""Between fitted scikit-learn estimators and models (extra ``sklearn``).

A model predicts what its estimator does, on samples in the units of the chain, up to the rounding
of weights and samples to 1 / ``TO_FLOAT``. Naive Bayes does so for samples of few features only: as
in the reference, the contract rounds probabilities down at each feature, and with too many of them
(some six present of 40, or three of 2,500) every class becomes impossible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Perceptron, SGDClassifier
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import NearestCentroid

from chain.types import UINT256
from chain.values import shown
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.fixed_point import (
    DoesNotFit,
    as_floats,
    counts,
    fixed_point,
    fixed_point_factor,
    fixed_point_number,
)
from offchain.model import INT64, INT80, UINT32, UINT64, Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)

# Of an estimator made of a sparse model, which may have any index: some 100 megabytes per class.
MOST_FEATURES = 2**24
# Up to here, all whole numbers are floats.
MOST_EXACT = 2**53


def from_estimator(
    estimator: Any,
    *,
    sparse: bool = False,
    classifications: Iterable[str] | None = None,
    feature_indices: Iterable[int] = (),
    learning_rate: float | None = None,
    data_counts: Iterable[int] | None = None,
) -> Model:
    """Make a model of a fitted estimator.

    Parameters
    ----------
    estimator
        A ``Perceptron``, an ``SGDClassifier`` with perceptron loss (both of two classes), a
        ``MultinomialNB``, or a ``NearestCentroid`` of Euclidean distances.
    sparse
        Whether samples will be the indices of present features (each worth 1) instead of vectors
        of unit length; naive Bayes is always so.
    classifications
        Names of the classes, in the estimator's order; by default what it calls them.
    feature_indices
        Which features of the encoder's output it was fitted on; none means all.
    learning_rate
        Of a perceptron on the chain; by default the estimator's, if that is constant.
    data_counts
        How many samples of each class a ``NearestCentroid`` was fitted on, which it does not keep.

    Raises
    ------
    DoesNotFit
        For another kind of estimator, one that is not fitted, and values no contract can hold.
    """
    names = _names(estimator, classifications)
    shared: dict[str, Any] = {
        "classifications": names,
        "feature_indices": counts(feature_indices, UINT32, "feature_indices"),
    }
    selected, width = len(shared["feature_indices"]), getattr(estimator, "n_features_in_", 0)
    if selected not in (0, width):
        raise DoesNotFit(f"there are {selected} feature_indices for {width} features")
    match estimator:
        case Perceptron() | SGDClassifier():
            return _from_perceptron(estimator, sparse, learning_rate, shared)
        case MultinomialNB():
            return _from_naive_bayes(estimator, shared)
        case NearestCentroid():
            return _from_nearest_centroid(estimator, sparse, data_counts, shared)
    raise DoesNotFit(
        f"no contract predicts like a {type(estimator).__name__}: fit a Perceptron, an "
        "SGDClassifier(loss='perceptron'), a MultinomialNB or a NearestCentroid"
    )


def _names(estimator: Any, classifications: Iterable[str] | None) -> tuple[str, ...]:
    classes = getattr(estimator, "classes_", None)
    if isinstance(classifications, str):
        raise DoesNotFit(f"classifications is {classifications!r}: give a list of names")
    if classes is None:
        raise DoesNotFit(f"this {type(estimator).__name__} has no classes: fit it first")
    names = tuple(map(str, classes if classifications is None else classifications))
    if len(names) != len(classes):
        raise DoesNotFit(
            f"there are {len(names)} classifications for the {len(classes)} classes "
            f"{shown(list(classes))}: name each of them"
        )
    return names


def _from_perceptron(
    estimator: Any, sparse: bool, learning_rate: float | None, shared: dict[str, Any]
) -> Model:
    if isinstance(estimator, SGDClassifier) and estimator.loss != "perceptron":
        raise DoesNotFit(f"the loss of the SGDClassifier is {estimator.loss!r}, not 'perceptron'")
    coefficients = as_floats(estimator.coef_, "coef_")
    if len(coefficients) != 1:
        raise DoesNotFit(
            f"the estimator has {len(estimator.classes_)} classes, a perceptron's contract has "
            "two: fit it on two, or use naive Bayes or nearest centroids"
        )
    rate = learning_rate
    if rate is None:
        if isinstance(estimator, SGDClassifier) and estimator.learning_rate != "constant":
            raise DoesNotFit(
                f"the estimator's learning rate is {estimator.learning_rate!r}, a contract's never "
                "changes: give learning_rate"
            )
        rate = estimator.eta0
    shared["learning_rate"] = fixed_point_factor(rate, UINT32, "learning_rate")
    weights = fixed_point(coefficients[0], INT80, "coef_[0]")
    intercept = fixed_point_number(np.ravel(estimator.intercept_)[0], INT80, "intercept_")
    if sparse:
        return SparsePerceptronModel(
            weights=dict(enumerate(weights)), intercept=intercept, **shared
        )
    intercept *= TO_FLOAT  # the contract adds it to products of weights and samples
    if not INT80.low <= intercept <= INT80.high:
        raise DoesNotFit(
            f"intercept_ is {shown(estimator.intercept_)}, a dense perceptron's contract takes up "
            f"to {INT80.high / TO_FLOAT**2}"
        )
    return DensePerceptronModel(weights=weights, intercept=intercept, **shared)


def _from_naive_bayes(estimator: Any, shared: dict[str, Any]) -> Model:
    if not estimator.fit_prior or estimator.class_prior is not None:
        raise DoesNotFit(
            "the contract's prior is how often each class was seen: leave fit_prior and "
            "class_prior as they are by default"
        )
    if np.ndim(estimator.alpha):
        raise DoesNotFit("alpha differs from feature to feature: the contract has one for all")
    smallest = 0.0 if estimator.force_alpha else 1e-10  # what scikit-learn makes of less
    return NaiveBayesModel(
        class_counts=counts(estimator.class_count_, UINT64, "class_count_"),
        feature_counts=tuple(
            dict(enumerate(counts(row, UINT32, f"feature_count_[{index}]")))
            for index, row in enumerate(estimator.feature_count_)
        ),
        total_num_features=estimator.feature_count_.shape[1],
        smoothing_factor=fixed_point_factor(max(estimator.alpha, smallest), UINT32, "alpha"),
        **shared,
    )


def _from_nearest_centroid(
    estimator: Any, sparse: bool, data_counts: Iterable[int] | None, shared: dict[str, Any]
) -> Model:
    if estimator.metric != "euclidean":
        raise DoesNotFit(f"the metric is {estimator.metric!r}: contracts measure 'euclidean' ones")
    priors = getattr(estimator, "class_prior_", None)
    if priors is not None and not np.allclose(priors, priors[0]):
        raise DoesNotFit(f"the priors differ ({shown(list(priors))}): contracts know none")
    centroids = as_floats(estimator.centroids_, "centroids_")
    sizes = [] if data_counts is None else list(data_counts)
    if len(sizes) != len(centroids):
        raise DoesNotFit(
            f"data_counts is {shown(sizes)}: say how many samples each of the "
            f"{len(centroids)} centroids is the mean of; a NearestCentroid does not keep that"
        )
    rows = enumerate(centroids)
    if sparse:
        return SparseNearestCentroidModel(
            centroids=tuple(
                dict(enumerate(fixed_point(row, UINT64, f"centroids_[{index}]")))
                for index, row in rows
            ),
            data_counts=counts(sizes, UINT64, "data_counts"),
            **shared,
        )
    return NearestCentroidModel(
        centroids=tuple(fixed_point(row, INT64, f"centroids_[{index}]") for index, row in rows),
        data_counts=counts(sizes, UINT256, "data_counts"),
        **shared,
    )


def to_estimator(
    model: Model, *, num_features: int | None = None, classes: Iterable[Any] | None = None
) -> Any:
    """Make a fitted estimator of a model, which predicts the same.

    A perceptron and naive Bayes can be fitted further with ``partial_fit``, and learn as the
    contract does. A ``NearestCentroid`` can only predict: its priors and deviations are made up.

    Parameters
    ----------
    num_features
        Of sparse models: how many columns a sample has; by default as many as there are values.
    classes
        What the estimator is to call the classes; by default their indices, as on the chain.

    Returns
    -------
    Perceptron, MultinomialNB or NearestCentroid
        For samples of real numbers: 1.0 is ``TO_FLOAT`` on the chain.

    Raises
    ------
    DoesNotFit
        For what no estimator can be: a single class, a class without samples in naive Bayes, no
        features or indices beyond their number, numbers that floats do not tell apart.
    """
    size = len(model.classifications)
    if size < 2:
        raise DoesNotFit(f"the model has {size} classes: an estimator needs two")
    labels = np.arange(size) if classes is None else np.asarray(list(classes))
    if len(labels) != size:
        raise DoesNotFit(f"there are {len(labels)} classes given for the model's {size}")
    match model:
        case DensePerceptronModel():
            row = _rows([dict(enumerate(model.weights))], num_features, len(model.weights))
            estimator = _perceptron(row, model.intercept / TO_FLOAT**2, model.learning_rate)
        case SparsePerceptronModel():
            row = _rows([model.weights], num_features)
            estimator = _perceptron(row, model.intercept / TO_FLOAT, model.learning_rate)
        case NaiveBayesModel():
            rows = _rows(model.feature_counts, num_features, model.total_num_features)
            estimator = _naive_bayes(model, rows)
        case NearestCentroidModel():
            sparse = [dict(enumerate(centroid)) for centroid in model.centroids]
            estimator = _nearest_centroid(_rows(sparse, num_features, len(model.centroids[0])))
        case SparseNearestCentroidModel():
            estimator = _nearest_centroid(_rows(model.centroids, num_features))
        case _:
            raise DoesNotFit(f"no estimator predicts like a {type(model).__name__}")
    estimator.classes_ = labels
    return estimator


def _perceptron(row: NDArray[np.float64], intercept: float, learning_rate: int) -> Perceptron:
    # As on the chain: samples are learned in order, and the intercept stays.
    estimator = Perceptron(eta0=learning_rate / TO_FLOAT, fit_intercept=False, shuffle=False)
    estimator.coef_ = row / TO_FLOAT
    estimator.intercept_ = np.array([intercept])
    estimator.n_features_in_ = row.shape[1]
    return estimator


def _naive_bayes(model: NaiveBayesModel, rows: NDArray[np.float64]) -> MultinomialNB:
    sizes = model.class_counts
    if 0 in sizes:
        raise DoesNotFit(f"class {sizes.index(0)} has no samples: an estimator's has at least one")
    if max(sizes) > MOST_EXACT:
        raise DoesNotFit(f"a class of {max(sizes)} samples: floats count up to {MOST_EXACT}")
    # One sample per class with all its features, and one with none that weighs as much as the rest.
    samples = np.vstack([rows, np.zeros_like(rows)])
    weights = [1.0] * len(sizes) + [size - 1.0 for size in sizes]
    estimator = MultinomialNB(alpha=model.smoothing_factor / TO_FLOAT, force_alpha=True)
    return estimator.fit(samples, [*range(len(sizes))] * 2, sample_weight=weights)


def _nearest_centroid(units: NDArray[np.float64]) -> NearestCentroid:
    centroids = units / TO_FLOAT
    # From two samples on both sides of each; their mean may differ from it in the last bit.
    samples = np.vstack([centroids - 1, centroids + 1])
    estimator = NearestCentroid().fit(samples, [*range(len(centroids))] * 2)
    estimator.centroids_ = centroids
    return estimator


def _rows(
    sparse: Sequence[Mapping[int, int]], num_features: int | None, width: int | None = None
) -> NDArray[np.float64]:
    """Values by feature as rows of floats; `width` is the number of features if the model has one.

    Raises DoesNotFit for what no estimator holds.
    """
    used = max((index + 1 for by_feature in sparse for index in by_feature), default=0)
    if num_features is None:
        num_features = used if width is None else width
    elif width is not None and num_features != width:
        raise DoesNotFit(f"num_features is {num_features}, but the model has {width}")
    if num_features == 0:
        raise DoesNotFit("the model has no features: an estimator needs one")
    if num_features < used:
        raise DoesNotFit(f"feature {used - 1} is beyond the number of features, {num_features}")
    if num_features > MOST_FEATURES:
        raise DoesNotFit(
            f"{num_features} features are too many for an estimator, which has a number for each: "
            f"{MOST_FEATURES} at most"
        )
    rows = np.zeros((len(sparse), num_features))
    for row, by_feature in zip(rows, sparse, strict=True):
        row[list(by_feature)] = list(by_feature.values())
    if np.abs(rows).max() > MOST_EXACT:
        raise DoesNotFit(f"a value of {np.abs(rows).max():.0f} units: floats are exact to 2**53")
    return rows
