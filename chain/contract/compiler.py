"""Turns a contract's methods into metered ones, from their source.

Each block of straight-line code pays for itself on entry; each turn of a loop pays and is held
against the gas limit, and so is every method that calls others; operators become the checked ones
of ``chain.contract.operations``; walks inside one expression (comprehensions, ``sum``, ``sorted``)
pay by the element.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from chain.compute import ENTRY, TURN
from chain.contract import sequences, structs
from chain.contract.checker import Checker
from chain.contract.expressions import ExpressionCompiler
from chain.contract.method import Marks
from chain.contract.pricing import METER, charge, located, turn
from chain.contract.records import require
from chain.contract.rules import HOST_ATTRIBUTES
from chain.contract.source import function_tree, struct_of
from chain.host import MAX_DEPTH
from chain.types import type_of


class Compiler(ExpressionCompiler):
    """Rewrites one checked function."""

    def __init__(self, checker: Checker, function: Callable[..., Any], owner: type) -> None:
        super().__init__(checker, function, owner)
        self._temporaries = 0
        self._frames = 0
        self._is_view = getattr(function, "contract_marks", Marks()).view

    def compile(self, tree: ast.FunctionDef, guards: list[Callable[..., None]]) -> ast.FunctionDef:
        """Return the metered form of `tree`, with calls to `guards` first."""
        arguments = [argument.arg for argument in tree.args.args]
        myself = arguments[0]
        self.locals = set(arguments) | {
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        self._frames = _python_frames(tree)
        prologue = [f"{METER} = {myself}._meter"]
        if self._frames:
            prologue += [
                f"_host = {myself}._host",
                f"_host.depth += {self._frames}",
                f"if _host.depth > {MAX_DEPTH}: _host.refuse_depth()",
                # What calls may call itself, twice: without a loop, nothing else looks.
                f"if {METER}.used > {METER}.limit: {METER}.work(0)",
            ]
        if self._is_view:  # for its own contract, too: calls between contracts see to it anyway
            prologue += [f"_static = {myself}._host.static", f"{myself}._host.static = True"]
        for index, guard in enumerate(guards):
            self.namespace[f"_guard{index}"] = guard
            prologue.append(f"_guard{index}({myself})")
        body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
        body = [*body, ast.copy_location(ast.Return(None), tree.body[-1])]
        result = ast.FunctionDef(
            name="_method",
            args=ast.arguments(
                posonlyargs=[],
                args=[ast.arg(arg=name) for name in arguments],
                kwonlyargs=[],
                kw_defaults=[],
                defaults=[],
            ),
            body=[
                *(located(each, tree) for each in ast.parse("\n".join(prologue)).body),
                *self._block(body, ENTRY),
            ],
            decorator_list=[],
        )
        return ast.copy_location(result, tree)

    def _block(self, statements: list[ast.stmt], extra: int = 0) -> list[ast.stmt]:
        """A run of statements with a charge wherever straight-line code begins."""
        result: list[ast.stmt] = []
        gas = extra
        pending: list[ast.stmt] = []

        def flush() -> None:
            nonlocal gas, pending
            if gas:
                result.append(charge(gas, statements[0]))
            result.extend(pending)
            gas, pending = 0, []

        for together in self._runs(statements):
            statement = together[0]
            gas += sum(map(self.pricing.statement, together))
            if len(together) > 1:
                pending.append(self._set_members(together))
            else:
                pending.extend(self._statement(statement))
            if isinstance(statement, ast.If | ast.For | ast.While) or (
                isinstance(statement, ast.Expr) and self.is_call_to(statement.value, require)
            ):
                flush()
        flush()
        return result or [ast.Pass()]

    def _runs(self, statements: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
        """Runs of writes to members of one struct; every other statement by itself."""
        for name, run in groupby(statements, lambda each: struct_of(each, self.checker.myself)):
            together = list(run)
            yield from [together] if name else ([each] for each in together)

    def _set_members(self, statements: list[Any]) -> ast.stmt:
        """``record.a = x`` and ``record.b = y`` in one go."""
        at = statements[0]
        targets = [statement.targets[0] for statement in statements]
        names = ast.Tuple([ast.Constant(target.attr) for target in targets], ast.Load())
        values = ast.Tuple([self.visit(each.value) for each in statements], ast.Load())
        record = self.base(targets[0].value)
        return ast.copy_location(
            ast.Expr(self.helper(structs.set_members, record, names, values, at=at)), at
        )

    def _statement(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.If):
            statement.test = self.visit(statement.test)
            statement.body = self._block(statement.body)
            statement.orelse = self._block(statement.orelse) if statement.orelse else []
            return [statement]
        if isinstance(statement, ast.While):
            gas = TURN + self.pricing.expression(statement.test)
            statement.test = self.visit(statement.test)
            statement.body = [*turn(gas, statement), *self._block(statement.body)]
            statement.orelse = self._block(statement.orelse) if statement.orelse else []
            return [statement]
        if isinstance(statement, ast.For):
            gas = self.pricing.turn(statement.iter)
            statement.iter = self.visit(statement.iter)
            statement.target = self.visit(statement.target)
            statement.body = [*turn(gas, statement), *self._block(statement.body)]
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
            if self.is_call_to(statement.value, require):
                return self._require(statement)
            return [ast.copy_location(ast.Expr(self.visit(statement.value)), statement)]
        if not isinstance(statement, ast.Pass | ast.Break | ast.Continue):
            what = type(statement).__name__.lower()
            self.checker.refuse(statement, what, "there is no such statement in this language")
        return [statement]

    def _return(self, statement: ast.Return) -> list[ast.stmt]:
        if statement.value is not None:
            statement.value = self.visit(statement.value)
        leaving = [f"_host.depth -= {self._frames}"] if self._frames else []
        if self._is_view:
            leaving.append(f"{self.checker.myself}._host.static = _static")
        leave = [located(each, statement) for each in ast.parse("\n".join(leaving)).body]
        before: list[ast.stmt] = []
        if leave and statement.value is not None:
            statement.value = self._keep(statement.value, before, statement)
        return [*before, *leave, statement]

    def _require(self, statement: ast.Expr) -> list[ast.stmt]:
        call = statement.value
        assert isinstance(call, ast.Call)
        if len(call.args) != 2 or call.keywords:
            self.checker.refuse(statement, "require", "write require(condition, Error(...))")
        condition = ast.UnaryOp(ast.Not(), self.visit(call.args[0]))
        pay = charge(self.pricing.failure(call.args[1]), statement)
        test = ast.If(condition, [pay, *self._raise(statement, call.args[1])], [])
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
            call = self.helper(sequences.set_item, target.value, target.slice, value, at=at)
            return ast.copy_location(ast.Expr(call), at)
        if isinstance(target, ast.Attribute):
            target.value = self.base(target.value)
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
            holder = self._keep(self.base(target.value), before, statement)
            read = ast.copy_location(ast.Attribute(holder, target.attr, ast.Load()), target)
            if (kind := self.checker.field_of(target)) is not None and kind.bits:
                read = self.read_field(read, kind)
            write = ast.Attribute(holder, target.attr, ast.Store())
        else:
            target = self._subscript_parts(target)
            holder = self._keep(target.value, before, statement)
            key = self._keep(target.slice, before, statement)
            read = self.helper(sequences.item_of, holder, key, at=statement)
            result = self.operate(statement.op, read, self.visit(statement.value), statement)
            call = self.helper(sequences.set_item, holder, key, result, at=statement)
            return [*before, ast.copy_location(ast.Expr(call), statement)]
        result = self.operate(statement.op, read, self.visit(statement.value), statement)
        return [*before, ast.copy_location(ast.Assign([write], result), statement)]

    def _annotated(self, statement: ast.AnnAssign) -> list[ast.stmt]:
        if statement.value is None or not isinstance(statement.target, ast.Name):
            self.checker.refuse(statement, "a declaration", "write name: type = value")
        expression = ast.Expression(copy.deepcopy(statement.annotation))
        scope = {**vars(builtins), **self.scope}
        try:
            kind = type_of(eval(compile(expression, self.checker.filename, "eval"), scope))
        except (NameError, TypeError) as error:
            self.checker.refuse(statement, "the annotation", str(error))
        self.namespace["_kind_" + kind.name] = kind
        name = ast.Name("_kind_" + kind.name, ast.Load())
        value = self.visit(statement.value)
        value = self.helper(sequences.checked, name, value, at=statement, metered=True)
        return [ast.copy_location(ast.Assign([statement.target], value), statement)]

    def _keep(self, value: ast.expr, before: list[ast.stmt], at: ast.stmt) -> ast.expr:
        """Evaluate `value` once, into a name the contract cannot write."""
        if isinstance(value, ast.Name | ast.Constant):
            return value
        self._temporaries += 1
        name = f"_kept{self._temporaries}"
        before.append(ast.copy_location(ast.Assign([ast.Name(name, ast.Store())], value), at))
        return ast.Name(name, ast.Load())


def _python_frames(tree: ast.FunctionDef) -> int:
    """How many frames of Python's stack a method may add below a call it makes; 0 if it makes none.

    Comprehensions are frames, too. What calls nothing need not count.
    """
    calls = any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (
            not (isinstance(node.func.value, ast.Name) and node.func.attr in HOST_ATTRIBUTES)
            or node.func.attr == "try_call"
        )
        for node in ast.walk(tree)
    )
    return 1 + _comprehension_depth(tree) if calls else 0


def _comprehension_depth(node: ast.AST) -> int:
    inner = max(map(_comprehension_depth, ast.iter_child_nodes(node)), default=0)
    return inner + isinstance(node, ast.ListComp | ast.GeneratorExp)


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
    factory = ast.parse("def _factory(__class__):\n    return None").body[0]
    assert isinstance(factory, ast.FunctionDef)
    factory.body = [method, ast.Return(ast.Name(method.name, ast.Load()))]
    module = ast.fix_missing_locations(ast.Module([factory], []))
    exec(compile(module, checker.filename, "exec"), compiler.namespace)
    result: Callable[..., Any] = compiler.namespace["_factory"](owner)
    # Under its own name inside, it would hide a global of that name; tracebacks want it, though.
    result.__code__ = result.__code__.replace(co_name=function.__name__)
    result.__name__ = function.__name__
    result.__doc__ = function.__doc__
    result.__qualname__ = function.__qualname__
    return result
