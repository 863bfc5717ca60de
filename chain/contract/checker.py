"""What a contract may say: refuses, with file, line and a way out, what could not run on a chain.

The rules keep contracts deterministic, integer-only and finite in time and memory. They guard
against mistakes, not against an author who is out to break the host's process.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NoReturn

from chain.contract.fields import ContractType
from chain.contract.operations import HIGHEST
from chain.contract.rules import (
    HINTS,
    HOST_METHODS,
    HOST_VALUES,
    PYTHON_ATTRIBUTES,
    REFUSED_NODES,
)
from chain.contract.sequences import FREE_BUILTINS, METERED_BUILTINS
from chain.contract.structs import StructType
from chain.errors import ContractRefused
from chain.types import Type

# An element of a walk over several sequences is a tuple as wide.
MOST_ZIPPED = 8


class Checker(ast.NodeVisitor):
    """Walks one function of a contract.

    Parameters
    ----------
    filename, owner
        For messages.
    methods
        Names of the contract's methods, which may be called on `self`.
    fields
        Types of its fields, which `self` may be asked for.
    """

    def __init__(
        self, filename: str, owner: str, methods: frozenset[str], fields: Mapping[str, Type]
    ) -> None:
        self.filename = filename
        self.owner = owner
        self.methods = methods
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
        hint = REFUSED_NODES.get(type(node))
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
        left = node.left
        text = isinstance(left, ast.Constant) and isinstance(left.value, str | bytes)
        if isinstance(node.op, ast.Mod) and text:
            self.refuse(node, "text formatting", "put the values into an event's fields")
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

    def visit_Compare(self, node: ast.Compare) -> None:
        for operator in node.ops:
            if isinstance(operator, ast.Is | ast.IsNot):
                self.refuse(node, "is", "identity is Python's business: use == or !=")
        self.generic_visit(node)

    # Names and targets

    def visit_Name(self, node: ast.Name) -> None:
        self._check_name(node, node.id)
        if node.id == self.myself:
            self.refuse(node, f"{self.myself} by itself", "ask it for a field, or self.address")
        if isinstance(node.ctx, ast.Store) and (
            node.id in METERED_BUILTINS or node.id in FREE_BUILTINS or node.id == "super"
        ):
            self.refuse(node, f"assigning to {node.id}", "it is a built-in: use another name")

    def _check_name(self, node: ast.AST, name: str) -> None:
        if name.startswith("_") and name != "_":
            self.refuse(node, f"the name {name}", "names that start with _ belong to Python")
        if name in HINTS:
            self.refuse(node, name, HINTS[name])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        # The annotation is a type, which the compiler looks up.
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.List | ast.Tuple):
                self._check_unpacking(target)
            self.visit(target)
        fields_only = all(self.field_of(target) is not None for target in node.targets)
        if not (fields_only and self.is_self(node.value)):
            self.visit(node.value)

    def visit_For(self, node: ast.For) -> None:
        self._check_unpacking(node.target)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self.refuse(node.iter, "async", "there is nothing to wait for in a contract")
        self._check_unpacking(node.target)
        self.generic_visit(node)

    def _check_unpacking(self, target: ast.expr) -> None:
        """A loop, or the left side of an unpacking, takes names only."""
        if isinstance(target, ast.Tuple):
            for element in target.elts:
                self._check_unpacking(element)
        elif not isinstance(target, ast.Name):
            self.refuse(target, "unpacking into a place", "unpack into names first")

    # Attributes, calls and subscripts

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if name.startswith("_") and not (name == "__init__" and self._is_super(node.value)):
            self.refuse(node, f".{name}", "names that start with _ belong to Python; drop the _")
        if isinstance(node.ctx, ast.Store) and isinstance(self.field_of(node.value), ContractType):
            self.refuse(node, f"assigning to .{name}", "another contract's fields are its own")
        if self.is_self(node.value):
            self._check_own(node)
            return
        if name in PYTHON_ATTRIBUTES and not self._knows_attributes(node.value):
            self.refuse(
                node, f".{name}", "Python's own methods do not pay gas: write it out, or rename it"
            )
        self.generic_visit(node)

    def _check_own(self, node: ast.Attribute) -> None:
        """Check ``self.name`` where it is no call of a method (see `visit_Call`)."""
        where = f"{self.myself}.{node.attr}"
        if isinstance(node.ctx, ast.Store):
            if node.attr not in self.fields:
                self.refuse(
                    node, f"assigning to {where}", f"declare it as a field: {node.attr}: uint256"
                )
        elif node.attr in self.methods or node.attr in HOST_METHODS:
            self.refuse(node, f"{where} without a call", "methods are no values: call it")
        elif node.attr not in self.fields and node.attr not in HOST_VALUES:
            self.refuse(node, where, "there is no such field or method")

    def is_self(self, node: ast.AST) -> bool:
        """Whether a node is the contract itself."""
        return isinstance(node, ast.Name) and node.id == self.myself

    def field_of(self, node: ast.AST) -> Type | None:
        """The type of the field, if a node is ``self.field``."""
        if isinstance(node, ast.Attribute) and self.is_self(node.value):
            return self.fields.get(node.attr)
        return None

    def _is_super(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "super"
        )

    def _knows_attributes(self, node: ast.AST) -> bool:
        """Whether what an expression gives has attributes of the contract's making."""
        if self._is_super(node):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr == "paying"
        return isinstance(self.field_of(node), ContractType | StructType)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            self._check_method_call(node, function)
        elif isinstance(function, ast.Name):
            self._check_function_call(node, function.id)
        else:
            self.refuse(node, "calling a computed value", "call methods and functions by name")
        for keyword in node.keywords:
            if keyword.arg is None:
                self.refuse(node, "**", "write the arguments out")
            self.visit(keyword.value)
        for argument in node.args:
            if not self.is_self(argument):  # which is passed as its address
                self.visit(argument)

    def _check_method_call(self, node: ast.Call, function: ast.Attribute) -> None:
        name = function.attr
        if node.keywords:
            self.refuse(node, f"{name} with keywords", "methods take values by position")
        if name == "pop" and node.args:
            self.refuse(node, "pop from the middle", "pop() takes the last element")
        if self.is_self(function.value):
            if name not in self.methods and name not in HOST_METHODS:
                where = f"{self.myself}.{name}"
                self.refuse(node, f"{where}(...)", "there is no such method")
        else:
            self.visit(function)

    def _check_function_call(self, node: ast.Call, name: str) -> None:
        self._check_name(node, name)
        if name == "super" and node.args:
            self.refuse(node, "super with arguments", "write super()")
        if name == "zip" and len(node.args) > MOST_ZIPPED:
            what = f"zip of {len(node.args)} sequences"
            self.refuse(node, what, f"{MOST_ZIPPED} is the most: walk their indices")
        several = name in ("min", "max")
        if name in METERED_BUILTINS and len(node.args) != 1 and not (several and node.args):
            self.refuse(node, f"{name} of {len(node.args)} values", "pass one list")

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.slice, ast.Slice):
            if node.slice.step is not None:
                self.refuse(node, "a slice with a step", "use a list comprehension over range")
            if not isinstance(node.ctx, ast.Load):
                self.refuse(node, "assigning to a slice", "assign element by element")
        self.generic_visit(node)
