"""What operators and built-ins mean in a contract: checked, and charged in proportion to the work.

The compiler puts these in place of Python's own. Every integer result must fit into 256 bits,
signed or unsigned: -2**255 .. 2**256 - 1. Where a narrower type is declared (storage, arguments,
results, annotated variables) the value is checked against that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from hashlib import sha3_256
from math import isqrt
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from chain.array import Array
from chain.encoding import encode
from chain.errors import Arithmetic, Panic
from chain.gas import Meter, Reason
from chain.types import IntType, shown, type_of

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

LOWEST = -(2**255)
HIGHEST = 2**256 - 1

# Gas for one element of a sequence that is copied, compared or searched, and for one turn of a loop
# inside a built-in.
ELEMENT = 6
TURN = 20


def metered_function(function: Callable[Concatenate[Meter, P], R]) -> Callable[P, R]:
    """Make a library function available to contracts, which call it without the meter."""
    function.contract_metered = True  # type: ignore[attr-defined]
    return cast(Callable[P, R], function)


def plain_function(function: F) -> F:
    """Make a library function of constant cost available to contracts."""
    function.contract_metered = False  # type: ignore[attr-defined]
    return function


def _overflow(result: int) -> Arithmetic:
    return Arithmetic(f"{shown(result)} does not fit into 256 bits")


def add(meter: Meter, a: Any, b: Any) -> Any:
    """``a + b``; joining sequences costs by their length."""
    result = a + b
    if type(result) is int:
        if LOWEST <= result <= HIGHEST:
            return result
        raise _overflow(result)
    meter.work(ELEMENT * len(result))
    return result


def subtract(a: int, b: int) -> int:
    """``a - b``."""
    result = a - b
    if LOWEST <= result <= HIGHEST:
        return result
    raise _overflow(result)


def multiply(meter: Meter, a: Any, b: Any) -> Any:
    """``a * b``; repeating a sequence costs by the length of the result, before it is made."""
    if type(a) is int and type(b) is int:
        result = a * b
        if LOWEST <= result <= HIGHEST:
            return result
        raise _overflow(result)
    count, sequence = (a, b) if isinstance(a, int) else (b, a)
    meter.work(ELEMENT * max(count, 0) * len(sequence))
    return sequence * count


def power(meter: Meter, base: int, exponent: int) -> int:
    """``base ** exponent``, priced by the size of the result before it is computed."""
    if exponent < 0:
        raise Arithmetic(f"{base} ** {exponent} is no integer")
    if base in (-1, 0, 1):
        return 1 if exponent == 0 or base == 1 or (base == -1 and exponent % 2 == 0) else base
    bits = base.bit_length() * exponent
    meter.work(TURN + bits // 8)
    if bits > 1024:
        raise Arithmetic(f"{shown(base)} ** {shown(exponent)} does not fit into 256 bits")
    result: int = base**exponent
    if LOWEST <= result <= HIGHEST:
        return result
    raise _overflow(result)


def shift_left(meter: Meter, value: int, count: int) -> int:
    """``value << count``; bits that fall out are an error, not lost."""
    if count < 0:
        raise Arithmetic(f"a shift by {count} is negative")
    meter.work(count // 8)
    if value == 0:
        return 0
    if count <= 256:
        result = value << count
        if LOWEST <= result <= HIGHEST:
            return result
    raise Arithmetic(f"{shown(value)} << {shown(count)} does not fit into 256 bits")


def shift_right(value: int, count: int) -> int:
    """``value >> count``."""
    if count < 0:
        raise Arithmetic(f"a shift by {count} is negative")
    return value >> count


def floor_divide(a: int, b: int) -> int:
    """``a // b``; by zero is a panic, as on the EVM."""
    if b == 0:
        raise Panic(f"{shown(a)} // 0")
    return a // b


def modulo(a: int, b: int) -> int:
    """``a % b``; by zero is a panic, as on the EVM."""
    if b == 0:
        raise Panic(f"{shown(a)} % 0")
    return a % b


def equal(meter: Meter, a: Any, b: Any) -> bool:
    """``a == b``; comparing sequences costs by their length."""
    if type(a) is not int and hasattr(a, "__len__"):
        meter.work(ELEMENT * len(a))
    return bool(a == b)


def contains(meter: Meter, item: Any, sequence: Any) -> bool:
    """``item in sequence``, priced by the length."""
    meter.work(ELEMENT * len(sequence))
    return item in sequence


def item_of(sequence: Any, index: Any) -> Any:
    """``sequence[index]``; out of bounds, and negative, is a panic."""
    if isinstance(sequence, list | tuple | Array | str | bytes | range) and not (
        0 <= index < len(sequence)
    ):
        raise Panic(f"index {shown(index)} is out of bounds of a sequence of {len(sequence)}")
    return sequence[index]


def set_item(sequence: Any, index: Any, value: Any) -> None:
    """``sequence[index] = value``; out of bounds, and negative, is a panic."""
    if isinstance(sequence, list) and not 0 <= index < len(sequence):
        raise Panic(f"index {shown(index)} is out of bounds of a list of {len(sequence)}")
    sequence[index] = value


def slice_of(meter: Meter, sequence: Any, start: int | None, stop: int | None) -> Any:
    """``sequence[start:stop]``, priced by its length; bounds beyond the ends are a panic."""
    size = len(sequence)
    start = 0 if start is None else start
    stop = size if stop is None else stop
    if not 0 <= start <= stop <= size:
        raise Panic(f"slice {start}:{stop} is out of bounds of a sequence of {size}")
    meter.work(ELEMENT * (stop - start))
    return sequence[start:stop]


def turns(meter: Meter, iterable: Iterable[Any], gas: int) -> Iterator[Any]:
    """The elements of `iterable`, each paid for as it comes."""
    for element in iterable:
        meter.work(gas)
        yield element


def _consuming(builtin: Callable[[Iterable[Any]], Any]) -> Callable[..., Any]:
    """A built-in that walks a whole iterable, charged for the length or turn by turn."""

    def metered(meter: Meter, iterable: Iterable[Any]) -> Any:
        if hasattr(iterable, "__len__"):
            meter.work(TURN * _length(iterable))
            return builtin(iterable)
        return builtin(turns(meter, iterable, TURN))

    return metered


def _length(sized: Any) -> int:
    try:
        return len(sized)
    except OverflowError:  # a range longer than a machine word
        return HIGHEST


def _sum(iterable: Iterable[int]) -> int:
    total = sum(iterable)
    if LOWEST <= total <= HIGHEST:
        return total
    raise _overflow(total)


def _extreme(builtin: Callable[..., Any]) -> Callable[..., Any]:
    """``min`` or ``max``, of one iterable or of several values."""
    of_iterable = _consuming(builtin)

    def metered(meter: Meter, *values: Any) -> Any:
        if len(values) == 1:
            return of_iterable(meter, values[0])
        meter.work(TURN * len(values))
        return builtin(values)

    return metered


def _sorted(meter: Meter, iterable: Iterable[Any]) -> list[Any]:
    values = METERED_BUILTINS["list"](meter, iterable)
    meter.work(TURN * len(values) * len(values).bit_length())
    return sorted(values)


# Built-ins that walk an iterable take the meter first.
METERED_BUILTINS: dict[str, Callable[..., Any]] = {
    "all": _consuming(all),
    "any": _consuming(any),
    "list": _consuming(list),
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
    "len": len,
    "range": range,
    "reversed": reversed,
    "zip": zip,
}


@plain_function
def wrapping(kind: Any, value: int) -> int:
    """Cast to an integer type, keeping the low bits as the EVM does: ``wrapping(uint64, -1)``.

    What is inside is still checked: ``a - b`` must fit into 256 bits before it is cast.
    """
    return cast(IntType, type_of(kind)).wrap(value)


@plain_function
def truncating_div(a: int, b: int) -> int:
    """``a / b`` rounded toward zero, as the EVM divides signed integers; Panic if b is 0."""
    if b == 0:
        raise Panic(f"{shown(a)} / 0")
    return truncated_quotient(a, b)


def truncated_quotient(a: int, b: int) -> int:
    """``a / b`` rounded toward zero, for `b` other than 0."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@plain_function
def integer_sqrt(value: int) -> int:
    """The largest integer whose square is at most `value`; raises Arithmetic if it is negative."""
    if value < 0:
        raise Arithmetic(f"{value} has no square root")
    return isqrt(value)


@metered_function
def keccak(meter: Meter, *values: Any) -> bytes:
    """A 32-byte hash of the values, charged as Keccak-256 of their packed ABI encoding.

    Computed with SHA3-256 over a canonical encoding: an opaque handle, not Ethereum's hash.
    """
    words = len(values)
    parts = []
    for value in values:
        if type(value) is Array:
            words += len(value) - 1
            parts.append(b"d" + value.digest)
        else:
            parts.append(encode(value))
    meter.charge(meter.schedule.keccak + words * meter.schedule.keccak_word, Reason.KECCAK)
    return sha3_256(b"".join(parts)).digest()
