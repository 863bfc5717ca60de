"""Gas of a contract's own code: the price of each node of its syntax tree, charged by block.

Charges follow the source's syntax tree, so they are the same on every Python version.
"""

from __future__ import annotations

import ast

from chain import compute
from chain.contract.checker import Checker
from chain.contract.structs import StructType
from chain.types import SLOT_BITS

_BINARY: dict[type[ast.operator], int] = {
    ast.Add: compute.ADD,
    ast.Sub: compute.ADD,
    ast.Mult: compute.MULTIPLY,
    ast.Pow: compute.MULTIPLY,
    ast.FloorDiv: compute.DIVIDE,
    ast.Mod: compute.DIVIDE,
    ast.LShift: compute.BITS,
    ast.RShift: compute.BITS,
    ast.BitAnd: compute.BITS,
    ast.BitOr: compute.BITS,
    ast.BitXor: compute.BITS,
}
_NODES: dict[type[ast.AST], int] = {
    ast.Constant: compute.CONSTANT,
    ast.UnaryOp: compute.UNARY,
    ast.IfExp: compute.CONDITIONAL,
    ast.List: compute.SEQUENCE,
    ast.Tuple: compute.SEQUENCE,
    ast.If: compute.IF,
    ast.Return: compute.RETURN,
}
# What is called by name and is no function of the library.
OPERATORS: dict[str, int] = {
    "checked_div": compute.DIVIDE,
    "enumerate": compute.OBJECT,
    "len": compute.UNARY,
    "range": compute.OBJECT,
    "require": compute.IF,
    "reversed": compute.OBJECT,
    "super": compute.OBJECT,
    "truncating_div": compute.DIVIDE,
    "wrapping": compute.CAST,
    "zip": compute.OBJECT,
}

# The compiled function's name for the meter, which a contract cannot write.
METER = "_meter"


class Pricing:
    """Prices the code of one checked function."""

    def __init__(self, checker: Checker) -> None:
        self._checker = checker

    def statement(self, node: ast.stmt) -> int:
        """Gas of a statement, the bodies of compound ones aside."""
        match node:
            case ast.If(test) | ast.While(test):
                return _NODES.get(type(node), 0) + self.expression(test)
            case ast.For(_, walked):
                return self.expression(walked)
            case ast.Return(None):
                return 0  # part of entering
            case ast.Raise(ast.Call() as error):
                return self.failure(error)
            case ast.AnnAssign(target, _, ast.expr() as value):
                return self.expression(target) + self.expression(value)
            case ast.AugAssign(target, operator, value):
                both = self._access(target, writes=False) + self._access(target, writes=True)
                parts = self._parts(target) + self.expression(value)
                return both + _BINARY[type(operator)] + parts
        return _NODES.get(type(node), 0) + self._parts(node)

    def expression(self, node: ast.AST) -> int:
        """Gas of evaluating an expression once, comprehensions' turns aside."""
        match node:
            case ast.ListComp(_, [first, *_]) | ast.GeneratorExp(_, [first, *_]):
                return compute.OBJECT + self.expression(first.iter)
            case ast.Call():
                return self._call(node)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                writes = isinstance(node.ctx, ast.Store)
                return self._access(node, writes) + self._parts(node)
            case ast.BinOp(_, operator):
                return _BINARY[type(operator)] + self._parts(node)
            case ast.Compare(_, operators):
                return compute.COMPARE * len(operators) + self._parts(node)
            case ast.BoolOp(_, values):
                return compute.BOOLEAN * (len(values) - 1) + self._parts(node)
        return _NODES.get(type(node), 0) + self._parts(node)

    def turn(self, walked: ast.expr) -> int:
        """Gas of one turn of a loop over something, its body aside."""
        match walked:
            case ast.Call(ast.Name("range")):
                return compute.TURN
            case ast.Call(ast.Name("zip"), sequences):
                return compute.TURN + compute.WALK * len(sequences)
        return compute.TURN + compute.WALK

    def failure(self, error: ast.expr) -> int:
        """Gas of giving up with an error, if it comes to that."""
        return compute.RAISE + self._parts(error)

    def _parts(self, node: ast.AST) -> int:
        return sum(map(self.expression, ast.iter_child_nodes(node)))

    def _access(self, node: ast.expr, writes: bool) -> int:
        """Gas of reading or writing a name, an attribute or an element, once it is clear which."""
        checker = self._checker
        kind = checker.field_of(node)
        if isinstance(kind, StructType):
            return compute.OBJECT
        if kind is not None and not kind.bits:
            return compute.CONSTANT  # where its slots begin
        if kind is not None and writes:
            return compute.SET_FIELD
        if kind is not None:
            return compute.FIELD if kind.bits == SLOT_BITS else compute.NARROW_FIELD
        match node:
            case ast.Name():
                if checker.is_self(node):
                    return 0
                return compute.ASSIGN if writes else compute.NAME
            case ast.Subscript():
                return compute.SET_ITEM if writes else compute.ITEM
            case ast.Attribute(ast.Attribute(owner, "msg" | "block")) if checker.is_self(owner):
                return 0  # paid for with the message or the block
            case ast.Attribute(owner) if checker.is_self(owner):
                return compute.CONTEXT
        return compute.SET_MEMBER if writes else compute.MEMBER

    def _call(self, node: ast.Call) -> int:
        arguments = node.args
        match node.func:
            case ast.Name(name):
                gas = OPERATORS.get(name, compute.OBJECT)
                if name == "require":
                    arguments = arguments[:1]  # the error costs if it is raised
            case ast.Attribute(owner, name) if self._checker.is_self(owner):
                gas = {"emit": compute.EVENT, "transfer": compute.SEND}.get(name, compute.CALL)
            case ast.Attribute(ast.Call(ast.Name("super"))):
                gas = compute.CALL
            case ast.Attribute(owner, name):  # another contract, which costs as it is called
                gas = self.expression(owner) + compute.OBJECT * (name == "paying")
        return gas + sum(map(self.expression, [*arguments, *node.keywords]))


def charge(gas: int, at: ast.AST) -> ast.stmt:
    """The charge for a block of straight-line code."""
    statement = ast.parse(f"{METER}.used += {gas}").body[0]
    return located(statement, at)


def turn(gas: int, at: ast.AST) -> list[ast.stmt]:
    """The charge for one turn of a loop, held against the limit."""
    # What `Meter.work` does, which raises the error.
    code = f"{METER}.used += {gas}\nif {METER}.used > {METER}.limit: {METER}.work(0)"
    return [located(statement, at) for statement in ast.parse(code).body]


def located(statement: ast.stmt, at: ast.AST) -> ast.stmt:
    """Give a made-up statement the place of the code it was made for."""
    for node in ast.walk(statement):
        ast.copy_location(node, at)
        if isinstance(at, ast.FunctionDef) and hasattr(node, "end_lineno"):
            node.end_lineno = at.lineno
    return statement
