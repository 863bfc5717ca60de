"""Gas of a contract's own code: the price of each node of its syntax tree, charged by block.

Charges follow the source's syntax tree, so they are the same on every Python version.
"""

from __future__ import annotations

import ast

from chain.contract import operations

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

# The compiled function's name for the meter, which a contract cannot write.
METER = "_meter"


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


def own_price(statement: ast.stmt) -> int:
    """Gas of a statement, the bodies of compound ones aside."""
    gas = PRICES.get(type(statement), 0)
    if isinstance(statement, ast.If | ast.While):
        return gas + price_of(statement.test)
    if isinstance(statement, ast.For):
        return gas + price_of(statement.iter)
    return gas + sum(price_of(child) for child in ast.iter_child_nodes(statement))


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
