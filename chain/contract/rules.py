"""What contracts may not say, and the way out; and what their names may stand for."""

from __future__ import annotations

import ast
from typing import Any

from chain.array import Array
from chain.contract.operations import HIGHEST, LOWEST
from chain.types import IntType, type_of
from chain.values import ADDRESS_FORM, Address

# What a contract may ask of `self` besides its own fields and methods: values, and what is called.
HOST_VALUES = frozenset({"address", "balance", "block", "msg"})
HOST_METHODS = frozenset({"block_hash", "emit", "paying", "transfer", "try_call"})
HOST_ATTRIBUTES = HOST_VALUES | HOST_METHODS
# The only methods of lists and arrays that cost the same for every length, or charge for it.
SEQUENCE_METHODS = frozenset({"add", "append", "load", "pop"})
# Methods of Python's own values, which would do work without paying or reach into Python.
PYTHON_ATTRIBUTES = frozenset(
    name
    for kind in (str, bytes, int, list, tuple, Array)
    for name in dir(kind)
    if not name.startswith("_")
) - SEQUENCE_METHODS | {"int64", "checked"}

REFUSED_NODES: dict[type[ast.AST], str] = {
    ast.AsyncFor: "there is nothing to wait for in a contract",
    ast.AsyncFunctionDef: "there is nothing to wait for in a contract: use def",
    ast.AsyncWith: "there is nothing to wait for in a contract",
    ast.Await: "there is nothing to wait for in a contract",
    ast.Assert: "assert disappears under python -O: use require(condition, Error(...))",
    ast.ClassDef: "classes belong at module level",
    ast.Delete: "nothing can be deleted: set it to zero",
    ast.Dict: "a dict grows without paying: use a Map field, or a list of tuples",
    ast.DictComp: "a dict grows without paying: use a Map field, or a list of tuples",
    ast.FormattedValue: "text is not formatted on a chain: put the values into an event's fields",
    ast.Global: "a contract's only memory is its fields: declare one",
    ast.Import: "import at module level; contracts see only names of the contract language",
    ast.ImportFrom: "import at module level; contracts see only names of the contract language",
    ast.JoinedStr: "text is not formatted on a chain: put the values into an event's fields",
    ast.Lambda: "write a method",
    ast.Match: "use if and elif",
    ast.NamedExpr: "assign on a line of its own",
    ast.Nonlocal: "a contract's only memory is its fields: declare one",
    ast.Set: "sets have no order: use a Map[..., bool] field, or a list",
    ast.SetComp: "sets have no order: use a Map[..., bool] field, or a list",
    ast.Starred: "write the elements out",
    ast.Try: "an error undoes the whole frame: use require, or self.try_call for another contract",
    ast.TryStar: "an error undoes the whole frame: use require, or self.try_call",
    ast.With: "there is nothing to close in a contract",
    ast.Yield: "generators pause in the middle: return a list",
    ast.YieldFrom: "generators pause in the middle: return a list",
}

HINTS: dict[str, str] = {
    "chr": "text is not computed on a chain",
    "compile": "contracts cannot make code",
    "complex": "contracts count in integers",
    "delattr": "fields are declared, not made up",
    "dict": "use a Map field, or a list of tuples",
    "dir": "contracts cannot look at themselves",
    "divmod": "use // and %",
    "eval": "contracts cannot make code",
    "exec": "contracts cannot make code",
    "filter": "use a list comprehension",
    "float": "contracts count in integers: scale to fixed point before you send",
    "frozenset": "sets have no order: use a Map[..., bool] field, or a list",
    "getattr": "write the attribute's name out",
    "globals": "a contract's only memory is its fields",
    "hash": "Python's hash differs from run to run: use keccak(...)",
    "id": "an id differs from run to run: use self.address, or a counter",
    "input": "contracts cannot wait for a user",
    "int": "values are ints already: use wrapping(uint64, x) for a cast",
    "isinstance": "types are declared",
    "iter": "use a for loop",
    "locals": "write the names out",
    "map": "use a list comprehension",
    "next": "use a for loop",
    "object": "contracts cannot reach into Python",
    "open": "contracts have no files: emit an event",
    "pow": "use ** and %",
    "print": "emit an event",
    "repr": "text is not formatted on a chain: put the values into an event's fields",
    "round": "contracts count in integers: use //",
    "set": "sets have no order: use a Map[..., bool] field, or a list",
    "setattr": "write the attribute's name out",
    "str": "text is not formatted on a chain: put the values into an event's fields",
    "type": "types are declared",
    "vars": "write the names out",
}


def is_filled(cell: Any) -> bool:
    """Whether a closure's name holds anything yet."""
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def as_address(value: Any) -> Any:
    """Text that reads as an address is one, in whatever case it was written."""
    if type(value) is str and ADDRESS_FORM.fullmatch(value):
        return Address.parse(value)
    return value


def visible(value: Any) -> bool:
    """Whether contracts may see a global: a constant, or a type to cast to."""
    if isinstance(value, tuple):
        return all(map(visible, value))
    if isinstance(value, int):
        return LOWEST <= value <= HIGHEST
    if value is None or isinstance(value, str | bytes):
        return True
    try:
        return isinstance(type_of(value), IntType)
    except TypeError:
        return False
