"""Gas of the language: every turn and every storage operation is paid for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from chain import Chain, Reason
from chain.contract.pricing import PRICES, TURN
from tests.attackers.snippets import snippet

# Gas.

LOOPS = {
    "while": "i = 0\nwhile i < turns:\n    i += 1",
    "for": "for i in range(turns):\n    pass",
    "for and more": "t = 0\nfor i in range(turns):\n    if i >= 0:\n        t += i",
    "else": "for i in range(turns):\n    pass\nelse:\n    pass",
    "continue": "for i in range(turns):\n    continue",
    "enumerate": "for i, x in enumerate([0] * turns):\n    pass",
    "zip": "for i, x in zip(range(turns), range(turns)):\n    pass",
    "reversed": "for i in reversed(range(turns)):\n    pass",
    "text": "for c in 'x' * turns:\n    pass",
    "storage": "self.fill(turns)\nfor x in self.items:\n    pass",
    "comprehension": "x = [0 for i in range(turns)]",
    "conditions": "x = [0 for i in range(turns) if i < 0]",
    "inner loop": "x = [0 for i in range(3) for j in range(turns)]",
    "outer loop": "x = [0 for i in range(turns) for j in range(3)]",
    "generator": "x = sum(i for i in range(turns))",
    "sum": "x = sum(range(turns))",
    "any": "x = any([0] * turns)",
    "list": "x = list(range(turns))",
    "tuple": "x = tuple(range(turns))",
    "calls": "for i in range(turns):\n    self.nothing()",
    "recursion": "self.deeper(turns)",
}
LOOP_FIELDS = """items: Array[uint256]

def fill(self, turns: uint256) -> None:
    self.items = [1] * turns

def nothing(self) -> None:
    pass

def deeper(self, turns: uint256) -> None:
    if turns > 0:
        self.deeper(turns - 1)
"""


@pytest.mark.parametrize("body", LOOPS.values(), ids=LOOPS)
def test_a_loops_gas_grows_by_the_same_with_every_turn(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    alice = chain.accounts[0]
    made = snippet(tmp_path, body, arguments="turns: uint256", fields=LOOP_FIELDS)
    contract = chain.deploy(made, sender=alice)

    def gas(turns: int) -> int:
        with chain.anchor():
            return int(contract.run(turns, sender=alice).gas_used)

    one = gas(2) - gas(1)
    assert one >= 20
    assert [gas(turns) - gas(turns - 1) for turns in range(2, 12)] == [one] * 10


WALKS = ["list(ITEMS)", "tuple(ITEMS)", "sum(ITEMS)", "any(ITEMS)"]


@pytest.mark.parametrize("items", ["[0, 0, 0]", "range(0, 1)", "reversed([0])", "self.items"])
def test_a_walk_costs_the_same_whichever_builtin_walks(
    chain: Chain, tmp_path: Path, items: str
) -> None:
    """What a built-in of Python asks besides the elements differs by version and costs nothing."""
    fields = "items: Array[uint256]\n\ndef __init__(self) -> None:\n    self.items = [0, 0, 0]"
    alice = chain.accounts[0]
    gas = set()
    for walk in WALKS:
        body = f"x = {walk.replace('ITEMS', items)}"
        contract = chain.deploy(snippet(tmp_path, body, fields=fields), sender=alice)
        gas.add(contract.run(sender=alice).gas_used)
    assert len(gas) == 1


def test_the_price_of_code_is_that_of_its_syntax(chain: Chain, tmp_path: Path) -> None:
    """Worked out by hand from the price list, so that no Python version can differ."""
    turn = TURN
    name, constant, call = PRICES[ast.Name], PRICES[ast.Constant], PRICES[ast.Call]
    assign, operation = PRICES[ast.Assign], PRICES[ast.BinOp]
    over_ten = call + name + constant  # range(10)
    bodies = {
        "pass": 0,
        "x = 1 + 2": assign + name + operation + 2 * constant,
        "for i in range(10):\n    pass": over_ten + 10 * turn,
        "for i in range(10):\n    x = i": over_ten + 10 * (turn + assign + 2 * name),
        "x = [i for i in range(10)]": assign + name + over_ten + 10 * (turn + name),
        "x = [[0 for j in range(10)] for i in range(10)]": assign
        + name
        + over_ten
        + 10 * (turn + over_ten)
        + 100 * (turn + constant),
        "x = sum(range(10))": assign + name + call + name + over_ten + 10 * turn,
    }
    alice = chain.accounts[0]
    spent = {}
    for body in bodies:
        contract = chain.deploy(snippet(tmp_path, body), sender=alice)
        spent[body] = contract.run(sender=alice).gas_used
    assert {body: spent[body] - spent["pass"] for body in bodies} == bodies


STORAGE = {
    # What is done, and which kinds of gas it must cost.
    "read a field": ("x = self.wide", "R"),
    "read a packed field": ("x = self.low", "R"),
    "read a flag": ("x = self.flag", "R"),
    "read an address": ("x = self.owner", "R"),
    "read a reference": ("x = self.other", "R"),
    "read bytes": ("x = self.key", "R"),
    "read short text": ("x = self.short", "R"),
    "read long text": ("x = self.long", "RK"),
    "read a map": ("x = self.by_key[1]", "RK"),
    "read an unset key": ("x = self.by_key[2]", "RK"),
    "read a map in a map": ("x = self.nested[1][1]", "RK"),
    "read a struct": ("x = self.records[1].wide", "RK"),
    "read a packed member": ("x = self.records[1].low", "RK"),
    "read a text member": ("x = self.records[1].name", "RK"),
    "read a map member": ("x = self.records[1].seen[1]", "RK"),
    "read a single struct": ("x = self.single.low", "R"),
    "read an item": ("x = self.items[0]", "RK"),
    "read a packed item": ("x = self.bytes[0]", "RK"),
    "read an item of a list": ("x = self.names[0]", "RK"),
    "read an item of a row": ("x = self.rows[0][0]", "RK"),
    "length": ("x = len(self.items)", "R"),
    "length of a list": ("x = len(self.names)", "R"),
    "truth": ("x = bool(self.items)", "R"),
    "load": ("x = self.items.load()", "RK"),
    "load rows": ("x = self.rows.load()", "RK"),
    "iterate": ("for x in self.items:\n    pass", "RK"),
    "iterate a list": ("for x in self.names:\n    pass", "RK"),
    "search": ("x = 1 in self.items", "RK"),
    "sum": ("x = sum(self.items)", "RK"),
    "sorted": ("x = sorted(self.items)", "RK"),
    "max": ("x = max(self.items)", "RK"),
    "reversed": ("x = list(reversed(self.items))", "RK"),
    "enumerate": ("x = list(enumerate(self.items))", "RK"),
    "zip": ("x = list(zip(self.items, self.items))", "RK"),
    "dot": ("x = dot(self.items, data)", "RK"),
    "squared_norm": ("x = squared_norm(self.items)", "RK"),
    "add_scaled": ("x = add_scaled(self.items, data, 1, 1, int80)", "RK"),
    "sum_at": ("x = sum_at(self.by_key, data)", "RK"),
    "add_at": ("add_at(self.by_key, data, 1)", "WK"),
    "write a field": ("self.wide = 5", "W"),
    "write the same again": ("self.wide = 1", "W"),
    "write zero": ("self.wide = 0", "W"),
    "write a packed field": ("self.low = 5", "RW"),
    "write a flag": ("self.flag = False", "RW"),
    "write an address": ("self.owner = ZERO_ADDRESS", "RW"),
    "write a reference": ("self.other = ZERO_ADDRESS", "RW"),
    "write bytes": ("self.key = keccak(1)", "W"),
    "write short text": ("self.short = 'b'", "W"),
    "write long text": ("self.long = 'b' * 100", "W"),
    "write a map": ("self.by_key[1] = 5", "WK"),
    "write a map in a map": ("self.nested[1][1] = 5", "WK"),
    "write a struct": ("self.records[1].wide = 5", "WK"),
    "write a packed member": ("self.records[1].low = 5", "RWK"),
    "write a text member": ("self.records[1].name = 'b'", "WK"),
    "write a map member": ("self.records[1].seen[1] = False", "WK"),
    "write a single struct": ("self.single.low = 5", "RW"),
    "write an item": ("self.items[0] = 5", "RWK"),
    "write a packed item": ("self.bytes[0] = 5", "RWK"),
    "write an item of a list": ("self.names[0] = 'b'", "RWK"),
    "write an item of a row": ("self.rows[0][0] = 5", "RWK"),
    "append": ("self.items.append(5)", "RWK"),
    "append zero": ("self.items.append(0)", "RWK"),
    "append packed": ("self.bytes.append(5)", "RWK"),
    "append text": ("self.names.append('b')", "RWK"),
    "append a row": ("self.rows.append([5])", "RWK"),
    "add a struct": ("x = self.list_of_structs.add()", "RW"),
    "assign": ("self.items = [5, 6]", "RWK"),
    "assign shorter": ("self.items = []", "RWK"),
    "assign the same": ("self.items = [1, 2, 3]", "RWK"),
    "assign packed": ("self.bytes = [5]", "RWK"),
    "assign texts": ("self.names = ['b', 'c']", "RWK"),
    "assign rows": ("self.rows = [[5], [6]]", "RWK"),
    "augmented": ("self.wide += 1", "RW"),
    "augmented map": ("self.by_key[1] += 1", "RWK"),
}
STORAGE_ABOVE = """
class Record(Struct):
    low: uint8
    high: uint8
    wide: uint256
    name: str
    seen: Map[uint8, bool]
"""
STORAGE_FIELDS = """low: uint8
flag: bool
owner: address
wide: uint256
key: bytes32
short: str
long: str
by_key: Map[uint64, int80]
nested: Map[uint8, Map[uint8, uint256]]
records: Map[uint8, Record]
single: Record
items: Array[int80]
bytes: Array[uint8]
names: Array[str]
rows: Array[Array[uint256]]
list_of_structs: Array[Record]
other: 'Snippet'

def __init__(self) -> None:
    self.low = 1
    self.flag = True
    self.owner = self.msg.sender
    self.other = self.address
    self.wide = 1
    self.key = keccak(0)
    self.short = 'a'
    self.long = 'a' * 100
    self.by_key[1] = 1
    self.nested[1][1] = 1
    self.records[1].low = 1
    self.records[1].wide = 1
    self.records[1].name = 'a'
    self.records[1].seen[1] = True
    self.single.low = 1
    self.items = [1, 2, 3]
    self.bytes = [1, 2, 3]
    self.names.append('a')
    self.rows.append([1, 2])
"""
REASONS = {"R": Reason.STORAGE_READ, "W": Reason.STORAGE_WRITE, "K": Reason.KECCAK}


@pytest.mark.parametrize(("body", "kinds"), STORAGE.values(), ids=STORAGE)
def test_every_storage_operation_costs_gas(
    chain: Chain, tmp_path: Path, body: str, kinds: str
) -> None:
    alice = chain.accounts[0]
    parts = {
        "above": STORAGE_ABOVE,
        "fields": STORAGE_FIELDS,
        "arguments": "data: Array[int64]",
    }
    data = [1, 2, 3]

    def spent(text: str) -> dict[Reason, int]:
        contract = chain.deploy(snippet(tmp_path, text, **parts), sender=alice)
        receipt = contract.run(data, sender=alice)
        assert sum(receipt.gas_by_reason.values()) == receipt.gas_used + receipt.gas_refund
        return dict(receipt.gas_by_reason)

    without, costs = spent("pass"), spent(body)
    least = {"R": 800, "W": 800, "K": 36}
    for kind in kinds:
        assert costs[REASONS[kind]] - without[REASONS[kind]] >= least[kind], kind
