"""Rewrites a contract's expressions: checked operators, metered built-ins, visible names."""

from __future__ import annotations

import ast
from collections.abc import Callable
from itertools import pairwise, zip_longest
from typing import Any

from chain.compute import ELEMENT
from chain.contract import inlining, operations, sequences
from chain.contract.checker import Checker
from chain.contract.fields import ContractType, read_field
from chain.contract.method import CONSTRUCTOR
from chain.contract.pricing import METER, Pricing
from chain.contract.records import Event, Record, require
from chain.contract.rules import as_address, is_filled, visible
from chain.contract.storage import MapType
from chain.types import ArrayType, IntType, Type, type_of

_BINARY: dict[type[ast.operator], tuple[Callable[..., Any], bool]] = {
    ast.Add: (operations.add, True),
    ast.Sub: (operations.subtract, False),
    ast.Mult: (operations.multiply, True),
    ast.Pow: (operations.power, True),
    ast.LShift: (operations.shift_left, True),
    ast.RShift: (operations.shift_right, False),
    ast.BitXor: (operations.exclusive_or, False),
    ast.FloorDiv: (operations.floor_divide, False),
    ast.Mod: (operations.modulo, False),
}


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
        self.pricing = Pricing(checker)
        self.namespace: dict[str, Any] = {
            "__builtins__": {},
            "__name__": owner.__module__,
            **inlining.HELPERS,
        }
        self._inlines = True  # not in comprehensions: their iterables may not bind names
        self._places = 0
        self.scope = dict(function.__globals__)
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
            if name != "__class__" and is_filled(cell):
                self.scope[name] = cell.cell_contents
        self.scope[owner.__name__] = owner
        self.locals: set[str] = set()

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        return self.operate(node.op, self.visit(node.left), self.visit(node.right), node)

    def operate(
        self, operator: ast.operator, left: ast.expr, right: ast.expr, at: ast.AST
    ) -> ast.expr:
        if self._inlines and (result := self._arithmetic(operator, left, right, at)) is not None:
            return result
        if type(operator) in _BINARY:
            function, metered = _BINARY[type(operator)]
            return self.helper(function, left, right, at=at, metered=metered)
        return ast.copy_location(ast.BinOp(left, operator, right), at)

    def _arithmetic(
        self, operator: ast.operator, left: ast.expr, right: ast.expr, at: ast.AST
    ) -> ast.expr | None:
        self._places += 1
        return inlining.arithmetic(operator, left, right, self._places, at)

    def _comparison(
        self,
        operator: ast.cmpop,
        operands: list[ast.expr],
        compare: Callable[..., Any],
        at: ast.AST,
    ) -> ast.expr:
        """A comparison that `compare` charges for, unless it is one of integers."""
        left, right = operands
        key = type(operator).__name__
        if not (self._inlines and isinstance(right, ast.Name | ast.Constant)):
            return self.helper(compare, left, right, at=at, metered=True, key=key)
        self._places += 1
        call = self.helper(compare, at=at, metered=True, key=key)
        return inlining.comparison(operator, left, right, call, self._places)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        operand = self.visit(node.operand)
        if isinstance(node.op, ast.USub) and not isinstance(operand, ast.Constant):
            return self.helper(operations.negate, operand, at=node)
        if isinstance(node.op, ast.Invert):
            return self.helper(operations.invert, operand, at=node)
        return ast.copy_location(ast.UnaryOp(node.op, operand), node)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        words = [self._is_word(each) for each in (node.left, *node.comparators)]
        operands = [self.visit(operand) for operand in (node.left, *node.comparators)]
        walks = any(isinstance(each, ast.In | ast.NotIn) for each in node.ops)
        if not walks and all(map(any, pairwise(words))):
            return ast.copy_location(ast.Compare(operands[0], node.ops, operands[1:]), node)
        name = type(node.ops[0]).__name__
        if len(node.ops) == 1 and name in sequences.ORDERINGS:
            return self._comparison(node.ops[0], operands, sequences.ORDERINGS[name], node)
        if len(node.ops) == 1 and not walks:
            call = self._comparison(ast.Eq(), operands, sequences.equal, node)
            return call if name == "Eq" else ast.copy_location(ast.UnaryOp(ast.Not(), call), node)
        names = ast.Tuple([ast.Constant(type(each).__name__) for each in node.ops], ast.Load())
        return self.helper(sequences.compare, names, *operands, at=node, metered=True)

    def _is_word(self, node: ast.expr) -> bool:
        """Whether a value is at most 32 bytes: nothing long can be compared to it at length.

        A constant, a length, the sender, the time, a field.
        """
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return node.id not in self.locals and isinstance(self.scope.get(node.id), int)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            return name == "len" and name not in self.locals and name not in self.scope
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            where = node.value
            mine = isinstance(where.value, ast.Name) and where.value.id == self.checker.myself
            return mine and where.attr in ("msg", "block")
        kind = self.checker.field_of(node)
        return kind is not None and 0 < kind.bits and not kind.refers

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        base = node.value
        if isinstance(base, ast.Name) and base.id not in self.locals:
            self.checker.refuse(
                node, f"{base.id}.{node.attr}", "a contract sees names, not what is behind them"
            )
        if isinstance(node.ctx, ast.Load) and isinstance(base, ast.Name):
            if node.attr == "block" and base.id == self.checker.myself:
                node.value = ast.Attribute(base, "_host", ast.Load())
                return node
            kind = self.checker.field_of(node)
            if kind is not None and kind.bits:
                return self.read_field(node, kind)
        node.value = self.base(base)
        if node.attr == "__init__":
            node.attr = CONSTRUCTOR  # where the class keeps its own
        return node

    def read_field(self, node: ast.Attribute, kind: Type) -> ast.expr:
        """``self.field`` of at most 32 bytes, without the detour over its descriptor."""
        cells = ast.Attribute(node.value, "_cells", ast.Load())
        name = ast.Constant(node.attr)
        read = self.helper(read_field, cells, name, at=node, metered=True)
        if not isinstance(kind, ContractType):
            return read
        return self.helper(kind.owner._reference, node.value, read, at=node, key=node.attr)

    def base(self, node: ast.expr) -> ast.expr:
        """What an attribute is asked of: the contract itself, or any expression."""
        if isinstance(node, ast.Name) and node.id == self.checker.myself:
            return node
        result: ast.expr = self.visit(node)
        return result

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        value = self.visit(node.value)
        if isinstance(node.slice, ast.Slice):
            none = ast.Constant(None)
            start = self.visit(node.slice.lower) if node.slice.lower else none
            stop = self.visit(node.slice.upper) if node.slice.upper else none
            return self.helper(sequences.slice_of, value, start, stop, at=node, metered=True)
        index = self.visit(node.slice)
        if isinstance(self.checker.field_of(node.value), MapType):  # the hot path, without bounds
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), node)
        return self.helper(sequences.item_of, value, index, at=node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func
        if self.is_call_to(node, require):
            self.checker.refuse(node, "require inside an expression", "give it a line of its own")
        if self.is_call_to(node, operations.wrapping):
            return self._cast(node)
        reads = sum(map(self._is_read, ast.walk(node)))
        arguments = [self.visit(argument) for argument in node.args]
        keywords = [ast.keyword(k.arg, self.visit(k.value)) for k in node.keywords]
        if isinstance(function, ast.Name) and function.id not in self.locals:
            return self._call_global(node, function.id, arguments, keywords, reads)
        return ast.copy_location(ast.Call(self.visit(function), arguments, keywords), node)

    def _call_global(
        self,
        node: ast.Call,
        name: str,
        arguments: list[ast.expr],
        keywords: list[ast.keyword],
        reads: int,
    ) -> ast.expr:
        """A call of a built-in, of the language's library, or of an event's or error's class.

        `reads` counts the storage reads in its arguments.
        """
        called: Any = self.scope.get(name)
        meter = ast.Name(METER, ast.Load())
        if name not in self.scope and name in sequences.METERED_BUILTINS:
            if keywords:
                self.checker.refuse(node, f"{name} with keywords", "pass values by position")
            called = sequences.METERED_BUILTINS[name]
            arguments.insert(0, meter)
        elif name not in self.scope and name in sequences.FREE_BUILTINS:
            called = sequences.FREE_BUILTINS[name]
        elif name == "super":
            called = super  # spelled out, for comprehensions are functions of their own
            arguments = [ast.Name(each, ast.Load()) for each in ("__class__", self.checker.myself)]
        elif isinstance(called, type) and issubclass(called, Record):
            construct = sequences.construct
            given = [keyword.arg for keyword in keywords]
            if issubclass(called, Event) and not arguments and given == [*called.fields]:
                construct = sequences.construct_event
                arguments, keywords = [keyword.value for keyword in keywords], []
            made = self.helper(construct, ast.Name(name, ast.Load()), at=node)
            arguments = [meter, *made.args, *arguments]
            self.namespace[name] = called
            return ast.copy_location(ast.Call(made.func, arguments, keywords), node)
        elif hasattr(called, "contract_metered"):
            if called.contract_metered:
                arguments.insert(0, meter)
            if "rereads" in (getattr(called, "__kwdefaults__", None) or {}):
                keywords.append(ast.keyword("rereads", ast.Constant(reads)))
        else:
            self._resolve(node, name)
            self.checker.refuse(node, f"calling {name}", "use wrapping(uint64, x) for a cast")
        self.namespace[name] = called
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), arguments, keywords), node)

    def _is_read(self, node: ast.AST) -> bool:
        """Whether it reads a field: one of at most 32 bytes, or the length of an indexed array."""
        if isinstance(node, ast.Subscript):
            return isinstance(self.checker.field_of(node.value), ArrayType)
        kind = self.checker.field_of(node)
        return kind is not None and kind.bits > 0

    def _cast(self, node: ast.Call) -> ast.expr:
        """``wrapping(uint64, value)``, its type looked up now and not at every turn."""
        if len(node.args) != 2 or node.keywords or not isinstance(node.args[0], ast.Name):
            self.checker.refuse(node, "wrapping", "write wrapping(uint64, value)")
        kind = self._integer_type(node.args[0], node)
        value = self.visit(node.args[1])
        if kind.signed:
            return self.helper(kind.wrap, value, at=node, key=kind.name)
        return ast.copy_location(ast.BinOp(value, ast.BitAnd(), ast.Constant(kind.high)), node)

    def _integer_type(self, name: ast.Name, at: ast.AST) -> IntType:
        """The type that a cast names."""
        self.visit(name)
        kind = type_of(self.namespace[name.id])
        if not isinstance(kind, IntType):
            self.checker.refuse(at, "wrapping", "cast to an integer type")
        return kind

    def _cast_of_each(self, node: ast.ListComp) -> IntType | None:
        """The type in ``[wrapping(uint32, x) for x in ...]``, which is done in one go."""
        match node:
            case ast.ListComp(
                ast.Call(args=[ast.Name() as kind, ast.Name(value)], keywords=[]),
                [ast.comprehension(ast.Name(each), ifs=[])],
            ) if value == each and self.is_call_to(node.elt, operations.wrapping):
                return self._integer_type(kind, node)
        return None

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """A generator expression is a list: whoever takes it walks all of it."""
        return self.visit_ListComp(ast.copy_location(ast.ListComp(node.elt, node.generators), node))

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        outer, self._inlines = self._inlines, False
        try:
            return self._comprehension(node)
        finally:
            self._inlines = outer

    def _comprehension(self, node: ast.ListComp) -> ast.expr:
        each = self.pricing.expression(node.elt) + ELEMENT
        if (kind := self._cast_of_each(node)) is not None:
            iterable = self.visit(node.generators[0].iter)
            self.namespace["_kind_" + kind.name] = kind
            wanted = ast.Name("_kind_" + kind.name, ast.Load())
            turn = ast.Constant(each + self.pricing.turn(node.generators[0].iter))
            return self.helper(sequences.wrapped, wanted, iterable, turn, at=node, metered=True)
        generators = []
        for generator, inner in zip_longest(node.generators, node.generators[1:]):
            gas = each + self.pricing.turn(generator.iter)
            gas += sum(map(self.pricing.expression, generator.ifs))
            if inner is not None:  # made anew at every turn
                gas += self.pricing.expression(inner.iter)
            iterable = self.helper(
                sequences.turns,
                self.visit(generator.iter),
                ast.Constant(gas),
                at=node,
                metered=True,
            )
            conditions = [self.visit(condition) for condition in generator.ifs]
            generators.append(ast.comprehension(generator.target, iterable, conditions, 0))
        return ast.copy_location(ast.ListComp(self.visit(node.elt), generators), node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        value = as_address(node.value)
        if value is node.value:
            return node
        self.namespace[f"_{value}"] = value
        return ast.copy_location(ast.Name(f"_{value}", ast.Load()), node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        name = node.id
        if name == self.checker.myself:
            # By itself, a contract is to others what they are to it: an address.
            return ast.copy_location(ast.Attribute(node, "address", ast.Load()), node)
        if isinstance(node.ctx, ast.Load) and name not in self.locals:
            self._resolve(node, name)
        return node

    def _resolve(self, node: ast.AST, name: str) -> None:
        """Bring a global value into the compiled function's namespace, if contracts may see it."""
        if name in self.scope:
            value = self.scope[name]
            if not visible(value):
                self.checker.refuse(
                    node,
                    f"the name {name} ({type(value).__name__})",
                    "contracts see constants, integer types, and what the language exports",
                )
            self.namespace[name] = as_address(value)
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
    ) -> ast.Call:
        """A call to a run-time function under a name the contract cannot write."""
        name = f"_{function.__name__}_{key}"
        self.namespace[name] = function
        meter: list[ast.expr] = [ast.Name(METER, ast.Load())] if metered else []
        return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [*meter, *arguments], []), at)
