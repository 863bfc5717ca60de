"""A gas report as text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from chain.gas_report.price import GasPrice, decimal_text, places_for
from chain.gas_report.rows import Row

WIDTH = 120


def gas_table(title: str, rows: Sequence[Row], price: GasPrice | None) -> str:
    """Calls, and the least, middle and most that they cost."""
    columns = [
        ["calls", *(f"{row.calls:,}" for row in rows)],
        ["min", *(f"{row.gas.min:,}" for row in rows)],
        ["median", *(f"{row.gas.median:,}" for row in rows)],
        ["max", *(f"{row.gas.max:,}" for row in rows)],
        ["total", *(f"{row.gas.total:,}" for row in rows)],
    ]
    if price is not None:
        costs = [price.of(row.gas.median) for row in rows]
        places = places_for(costs)
        header = f"median {price.currency}"
        columns.append([header, *(decimal_text(cost, places) for cost in costs)])
    return _grouped(title, rows, columns)


def kinds_table(title: str, rows: Sequence[Row]) -> str:
    """The median of each kind of cost; kinds that nobody paid for are left out."""
    kinds = [kind for kind in rows[0].reasons if any(row.reasons[kind].max for row in rows)]
    return _grouped(
        title,
        rows,
        [
            [kind.removeprefix("storage_"), *(f"{row.reasons[kind].median:,}" for row in rows)]
            for kind in kinds
        ],
    )


def _grouped(title: str, rows: Sequence[Row], columns: list[list[str]]) -> str:
    """Rows under the names of their contracts."""
    header, *cells = zip(*columns, strict=True)
    named: list[tuple[str, Sequence[str]]] = []
    for contract, group in groupby(zip(rows, cells, strict=True), lambda pair: pair[0].contract):
        named.append((contract, ()))
        named.extend((f"  {row.title}", numbers) for row, numbers in group)
    return aligned(title, header, named)


def aligned(title: str, header: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Align names to the left and their cells to the right, under a rule.

    A name that is too long for ``WIDTH`` columns has a line of its own; a row without cells is
    a heading.
    """
    full = [header, *(cells for _, cells in rows if cells)]
    widths = [max(map(len, column)) for column in zip(*full, strict=True)]
    room = WIDTH - sum(width + 2 for width in widths)
    names = [title, *(name for name, cells in rows if cells)]
    longest = max(len(name) for name in names if len(name) <= max(room, len(title)))
    rule = "-" * (longest + sum(width + 2 for width in widths))
    lines = [_line(title, header, widths, longest), rule]
    for name, cells in rows:
        if len(name) > longest and cells:
            lines.append(name)
            name = ""
        lines.append(_line(name, cells, widths, longest))
    return "\n".join(lines)


def _line(name: str, cells: Sequence[str], widths: Sequence[int], longest: int) -> str:
    return "  ".join([name.ljust(longest), *map(str.rjust, cells, widths)]).rstrip()
