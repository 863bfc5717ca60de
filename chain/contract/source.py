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
def _members(filename: str, source: str) -> dict[tuple[str, str], int]:
    """Lines of the classes of a file, and of what their bodies name, by class and name."""
    found: dict[tuple[str, str], int] = {}
    for owner in ast.walk(ast.parse(source, filename)):
        if not isinstance(owner, ast.ClassDef):
            continue
        found[owner.name, ""] = owner.lineno
        for node in owner.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.AnnAssign):
                targets = [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names = [node.name]
            for name in names:
                found[owner.name, name] = node.lineno
    return found


def refused_field(owner: type, name: str, why: str) -> ContractRefused:
    """The error for a member of a class body, with file and line where there is a source."""
    filename = getattr(sys.modules.get(owner.__module__), "__file__", None) or owner.__module__
    lines = linecache.getlines(filename)
    members = _members(filename, "".join(lines))
    # Private names are mangled, and the constructor is kept under another name.
    written = name.removeprefix(f"_{owner.__name__}")
    lines_of = (members.get((owner.__name__, each), 0) for each in (name, written, "__init__", ""))
    line = next(filter(None, lines_of), 0)
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


def struct_of(statement: ast.stmt, myself: str) -> str | None:
    """The name in ``name.member = value``, where nothing has to be worked out for the value."""
    match statement:
        case ast.Assign([ast.Attribute(ast.Name(name))], ast.Name() | ast.Constant()) if (
            name != myself
        ):
            return name
    return None


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
