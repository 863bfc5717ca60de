"""Runaway contracts: whatever they try ends in out-of-gas before time and memory are gone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain import Chain, Receipt
from chain.errors import CallDepthExceeded, ContractRefused, ExecutionError, OutOfGas
from chain.testing import reverts
from tests.attackers.snippets import load, snippet, source

# Gas buys memory, so the bound is in proportion: ten bytes a gas (a pair of integers in a list
# takes some 150 bytes for a turn of 20 gas; a list of zeros is far below). What asks for its memory
# first takes a gigabyte here. A small limit is enough to tell, and measuring memory is slow.
GAS_LIMIT = 2_000_000
BYTES_PER_GAS = 10


@contextmanager
def memory_within(gas: int) -> Iterator[None]:
    """Fail if the ``with`` block ever holds more memory than `gas` can buy."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < BYTES_PER_GAS * gas


LOOPS = {
    "while": "while True:\n    pass",
    "continue": "while True:\n    continue",
    "counting": "n = 0\nwhile n >= 0:\n    n += 1",
    "for": "for _ in range(10**9):\n    pass",
    "for-beyond-a-machine-word": "for _ in range(2**200):\n    pass",
    "loops-in-loops": "for a in range(10**5):\n    for b in range(10**5):\n        pass",
    "storage": "while True:\n    self.number += 1",
    "enumerate": "for i, a in enumerate(range(10**9)):\n    pass",
    "zip": "for a, b in zip(range(10**9), range(10**9)):\n    pass",
    "reversed": "for a in reversed(range(10**9)):\n    pass",
    "append": "a = [0]\nwhile True:\n    a.append(0)",
    "append-while-iterating": "a = [0]\nfor x in a:\n    a.append(x)",
    "slices": "a = [0] * 1000\nwhile True:\n    b = a[0:1000]",
    "equality": "a = 'x' * 100000\nb = 'x' * 99999 + 'y'\nwhile True:\n    c = a == b",
    "search": "a = [0] * 100000\nwhile True:\n    b = 1 in a",
    "hashing": "while True:\n    k = keccak(self.number)",
}

COMPREHENSIONS = {
    "list": "a = [0 for _ in range(10**9)]",
    "filtered-to-nothing": "a = [0 for i in range(10**9) if i < 0]",
    "two-loops": "a = [0 for i in range(10**5) for j in range(10**5)]",
    "inner-loop-empty": "e = range(0)\na = [0 for i in range(10**9) for j in e]",
    "nested": "a = [[0 for i in range(10**5)] for j in range(10**5)]",
    "nested-product": "a = [[0] * 10**5 for j in range(10**5)]",
    "nested-in-the-iterable": "a = [x for x in [y for y in [z for z in range(10**9)]]]",
    "generator": "a = sum(1 for i in range(10**5) for j in range(10**5))",
    "of-enumerate": "a = [i for i, x in enumerate(zip(range(10**9), range(10**9)))]",
}

BUILTINS = {
    "in-reversed": "a = -5 in reversed(range(10**9))",
    "sum": "a = sum(range(10**9))",
    "sum-beyond-a-machine-word": "a = sum(range(2**200))",
    "min": "a = min(range(10**9))",
    "max": "a = max(range(10**9))",
    "any": "a = any(range(10**9))",
    "all": "a = all(range(1, 10**9))",
    "list": "a = list(range(10**9))",
    "tuple": "a = tuple(range(10**9))",
    "sorted": "a = sorted(range(10**9))",
    "list-of-zip": "a = list(zip(range(10**9), range(10**9)))",
    "list-of-enumerate": "a = list(enumerate(range(10**9)))",
    "sum-of-reversed": "a = sum(reversed(range(10**9)))",
    "sorted-reversed": "a = sorted(reversed(range(10**9)))",
    "in-range": "a = 5 in range(10**9)",
    "in-enumerate": "a = 5 in list(enumerate(range(10**9)))",
}

MEMORY = {
    "list": "a = [0] * 10**9",
    "list-from-the-right": "a = 10**9 * [0]",
    "list-beyond-a-machine-word": "a = [0] * 2**200",
    "tuple": "a = (0,) * 10**9",
    "text": "a = 'x' * 10**9",
    "bytes": "a = b'x' * 10**9",
    "power": "a = 2 ** 10**9",
    "power-of-power": "a = 2 ** 2 ** 40",
    "power-of-a-negative": "a = (-3) ** 10**9",
    "shift": "a = 1 << 10**9",
    "list-doubling": "a = [0]\nwhile True:\n    a = a + a",
    "list-doubling-in-place": "a = [0]\nwhile True:\n    a += a",
    "list-repeating-in-place": "a = [0]\nwhile True:\n    a *= 2",
    "tuple-doubling": "a = (0,)\nwhile True:\n    a = a + a",
    "text-doubling": "a = 'x'\nwhile True:\n    a = a + a",
    "text-doubling-in-place": "a = 'x'\nwhile True:\n    a += a",
    "bytes-doubling": "a = b'x'\nwhile True:\n    a += a",
    "storing-a-long-list": "self.items = [1] * 10**5",
    "storing-a-long-text": "self.text = 'x' * 250_000",
    "storing-for-ever": "while True:\n    self.items.append(1)",
    "emitting-a-long-list": "self.emit(Blob(data=[1] * 10**5, text=''))",
    "emitting-a-long-text": "self.emit(Blob(data=[], text='x' * 250_000))",
    "emitting-for-ever": "while True:\n    self.emit(Blob(data=[], text=''))",
}

RUNAWAYS = {
    f"{group}-{name}": body
    for group, bodies in {
        "loop": LOOPS,
        "comprehension": COMPREHENSIONS,
        "built-in": BUILTINS,
        "memory": MEMORY,
    }.items()
    for name, body in bodies.items()
}

FIELDS = "number: uint256\nitems: Array[uint256]\ntext: str"
BLOB = "class Blob(Event):\n    data: Array[uint256]\n    text: str\n"


@pytest.mark.parametrize("body", RUNAWAYS.values(), ids=RUNAWAYS)
def test_runaway_work_ends_in_out_of_gas_and_changes_nothing(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    alice = chain.accounts[0]
    contract = chain.deploy(snippet(tmp_path, body, fields=FIELDS, above=BLOB), sender=alice)
    balance = chain.balance(alice)
    with memory_within(GAS_LIMIT), reverts(OutOfGas) as failure:
        contract.run(sender=alice, gas_limit=GAS_LIMIT)
    receipt = failure.error.receipt
    assert receipt.gas_used == GAS_LIMIT
    assert chain.balance(alice) == balance - GAS_LIMIT * chain.gas_price
    assert (contract.number(), contract.items(), contract.text()) == (0, (), "")
    assert receipt.logs == []


def test_a_free_view_and_a_constructor_are_bounded_too(tmp_path: Path) -> None:
    chain = Chain(block_gas_limit=GAS_LIMIT)
    alice = chain.accounts[0]
    endless = snippet(tmp_path, LOOPS["while"], decorator="view")
    with reverts(OutOfGas):
        chain.deploy(endless, sender=alice).run()
    stillborn = load(
        tmp_path,
        "class Stillborn(Contract):\n"
        "    def __init__(self) -> None:\n        while True:\n            pass\n",
    ).Stillborn
    contracts = len(chain.labels)
    with reverts(OutOfGas):
        chain.deploy(stillborn, sender=alice)
    assert len(chain.labels) == contracts


def test_a_view_of_a_long_result_is_bounded(tmp_path: Path) -> None:
    chain = Chain(block_gas_limit=GAS_LIMIT)
    alice = chain.accounts[0]
    body = "return [7] * size"
    made = snippet(
        tmp_path, body, arguments="size: uint256", returns="Array[uint256]", decorator="view"
    )
    contract = chain.deploy(made, sender=alice)
    assert contract.run(1000) == [7] * 1000
    with memory_within(GAS_LIMIT), reverts(OutOfGas):
        contract.run(10**9)


# Work inside one expression is paid for in proportion: what costs by length in Python costs gas by
# length here. `size` is how long the operands are, and `turns` how often the operation runs.
PREPARE = """a = [1] * size
b = [1] * size
s = 'x' * size
t = 'x' * size
data = [[1] * size]
v = self.other.give(size)
for turn in range(turns):
    """
PROPORTIONAL = {
    "a + b": "c = a + b",
    "a += b": "c = a\n    c += b",
    "a * 2": "c = a * 2",
    "a == b": "c = a == b",
    "a != b": "c = a != b",
    "a < b": "c = a < b",
    "a == b == a": "c = a == b == a",
    "[a] == [b]": "c = [a] == [b]",
    "text + text": "c = s + t",
    "text == text": "c = s == t",
    "text < text": "c = s < t",
    "text in text": "c = 'y' in s",
    "item in list": "c = 2 in a",
    "item not in list": "c = 2 not in a",
    "item in range": "c = 2 in range(size)",
    "text in range": "c = 'a' in range(size)",
    "list in list": "c = a in [b]",
    "item in enumerate": "c = 2 in enumerate(a)",
    "item in zip": "c = 2 in zip(a, b)",
    "item in reversed": "c = 2 in reversed(a)",
    "slice": "c = a[1:]",
    "list": "c = list(a)",
    "tuple": "c = tuple(a)",
    "sum": "c = sum(a)",
    "min": "c = min(a)",
    "max(a, b)": "c = max(a, b)",
    "min([a, b])": "c = min([a, b])",
    "sorted": "c = sorted(a)",
    "sorted([a, b])": "c = sorted([a, b])",
    "all": "c = all(a)",
    "list of enumerate": "c = list(enumerate(a))",
    "list of zip": "c = list(zip(a, b))",
    "sum of reversed": "c = sum(reversed(a))",
    "comprehension": "c = [x for x in a]",
    "for": "for x in a:\n        pass",
    "emit list": "self.emit(Blob(data=a, text=''))",
    "emit text": "self.emit(Blob(data=[], text=s))",
    "event made but not emitted": "c = Blob(data=a, text='')",
    "event with text": "c = Blob(data=[], text=s)",
    "event with an array of another type": "c = Narrow(data=v)",
    "error made but not raised": "c = Failure(data=a)",
    "annotated list": "c: Array[uint256] = a",
    "annotated list of lists": "c: Array[Array[uint256]] = data",
    "annotated text": "c: str = s",
    "annotated array of another type": "c: Array[uint8] = v",
    "keccak(list)": "c = keccak(a)",
    "keccak(text)": "c = keccak(s)",
    "keccak(array)": "c = keccak(v)",
    "argument": "self.other.take(a)",
    "argument in a list": "self.other.take_nested(data)",
    "argument of another type": "self.other.take_narrow(v)",
    "argument of try_call": "c = self.try_call(self.other, 'take', [a])",
    "argument of try_call of another type": "c = self.try_call(self.other, 'take_narrow', [v])",
    "result": "c = self.other.give(size)",
    "result of another type": "c = self.other.give_narrow(size)",
    "map key": "c = self.by_name[s]",
    "map key of a write": "self.by_name[s] = 0",
    "read text": "self.text = s\n    c = self.text",
    "dot": "c = dot(v, v)",
    "squared_norm": "c = squared_norm(v)",
    "add_scaled": "c = add_scaled(v, v, 1, 1, int80)",
    "sum_at": "c = sum_at(self.by_number, v)",
    "add_at": "add_at(self.by_number, v, 1)",
}
HELPERS = """
class Blob(Event):
    data: Array[uint256]
    text: str

class Narrow(Event):
    data: Array[uint8]

class Failure(Error):
    data: Array[uint256]

class Other(Contract):
    number: uint256

    @external
    def take(self, data: Array[uint256]) -> None:
        self.number = 1

    @external
    def take_nested(self, data: Array[Array[uint256]]) -> None:
        self.number = 1

    @external
    def take_narrow(self, data: Array[uint8]) -> None:
        self.number = 1

    @external
    def give(self, size: uint256) -> Array[uint256]:
        return [1] * size

    @external
    def give_narrow(self, size: uint256) -> Array[uint8]:
        data: Array[uint256] = [1] * size
        return data
"""
USER_FIELDS = """other: Other
text: str
by_name: Map[str, uint256]
by_number: Map[uint64, int80]

def __init__(self, other: Other) -> None:
    self.other = other
"""


@pytest.mark.parametrize("operation", PROPORTIONAL.values(), ids=PROPORTIONAL)
def test_an_operation_costs_gas_by_the_length_of_its_operands(
    chain: Chain, tmp_path: Path, operation: str
) -> None:
    alice = chain.accounts[0]
    text = source(
        PREPARE + operation,
        fields=USER_FIELDS,
        above=HELPERS,
        arguments="size: uint256, turns: uint256",
    )
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)

    def gas(size: int, turns: int) -> int:
        receipt: Receipt = contract.run.simulate(size, turns, sender=alice)
        return receipt.gas_used + receipt.gas_refund

    def gas_of_one(size: int) -> int:
        return gas(size, 2) - gas(size, 1)

    short, long = 300, 1500
    # At least one gas for two bytes, or for an element: texts are stored and compared in words.
    growth = gas_of_one(long) - gas_of_one(short)
    if "give" in operation or "give_narrow" in operation:
        # Making the list is paid for; so must be the check of another type.
        growth -= 6 * (long - short) * (1 + ("narrow" in operation))
    assert growth >= (long - short) // 2


SHARED = "a = [0]\nb = [0]\nfor _ in range(14):\n    a = [a, a]\n    b = [b, b]\n"
SHARED_TUPLES = SHARED.replace("[a, a]", "(a, a)").replace("[b, b]", "(b, b)")
DEEP = {
    "compared": "c = a == b",
    "ordered": "c = a < b",
    "searched": "c = a in [b]",
    "sorted": "c = sorted([a, b])",
    "greatest": "c = max(a, b)",
    "hashed": "c = keccak(a)",
    "returned": "return a",
    "stored": "self.number = a",
    "annotated": "c: uint256 = a",
    "in an event": "c = Blob(number=a)",
    "recipient": "self.transfer(a, 1)",
}


@pytest.mark.parametrize("shared", [SHARED, SHARED_TUPLES], ids=["lists", "tuples"])
@pytest.mark.parametrize("use", DEEP.values(), ids=DEEP)
def test_lists_that_share_their_parts_cannot_be_walked_for_free(
    chain: Chain, tmp_path: Path, use: str, shared: str
) -> None:
    """15 small lists look like 16,384 elements to whoever walks them; 60 would never end."""
    alice = chain.accounts[0]
    blob = "class Blob(Event):\n    number: uint256\n"
    contract = chain.deploy(snippet(tmp_path, shared + use, above=blob), sender=alice)
    with memory_within(10_000), reverts(ExecutionError):
        contract.run(sender=alice, gas_limit=21_000 + 10_000)


@pytest.mark.parametrize("use", DEEP.values(), ids=DEEP)
def test_a_list_that_contains_itself_cannot_be_walked_at_all(
    chain: Chain, tmp_path: Path, use: str
) -> None:
    alice = chain.accounts[0]
    body = "a = [0]\na.append(a)\nb = [0]\nb.append(b)\n"
    blob = "class Blob(Event):\n    number: uint256\n"
    contract = chain.deploy(snippet(tmp_path, body + use, above=blob), sender=alice)
    with memory_within(GAS_LIMIT), reverts(ExecutionError):
        contract.run(sender=alice, gas_limit=GAS_LIMIT)


def test_walking_a_list_in_a_list_costs_a_turn(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    body = "a = [0]\nb = [0]\nfor _ in range(depth):\n    a = [a, a]\n    b = [b, b]\nc = a == b"
    contract = chain.deploy(snippet(tmp_path, body, arguments="depth: uint256"), sender=alice)
    shallow, deep = (contract.run.simulate(depth, sender=alice).gas_used for depth in (9, 10))
    assert deep - shallow >= 20 * 2**10


# Recursion. Every round is paid for by gas or by depth, and Python's own limit is never met.

RECURSION = {
    "a method calls itself": "self.run()",
    "two methods call each other": "self.other_method()",
    "through a loop": "for _ in range(2):\n    self.run()",
    "through a comprehension": "a = [self.run() for _ in range(2)]",
    "in an argument": "self.pass_on(self.pass_on(self.run()))",
    "in a condition": "if self.number == 0 and self.run():\n    pass",
    "in a return": "return self.run()",
}
OTHER_METHODS = """number: uint256

def other_method(self) -> None:
    self.run()

def pass_on(self, nothing: None) -> None:
    return nothing
"""


@pytest.mark.parametrize("body", RECURSION.values(), ids=RECURSION)
def test_recursion_within_a_contract_ends_at_a_depth(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    alice = chain.accounts[0]
    contract = chain.deploy(snippet(tmp_path, body, fields=OTHER_METHODS), sender=alice)
    with reverts(CallDepthExceeded) as failure:
        contract.run(sender=alice, gas_limit=GAS_LIMIT)
    assert failure.error.receipt.gas_used == GAS_LIMIT


HIDDEN_RECURSION = {
    "through another name of self": "me = self\nme.run()",
    "through a bound method": "again = self.run\nagain()",
    "through the class": "Snippet.run(self)",
    "through the list of methods": "Snippet.methods['run'].function(self)",
    "through a method of an argument": "self.hand_over(self)",
}


@pytest.mark.parametrize("body", HIDDEN_RECURSION.values(), ids=HIDDEN_RECURSION)
def test_recursion_in_disguise_is_refused(tmp_path: Path, body: str) -> None:
    with pytest.raises(ContractRefused):
        snippet(tmp_path, body)


def test_recursion_through_nested_comprehensions_ends_at_a_depth(
    chain: Chain, tmp_path: Path
) -> None:
    """Each comprehension is a frame of Python's stack, too."""
    alice = chain.accounts[0]
    body = "self.run()"
    for name in "abcdefgh":
        body = f"[{body} for {name} in (0,)]"
    contract = chain.deploy(snippet(tmp_path, body), sender=alice)
    with reverts(CallDepthExceeded):
        contract.run(sender=alice)


def test_recursion_through_super_ends_at_a_depth(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    child = load(
        tmp_path,
        """
class Base(Contract):
    @external
    def run(self) -> None:
        self.run()

class Child(Base):
    @external
    def run(self) -> None:
        super().run()
""",
    ).Child
    with reverts(CallDepthExceeded):
        chain.deploy(child, sender=alice).run(sender=alice)


def test_recursion_through_a_modifier_ends_at_a_depth(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    guard = "@modifier\ndef asking_itself(self) -> None:\n    self.run()\n"
    made = snippet(tmp_path, "pass", above=guard, decorator="external\n@asking_itself")
    with reverts(CallDepthExceeded):
        chain.deploy(made, sender=alice).run(sender=alice)


def test_depth_comes_back_with_every_return(chain: Chain, tmp_path: Path) -> None:
    """A thousand calls one after another are no deeper than one."""
    alice = chain.accounts[0]
    body = "for i in range(1000):\n    self.early(i)\n    self.early(i)"
    early = """number: uint256

def early(self, i: uint256) -> uint256:
    if i % 2 == 0:
        return self.late()
    for _ in range(2):
        if i % 3 == 0:
            return self.late() + 1
    self.late()
    return 0

def late(self) -> uint256:
    self.number += 1
    return self.number
"""
    contract = chain.deploy(snippet(tmp_path, body, fields=early), sender=alice)
    contract.run(sender=alice)
    assert contract.number() == 2000


def test_depth_comes_back_with_every_call_to_another_contract(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    text = source(
        "for i in range(1000):\n    self.other.add()\n"
        "    c = self.try_call(self.other, 'fail', [])",
        above="class No(Error):\n    pass\n\nclass Other(Contract):\n    number: uint256\n"
        "    @external\n    def add(self) -> None:\n        self.number += 1\n"
        "    @external\n    def fail(self) -> None:\n        raise No()\n",
        fields="other: Other\n\ndef __init__(self, other: Other) -> None:\n    self.other = other",
    )
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    chain.deploy(module.Snippet, other, sender=alice).run(sender=alice)
    assert other.number() == 1000


PING_PONG = """
class Player(Contract):
    other: 'Player'
    hits: uint256

    @external
    def face(self, other: 'Player') -> None:
        self.other = other

    @external
    @reentrant
    def play(self) -> None:
        self.hits += 1
        self.other.play()

    @external
    @reentrant
    def play_on(self) -> None:
        self.hits += 1
        first = self.try_call(self.other, "play_on", [])
        second = self.try_call(self.other, "play_on", [])

    @external
    @reentrant
    def pay(self) -> None:
        [[self.other.pay() for _ in (0,)] for _ in (0,)]
"""


def test_mutual_recursion_of_two_contracts_ends(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    player = load(tmp_path, PING_PONG).Player
    ping, pong = (chain.deploy(player, sender=alice) for _ in range(2))
    ping.face(pong, sender=alice)
    pong.face(ping, sender=alice)
    with reverts(OutOfGas) as failure:
        ping.play(sender=alice)
    assert (ping.hits(), pong.hits()) == (0, 0)
    assert len(failure.error.receipt.trace) > 100
    # Swallowed failures do not buy more: a binary tree of calls dries up with the gas.
    ping.play_on(sender=alice, gas_limit=GAS_LIMIT)
    assert 0 < ping.hits() + pong.hits() < GAS_LIMIT // 700


def test_mutual_recursion_in_comprehensions_ends_at_a_depth(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    player = load(tmp_path, PING_PONG).Player
    ping, pong = (chain.deploy(player, sender=alice) for _ in range(2))
    ping.face(pong, sender=alice)
    pong.face(ping, sender=alice)
    with reverts(CallDepthExceeded):
        ping.pay(sender=alice)
