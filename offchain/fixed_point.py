"""From real numbers to the integers that contracts hold, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chain.errors import ChainError
from chain.types import IntType
from chain.values import shown
from contracts_py.classifiers.classifier import TO_FLOAT


class DoesNotFit(ChainError, ValueError):
    """A value, or a kind of model, that no contract can hold; says which, and what would do."""


def fixed_point(values: ArrayLike, kind: IntType, name: str) -> tuple[int, ...]:
    """Round real numbers to units of 1 / ``TO_FLOAT``, halves up as the reference's tools do.

    Parameters
    ----------
    values
        A sequence of numbers.
    kind
        The integer type that is to hold each.
    name
        What the values are, for errors.

    Raises
    ------
    DoesNotFit
        For what is no number, not finite, or out of the range of `kind`.
    """
    reals = as_floats(values, name)
    if reals.ndim != 1:
        raise DoesNotFit(f"{name} has {reals.ndim} dimensions: give one, a plain list of numbers")
    return tuple(map(int, _units(reals, kind, name).tolist()))


def fixed_point_number(value: float, kind: IntType, name: str) -> int:
    """One number, as `fixed_point` rounds it; raises DoesNotFit."""
    number = as_floats(value, name)
    if number.ndim:
        raise DoesNotFit(f"{name} has {number.ndim} dimensions: give one number")
    return int(_units(number, kind, name))


def fixed_point_factor(value: float, kind: IntType, name: str) -> int:
    """One number that is not to be rounded to 0; raises DoesNotFit."""
    units = fixed_point_number(value, kind, name)
    if value and not units:
        raise DoesNotFit(
            f"{name} is {value!r}, which rounds to 0: give 0 or 1 / {TO_FLOAT} or more"
        )
    return units


def _units(reals: NDArray[np.float64], kind: IntType, name: str) -> NDArray[np.float64]:
    """`reals` in whole units; raises DoesNotFit for what `kind` cannot hold."""
    units = rounded(reals)
    # As floats first: the largest of them are infinite by now, and no int.
    for position in np.argwhere((units < kind.low) | (units >= kind.high + 1)):
        raise DoesNotFit(
            f"{_place(name, position)} is {float(reals[tuple(position)])!r}, which does not fit "
            f"into {kind}: give {kind.low / TO_FLOAT} to {kind.high / TO_FLOAT}"
        )
    return units


def rounded(reals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Units of 1 / ``TO_FLOAT``, halves up, as floats."""
    with np.errstate(over="ignore"):
        scaled = reals * TO_FLOAT
    low = np.floor(scaled)
    # Not floor(x + 0.5), which rounds 0.49999999999999994 up.
    with np.errstate(invalid="ignore"):  # an infinity less itself
        return low + (scaled - low >= 0.5)


def counts(values: Iterable[Any], kind: IntType, name: str) -> tuple[int, ...]:
    """Whole numbers as they are, floats like 3.0 among them.

    Raises DoesNotFit for what is no whole number, or out of the range of `kind`.
    """
    found = []
    for index, value in enumerate(values):
        whole = isinstance(value, int | np.integer) or (
            isinstance(value, float | np.floating) and float(value).is_integer()
        )
        if not whole or isinstance(value, bool) or not kind.low <= value <= kind.high:
            raise DoesNotFit(
                f"{name}[{index}] is {shown(value)}: give a whole number, {kind.low} to {kind.high}"
            )
        found.append(int(value))
    return tuple(found)


def as_floats(values: Any, name: str) -> NDArray[np.float64]:
    """`values`, SciPy's sparse ones too, as an array of floats.

    Raises DoesNotFit for what is none, not finite, or masked.
    """
    if np.ma.is_masked(values):
        raise DoesNotFit(f"{name} has masked numbers: fill them in")
    try:
        given = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
        if given.size and given.dtype.kind not in "biuf":
            raise TypeError(f"it holds {given.dtype.name}")
        found = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DoesNotFit(f"{name} is not made of numbers ({error}): give only numbers") from None
    for position in np.argwhere(~np.isfinite(found)):
        value = found[tuple(position)]
        raise DoesNotFit(f"{_place(name, position)} is {value}: give finite numbers")
    return found


def _place(name: str, position: NDArray[np.intp]) -> str:
    """How a value among others is called: ``weights[3]``."""
    return name + "".join(f"[{index}]" for index in position)


def real(units: int, name: str) -> float:
    """The real number that `units` of 1 / ``TO_FLOAT`` stand for.

    Raises DoesNotFit where no float rounds to it again, which needs more than 51 bits.
    """
    value = units / TO_FLOAT
    scaled = value * TO_FLOAT
    if round(scaled) != units:
        raise DoesNotFit(
            f"{name} is {units} units of 1 / {TO_FLOAT}, which no floating-point number tells from "
            "its neighbours: a model file or an estimator cannot hold it"
        )
    return value
