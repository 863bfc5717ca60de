"""Gas of the language: every turn and every storage operation is paid for."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain import Chain, Reason
from chain.compute import ADD, ASSIGN, CONSTANT, ELEMENT, NAME, OBJECT, TURN
from tests.attackers.snippets import snippet


@pytest.fixture
def chain() -> Chain:
    """A slot costs the same however often it is read, and a transaction what it spends."""
    return Chain(fork="istanbul")


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
    bodies = {
        "pass": 0,
        "x = 1 + 2": ASSIGN + ADD + 2 * CONSTANT,
        "for i in range(10):\n    pass": OBJECT + CONSTANT + 10 * TURN,
        "for i in range(10):\n    x = i": OBJECT + CONSTANT + 10 * (TURN + ASSIGN + NAME),
        "x = [i for i in range(10)]": ASSIGN + 2 * OBJECT + CONSTANT + 10 * (TURN + NAME + ELEMENT),
        "x = [[0 for j in range(10)] for i in range(10)]": ASSIGN
        + 2 * OBJECT
        + CONSTANT
        + 10 * (TURN + 2 * OBJECT + CONSTANT + ELEMENT)
        + 100 * (TURN + CONSTANT + ELEMENT),
        "x = sum(range(10))": ASSIGN + 2 * OBJECT + CONSTANT + 10 * TURN,
    }
    alice = chain.accounts[0]
    spent = {}
    for body in bodies:
        contract = chain.deploy(snippet(tmp_path, body), sender=alice)
        spent[body] = contract.run(sender=alice).gas_used
    assert {body: spent[body] - spent["pass"] for body in bodies} == bodies


STORAGE = {
    # What is done, and the least it costs: slots read, gas of writing, hashes.
    "read a field": ("x = self.wide", 1, 0, 0),
    "read a packed field": ("x = self.low", 1, 0, 0),
    "read a flag": ("x = self.flag", 1, 0, 0),
    "read an address": ("x = self.owner", 1, 0, 0),
    "read a reference": ("x = self.other", 1, 0, 0),
    "read bytes": ("x = self.key", 1, 0, 0),
    "read short text": ("x = self.short", 1, 0, 0),
    "read long text": ("x = self.long", 5, 0, 1),
    "read a map": ("x = self.by_key[1]", 1, 0, 1),
    "read an unset key": ("x = self.by_key[2]", 1, 0, 1),
    "read a map in a map": ("x = self.nested[1][1]", 1, 0, 2),
    "read a struct": ("x = self.records[1].wide", 1, 0, 1),
    "read a packed member": ("x = self.records[1].low", 1, 0, 1),
    "read a text member": ("x = self.records[1].name", 1, 0, 1),
    "read a map member": ("x = self.records[1].seen[1]", 1, 0, 2),
    "read a single struct": ("x = self.single.low", 1, 0, 0),
    "read an item": ("x = self.items[0]", 2, 0, 1),
    "read a packed item": ("x = self.bytes[0]", 2, 0, 1),
    "read an item of a list": ("x = self.names[0]", 2, 0, 1),
    "read an item of a row": ("x = self.rows[0][0]", 3, 0, 2),
    "length": ("x = len(self.items)", 1, 0, 0),
    "length of a list": ("x = len(self.names)", 1, 0, 0),
    "truth": ("x = bool(self.items)", 1, 0, 0),
    "load": ("x = self.items.load()", 3, 0, 1),
    "load rows": ("x = self.rows.load()", 4, 0, 2),
    "iterate": ("for x in self.items:\n    pass", 7, 0, 3),
    "iterate a list": ("for x in self.names:\n    pass", 3, 0, 1),
    "search": ("x = 1 in self.items", 3, 0, 1),
    "sum": ("x = sum(self.items)", 7, 0, 3),
    "sorted": ("x = sorted(self.items)", 7, 0, 3),
    "max": ("x = max(self.items)", 7, 0, 3),
    "reversed": ("x = list(reversed(self.items))", 7, 0, 3),
    "enumerate": ("x = list(enumerate(self.items))", 7, 0, 3),
    "zip": ("x = list(zip(self.items, self.items))", 14, 0, 6),
    "dot": ("x = dot(self.items, data)", 6, 0, 3),
    "squared_norm": ("x = squared_norm(self.items)", 6, 0, 3),
    "add_scaled": ("x = add_scaled(self.items, data, 1, 1, int80)", 6, 0, 3),
    "sum_at": ("x = sum_at(self.by_key, data)", 3, 0, 3),
    "add_at": ("add_at(self.by_key, data, 1)", 6, 45000, 3),
    "write a field": ("self.wide = 5", 0, 5000, 0),
    "write the same again": ("self.wide = 1", 0, 800, 0),
    "write zero": ("self.wide = 0", 0, 5000, 0),
    "write a packed field": ("self.low = 5", 1, 5000, 0),
    "write a flag": ("self.flag = False", 1, 5000, 0),
    "write an address": ("self.owner = ZERO_ADDRESS", 1, 5000, 0),
    "write a reference": ("self.other = ZERO_ADDRESS", 1, 5000, 0),
    "write bytes": ("self.key = keccak(1)", 0, 5000, 1),
    "write short text": ("self.short = 'b'", 1, 5000, 0),
    "write long text": ("self.long = 'b' * 100", 1, 20800, 1),
    "write a map": ("self.by_key[1] = 5", 1, 5000, 1),
    "write a map in a map": ("self.nested[1][1] = 5", 0, 5000, 2),
    "write a struct": ("self.records[1].wide = 5", 0, 5000, 1),
    "write a packed member": ("self.records[1].low = 5", 1, 5000, 1),
    "write a text member": ("self.records[1].name = 'b'", 1, 5000, 1),
    "write a map member": ("self.records[1].seen[1] = False", 1, 5000, 2),
    "write a single struct": ("self.single.low = 5", 1, 5000, 0),
    "write an item": ("self.items[0] = 5", 2, 5000, 1),
    "write a packed item": ("self.bytes[0] = 5", 2, 5000, 1),
    "write an item of a list": ("self.names[0] = 'b'", 2, 5000, 1),
    "write an item of a row": ("self.rows[0][0] = 5", 2, 5000, 2),
    "write an address in an array": ("self.people[0] = ZERO_ADDRESS", 2, 5000, 1),
    "append": ("self.items.append(5)", 2, 25000, 1),
    "append zero": ("self.items.append(0)", 2, 5800, 1),
    "append packed": ("self.bytes.append(5)", 2, 10000, 1),
    "append text": ("self.names.append('b')", 2, 25000, 1),
    "append a row": ("self.rows.append([5])", 2, 45000, 2),
    "add a struct": ("x = self.list_of_structs.add()", 1, 20000, 1),
    "assign": ("self.items = [5, 6]", 4, 11600, 1),
    "assign shorter": ("self.items = []", 1, 10000, 1),
    "assign the same": ("self.items = [1, 2, 3]", 4, 3200, 1),
    "assign packed": ("self.bytes = [5]", 33, 34800, 1),
    "assign texts": ("self.names = ['b', 'c']", 3, 30000, 2),
    "assign rows": ("self.rows = [[5], [6]]", 3, 60000, 4),
    "augmented": ("self.wide += 1", 1, 5000, 0),
    "augmented map": ("self.by_key[1] += 1", 2, 5000, 2),
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
people: Array[address]
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
    self.people.append(self.msg.sender)
    self.rows.append([1, 2])
"""
READ_GAS = 800
HASH_GAS = 36


@pytest.mark.parametrize(("body", "reads", "write_gas", "hashes"), STORAGE.values(), ids=STORAGE)
def test_every_storage_operation_costs_gas(
    chain: Chain, tmp_path: Path, body: str, reads: int, write_gas: int, hashes: int
) -> None:
    alice = chain.accounts[0]

    def spent(text: str) -> dict[Reason, int]:
        made = snippet(
            tmp_path,
            text,
            above=STORAGE_ABOVE,
            fields=STORAGE_FIELDS,
            arguments="data: Array[int64]",
        )
        receipt = chain.deploy(made, sender=alice).run([1, 2, 3], sender=alice)
        assert sum(receipt.gas_by_reason.values()) == receipt.gas_used + receipt.gas_refund
        return dict(receipt.gas_by_reason)

    without, costs = spent("pass"), spent(body)
    assert costs[Reason.STORAGE_READ] - without[Reason.STORAGE_READ] >= reads * READ_GAS
    assert costs[Reason.STORAGE_WRITE] - without[Reason.STORAGE_WRITE] >= write_gas
    assert costs[Reason.KECCAK] - without[Reason.KECCAK] >= hashes * HASH_GAS
    assert reads or write_gas
