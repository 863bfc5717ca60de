"""What twins and contracts are told: numbers at the edges of their types, and samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isqrt
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from chain import Account
from chain.array import VECTOR_LENGTH
from tests.twins.classifier import ONE
from tests.twins.pair import Pair

Draw = Callable[[st.SearchStrategy[Any]], Any]

# For whole stories, of which there are more than of single laws.
stories = settings(max_examples=2 * settings().max_examples)

UNIT = ONE**2
TOLERANCE = 10**11

EDGES = [
    sign * (2**power + offset)
    for power in (0, 24, 30, 31, 32, 33, 63, 64, 79, 80, 128, 191, 255, 256)
    for offset in (-1, 0, 1)
    for sign in (1, -1)
]

# Around the length from which kernels use numpy.
LENGTHS = (0, 1, 2, 3, 5, VECTOR_LENGTH - 1, VECTOR_LENGTH, VECTOR_LENGTH + 1, 60)


def integers(low: int, high: int) -> st.SearchStrategy[int]:
    """Integers of a range: next to 0, next to powers of two and the ends, and any."""
    edges = sorted({edge for edge in (*EDGES, low, high, low + 1, high - 1) if low <= edge <= high})
    return (
        st.integers(max(low, -4), min(high, 4))
        | st.sampled_from(edges)
        | st.integers(low, high)
        | st.integers(max(low, -2 * ONE), min(high, 2 * ONE))
    )


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return integers(0, 2**bits - 1)


def signed(bits: int) -> st.SearchStrategy[int]:
    return integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


INT64 = signed(64)
LABELS = st.sampled_from([0, 1]) | st.sampled_from([0, 1, 2, 3, 2**32, 2**63, 2**64 - 1])
NAMES = st.sampled_from(["cat", "", "neither of the two, as far as anybody can tell"])


def vector(draw: Draw, length: int, elements: st.SearchStrategy[int] = INT64) -> list[int]:
    """A vector of a few different elements: long ones cost no more to draw."""
    cycle = draw(st.lists(elements, min_size=1, max_size=5))
    return [cycle[i % len(cycle)] for i in range(length)]


def unit_vector(draw: Draw, length: int) -> list[int]:
    """A vector whose squared norm is close enough to 1, if it has any elements at all."""
    direction = vector(draw, length, st.integers(-9, 9))
    direction[:1] = direction[:1] and [direction[0] or 1]
    size = isqrt(sum(x * x for x in direction) * UNIT)
    return [x * UNIT // size for x in direction]


def edge_vector(draw: Draw, length: int) -> list[int]:
    """A vector whose squared norm is one of those where "close enough" begins or ends.

    The whole of it takes a few elements: each is the root of what the others leave.
    """
    edge = draw(st.sampled_from([UNIT - TOLERANCE, UNIT + TOLERANCE]))
    left = edge + draw(st.sampled_from([-1, 0, 1]))
    found = []
    for _ in range(length):
        found.append(draw(st.sampled_from([1, -1])) * isqrt(left))
        left -= found[-1] ** 2
    return found


def dense_sample(draw: Draw, dimensions: int) -> list[int]:
    """Mostly a sample of these dimensions and of unit norm, and at times none."""
    kind = draw(st.sampled_from(["unit"] * 5 + ["edge", "edge", "any", "length"]))
    if kind == "unit":
        return unit_vector(draw, dimensions)
    if kind == "edge":
        return edge_vector(draw, dimensions)
    if kind == "any":
        return vector(draw, dimensions)
    length = draw(st.sampled_from([max(dimensions - 1, 0), dimensions + 1, 0]))
    return unit_vector(draw, length)


# Features: few, so that samples share them; those beyond 32 and 33 bits, and negative ones.
FEATURES = st.integers(0, 6)
ODD_FEATURES = st.sampled_from(
    [-(2**63), -(2**32), -1, 2**32 - 1, 2**32, 2**32 + 1, 2**33 - 1, 2**33, 2**63 - 1]
)


def sparse_sample(draw: Draw, *, odd: bool = True) -> list[int]:
    """Indices of present features: few or many, repeated or not, and at times odd ones."""
    kinds = ["distinct", "distinct", "repeated", "long", "odd", "odd"]
    kind = draw(st.sampled_from(kinds if odd else kinds[:4]))
    if kind == "distinct":
        distinct: set[int] = draw(st.sets(FEATURES, max_size=5))
        return sorted(distinct)
    if kind == "repeated":
        repeated: list[int] = draw(st.lists(FEATURES, min_size=1, max_size=5))
        times: int = draw(st.sampled_from([1, 2]))
        return repeated * times
    if kind == "odd":
        found: list[int] = draw(st.lists(FEATURES, max_size=2))
        return [*found, draw(ODD_FEATURES), *found]
    return vector(draw, draw(st.sampled_from(LENGTHS)), FEATURES | st.integers(0, 100))


def chunk(
    draw: Draw,
    key: st.SearchStrategy[int],
    value: st.SearchStrategy[int],
    odd_keys: Sequence[int] = (),
    odd_lengths: bool = True,
) -> list[Any]:
    """Entries (key, value); at times one too short or too long, or one of an odd key."""
    entries = st.tuples(key, value).map(list)
    found: list[Any] = draw(st.lists(entries, max_size=4))
    odd = draw(st.sampled_from(["", "", "", "length", "key", "key"]))
    if odd == "length" and odd_lengths:
        wrong = draw(st.sampled_from([[], [key], [key, value, key]]))
        found.append([draw(part) for part in wrong])
    elif odd == "key" and odd_keys:
        found.append([draw(st.sampled_from(odd_keys)), draw(value)])
    return found


def story(draw: Draw, pair: Pair, operations: dict[str, Callable[[], list[Any]]]) -> None:
    """Have a pair do one operation after another, mostly updates and predictions by the owner.

    `operations` make arguments by name; those that every classifier has are added.
    """
    accounts = pair.chain.accounts
    everything: dict[str, Callable[[], list[Any]]] = {
        **operations,
        "add_feature_indices": lambda: [draw(st.lists(unsigned(32), max_size=3))],
        "transfer_ownership": lambda: [draw(st.sampled_from(addresses(accounts[:2])))],
    }
    names = st.sampled_from([*everything, *["update"] * 6, *["predict"] * 3])
    sender = st.sampled_from([None] * 15 + [*accounts[:3]])
    for _ in range(draw(st.integers(1, 4)) * 4):
        name = draw(names)
        pair.call(name, *everything[name](), sender=draw(sender))


def addresses(accounts: tuple[Account, ...]) -> list[str]:
    """Those of accounts, and nobody's."""
    return [*(str(account.address) for account in accounts), "0x" + "0" * 40]
