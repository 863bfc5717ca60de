"""An estimate of the bytes that solc would make of a contract, for what deploying it costs."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from chain import compute
from chain.contract.method import Method
from chain.contract.pricing import OPERATORS
from chain.types import ArrayType, Type


def runtime_size(functions: Iterable[int], methods: Iterable[Method]) -> int:
    """Bytes of the code that stays on the chain.

    Parameters
    ----------
    functions
        The `function_size` of all methods but the constructor.
    methods
        Those that can be called from outside.
    """
    words = sum(len(method.kinds) + len(method.returns) for method in methods)
    return compute.CODE_BASE + compute.CODE_WORD * words + sum(functions)


def constructor_size(functions: Iterable[int], kinds: Collection[Type]) -> int:
    """Bytes of the code that runs once, at deployment, and takes arguments of these types."""
    return (
        compute.CODE_WORD * len(kinds)
        + compute.CODE_LEVEL * sum(map(_levels, kinds))
        + sum(functions)
    )


def _levels(kind: Type) -> int:
    """How deep the ABI encoding of a type is nested."""
    inner = _levels(kind.element) if isinstance(kind, ArrayType) else 0
    return inner + kind.dynamic


def function_size(function: ast.FunctionDef) -> int:
    """Bytes of one function; 0 if it is for a subclass to write."""
    size = 0
    pending: list[ast.AST] = [
        statement
        for statement in function.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
    ]
    if not pending:
        return 0
    while pending:
        node = pending.pop()
        match node:
            case ast.Call(ast.Name("require"), [condition, *_]):
                pending.append(condition)  # its error is a text
                continue
            case ast.Call(ast.Name(name)) if name.islower() and name not in OPERATORS:
                size += compute.CODE_LIBRARY
            case ast.Call(ast.Attribute(ast.Attribute()), arguments):  # of another contract
                size += compute.CODE_WORD * len(arguments)
        size += compute.CODE_NODE * isinstance(node, ast.expr | ast.stmt)
        size += compute.CODE_NODE * isinstance(node, ast.Call)
        pending.extend(ast.iter_child_nodes(node))
    return compute.CODE_FUNCTION + size
