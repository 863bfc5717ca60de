"""scikit-learn estimators onto the chain and back: the same predictions on every sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler

from chain import Chain, Deployed
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.deployment import deploy_model
from offchain.encoders import DenseEncoder, SparseEncoder
from offchain.estimators import from_estimator, to_estimator
from offchain.files import from_json, to_json
from offchain.fixed_point import DoesNotFit
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
    read_contract,
)
from tests.offchain_models import models

LOADERS = {
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "iris": load_iris,
    "wine": load_wine,
}


def dense(name: str) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Samples as the contract has them, in floats and in units, and labels."""
    samples, labels = LOADERS[name](return_X_y=True)
    encoded = DenseEncoder(StandardScaler().fit(samples), constant=1.0).encode(samples)
    return encoded / TO_FLOAT, encoded, labels


def binary(name: str, columns: int) -> tuple[NDArray[np.float64], list[Any], NDArray[np.int64]]:
    """Samples as bits, their present features, and labels."""
    samples, labels = LOADERS[name](return_X_y=True)
    bins = KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform")
    varying = samples[:, samples.min(axis=0) < samples.max(axis=0)]
    bits = bins.fit_transform(varying[:, :columns])
    return bits, SparseEncoder().encode(bits), labels


def deployed(model: Model) -> tuple[Chain, Deployed]:
    chain = Chain()
    return chain, deploy_model(chain, model, sender=chain.accounts[0]).contract


def check_there_and_back(
    estimator: Any, model: Model, floats: NDArray[np.float64], samples: Any
) -> None:
    """The estimator, the contract, and what comes back in two ways agree on every sample."""
    expected = estimator.predict(floats)
    chain, contract = deployed(model)
    predicted = estimator.classes_[[contract.predict(sample) for sample in samples]]
    assert predicted.tolist() == expected.tolist()
    back = read_contract(chain, contract)
    for read in (back, from_json(to_json(back))):
        again = to_estimator(read, num_features=floats.shape[1], classes=estimator.classes_)
        assert again.n_features_in_ == floats.shape[1]
        assert again.predict(floats).tolist() == expected.tolist()
    assert len(set(expected)) == len(estimator.classes_)


PERCEPTRONS = {
    "perceptron": Perceptron(random_state=1),
    "without intercept": Perceptron(fit_intercept=False, eta0=0.25, random_state=1),
    "sgd": SGDClassifier(loss="perceptron", learning_rate="constant", eta0=0.5, random_state=1),
}


@pytest.mark.parametrize("name", PERCEPTRONS)
def test_perceptrons(name: str) -> None:
    floats, units, labels = dense("breast cancer")
    estimator = PERCEPTRONS[name].fit(floats, labels)
    check_there_and_back(estimator, from_estimator(estimator), floats, units)
    bits, present, labels = binary("breast cancer", 30)
    estimator = PERCEPTRONS[name].fit(bits, labels)
    check_there_and_back(estimator, from_estimator(estimator, sparse=True), bits, present)


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_ has at least 1 zero")
@pytest.mark.parametrize("name", LOADERS)
def test_nearest_centroids(name: str) -> None:
    floats, units, labels = dense(name)
    estimator = NearestCentroid().fit(floats, labels)
    sizes = np.bincount(labels)
    model = from_estimator(estimator, data_counts=sizes)
    check_there_and_back(estimator, model, floats, units)
    bits, present, labels = binary(name, 20)
    estimator = NearestCentroid().fit(bits, labels)
    # A unit decides where two classes are as near in floats: move none of them there.
    estimator.centroids_ = np.round(estimator.centroids_, 9)
    model = from_estimator(estimator, sparse=True, data_counts=sizes)
    check_there_and_back(estimator, model, bits, present)


@pytest.mark.parametrize("name", LOADERS)
def test_naive_bayes(name: str) -> None:
    # Six features, one of whose three bins is present: few enough for the contract's rounding.
    bits, present, labels = binary(name, 6)
    estimator = MultinomialNB(alpha=0.5).fit(bits, labels)
    check_there_and_back(estimator, from_estimator(estimator), bits, present)


def test_classes_and_features_have_names_and_indices() -> None:
    samples = np.array([[1.0, 0.0], [0.0, 1.0]])
    estimator = Perceptron().fit(samples, ["ham", "spam"])
    model = from_estimator(estimator, feature_indices=[7, 3], learning_rate=0.125)
    assert isinstance(model, DensePerceptronModel)
    assert model.classifications == ("ham", "spam")
    assert model.feature_indices == (7, 3)
    assert model.learning_rate == TO_FLOAT // 8
    named = from_estimator(estimator, classifications=["good", "bad"])
    assert named.classifications == ("good", "bad")
    _, contract = deployed(model)
    assert list(contract.feature_indices()) == [7, 3]
    assert contract.classifications(1) == "spam"
    assert to_estimator(model).predict(samples).tolist() == [0, 1]
    assert to_estimator(model, classes=["a", "b"]).predict(samples).tolist() == ["a", "b"]


def test_the_intercept_of_a_dense_perceptron_counts_in_full() -> None:
    # In a model file it hardly would: the reference's contract adds it to numbers 10**9 as large.
    estimator = Perceptron().fit([[0.6, 0.8], [0.8, 0.6]], [0, 1])
    estimator.coef_ = np.array([[1.0, 1.0]])
    for intercept, expected in ((-1.4000001, 0), (-1.3999999, 1)):
        estimator.intercept_ = np.array([intercept])
        _, contract = deployed(from_estimator(estimator))
        assert contract.predict([600_000_000, 800_000_000]) == expected
        assert estimator.predict([[0.6, 0.8]])[0] == expected


def test_sparse_coefficients_are_unpacked() -> None:
    bits, present, labels = binary("breast cancer", 10)
    estimator = Perceptron(penalty="l1", alpha=0.01, random_state=1).fit(bits, labels)
    model = from_estimator(estimator, sparse=True)
    assert isinstance(model, SparsePerceptronModel)
    assert 0 < len(model.weights) < bits.shape[1]
    assert from_estimator(estimator.sparsify(), sparse=True) == model
    check_there_and_back(estimator, model, bits, present)


@given(models(largest=2**40))
def test_what_comes_back_as_an_estimator_goes_to_the_chain_as_the_same_model(model: Model) -> None:
    if isinstance(model, NaiveBayesModel):
        largest = max((index for each in model.feature_counts for index in each), default=0)
        width = model.total_num_features
        assume(0 not in model.class_counts and largest < width <= 1_000)
    elif isinstance(model, SparsePerceptronModel):
        assume(0 <= max(model.weights, default=-1) <= 1_000)
    elif isinstance(model, SparseNearestCentroidModel):
        largest = max((index for each in model.centroids for index in each), default=-1)
        assume(0 <= largest <= 1_000)
    elif isinstance(model, DensePerceptronModel):
        assume(model.weights)
    else:
        assert isinstance(model, NearestCentroidModel)
        assume(model.centroids[0])
    estimator = to_estimator(model)
    sparse = isinstance(model, SparsePerceptronModel | SparseNearestCentroidModel)
    counts = getattr(model, "data_counts", None)
    found = from_estimator(
        estimator,
        sparse=sparse,
        classifications=model.classifications,
        feature_indices=model.feature_indices,
        data_counts=counts,
    )
    if isinstance(model, DensePerceptronModel):
        # An estimator's intercept is real, a weight's precision is all it needs.
        assert isinstance(found, DensePerceptronModel)
        assert abs(found.intercept - model.intercept) <= TO_FLOAT
        assert found.weights == model.weights
        assert found.learning_rate == model.learning_rate
    else:
        assert found == model


# Learning further


@given(st.lists(st.tuples(st.integers(0, 568), st.booleans()), max_size=20))
def test_a_perceptron_that_came_back_learns_as_the_contract_does(
    steps: list[tuple[int, bool]],
) -> None:
    floats, units, labels = dense("breast cancer")
    first = Perceptron(fit_intercept=False, eta0=0.3).fit(floats[:20], labels[:20])
    chain, contract = deployed(from_estimator(first))
    estimator = to_estimator(read_contract(chain, contract))
    for index, label in steps:
        contract.update(units[index], int(label), sender=chain.accounts[0])
        estimator.partial_fit(floats[[index]], [int(label)])
    model = read_contract(chain, contract)
    assert isinstance(model, DensePerceptronModel)
    # Each update rounds toward zero once more.
    weights = np.array(model.weights) / TO_FLOAT
    assert np.abs(weights - estimator.coef_[0]).max() <= (len(steps) + 1) / TO_FLOAT


@given(st.lists(st.tuples(st.integers(0, 177), st.integers(0, 2)), max_size=20))
def test_naive_bayes_that_came_back_learns_as_the_contract_does(
    steps: list[tuple[int, int]],
) -> None:
    bits, present, labels = binary("wine", 6)
    chain, contract = deployed(from_estimator(MultinomialNB().fit(bits[::2], labels[::2])))
    estimator = to_estimator(read_contract(chain, contract))
    for index, label in steps:
        contract.update(present[index], label, sender=chain.accounts[0])
        estimator.partial_fit(bits[[index]], [label])
    model = read_contract(chain, contract)
    assert isinstance(model, NaiveBayesModel)
    assert list(model.class_counts) == estimator.class_count_.tolist()
    again = to_estimator(model)
    assert np.array_equal(again.feature_count_, estimator.feature_count_)
    assert np.allclose(again.feature_log_prob_, estimator.feature_log_prob_, rtol=0, atol=1e-9)


# What does not fit


def fitted(estimator: Any, **attributes: Any) -> Any:
    samples = np.array([[0.0, 1.0], [2.0, 3.0], [1.0, 0.0], [3.0, 2.0]])
    estimator.fit(samples, [0, 0, 1, 1])
    for name, value in attributes.items():
        setattr(estimator, name, value)
    return estimator


@pytest.mark.parametrize(
    ("estimator", "options", "message"),
    [
        (Perceptron(), {}, "this Perceptron has no classes: fit it first"),
        ("Perceptron", {}, "this str has no classes"),
        (fitted(LogisticRegression()), {}, "no contract predicts like a LogisticRegression: fit a"),
        (fitted(BernoulliNB()), {}, "no contract predicts like a BernoulliNB"),
        (fitted(SGDClassifier()), {}, "the loss of the SGDClassifier is 'hinge', not 'perceptron'"),
        (fitted(Perceptron(), coef_=np.ones((3, 2))), {}, "a perceptron's contract has two: fit"),
        (
            fitted(SGDClassifier(loss="perceptron")),
            {},
            "learning rate is 'optimal', a contract's never changes: give learning_rate",
        ),
        (fitted(Perceptron()), {"learning_rate": 5}, "learning_rate is 5.0, which does not fit"),
        (
            fitted(Perceptron()),
            {"learning_rate": float("nan")},
            "learning_rate is nan: give finite",
        ),
        (
            fitted(Perceptron(), coef_=np.array([[0.0, np.nan]])),
            {},
            r"coef_\[0\]\[1\] is nan: give finite numbers",
        ),
        (
            fitted(Perceptron(), coef_=np.array([[0.0, 1e15]])),
            {"sparse": True},
            r"coef_\[0\]\[1\] is 1000000000000000.0, which does not fit into int80: give -6044",
        ),
        (
            fitted(Perceptron(), intercept_=np.array([604_463.0])),
            {},
            r"intercept_ is .*604463.*, a dense perceptron's contract takes up to 604462.9",
        ),
        (fitted(Perceptron()), {"classifications": ["one"]}, "1 classifications for the 2 classes"),
        (fitted(Perceptron()), {"feature_indices": [0, -1]}, r"feature_indices\[1\] is -1: give"),
        (fitted(MultinomialNB(fit_prior=False)), {}, "leave fit_prior and class_prior as they are"),
        (fitted(MultinomialNB(class_prior=[0.1, 0.9])), {}, "the contract's prior is how often"),
        (fitted(MultinomialNB(alpha=[1.0, 2.0])), {}, "alpha differs from feature to feature"),
        (fitted(MultinomialNB(alpha=1e-10)), {}, "alpha is 1e-10, which rounds to 0: give 0 or"),
        (
            fitted(MultinomialNB(alpha=1e-10, force_alpha=False)),
            {},
            "alpha is 1e-10, which rounds to 0: give 0 or",
        ),
        (fitted(Perceptron()), {"learning_rate": 1e-12}, "learning_rate is 1e-12, which rounds to"),
        (fitted(Perceptron()), {"classifications": "no"}, "classifications is 'no': give a list"),
        (fitted(Perceptron()), {"feature_indices": [1]}, "1 feature_indices for 2 features"),
        (fitted(MultinomialNB(alpha=5.0)), {}, "alpha is 5.0, which does not fit into uint32"),
        (
            fitted(MultinomialNB(), feature_count_=np.array([[1.0, 2.5], [1.0, 1.0]])),
            {},
            r"feature_count_\[0\]\[1\] is .*2.5.*: give a whole number, 0 to 4294967295",
        ),
        (fitted(NearestCentroid()), {}, r"data_counts is \[\]: say how many samples each of the 2"),
        (fitted(NearestCentroid()), {"data_counts": [1]}, r"data_counts is \[1\]: say how many"),
        (fitted(NearestCentroid()), {"data_counts": [1, 2.5]}, r"data_counts\[1\] is 2.5: give a"),
        (fitted(NearestCentroid("manhattan")), {}, "the metric is 'manhattan': contracts measure"),
        (
            fitted(NearestCentroid(), class_prior_=np.array([0.1, 0.9])),
            {"data_counts": [1, 1]},
            "the priors differ .*: contracts know none",
        ),
        (
            fitted(NearestCentroid(), centroids_=np.array([[0.0, 1.0], [-0.5, 0.0]])),
            {"data_counts": [1, 1], "sparse": True},
            r"centroids_\[1\]\[0\] is -0.5, which does not fit into uint64",
        ),
        (
            fitted(NearestCentroid(), centroids_=np.array([[0.0, 1e10], [0.5, 0.0]])),
            {"data_counts": [1, 1]},
            r"centroids_\[0\]\[1\] is 10000000000.0, which does not fit into int64",
        ),
    ],
)
def test_estimators_that_no_contract_can_hold_are_refused(
    estimator: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DoesNotFit, match=message):
        from_estimator(estimator, **options)


def test_priors_of_another_kind_are_refused_by_this_version_of_scikit_learn_too() -> None:
    uneven = NearestCentroid(priors="empirical").fit([[0.0], [1.0], [2.0]], [0, 1, 1])
    with pytest.raises(DoesNotFit, match="the priors differ"):
        from_estimator(uneven, data_counts=[1, 2])


NAMES = ("a", "b")


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (
            SparsePerceptronModel(
                classifications=NAMES, weights={3: 1}, intercept=0, learning_rate=0
            ),
            {"num_features": 3},
            "feature 3 is beyond the number of features, 3",
        ),
        (
            DensePerceptronModel(
                classifications=NAMES, weights=(1, 2), intercept=0, learning_rate=0
            ),
            {"num_features": 3},
            "num_features is 3, but the model has 2",
        ),
        (
            DensePerceptronModel(classifications=NAMES, weights=(), intercept=0, learning_rate=0),
            {},
            "the model has no features",
        ),
        (
            DensePerceptronModel(
                classifications=NAMES, weights=(2**53 + 2,), intercept=0, learning_rate=0
            ),
            {},
            "a value of 9007199254740994 units: floats are exact to",
        ),
        (
            SparsePerceptronModel(
                classifications=NAMES, weights={2**24: 1}, intercept=0, learning_rate=0
            ),
            {},
            "16777217 features are too many for an estimator",
        ),
        (
            NearestCentroidModel(classifications=NAMES[:1], centroids=((1,),), data_counts=(1,)),
            {},
            "the model has 1 classes: an estimator needs two",
        ),
        (
            NearestCentroidModel(classifications=NAMES, centroids=((1,), (2,)), data_counts=(1, 1)),
            {"classes": [1, 2, 3]},
            "there are 3 classes given for the model's 2",
        ),
        (
            NaiveBayesModel(
                classifications=NAMES,
                class_counts=(1, 0),
                feature_counts=({}, {}),
                total_num_features=1,
                smoothing_factor=1,
            ),
            {},
            "class 1 has no samples",
        ),
        (
            NaiveBayesModel(
                classifications=NAMES,
                class_counts=(1, 1),
                feature_counts=({1: 1}, {}),
                total_num_features=1,
                smoothing_factor=1,
            ),
            {},
            "feature 1 is beyond the number of features, 1",
        ),
    ],
)
def test_models_that_no_estimator_can_be_are_refused(
    model: Model, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DoesNotFit, match=message):
        to_estimator(model, **options)
