"""Operators written out in the compiled code, for integers: a call takes longer than the sum.

What is not that common goes to the function that the operator stands for, in
``chain.contract.operations`` and ``chain.contract.sequences``.
"""

from __future__ import annotations

import ast
import copy
from typing import Any

from chain.contract.operations import HIGHEST, LOWEST, joined, multiply, overflowed
from chain.contract.pricing import METER

# What the forms below may name, under names that a contract cannot write.
HELPERS: dict[str, Any] = {
    "_type": type,
    "_int": int,
    "_joined": joined,
    "_multiply": multiply,
    "_overflowed": overflowed,
}
_FITS = f"{LOWEST} <= _result <= {HIGHEST}"
# Of operands A and B; _a, _b and _result are names for this one place. Both operands are evaluated,
# the left one first, before anything else is done: hence & and not `and`.
_FORMS = {
    ast.Add: f"_result if _type(_result := A + B) is _int and {_FITS} else _joined(METER, _result)",
    ast.Sub: f"_result if {_FITS.replace('_result', '(_result := A - B)', 1)} "
    "else _overflowed(_result)",
    ast.Mult: f"_result if (_type(_a := A) is _int) & (_type(_b := B) is _int) "
    f"and {_FITS.replace('_result', '(_result := _a * _b)', 1)} else _multiply(METER, _a, _b)",
}
_TREES: dict[type[ast.AST], ast.expr] = {
    operator: ast.parse(form.replace("METER", METER), mode="eval").body
    for operator, form in _FORMS.items()
}


def arithmetic(
    operator: ast.operator, left: ast.expr, right: ast.expr, number: int, at: ast.AST
) -> ast.expr | None:
    """``left <operator> right``, or None if it is not written out.

    Parameters
    ----------
    number
        Of the place: operators inside of its operands have others.
    """
    tree = _TREES.get(type(operator))
    return None if tree is None else _filled(tree, {"A": left, "B": right}, number, at)


def comparison(
    operator: ast.cmpop, left: ast.expr, right: ast.expr, compare: ast.Call, number: int
) -> ast.expr:
    """``left <operator> right`` if `left` is an int, else what `compare` makes of the two.

    Whichever it is evaluates `right`, which must be a name or a constant.
    """
    kept: ast.expr = ast.Name(f"_a{number}", ast.Load())
    first: ast.expr = ast.NamedExpr(ast.Name(f"_a{number}", ast.Store()), left)
    if isinstance(left, ast.Name):
        first = kept = left
    form = ast.parse("A if _type(B) is _int else C", mode="eval").body
    parts = {"A": ast.Compare(kept, [operator], [right]), "B": first, "C": compare}
    compare.args += [kept, right]
    return _filled(form, parts, number, compare)


def _filled(tree: ast.expr, parts: dict[str, ast.expr], number: int, at: ast.AST) -> ast.expr:
    """A form with its parts in place."""
    filled: ast.expr = _Filling(parts, number, at).visit(copy.deepcopy(tree))
    return filled


class _Filling(ast.NodeTransformer):
    """Puts parts into a form, and gives its names their number."""

    def __init__(self, parts: dict[str, ast.expr], number: int, at: ast.AST) -> None:
        self._parts = parts
        self._number = number
        self._at = at

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name):
            if node.id in self._parts:
                return self._parts[node.id]
            if node.id in ("_a", "_b", "_result"):
                node = ast.Name(f"{node.id}{self._number}", node.ctx)
        return ast.copy_location(self.generic_visit(node), self._at)
