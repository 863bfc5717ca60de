"""Classifiers where their integers end: worked out by hand, and told to the twins as well."""

from __future__ import annotations

from math import isqrt

from chain import Chain
from chain.testing import reverts
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import BatchWidthMismatch, SparsePerceptron
from tests.twins.dense_perceptron import DensePerceptronTwin
from tests.twins.naive_bayes import NaiveBayesTwin
from tests.twins.nearest_centroid import NearestCentroidTwin
from tests.twins.pair import deployed
from tests.twins.sparse_nearest_centroid import SparseNearestCentroidTwin
from tests.twins.sparse_perceptron import SparsePerceptronTwin

ONE = 10**9


def test_where_unit_norm_begins_and_ends(chain: Chain) -> None:
    """The squared norm is above 10**18 - 10**11 and below 10**18 + 10**11."""
    edges = (10**18 - 10**11, 10**18 - 10**11 + 1, 10**18 + 10**11 - 1, 10**18 + 10**11)
    for squared in edges:
        sample, left = [], squared
        while left:  # the root of what the others leave
            sample.append(isqrt(left))
            left -= sample[-1] ** 2
        zeros = [0] * len(sample)
        arguments = [["a"], zeros, 0, 1]
        perceptron = deployed(chain, DensePerceptron, DensePerceptronTwin, *arguments)
        arguments = [["a"], [zeros], [1]]
        centroids = deployed(chain, NearestCentroidClassifier, NearestCentroidTwin, *arguments)
        expected = "NotUnitNorm" if abs(squared - 10**18) == 10**11 else "ok"
        for pair in (perceptron, centroids):
            assert pair.call("update", sample, 0).reason == expected


def test_naive_bayes_counts_up_to_the_edges(chain: Chain) -> None:
    """Of the number of samples, of feature indices, and of a feature's count, which wraps."""
    counts = [[[7, 2**32 - 1]], []]
    arguments = [["a", "b"], [2**64 - 2, 2**64 - 1], counts, 1, 1]
    pair = deployed(chain, NaiveBayesClassifier, NaiveBayesTwin, *arguments)
    assert pair.call("update", [], 1).reason == "TooManySamples"
    assert pair.call("update", [2**33], 1).reason == "TooManySamples"
    assert pair.call("update", [2**33], 0).reason == "FeatureIndexTooHigh"
    pair.fine("update", [7, 2**33 - 1, -1, -(2**63), 2**32 + 7], 0)
    assert pair.contract.num_samples(0) == 2**64 - 1
    assert pair.contract.feature_count(0, 7) == 1
    assert pair.contract.feature_count(0, 2**32 - 1) == 2
    assert pair.contract.feature_count(0, 0) == 1
    assert pair.call("update", [], 0).reason == "TooManySamples"


def test_naive_bayes_does_not_check_the_last_sum_of_its_denominator(chain: Chain) -> None:
    """Which is 10**9 times the total of 1, plus the smoothed number of features."""

    def predicted(features: int, smoothing: int) -> tuple[str, int | None]:
        arguments = [["a", "b"], [1, 5], [[[0, 1]], [[0, 1]]], features, smoothing]
        pair = deployed(chain, NaiveBayesClassifier, NaiveBayesTwin, *arguments)
        # The product is looked at for an empty sample, too; the sum is not.
        expected = "ok" if features * smoothing < 2**256 else "Arithmetic"
        assert pair.call("predict", []).reason == expected
        outcome = pair.call("predict", [0])
        return outcome.reason, outcome.result

    assert predicted(2**256 - 1, 1) == ("ok", 1)  # wraps to 10**9 - 1
    assert predicted(2**256 - ONE + 1, 1) == ("ok", 1)  # to 1
    assert predicted(2**256 - ONE, 1) == ("Arithmetic", None)  # to 0
    assert predicted(2**256 - ONE - 1, 1) == ("ok", 0)  # to what no probability survives
    assert predicted(2**255, 2) == ("Arithmetic", None)  # the product is checked


def test_centroids_look_for_the_count_before_the_norm(chain: Chain) -> None:
    """A class that was deployed without a count panics, whatever its sample's norm is."""
    arguments = [["a", "b"], [[1, 0], [0, 1]], [1]]
    pair = deployed(chain, NearestCentroidClassifier, NearestCentroidTwin, *arguments)
    for sample in ([3, 4], [ONE, 0]):
        assert pair.call("update", sample, 1).reason == "Panic"
    assert pair.call("update", [3], 1).reason == "CentroidDimensionMismatch"
    assert pair.call("update", [3, 4], 0).reason == "NotUnitNorm"
    # The count of a class that is added goes to the one that has none.
    pair.fine("add_class", [5, 5], "c", 7)
    assert pair.fine("num_samples", 1) == 7
    pair.fine("update", [ONE, 0], 1)
    assert pair.call("update", [ONE, 0], 2).reason == "Panic"


def test_perceptrons_learn_at_the_edges_of_their_weights(chain: Chain) -> None:
    """Weights wrap at 80 bits; steps are truncated toward zero for both signs."""
    top, bottom = 2**79 - 1, -(2**79)
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, ["a", "b"], [top, bottom], 0, 2)
    pair.fine("update", [0, 0], 2)
    assert pair.contract.weights(0) == bottom + 3
    pair.fine("update", [1, 0], 1)
    assert [pair.contract.weights(index) for index in (0, 1)] == [bottom + 5, bottom + 2]
    assert pair.fine("evaluate_batch", [[1] * 60], [1]) == 1  # 60 times 2 after wrapping
    assert pair.fine("predict", [1] * 60) == 0
    arguments = [["a", "b"], [top, 10, 10], 0, 3]
    dense = deployed(chain, DensePerceptron, DensePerceptronTwin, *arguments)
    sample = [10**9 - 1, 44_720, -44_720]  # times 3 and divided by 10**9: 2, 0 and 0
    dense.fine("update", sample, 2)
    assert dense.contract.weights() == [bottom + 1, 10, 10]
    dense.fine("update", [-x for x in sample], 2)
    assert dense.contract.weights() == [top, 10, 10]


def test_a_batch_has_samples_of_exactly_sixty_features(chain: Chain) -> None:
    # In the reference the ABI fixes their length.
    model = chain.deploy(SparsePerceptron, ["a", "b"], [5], -299, 1, sender=chain.accounts[0])
    row = [0] * 60
    assert model.evaluate_batch([row, row], [1, 0]) == 1
    assert model.evaluate_batch([], []) == 0
    for width in (0, 59, 61):
        with reverts(BatchWidthMismatch(given=width, expected=60)):
            model.evaluate_batch([row, [0] * width], [1, 1])


def test_sparse_weights_go_where_their_index_wraps_to(chain: Chain) -> None:
    """Negative ones to the end, and what follows the last one to the beginning."""
    last = 2**64 - 1
    pair = deployed(chain, SparsePerceptron, SparsePerceptronTwin, ["a", "b"], [4], 0, 1)
    pair.fine("initialize_sparse_weights", [[-1, 5, 99], [3 - 2**64, 6], [last - 1, 7]])
    assert [pair.contract.weights(index) for index in (last, 3, last - 1, 0)] == [5, 6, 7, 4]
    pair.fine("initialize_weights", last, [8, 9])
    assert [pair.contract.weights(index) for index in (last, 0)] == [8, 9]


def test_sparse_centroids_at_the_edges_of_their_counts(chain: Chain) -> None:
    """An update with data, and one more without: products of counts wrap from 2**32 on."""
    reasons: dict[int, tuple[str, str]] = {}
    for count in (0, 2**32 - 2, 2**32 - 1, 2**32, 2**34, 2**64 - 2, 2**64 - 1):
        arguments = [["a"], [[[0, ONE // 2], [1, ONE]]], [count]]
        pair = deployed(
            chain, SparseNearestCentroidClassifier, SparseNearestCentroidTwin, *arguments
        )
        reasons[count] = (pair.call("update", [0], 0).reason, pair.call("update", [], 0).reason)
    assert reasons == {
        0: ("Panic", "ok"),
        2**32 - 2: ("ok", "Arithmetic"),
        2**32 - 1: ("Arithmetic", "Arithmetic"),
        2**32: ("ok", "ok"),
        2**34: ("ok", "ok"),
        2**64 - 2: ("ok", "Arithmetic"),
        2**64 - 1: ("Panic", "Arithmetic"),
    }
