"""Rewrites a contract's expressions: checked operators, metered built-ins, visible names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from chain.contract import operations
from chain.contract.checker import Checker
from chain.contract.pricing import METER, TURN, price_of
from chain.types import IntType, Type, type_of

_BINARY: dict[type[ast.operator], tuple[Callable[..., Any], bool]] = {
    ast.Add: (operations.add, True),
    ast.Sub: (operations.subtract, False),
    ast.Mult: (operations.multiply, True),
    ast.Pow: (operations.power, True),
    ast.LShift: (operations.shift_left, True),
    ast.RShift: (operations.shift_right, False),
    ast.FloorDiv: (operations.floor_divide, False),
    ast.Mod: (operations.modulo, False),
}


def require(condition: bool, error: Exception) -> None:  # noqa: ARG001 (the compiler reads them)
    """Give up with `error` unless `condition` holds; the error is made only if it does not.

    In a contract only. The frame's changes are undone, and unused gas goes back.
    """
    raise TypeError("require(...) works inside contract methods")


class ExpressionCompiler(ast.NodeTransformer):
    """Rewrites the expressions of one checked function.

    Parameters
    ----------
    checker
        For refusing what only name resolution can find.
    function
        Whose globals and closure names are looked up in.
    owner
        The class being made, which its methods may name.
    """

    def __init__(self, checker: Checker, function: Callable[..., Any], owner: type) -> None:
        self.checker = checker
        self.namespace: dict[str, Any] = {"__builtins__": {}, "__name__": owner.__module__}
        self.scope = dict(function.__globals__)
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if name != "__class__" and _is_filled(cell):
                self.scope[name] = cell.cell_contents
        self.scope[owner.__name__] = owner
        self.locals: set[str] = set()

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self.operate(node.op, self.visit(node.left), self.visit(node.right), node)

    def operate(
        self, operator: ast.operator, left: ast.expr, right: ast.expr, at: ast.AST
    ) -> ast.expr:
        if type(operator) in _BINARY:
            function, metered = _BINARY[type(operator)]
            return self.helper(function, left, right, at=at, metered=metered)
        return ast.copy_location(ast.BinOp(left, operator, right), at)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        operator = node.ops[0]
        if len(node.ops) == 1 and isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            left, right = self.visit(node.left), self.visit(node.comparators[0])
            if isinstance(operator, ast.Eq | ast.NotEq):
                if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
                    return ast.copy_location(ast.Compare(left, node.ops, [right]), node)
                function: Callable[..., bool] = operations.equal
            else:
                function = operations.contains
            call = self.helper(function, left, right, at=node, metered=True)
            if isinstance(operator, ast.NotEq | ast.NotIn):
                return ast.copy_location(ast.UnaryOp(ast.Not(), call), node)
            return call
        return self.generic_visit(node)  # type: ignore[return-value]

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            none = ast.Constant(None)
            start = self.visit(node.slice.lower) if node.slice.lower else none
            stop = self.visit(node.slice.upper) if node.slice.upper else none
            return self.helper(operations.slice_of, value, start, stop, at=node, metered=True)
        index = self.visit(node.slice)
        if self.checker.is_own(node.value):  # storage checks its own bounds
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
        return self.helper(operations.item_of, value, index, at=node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func
        if self.is_call_to(node, require):
            self.checker.refuse(node, "require inside an expression", "give it a line of its own")
        if self.is_call_to(node, operations.wrapping):
            return self._cast(node)
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if isinstance(function, ast.Name) and function.id not in self.locals:
            name = function.id
            if name == "super":
                self.namespace[name] = super
                return ast.copy_location(ast.Call(function, [], []), node)
            metered = operations.METERED_BUILTINS.get(name)
            if metered is not None and name not in self._own_names():
                if keywords:
                    self.checker.refuse(node, f"{name} with keywords", "pass values by position")
                return self.helper(metered, *arguments, at=node, metered=True, key=name)
            library = self.scope.get(name)
            if getattr(library, "contract_metered", False):
                arguments.insert(0, ast.Name(METER, ast.Load()))
                if "rereads" in (getattr(library, "__kwdefaults__", None) or {}):
                    reads = (each for argument in node.args[1:] for each in ast.walk(argument))
                    count = sum(map(self.checker.is_own, reads))
                    keywords.append(ast.keyword("rereads", ast.Constant(count)))
        return ast.copy_location(ast.Call(self.visit(function), arguments, keywords), node)

    def _cast(self, node: ast.Call) -> ast.expr:
        """``wrapping(uint64, value)``, its type looked up now and not at every turn."""
        if len(node.args) != 2 or node.keywords or not isinstance(node.args[0], ast.Name):
            self.checker.refuse(node, "wrapping", "write wrapping(uint64, value)")
        name = node.args[0]
        self.visit(name)
        kind = type_of(self.namespace[name.id])
        if not isinstance(kind, IntType):
            self.checker.refuse(node, "wrapping", "cast to an integer type")
        return self.helper(kind.wrap, self.visit(node.args[1]), at=node, key=kind.name)

    def _own_names(self) -> dict[str, Any]:
        """Names of the contract's module, where it has one of the same name as a built-in."""
        return {
            name: self.scope[name] for name in operations.METERED_BUILTINS if name in self.scope
        }

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator expression is a list: whoever takes it walks all of it."""
        return self.visit_ListComp(ast.copy_location(ast.ListComp(node.elt, node.generators), node))

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        inner = price_of(node.elt)
        generators = []
        for generator in node.generators:
            gas = TURN + inner + sum(price_of(condition) for condition in generator.ifs)
            iterable = self.helper(
                operations.turns,
                self.visit(generator.iter),
                ast.Constant(gas),
                at=node,
                metered=True,
            )
            conditions = [self.visit(condition) for condition in generator.ifs]
            generators.append(ast.comprehension(generator.target, iterable, conditions, 0))
        return ast.copy_location(ast.ListComp(self.visit(node.elt), generators), node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if isinstance(node.ctx, ast.Load) and name not in self.locals:
            self._resolve(node, name)
        return node

    def _resolve(self, node: ast.Name, name: str) -> None:
        """Bring a global name into the compiled function's namespace, if contracts may see it."""
        if name in self.scope:
            value = self.scope[name]
            if not _visible(value):
                self.checker.refuse(
                    node,
                    f"the name {name} ({type(value).__name__})",
                    "contracts see constants, their types, and the contract language",
                )
            self.namespace[name] = value
        elif name in operations.FREE_BUILTINS:
            self.namespace[name] = operations.FREE_BUILTINS[name]
        else:
            self.checker.refuse(
                node, f"the name {name}", "not defined above this class, nor in the language"
            )

    def is_call_to(self, node: ast.AST, function: Callable[..., Any]) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and self.scope.get(node.func.id) is function
        )

    def helper(
        self,
        function: Callable[..., Any],
        *arguments: ast.expr,
        at: ast.AST,
        metered: bool = False,
        key: str = "",
    ) -> ast.expr:
        """A call to a run-time function under a name the contract cannot write."""
        name = f"_{function.__name__}_{key}"
        self.namespace[name] = function
        meter: list[ast.expr] = [ast.Name(METER, ast.Load())] if metered else []
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [*meter, *arguments], []), at)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _visible(value: Any) -> bool:
    """Whether contracts may see a global: constants, types, and the contract language."""
    if isinstance(value, tuple):
        return all(map(_visible, value))
    if value is None or isinstance(value, int | str | bytes):
        return True
    if hasattr(value, "contract_metered") or isinstance(
        getattr(value, "contract_type", None), Type
    ):
        return True
    if isinstance(value, type) and hasattr(value, "contract_record"):
        return True
    try:
        type_of(value)
    except TypeError:
        return False
    return True
