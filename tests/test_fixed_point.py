"""Real numbers to integers and back: the rounding of the reference's tools, and what is refused."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.types import UINT256
from contracts_py.classifiers.classifier import TO_FLOAT
from offchain.fixed_point import DoesNotFit, counts, fixed_point, fixed_point_number, real
from offchain.model import INT64, INT80, UINT32, UINT64


@given(st.lists(st.floats(-(2.0**40), 2.0**40), max_size=5))
def test_numbers_are_rounded_halves_up(values: list[float]) -> None:
    # What JavaScript's Math.round(x * 1e9) gives: the product is a float, the rounding exact.
    expected = [math.floor(Fraction(value * TO_FLOAT) + Fraction(1, 2)) for value in values]
    assert fixed_point(values, INT80, "weights") == tuple(expected)


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (0.5e-9, 1),
        (-0.5e-9, 0),
        (1.5e-9, 2),
        (-1.5e-9, -1),
        (0.49999999999999994e-9, 0),
        (2, 2 * TO_FLOAT),
        (np.float32(0.5), TO_FLOAT // 2),
        (True, TO_FLOAT),
    ],
)
def test_a_number_at_a_boundary_of_rounding(value: float, units: int) -> None:
    assert fixed_point_number(value, INT64, "x") == units


@given(st.integers(-(2**51), 2**51))
def test_units_survive_the_way_there_and_back(units: int) -> None:
    assert fixed_point_number(real(units, "x"), INT80, "x") == units


@given(st.integers(-(2**79), 2**79 - 1))
def test_units_survive_or_are_refused(units: int) -> None:
    try:
        value = real(units, "the weight")
    except DoesNotFit as error:
        assert f"the weight is {units} units" in str(error)  # noqa: PT017
        assert abs(units) > 2**51
    else:
        assert fixed_point_number(value, INT80, "x") == units


def test_the_largest_numbers_of_a_type_fit_and_those_beyond_do_not() -> None:
    assert fixed_point([4.294967295, 0], UINT32, "rate") == (2**32 - 1, 0)
    with pytest.raises(DoesNotFit, match=r"rate\[1\] is 4.294967296, which does not fit into uint"):
        fixed_point([1, 4.294967296], UINT32, "rate")
    assert fixed_point([4.2949672954], UINT32, "rate") == (2**32 - 1,)
    with pytest.raises(DoesNotFit, match=r"rate\[0\] is 4.2949672955"):
        fixed_point([4.2949672955], UINT32, "rate")
    with pytest.raises(DoesNotFit, match=r"^rate is -1e-09, .* give 0.0 to 4.294967295$"):
        fixed_point_number(-1e-9, UINT32, "rate")
    assert fixed_point([-(2.0**63) / TO_FLOAT], INT64, "x") == (-(2**63),)
    for value in (2.0**63 / TO_FLOAT, -9223372036.9, 1e300, -1e308):
        with pytest.raises(DoesNotFit, match="does not fit into int64"):
            fixed_point([value], INT64, "x")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, math.nan], r"weights\[1\] is nan: give finite numbers"),
        ([-math.inf], r"weights\[0\] is -inf: give finite numbers"),
        (["1.0"], r"weights is not made of numbers \(it holds str"),
        ([None], r"weights is not made of numbers"),
        ([1j], r"weights is not made of numbers"),
        ([[1.0], [1.0, 2.0]], r"weights is not made of numbers"),
        ([[1.0]], r"weights has 2 dimensions: give one"),
        (1.0, r"weights has 0 dimensions: give one"),
    ],
)
def test_what_is_no_list_of_finite_numbers_is_refused(values: Any, message: str) -> None:
    with pytest.raises(DoesNotFit, match=message):
        fixed_point(values, INT80, "weights")


def test_counts_are_whole_numbers_within_their_type() -> None:
    assert counts([3, 4.0, np.int32(5), np.float64(2**40)], UINT64, "n") == (3, 4, 5, 2**40)
    assert counts([2**256 - 1], UINT256, "n") == (2**256 - 1,)
    for value in (2.5, -1, 2**64, math.nan, math.inf, "3", True, None):
        with pytest.raises(DoesNotFit, match=r"n\[1\] is .*: give a whole number, 0 to 18446744"):
            counts([1, value], UINT64, "n")
