"""Turns a contract's methods into metered ones, from their source.

Each block of straight-line code pays for itself on entry; each turn of a loop pays and is held
against the gas limit; operators become the checked ones of ``chain.contract.operations``; walks
inside one expression (comprehensions, ``sum``, ``sorted``) pay by the element. Charges follow the
source's syntax tree, so they are the same on every Python version.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable
from typing import Any

from chain.contract import operations
from chain.contract.checker import HOST_ATTRIBUTES, Checker
from chain.contract.source import function_tree
from chain.types import Type, type_of

# Gas of one operation of the language, standing for the instructions a compiler would emit.
PRICES: dict[type[ast.AST], int] = {
    ast.Name: 3,
    ast.Constant: 3,
    ast.Attribute: 6,
    ast.Subscript: 12,
    ast.BinOp: 30,
    ast.AugAssign: 30,
    ast.UnaryOp: 6,
    ast.BoolOp: 12,
    ast.Compare: 12,
    ast.IfExp: 16,
    ast.Call: 30,
    ast.List: 12,
    ast.Tuple: 12,
    ast.Assign: 6,
    ast.AnnAssign: 6,
    ast.If: 16,
    ast.Return: 12,
    ast.Raise: 30,
}
ENTRY = 30
TURN = operations.TURN

METER = "_meter"

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


def require(condition: bool, error: Exception) -> None:
    """Give up with `error` unless `condition` holds; the error is made only if it does not.

    In a contract only. The frame's changes are undone, and unused gas goes back.
    """
    raise TypeError("require(...) works inside contract methods")


def price_of(node: ast.AST) -> int:
    """Gas of evaluating an expression once, comprehensions' elements aside."""
    total = PRICES.get(type(node), 0)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.comprehension):
            total += price_of(child)
    if isinstance(node, ast.ListComp | ast.GeneratorExp):
        total -= price_of(node.elt)
        total += sum(price_of(generator.iter) for generator in node.generators)
    return total


class Compiler(ast.NodeTransformer):
    """Rewrites one checked function.

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
        self._scope = dict(function.__globals__)
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if name != "__class__" and _cell_filled(cell):
                self._scope[name] = cell.cell_contents
        self._scope[owner.__name__] = owner
        self._locals: set[str] = set()
        self._temporaries = 0
        self._counts_depth = False

    def compile(self, tree: ast.FunctionDef, guards: list[Callable[..., None]]) -> ast.FunctionDef:
        """Return the metered form of `tree`, with calls to `guards` first."""
        arguments = [argument.arg for argument in tree.args.args]
        myself = arguments[0]
        self._locals = set(arguments) | {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self._counts_depth = any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == myself
            and node.func.attr not in HOST_ATTRIBUTES
            for node in ast.walk(tree)
        )
        prologue = [f"{METER} = {myself}._meter"]
        if self._counts_depth:
            prologue.append(f"{myself}._host.enter()")
        for index, guard in enumerate(guards):
            self.namespace[f"_guard{index}"] = guard
            prologue.append(f"_guard{index}({myself})")
        body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
        body = [*body, ast.copy_location(ast.Return(None), tree.body[-1])]
        result = ast.FunctionDef(
            name=tree.name,
            args=ast.arguments(
                posonlyargs=[],
                args=[ast.arg(arg=name) for name in arguments],
                kwonlyargs=[],
                kw_defaults=[],
                defaults=[],
            ),
            body=[
                *(_located(each, tree) for each in ast.parse("\n".join(prologue)).body),
                *self._block(body, ENTRY),
            ],
            decorator_list=[],
        )
        return ast.copy_location(result, tree)

    # Statements

    def _block(self, statements: list[ast.stmt], extra: int = 0) -> list[ast.stmt]:
        """A run of statements with a charge wherever straight-line code begins."""
        result: list[ast.stmt] = []
        gas = extra
        pending: list[ast.stmt] = []

        def flush() -> None:
            nonlocal gas, pending
            if gas:
                result.append(_charge(gas, statements[0]))
            result.extend(pending)
            gas, pending = 0, []

        for statement in statements:
            gas += _own_price(statement)
            pending.extend(self._statement(statement))
            if isinstance(statement, ast.If | ast.For | ast.While):
                flush()
        flush()
        return result or [ast.Pass()]

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.If):
            statement.test = self.visit(statement.test)
            statement.body = self._block(statement.body)
            statement.orelse = self._block(statement.orelse) if statement.orelse else []
            return [statement]
        if isinstance(statement, ast.While):
            gas = TURN + price_of(statement.test)
            statement.test = self.visit(statement.test)
            statement.body = [*_turn(gas, statement), *self._block(statement.body)]
            statement.orelse = self._block(statement.orelse) if statement.orelse else []
            return [statement]
        if isinstance(statement, ast.For):
            statement.iter = self.visit(statement.iter)
            statement.target = self.visit(statement.target)
            statement.body = [*_turn(TURN, statement), *self._block(statement.body)]
            statement.orelse = self._block(statement.orelse) if statement.orelse else []
            return [statement]
        if isinstance(statement, ast.Return):
            return self._return(statement)
        if isinstance(statement, ast.AugAssign):
            return self._augmented(statement)
        if isinstance(statement, ast.AnnAssign):
            return self._annotated(statement)
        if isinstance(statement, ast.Assign):
            return self._assign(statement)
        if isinstance(statement, ast.Raise):
            return self._raise(statement, statement.exc)
        if isinstance(statement, ast.Expr):
            if self._is_call_to(statement.value, require):
                return self._require(statement)
            return [ast.copy_location(ast.Expr(self.visit(statement.value)), statement)]
        if isinstance(statement, ast.Pass | ast.Break | ast.Continue):
            return [statement]
        self.checker.refuse(statement, type(statement).__name__.lower(), "not in this language")

    def _return(self, statement: ast.Return) -> list[ast.stmt]:
        if statement.value is not None:
            statement.value = self.visit(statement.value)
        if not self._counts_depth:
            return [statement]
        leave = ast.parse(f"{self.checker.myself}._host.depth -= 1").body[0]
        ast.copy_location(leave, statement)
        if statement.value is None:
            return [leave, statement]
        before: list[ast.stmt] = []
        statement.value = self._keep(statement.value, before, statement)
        return [*before, leave, statement]

    def _require(self, statement: ast.Expr) -> list[ast.stmt]:
        call = statement.value
        assert isinstance(call, ast.Call)
        if len(call.args) != 2 or call.keywords:
            self.checker.refuse(statement, "require", "write require(condition, Error(...))")
        condition = ast.UnaryOp(ast.Not(), self.visit(call.args[0]))
        test = ast.If(condition, self._raise(statement, call.args[1]), [])
        return [ast.copy_location(test, statement)]

    def _raise(self, statement: ast.stmt, error: ast.expr | None) -> list[ast.stmt]:
        if not isinstance(error, ast.Call):
            self.checker.refuse(statement, "raise", "write raise SomeError(field=value)")
        return [ast.copy_location(ast.Raise(self.visit(error), None), statement)]

    def _assign(self, statement: ast.Assign) -> list[ast.stmt]:
        if len(statement.targets) != 1:
            self.checker.refuse(statement, "a = b = c", "write two assignments")
        value = self.visit(statement.value)
        return [self._store(statement.targets[0], value, statement)]

    def _store(self, target: ast.expr, value: ast.expr, at: ast.stmt) -> ast.stmt:
        if isinstance(target, ast.Tuple):
            for element in target.elts:
                if not isinstance(element, ast.Name):
                    self.checker.refuse(at, "unpacking into a field", "unpack into names first")
        if isinstance(target, ast.Subscript):
            target = self._subscript_parts(target)
            call = self._helper(operations.set_item, target.value, target.slice, value, at=at)
            return ast.copy_location(ast.Expr(call), at)
        if isinstance(target, ast.Attribute):
            target.value = self.visit(target.value)
        return ast.copy_location(ast.Assign([target], value), at)

    def _subscript_parts(self, target: ast.Subscript) -> ast.Subscript:
        target.value = self.visit(target.value)
        target.slice = self.visit(target.slice)
        return target

    def _augmented(self, statement: ast.AugAssign) -> list[ast.stmt]:
        target = statement.target
        before: list[ast.stmt] = []
        if isinstance(target, ast.Name):
            read: ast.expr = ast.Name(target.id, ast.Load())
            write: ast.expr = target
        elif isinstance(target, ast.Attribute):
            holder = self._keep(self.visit(target.value), before, statement)
            read = ast.Attribute(holder, target.attr, ast.Load())
            write = ast.Attribute(holder, target.attr, ast.Store())
        else:
            target = self._subscript_parts(target)
            holder = self._keep(target.value, before, statement)
            key = self._keep(target.slice, before, statement)
            read = self._helper(operations.item_of, holder, key, at=statement)
            result = self._operate(statement.op, read, self.visit(statement.value), statement)
            call = self._helper(operations.set_item, holder, key, result, at=statement)
            return [*before, ast.copy_location(ast.Expr(call), statement)]
        result = self._operate(statement.op, read, self.visit(statement.value), statement)
        return [*before, ast.copy_location(ast.Assign([write], result), statement)]

    def _keep(self, value: ast.expr, before: list[ast.stmt], at: ast.stmt) -> ast.expr:
        """Evaluate `value` once, into a name the contract cannot write."""
        if isinstance(value, ast.Name | ast.Constant):
            return value
        self._temporaries += 1
        name = f"_kept{self._temporaries}"
        before.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), at))
        return ast.Name(name, ast.Load())

    def _annotated(self, statement: ast.AnnAssign) -> list[ast.stmt]:
        if statement.value is None or not isinstance(statement.target, ast.Name):
            self.checker.refuse(statement, "a declaration", "write name: type = value")
        expression = ast.Expression(copy.deepcopy(statement.annotation))
        scope = {**vars(builtins), **self._scope}
        try:
            kind = type_of(eval(compile(expression, self.checker.filename, "eval"), scope))
        except (NameError, TypeError) as error:
            self.checker.refuse(statement, "the annotation", str(error))
        value = self._helper(kind.check, self.visit(statement.value), at=statement, key=kind.name)
        return [ast.copy_location(ast.Assign([statement.target], value), statement)]

    # Expressions

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self._operate(node.op, self.visit(node.left), self.visit(node.right), node)

    def _operate(
        self, operator: ast.operator, left: ast.expr, right: ast.expr, at: ast.AST
    ) -> ast.expr:
        if type(operator) in _BINARY:
            function, metered = _BINARY[type(operator)]
            return self._helper(function, left, right, at=at, metered=metered)
        return ast.copy_location(ast.BinOp(left, operator, right), at)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        operator = node.ops[0]
        if len(node.ops) == 1 and isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn):
            left, right = self.visit(node.left), self.visit(node.comparators[0])
            if isinstance(operator, ast.Eq | ast.NotEq):
                if isinstance(left, ast.Constant) or isinstance(right, ast.Constant):
                    return ast.copy_location(ast.Compare(left, node.ops, [right]), node)
                function = operations.equal
            else:
                function = operations.contains
            call = self._helper(function, left, right, at=node, metered=True)
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
            return self._helper(
                operations.slice_of, value, start, stop, at=node, metered=True
            )
        index = self.visit(node.slice)
        if self.checker.is_own(node.value):  # storage checks its own bounds
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
        return self._helper(operations.item_of, value, index, at=node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func
        if self._is_call_to(node, require):
            self.checker.refuse(node, "require inside an expression", "give it a line of its own")
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if isinstance(function, ast.Name) and function.id not in self._locals:
            name = function.id
            if name == "super":
                self.namespace[name] = super
                return ast.copy_location(ast.Call(function, [], []), node)
            metered = operations.METERED_BUILTINS.get(name)
            if metered is not None and name not in self._own_names():
                if keywords:
                    self.checker.refuse(node, f"{name} with keywords", "pass values by position")
                return self._helper(metered, *arguments, at=node, metered=True, key=name)
            library = self._scope.get(name)
            if getattr(library, "contract_metered", False):
                arguments.insert(0, ast.Name(METER, ast.Load()))
                if "rereads" in (getattr(library, "__kwdefaults__", None) or {}):
                    reads = (each for argument in node.args[2:] for each in ast.walk(argument))
                    count = sum(map(self.checker.is_own, reads))
                    keywords.append(ast.keyword("rereads", ast.Constant(count)))
        return ast.copy_location(ast.Call(self.visit(function), arguments, keywords), node)

    def _own_names(self) -> dict[str, Any]:
        """Names of the contract's module, where it has one of the same name as a built-in."""
        return {name: self._scope[name] for name in operations.METERED_BUILTINS if name in self._scope}

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator expression is a list: whoever takes it walks all of it."""
        return self.visit_ListComp(ast.copy_location(ast.ListComp(node.elt, node.generators), node))

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        inner = price_of(node.elt)
        generators = []
        for generator in node.generators:
            gas = TURN + inner + sum(price_of(condition) for condition in generator.ifs)
            iterable = self._helper(
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
        if isinstance(node.ctx, ast.Load) and name not in self._locals:
            self._resolve(node, name)
        return node

    def _resolve(self, node: ast.Name, name: str) -> None:
        """Bring a global name into the compiled function's namespace, if contracts may see it."""
        if name in self._scope:
            value = self._scope[name]
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

    def _is_call_to(self, node: ast.AST, function: Callable[..., Any]) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and self._scope.get(node.func.id) is function
        )

    def _helper(
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


def compiled(
    checker: Checker, function: Callable[..., Any], owner: type, guards: list[Callable[..., None]]
) -> Callable[..., Any]:
    """Check and compile one method of `owner`; `guards` are compiled already.

    Raises
    ------
    ContractRefused
        If the method says something the language does not allow.
    """
    tree = copy.deepcopy(function_tree(function))
    checker.check(tree)
    compiler = Compiler(checker, function, owner)
    method = compiler.compile(tree, guards)
    # A factory whose parameter is called __class__ is what makes super() work inside.
    factory = ast.parse("def factory(__class__):\n    return None").body[0]
    assert isinstance(factory, ast.FunctionDef)
    factory.body = [method, ast.Return(ast.Name(method.name, ast.Load()))]
    module = ast.fix_missing_locations(ast.Module([factory], []))
    exec(compile(module, checker.filename, "exec"), compiler.namespace)
    result: Callable[..., Any] = compiler.namespace["factory"](owner)
    result.__doc__ = function.__doc__
    result.__qualname__ = function.__qualname__
    return result


def _cell_filled(cell: Any) -> bool:
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
    if hasattr(value, "contract_metered") or isinstance(getattr(value, "contract_type", None), Type):
        return True
    if isinstance(value, type) and hasattr(value, "contract_record"):
        return True
    try:
        type_of(value)
    except TypeError:
        return False
    return True


def _own_price(statement: ast.stmt) -> int:
    """Gas of a statement, the bodies of compound ones aside."""
    gas = PRICES.get(type(statement), 0)
    if isinstance(statement, ast.If | ast.While):
        return gas + price_of(statement.test)
    if isinstance(statement, ast.For):
        return gas + price_of(statement.iter)
    return gas + sum(price_of(child) for child in ast.iter_child_nodes(statement))


def _charge(gas: int, at: ast.AST) -> ast.stmt:
    statement = ast.parse(f"{METER}.used += {gas}").body[0]
    return _located(statement, at)


def _turn(gas: int, at: ast.AST) -> list[ast.stmt]:
    """The charge for one turn of a loop, held against the limit."""
    return [_located(statement, at) for statement in ast.parse(f"{METER}.work({gas})").body]


def _located(statement: ast.stmt, at: ast.AST) -> ast.stmt:
    """Give a made-up statement the place of the code it was made for."""
    for node in ast.walk(statement):
        ast.copy_location(node, at)
        if isinstance(at, ast.FunctionDef) and hasattr(node, "end_lineno"):
            node.end_lineno = at.lineno
    return statement
