"""What contracts mean: operators, types, fields, events, errors, modifiers, references, gas."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import Chain, Deployed, Reason
from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Contract,
    Error,
    Event,
    Indexed,
    Map,
    Struct,
    address,
    bytes32,
    external,
    int16,
    int80,
    int128,
    int256,
    integer_sqrt,
    modifier,
    payable,
    require,
    truncating_div,
    uint8,
    uint64,
    uint128,
    uint256,
    view,
)
from chain.errors import (
    Arithmetic,
    InvalidTransaction,
    InvalidValue,
    NotAContract,
    NotPayable,
    OutOfGas,
    OutOfRange,
    Panic,
    UnknownContract,
    UnknownMethod,
    WriteInView,
)
from chain.testing import reverts
from tests.attackers.snippets import load, snippet, source
from tests.attackers.specimens import (
    Animal,
    Counter,
    Diamond,
    Dog,
    Empty,
    Forbidden,
    Guarded,
    Hello,
    Left,
    Once,
    Packed,
    Puppy,
    Refused,
    Registry,
    Shelf,
    Speaker,
    Till,
    User,
)

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
    "while": "t = 0\nwhile n > 0:\n    n -= 1\n    if n == 2:\n        continue\n    t += n\nreturn [t]",
    "break": "for i in range(9):\n    if i == n:\n        break\nelse:\n    i = 99\nreturn [i]",
    "for else": "for i in range(3):\n    pass\nelse:\n    i = 99\nreturn [i]",
    "while else": "while n > 9:\n    n = 0\nelse:\n    n += 1\nreturn [n]",
    "nested loops": "t = []\nfor i in range(n):\n    for j in range(i):\n        t.append(i * j)\nreturn t",
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
        assert contract.run.simulate(n, sender=chain.accounts[0]).return_value == namespace["run"](n)


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
}
PLACES = "items: Array[uint256]\nnames: Array[str]\nname: str"


@pytest.mark.parametrize("body", PANICS.values(), ids=PANICS)
def test_out_of_bounds_and_division_by_zero_are_panics(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    with reverts(Panic):
        run(chain, tmp_path, body, [1, 2, 3], fields=PLACES, arguments="data: Array[int64]")


@pytest.mark.xfail(strict=True, reason="BUG: a field of text is indexed as Python does")
@pytest.mark.parametrize("index", [-1, 3])
def test_out_of_bounds_of_a_text_field_is_a_panic(
    chain: Chain, tmp_path: Path, index: int
) -> None:
    with reverts(Panic):
        run(chain, tmp_path, f"self.name = 'abc'\nx = self.name[{index}]", fields=PLACES)


@pytest.mark.xfail(strict=True, reason="BUG: an OverflowError of Python")
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

def constructor(self, other: Other) -> None:
    self.other = other
"""


@pytest.mark.parametrize("place", TYPED)
@pytest.mark.parametrize("name", INTEGERS)
def test_an_integer_type_holds_exactly_its_range(
    chain: Chain, tmp_path: Path, name: str, place: str
) -> None:
    bits = int(name.lstrip("uint"))
    low, high = (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    put, get = TYPED[place]
    text = source(
        f"value = start + more\n{put}\nheld = {get}\nreturn held < 0, abs(held)",
        above=TYPED_ABOVE.format(name=name),
        fields=TYPED_FIELDS,
        # No one type holds the values inside and outside of all others; sums of these two do.
        arguments="start: int256, more: uint256",
        returns="tuple[bool, uint256]",
    )
    module = load(tmp_path, text)
    alice = chain.accounts[0]
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)

    def through(value: int) -> int:
        more = min(max(value, 0), HIGHEST)
        negative, size = contract.run.simulate(value - more, more, sender=alice).return_value
        return -size if negative else int(size)

    for value in (low, low + 1, high - 1, high):
        assert through(value) == value
    for value in (low - 1, high + 1, low - 2**bits, high + 2**bits):
        if LOWEST <= value < HIGHEST + 2**255:
            with reverts(Arithmetic):
                through(value)


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


@pytest.mark.xfail(strict=True, reason="BUG: unary operators and ^ are not checked")
@pytest.mark.parametrize("expression", ["-HIGHEST", "~HIGHEST", "HIGHEST ^ -1"])
def test_unary_operators_are_checked(chain: Chain, tmp_path: Path, expression: str) -> None:
    with reverts(Arithmetic):
        run(chain, tmp_path, f"x = {expression}", above=f"HIGHEST = {HIGHEST}\n")


@given(value=numbers)
def test_wrapping_keeps_the_low_bits(
    wrapper: Callable[[int], dict[str, int]], value: int
) -> None:
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
    return lambda value: dict(
        zip(INTEGERS, contract.run(value < 0, abs(value)), strict=True)
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
def test_packed_fields_keep_their_neighbours(
    chain: Chain, writes: list[tuple[str, Any]]
) -> None:
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


@pytest.mark.xfail(strict=True, reason="BUG: the getter leaves strings out, not only maps and arrays")
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


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("map_entry", lambda c: (c.by_key(1), c.by_key(2)) == (5, 0)),
        ("struct_member", lambda c: (c.records(1)[3], c.records(2)[3]) == (5, 0)),
        ("array_item", lambda c: c.items() == [10, 15, 30, 40]),
        ("list_item", lambda c: True),
        ("nested_list_item", lambda c: True),
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

def constructor(self, other: Other) -> None:
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


# Events and errors.


def test_events_carry_their_values_and_can_be_searched_by_indexed_fields(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    speaker = chain.deploy(Speaker, sender=alice)
    receipt = speaker.speak(1, [1, -2], "hi", sender=alice)
    speaker.speak(2, [], "", sender=bob)
    speaker.speak(1, [], "", sender=bob)
    (event,) = receipt.events
    assert event == Hello(sender=alice.address, topic=1, data=[1, -2], note="hi")  # type: ignore[arg-type]
    assert (event.sender, event.topic, event.data, event.note) == (alice.address, 1, [1, -2], "hi")
    assert Hello.indexed == {"sender", "topic"}
    assert len(chain.logs(Hello)) == 3
    assert [log.event.topic for log in chain.logs(Hello, sender=bob)] == [2, 1]
    assert [log.event.sender for log in chain.logs(Hello, topic=1)] == [alice.address, bob.address]
    assert len(chain.logs(Hello, topic=1, sender=bob, contract=speaker)) == 1
    with pytest.raises(InvalidValue, match="no indexed field"):
        chain.logs(Hello, note="hi")
    with pytest.raises(AttributeError, match="read-only"):
        event.topic = 5


BAD_RECORDS = {
    "missing": "Hello(topic=1)",
    "unknown": "Hello(topic=1, note='', extra=1)",
    "positional": "Hello(1, '')",
}


@pytest.mark.parametrize("made", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_an_event_with_the_wrong_fields_is_a_bug(chain: Chain, tmp_path: Path, made: str) -> None:
    above = "class Hello(Event):\n    topic: uint8\n    note: str\n"
    with pytest.raises(TypeError):
        run(chain, tmp_path, f"self.emit({made})", above=above)


def test_errors_carry_their_values_and_undo_the_frame(chain: Chain) -> None:
    alice = chain.accounts[0]
    speaker = chain.deploy(Speaker, sender=alice)
    speaker.require_that(True, sender=alice)
    with reverts(Refused(who=alice.address, wanted=2)) as failure:
        speaker.require_that(False, sender=alice)
    assert (failure.error.who, failure.error.wanted) == (alice.address, 2)
    assert failure.error.receipt.error is failure.error
    assert failure.error.receipt.gas_used < 100_000  # a revert gives back what is left
    assert speaker.count() == 1
    with reverts(Empty):
        speaker.give_up(sender=alice)


def test_an_error_is_made_only_when_it_is_needed(chain: Chain) -> None:
    alice = chain.accounts[0]
    chain.deploy(Speaker, sender=alice).lazy(sender=alice)


# Modifiers.


def test_modifiers_run_in_the_order_written_before_the_body(chain: Chain) -> None:
    alice = chain.accounts[0]
    guarded = chain.deploy(Guarded, sender=alice)
    assert guarded.steps() == [1, 0]
    guarded.both(sender=alice)
    assert guarded.steps() == [1, 0, 1, 2, 3]
    guarded.both_reversed(sender=alice)
    assert guarded.steps()[5:] == (2, 1, 3)
    guarded.through_internal(sender=alice)
    assert guarded.steps()[8:] == (1, 4)


def test_a_modifier_that_raises_keeps_the_body_out_and_undoes_earlier_ones(chain: Chain) -> None:
    alice = chain.accounts[0]
    guarded = chain.deploy(Guarded, sender=alice)
    guarded.close(sender=alice)
    with reverts(Forbidden(step=2)):
        guarded.both(sender=alice)
    assert guarded.steps() == [1, 0]


def test_an_override_has_only_its_own_modifiers(chain: Chain, tmp_path: Path) -> None:
    """As in Solidity: a subclass that overrides repeats what it wants to keep."""
    text = """
class No(Error):
    pass

@modifier
def never(self) -> None:
    raise No()

class Base(Contract):
    @external
    @never
    def run(self) -> None:
        pass

class Open(Base):
    @external
    def run(self) -> None:
        pass

class Asking(Base):
    @external
    def run(self) -> None:
        super().run()
"""
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    chain.deploy(module.Open, sender=alice).run(sender=alice)
    for owner in (module.Base, module.Asking):
        with reverts(module.No):
            chain.deploy(owner, sender=alice).run(sender=alice)


# Inheritance.


def test_overriding_super_and_constructors(chain: Chain) -> None:
    alice = chain.accounts[0]
    dog = chain.deploy(Dog, 7, sender=alice)
    assert (dog.legs(), dog.tricks(), dog.log()) == (4, 7, [1, 2])
    assert dog.speak_twice() == "woofwoof"
    assert dog.loudness() == 11
    dog.trace(sender=alice)
    assert dog.log() == [1, 2, 1, 2]
    puppy = chain.deploy(Puppy, 9, sender=alice)
    assert (puppy.tricks(), puppy.loudness()) == (9, 111)


def test_in_a_diamond_each_ancestor_runs_once(chain: Chain) -> None:
    alice = chain.accounts[0]
    diamond = chain.deploy(Diamond, 2, sender=alice)
    diamond.trace(sender=alice)
    assert diamond.log() == [1, 1, 3, 2, 4]


def test_an_abstract_contract_is_not_deployed(chain: Chain) -> None:
    alice = chain.accounts[0]
    number = chain.number
    with pytest.raises(UnknownContract, match=r"Animal is abstract: write sound"):
        chain.deploy(Animal, 4, sender=alice)
    with pytest.raises(UnknownContract, match="Left is abstract"):
        chain.deploy(Left, 4, sender=alice)
    assert chain.number == number


# Calls between contracts.


@pytest.fixture
def user(chain: Chain) -> tuple[Deployed, Deployed]:
    """A user, and the counter that it uses."""
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    made = chain.deploy(User, sender=alice)
    made.use(counter, sender=alice)
    return made, counter


def test_references_in_fields_and_arguments_call_through(
    chain: Chain, user: tuple[Deployed, Deployed]
) -> None:
    alice = chain.accounts[0]
    made, counter = user
    assert made.add(5, sender=alice).return_value == 5
    assert made.add_to(counter, 6, sender=alice).return_value == 11
    assert counter.count() == 11
    assert made.counter() == counter.address
    assert made.where.simulate(sender=alice).return_value == counter.address


def test_the_callee_sees_its_caller_and_the_money(
    chain: Chain, user: tuple[Deployed, Deployed]
) -> None:
    alice = chain.accounts[0]
    made, counter = user
    assert made.who(sender=alice).return_value == made.address
    assert counter.who(sender=alice).return_value == alice.address
    assert made.pay_on(30, sender=alice, value=100).return_value == 30
    assert (made.balance, counter.balance) == (70, 30)


def test_types_are_checked_between_contracts(
    chain: Chain, user: tuple[Deployed, Deployed]
) -> None:
    alice = chain.accounts[0]
    made, counter = user
    with reverts(OutOfRange):
        made.add(256, sender=alice)  # fits the user's uint256, not the counter's uint8
    with reverts(NotPayable):
        made.pay_a_method_that_takes_none(sender=alice)
    assert counter.count() == 0


WRONG_CALLS = {
    "self.other.add()": InvalidValue,
    "self.other.add(1, 2)": InvalidValue,
    "self.other.add('1')": InvalidValue,
    "self.other.add(True)": InvalidValue,
    "self.other.add([1])": InvalidValue,
    "self.other.add(None)": InvalidValue,
    "self.other.add(-1)": OutOfRange,
    "self.other.add(256)": OutOfRange,
    "self.other.take_list(1)": InvalidValue,
    "self.other.take_list('12')": InvalidValue,
    "self.other.take_list([256])": OutOfRange,
    "self.other.take_list([[1]])": InvalidValue,
    "self.other.take_list(self.items)": InvalidValue,
    "self.nobody.add(1)": NotAContract,
    "self.wrong.add(1)": UnknownMethod,
    "self.other.paying(1).add(1)": NotPayable,
}


@pytest.mark.parametrize(("body", "expected"), WRONG_CALLS.items(), ids=WRONG_CALLS)
def test_a_wrong_call_to_another_contract_fails_and_changes_nothing(
    chain: Chain, tmp_path: Path, body: str, expected: type[Exception]
) -> None:
    text = source(
        f"self.number = 1\nself.other.add(1)\n{body}",
        above="from tests.attackers.specimens import Counter\n",
        fields="number: uint256\nitems: Array[uint8]\nother: Counter\nnobody: Counter\n"
        "wrong: Counter\n\ndef constructor(self, other: Counter, wrong: Counter) -> None:\n"
        "    self.other = other\n    self.wrong = wrong",
    )
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    speaker = chain.deploy(Speaker, sender=alice)
    contract = chain.deploy(load(tmp_path, text).Snippet, counter, speaker, sender=alice)
    chain.deal(contract, 10)
    with reverts(expected):  # type: ignore[arg-type]
        contract.run(sender=alice)
    assert (contract.number(), counter.count(), counter.balance) == (0, 0, 0)


@pytest.mark.parametrize("body", ["self.other.hidden()", "x = self.other.count", "self.other.x()"])
def test_only_external_methods_are_reachable_from_another_contract(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    above = "from tests.attackers.specimens import Counter\n"
    with pytest.raises(AttributeError):
        run(chain, tmp_path, body, above=above, fields="other: Counter")


WRONG_FROM_OUTSIDE: dict[str, tuple[str, tuple[Any, ...], type[Exception]]] = {
    "too few": ("add", (), InvalidValue),
    "too many": ("add", (1, 2), InvalidValue),
    "text": ("add", ("1",), InvalidValue),
    "bool": ("add", (True,), InvalidValue),
    "float": ("add", (1.0,), InvalidValue),
    "none": ("add", (None,), InvalidValue),
    "list": ("add", ([1],), InvalidValue),
    "negative": ("add", (-1,), OutOfRange),
    "too large": ("add", (256,), OutOfRange),
    "no list": ("take_list", (5,), InvalidValue),
    "bytes for a list": ("take_list", (b"ab",), InvalidValue),
    "floats in a list": ("take_list", ([0.5],), InvalidValue),
    "list in a list": ("take_list", ([[1]],), InvalidValue),
    "too large in a list": ("take_list", ([0, 256],), OutOfRange),
}


@pytest.mark.parametrize(
    ("method", "arguments", "expected"), WRONG_FROM_OUTSIDE.values(), ids=WRONG_FROM_OUTSIDE
)
def test_wrong_arguments_from_outside_make_no_transaction(
    chain: Chain, method: str, arguments: tuple[Any, ...], expected: type[Exception]
) -> None:
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    before = chain.number, chain.balance(alice)
    with pytest.raises(expected):
        getattr(counter, method)(*arguments, sender=alice)
    assert (chain.number, chain.balance(alice)) == before


def test_value_sent_to_a_method_that_takes_none_is_refused(chain: Chain) -> None:
    alice = chain.accounts[0]
    till = chain.deploy(Till, sender=alice)
    assert till.pay(sender=alice, value=5).return_value == 5
    with reverts(NotPayable):
        till.free(sender=alice, value=1)
    chain.transfer(alice, till, 7)
    assert (till.balance, till.plain(), till.paid(alice)) == (12, 1, 5)
    counter = chain.deploy(Counter, sender=alice)
    with reverts(UnknownMethod):
        chain.transfer(alice, counter, 7)
    with reverts(NotPayable):
        chain.deploy(Dog, 7, sender=alice, value=1)
    with reverts("InvalidValue: Counter has no constructor"):
        chain.deploy(Counter, sender=alice, value=1)


@pytest.mark.xfail(strict=True, reason="BUG: only fields and arguments become references")
@pytest.mark.parametrize(
    "body",
    ["self.by_key[0].add(1)", "self.listed[0].add(1)", "self.record.part.add(1)",
     "self.registry.first().add(1)"],
)
def test_references_in_maps_arrays_structs_and_results_call_through(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    text = source(
        body,
        above="from tests.attackers.specimens import Counter\n\nclass Record(Struct):\n"
        "    part: Counter\n\nclass Register(Contract):\n    only: Counter\n"
        "    def constructor(self, only: Counter) -> None:\n        self.only = only\n"
        "    @view\n    def first(self) -> Counter:\n        return self.only\n",
        fields="by_key: Map[uint8, Counter]\nlisted: Array[Counter]\nrecord: Record\n"
        "registry: Register\n\n"
        "def constructor(self, counter: Counter, registry: Register) -> None:\n"
        "    self.by_key[0] = counter\n    self.listed.append(counter)\n"
        "    self.record.part = counter\n    self.registry = registry",
    )
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    module = load(tmp_path, text)
    register = chain.deploy(module.Register, counter, sender=alice)
    contract = chain.deploy(module.Snippet, counter, register, sender=alice)
    contract.run(sender=alice)
    assert counter.count() == 1


@pytest.mark.xfail(strict=True, reason="BUG: a reference is equal to nothing but itself")
def test_a_reference_compares_as_its_address(chain: Chain, tmp_path: Path) -> None:
    body = "return self.other == self.other.address and self.nobody == ZERO_ADDRESS"
    above = "from tests.attackers.specimens import Counter\n"
    fields = "other: Counter\nnobody: Counter\n\ndef constructor(self, other: Counter) -> None:\n"
    alice = chain.accounts[0]
    made = snippet(
        tmp_path, body, above=above, fields=fields + "    self.other = other", returns="bool"
    )
    counter = chain.deploy(Counter, sender=alice)
    contract = chain.deploy(made, counter, sender=alice)
    assert contract.run.simulate(sender=alice).return_value is True


HASHED = {
    # A list, the type of its elements, and a list of numbers that has another hash.
    "numbers": ("[1, 2]", "uint256", "[2, 1]"),
    "rows": ("[[1], [2]]", "Array[uint256]", "[1, 2]"),
    # BUG: only arrays of integers are hashed right.
    "text": ("['a']", "str", "[1]"),
    "digits": ("['5', '1180591620717411303424']", "str", "[5, 2**70]"),
    "flags": ("[True, False]", "bool", "[1, 0]"),
    "addresses": ("[self.address]", "address", "[1]"),
    "keys": ("[keccak(1)]", "bytes32", "[1]"),
}
HASHED_WRONG = pytest.mark.xfail(strict=True, reason="BUG: Array.packed takes everything for ints")


@pytest.mark.parametrize(
    ("data", "kind", "others"),
    [
        pytest.param(*case, id=name, marks=HASHED_WRONG if name not in ("numbers",) else ())
        for name, case in HASHED.items()
    ],
)
def test_keccak_tells_arrays_apart(
    chain: Chain, tmp_path: Path, data: str, kind: str, others: str
) -> None:
    above = (
        f"class Hasher(Contract):\n    @view\n    def first(self, data: Array[{kind}]) -> bytes32:\n"
        "        return keccak(data)\n"
        "    @view\n    def second(self, data: Array[uint256]) -> bytes32:\n"
        "        return keccak(data)\n"
    )
    fields = "hasher: Hasher\n\ndef constructor(self, hasher: Hasher) -> None:\n"
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


# Views.

VIEW_WRITES = {
    "field": "self.number = 1",
    "the value it has": "self.number = 0",
    "packed field": "self.small += 1",
    "text": "self.text = 'a'",
    "map": "self.by_key[0] = 1",
    "struct": "self.record.low = 1",
    "array item": "self.items[0] = 5",
    "append": "self.items.append(1)",
    "whole array": "self.items = [1]",
    "empty array": "self.empty = []",
    "list": "self.names.append('a')",
    "whole list": "self.names = ['a']",
    "empty list": "self.names = []",
    "added struct": "r = self.records.add()",
    "kernel": "add_at(self.by_key, self.items.load(), 1)",
    "internal method": "self.change()",
    "event": "self.emit(Note())",
    "money": "self.transfer(self.msg.sender, 1)",
    "no money": "self.transfer(self.msg.sender, 0)",
    "another contract's field": "x = self.other.add(1)",
    "another contract's view that writes": "x = self.other.bad_view()",
    "another contract's event": "self.other.speak()",
    "money to another contract": "x = self.other.paying(1).pay()",
    "plain money to another contract": "self.transfer(self.other.address, 1)",
}
VIEW_ABOVE = """
class Note(Event):
    pass

class Record(Struct):
    low: uint8
    high: uint8

class Other(Contract):
    number: uint256

    @external
    def add(self, amount: uint256) -> uint256:
        self.number += amount
        return self.number

    @view
    def bad_view(self) -> uint256:
        self.number = 1
        return 1

    @external
    def speak(self) -> None:
        self.emit(Note())

    @payable
    def pay(self) -> uint256:
        return 1

    @payable
    def receive(self) -> None:
        pass
"""
VIEW_FIELDS = """number: uint256
small: uint8
text: str
by_key: Map[uint256, uint256]
record: Record
items: Array[uint256]
empty: Array[uint256]
names: Array[str]
records: Array[Record]
other: Other

def constructor(self, other: Other) -> None:
    self.other = other
    self.items.append(5)

def change(self) -> None:
    self.number = 1

@external
def through(self) -> None:
    self.change()
"""


@pytest.mark.parametrize("body", VIEW_WRITES.values(), ids=VIEW_WRITES)
def test_a_view_that_writes_fails(chain: Chain, tmp_path: Path, body: str) -> None:
    alice = chain.accounts[0]
    text = source(body, above=VIEW_ABOVE, fields=VIEW_FIELDS, decorator="view")
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)
    chain.deal(contract, 10)
    with reverts(WriteInView):
        contract.run()
    # The same body may write when it is not a view.
    writer = load(tmp_path, text.replace("@view\n    def run", "@external\n    def run")).Snippet
    free = chain.deploy(writer, other, sender=alice)
    chain.deal(free, 10)
    if "bad_view" in body:
        with reverts(WriteInView):
            free.run(sender=alice)
    else:
        free.run(sender=alice)


def test_after_a_view_writing_is_allowed_again(chain: Chain, tmp_path: Path) -> None:
    """Inside a call to a view nothing is written; the caller goes on writing afterwards."""
    body = (
        "self.number = 1\nbefore = self.other.current()\nself.number += before + 2\n"
        "failed = self.try_call(self.other, 'bad_view', [])\n"
        "require(not failed.ok, Bad())\nself.number += 4"
    )
    above = VIEW_ABOVE.replace(
        "    @external\n    def speak",
        "    @view\n    def current(self) -> uint256:\n        return self.number\n\n"
        "    @external\n    def speak",
    )
    alice = chain.accounts[0]
    text = source(body, above=above + "\nclass Bad(Error):\n    pass\n", fields=VIEW_FIELDS)
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)
    contract.run(sender=alice)
    assert (contract.number(), other.number()) == (7, 0)


def test_views_and_simulations_leave_no_trace(chain: Chain) -> None:
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    counter.add(3, sender=alice)
    before = chain.number, chain.balance(alice), chain.header().state_root
    assert counter.current() == 3
    assert counter.current(sender=alice) == 3
    assert counter.add.simulate(4, sender=alice).return_value == 7
    assert counter.count() == 3
    assert (chain.number, chain.balance(alice), chain.header().state_root) == before


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

    def constructor(self, buggy: Buggy) -> None:
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


# Deployment.

CONSTRUCTORS = """
class Note(Event):
    number: uint256

class No(Error):
    pass

class Other(Contract):
    number: uint256

    @external
    def add(self) -> None:
        self.number += 1

class Failing(Contract):
    number: uint256

    @payable
    def constructor(self, other: Other, works: bool) -> None:
        self.number = 5
        other.add()
        self.emit(Note(number=self.msg.value))
        require(works, No())
"""


def test_a_constructor_that_fails_leaves_nothing_but_fee_and_nonce(
    chain: Chain, tmp_path: Path
) -> None:
    alice = chain.accounts[0]
    module = load(tmp_path, CONSTRUCTORS)
    other = chain.deploy(module.Other, sender=alice)
    before = chain.balance(alice)
    with reverts(module.No) as failure:
        chain.deploy(module.Failing, other, False, sender=alice, value=100)
    receipt = failure.error.receipt
    assert chain.balance(alice) == before - receipt.fee
    assert (other.number(), receipt.logs, receipt.contract_address) == (0, [], None)
    made = chain.deploy(module.Failing, other, True, sender=alice, value=100)
    assert (made.balance, made.number(), other.number()) == (100, 5, 1)
    assert len(chain.logs(module.Note)) == 1


def test_too_little_gas_at_any_point_of_a_deployment_leaves_only_the_fee(
    chain: Chain, tmp_path: Path
) -> None:
    alice = chain.accounts[0]
    module = load(tmp_path, CONSTRUCTORS)
    other = chain.deploy(module.Other, sender=alice)
    with chain.anchor():
        chain.deploy(module.Failing, other, True, sender=alice, value=100)
        receipt = chain.block().receipts[0]
        needed = receipt.gas_used + receipt.gas_refund
    outcomes = set()
    for gas_limit in [*range(53_000, needed, 7_001), needed - 1]:
        before = chain.balance(alice)
        try:
            chain.deploy(module.Failing, other, True, sender=alice, value=100, gas_limit=gas_limit)
        except InvalidTransaction:
            outcomes.add("before")  # the transaction's own price
            assert chain.balance(alice) == before
        except OutOfGas as error:
            outcomes.add("during")
            assert error.receipt.gas_used == gas_limit
            assert error.receipt.logs == []
            assert chain.balance(alice) == before - gas_limit * chain.gas_price
        assert other.number() == 0
    assert outcomes == {"before", "during"}
    chain.deploy(module.Failing, other, True, sender=alice, value=100, gas_limit=needed)
    assert other.number() == 1


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


def test_gas_follows_the_source_not_the_python_version(chain: Chain, tmp_path: Path) -> None:
    """Pinned: every Python version must come to the same numbers."""
    bodies = {
        "for i in range(10):\n    pass": None,
        "x = [i for i in range(10)]": None,
        "x = [[j for j in range(3)] for i in range(4)]": None,
        "x = list(self.items)": None,
        "x = tuple(self.items)": None,
        "x = sum(self.items)": None,
        "x = sorted(self.items)": None,
    }
    fields = "items: Array[uint256]\n\ndef constructor(self) -> None:\n    self.items = [3, 1, 2]"
    alice = chain.accounts[0]
    found = {}
    for body in bodies:
        contract = chain.deploy(snippet(tmp_path, body, fields=fields), sender=alice)
        found[body] = contract.run(sender=alice).gas_used
    assert found == bodies


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

def constructor(self) -> None:
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
