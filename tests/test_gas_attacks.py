"""Attacks on the meter: work and memory that gas did not buy, found from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chain import Chain, Deployed, Receipt
from chain.contract import Struct, uint8, vector
from chain.errors import ContractRefused, ExecutionError
from tests.attackers.snippets import load, source
from tests.test_hostile import memory_within

GAS_LIMIT = 400_000

ABOVE = """
class Blob(Event):
    data: Array[uint256]

class One(Event):
    number: uint256

class Pair(Struct):
    left: uint256
    right: uint256

class Other(Contract):
    @external
    def give(self, data: Array[uint256]) -> Array[uint256]:
        return data
"""
FIELDS = """other: Other
nested: Array[Array[Array[uint256]]]
texts: Array[str]
pair: Pair
by_array: Map[Array[Array[uint256]], uint256]
by_two: Map[uint256, Map[uint256, uint256]]

def __init__(self, other: Other) -> None:
    self.other = other
"""


class TooMuchWork(Exception):
    """More calls in Python than the gas can have bought."""


@contextmanager
def calls_within(most: int) -> Iterator[None]:
    """Stop what runs in the ``with`` block after so many calls of Python or C functions."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls > most:
            raise TooMuchWork(f"more than {most:,} calls")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield
    finally:
        sys.setprofile(before)


def deployed(chain: Chain, folder: Path, body: str, fields: str = "", **parts: str) -> Deployed:
    """A contract of which the method `run` has this body."""
    module = load(folder, source(body, fields=FIELDS + fields, above=ABOVE, **parts))
    alice = chain.accounts[0]
    return chain.deploy(module.Snippet, chain.deploy(module.Other, sender=alice), sender=alice)


def run(contract: Deployed, *arguments: int, gas_limit: int = GAS_LIMIT) -> Receipt | None:
    """The receipt, or None if it failed."""
    sender = contract._chain.accounts[0]
    try:
        made: Receipt = contract.run(*arguments, sender=sender, gas_limit=gas_limit)
    except ExecutionError:
        return None
    return made


DOUBLING = "".join(
    f"\ndef step{i}(self) -> None:\n    self.step{i + 1}()\n    self.step{i + 1}()\n"
    for i in range(40)
) + ("\ndef step40(self) -> None:\n    return\n")
HALVING = """
def twice(self, depth: uint256) -> None:
    if depth > 0:
        self.twice(depth - 1)
        self.twice(depth - 1)
"""
ENDLESS = {
    # 2**40 calls without a loop: straight-line code was never held against the limit.
    "calls that double": ("self.step0()", DOUBLING),
    "recursion that doubles": ("self.twice(100)", HALVING),
    # The type check of what is stored looked at all of it before anything was paid.
    "a list that shares its parts, stored": (
        "a = [1] * 10\nb = [a] * 1000\nself.nested = [b] * 1000", ""
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDLESS)
def test_work_is_paid_for_before_it_gets_out_of_hand(
    chain: Chain, tmp_path: Path, name: str
) -> None:
    body, fields = ENDLESS[name]
    contract = deployed(chain, tmp_path, body, fields)
    with calls_within(100_000):  # 60,000 gas, of which 39,000 are left for this
        run(contract, gas_limit=60_000)


PROPORTIONAL = {
    # What stops early copied all of a list (a range of 10**9 would take 36 GB).
    "squared_distance of lists": "c = squared_distance(a, a, 1, 0)",
    "squared_distance of ranges": "c = squared_distance(range(size), range(size), 1, 0)",
    # Comparing what contains arrays looked at every element.
    "event == event": "c = e == f",
    "event in list": "c = e in [f]",
    # Only the outer length of a key was paid for, but all of it is checked and hashed.
    "map key of arrays": "c = self.by_array[k]",
    "map key of arrays, written": "self.by_array[k] = 0",
}
PREPARE = """a = [1] * size
e = Blob(data=a)
f = Blob(data=a)
k = [a]
for turn in range(turns):
    """


@pytest.mark.parametrize("name", PROPORTIONAL)
def test_an_operation_costs_gas_by_the_length_of_its_operands(
    chain: Chain, tmp_path: Path, name: str
) -> None:
    contract = deployed(
        chain, tmp_path, PREPARE + PROPORTIONAL[name], arguments="size: uint256, turns: uint256"
    )

    def gas_of_one(size: int) -> int:
        gas = []
        for turns in (1, 2):
            receipt = run(contract, size, turns, gas_limit=30_000_000)
            assert receipt is not None
            gas.append(receipt.gas_used)
        return gas[1] - gas[0]

    assert gas_of_one(1500) - gas_of_one(300) >= (1500 - 300) // 2


def test_results_of_try_call_are_compared_by_identity(chain: Chain, tmp_path: Path) -> None:
    body = """a = [1] * 2000
r = self.try_call(self.other, 'give', [a])
q = self.try_call(self.other, 'give', [a])
return r == r and r != q"""
    receipt = run(deployed(chain, tmp_path, body, returns="bool"))
    assert receipt is not None
    assert receipt.return_value is True


def test_a_distance_that_stops_early_looks_at_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    whole = vector._squared_differences

    def noted(a: vector.Vector, b: vector.Vector, divisor: int) -> vector.Vector | list[int]:
        lengths.append(len(a))
        return whole(a, b, divisor)

    monkeypatch.setattr(vector, "_squared_differences", noted)
    ones, zeros = np.ones(5_000, np.int64), np.zeros(5_000, np.int64)
    for limit, expected in ((1, 1), (1_024, 1_024), (1_025, 1_025), (5_000, 5_000)):
        lengths.clear()
        assert vector.squared_distance_within(ones, zeros, 1, limit) == (expected, expected)
        assert sum(lengths) < limit + 512
    assert vector.squared_distance_within(ones, zeros, 1, 5_001) == (5_000, 5_000)
    assert vector.squared_distance_within(ones[:0], zeros[:0], 1, 1) == (0, 0)


FREE = ["self.address", "self.msg", "self.block", "super()", "zip()"]


@pytest.mark.parametrize("expression", FREE)
def test_nothing_is_free(chain: Chain, tmp_path: Path, expression: str) -> None:
    gas = []
    for count in (1, 301):
        receipt = run(deployed(chain, tmp_path, f"a = ({f'{expression}, ' * count})"))
        assert receipt is not None
        gas.append(receipt.gas_used)
    assert gas[1] - gas[0] >= 2 * 300


KEPT = {
    "zip": "zip(b)",
    "enumerate": "enumerate(b)",
    "reversed": "reversed(b)",
    "range": "range(n)",
    "struct": "self.pair",
    "paying": "other.paying(1)",
    "event": "One(number=n)",
    "comprehension": "[x for x in b]",
    "casts": "[wrapping(uint8, x) for x in b]",
    "moving average": "moving_average(b, b, 1, 2)",
}


@pytest.mark.parametrize("expression", KEPT.values(), ids=KEPT)
def test_what_is_kept_is_paid_for(chain: Chain, tmp_path: Path, expression: str) -> None:
    body = (
        "b = []\nn = 300\nother = self.other\nkept = [0]\n"
        f"while True:\n    kept.append(({f'{expression}, ' * 200}))"
    )
    contract = deployed(chain, tmp_path, body)
    with memory_within(GAS_LIMIT):
        run(contract)


def test_a_wide_zip_is_refused(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(ContractRefused, match="zip of 9 sequences: 8 is the most"):
        deployed(chain, tmp_path, "a = [1]\nb = list(zip(a, a, a, a, a, a, a, a, a))")
    assert run(deployed(chain, tmp_path, "a = [1]\nb = list(zip(a, a, a, a, a, a, a, a))"))


def test_a_wide_struct_is_refused() -> None:
    with pytest.raises(ContractRefused, match="33 members, 32 is the most"):
        type("Wide", (Struct,), {"__annotations__": {f"m{i}": uint8 for i in range(33)}})
    type("Wide", (Struct,), {"__annotations__": {f"m{i}": uint8 for i in range(32)}})


def test_an_inner_iterable_is_paid_for_at_every_turn(chain: Chain, tmp_path: Path) -> None:
    gas = []
    for terms in (1, 101):
        for turns in (1, 2):
            iterable = f"({'n * n, ' * terms})[0:0]"
            body = f"n = 1\na = [0 for i in range({turns}) for j in {iterable}]"
            receipt = run(deployed(chain, tmp_path, body))
            assert receipt is not None
            gas.append(receipt.gas_used)
    few, many = gas[1] - gas[0], gas[3] - gas[2]
    assert many - few >= 100 * 135  # MULTIPLY


def test_what_a_failed_transaction_asked_for_does_not_stay(chain: Chain, tmp_path: Path) -> None:
    body = "none = []\ni = 0\nwhile True:\n    i += 1\n    n = sum_at(self.by_two[i], none)"
    contract = deployed(chain, tmp_path, body)
    assert run(contract) is None
    place = chain._ledger.contract(contract.address)._places["by_two"]
    assert len(list(place.values.values._behind)) == 0  # type: ignore[attr-defined]
