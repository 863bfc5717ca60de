"""What fields mean: packing, structs, maps, arrays; and that nothing is shared by accident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed
from chain.contract import (
    ZERO_ADDRESS,
)
from chain.errors import (
    InvalidValue,
    OutOfRange,
    Panic,
)
from chain.testing import reverts
from tests.attackers.snippets import load, snippet, source
from tests.attackers.specimens import (
    Once,
    Packed,
    Registry,
    Shelf,
)

# Fields.

PACKED_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "a": st.integers(0, 2**8 - 1),
    "b": st.integers(-(2**15), 2**15 - 1),
    "c": st.integers(0, 2**160 - 1).map(lambda n: f"0x{n:040x}"),
    "d": st.booleans(),
    "e": st.integers(0, 2**256 - 1),
    "f": st.integers(0, 2**128 - 1),
    "g": st.integers(-(2**127), 2**127 - 1),
    "h": st.binary(min_size=32, max_size=32),
    "i": st.text(st.characters(exclude_categories=["Cs"]), max_size=70),
    "j": st.integers(0, 2**8 - 1),
}
PACKED_ZERO = {
    **dict.fromkeys("abefgj", 0),
    "c": ZERO_ADDRESS,
    "d": False,
    "h": bytes(32),
    "i": "",
}
assignments = st.lists(
    st.sampled_from(list(PACKED_VALUES)).flatmap(
        lambda name: st.tuples(st.just(name), PACKED_VALUES[name])
    ),
    max_size=12,
)


@given(writes=assignments)
def test_packed_fields_keep_their_neighbours(chain: Chain, writes: list[tuple[str, Any]]) -> None:
    alice = chain.accounts[0]
    contract = chain.deploy(Packed, sender=alice)
    model = dict(PACKED_ZERO)
    for name, value in writes:
        getattr(contract, f"set_{name}")(value, sender=alice)
        model[name] = value
        assert {each: getattr(contract, each)() for each in model} == model


def test_struct_members_keep_their_neighbours(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    registry = chain.deploy(Registry, sender=alice)
    assert registry.by_key(7)[:5] == (0, 0, ZERO_ADDRESS, 0, False)
    registry.fill(7, 255, -(2**15), 2**256 - 1, "x" * 40, sender=alice)
    registry.fill(8, 0, 1, 2, "", sender=bob)
    assert registry.by_key(7)[:5] == (255, -(2**15), alice.address, 2**256 - 1, True)
    assert registry.by_key(8)[:5] == (0, 1, bob.address, 2, True)
    assert registry.by_key(9)[:5] == (0, 0, ZERO_ADDRESS, 0, False)
    assert [registry.name_of(key) for key in (7, 8, 9)] == ["x" * 40, "", ""]
    assert [registry.has_seen(key, who) for key in (7, 8) for who in (alice, bob)] == [
        True,
        False,
        False,
        True,
    ]
    assert registry.scores(7) == [-(2**15)]
    assert registry.scores(9) == []


def test_the_getter_of_a_struct_returns_its_strings(chain: Chain) -> None:
    alice = chain.accounts[0]
    registry = chain.deploy(Registry, sender=alice)
    registry.fill(7, 1, 2, 3, "name", sender=alice)
    assert registry.by_key(7) == (1, 2, alice.address, 3, True, "name")


def test_structs_in_arrays_and_on_their_own(chain: Chain) -> None:
    alice = chain.accounts[0]
    registry = chain.deploy(Registry, sender=alice)
    registry.add(5, "first", sender=alice)
    registry.add(6, "second", sender=alice)
    registry.fill(0, 1, 2, 3, "", sender=alice)
    registry.bump(0, sender=alice)
    assert registry.listed(0)[0] == 6
    assert registry.listed(1)[0] == 6
    assert registry.listed_name(1) == "second"
    assert registry.single()[0] == 1
    assert registry.by_key(0)[0] == 2
    assert registry.scores(0) == [3]
    with reverts(OutOfRange):
        registry.fill(0, 255, 0, 0, "", sender=alice)
        registry.bump(0, sender=alice)
    assert registry.listed(0)[0] == 6
    with reverts(Panic):
        registry.listed(2)


@given(
    writes=st.lists(
        st.tuples(
            st.integers(0, 1), st.integers(0, 1), st.booleans(), st.integers(-(2**15), 2**15 - 1)
        ),
        max_size=10,
    )
)
def test_maps_in_maps_hold_what_was_last_written(
    chain: Chain, writes: list[tuple[int, int, bool, int]]
) -> None:
    alice = chain.accounts[0]
    registry = chain.deploy(Registry, sender=alice)
    model: dict[tuple[int, int, bool], int] = {}
    for who, key, flag, value in writes:
        registry.put(chain.accounts[who], bytes([key]) * 32, flag, value, sender=alice)
        model[who, key, flag] = value
    for who in (0, 1):
        for key in (0, 1):
            for flag in (False, True):
                held = registry.nested(chain.accounts[who], bytes([key]) * 32, flag)
                assert held == model.get((who, key, flag), 0)


def test_arrays_in_maps_are_apart(chain: Chain) -> None:
    alice = chain.accounts[0]
    registry = chain.deploy(Registry, sender=alice)
    registry.put_row(1, [1, 2, 3], sender=alice)
    registry.put_row(2, [4], sender=alice)
    assert [registry.rows(row) for row in range(3)] == [[], [1, 2, 3], [4]]
    registry.put_row(1, [9], sender=alice)
    assert [registry.rows(row) for row in range(3)] == [[], [9], [4]]
    with reverts(Panic):
        registry.rows(1, 1)


# Keys, as those outside see them.


@given(
    writes=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans(), st.integers(-1, 1)),
        max_size=10,
    )
)
def test_keys_of_maps_are_those_with_something_under_them(
    chain: Chain, writes: list[tuple[int, int, bool, int]]
) -> None:
    accounts = chain.accounts
    registry = chain.deploy(Registry, sender=accounts[0])
    model: dict[tuple[str, bytes, bool], int] = {}
    for who, key, flag, value in writes:
        name = bytes([key]) * 32
        registry.put(accounts[who], name, flag, value, sender=accounts[0])
        model[accounts[who].address, name, flag] = value
    held = {keys for keys, value in model.items() if value}
    assert chain.map_keys(registry, "nested") == sorted({owner for owner, _, _ in held})
    for account in accounts[:3]:
        names = {name for owner, name, _ in held if owner == account.address}
        assert chain.map_keys(registry, "nested", account) == sorted(names)
        for name in names:
            flags = [flag for flag in (False, True) if (account.address, name, flag) in held]
            assert chain.map_keys(registry, "nested", account, name) == flags


def test_keys_of_maps_behind_structs_and_arrays(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    registry = chain.deploy(Registry, sender=alice)
    assert chain.map_keys(registry, "by_key") == []
    registry.fill(7, 0, 0, 0, "", sender=alice)
    registry.fill(3, 1, 2, 3, "x" * 40, sender=bob)
    registry.add(1, "a", sender=bob)
    registry.add(1, "b", sender=alice)
    registry.put_row(5, [0, 0], sender=alice)
    registry.put_row(6, [1], sender=alice)
    registry.put_row(6, [], sender=alice)
    assert chain.map_keys(registry, "by_key") == [3, 7]
    assert chain.map_keys(registry, "by_key", 3, "seen") == [bob.address]
    assert chain.map_keys(registry, "by_key", 4, "seen") == []
    assert chain.map_keys(registry, "listed", 1, "seen") == [alice.address]
    assert chain.map_keys(registry, "single", "seen") == []
    assert chain.map_keys(registry, "rows") == [5], "an array with elements is something"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("single",), "single is no map: only a map has keys to list"),
        (("rows", 5), r"rows\[5\] is no map"),
        (("by_key", 1, "low"), r"by_key\[1\]\['low'\] is no map"),
        (("by_key", 1, "lower"), "there is no member 'lower', only low, high, owner"),
        (("nothing",), "there is no field 'nothing', only by_key, listed"),
        (("by_key", -1), "-1 is out of range of uint256"),
        (("rows", "a"), "'a' is a str, not a uint8"),
        (("by_key", 1, "low", 0), "by_key has nothing at 0: it is no map, array or struct"),
    ],
)
def test_only_maps_have_keys(chain: Chain, path: tuple[Any, ...], message: str) -> None:
    registry = chain.deploy(Registry, sender=chain.accounts[0])
    with pytest.raises(InvalidValue, match=message):
        chain.map_keys(registry, *path)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("map_entry", lambda c: (c.by_key(1), c.by_key(2)) == (5, 0)),
        ("struct_member", lambda c: (c.records(1)[3], c.records(2)[3]) == (5, 0)),
        ("array_item", lambda c: c.items() == [10, 15, 30, 40]),
        ("list_item", bool),
        ("nested_list_item", bool),
    ],
)
def test_augmented_assignment_evaluates_its_target_once(
    chain: Chain, method: str, expected: Callable[[Deployed], bool]
) -> None:
    alice = chain.accounts[0]
    contract = chain.deploy(Once, [10, 20, 30, 40], sender=alice)
    result = getattr(contract, method)(sender=alice).return_value
    assert contract.calls() == 1
    assert expected(contract)
    assert result == {"list_item": 10, "nested_list_item": 7}.get(method)


def test_augmented_assignment_reads_before_the_right_side_runs(chain: Chain) -> None:
    alice = chain.accounts[0]
    contract = chain.deploy(Once, [], sender=alice)
    contract.field(sender=alice)  # 0 + 1, although the right side made it 1
    assert contract.calls() == 1
    contract.field(sender=alice)  # 1 + 2
    assert contract.calls() == 3


# Arrays against Python lists.

ELEMENTS: dict[str, st.SearchStrategy[Any]] = {
    "small": st.integers(0, 255),
    "wide": st.sampled_from([0, 1, 2**63, 2**256 - 1]),
    "middle": st.sampled_from([0, 1, -1, 2**63, -(2**79), 2**79 - 1]),
    "people": st.integers(0, 2).map(lambda n: f"0x{n:040x}"),
    "flags": st.booleans(),
    "names": st.sampled_from(["", "a", "b" * 31, "c" * 32, "d" * 65]),
    "rows": st.lists(st.sampled_from([0, 1, -(2**79)]), max_size=4),
}
steps = st.sampled_from(list(ELEMENTS)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(
            st.one_of(
                st.tuples(st.just("append"), ELEMENTS[name]),
                st.tuples(st.just("set"), st.integers(0, 5), ELEMENTS[name]),
                st.tuples(st.just("assign"), st.lists(ELEMENTS[name], max_size=70)),
            ),
            max_size=8,
        ),
    )
)


@given(script=steps)
def test_storage_arrays_do_what_lists_do(
    chain: Chain, script: tuple[str, list[tuple[Any, ...]]]
) -> None:
    alice = chain.accounts[0]
    shelf = chain.deploy(Shelf, sender=alice)
    name, changes = script
    model: list[Any] = []
    for kind, *arguments in changes:
        change = getattr(shelf, f"{kind}_{name}")
        if kind == "set" and arguments[0] >= len(model):
            with reverts(Panic):
                change(*arguments, sender=alice)
            continue
        if kind == "assign" and name in ("names", "rows") and len(arguments[0]) < len(model):
            with reverts(Panic):  # lists of dynamic values do not shrink
                change(*arguments, sender=alice)
            continue
        change(*arguments, sender=alice)
        if kind == "append":
            model.append(arguments[0])
        elif kind == "set":
            model[arguments[0]] = arguments[1]
        else:
            model = list(arguments[0])
        assert list(getattr(shelf, f"load_{name}")()) == model
        assert list(getattr(shelf, name)()) == model
    for index, value in enumerate(model):
        assert getattr(shelf, name)(index) == value


def test_storage_arrays_can_be_walked_measured_and_searched(chain: Chain) -> None:
    alice = chain.accounts[0]
    shelf = chain.deploy(Shelf, sender=alice)
    shelf.assign_small([1, 2, 3], sender=alice)
    shelf.assign_wide([10, 20], sender=alice)
    assert shelf.walk() == 6 + 2 + 30 + 1
    shelf.append_small(5, sender=alice)
    assert shelf.walk() == 11 + 2 + 30 + 0


def test_a_longer_then_shorter_then_longer_array_has_no_old_elements(chain: Chain) -> None:
    alice = chain.accounts[0]
    shelf = chain.deploy(Shelf, sender=alice)
    shelf.assign_small(list(range(100)), sender=alice)
    shelf.assign_small([7], sender=alice)
    shelf.append_small(8, sender=alice)
    assert shelf.small() == [7, 8]
    with reverts(Panic):
        shelf.small(2)


# Nothing mutable crosses a contract boundary.


def test_a_list_given_to_a_transaction_may_change_afterwards(chain: Chain) -> None:
    alice = chain.accounts[0]
    shelf = chain.deploy(Shelf, sender=alice)
    values = [1, 2]
    transaction = shelf.assign_small.transaction(values, sender=alice)
    values.append(3)
    chain.send(transaction)
    values[0] = 9
    assert shelf.small() == [1, 2]


ALIASES = {
    "stored list": "a = [1, 2]\nself.items = a\na[0] = 9\na.append(3)\nreturn self.items.load()",
    "stored row": "a = [1, 2]\nself.rows.append(a)\na[0] = 9\nreturn self.rows[0].load()",
    "stored rows": "a = [1, 2]\nself.rows = [a]\na[0] = 9\nreturn self.rows[0].load()",
    "event": "a = [1, 2]\ne = Note(data=a)\na[0] = 9\nself.emit(e)\nreturn e.data",
    "error": "a = [1, 2]\ne = Failure(data=a)\na[0] = 9\nreturn e.data",
    "argument": "a = [1, 2]\nself.other.keep(a)\na[0] = 9\nreturn self.other.kept()",
    "loaded": "self.items = [1, 2]\na = self.items.load()\nself.items[0] = 9\nreturn a",
    "result": "self.other.keep([1, 2])\na = self.other.kept()\nself.other.keep([9])\nreturn a",
}
ALIAS_ABOVE = """
class Note(Event):
    data: Array[uint256]

class Failure(Error):
    data: Array[uint256]

class Other(Contract):
    items: Array[uint256]

    @external
    def keep(self, data: Array[uint256]) -> None:
        self.items = data

    @view
    def kept(self) -> Array[uint256]:
        return self.items.load()
"""
ALIAS_FIELDS = """items: Array[uint256]
rows: Array[Array[uint256]]
other: Other

def __init__(self, other: Other) -> None:
    self.other = other
"""


@pytest.mark.parametrize("body", ALIASES.values(), ids=ALIASES)
def test_a_list_that_changes_later_changes_nothing_else(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    alice = chain.accounts[0]
    text = source(body, above=ALIAS_ABOVE, fields=ALIAS_FIELDS, returns="Array[uint256]")
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)
    assert contract.run.simulate(sender=alice).return_value == [1, 2]


@pytest.mark.parametrize("body", ["data[0] = 9", "data[0] += 9", "data.append(9)", "data += [1]"])
def test_an_argument_cannot_be_changed(chain: Chain, tmp_path: Path, body: str) -> None:
    alice = chain.accounts[0]
    made = snippet(tmp_path, f"self.number = 1\n{body}", arguments="data: Array[uint256]")
    contract = chain.deploy(made, sender=alice)
    with pytest.raises(TypeError):
        contract.run([1, 2], sender=alice)
    assert contract.number() == 0
