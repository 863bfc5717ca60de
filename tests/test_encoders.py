"""Encoders: what users hold becomes what contracts take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, OneHotEncoder, StandardScaler

from contracts_py.classifiers.classifier import TO_FLOAT, UNIT_NORM_ABOVE, UNIT_NORM_BELOW
from offchain.encoders import DenseEncoder, SelectFeatures, SparseEncoder
from offchain.fixed_point import DoesNotFit

ROWS = st.integers(1, 40).flatmap(
    lambda width: st.lists(
        st.lists(st.floats(-1e6, 1e6), min_size=width, max_size=width), min_size=1, max_size=8
    )
)


def lists(encoded: Any) -> list[list[int]]:
    return [row.tolist() for row in encoded]


# Dense


@given(ROWS)
def test_every_encoded_sample_has_the_length_the_contract_asks_for(rows: list[list[float]]) -> None:
    samples = np.array(rows)
    scaler = StandardScaler().fit(samples[: len(samples) // 2 + 1])
    for encoded in DenseEncoder(scaler, constant=1.0).encode(samples).tolist():
        assert UNIT_NORM_BELOW < sum(value * value for value in encoded) < UNIT_NORM_ABOVE


@pytest.mark.parametrize("size", [1, 2, 100, 10_000])
def test_up_to_ten_thousand_features_rounding_stays_within_what_the_contract_allows(
    size: int,
) -> None:
    # The worst: every number is as far from its rounding as can be, and all to the same side.
    for sample in (np.ones(size), np.random.default_rng(size).normal(size=size)):
        encoded = DenseEncoder().encode([sample])[0].tolist()
        assert UNIT_NORM_BELOW < sum(value * value for value in encoded) < UNIT_NORM_ABOVE


def test_dense_samples_are_scaled_and_rounded() -> None:
    assert lists(DenseEncoder().encode([[3, 4], [0, -2]])) == [
        [600_000_000, 800_000_000],
        [0, -TO_FLOAT],
    ]


def test_steps_come_first_then_the_constant_then_the_length() -> None:
    scaler = StandardScaler().fit(np.array([[0.0, 5.0], [2.0, 5.0]]))
    # Standardised: (3 - 1) / 1 and, the second never having varied, 7 - 5; then the constant 1.
    encoded = DenseEncoder(scaler, constant=1.0).encode([[3.0, 7.0]])
    assert lists(encoded) == [[666_666_667, 666_666_667, 333_333_333]]


def test_anything_that_transforms_is_a_step() -> None:
    class Halves:
        def transform(self, samples: Any) -> Any:
            return [[value / 2 for value in row] for row in samples]

    assert lists(DenseEncoder(Halves(), constant=1.0).encode([[2.0, 0.0]])) == [
        [707_106_781, 0, 707_106_781]
    ]
    pipeline = make_pipeline(StandardScaler(with_std=False), Binarizer()).fit([[0.0], [1.0]])
    assert lists(DenseEncoder(pipeline).encode([[1.0]])) == [[TO_FLOAT]]


def test_the_largest_and_the_smallest_numbers_have_a_direction() -> None:
    assert lists(DenseEncoder().encode([[1e308, 1e308], [5e-324, 0]])) == [
        [707_106_781, 707_106_781],
        [TO_FLOAT, 0],
    ]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[1.0], [0.0]], "sample 1 is 0 throughout and cannot have length 1: leave it out, or"),
        ([[1.0, 2.0], [1.0, math.nan]], r"samples\[1\]\[1\] is nan: give finite numbers"),
        ([[math.inf]], r"samples\[0\]\[0\] is inf"),
        ([1.0, 2.0], "samples have 1 dimensions: give two, a row for each sample"),
        (["text"], "samples is not made of numbers"),
        ([[]], "sample 0 is 0 throughout"),
    ],
)
def test_samples_without_a_direction_are_refused(samples: Any, message: str) -> None:
    with pytest.raises(DoesNotFit, match=message):
        DenseEncoder().encode(samples)


@pytest.mark.parametrize("constant", [math.nan, math.inf, "1"])
def test_a_constant_is_a_finite_number(constant: Any) -> None:
    with pytest.raises(DoesNotFit, match="constant is"):
        DenseEncoder(constant=constant)


def test_masked_numbers_are_refused() -> None:
    masked = np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]])
    with pytest.raises(DoesNotFit, match="samples has masked numbers: fill them in"):
        DenseEncoder().encode(masked)


def test_no_samples_are_no_rows() -> None:
    assert DenseEncoder().encode(np.zeros((0, 3))).shape == (0, 3)
    assert SparseEncoder().encode(np.zeros((0, 3))) == []


# Selection


def test_features_are_selected_in_the_order_given() -> None:
    assert SelectFeatures([2, 0]).transform([[1, 2, 3]]).tolist() == [[3, 1]]
    vectorizer = CountVectorizer(vocabulary=["no", "yes", "maybe"])
    encoder = SparseEncoder(vectorizer, SelectFeatures([2, 0]))
    assert lists(encoder.encode(["no no", "yes", "maybe no"])) == [[1], [], [0, 1]]


@pytest.mark.parametrize("index", [3, -1])
def test_a_feature_that_is_not_there_cannot_be_selected(index: int) -> None:
    with pytest.raises(DoesNotFit, match=f"there is no feature {index} in samples of 3"):
        SelectFeatures([0, index]).transform([[1, 2, 3]])


def test_no_selection_keeps_all_features() -> None:
    # What a classifier that looks at all of them says.
    assert SelectFeatures([]).transform([[1, 2, 3]]) == [[1, 2, 3]]
    assert lists(SparseEncoder(SelectFeatures(())).encode([[1, 0, 3]])) == [[0, 2]]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "dia", "lil", "dok"])
def test_features_of_any_matrix_are_selected(form: str) -> None:
    matrix = HashingVectorizer(n_features=4).transform(["x"])
    rows = type(matrix)([[0.0, 1.5, 0.0, 2.0], [1.0, 0.0, 0.0, 0.0]]).asformat(form)
    assert lists(SparseEncoder(SelectFeatures([3, 0])).encode(rows)) == [[0], [1]]


@pytest.mark.parametrize("indices", [[True, False, True], [1.7], ["1"]])
def test_what_is_no_index_selects_nothing(indices: Any) -> None:
    with pytest.raises(DoesNotFit, match=r"feature indices are whole numbers, not .*flatnonzero"):
        SelectFeatures(indices)
    with pytest.raises(DoesNotFit, match="samples have 1 dimensions"):
        SelectFeatures([0]).transform([1, 2, 3])


# Sparse


def test_texts_become_the_indices_of_their_words() -> None:
    encoder = SparseEncoder(CountVectorizer(vocabulary={"good": 2, "bad": 0, "film": 1}))
    assert lists(encoder.encode(["A good film!", "bad, bad film", "unknown"])) == [
        [1, 2],
        [0, 1],
        [],
    ]


def test_naive_bayes_can_have_words_as_often_as_they_occur() -> None:
    vectorizer = CountVectorizer(vocabulary=["a1", "b2"])
    assert lists(SparseEncoder(vectorizer, counts=True).encode(["b2 a1 b2"])) == [[0, 1, 1]]


def test_tokens_are_hashed_to_indices() -> None:
    vectorizer = HashingVectorizer(n_features=2**20, norm=None, alternate_sign=False)
    texts = ["spam and eggs", "eggs"]
    both = lists(SparseEncoder(vectorizer).encode(texts))
    assert len(both[0]) == 3
    assert set(both[1]) < set(both[0])
    assert all(0 <= index < 2**20 for index in both[0])
    # A sign that alternates says nothing on whether a token is there.
    signed = HashingVectorizer(n_features=2**20)
    assert lists(SparseEncoder(signed).encode(texts)) == both
    with pytest.raises(DoesNotFit, match=r"sample 0 has a count of -?0\.57.*: counts are whole"):
        SparseEncoder(signed, counts=True).encode(texts)


def test_a_vectorizer_may_add_up_to_nothing() -> None:
    class Duplicates:
        """A matrix that holds a place twice, and a zero."""

        def transform(self, samples: Any) -> Any:
            matrix = HashingVectorizer(n_features=4).transform(["x"])
            made = type(matrix)(([1.0, -1.0, 2.0, 0.0], [3, 3, 2, 1], [0, 4]), shape=(1, 4))
            assert made.nnz == 4
            return made

    assert lists(SparseEncoder(Duplicates()).encode(["x"])) == [[2]]


def test_dense_matrices_have_present_features_too() -> None:
    assert lists(SparseEncoder().encode([[0, 1.5, -2], [0, 0, 0]])) == [[1, 2], []]
    assert lists(SparseEncoder(Binarizer(threshold=1)).encode([[0, 1.5, 2]])) == [[1, 2]]
    onehot = OneHotEncoder().fit([["red"], ["green"], ["blue"]])
    assert lists(SparseEncoder(onehot).encode([["red"], ["blue"]])) == [[2], [0]]
    assert lists(SparseEncoder(counts=True).encode([[2, 0, 1]])) == [[0, 0, 2]]


@given(ROWS)
def test_present_features_are_those_that_are_not_zero(rows: list[list[float]]) -> None:
    expected = [[index for index, value in enumerate(row) if value] for row in rows]
    assert lists(SparseEncoder().encode(rows)) == expected


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[math.nan]], r"samples\[0\]\[0\] is nan"),
        (["text"], "samples is not made of numbers"),
        ([1, 2], "samples have 1 dimensions"),
    ],
)
def test_what_is_no_matrix_is_refused(samples: Any, message: str) -> None:
    with pytest.raises(DoesNotFit, match=message):
        SparseEncoder().encode(samples)
    with pytest.raises(DoesNotFit, match=r"sample 0 has a count of -1\.0"):
        SparseEncoder(counts=True).encode([[-1]])
    with pytest.raises(DoesNotFit, match="sample 1 counts 16777217 features: 16777216 at most"):
        SparseEncoder(counts=True).encode([[1, 0], [1, 2**24]])


def test_hidden_nans_are_found() -> None:
    matrix = HashingVectorizer(n_features=4).transform(["x"])
    rows = type(matrix)([[0.0, 1.5], [math.nan, 0.0]])
    with pytest.raises(DoesNotFit, match=r"samples\[1\]\[0\] is nan: give finite numbers"):
        SparseEncoder().encode(rows)
