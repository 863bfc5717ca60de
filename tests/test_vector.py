"""Each vector kernel against a slow twin in plain Python ints."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from math import trunc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from chain.array import Array
from chain.contract import vector
from chain.contract.vector import SlotWrites

MIN, MAX = -(2**63), 2**63 - 1
Ints = list[int]


def array(values: Ints) -> NDArray[np.int64]:
    """Return the values as a read-only vector, since no kernel may write to its inputs."""
    result = np.array(values, dtype=np.int64)
    result.flags.writeable = False
    return result


# The twins: the definitions, with no bounds and no tricks.


def twin_add_scaled(w: Ints, x: Ints, numerator: int, denominator: int) -> Ints:
    return [p + trunc(Fraction(q * numerator, denominator)) for p, q in zip(w, x, strict=True)]


def twin_moving_average(c: Ints, x: Ints, n: int) -> Ints:
    return [trunc(Fraction(p * n + q, n + 1)) for p, q in zip(c, x, strict=True)]


def twin_nonzero_bytes(a: Ints) -> int:
    return sum(32 - value.to_bytes(32, "big", signed=True).count(0) for value in a)


def twin_changed_slots(original: Ints, current: Ints, new: Ints, per_slot: int) -> SlotWrites:
    """Apply EIP-2200 to one SSTORE per element, in the words of the standard."""
    count = dict.fromkeys(SlotWrites._fields, 0)
    for start in range(0, len(new), per_slot):
        first = original[start : start + per_slot]
        slot = current[start : start + per_slot]
        for offset, value in enumerate(new[start : start + per_slot]):
            before, after = slot, [*slot[:offset], value, *slot[offset + 1 :]]
            slot = after
            if before == after:
                count["noops"] += 1
            elif before == first:
                if not any(first):
                    count["sets"] += 1
                else:
                    count["resets"] += 1
                    count["clears"] += not any(after)
            else:
                count["dirty"] += 1
                if any(first):
                    count["unclears"] += not any(before)
                    count["clears"] += not any(after)
                if after == first:
                    count["restored_reset" if any(first) else "restored_set"] += 1
    return SlotWrites(**count)


# Vectors come in scales, so that the bound of a kernel holds for some and just fails for others.

EXTREMES = [
    sign * (2**power + offset)
    for power in (0, 31, 32, 53, 62, 63)
    for offset in (-1, 0, 1)
    for sign in (1, -1)
    if MIN <= sign * (2**power + offset) <= MAX
]


def elements(draw: st.DrawFn) -> st.SearchStrategy[int]:
    """Draw a strategy for the elements of a vector: mixed extremes, or all of one scale."""
    if draw(st.booleans()):
        return st.sampled_from(EXTREMES) | st.integers(MIN, MAX)
    top = min(2 ** draw(st.integers(0, 63)) + draw(st.integers(-1, 1)), MAX)
    low = draw(st.sampled_from([-top, -top, 0, top]))
    high = draw(st.sampled_from([top, top, 0])) if low < top else top
    return st.sampled_from([low, high]) | st.integers(low, high)


@st.composite
def vectors(draw: st.DrawFn, count: int) -> list[Ints]:
    """Draw ``count`` vectors of equal length, each of its own scale."""
    length = draw(st.integers(0, 70))
    result = []
    for _ in range(count):
        values = elements(draw)
        if draw(st.booleans()):
            result.append(draw(st.lists(values, min_size=length, max_size=length)))
        else:  # few choices, repeated: long vectors at little cost, and sums that add up
            cycle = draw(st.lists(values, min_size=1, max_size=4))
            result.append([cycle[i % len(cycle)] for i in range(length)])
    if length > 60:
        result = [(values * 7)[:400] for values in result]
    return result


divisors = st.sampled_from([1, 2, 3, 10**9, 2**32, MAX, 2**64]) | st.integers(1, 2**70)
numerators = st.integers(-(2**32) + 1, 2**32 - 1) | st.sampled_from([0, 1, -1, 10**9, 1 - 2**32])


def expected(values: Ints) -> Ints | None:
    return values if all(MIN <= value <= MAX for value in values) else None


def as_ints(result: NDArray[np.int64] | None) -> Ints | None:
    if result is None:
        return None
    assert result.dtype == np.int64
    assert result.flags.writeable
    return [int(value) for value in result]


@given(vectors(2))
def test_dot(pair: list[Ints]) -> None:
    a, b = pair
    result = vector.dot(array(a), array(b))
    assert type(result) is int
    assert result == sum(p * q for p, q in zip(a, b, strict=True))


@given(vectors(1))
def test_squared_norm(single: list[Ints]) -> None:
    (a,) = single
    result = vector.squared_norm(array(a))
    assert type(result) is int
    assert result == sum(p * p for p in a)


@given(vectors(2), divisors)
def test_squared_distance(pair: list[Ints], divisor: int) -> None:
    a, b = pair
    result = vector.squared_distance(array(a), array(b), divisor)
    assert type(result) is int
    assert result == sum((p - q) ** 2 // divisor for p, q in zip(a, b, strict=True))


@given(vectors(2), numerators, divisors.filter(lambda value: value <= MAX))
def test_add_scaled(pair: list[Ints], numerator: int, denominator: int) -> None:
    w, x = pair
    result = as_ints(vector.add_scaled(array(w), array(x), numerator, denominator))
    assert result == expected(twin_add_scaled(w, x, numerator, denominator))


@given(vectors(2), divisors | st.just(0))
def test_moving_average(pair: list[Ints], n: int) -> None:
    c, x = pair
    assert as_ints(vector.moving_average(array(c), array(x), n)) == twin_moving_average(c, x, n)


@given(vectors(1))
def test_nonzero_bytes(single: list[Ints]) -> None:
    (a,) = single
    result = Array.of_int64(array(a)).nonzero_bytes
    assert type(result) is int
    assert result == twin_nonzero_bytes(a)


# The edge of every bound, where one element more or one unit more would wrap.


def around(value: int) -> Iterator[int]:
    yield from (x for x in (value - 1, value, value + 1) if MIN <= x <= MAX)


@pytest.mark.parametrize("length", [1, 2, 7, 1000])
@pytest.mark.parametrize("power", [29, 31, 38, 45, 47, 50, 52, 55, 58, 61, 63])
def test_products_at_every_scale(power: int, length: int) -> None:
    # Odd values near a power of two: float64 rounds them, all in the same direction.
    for a, b in product(around(2**power - 1), around(-(2**63) + 1)):
        assert vector.dot(array([a] * length), array([b] * length)) == a * b * length
        assert vector.dot(array([b] * length), array([a] * length)) == a * b * length
        assert vector.squared_norm(array([a] * length)) == a * a * length


@pytest.mark.parametrize("length", [1, 3, 400])
def test_squared_distance_at_the_bounds(length: int) -> None:
    root = 3037000499  # the largest int whose square is below 2**63
    for gap, divisor in product([*around(root), *around(2**32), MAX], [1, 2, 399, 400, 10**9]):
        for a in (0, -gap // 2, MIN):
            if a + gap <= MAX:
                result = vector.squared_distance(
                    array([a] * length), array([a + gap] * length), divisor
                )
                assert result == gap**2 // divisor * length


@pytest.mark.parametrize("numerator", [2**32 - 1, 2**31, 1, -1, -(2**31), 1 - 2**32])
@pytest.mark.parametrize("denominator", [1, 2, 3, 10**9, 2**31, MAX])
def test_add_scaled_at_the_bounds(denominator: int, numerator: int) -> None:
    for x in (*around(MAX // numerator), *around(-MAX // numerator), MIN, MAX):
        step = trunc(Fraction(x * numerator, denominator))
        for w in (0, *around(MAX - abs(step)), *around(MIN + abs(step)), MIN, MAX):
            result = vector.add_scaled(array([w]), array([x]), numerator, denominator)
            assert as_ints(result) == expected([w + step])


@pytest.mark.parametrize("c", [1, -1, 10**9, -(2**32), MIN, MAX])
def test_moving_average_at_the_bounds(c: int) -> None:
    for x in (0, 10**9, -(10**9), MIN, MAX):
        for n in {0, 1, *around((MAX - abs(x)) // abs(c)), *around(MAX // abs(c)), MAX, 2**64}:
            if n >= 0:
                result = as_ints(vector.moving_average(array([c, c]), array([x, x]), n))
                assert result == twin_moving_average([c, c], [x, x], n)


@pytest.mark.parametrize(
    "kernel",
    [
        lambda a, b: vector.dot(a, b),
        lambda a, b: vector.squared_distance(a, b, 10**9),
        lambda a, b: vector.add_scaled(a, b, -(10**8), 10**9),
        lambda a, b: vector.moving_average(a, b, 1000),
    ],
)
def test_usual_scales_never_reach_python_ints(
    kernel: Callable[[NDArray[np.int64], NDArray[np.int64]], object],
) -> None:
    class Fast(np.ndarray):
        def tolist(self) -> Any:
            raise AssertionError("slow path taken")

    random = np.random.default_rng(0)
    for length in (100, 400, 1000):
        a = random.integers(-(2**30), 2**30, length).view(Fast)
        b = random.integers(-(2**30), 2**30, length).view(Fast)
        kernel(a, b)
        vector.squared_norm(b)


# Storage writes: small values and many zeros, so that slots are cleared and restored.


@st.composite
def storage(draw: st.DrawFn) -> tuple[Ints, Ints, Ints]:
    """Draw original, current and new; a new element often repeats one of the other two."""
    length = draw(st.integers(0, 24))
    values = st.sampled_from(draw(st.sampled_from([[0, 1], [0, 0, 0, 1, 2], [1, 2, 3], [MIN, 0]])))
    pick = st.sampled_from([0, 1, 2, 2])

    def derived(*earlier: Ints) -> Ints:
        return [
            [draw(values), *(source[i] for source in earlier)][min(draw(pick), len(earlier))]
            for i in range(length)
        ]

    original = draw(st.lists(values, min_size=length, max_size=length))
    current = derived(original)
    return original, current, derived(current, original)


@settings(max_examples=200)
@given(storage(), st.integers(1, 5))
def test_changed_slots(states: tuple[Ints, Ints, Ints], per_slot: int) -> None:
    original, current, new = states
    result = vector.changed_slots(array(original), array(current), array(new), per_slot)
    assert result == twin_changed_slots(original, current, new, per_slot)
    once = array(current)
    result = vector.changed_slots(once, once, array(new), per_slot)
    assert result == twin_changed_slots(current, current, new, per_slot)
    assert all(type(count) is int for count in result)


def test_changed_slots_every_single_slot() -> None:
    for size in (1, 2, 3):
        states = [list(state) for state in product((0, 1, 2), repeat=size)]
        for original, current, new in product(states, repeat=3):
            before = array(current)
            first = before if original == current else array(original)
            result = vector.changed_slots(first, before, array(new), 3)
            assert result == twin_changed_slots(original, current, new, 3)


def test_changed_slots_fast_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(vector, "_classify_writes")
    old = array([0, 0, 0, 5, 1, 2, 3, 4, 6])
    new = array([1, 0, 2, 5, 1, 2, 3, 4, 7])
    assert vector.changed_slots(old, old, new, 4) == SlotWrites(6, 0, 2, 1, 0, 0, 0, 0)
    assert vector.changed_slots(old, old, old, 4) == SlotWrites(9, 0, 0, 0, 0, 0, 0, 0)
    assert vector.changed_slots(old, old, array([9] * 9), 4) == SlotWrites(0, 0, 3, 6, 0, 0, 0, 0)


def test_changed_slots_clears_a_slot_in_passing() -> None:
    old = array([1, 0])
    assert vector.changed_slots(old, old, array([0, 1]), 2) == SlotWrites(0, 0, 1, 1, 1, 1, 0, 0)
