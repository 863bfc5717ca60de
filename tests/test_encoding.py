"""Tests of chain.encoding, against a twin, and of the keys that names of leaves become."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.array import Array
from chain.cells import leaf_key
from chain.encoding import encode, encode_head, first_text
from chain.values import Address
from tests.twins import encoding as twin

EDGES = [edge + off for edge in (0, 2**63, 2**255, 2**256) for off in (-1, 0, 1)]
edges = st.sampled_from([*EDGES, *(-edge for edge in EDGES)])
integers = edges | st.integers()
int64s = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=70)
addresses = st.integers(0, 2**160 - 1).map(lambda number: Address(f"0x{number:040x}"))
plain = st.none() | st.booleans() | integers | st.text() | st.binary() | addresses
values = st.recursive(
    plain | int64s.map(lambda row: Array.of_int64(np.array(row, dtype=np.int64))),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.lists(inner).map(Array),
)


class Pair(NamedTuple):
    """A tuple of another class."""

    first: Any
    second: Any


class Speaking:
    """Has a form of its own."""

    def encoded(self) -> tuple[Any, ...]:
        return ("speaking", 1)


class Colour(IntEnum):
    """No int of Python's own."""

    RED = 1


@given(values)
def test_the_bytes_are_as_defined(value: Any) -> None:
    assert encode(value) == twin.encode(value)


@given(st.lists(edges, min_size=1, max_size=3))
def test_integers_of_any_size_in_a_row(row: list[int]) -> None:
    assert encode(row) == twin.encode(row)


@given(st.lists(st.integers() | st.booleans(), max_size=4))
def test_sequences_of_equal_elements_are_equal(elements: list[Any]) -> None:
    forms = {encode(elements), encode(tuple(elements)), encode(Array(elements))}
    assert forms == {twin.encode(elements)}


def test_what_is_equal_to_python_only_has_other_bytes() -> None:
    different: list[Any] = [
        1, True, "1", b"1", [1], [True], [[1]], ["1"], [1, True], [1, 1], [], [[]], "", b"", None,
        0, False, [0], [2**255], [-(2**255)], [2**256], [2**63], 2**63, -(2**63), [None],
    ]  # fmt: skip
    assert len({encode(value) for value in different}) == len(different)


def test_other_classes_are_what_they_derive_from_or_say() -> None:
    assert encode(Pair(1, "a")) == encode((1, "a"))
    assert encode(Address("0x" + "0" * 40)) == encode("0x" + "0" * 40)
    assert encode([Speaking(), None]) == encode([("speaking", 1), None])


@pytest.mark.parametrize("value", [1.5, {1: 2}, {1}, Colour.RED, np.int64(1), object()])
def test_nothing_else_has_canonical_bytes(value: Any) -> None:
    for each in (value, [value], (1, value)):
        with pytest.raises(TypeError, match=f"a {type(value).__name__} has no canonical encoding"):
            encode(each)


@given(st.lists(st.text(), min_size=1), values)
def test_a_head_and_the_last_element_make_a_sequence(texts: list[str], last: Any) -> None:
    whole = encode((*texts, last))
    assert encode_head(texts, len(texts) + 1) + encode(last) == whole
    assert first_text(whole) == texts[0].encode()


@given(st.lists(st.text(), min_size=1), values)
def test_a_leaf_lies_where_its_name_says(path: list[str], key: Any) -> None:
    name = encode((*path, key))
    group = sha256(path[0].encode()).hexdigest()
    assert leaf_key(name).hex() == group[0] + sha256(name).hexdigest()[1:]


def test_leaves_of_a_contract_lie_together_and_apart() -> None:
    keys = [leaf_key(encode((f"contract {owner}", key))) for owner in range(40) for key in range(9)]
    assert len(set(keys)) == 360
    for owner in range(40):
        assert len({key.hex()[0] for key in keys[9 * owner : 9 * owner + 9]}) == 1
    assert len(Counter(key.hex()[0] for key in keys)) > 10
    assert len({key.hex()[1:3] for key in keys}) > 150
