"""What arithmetic means in a contract: checked, and charged in proportion to the work.

The compiler puts these in place of Python's operators. Every integer result must fit into 256 bits,
signed or unsigned: -2**255 .. 2**256 - 1. Where a narrower type is declared (storage, annotated
variables, arguments and results of calls between contracts and from outside) the value is checked
against that; within a contract, methods call one another as Python's do.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar, cast

from chain.compute import ELEMENT, SQUARE_ROOT_BIT, TURN
from chain.errors import Arithmetic, Panic
from chain.gas import Meter
from chain.types import IntType, type_of
from chain.values import shown

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])

LOWEST = -(2**255)
HIGHEST = 2**256 - 1


def metered_function(function: Callable[Concatenate[Meter, P], R]) -> Callable[P, R]:
    """Make a library function available to contracts, which call it without the meter."""
    function.contract_metered = True  # type: ignore[attr-defined]
    return cast(Callable[P, R], function)


def plain_function(function: F) -> F:
    """Make a library function of constant cost available to contracts."""
    function.contract_metered = False  # type: ignore[attr-defined]
    return function


def overflow(result: int) -> Arithmetic:
    """The error for a result that does not fit into 256 bits."""
    return Arithmetic(f"{shown(result)} does not fit into 256 bits")


def overflowed(result: int) -> NoReturn:
    """Raise `overflow`'s error."""
    raise overflow(result)


def add(meter: Meter, a: Any, b: Any) -> Any:
    """``a + b``; joining sequences costs by their length."""
    return joined(meter, a + b)


def joined(meter: Meter, result: Any) -> Any:
    """The result of ``a + b``, if it may be."""
    if type(result) is int:
        if LOWEST <= result <= HIGHEST:
            return result
        raise overflow(result)
    meter.work(ELEMENT * len(result))
    return result


def subtract(a: int, b: int) -> int:
    """``a - b``."""
    result = a - b
    if LOWEST <= result <= HIGHEST:
        return result
    raise overflow(result)


def multiply(meter: Meter, a: Any, b: Any) -> Any:
    """``a * b``; repeating a sequence costs by the length of the result, before it is made."""
    if type(a) is int and type(b) is int:
        result = a * b
        if LOWEST <= result <= HIGHEST:
            return result
        raise overflow(result)
    if (isinstance(a, bool) and isinstance(b, int)) or (isinstance(b, bool) and isinstance(a, int)):
        return int(a) * int(b)
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
    raise overflow(result)


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
    """``a % b``; by zero is a panic, as on the EVM. Text is not formatted."""
    if isinstance(a, str | bytes):
        raise TypeError("text is not formatted in a contract: put the values into an event")
    if b == 0:
        raise Panic(f"{shown(a)} % 0")
    return a % b


def negate(value: int) -> int:
    """``-value``."""
    if -value < LOWEST:
        raise overflow(-value)
    return -value


def invert(value: int) -> int:
    """``~value``."""
    return negate(value + 1)


def exclusive_or(a: int, b: int) -> int:
    """``a ^ b``."""
    result = a ^ b
    if LOWEST <= result <= HIGHEST:
        return result
    raise overflow(result)


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


@plain_function
def checked_div(a: int, b: int) -> int:
    """``a // b``; by zero is an Arithmetic error, as in SafeMath, where ``//`` panics."""
    if b == 0:
        raise Arithmetic(f"{shown(a)} // 0")
    return a // b


def truncated_quotient(a: int, b: int) -> int:
    """``a / b`` rounded toward zero, for `b` other than 0."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


@metered_function
def integer_sqrt(meter: Meter, value: int) -> int:
    """The largest integer whose square is at most `value`; raises Arithmetic if it is negative."""
    if value < 0:
        raise Arithmetic(f"{value} has no square root")
    meter.work(SQUARE_ROOT_BIT * value.bit_length())
    return isqrt(value)
