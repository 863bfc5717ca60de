"""What a contract may say: refuses, with file, line and a way out, what could not run on a chain.

The rules keep contracts deterministic, integer-only and finite in time and memory. They guard
against mistakes, not against an author who is out to break the host's process.
"""

from __future__ import annotations

import ast
from typing import NoReturn

from chain.array import Array
from chain.contract.operations import FREE_BUILTINS, HIGHEST, METERED_BUILTINS
from chain.errors import ContractRefused

# What a contract may ask of `self` besides its own fields and methods.
HOST_ATTRIBUTES = frozenset(
    {"address", "balance", "block", "emit", "msg", "paying", "transfer", "try_call"}
)
# The only methods of lists and arrays that cost the same for every length, or charge for it.
SEQUENCE_METHODS = frozenset({"add", "append", "load", "pop"})
# Methods of Python's own values, which would do work without paying or reach into Python.
PYTHON_ATTRIBUTES = frozenset(
    name
    for kind in (str, bytes, int, list, tuple, Array)
    for name in dir(kind)
    if not name.startswith("_")
) - SEQUENCE_METHODS | {"int64", "checked"}

_REFUSED_NODES: dict[type[ast.AST], str] = {
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

_HINTS: dict[str, str] = {
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


class Checker(ast.NodeVisitor):
    """Walks one function of a contract.

    Parameters
    ----------
    filename, owner
        For messages.
    members
        Names of the contract's fields and methods, which `self` may be asked for.
    fields
        Those of them that may be assigned.
    """

    def __init__(
        self, filename: str, owner: str, members: frozenset[str], fields: frozenset[str]
    ) -> None:
        self.filename = filename
        self.owner = owner
        self.members = members
        self.fields = fields
        self.myself = ""
        self.is_abstract = False

    def refuse(self, node: ast.AST, what: str, way_out: str) -> NoReturn:
        """Raise ContractRefused for `node`."""
        line = getattr(node, "lineno", 0)
        raise ContractRefused(f"{self.filename}:{line}: {self.owner}: {what}: {way_out}")

    def check(self, function: ast.FunctionDef) -> None:
        """Refuse the function if it says anything that is not allowed."""
        arguments = function.args
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
            self.refuse(function, "parameters with * or /", "take each by name and type")
        if arguments.defaults:
            self.refuse(function, "a default value", "callers pass every argument")
        if not arguments.args:
            self.refuse(function, "a method without self", "make self the first parameter")
        self.myself = arguments.args[0].arg
        for argument in arguments.args:
            self._check_name(argument, argument.arg)
        for statement in function.body:
            self.visit(statement)
        # Nothing but a docstring and ...: for a subclass to write.
        self.is_abstract = all(
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            for statement in function.body
        )

    def visit(self, node: ast.AST) -> None:
        """Refuse by kind of node, then look inside."""
        hint = _REFUSED_NODES.get(type(node))
        if hint is not None:
            self.refuse(node, type(node).__name__.lower(), hint)
        super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.refuse(node, "a function inside a method", "make it a method")

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, float | complex):
            self.refuse(
                node, f"the {type(value).__name__} {value}", "contracts count in integers: scale it"
            )
        if isinstance(value, int) and abs(value) > HIGHEST:
            self.refuse(node, "an integer of more than 256 bits", "no value can be so large")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._check_operator(node, node.op)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._check_operator(node, node.op)
        self.generic_visit(node)

    def _check_operator(self, node: ast.AST, operator: ast.operator) -> None:
        if isinstance(operator, ast.Div):
            self.refuse(node, "/ makes a float", "use // (or truncating_div) on integers")
        if isinstance(operator, ast.MatMult):
            self.refuse(node, "@", "use dot(a, b)")
        left = getattr(node, "left", None)
        text = isinstance(left, ast.Constant) and isinstance(left.value, str | bytes)
        if isinstance(operator, ast.Mod) and text:
            self.refuse(node, "text formatting", "put the values into an event's fields")

    def visit_Name(self, node: ast.Name) -> None:
        self._check_name(node, node.id)
        if isinstance(node.ctx, ast.Store):
            if node.id == self.myself:
                self.refuse(node, f"assigning to {node.id}", "use another name")
            if node.id in METERED_BUILTINS or node.id in FREE_BUILTINS or node.id == "super":
                self.refuse(node, f"assigning to {node.id}", "it is a built-in: use another name")

    def _check_name(self, node: ast.AST, name: str) -> None:
        if name.startswith("_") and name != "_":
            self.refuse(node, f"the name {name}", "names that start with _ belong to Python")
        if name in _HINTS:
            self.refuse(node, name, _HINTS[name])

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if name.startswith("_"):
            self.refuse(node, f".{name}", "names that start with _ belong to Python; drop the _")
        if isinstance(node.value, ast.Name) and node.value.id == self.myself:
            if isinstance(node.ctx, ast.Store):
                if name not in self.fields:
                    self.refuse(
                        node,
                        f"assigning to {self.myself}.{name}",
                        f"declare it as a field: {name}: uint256",
                    )
            elif name not in self.members and name not in HOST_ATTRIBUTES:
                self.refuse(node, f"{self.myself}.{name}", "there is no such field or method")
        elif name in PYTHON_ATTRIBUTES and not self.is_own(node.value):
            self.refuse(
                node, f".{name}", "Python's own methods do not pay gas: write it out, or rename it"
            )
        self.generic_visit(node)

    def is_own(self, node: ast.AST) -> bool:
        """Whether an expression is a field of this contract (so its attributes are known)."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id == "super"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr == "paying"
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == self.myself
        )

    def visit_Call(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse(node, "**", "write the arguments out")
        if not isinstance(node.func, ast.Name | ast.Attribute):
            self.refuse(node, "calling a computed value", "call methods and functions by name")
        if isinstance(node.func, ast.Name) and node.func.id == "super" and node.args:
            self.refuse(node, "super with arguments", "write super()")
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                self.refuse(node, "a slice with a step", "use a list comprehension over range")
            if not isinstance(node.ctx, ast.Load):
                self.refuse(node, "assigning to a slice", "assign element by element")
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self.refuse(node.iter, "async", "there is nothing to wait for in a contract")
        self.generic_visit(node)
