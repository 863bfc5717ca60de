"""What is done in one go, against the same done step by step: nobody may see the difference.

Two chains run the same program, one of them in a form that no shortcut takes: a ``pass`` between
two writes costs nothing and parts them, and a loop is what ``add_at`` stands for.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain, Receipt
from chain.array import VECTOR_LENGTH, Array
from chain.contract import address, bytes32, int64, int80, uint8, uint256
from chain.contract.method import argument_check
from chain.contract.sequences import wrapped
from chain.encoding import encode
from chain.errors import InvalidValue, OutOfGas
from chain.forks import FORKS
from chain.gas import Meter, Reason
from chain.types import Type, type_of
from chain.values import Address
from tests.attackers.snippets import load
from tests.strategies import root_from_scratch

Folders = pytest.TempPathFactory
FORMS = ("plain", "fast")
WHO = [Address("0x" + digit * 40) for digit in "012"]
# Around what a write takes, and what must be left when it begins.
SLACK = st.sampled_from([0, 1, 799, 801, 2_300, 5_000, 20_000, -1, -800, -1_500, -2_300, -2_301])

HEAD = "ONE = bytes([1] * 32)\nclass Stop(Error):\n    pass\nclass Other(Contract):\n    pass\n"
BOOK = """
class Entry(Struct):
    {members}
class Twin(Contract):
    map: Map[uint64, Entry]
    nested: Map[uint64, Map[address, Entry]]
    listed: Array[Entry]
    def __init__(self) -> None:
        self.listed.add()
"""
METHODS = """
    @reentrant
    @external
    def {name}(self, key: uint64, a: int256, b: uint256, who: Other, yes: bool) -> bool:
        record, same, other = {place}, {place}, self.map[9]
        {run}
        if yes:
            {again}
        require(a != 7, Stop())
        return yes
    @external
    def {name}_twice(self, key: uint64, a: int256, b: uint256, who: Other, yes: bool) -> bool:
        tried = self.try_call(self.address, "{name}", [key, 7 if yes else b, b, who, yes])
        for i in range(2):
            self.{name}(key, a, b, who, yes)
        return tried.ok
    @view
    def {name}_view(self, key: uint64, a: int256, b: uint256, who: Other, yes: bool) -> bool:
        return self.{name}(key, a, b, who, yes)
"""
LINES = ("\n" + " " * 8, "\n" + " " * 12)
PLACES = ("self.map[key]", "self.nested[key][who]", "self.listed[key]")
VALUES = {  # of members, by type; some do not fit
    "uint256": ["b", "b", "0", "7"],
    "int256": ["a", "a", "-1", "0"],
    "uint64": ["0", "5", "b", "18446744073709551615", "18446744073709551616"],
    "int128": ["-1", "0", "a", "9"],
    "address": ["who", "who", f'"{WHO[1]}"', "key"],
    "bool": ["yes", "True", "1"],
    "bytes32": ["ONE", "ONE", 'b"short"'],
    "str": ['"short"', f'"{"long" * 9}"', "key"],
}


def layouts(kinds: list[str]) -> st.SearchStrategy[Any]:
    """Types of members, and two runs of assignments to them."""
    members = [f"m{i} = {value}" for i, kind in enumerate(kinds) for value in VALUES[kind]]
    handles = st.sampled_from(["record"] * 8 + ["same", "other"])
    runs = st.lists(st.builds("{}.{}".format, handles, st.sampled_from(members)), min_size=1)
    return st.tuples(st.just(kinds), runs, runs)


LAYOUTS = st.lists(st.sampled_from([*VALUES, "uint256"]), min_size=2, max_size=6).flatmap(layouts)
WORDS = st.sampled_from([0, 0, 1, 7, 2**64, 2**127, 2**255 - 1])
ARGUMENTS = st.tuples(st.just(0), WORDS | st.just(-1), WORDS, st.sampled_from(WHO), st.booleans())
ENDINGS = st.sampled_from(["", "", "_twice", "_view"])


class Twins:
    """One contract on two chains, where gas costs no money, so that their roots can be equal."""

    def __init__(self, folders: Folders, text: str) -> None:
        contract = load(folders.mktemp("twins"), HEAD + text).Twin
        self.chains = [Chain(gas_price=0) for _ in FORMS]
        self.deployed = [chain.deploy(contract, sender=chain.accounts[0]) for chain in self.chains]
        self.snapshots = [chain.snapshot() for chain in self.chains]

    def call(self, arguments: Any, slack: int | None = None, ending: str = "") -> list[Receipt]:
        """The same call in both forms, with that much less gas than the plain one takes."""
        receipts = []
        limit = None
        for chain, target, name in zip(self.chains, self.deployed, FORMS, strict=True):
            call = {"to": target, "name": name + ending, "arguments": arguments}
            sender = chain.accounts[0]
            if slack is not None and limit is None:
                free = chain.simulate(chain.make_transaction("call", sender, **call))
                limit = min(max(25_000, free.gas_used + free.gas_refund - slack), 30_000_000)
            transaction = chain.make_transaction("call", sender, **call, gas_limit=limit)
            receipts.append(chain.send(transaction))
        return receipts

    def after(self, what: int) -> None:
        """Now and then return to the beginning, or hold the roots against what they stand for."""
        if what == 0:
            for chain, snapshot in zip(self.chains, self.snapshots, strict=True):
                chain.revert(snapshot)
        elif what < 4:
            roots = {chain.header().state_root for chain in self.chains}
            assert roots == {root_from_scratch(self.chains[0])}


def seen(receipt: Receipt) -> tuple[Any, ...]:
    """All that a receipt tells, the method's name aside."""
    ends = [(each.gas, type(each.error), str(each.error), each.result) for each in receipt.trace]
    return receipt.gas_used, receipt.gas_refund, receipt.gas_by_reason, ends


def book(folders: Folders, layout: Any, place: str) -> Twins:
    """A contract with the same runs of writes together and apart."""
    kinds, *runs = layout
    text = BOOK.format(members="\n    ".join(f"m{i}: {kind}" for i, kind in enumerate(kinds)))
    for name, parting in zip(FORMS, ("pass", ""), strict=True):
        run, again = [
            f"{line}{parting}{line}".join(run) for line, run in zip(LINES, runs, strict=True)
        ]
        text += METHODS.format(name=name, place=place, run=run, again=again)
    return Twins(folders, text)


ACTS = st.lists(st.tuples(ENDINGS, ARGUMENTS, st.none() | SLACK, st.integers(0, 9)), max_size=10)


@given(LAYOUTS, st.sampled_from(PLACES), ACTS)
def test_runs_of_writes(tmp_path_factory: Folders, layout: Any, place: str, acts: Any) -> None:
    """Gas, errors, traces, roots; with limits in the middle, failing frames and snapshots."""
    twins = book(tmp_path_factory, layout, place)
    for ending, arguments, slack, then in acts:
        one, other = twins.call(arguments, slack, ending)
        assert seen(one) == seen(other)
        twins.after(then)
    twins.after(1)
    twins.chains[1].verify()


def test_a_run_of_writes_ends_where_the_gas_does(tmp_path_factory: Folders) -> None:
    """At any limit: slots set, changed, cleared and left; in the first and in later writes."""
    kinds = ["uint256", "address", "uint64", "uint256", "int256", "str"]
    run = [f"record.{each}" for each in ("m0 = b", "m1 = who", "m4 = a", "m2 = 5")]
    twins = book(
        tmp_path_factory, (kinds, run, ["record.m3 = b", 'record.m5 = "short"', *run]), PLACES[0]
    )
    limits = [*range(-30_000, 60_000, 499), *range(-2_303, 5, 7), *range(-1_503, -1_498)]
    done = set()
    for arguments in ((0, 1, 9, WHO[1], True), (0, -1, 0, WHO[0], False), (0, 0, 9, WHO[1], True)):
        for slack, ending in [*((each, "") for each in limits), (None, "_view"), (None, "_twice")]:
            one, other = twins.call(arguments, slack, ending)
            assert seen(one) == seen(other)
            done.add(one.ok)
            if one.ok:
                twins.call((0, 5, 1, WHO[2], False))
    assert done == {True, False}
    twins.after(1)


COUNTS = """
class Twin(Contract):
    flat: Map[uint64, uint32]
    nested: Map[uint64, Map[int64, int80]]
    deep: Map[address, Map[uint8, Map[uint64, uint256]]]
"""
COUNT = """
    @reentrant
    @external
    def {name}(self, keys: Array[uint64], one: int256, two: int256, try_: bool, end: bool) -> None:
        burned = [0] * 200000
        {flat}
        if try_:
            tried = self.try_call(self.address, "{name}", [keys, two, one, False, end])
        {nested}
        {deep}
        {more}
        {again}
        {more}
        require(not end or try_, Stop())
"""
ADDED = (
    ("flat", "self.flat", "keys", "uint32", "one"),
    ("nested", "self.nested[2]", "keys", "int80", "two"),
    ("deep", "self.deep[self.address][3]", "keys", "uint256", "abs(one)"),
    ("again", "self.flat", "keys", "uint32", "two"),
    ("more", "self.flat", "[key + 4 for key in keys]", "uint32", "two"),
)
KEYS = st.lists(st.sampled_from([*range(8), 2**63 - 1]), max_size=6)
AMOUNTS = st.sampled_from([0, 1, 1, -1, 2**31, -(2**32), 2**79, 2**32 - 1])
ADDITIONS = st.tuples(KEYS, AMOUNTS, AMOUNTS, st.booleans(), st.booleans())


def counts(folders: Folders) -> Twins:
    """A contract that adds at once, and in the loop that this stands for."""
    text = COUNTS
    for name in FORMS:
        parts = {}
        for part, where, keys, kind, amount in ADDED:
            each = f"wrapping({kind}, place[key] + {amount})"
            loop = f"place = {where}\n        for key in {keys}:\n            place[key] = {each}"
            parts[part] = f"add_at({where}, {keys}, {amount})" if name == "fast" else loop
        text += COUNT.format(name=name, **parts)
    return Twins(folders, text)


LIMITS = (1, -1, 1, 2**32 - 1, 1, -(2**32), 2**31, 2**31, 2**80 - 1)


@given(st.lists(st.tuples(ADDITIONS, st.integers(0, 9)), min_size=1, max_size=10))
@example([(([1, 2], amount, 0, False, False), 1) for amount in LIMITS])
@example([(([1, 2], amount, amount, False, False), 1) for amount in LIMITS])
def test_add_at_is_its_loop(tmp_path_factory: Folders, acts: Any) -> None:
    """Values, gas of storage, refunds and proofs; keys that come twice, wraps, failing frames."""
    twins = counts(tmp_path_factory)
    for arguments, then in acts:
        one, other = twins.call(arguments)
        assert (str(one.error), one.gas_refund) == (str(other.error), other.gas_refund)
        for reason in (Reason.STORAGE_READ, Reason.STORAGE_WRITE):
            assert one.gas_by_reason[reason] == other.gas_by_reason[reason]
        twins.after(then)
    twins.after(1)
    chain, target = twins.chains[1], twins.deployed[1]
    for key in range(8):
        proof = chain.prove_storage(target, "flat", key)
        assert proof.verify(chain.header().state_root)
        assert proof.value == (encode(target.flat(key)) if target.flat(key) else None)
    chain.verify()


TYPES = [
    type_of(kind) for kind in (uint8, uint256, int80, bool, address, bytes32, str, Array[uint8])
]
ODD = [
    *(sign * 2**bits + off for bits in (8, 63, 64, 79, 256) for sign in (1, -1) for off in (-1, 0)),
    *(True, False, 0, None, 1.0, HTTPStatus.OK, np.int64(-1), np.uint8(200), np.bool_(1)),
    *(WHO[1], str(WHO[1]), "text", "\ud800", bytes(32), b"", [1], [True], [256], (0, 255)),
    *(Array([1], type_of(uint8)), Array([300], type_of(int64))),
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_arguments_pass_as_their_types_say(kind: Type) -> None:
    """The written-out check lets through what each type does, and blames the same argument."""
    check = argument_check("run", {"flag": type_of(bool), "value": kind})
    for value in ODD:
        try:
            expected: Any = (True, kind.check(value))
        except InvalidValue as error:
            expected = type(error), f"run: value: {error}"
        try:
            found: Any = check((True, value))
        except InvalidValue as error:
            found = type(error), str(error)
        assert repr(found) == repr(expected)  # True is not 1, nor is numpy's
    with pytest.raises(InvalidValue, match="run takes 2 arguments"):
        check((True, 0, 0))


EDGES = st.lists(st.sampled_from([0, 1, -1, 255, 256, 2**31, 2**63 - 1, -(2**63)]), max_size=4)
LONG_AND_SHORT = EDGES.flatmap(lambda few: st.sampled_from([few, few * VECTOR_LENGTH]))


@given(LONG_AND_SHORT, st.sampled_from(TYPES[:3]), st.sampled_from([0, 52, 53, 212, 2_544, 20_000]))
def test_casts_of_an_array_are_casts_of_its_elements(values: Any, kind: Any, limit: int) -> None:
    """The same list and gas, whether or not everything is in range."""
    checked = type_of(Array[int64]).check(values)
    price = 53 * len(values)
    for iterable in (checked, values):
        meter = Meter(FORKS["istanbul"])
        meter.start(limit)
        try:
            found = wrapped(meter, kind, iterable, 53)
        except OutOfGas:
            assert limit < price
        else:
            assert (found, meter.used) == ([kind.wrap(value) for value in values], price)
            assert price <= limit
    assert not values or checked.bounds == Array(values).bounds == (min(values), max(values))
