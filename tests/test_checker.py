"""What contracts may not say: refused when the class is made, with file, line and a way out."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import pytest

from chain import Chain
from chain.contract import Contract
from chain.errors import ContractRefused
from tests.attackers.snippets import load, snippet, source

# Marks the line that the message must name.
HERE = "# here"


def refusal(folder: Path, text: str) -> str:
    """The message that refuses `text`, which must name the file and the marked line."""
    with pytest.raises(ContractRefused) as caught:
        load(folder, text)
    message = str(caught.value)
    (path,) = folder.glob("*.py")
    lines = [i for i, line in enumerate(path.read_text().splitlines(), 1) if HERE in line]
    # file:line: Class.method: what: way out
    found = re.fullmatch(rf"{re.escape(str(path))}:(\d+): (\S+): (.+): (.+)", message, re.DOTALL)
    assert found, message
    assert int(found[1]) in lines, message
    return message


FLOATS = {
    "x = 1.5": "scale",
    "x = 1e9": "scale",
    "x = -0.0": "scale",
    "x = 1j": "scale",
    "x = 4 / 2": "//",
    "x = 4\nx /= 2  # here": "//",
    "x = [1] @ [2]": r"dot\(",
    "x = float(3)": "fixed point",
    "x = complex(3)": "integers",
    "x = round(3)": "//",
    "x = divmod(3, 2)": "//",
    "x = pow(3, 2)": r"\*\*",
}
IMPORTS = {
    "import os": "module level",
    "from time import time": "module level",
    "import random as r": "module level",
    "x = __import__('os')": "belong to Python",
}
REACHING_OUT = {
    "x = open('secrets')": "event",
    "print(1)": "event",
    "x = input()": "wait",
    "x = eval('1')": "make code",
    "exec('x = 1')": "make code",
    "x = compile('1', '', 'eval')": "make code",
}
UNSTEADY = {
    "x = id(self)": "self.address",
    "x = hash('a')": "keccak",
    "x = repr(self)": "event",
    "x = str(self)": "event",
    "x = object()": "reach into Python",
    "x = {1, 2}": "Map",
    "x = {n for n in range(3)}": "Map",
    "x = set([1])": "Map",
    "x = frozenset([1])": "Map",
    "x = {}": "Map",
    "x = {1: 2}": "Map",
    "x = {n: n for n in range(3)}": "Map",
    "x = dict()": "Map",
}
REFLECTION = {
    "x = self.__class__": "belong to Python",
    "x = self.__dict__": "belong to Python",
    "x = self._host": "belong to Python",
    "x = self._meter.used": "belong to Python",
    "x = [].__class__.__base__.__subclasses__": "belong to Python",
    "x = self.msg.__class__": "belong to Python",
    "self.__dict__ = 1": "belong to Python",
    "self._host.meter.limit = 1": "belong to Python",
    "x = _meter": "belong to Python",
    "_meter = 1": "belong to Python",
    "x = __builtins__": "belong to Python",
    "x = __name__": "belong to Python",
    "x = __class__": "belong to Python",
    "x = getattr(self, 'number')": "write",
    "setattr(self, 'number', 1)": "write",
    "delattr(self, 'number')": "declared",
    "x = vars(self)": "write",
    "x = dir(self)": "look at themselves",
    "x = type(self)": "declared",
    "x = isinstance(1, type)": "declared",
    "x = globals()": "fields",
    "x = locals()": "names",
    "x = super(Snippet, self)": r"super\(\)",
    "x = self.methods": "no such field",
    "x = self.contract_type": "no such field",
}
TEXT = {
    "x = f'{self.number}'": "event",
    "x = f'plain'": "event",
    "x = '{0.x}'.format(self)": "pay gas",
    "t = 'a'\nx = t.format(self)  # here": "pay gas",
    "t = 'a'\nx = t.format_map(self)  # here": "pay gas",
    "x = '%s' % self": "event",
    "x = b'%s' % b'a'": "event",
    "x = 'a'.upper()": "pay gas",
    "x = 'a'.encode()": "pay gas",
    "x = ','.join(['a'])": "pay gas",
    "n = 5\nx = n.to_bytes(10**9, 'big')  # here": "pay gas",
    "x = chr(65)": "text",
}
MEMORY = {
    "global x": "field",
    "global x  # here\nx = 1": "field",
    "x = LIST": "constants",
    "LIST.append(1)": "what is behind them",
    "x = TABLE[1]": "constants",
    "x = FRACTION": "constants",
    "x = PAIR": "constants",
    "x = helper()": "constants",
    "x = time.time()": "what is behind them",
    "x = random.random()": "what is behind them",
    "x = numpy.zeros(5)": "what is behind them",
    "x = Plain()": "constants",
    "x = THING": "constants",
    "x = undefined": "not defined",
    "x = LATER": "not defined",
    "self.unknown = 1": "unknown: uint256",
    "x = self.unknown": "no such field",
    "self.unknown()": "no such method",
}
SHAPES = {
    "try:  # here\n    self.run()\nexcept Exception:\n    pass": "try_call",
    "try:  # here\n    pass\nfinally:\n    pass": "try_call",
    "try:  # here\n    pass\nexcept* Exception:\n    pass": "try_call",
    "with self:  # here\n    pass": "close",
    "assert self.number == 0": "require",
    "del self.number": "zero",
    "x = lambda: 1": "method",
    "def inner() -> None:  # here\n    pass": "method",
    "async def inner() -> None:  # here\n    pass": "def",
    "class Inner:  # here\n    pass": "module level",
    "match self.number:  # here\n    case _:\n        pass": "if and elif",
    "yield 1": "list",
    "yield from [1]": "list",
    "x = (yield)": "list",
    "x = (y := 5)": "line of its own",
    "x = [*range(3)]": "write the elements out",
    "self.run(*[1])": "write the elements out",
    "self.run(**self.number)": "by position",
    "x = [1, 2, 3][::2]": "range",
    "x = [1]\nx[0:1] = [2]  # here": "element by element",
    "x = y = 1": "two assignments",
    "x, self.number = 1, 2": "names first",
    "x, (y, self.number) = 1, (2, 3)": "names first",
    "for x, (y, self.number) in [(1, (2, 3))]:  # here\n    pass": "names first",
    "x = [1, 2]\ny = x.pop(0)  # here": "last element",
    "x = keccak(**self.number)": "write the arguments out",
    "_x: uint256 = 1": "belong to Python",
    "x: uint256": "name: type = value",
    "self.number: uint256 = 1": "name: type = value",
    "x: list = []": "contract can hold",
    "raise": "SomeError",
    "raise ValueError": "SomeError",
    "raise ValueError('no')": "not defined",
    "require(self.number == 0)": "condition",
    "require(self.number == 0, 'text')": "SomeError",
    "x = require(self.number == 0, 'text')": "line of its own",
    "x = min([1], key=5)": "by position",
    "x = [1][0]()": "by name",
    "x = map(self.run, [1])": "comprehension",
    "x = filter(None, [1])": "comprehension",
    "x = iter([1])": "for",
    "x = next([1])": "for",
    "self = 1": "ask it for a field",
    "sum = 1": "another name",
    "range = 1": "another name",
    "super = 1": "another name",
    "x = int('5')": "wrapping",
    f"x = {2**256}": "no value",
}
BODIES = {
    **FLOATS,
    **IMPORTS,
    **REACHING_OUT,
    **UNSTEADY,
    **REFLECTION,
    **TEXT,
    **MEMORY,
    **SHAPES,
}
ABOVE = """
import random
import time

import numpy


class Plain:
    pass


def helper() -> int:
    return 1


LIST = [1]
TABLE = {1: 2}
FRACTION = 0.5
PAIR = (1, 0.5)
THING = Plain()
"""


def marked(body: str) -> str:
    return body if HERE in body else f"{body}  {HERE}"


@pytest.mark.parametrize(("body", "way_out"), BODIES.items(), ids=BODIES)
def test_a_body_is_refused_with_file_line_and_a_way_out(
    tmp_path: Path, body: str, way_out: str
) -> None:
    message = refusal(tmp_path, source(marked(body), above=ABOVE) + "\nLATER = 1\n")
    assert "Snippet.run: " in message
    assert re.search(way_out, message.split(": ", 3)[3]), message


# What each of these would do if it were not refused.
HOLES = {
    "self.text = self.text.format(self)": "walks attributes: '{0._host}'",
    "self.text = self.text.ljust(10**9)": "takes a gigabyte",
    "x = self.number.to_bytes(10**9, 'big')": "takes a gigabyte",
    "x = self.balance.to_bytes(10**9, 'big')": "takes a gigabyte",
    "self.text = self.address.upper()": "computes text",
    "x = bytes32(10**9)": "takes a gigabyte",
    "self.text = address(self)": "writes an id into the state",
    "x = uint8(300)": "is 300, and looks like a cast",
    "x = self.number is self.number": "depends on Python's cache of integers",
    "x = [1] is not [1]": "compares ids",
    "Snippet.memo = 1": "memory that no revert undoes, shared between chains",
    "Note.memo = 1": "memory that no revert undoes, shared between chains",
    "Snippet.run.memo = 1": "fails as a bug; methods are not to be reached",
    "me = self  # here\nme.secret = 1": "memory that no revert undoes",
    "me = self  # here\nme.address = self.msg.sender": "another identity",
    "self.other.address = self.msg.sender": "redirects a reference past the journal",
    "for cells in self.families():  # here\n    cells['x'] = 7": "writes past the journal",
    "x = self.leaf_path('number', ())": "belongs to the engine",
    "x = self.encoded()": "belongs to the engine",
    "x = Snippet.mro()": "reaches into Python",
    "x = Snippet.methods": "reaches into the engine",
    "again = self.run  # here\nagain()": "is not counted as a call",
    "x = [0]\nfor x[0] in range(3):  # here\n    pass": "ValueError when the class is made",
    "x = [0]\ny = [1 for x[0] in range(3)]  # here": "assigns behind the checker's back",
    "x = [0, 1]\n[x[-1]] = [5]  # here": "assigns to a negative index",
    "x = BIG": "an integer of 100,000 bits",
    "x = sum([1], 1)": "TypeError at run time",
    "self.other.take(amount=1)": "TypeError at run time: references take values by position",
}


@pytest.mark.parametrize("body", HOLES, ids=HOLES)
def test_a_hole_is_refused(tmp_path: Path, body: str) -> None:
    above = """
BIG = 2**100_000


class Note(Event):
    number: uint256


class Other(Contract):
    @external
    def take(self, amount: uint256) -> None:
        pass
"""
    fields = "number: uint256\ntext: str\nother: Other"
    refusal(tmp_path, source(marked(body), above=above, fields=fields))


# Where something forbidden can hide.
PLACES = [
    "x = HIDDEN",
    "x: uint256 = HIDDEN",
    "x = 1\nx += HIDDEN  # here",
    "self.number = HIDDEN",
    "self.number += HIDDEN",
    "self.items[HIDDEN] = 1",
    "self.items[HIDDEN] += 1",
    "self.items[0] = HIDDEN",
    "x = self.items[HIDDEN]",
    "x = list(self.items)[HIDDEN]",
    "x = [1][HIDDEN:]",
    "x = [1][:HIDDEN]",
    "x = (HIDDEN, 1)[0]",
    "x = HIDDEN + 1",
    "x = 1 + HIDDEN",
    "x = 2 ** HIDDEN",
    "x = -HIDDEN",
    "x = not HIDDEN",
    "x = HIDDEN and 1",
    "x = 1 or HIDDEN",
    "x = HIDDEN < 1",
    "x = 1 < HIDDEN",
    "x = 1 < 2 < HIDDEN",
    "x = HIDDEN in [1]",
    "x = 1 in HIDDEN",
    "x = HIDDEN if 1 else 2",
    "x = 1 if HIDDEN else 2",
    "x = 1 if 2 else HIDDEN",
    "x = [HIDDEN]",
    "x = [[HIDDEN]]",
    "x = (1, HIDDEN)",
    "x, y = 1, HIDDEN",
    "x = [HIDDEN for i in [1]]",
    "x = [i for i in HIDDEN]",
    "x = [i for i in [1] if HIDDEN]",
    "x = [i for i in [1] for j in HIDDEN]",
    "x = sum(HIDDEN for i in [1])",
    "x = len(HIDDEN)",
    "x = max(1, HIDDEN)",
    "x = wrapping(uint8, HIDDEN)",
    "x = keccak(HIDDEN)",
    "self.other(HIDDEN)",
    "self.emit(Note(number=HIDDEN))",
    "raise No(number=HIDDEN)",
    "require(HIDDEN, No(number=1))",
    "require(False, No(number=HIDDEN))",
    "self.transfer(HIDDEN, 1)",
    "x = self.try_call(self.msg.sender, 'f', [HIDDEN])",
    "return HIDDEN",
    "HIDDEN",
    "if HIDDEN:  # here\n    pass",
    "if 1:\n    x = HIDDEN  # here",
    "if 1:\n    pass\nelif HIDDEN:  # here\n    pass",
    "if 1:\n    pass\nelse:\n    x = HIDDEN  # here",
    "while HIDDEN:  # here\n    pass",
    "while 1:\n    x = HIDDEN  # here",
    "while 0:\n    pass\nelse:\n    x = HIDDEN  # here",
    "for i in HIDDEN:  # here\n    pass",
    "for i in [1]:\n    x = HIDDEN  # here",
    "for i in [1]:\n    pass\nelse:\n    x = HIDDEN  # here",
]
HIDDEN = ["0.5", "self._host", "id(1)", "(1 / 2)", "'a'.join([])", "UNKNOWN"]


@pytest.mark.parametrize("place", PLACES)
def test_what_is_forbidden_is_found_wherever_it_hides(tmp_path: Path, place: str) -> None:
    above = "class Note(Event):\n    number: uint256\n\nclass No(Error):\n    number: uint256\n"
    fields = "number: uint256\nitems: Array[uint256]\n\ndef other(self, n: uint256) -> None:\n"
    for number, hidden in enumerate(HIDDEN):
        folder = tmp_path / str(number)
        folder.mkdir()
        body = marked(place.replace("HIDDEN", hidden))
        refusal(folder, source(body, above=above, fields=fields + "    pass"))


# Every built-in name that a contract may use; all others are refused.
ALLOWED_BUILTINS = {
    *("abs", "all", "any", "bool", "enumerate", "len", "list", "max", "min"),
    *("range", "reversed", "sorted", "sum", "super", "tuple", "zip"),
    *("False", "None", "True"),
}


@pytest.mark.parametrize("name", sorted(set(dir(builtins)) - ALLOWED_BUILTINS))
def test_every_other_builtin_is_refused(tmp_path: Path, name: str) -> None:
    if name == "__debug__":
        pytest.skip("Python itself replaces it by True")
    refusal(tmp_path, source(f"x = {name}  {HERE}"))


@pytest.mark.parametrize("name", sorted(ALLOWED_BUILTINS - {"False", "None", "True"}))
def test_allowed_builtins_pass(tmp_path: Path, name: str) -> None:
    snippet(tmp_path, f"x = {name}({'' if name == 'super' else '[1]'})")


# What a method may look like.

METHODS = {
    "default value": ("def run(self, x: uint256 = 1) -> None:  # here\n    pass", "every argument"),
    "varargs": ("def run(self, *x: uint256) -> None:  # here\n    pass", "by name"),
    "keywords": ("def run(self, **x: uint256) -> None:  # here\n    pass", "by name"),
    "keyword-only": ("def run(self, *, x: uint256) -> None:  # here\n    pass", "by name"),
    "positional-only": ("def run(self, x: uint256, /) -> None:  # here\n    pass", "by name"),
    "no self": ("def run() -> None:  # here\n    pass", "self"),
    "underscore parameter": ("def run(self, _x: uint256) -> None:  # here\n    pass", "_"),
    "no type": ("@external  # here\ndef run(self, x) -> None:\n    pass", "write x: uint256"),
    "bare int": ("@external  # here\ndef run(self, x: int) -> None:\n    pass", "no width"),
    "float": ("@external  # here\ndef run(self, x: float) -> None:\n    pass", "uint8..uint256"),
    "list": ("@external  # here\ndef run(self, x: list) -> None:\n    pass", "Array"),
    "set": ("@external  # here\ndef run(self, x: set) -> None:\n    pass", "Array"),
    "float result": ("@external  # here\ndef run(self) -> float:\n    return 1", "uint8..uint256"),
    "bare int result": ("@external  # here\ndef run(self) -> int:\n    return 1", "no width"),
    "unknown type": ("@external  # here\ndef run(self, x: 'Nope') -> None:\n    pass", "Nope"),
    "constructor": ("def __init__(self, x: int) -> None:  # here\n    pass", "no width"),
}


@pytest.mark.parametrize(("method", "way_out"), METHODS.values(), ids=METHODS)
def test_a_method_is_refused(tmp_path: Path, method: str, way_out: str) -> None:
    body = "\n".join(f"    {line}" for line in method.splitlines())
    assert way_out in refusal(tmp_path, f"class Snippet(Contract):\n{body}\n")


@pytest.mark.parametrize(
    "member", ["async def run(self) -> None:\n        pass", "run = lambda: 1"]
)
def test_the_way_out_of_an_async_method_or_a_lambda_is_def(tmp_path: Path, member: str) -> None:
    with pytest.raises(ContractRefused, match="def"):
        load(tmp_path, f"class Snippet(Contract):\n    {member}\n")


def test_types_of_local_variables(tmp_path: Path) -> None:
    snippet(tmp_path, "x: str = 'a'\ny: bool = True\nz: Array[uint8] = [1]")


def test_a_local_int_needs_a_width(tmp_path: Path) -> None:
    assert "write uint256" in refusal(tmp_path, source("x: int = 1  # here"))


MEMBERS = {
    "class variable": "count = 0  # here",
    "float class variable": "rate = 0.5  # here",
    "list class variable": "memory = []  # here",
    "field with a value": "count: uint256 = 5  # here",
    "property": "@property\n    def count(self):  # here\n        return 1",
    "staticmethod": "@staticmethod\n    def count():  # here\n        return 1",
    "classmethod": "@classmethod\n    def count(cls):  # here\n        return 1",
    "nested class": "class Inner:  # here\n        pass",
    "private method": "def _count(self) -> None:  # here\n        pass",
    "mangled method": "def __count(self) -> None:  # here\n        pass",
    "private field": "_count: uint256  # here",
    "field called msg": "msg: uint256  # here",
    "field called balance": "balance: uint256  # here",
    "field called address": "address: uint256  # here",
    "field called methods": "methods: uint256  # here",
    "method called emit": "def emit(self) -> None:  # here\n        pass",
    "method called transfer": "def transfer(self) -> None:  # here\n        pass",
    "method called families": "def families(self) -> None:  # here\n        pass",
    # Would be lost without a word.
    "method called methods": "def methods(self) -> None:  # here\n        pass",
    "method called fields": "def fields(self) -> None:  # here\n        pass",
    # Would run as plain Python, unmetered.
    "dunder method": "def __len__(self):  # here\n        return 1.5",
    # The method would replace the field, and assignments bypass storage.
    "field and method of one name": "count: uint256  # here\n    @external\n"
    "    def count(self) -> uint256:  # here\n        return 1",
    "field without width": "count: int  # here",
    "float field": "rate: float  # here",
    "list field": "values: list  # here",
    "dict field": "values: dict[str, int]  # here",
    "unknown field": "values: 'Nope'  # here",
}


@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_a_member_of_the_class_body_is_refused(tmp_path: Path, member: str) -> None:
    refusal(tmp_path, f"class Snippet(Contract):\n    {member}\n")


CLASSES = {
    # From outside the parent's method would run, from inside the child's.
    "override that drops @external": "class Base(Contract):\n    @external\n"
    "    def run(self) -> uint256:\n        return 1\n\n"
    "class Snippet(Base):\n    def run(self) -> uint256:  # here\n        return 2",
    # The parent's field would change its type.
    "field declared again": "class Base(Contract):\n    count: uint256\n\n"
    "class Snippet(Base):\n    count: uint8  # here",
    "float in an event": "class Rate(Event):\n    rate: float  # here",
    "float in an error": "class Rate(Error):\n    rate: float  # here",
    # Exceptions of Python, and failed transactions, have these already.
    "field of an error called args": "class Rate(Error):\n    args: uint256  # here",
    "field of an error called receipt": "class Rate(Error):\n    receipt: uint256  # here",
    "float in a struct": "class Rate(Struct):\n    rate: float  # here",
}


@pytest.mark.parametrize("text", CLASSES.values(), ids=CLASSES)
def test_a_class_is_refused(tmp_path: Path, text: str) -> None:
    refusal(tmp_path, text + "\n")


def test_a_constructor_is_called_init(tmp_path: Path) -> None:
    text = "class Snippet(Contract):\n    def constructor(self) -> None:\n        pass\n"
    with pytest.raises(ContractRefused, match=r":3: Snippet\.constructor: .*__init__"):
        load(tmp_path, text)


def test_a_base_that_is_no_contract_is_refused(tmp_path: Path) -> None:
    """What a mixin brings along would run unchecked."""
    text = "class Mixin:\n    def half(self):\n        return 1 / 2\n\n"
    with pytest.raises(ContractRefused, match="base Mixin is no contract: make it one"):
        load(tmp_path, text + "class Snippet(Mixin, Contract):\n    pass\n")


def test_helpers_of_a_checked_base_are_checked_with_it(tmp_path: Path) -> None:
    """Internal methods and modifiers are no way around the rules."""
    internal = "number: uint256\n\ndef half(self) -> None:\n    x = 1 / 2  # here\n"
    assert "Snippet.half" in refusal(tmp_path, source("self.half()", fields=internal))


def test_modifiers_are_checked(tmp_path: Path) -> None:
    above = "@modifier\ndef half(self) -> None:\n    x = 1 / 2  # here\n"
    refusal(tmp_path, source("pass", above=above, decorator="external\n@half"))


def test_a_decorator_of_ones_own_cannot_hide_code(tmp_path: Path) -> None:
    above = (
        "def twice(function):\n    def wrapper(self):\n"
        "        return function(self)  # here\n    return wrapper\n"
    )
    refusal(tmp_path, source("pass", above=above, decorator="external\n@twice"))


def test_code_without_a_source_is_refused() -> None:
    namespace: dict[str, object] = {"__name__": __name__, "Contract": Contract}
    text = "class Hidden(Contract):\n    def run(self):\n        return 1 / 2\n"
    with pytest.raises(ContractRefused, match="put the contract into a file"):
        exec(text, namespace)


def test_a_refused_class_is_never_deployed_and_others_go_on(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(ContractRefused):
        snippet(tmp_path, "x = 0.5")
    contract = chain.deploy(snippet(tmp_path, "self.number = 5"), sender=chain.accounts[0])
    contract.run(sender=chain.accounts[0])
    assert contract.number() == 5


def test_constants_types_and_closures_may_be_named(chain: Chain, tmp_path: Path) -> None:
    above = (
        "SCALE = 10**9\nLIMITS = (1, 2, ('a', b'b', None, True))\nNAME = 'x'\n"
        "def family(factor):\n    class Snippet(Contract):\n        @external\n"
        "        def run(self) -> uint256:\n"
        "            return SCALE * factor + LIMITS[1] + wrapping(uint8, 257)\n"
        "    return Snippet\n"
    )
    made = load(tmp_path, above).family(3)
    contract = chain.deploy(made, sender=chain.accounts[0])
    assert contract.run.simulate(sender=chain.accounts[0]).return_value == 3 * 10**9 + 3


def test_a_constant_is_the_one_of_when_the_class_was_made(chain: Chain, tmp_path: Path) -> None:
    """Changing the module afterwards does not change the contract."""
    text = source("return RATE", above="RATE = 1\n", returns="uint256")
    module = load(tmp_path, text)
    contract = chain.deploy(module.Snippet, sender=chain.accounts[0])
    vars(module)["RATE"] = 2
    assert contract.run.simulate(sender=chain.accounts[0]).return_value == 1
