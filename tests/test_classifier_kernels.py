"""The kernels that classifiers use, as contracts call them, against the loops they stand for.

``test_vector.py`` has the arithmetic on vectors; this is about what is around it: which operands
get there, arrays in storage and in memory, results that do not fit, maps, and gas.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed
from chain.array import VECTOR_LENGTH
from chain.contract import (
    Array,
    Contract,
    Error,
    Map,
    add_at,
    add_scaled,
    dot,
    external,
    int32,
    int64,
    int80,
    int256,
    moving_average,
    squared_distance,
    squared_norm,
    sum_at,
    uint32,
    uint64,
    uint256,
    wrapping,
)
from chain.gas import Reason
from tests.strategies import root_from_scratch
from tests.twins.classifier import Failed, quotient, signed, unsigned
from tests.twins.drawing import INT64, LENGTHS, Draw, stories, vector
from tests.twins.drawing import signed as signed_integers
from tests.twins.drawing import unsigned as unsigned_integers
from tests.twins.pair import OK, Outcome, of_contract, storage


class Enough(Error):
    """A transaction of these tests gives up."""


class Kernels(Contract):
    """Calls each kernel, with an array that is held and one that is given."""

    held: Array[int256]
    short: Array[int64]
    by_key: Map[uint64, int80]
    nested: Map[uint64, Map[uint32, uint32]]
    wide: Map[uint256, int256]

    @external
    def hold(self, values: Array[int256]) -> None:
        self.held = values

    @external
    def hold_short(self, values: Array[int64]) -> None:
        self.short = values

    @external
    def dot(self, given: Array[int256]) -> tuple[uint256, bool]:
        result = dot(self.held, given)
        return wrapping(uint256, result), result < 0

    @external
    def dot_short(self, given: Array[int64]) -> int256:
        return dot(given, self.short)

    @external
    def squared_norm(self, given: Array[int256]) -> uint256:
        return wrapping(uint256, squared_norm(given))

    @external
    def squared_norm_held(self) -> uint256:
        return wrapping(uint256, squared_norm(self.held))

    @external
    def add_scaled_int64(self, given: Array[int256], top: int256, bottom: int256) -> Array[int64]:
        return add_scaled(self.held, given, top, bottom, int64)

    @external
    def add_scaled_int80(self, given: Array[int256], top: int256, bottom: int256) -> Array[int80]:
        return add_scaled(self.held, given, top, bottom, int80)

    @external
    def add_scaled_int32(self, given: Array[int256], top: int256, bottom: int256) -> Array[int32]:
        return add_scaled(self.held, given, top, bottom, int32)

    @external
    def add_scaled_uint32(self, given: Array[int256], top: int256, bottom: int256) -> Array[uint32]:
        return add_scaled(given, self.held, top, bottom, uint32)

    @external
    def distance(self, given: Array[int256], divisor: int256, limit: int256) -> uint256:
        return wrapping(uint256, squared_distance(given, self.held, divisor, limit))

    @external
    def average(self, given: Array[int256], weight: int256, divisor: int256) -> Array[int64]:
        return moving_average(self.held, given, weight, divisor)

    @external
    def sum_at(self, keys: Array[int256]) -> int256:
        return sum_at(self.by_key, keys)

    @external
    def sum_at_nested(self, outer: uint64, keys: Array[int64]) -> int256:
        return sum_at(self.nested[outer], keys)

    @external
    def sum_at_wide(self, keys: Array[uint256]) -> tuple[uint256, bool]:
        result = sum_at(self.wide, keys)
        return wrapping(uint256, result), result < 0

    @external
    def add_at(self, keys: Array[int256], amount: int256) -> None:
        add_at(self.by_key, keys, amount)

    @external
    def add_at_nested(self, outer: uint64, keys: Array[int64], amount: int256) -> None:
        add_at(self.nested[outer], keys, amount)

    @external
    def add_at_wide(self, keys: Array[uint256], amount: int256) -> None:
        add_at(self.wide, keys, amount)

    @external
    def add_both(
        self, keys: Array[int256], first: int256, others: Array[int256], second: int256
    ) -> None:
        add_at(self.by_key, keys, first)
        add_at(self.by_key, others, second)

    @external
    def add_and_fail(self, keys: Array[int256], amount: int256) -> None:
        add_at(self.by_key, keys, amount)
        raise Enough()

    @external
    def assign(self, keys: Array[uint64], value: int80) -> None:
        for key in keys:
            self.by_key[key] = value


@pytest.fixture
def kernels(chain: Chain) -> Deployed:
    return chain.deploy(Kernels, sender=chain.accounts[0])


def outcome(chain: Chain, kernels: Deployed, name: str, *arguments: Any) -> Outcome:
    """What a method answers, or its error."""
    method = getattr(kernels, name)
    return of_contract(lambda: method(*arguments, sender=chain.accounts[0]))


def expected(loop: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(result=loop())
    except Failed as failure:
        return Outcome(failure.reason, {})


def fits(value: int) -> tuple[int, bool]:
    """A result of 256 bits, signed or not: its bits and its sign."""
    if not -(2**255) <= value < 2**256:
        raise Failed("Arithmetic")
    return value % 2**256, value < 0


def fitting(value: int) -> int:
    return fits(value)[0]


def same_length(*arrays: list[int]) -> None:
    if len(set(map(len, arrays))) > 1:
        raise Failed("Panic")


INT256 = signed_integers(256)
# Elements that a vector of 64-bit integers can hold, and, at one place or more, some that do not.
ELEMENTS = st.sampled_from([st.integers(-(2 * 10**9), 2 * 10**9), INT64, INT64, INT256])


def arrays(draw: Draw) -> tuple[list[int], list[int]]:
    """Two arrays, mostly of one length."""
    length = draw(st.sampled_from(LENGTHS))
    first = vector(draw, length, draw(ELEMENTS))
    other = max(length + draw(st.sampled_from([0] * 8 + [1, -1])), 0)
    return first, vector(draw, other, draw(ELEMENTS))


@given(st.data())
def test_products(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    held, given = arrays(data.draw)
    assert outcome(chain, kernels, "hold", held).reason == OK

    def product() -> tuple[int, bool]:
        same_length(held, given)
        return fits(sum(a * b for a, b in zip(held, given, strict=True)))

    assert outcome(chain, kernels, "dot", given) == expected(product)
    for name, values in (("squared_norm", [given]), ("squared_norm_held", [])):
        squares = sum(x * x for x in (values[0] if values else held))
        got = outcome(chain, kernels, name, *values)
        assert got == expected(partial(fitting, squares))
    if all(-(2**63) <= x < 2**63 for x in (*held, *given)):
        assert outcome(chain, kernels, "hold_short", held).reason == OK
        got = outcome(chain, kernels, "dot_short", given)
        assert got == expected(lambda: signed(product()[0], 256))


RATIOS = st.integers(-(2**32), 2**32) | st.sampled_from([0, 10**9, -(10**9)]) | INT64 | INT256


@given(st.data())
def test_scaled_additions(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    """Truncated toward zero, then wrapped to the type of the result, whatever that is."""
    held, given = arrays(data.draw)
    top = data.draw(RATIOS)
    bottom = data.draw(st.sampled_from([10**9, 1, 2]) | RATIOS)
    assert outcome(chain, kernels, "hold", held).reason == OK

    def moved(start: list[int], step: list[int], wrap: Callable[[int], int]) -> list[int]:
        same_length(start, step)
        if bottom <= 0:
            raise Failed("Panic")
        return [wrap(w + quotient(x * top, bottom)) for w, x in zip(start, step, strict=True)]

    for name, loop in (
        ("add_scaled_int64", lambda: moved(held, given, lambda value: signed(value, 64))),
        ("add_scaled_int80", lambda: moved(held, given, lambda value: signed(value, 80))),
        ("add_scaled_int32", lambda: moved(held, given, lambda value: signed(value, 32))),
        ("add_scaled_uint32", lambda: moved(given, held, lambda value: unsigned(value, 32))),
    ):
        assert outcome(chain, kernels, name, given, top, bottom) == expected(loop)


@stories
@given(st.data())
def test_distances(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    """They end where the limit is reached, or with a panic where the second array ends before."""
    held, given = arrays(data.draw)
    divisor = data.draw(
        st.sampled_from([10**9, 10**9, 1, 2]) | unsigned_integers(255) | st.just(-1)
    )
    gaps = [(a - b) ** 2 // max(divisor, 1) for a, b in zip(given, held, strict=False)]
    # A limit that some number of the elements reach, or just do not.
    part = sum(gaps[: data.draw(st.integers(0, len(gaps)))])
    near = max(-(2**255), min(part + data.draw(st.integers(-1, 1)), 2**255 - 1))
    limit = data.draw(st.just(near) | st.just(near) | INT256)
    assert outcome(chain, kernels, "hold", held).reason == OK

    def loop() -> int:
        if divisor <= 0:
            raise Failed("Panic")
        total = 0
        for index, x in enumerate(given):
            if index == len(held):
                raise Failed("Panic")
            total += (x - held[index]) ** 2 // divisor
            if total >= limit:
                break
        return fits(total)[0]

    assert outcome(chain, kernels, "distance", given, divisor, limit) == expected(loop)


@given(st.data())
def test_moving_averages(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    """Of any weight and divisor: numerators wrap at 256 bits and quotients at 64."""
    held, given = arrays(data.draw)
    edges = [0, 2**63 - 1, 2**63, 2**191 - 1, 2**191, 2**194, 2**254, -1, -(2**255)]
    weight = data.draw(st.integers(0, 100) | st.sampled_from(edges) | INT256)
    usual = st.just(min(weight + 1, 2**255 - 1))
    divisor = data.draw(usual | usual | st.just(weight) | INT256)
    assert outcome(chain, kernels, "hold", held).reason == OK

    def loop() -> list[int]:
        same_length(held, given)
        if divisor == 0:
            raise Failed("Panic")
        pairs = zip(held, given, strict=True)
        return [signed(quotient(signed(m * weight + x, 256), divisor), 64) for m, x in pairs]

    assert outcome(chain, kernels, "average", given, weight, divisor) == expected(loop)


BIG = [2**63 - 1, -(2**63), 2**62 + 1]


@pytest.mark.parametrize("length", [3, 60])
def test_averages_of_big_numbers_and_weights_wrap(
    chain: Chain, kernels: Deployed, length: int
) -> None:
    held, given = (BIG * length)[:length], (BIG[1:] * length)[:length]
    assert outcome(chain, kernels, "hold", held).reason == OK
    for weight in (2**191 - 1, 2**191, 2**192, 2**193, 2**254, 2**255 - 2):
        means = [
            signed(quotient(signed(m * weight + x, 256), weight + 1), 64)
            for m, x in zip(held, given, strict=True)
        ]
        assert outcome(chain, kernels, "average", given, weight, weight + 1).result == means


@pytest.mark.parametrize("length", [3, 60])
@pytest.mark.parametrize("big", [1, 10**9, 2**62])
def test_distances_end_where_the_limit_is_reached(
    chain: Chain, kernels: Deployed, length: int, big: int
) -> None:
    """Reached, not passed: with differences that 64-bit squares hold, and with others."""
    given = [big * (1 + index % 3) for index in range(length)]
    assert outcome(chain, kernels, "hold", [-big] * length).reason == OK
    total = 0
    for x in given:
        before, total = total, total + (x + big) ** 2
        for limit, found in ((total, total), (total - 1, total), (before + 1, total)):
            assert outcome(chain, kernels, "distance", given, 1, limit).result == found


# Maps.

KEYS = st.integers(0, 4)
ODD_KEYS = st.sampled_from([-1, 2**32 - 1, 2**32, 2**63 - 1, 2**64 - 1, 2**64])
AMOUNTS = st.integers(-(2**79), 2**79 - 1) | st.integers(-9, 9) | INT256


class MapTwin:
    """A map of integers, some levels deep."""

    def __init__(self, path: tuple[str, ...], key_bits: int, wrap: Callable[[int], int]) -> None:
        self.path = path
        self.key_bits = key_bits
        self.wrap = wrap
        self.values: dict[Any, int] = {}

    def places(self, outer: list[int], keys: list[int]) -> list[Any]:
        if any(not 0 <= key < 2**self.key_bits for key in keys):
            raise Failed("Arithmetic")
        return [(*outer, key) if outer else key for key in keys]

    def add(self, outer: list[int], keys: list[int], amount: int) -> None:
        for place in self.places(outer, keys):
            self.values[place] = self.wrap(self.values.get(place, 0) + amount)

    def sum(self, outer: list[int], keys: list[int]) -> int:
        return sum(self.values.get(place, 0) for place in self.places(outer, keys))

    def wide_sum(self, outer: list[int], keys: list[int]) -> tuple[int, bool]:
        return fits(self.sum(outer, keys))

    def stored(self) -> dict[Any, int]:
        return {place: value for place, value in self.values.items() if value}


def told(draw: Draw) -> list[int]:
    """A few keys: each once, or repeated, and at times some that are out of range."""
    kind = draw(st.sampled_from(["distinct", "distinct", "repeated", "odd"]))
    if kind == "odd":
        usual: list[int] = draw(st.lists(KEYS, max_size=2))
        return [*usual, draw(ODD_KEYS), *usual]
    if kind == "repeated":
        return vector(draw, draw(st.sampled_from(LENGTHS)), KEYS | st.integers(0, 100))
    first = draw(st.integers(0, 3))
    return list(range(first, first + draw(st.sampled_from([1, 2, 3, 60]))))


def map_twins() -> dict[str, MapTwin]:
    return {
        "at": MapTwin(("by_key", "[]"), 64, lambda value: signed(value, 80)),
        "at_nested": MapTwin(("nested", "[]", "[]"), 32, lambda value: unsigned(value, 32)),
        "at_wide": MapTwin(("wide", "[]"), 256, lambda value: signed(value, 256)),
    }


@stories
@given(st.data())
def test_maps(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    """Repeated keys are added to again, values wrap, and a key out of range undoes it all."""
    draw = data.draw
    name = draw(st.sampled_from(["at", "at", "at_nested", "at_wide"]))
    twin = map_twins()[name]
    for _ in range(draw(st.integers(1, 5))):
        keys, amount = told(draw), draw(AMOUNTS)
        outer = [draw(st.integers(0, 1))] if name == "at_nested" else []
        if name == "at_wide":
            keys = [abs(key) for key in keys]
        got = outcome(chain, kernels, f"add_{name}", *outer, keys, amount)
        assert got == expected(partial(twin.add, outer, keys, amount))
        assert storage(chain, kernels)[twin.path] == twin.stored()
        keys = draw(st.sampled_from([keys, [0, 1, 2, 3, 4]]))
        got = outcome(chain, kernels, f"sum_{name}", *outer, keys)
        total = partial(twin.wide_sum if name == "at_wide" else twin.sum, outer, keys)
        assert got == expected(total)


@given(st.data())
def test_maps_within_one_transaction(chain: Chain, kernels: Deployed, data: st.DataObject) -> None:
    """What is added first counts for what is added next, and all of it for the state's root."""
    draw = data.draw
    twin = map_twins()["at"]
    keys = list(range(5))
    assert outcome(chain, kernels, "assign", keys, 7).reason == OK
    twin.add([], keys, 7)
    for _ in range(2):
        keys, others = (list(draw(st.permutations(range(n)))) for n in (4, 6))
        others = others[draw(st.integers(0, 5)) :]
        first, second = draw(AMOUNTS), draw(AMOUNTS)
        assert outcome(chain, kernels, "add_both", keys, first, others, second).reason == OK
        twin.add([], keys, first)
        twin.add([], others, second)
        assert storage(chain, kernels)[twin.path] == twin.stored()
    assert chain.header().state_root == root_from_scratch(chain)


@given(st.data())
def test_additions_to_a_map_are_undone(
    chain: Chain, kernels: Deployed, data: st.DataObject
) -> None:
    """With the transaction; and taken back within one, they leave what was there."""
    keys = told(data.draw)
    amount = data.draw(AMOUNTS.filter(lambda amount: amount != -(2**255)))
    value = data.draw(st.integers(-9, 9) | st.sampled_from([2**79 - 1, -(2**79)]))
    assert outcome(chain, kernels, "assign", list(range(5)), value).reason == OK
    before = storage(chain, kernels)
    leaves = chain._ledger.state.leaves()
    valid = all(0 <= key < 2**64 for key in keys)
    failed = outcome(chain, kernels, "add_and_fail", keys, amount)
    assert failed.reason == ("Enough" if valid else "Arithmetic")
    assert storage(chain, kernels) == before
    both = outcome(chain, kernels, "add_both", keys, amount, keys, -amount)
    assert both.reason == (OK if valid else "Arithmetic")
    assert storage(chain, kernels) == before
    after = chain._ledger.state.leaves()
    changed = {path for path in leaves.keys() | after if leaves.get(path) != after.get(path)}
    assert len(changed) == 3, "the sender's nonce, and who paid and got the fee"
    assert chain.header().state_root == root_from_scratch(chain)


# Gas.


def write_price(original: int, current: int, new: int) -> tuple[int, int]:
    """Gas and refund of a write to a slot that was read before (EIP-2200, 2929 and 3529)."""
    refund = 0
    if current == new:
        return 100, 0
    if current == original:
        return (20_000, 0) if original == 0 else (2_900, 4_800 * (new == 0))
    if original:
        refund += 4_800 * ((new == 0) - (current == 0))
    if original == new:
        refund += 2_800 if original else 19_900
    return 100, refund


@stories
@given(st.data())
def test_additions_cost_what_their_writes_cost(
    chain: Chain, kernels: Deployed, data: st.DataObject
) -> None:
    """Each by itself, in order: into use or out of it, and again in the same transaction."""
    draw = data.draw
    values = draw(st.lists(st.sampled_from([7, 7, 7, 0, -7, 2**79 - 1]), min_size=6, max_size=6))
    for key, value in enumerate(values):
        kernels.assign([key], value, sender=chain.accounts[0])
    told = st.permutations(range(6)).map(lambda keys: keys[:4]) | st.lists(KEYS, max_size=4)
    keys, others = draw(told), draw(told)
    first, second = (draw(st.sampled_from([1, 1, 0, 7, -7])) for _ in range(2))
    receipt = kernels.add_both(keys, first, others, second, sender=chain.accounts[0])
    now, gas, refund = list(values), 0, 0
    for key, amount in [*((key, first) for key in keys), *((key, second) for key in others)]:
        new = signed(now[key] + amount, 80)
        paid, back = write_price(values[key], now[key], new)
        gas, refund, now[key] = gas + paid, refund + back, new
    assert receipt.gas_by_reason[Reason.STORAGE_WRITE] == gas
    assert receipt.gas_refund == min(refund, (receipt.gas_used + receipt.gas_refund) // 5)


LOOPS: dict[str, Callable[[int], list[Any]]] = {
    "dot": lambda size: [[1] * size],
    "squared_norm": lambda size: [[1] * size],
    "add_scaled_int64": lambda size: [[1] * size, 1, 1],
    "add_scaled_int80": lambda size: [[1] * size, 1, 1],
    "distance": lambda size: [[1] * size, 1, 2**255 - 1],
    "average": lambda size: [[1] * size, 1, 2],
    "sum_at": lambda size: [[1] * size],
    "add_at": lambda size: [[1] * size, 0],
}


@pytest.mark.parametrize("name", LOOPS)
def test_each_element_costs_the_same(chain: Chain, kernels: Deployed, name: str) -> None:
    """So gas does not tell whether numpy did the work."""
    spent = []
    for size in range(VECTOR_LENGTH - 3, VECTOR_LENGTH + 4):
        with chain.anchor():
            kernels.hold([1] * size, sender=chain.accounts[0])
            method = getattr(kernels, name)
            receipt = method(*LOOPS[name](size), sender=chain.accounts[0])
            # A word of memory costs the more, the more there are.
            spent.append(receipt.gas_used - receipt.gas_by_reason[Reason.MEMORY])
    assert len({more - less for less, more in pairwise(spent)}) == 1


@pytest.mark.parametrize("amount", [1, -1])
def test_additions_cost_the_same_whether_they_wrap_or_not(
    chain: Chain, kernels: Deployed, amount: int
) -> None:
    """Each changes a slot that stays in use; and one more key costs as much as another."""
    keys = list(range(1, 61))
    edge = 2**79 - 1 if amount > 0 else -(2**79)

    def gas(values: dict[int, int], told: list[int]) -> int:
        with chain.anchor():
            kernels.assign(keys, 7, sender=chain.accounts[0])
            for key, value in values.items():
                kernels.assign([key], value, sender=chain.accounts[0])
            receipt = kernels.add_at(told, amount, sender=chain.accounts[0])
            return int(receipt.gas_used - receipt.gas_by_reason[Reason.MEMORY])

    assert gas({}, keys) == gas({1: edge}, keys) == gas({60: edge}, keys) == gas({5: -7}, keys)
    spent = [gas({}, keys[:size]) for size in range(1, 61)]
    assert len({more - less for less, more in pairwise(spent)}) == 1
    assert gas({}, []) < spent[0]
