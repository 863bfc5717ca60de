"""Comparing, indexing and walking inside a contract, charged in proportion to the work.

The compiler puts these in place of Python's own comparisons, subscripts and built-ins.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha3_256
from typing import Any

from chain.array import Array
from chain.compute import ELEMENT, HASHED_ARRAY, HASHED_ITEM, HASHED_WORD, TURN
from chain.contract.operations import HIGHEST, LOWEST, metered_function, overflow
from chain.contract.records import Record
from chain.encoding import encode
from chain.errors import Arithmetic, InvalidValue, Panic
from chain.gas import Meter, Reason
from chain.types import IntType, Type
from chain.values import ZERO_ADDRESS, Address, shown

# What may be long: taking it apart, comparing or copying it costs by its length.
HEAVY = frozenset({list, tuple, str, bytes})
WEIGHED = HEAVY | {Array}
# What is a word, and needs no second look.
WORDS = frozenset({int, bool, type(None)})
# Those of Python's own that are indexed. Array is told by its exact type: for abstract classes, as
# it is one, isinstance() takes long to say no.
INDEXED = (list, tuple, str, bytes, range)
MAX_NESTING = 32

KECCAK = int(Reason.KECCAK)


def weigh(meter: Meter, value: Any) -> None:
    """Charge for every element inside a value, and every byte of text, wherever it is nested.

    Raises InvalidValue if lists are nested too deep.
    """
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str | bytes):
            meter.work(len(item))
        elif isinstance(item, range):
            meter.work(ELEMENT * _count(item))
        elif isinstance(item, Array | list | tuple):
            if depth > MAX_NESTING:
                raise InvalidValue(f"lists are nested deeper than {MAX_NESTING}")
            meter.work(2 * TURN + ELEMENT * len(item))
            if not (isinstance(item, Array) and isinstance(item.checked, IntType)):
                pending.extend((inner, depth + 1) for inner in item if type(inner) not in WORDS)
        elif isinstance(item, Record):
            pending.extend((inner, depth + 1) for inner in item.values.values())


def weigh_for(meter: Meter, kind: Type, value: Any) -> None:
    """Charge for checking a value that is to become of a type, if that looks at every element."""
    if type(value) in HEAVY or (
        type(value) is Array and value.checked is not getattr(kind, "element", None)
    ):
        weigh(meter, value)


def equal(meter: Meter, a: Any, b: Any) -> bool:
    """``a == b``; comparing sequences costs by what is in them."""
    kind = type(a)
    if kind is not int and (kind in WEIGHED or isinstance(a, Record)):
        weigh(meter, a)
    return bool(a == b)


def _ordering(compared: Callable[[Any, Any], bool]) -> Callable[[Meter, Any, Any], bool]:
    """An order between two values; that of sequences costs by what is in them."""

    def metered(meter: Meter, a: Any, b: Any) -> bool:
        if type(a) is not int:
            weigh(meter, a)
        return compared(a, b)

    return metered


ORDERINGS: dict[str, Callable[[Meter, Any, Any], bool]] = {
    "Lt": _ordering(operator.lt),
    "LtE": _ordering(operator.le),
    "Gt": _ordering(operator.gt),
    "GtE": _ordering(operator.ge),
}

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
    "In": lambda item, sequence: item in sequence,
    "NotIn": lambda item, sequence: item not in sequence,
}


def compare(meter: Meter, operators: tuple[str, ...], *operands: Any) -> bool:
    """A comparison, or a chain of them; all operands are evaluated, and weighed."""
    weighed = []
    for operand in operands:
        if hasattr(operand, "__next__"):  # reversed, zip, ...: what walks it cannot be charged
            operand = _list(meter, operand)
        if type(operand) is not int:
            weigh(meter, operand)
        weighed.append(operand)
    pairs = zip(operators, weighed, weighed[1:], strict=False)
    return all(_COMPARISONS[name](left, right) for name, left, right in pairs)


def checked(meter: Meter, kind: Type, value: Any) -> Any:
    """The value of an annotated variable."""
    if type(value) is not int:
        weigh_for(meter, kind, value)
    return kind.check(value)


def construct(meter: Meter, record: Any, *values: Any, **fields: Any) -> Any:
    """Make an event or an error."""
    for name, kind in record.heavy.items():
        if name in fields:
            weigh_for(meter, kind, fields[name])
    return record(*values, **fields)


def construct_event(meter: Meter, record: Any, *values: Any) -> Any:
    """Make an event of all its values, in order."""
    for index, kind, element in record.heavy_at:
        value = values[index]
        if type(value) is not Array or value.checked is not element:
            weigh_for(meter, kind, value)
    return record.of(values)


@cache
def _is_indexed(kind: Any) -> bool:
    return kind is Array or issubclass(kind, INDEXED)


def item_of(sequence: Any, index: Any) -> Any:
    """``sequence[index]``; out of bounds, and negative, is a panic."""
    kind: Any = type(sequence)
    if _is_indexed(kind) and not 0 <= index < length(sequence):
        raise Panic(f"index {shown(index)} is out of bounds of a sequence of {len(sequence)}")
    return sequence[index]


def set_item(sequence: Any, index: Any, value: Any) -> None:
    """``sequence[index] = value``; out of bounds, and negative, is a panic."""
    if isinstance(sequence, list) and not 0 <= index < len(sequence):
        raise Panic(f"index {shown(index)} is out of bounds of a list of {len(sequence)}")
    sequence[index] = value


def slice_of(meter: Meter, sequence: Any, start: int | None, stop: int | None) -> Any:
    """``sequence[start:stop]``, priced by its length; bounds beyond the ends are a panic."""
    if hasattr(sequence, "load"):
        sequence = sequence.load()
    size = len(sequence)
    start = 0 if start is None else start
    stop = size if stop is None else stop
    if not 0 <= start <= stop <= size:
        raise Panic(f"slice {start}:{stop} is out of bounds of a sequence of {size}")
    meter.work(ELEMENT * (stop - start))
    return sequence[start:stop]


def wrapped(meter: Meter, kind: IntType, iterable: Iterable[int], gas: int) -> list[int]:
    """``[wrapping(kind, value) for value in iterable]``; `gas` is of one turn."""
    if type(iterable) is Array and isinstance(iterable.checked, IntType):
        if not iterable:
            return []
        meter.work(gas * len(iterable))
        if kind.low <= iterable.bounds[0] and iterable.bounds[1] <= kind.high:
            return list(iterable.values)
        return list(map(kind.wrap, iterable.values))
    return list(map(kind.wrap, turns(meter, iterable, gas)))


def turns(meter: Meter, iterable: Iterable[Any], gas: int) -> Iterator[Any]:
    """The elements of `iterable`, each paid for as it comes."""
    for element in iterable:
        meter.work(gas)
        yield element


def length(sized: Any) -> int:
    """``len``; what is longer than a machine can count does not fit."""
    try:
        return len(sized)
    except OverflowError:
        raise Arithmetic(f"{shown(sized)} is too long") from None


def _count(sized: Any) -> int:
    """The length, or more than anybody can pay for."""
    try:
        return len(sized)
    except OverflowError:
        return HIGHEST


def _consuming(builtin: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
    """A built-in that walks a whole iterable, charged for the length or turn by turn."""

    def metered(meter: Meter, iterable: Iterable[Any]) -> Any:
        if isinstance(iterable, Array | list | range | tuple):
            meter.work(TURN * _count(iterable))
            return builtin(iterable)
        return builtin(turns(meter, iterable, TURN))

    return metered


def _sum(iterable: Iterable[int]) -> int:
    total = sum(iterable)
    if LOWEST <= total <= HIGHEST:
        return total
    raise overflow(total)


_list = _consuming(list)


def _extreme(builtin: Callable[..., Any]) -> Callable[..., Any]:
    """``min`` or ``max``, of one iterable or of several values, which are compared."""

    def metered(meter: Meter, *values: Any) -> Any:
        compared: Any = values[0] if len(values) == 1 else values
        integers = type(compared) is Array and isinstance(compared.checked, IntType)
        if not integers:
            compared = _list(meter, compared)
            weigh(meter, compared)
        meter.work(ELEMENT * len(compared))
        if not compared:
            raise Panic(f"{builtin.__name__} of nothing")
        return builtin(compared.bounds if integers else compared)

    return metered


def _sorted(meter: Meter, iterable: Iterable[Any]) -> list[Any]:
    values: list[Any] = _list(meter, iterable)
    rounds = len(values).bit_length()
    meter.work(TURN * len(values) * rounds)
    for _ in range(rounds):
        weigh(meter, values)
    return sorted(values)


# Built-ins that walk an iterable take the meter first.
METERED_BUILTINS: dict[str, Callable[..., Any]] = {
    "all": _consuming(all),
    "any": _consuming(any),
    "list": _list,
    "max": _extreme(max),
    "min": _extreme(min),
    "sorted": _sorted,
    "sum": _consuming(_sum),
    "tuple": _consuming(tuple),
}
# These take constant time: whatever walks them afterwards pays.
FREE_BUILTINS: dict[str, Any] = {
    "abs": abs,
    "bool": bool,
    "enumerate": enumerate,
    "len": length,
    "range": range,
    "reversed": reversed,
    "zip": zip,
}


def _packed(meter: Meter, value: Any) -> tuple[bytes, int]:
    """What stands for any value in a hash, and how many words it would be."""
    value = getattr(value, "address", value)  # a contract stands for where it is
    if type(value) in HEAVY:
        weigh(meter, value)
        if isinstance(value, list | tuple):
            value = Array(value)
    if type(value) is not Array:
        part = encode(value)
        return part, 1 + len(part) // 64
    if isinstance(value.checked, IntType) or all(type(each) is int for each in value):
        return b"d" + value.digest, len(value)
    weigh(meter, value)
    return encode(value), len(value)


# How `encode` begins for an address.
_ADDRESS_HEAD = encode(ZERO_ADDRESS)[: -len(ZERO_ADDRESS)]


@metered_function
def keccak(meter: Meter, *values: Any) -> bytes:
    """A 32-byte hash of the values, charged as Keccak-256 of their packed ABI encoding.

    Computed with SHA3-256 over a canonical encoding: an opaque handle, not Ethereum's hash.
    """
    arrays = items = 0
    parts: list[bytes] = []
    for value in values:
        kind = type(value)
        if kind is int:
            parts.append(encode(value))
        elif kind is Address:
            parts.append(_ADDRESS_HEAD + value.encode())
        elif kind is Array and isinstance(value.checked, IntType):
            arrays += 1
            items += value._size
            parts.append(b"d" + value.digest)
        else:
            part, length = _packed(meter, value)
            arrays += 1
            items += length
            parts.append(part)
    words = len(values) - arrays + items
    meter.used += HASHED_WORD * (len(values) - arrays) + HASHED_ARRAY * arrays + HASHED_ITEM * items
    meter.allocate(1 + words)
    schedule = meter.schedule
    meter.charge(schedule.keccak + words * schedule.keccak_word, KECCAK)
    return sha3_256(b"".join(parts)).digest()
