"""Vector operations for contracts: exact, fast, and charged like the loop they stand for.

Each replaces a loop over elements that a contract could write out (and its gas is that loop's); the
arithmetic is exact whatever the values, see ``chain.contract.vector``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import mul
from typing import Any, cast

from chain.array import VECTOR_LENGTH, Array
from chain.compute import (
    ADD_AT,
    ADD_SCALED,
    DOT,
    ELEMENT,
    MOVING_AVERAGE,
    SQUARE,
    SQUARED_DISTANCE,
    SUM_AT,
    TURN,
)
from chain.contract import vector
from chain.contract.arrays import StorageArray
from chain.contract.operations import (
    HIGHEST,
    LOWEST,
    metered_function,
    truncated_quotient,
)
from chain.contract.sequences import length
from chain.contract.storage import KECCAK, WRITE, Map
from chain.errors import Arithmetic, Panic
from chain.gas import Meter
from chain.host import Host
from chain.types import SLOT_BITS, IntType, int64, int256, type_of
from chain.values import shown

INT64 = cast(IntType, type_of(int64))
INT256 = cast(IntType, type_of(int256))


def _charge(meter: Meter, gas: int, *operands: Any) -> int:
    """Pay for a loop over operands of one length, and return the length.

    An element of an array in storage costs a bounds check and a read.
    """
    size, *others = [len(each._column if type(each) is StorageArray else each) for each in operands]
    if others and others[0] != size:
        raise Panic(f"arrays of {size} and {others[0]} elements do not match")
    _charge_turns(meter, size, gas, *operands)
    return size


def _charge_turns(meter: Meter, turns: int, gas: int, *operands: Any) -> None:
    """Pay for `turns` elements of each operand."""
    meter.work(turns * gas)
    for operand in operands:
        if type(operand) is StorageArray:
            meter.charge(turns * meter.schedule.array_access, KECCAK)
            operand.pay_to_walk(turns, bounds_checked=True)


def _elements(operand: Any) -> Any:
    """What a kernel may ask for ``int64`` and for a list."""
    if type(operand) is StorageArray:
        return operand._column
    return operand if type(operand) is Array else Array(operand)


def _values(operand: Any) -> Any:
    return operand.values if type(operand) is Array else operand.elements


def _fits(result: int) -> int:
    if LOWEST <= result <= HIGHEST:
        return result
    raise Arithmetic(f"{shown(result)} does not fit into 256 bits")


@metered_function
def dot(meter: Meter, a: Array[int], b: Array[int]) -> int:
    """Sum of ``a[i] * b[i]``; raises Arithmetic if it does not fit into 256 bits."""
    size = _charge(meter, DOT, a, b)
    left, right = _elements(a), _elements(b)
    if size >= VECTOR_LENGTH:
        x, y = left.int64, right.int64
        if x is not None and y is not None:
            return _fits(vector.dot(y, x))
    return _fits(sum(map(mul, _values(left), _values(right))))


@metered_function
def squared_norm(meter: Meter, a: Array[int]) -> int:
    """Sum of ``a[i] ** 2``; raises Arithmetic if it does not fit into 256 bits."""
    size = _charge(meter, SQUARE, a)
    held = _elements(a)
    if size >= VECTOR_LENGTH:
        x = held.int64
        if x is not None:
            return _fits(vector.squared_norm(x))
    values = _values(held)
    return _fits(sum(map(mul, values, values)))


@metered_function
def add_scaled(
    meter: Meter,
    start: Array[int],
    step: Array[int],
    numerator: int,
    denominator: int,
    element: Any,
) -> Array[int]:
    """``start[i] + step[i] * numerator / denominator``, truncated to zero, wrapped to `element`.

    `element` is the integer type of the result, e.g. ``int80``. Raises Panic if the lengths differ
    or the denominator is not positive.
    """
    size = _charge(meter, ADD_SCALED, start, step)
    meter.allocate(1 + size)
    if denominator <= 0:
        raise Panic(f"division by {denominator}")
    kind = cast(IntType, type_of(element))
    left, right = _elements(start), _elements(step)
    if (
        size >= VECTOR_LENGTH
        and kind.signed
        and kind.bits >= 64
        and abs(numerator) < 2**32
        and denominator < 2**63
    ):
        w, x = left.int64, right.int64
        if w is not None and x is not None:
            moved = vector.add_scaled(w, x, numerator, denominator)
            if moved is not None:
                return Array.of_int64(moved, kind)
    wrap = kind.wrap
    moves = zip(_values(left), _values(right), strict=True)
    return Array([wrap(w + truncated_quotient(x * numerator, denominator)) for w, x in moves], kind)


@metered_function
def sum_at(meter: Meter, mapping: Map[int, int], keys: Sequence[int]) -> int:
    """Sum of ``mapping[key]`` over `keys`; raises Arithmetic if a key or the sum does not fit."""
    values = _checked_keys(meter, mapping, keys)
    meter.work(len(values) * SUM_AT)
    meter.charge(len(values) * meter.schedule.map_access, KECCAK)
    place: Any = mapping._place.values
    meter.read_many_of(place.touched(mapping._keys), values)
    cells = place.known_cells(mapping._keys)
    return _fits(sum(map(cells.get, values, repeat(0))))


@metered_function
def add_at(
    meter: Meter, mapping: Map[int, int], keys: Sequence[int], amount: int, *, rereads: int = 0
) -> None:
    """Add `amount` to ``mapping[key]`` for each of `keys` in order, wrapping to the map's type.

    A storage field that is given as `amount` is read again at every turn, as the loop would (the
    compiler counts it as `rereads`).
    """
    values = _checked_keys(meter, mapping, keys)
    place: Any = mapping._place.values
    kind: IntType = place.kind
    host: Host = place.host
    host.check_writable()
    schedule = meter.schedule
    count = len(values)
    meter.work(count * ADD_AT)
    meter.charge(count * schedule.map_access, KECCAK)
    meter.read_many_of(place.touched(mapping._keys), values)
    masks = count if kind.bits < SLOT_BITS else 0
    meter.pay_for_reads(masks + rereads * max(count - 1, 0))
    cells = place.cells_of(mapping._keys)
    held = list(map(cells.get, values, repeat(0)))
    moved = [before + amount for before in held]
    started = dict(zip(values, held, strict=True))
    originals = cells.originals
    if (
        values
        and amount
        and all(held)
        and all(moved)
        and kind.low <= min(moved)
        and max(moved) <= kind.high
        and len(started) == count
        and (not originals or originals.keys().isdisjoint(values))
    ):  # by far the most common: each slot once, clean, and in use before and after
        meter.charge(count * schedule.slot_reset, WRITE)  # each leaves more than a stipend
        if originals:
            originals.update(started)
        else:
            cells.originals = started
            host.touched.append(cells)
        host.state.journal.entries.extend((cells.batch, tuple(values), held))
        cells.update(zip(values, moved, strict=True))
    else:
        for key in values:
            before = cells.get(key, 0)
            new = kind.wrap(before + amount)
            host.store(cells, key, before, new, 0)
            host.state.journal.write(cells, key, new)


def _checked_keys(meter: Meter, mapping: Map[int, int], keys: Any) -> Sequence[int]:
    """The keys as Python ints; raises Arithmetic if one is out of the range of the map's keys."""
    kind = cast(IntType, mapping._place.keys)
    if type(keys) is StorageArray:
        keys = keys.load()
    if type(keys) is Array and isinstance(keys.checked, IntType):
        values: Sequence[int] = keys.values
        low, high = keys.bounds if values else (0, 0)
    else:
        if isinstance(keys, range):  # nobody has paid for walking it
            meter.work(TURN * length(keys))
        values = list(keys)
        if not set(map(type, values)) <= {int}:
            values = [kind.check(key) for key in values]
        low, high = (min(values), max(values)) if values else (0, 0)
    if low < kind.low or kind.high < high:
        raise Arithmetic(f"a key in {shown(list(values))} is out of range of {kind.name}")
    return values


@metered_function
def squared_distance(
    meter: Meter, a: Array[int], b: Array[int], divisor: int, limit: int, *, rereads: int = 0
) -> int:
    """Sum of ``(a[i] - b[i]) ** 2 // divisor`` over the elements of `a`, up to `limit`.

    Stops at the first element that brings the sum to `limit` or more, so one can look for the
    nearest of several: a sum below the limit is the whole distance. Raises Panic if `b` ends before
    the loop does. What leads to `b` in storage is read again at every turn (see `add_at`).
    """
    if divisor <= 0:
        raise Panic(f"division by {divisor}")
    operands: tuple[Any, ...] = (a, b)
    for operand in operands:
        if type(operand) in (list, tuple, range):
            meter.work(ELEMENT * length(operand))  # to copy it, however early the loop stops
    left, right = _elements(a), _elements(b)
    size = min(len(left), len(right))
    x, y = (left.int64, right.int64) if size >= VECTOR_LENGTH else (None, None)
    if x is not None and y is not None:
        total, turns = vector.squared_distance_within(x[:size], y[:size], divisor, limit)
    else:
        turns = total = 0
        for p, q in zip(_values(left), _values(right), strict=False):
            turns += 1
            total += (p - q) ** 2 // divisor
            if total >= limit:
                break
    _charge_turns(meter, turns, SQUARED_DISTANCE, a, b)
    meter.pay_for_reads(rereads * max(turns - 1, 0))
    stopped = turns > 0 and total >= limit
    if turns == len(right) < len(left) and not stopped:
        raise Panic(f"index {turns} is out of bounds of an array of {turns}")
    return _fits(total)


@metered_function
def moving_average(
    meter: Meter, mean: Array[int], value: Array[int], weight: int, divisor: int
) -> Array[int]:
    """``(mean[i] * weight + value[i]) / divisor``, truncated toward zero.

    Nothing is checked: numerators wrap at 256 bits, quotients at 64. Raises Panic if the lengths
    differ or the divisor is 0.
    """
    _charge(meter, MOVING_AVERAGE, mean, value)
    if divisor == 0:
        raise Panic("division by 0")
    left, right = _elements(mean), _elements(value)
    if 0 <= weight < 2**191 and divisor == weight + 1:
        m, x = left.int64, right.int64
        if m is not None and x is not None:
            return Array.of_int64(vector.moving_average(m, x, weight), INT64)
    moves = zip(_values(left), _values(right), strict=True)
    return Array(
        [INT64.wrap(truncated_quotient(INT256.wrap(m * weight + x), divisor)) for m, x in moves],
        INT64,
    )
