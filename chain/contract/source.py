"""The source of a contract's functions, as syntax trees."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from chain.errors import ContractRefused


@lru_cache(maxsize=64)
def _fields(filename: str, source: str) -> dict[tuple[str, str], int]:
    """Lines of all annotated names of a file, by class and name."""
    return {
        (owner.name, node.target.id): node.lineno
        for owner in ast.walk(ast.parse(source, filename))
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def refused_field(owner: type, name: str, why: str) -> ContractRefused:
    """The error for a field of a class body, with file and line where there is a source."""
    filename = getattr(sys.modules.get(owner.__module__), "__file__", None) or owner.__module__
    lines = linecache.getlines(filename)
    line = _fields(filename, "".join(lines)).get((owner.__name__, name), 0)
    return ContractRefused(f"{filename}:{line}: {owner.__qualname__}.{name}: {why}")


@lru_cache(maxsize=64)
def _functions(filename: str, source: str) -> dict[tuple[str, int], ast.FunctionDef]:
    """All functions of a file by name and first line (a decorator's, as code objects count)."""
    found = {}
    for node in ast.walk(ast.parse(source, filename)):
        if isinstance(node, ast.FunctionDef):
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            found[node.name, first] = node
    return found


def function_tree(function: Callable[..., Any]) -> ast.FunctionDef:
    """Return the syntax tree of `function`, shared between calls: copy before changing it.

    Raises
    ------
    ContractRefused
        If there is no source to read, as for code typed at a prompt or made with ``exec``.
    """
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if code.co_name == "<lambda>" or code.co_flags & inspect.CO_COROUTINE:
        raise ContractRefused(
            f"{code.co_filename}:{code.co_firstlineno}: {function.__qualname__}: write it with def"
        )
    tree = None
    if lines:
        tree = _functions(code.co_filename, "".join(lines)).get((code.co_name, code.co_firstlineno))
    if tree is None:
        raise ContractRefused(
            f"{code.co_filename}:{code.co_firstlineno}: {code.co_name}: no source to check: "
            "put the contract into a file and import it"
        )
    return tree
