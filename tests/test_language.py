"""What contracts mean: operators, integers, hashes, and what a mistake in one does."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain
from chain.contract import (
    Contract,
    int256,
    integer_sqrt,
    truncating_div,
    uint256,
    view,
)
from chain.errors import (
    Arithmetic,
    ContractRefused,
    Panic,
    Revert,
    WriteInView,
)
from chain.testing import reverts
from tests.attackers.snippets import load, snippet, source

LOWEST, HIGHEST = -(2**255), 2**256 - 1


def run(chain: Chain, folder: Path, body: str, *arguments: Any, **parts: str) -> Any:
    """What a method with this body returns."""
    contract = chain.deploy(snippet(folder, body, **parts), sender=chain.accounts[0])
    return contract.run.simulate(*arguments, sender=chain.accounts[0]).return_value


# Plain Python: what has a meaning in both languages has the same meaning.

SAME_AS_PYTHON = {
    "arithmetic": "return [n + 2, n - 9, n * 7, n // 4, n % 4, -n // 4, -n % 4, n ** 3]",
    "bits": "return [n & 6, n | 9, n ^ 5, ~n, n << 3, n >> 1, -n >> 1]",
    "precedence": "return [2 + 3 * n, (2 + 3) * n, -n ** 2, 7 - 2 - 1, 2 ** 3 ** 1, 1 + n % 3 * 2]",
    "comparison": "return [1 if x else 0 for x in (n < 5, n <= 5, n == 5, n != 5, 1 < n < 9)]",
    "booleans": "return [n and 2, n or 2, 0 and 5, 0 or n, 3 if n > 2 and not n == 4 else 4]",
    "short circuit": "a = [0]\nb = n > 100 and a[5] == 0\nreturn [1 if b else 0]",
    "if": "if n > 6:\n    return [1]\nelif n > 3:\n    return [2]\nelse:\n    return [3]",
    "while": "t = 0\nwhile n > 0:\n    n -= 1\n    if n == 2:\n        continue\n    t += n\n"
    "return [t]",
    "break": "for i in range(9):\n    if i == n:\n        break\nelse:\n    i = 99\nreturn [i]",
    "for else": "for i in range(3):\n    pass\nelse:\n    i = 99\nreturn [i]",
    "while else": "while n > 9:\n    n = 0\nelse:\n    n += 1\nreturn [n]",
    "nested loops": "t = []\nfor i in range(n):\n    for j in range(i):\n        t.append(i * j)\n"
    "return t",
    "comprehension": "return [i * j for i in range(n) if i % 2 for j in range(i) if j != 1]",
    "nested comprehension": "return [sum([j for j in range(i)]) for i in range(n)]",
    "generator": "return [sum(i for i in range(n)), max(-i for i in range(n))]",
    "names in a comprehension": "i = 7\na = [i for i in range(n)]\nreturn a + [i]",
    "list": "a = [3, 1, 2]\na[1] = n\na.append(4)\na[0] += 10\nreturn a + [a.pop(), len(a)]",
    "lists are objects": "a = [1]\nb = a\nb.append(n)\nreturn a",
    "slices": "a = list(range(10))\nreturn a[2:n] + a[n:] + a[:2] + a[:]",
    "tuple": "a, b = (n, 2)\na, b = b, a\nc = (a, b, 5)\nreturn [a, b, c[2], len(c)]",
    "membership": "return [1 if x else 0 for x in (n in [1, 5], n not in (1, 5), n in range(9))]",
    "sequences": "a = [1] * 3 + [n]\na += [2]\na *= 2\nreturn a",
    "sequence equality": "a = [1, n]\nreturn [1 if x else 0 for x in (a == [1, 5], a != [1, 6])]",
    "text": "s = 'ab' + 'c' * 2\nreturn [len(s), 1 if s == 'abcc' else 0, 1 if 'bc' in s else 0]",
    "text items": "s = 'abc'\nreturn [1 if c == s[1] else 0 for c in s]",
    "walks": "return [i * a + b for i, (a, b) in enumerate(zip([n, 2], [3, 4]))]",
    "reversed": "return list(reversed([1, n, 3])) + sorted([3, n, 1])",
    "built-ins": "return [abs(-n), min(n, 3), max([n, 3]), sum(range(n)), len([n]), min([n, 4])]",
    "any and all": "return [1 if x else 0 for x in (any([0, n]), all([0, n]), bool(n), all([]))]",
    "augmented": "t = n\nt += 1\nt -= 2\nt *= 9\nt //= 2\nt %= 11\nt **= 2\nt <<= 3\nt >>= 1\n"
    "t |= 1\nt &= 63\nt ^= 5\nreturn [t]",
    "augmented item": "a = [[1], [2]]\na[1] += [n]\na[0][0] -= n\nreturn a[0] + a[1]",
    "strange names": "_ = n\nreturn [_ for _ in range(_)]",
}


@pytest.mark.parametrize("body", SAME_AS_PYTHON.values(), ids=SAME_AS_PYTHON)
def test_a_body_means_what_it_means_in_python(chain: Chain, tmp_path: Path, body: str) -> None:
    namespace: dict[str, Any] = {}
    exec("def run(n):\n    " + body.replace("\n", "\n    "), namespace)
    made = snippet(tmp_path, body, arguments="n: int256", returns="Array[int256]")
    contract = chain.deploy(made, sender=chain.accounts[0])
    for n in (5, 2, 8):
        assert contract.run.simulate(n, sender=chain.accounts[0]).return_value == namespace["run"](
            n
        )


PANICS = {
    "index": "a = [1]\nx = a[1]",
    "negative index": "a = [1]\nx = a[-1]",
    "negative index of text": "s = 'abc'\nx = s[-1]",
    "negative index of a tuple": "x = (1, 2)[-1]",
    "index of a range": "x = range(3)[3]",
    "negative index of an argument": "x = data[-1]",
    "index of an argument": "x = data[3]",
    "store": "a = [1]\na[1] = 2",
    "negative store": "a = [1]\na[-1] = 2",
    "augmented store": "a = [1]\na[-1] += 2",
    "slice beyond the end": "x = [1][0:2]",
    "negative slice": "x = [1][-1:]",
    "backward slice": "x = [1, 2][2:1]",
    "slice of an argument": "x = data[0:4]",
    "storage index": "x = self.items[0]",
    "negative storage index": "self.items.append(1)\nx = self.items[-1]",
    "storage store": "self.items[0] = 1",
    "negative storage store": "self.items.append(1)\nself.items[-1] = 1",
    "storage augmented": "self.items[0] += 1",
    "storage list": "x = self.names[0]",
    "negative storage list": "self.names.append('a')\nx = self.names[-1]",
    "storage list store": "self.names[0] = 'a'",
    "division": "x = 1 // 0",
    "remainder": "x = 1 % 0",
    "division by a variable": "z = 0\nz //= z",
    "truncating division": "x = truncating_div(1, 0)",
    "lengths differ": "x = dot(data, self.items)",
    "smallest of nothing": "x = min([])",
    "greatest of nothing": "x = max(self.items)",
}
PLACES = "items: Array[uint256]\nnames: Array[str]\nname: str"


@pytest.mark.parametrize("body", PANICS.values(), ids=PANICS)
def test_out_of_bounds_and_division_by_zero_are_panics(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    with reverts(Panic):
        run(chain, tmp_path, body, [1, 2, 3], fields=PLACES, arguments="data: Array[int64]")


@pytest.mark.parametrize("index", [-1, 3])
def test_out_of_bounds_of_a_text_field_is_a_panic(chain: Chain, tmp_path: Path, index: int) -> None:
    with reverts(Panic):
        run(chain, tmp_path, f"self.name = 'abc'\nx = self.name[{index}]", fields=PLACES)


@pytest.mark.parametrize("body", ["x = len(range(2**70))", "x = range(2**70)[5]"])
def test_ranges_beyond_a_machine_word_fail_as_contracts_do(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    with reverts():
        run(chain, tmp_path, body)


# Integers: every type at its bounds, in every place that has a type.

INTEGERS = [
    *(f"uint{bits}" for bits in (8, 16, 24, 32, 64, 80, 128, 160, 256)),
    *(f"int{bits}" for bits in (8, 16, 32, 64, 80, 128, 160, 256)),
]
TYPED = {
    # How a value gets into the place, and back out of it.
    "field": ("self.held = value", "self.held"),
    "map": ("self.by_key[1] = value", "self.by_key[1]"),
    "struct": ("self.record.held = value", "self.record.held"),
    "array": ("self.items.append(value)", "self.items[0]"),
    "array item": ("self.items.append(0)\nself.items[0] = value", "self.items[0]"),
    "whole array": ("self.items = [0, value]", "self.items[1]"),
    "local": ("local: T = value", "local"),
    "event": ("event = Note(held=value)", "event.held"),
    "error": ("error = Failure(held=value)", "error.held"),
    "argument": ("held = self.other.take(value)", "held"),
    "argument in a list": ("held = self.other.take_list([value])", "held"),
    "result": ("held = self.other.give(start, more)", "held"),
    "result in a tuple": ("held, one = self.other.give_two(start, more)", "held"),
}
TYPED_ABOVE = """
T = {name}

class Record(Struct):
    before: uint8
    held: T
    after: uint8

class Note(Event):
    held: T

class Failure(Error):
    held: T

class Other(Contract):
    @view
    def take(self, value: T) -> T:
        return value
    @view
    def take_list(self, values: Array[T]) -> T:
        return values[0]
    @view
    def give(self, start: int256, more: uint256) -> T:
        return start + more
    @view
    def give_two(self, start: int256, more: uint256) -> tuple[T, uint8]:
        return start + more, 1
"""
TYPED_FIELDS = """before: uint8
held: T
after: uint8
by_key: Map[uint8, T]
record: Record
items: Array[T]
other: Other

def __init__(self, other: Other) -> None:
    self.other = other
"""


@pytest.mark.parametrize("name", INTEGERS)
def test_an_integer_type_holds_exactly_its_range_in_every_place(
    chain: Chain, tmp_path: Path, name: str
) -> None:
    bits = int(name.lstrip("uint"))
    low, high = (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    # No one type holds the values inside and outside of all others; sums of these two do.
    methods = "".join(
        f"\n@external\ndef place{number}(self, start: int256, more: uint256)"
        " -> tuple[bool, uint256]:\n"
        + indent(f"value = start + more\n{put}\nheld = {get}\nreturn held < 0, abs(held)\n", "    ")
        for number, (put, get) in enumerate(TYPED.values())
    )
    above = TYPED_ABOVE.format(name=name)
    module = load(tmp_path, source("pass", above=above, fields=TYPED_FIELDS + methods))
    alice = chain.accounts[0]
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)

    def through(place: int, value: int) -> int:
        more = min(max(value, 0), HIGHEST)
        method = getattr(contract, f"place{place}")
        negative, size = method.simulate(value - more, more, sender=alice).return_value
        return -size if negative else int(size)

    for place, where in enumerate(TYPED):
        for value in (low, low + 1, high - 1, high):
            assert through(place, value) == value, where
        for value in (low - 1, high + 1, low - 2**bits, high + 2**bits):
            if LOWEST <= value < HIGHEST + 2**255:
                with reverts(Arithmetic):
                    through(place, value)


edges = st.sampled_from([0, 1, 2, 3, 2**64, 2**128, 2**255 - 1, 2**255, 2**256 - 1])
magnitudes = st.one_of(edges, st.integers(0, 300), st.integers(0, HIGHEST))
numbers = st.builds(
    lambda magnitude, negative: -magnitude if negative and magnitude <= 2**255 else magnitude,
    magnitudes,
    st.booleans(),
)
OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    ">>": lambda a, b: a >> b,
}


class Calculator(Contract):
    """Full-width operands come as two halves, since no one type holds them all."""

    def operand(self, negative: bool, magnitude: uint256) -> int256:
        return 0 - magnitude if negative else magnitude

    @view
    def calculate(
        self, operator: str, minus_a: bool, size_a: uint256, minus_b: bool, size_b: uint256
    ) -> tuple[bool, uint256]:
        a = self.operand(minus_a, size_a)
        b = self.operand(minus_b, size_b)
        if operator == "+":
            c = a + b
        elif operator == "-":
            c = a - b
        elif operator == "*":
            c = a * b
        elif operator == "//":
            c = a // b
        elif operator == "%":
            c = a % b
        elif operator == "&":
            c = a & b
        elif operator == "|":
            c = a | b
        elif operator == ">>":
            c = a >> b
        elif operator == "<<":
            c = a << b
        elif operator == "**":
            c = a**b
        elif operator == "/":
            c = truncating_div(a, b)
        else:
            c = integer_sqrt(a)
        return c < 0, abs(c)


@pytest.fixture
def calculate(chain: Chain) -> Callable[[str, int, int], int]:
    """Do one operation inside a contract."""
    calculator = chain.deploy(Calculator, sender=chain.accounts[0])

    def inside(operator: str, a: int, b: int) -> int:
        negative, magnitude = calculator.calculate(operator, a < 0, abs(a), b < 0, abs(b))
        return -magnitude if negative else int(magnitude)

    return inside


@given(operator=st.sampled_from(list(OPERATORS)), a=numbers, b=numbers)
def test_arithmetic_is_exact_or_an_error(
    calculate: Callable[[str, int, int], int], operator: str, a: int, b: int
) -> None:
    try:
        expected = OPERATORS[operator](a, b if operator != ">>" or b < 2**63 else 2**20)
    except ZeroDivisionError:
        with reverts(Panic):
            calculate(operator, a, b)
        return
    except ValueError:  # a negative shift
        with reverts(Arithmetic):
            calculate(operator, a, b)
        return
    if LOWEST <= expected <= HIGHEST:
        assert calculate(operator, a, b) == expected
    else:
        with reverts(Arithmetic):
            calculate(operator, a, b)


@given(a=numbers, b=st.integers(-3, 300))
def test_powers_and_shifts_are_exact_or_an_error(
    calculate: Callable[[str, int, int], int], a: int, b: int
) -> None:
    for operator, function in (("**", pow), ("<<", lambda a, b: a << b)):
        expected = function(a, b) if b >= 0 else None
        if expected is not None and LOWEST <= expected <= HIGHEST:
            assert calculate(operator, a, b) == expected
        else:
            with reverts(Arithmetic):
                calculate(operator, a, b)


@given(a=numbers, b=numbers.filter(bool))
def test_truncating_div_and_integer_sqrt(
    calculate: Callable[[str, int, int], int], a: int, b: int
) -> None:
    quotient = abs(a) // abs(b)
    assert calculate("/", a, b) == (quotient if (a < 0) == (b < 0) else -quotient)
    if a >= 0:
        assert calculate("sqrt", a, 0) == isqrt(a)
    else:
        with reverts(Arithmetic):
            calculate("sqrt", a, 0)


BOUNDS = {
    # One before, exactly at, and one after each end of 256 bits.
    "return HIGHEST - 1 + 0": HIGHEST - 1,
    "return HIGHEST - 1 + 1": HIGHEST,
    "return HIGHEST + 1": None,
    "return LOWEST + 1 - 0": LOWEST + 1,
    "return LOWEST + 1 - 1": LOWEST,
    "return LOWEST - 1": None,
    "return 2**255 * 2 - 1": None,
    "return (2**128 - 1) * (2**128 + 1)": HIGHEST,
    "return 2**128 * 2**128": None,
    "return -(2**127) * 2**128": LOWEST,
    "return -(2**128) * 2**128": None,
    "return 2**256": None,
    "return (-2) ** 255": LOWEST,
    "return (-2) ** 257": None,
    "return 1 << 255": 2**255,
    "return 1 << 256": None,
    "return -1 << 255": LOWEST,
    "return -1 << 256": None,
    "return 0 << 10**6": 0,
    "return HIGHEST - 1 - -1": HIGHEST,
    "return 0 - HIGHEST": None,
    "return HIGHEST << 0": HIGHEST,
    "return HIGHEST ^ 0": HIGHEST,
    "return LOWEST ^ 0": LOWEST,
    "return HIGHEST**1": HIGHEST,
    "return 2 ** -1": None,
    "return 1 << -1": None,
    "return 1 >> -1": None,
    "return checked_div(1, 0)": None,
    "return integer_sqrt(-1)": None,
    "return sum([HIGHEST, 1, -1])": HIGHEST,
    "return sum([HIGHEST, 1])": None,
    "return sum([LOWEST, -1])": None,
    "return truncating_div(LOWEST, -1)": 2**255,
    "return LOWEST // -1": 2**255,
    "return abs(LOWEST)": 2**255,
    "return -LOWEST": 2**255,
}


@pytest.mark.parametrize(("body", "expected"), BOUNDS.items(), ids=BOUNDS)
def test_256_bits_at_their_bounds(
    chain: Chain, tmp_path: Path, body: str, expected: int | None
) -> None:
    above = f"LOWEST = {LOWEST}\nHIGHEST = {HIGHEST}\n"
    kind = "uint256" if expected is None or expected >= 0 else "int256"
    if expected is None:
        with reverts(Arithmetic):
            run(chain, tmp_path, body, above=above, returns=kind)
    else:
        assert run(chain, tmp_path, body, above=above, returns=kind) == expected


@pytest.mark.parametrize("expression", ["-HIGHEST", "~HIGHEST", "HIGHEST ^ -1"])
def test_unary_operators_are_checked(chain: Chain, tmp_path: Path, expression: str) -> None:
    with reverts(Arithmetic):
        run(chain, tmp_path, f"x = {expression}", above=f"HIGHEST = {HIGHEST}\n")


@given(value=numbers)
def test_wrapping_keeps_the_low_bits(wrapper: Callable[[int], dict[str, int]], value: int) -> None:
    for name, wrapped in wrapper(value).items():
        bits = int(name.lstrip("uint"))
        low = 0 if name[0] == "u" else -(2 ** (bits - 1))
        assert low <= wrapped < low + 2**bits
        assert (wrapped - value) % 2**bits == 0


@pytest.fixture
def wrapper(chain: Chain, tmp_path: Path) -> Callable[[int], dict[str, int]]:
    """Wrap a value to every integer type, inside a contract."""
    body = "a = 0 - size if minus else size\nreturn " + ", ".join(
        f"wrapping({name}, a)" for name in INTEGERS
    )
    made = snippet(
        tmp_path,
        body,
        arguments="minus: bool, size: uint256",
        returns=f"tuple[{', '.join(INTEGERS)}]",
        decorator="view",
    )
    contract = chain.deploy(made, sender=chain.accounts[0])
    return lambda value: dict(zip(INTEGERS, contract.run(value < 0, abs(value)), strict=True))


# Hashes.

HASHED = {
    # A list, the type of its elements, and a list of numbers that has another hash.
    "numbers": ("[1, 2]", "uint256", "[2, 1]"),
    "rows": ("[[1], [2]]", "Array[uint256]", "[1, 2]"),
    "text": ("['a']", "str", "[1]"),
    "digits": ("['5', '1180591620717411303424']", "str", "[5, 2**70]"),
    "flags": ("[True, False]", "bool", "[1, 0]"),
    "addresses": ("[self.address]", "address", "[1]"),
    "keys": ("[keccak(1)]", "bytes32", "[1]"),
}


@pytest.mark.parametrize(("data", "kind", "others"), HASHED.values(), ids=HASHED)
def test_keccak_tells_arrays_apart(
    chain: Chain, tmp_path: Path, data: str, kind: str, others: str
) -> None:
    above = (
        "class Hasher(Contract):\n    @view\n"
        f"    def first(self, data: Array[{kind}]) -> bytes32:\n"
        "        return keccak(data)\n"
        "    @view\n    def second(self, data: Array[uint256]) -> bytes32:\n"
        "        return keccak(data)\n"
    )
    fields = "hasher: Hasher\n\ndef __init__(self, hasher: Hasher) -> None:\n"
    body = (
        f"a = self.hasher.first({data})\n"
        f"return a == self.hasher.first({data}) and a != self.hasher.second({others})"
    )
    text = source(body, above=above, fields=fields + "    self.hasher = hasher", returns="bool")
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    hasher = chain.deploy(module.Hasher, sender=alice)
    contract = chain.deploy(module.Snippet, hasher, sender=alice)
    assert contract.run.simulate(sender=alice).return_value is True


# Bugs in contracts.

BUGS = {
    "type": ("x = 1 + 'a'", TypeError),
    "attribute": ("x = self.msg.nothing", AttributeError),
    "unpacking": ("a, b = [1, 2, 3]", ValueError),
    "unbound": ("if self.number == 5:\n    x = 1\nself.number = x", UnboundLocalError),
    "call": ("self.helper(1)", TypeError),
    "not callable": ("x = 5\nx()", TypeError),
    "length": ("x = len(5)", TypeError),
    "iteration": ("for x in 5:\n    pass", TypeError),
    "step": ("x = list(range(1, 5, 0))", ValueError),
    "order": ("x = sorted([1, 'a'])", TypeError),
    "whole struct": ("self.record = 1", TypeError),
    "read-only": ("self.msg.sender = self.address", AttributeError),
    "no event": ("self.emit(5)", AttributeError),
}
BUG_FIELDS = "number: uint256\nrecord: Record\n\ndef helper(self) -> None:\n    pass"


@pytest.mark.parametrize(("body", "expected"), BUGS.values(), ids=BUGS)
def test_a_bug_surfaces_as_itself_and_changes_nothing(
    chain: Chain, tmp_path: Path, body: str, expected: type[Exception]
) -> None:
    alice = chain.accounts[0]
    text = source(
        "self.number = 5\nself.emit(Note())\nself.number += self.msg.value\n" + body,
        above="class Note(Event):\n    pass\n\nclass Record(Struct):\n    low: uint8\n",
        fields=BUG_FIELDS,
        decorator="payable",
    )
    if "== 5" in body:
        text = text.replace("== 5", "== 7")
    contract = chain.deploy(load(tmp_path, text).Snippet, sender=alice)
    transaction = contract.run.transaction(sender=alice, value=3)
    before = chain.number, chain.balance(alice), chain.header().state_root
    with pytest.raises(expected):
        chain.send(transaction)
    assert (chain.number, chain.balance(alice), chain.header().state_root) == before
    assert (contract.number(), contract.balance, chain.logs()) == (0, 0, [])
    # The nonce is as it was, and the contract is not locked.
    with pytest.raises(expected):
        chain.send(transaction)
    assert chain.transfer(alice, alice, 0).transaction.nonce == transaction.nonce


def test_a_bug_in_an_inner_call_is_not_swallowed(chain: Chain, tmp_path: Path) -> None:
    """``try_call`` catches failures of contracts, not mistakes in their code."""
    text = """
class Buggy(Contract):
    number: uint256

    @external
    def run(self) -> None:
        self.number = 1
        x = 1 + 'a'

class Swallower(Contract):
    number: uint256
    buggy: Buggy

    def __init__(self, buggy: Buggy) -> None:
        self.buggy = buggy

    @external
    def run(self) -> None:
        self.number = 1
        result = self.try_call(self.buggy, 'run', [])

    @external
    def works(self) -> None:
        self.number = 2
"""
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    buggy = chain.deploy(module.Buggy, sender=alice)
    swallower = chain.deploy(module.Swallower, buggy, sender=alice)
    with pytest.raises(TypeError):
        swallower.run(sender=alice)
    assert (buggy.number(), swallower.number()) == (0, 0)
    swallower.works(sender=alice)
    assert swallower.number() == 2


# Traps: what a careful beginner would write, and what must not go silently wrong.

TRAPS = {
    # Fields of the contract, what is above it, its body, and what it returns.
    "a constant with the name of a method": ("", "run = 5", "return run"),
    "a constant called factory": ("", "factory = 5", "return factory"),
    "a method with the name of the function it calls": (
        "def integer_sqrt(self, a: uint256) -> uint256:\n    return integer_sqrt(a)",
        "",
        "return self.integer_sqrt(25)",
    ),
    "a flag in a product": ("", "", "return (5 > 3) * 5"),
    "a flag in a sum": ("", "", "return (5 > 3) + 4"),
    "super in a comprehension": (
        "",
        "class Contract(Contract):\n    def one(self) -> uint256:\n        return 1",
        "return sum(super().one() for _ in range(5))",
    ),
    "an array compared with a list": (
        "items: Array[uint256]",
        "",
        "self.items = [1]\nreturn 5 if self.items == [1] else 0",
    ),
    "a row compared with a list": (
        "rows: Array[Array[uint256]]",
        "",
        "self.rows = [[1]]\nreturn 5 if self.rows[0] == [1] else 0",
    ),
    "a slice of an array": (
        "items: Array[uint256]",
        "",
        "self.items = [5]\nreturn self.items[0:1][0]",
    ),
    "a struct member called balance": (
        "held: Wallet",
        "class Wallet(Struct):\n    balance: uint256",
        "self.held.balance = 5\nreturn self.held.balance",
    ),
    "the hash of a reference": (
        "other: Other",
        "class Other(Contract):\n    number: uint256",
        "return 5 if keccak(self.other) == keccak(ZERO_ADDRESS) else 0",
    ),
    "an address in upper case": (
        "",
        "OWNER = '0x" + "AB" * 20 + "'",
        "owner: address = OWNER\nreturn 5 if owner == OWNER else 0",
    ),
}


@pytest.mark.parametrize(("fields", "above", "body"), TRAPS.values(), ids=TRAPS)
def test_what_looks_right_is_right(
    chain: Chain, tmp_path: Path, fields: str, above: str, body: str
) -> None:
    assert run(chain, tmp_path, body, above=above, fields=fields, returns="uint256") == 5


@pytest.mark.parametrize("body", ["x = t % 5", "t %= 5\nx = t", "x = t % (5,)"])
@pytest.mark.parametrize("text", ["'%5d'", "b'%5d'"])
def test_text_is_not_formatted(chain: Chain, tmp_path: Path, body: str, text: str) -> None:
    """It could name an object by its id, or take a gigabyte for the price of an operator."""
    with pytest.raises(TypeError):
        run(chain, tmp_path, f"t = {text}\n{body}")


SILENT = {
    # Each should be refused, or fail as an error that says what is wrong.
    "a map iterated": "for key in self.by_key:\n    pass",
    "a map walked": "x = list(self.by_key)",
    "a narrow argument of an internal method": "self.narrow(300)",
    "a narrow result of an internal method": "x = self.give_narrow(300)",
    "a view that writes, from inside": "self.looks_harmless()",
}
SILENT_FIELDS = """by_key: Map[uint256, uint256]
number: uint256

def narrow(self, value: uint8) -> None:
    pass

def give_narrow(self, value: uint256) -> uint8:
    return value

@view
def looks_harmless(self) -> None:
    self.number = 1
"""


# As the README says, calls within a contract check no types.
UNHEARD = [name for name in SILENT if "narrow" in name]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            body,
            id=name,
            marks=pytest.mark.xfail(strict=True, reason="unchecked within a contract")
            if name in UNHEARD
            else (),
        )
        for name, body in SILENT.items()
    ],
)
def test_a_mistake_does_not_pass_in_silence(chain: Chain, tmp_path: Path, body: str) -> None:
    with pytest.raises((ContractRefused, Revert, WriteInView, TypeError)):
        run(chain, tmp_path, body, fields=SILENT_FIELDS)


def test_a_struct_is_no_result(tmp_path: Path) -> None:
    """Structs live in storage; a method returns their members."""
    above = "class Record(Struct):\n    low: uint8\n"
    with pytest.raises(ContractRefused):
        snippet(
            tmp_path, "return self.record", above=above, fields="record: Record", returns="Record"
        )
