"""Exact integer kernels over ``numpy.int64`` vectors.

Every kernel returns what the same formula in Python ints would return.  NumPy integers wrap
silently, so each kernel first proves a bound from the data, and only then takes the fast path;
where the bound does not hold it computes in Python ints, slowly.  Vectors are 1-D, C-contiguous
``numpy.int64`` arrays of any length (including 0) and any values, and are never modified.

Two habits come from timing.  A kernel costs the number of its NumPy calls (0.2 to 0.8 us each)
far more than its length, and ``argmin``/``argmax`` cost a quarter of ``min``/``max``.
"""

import math
from operator import mul
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.int64]
Flags = NDArray[np.bool_]

_INT64 = np.dtype(np.int64)
_UINT64 = np.dtype(np.uint64)
_FLOAT64 = np.dtype(np.float64)
_MAX = 2**63 - 1
_PART = 512
# Comparing or shifting with a 0-d array costs half of what a Python int costs.
_ZERO = np.array(0, dtype=_INT64)
_SIGN_SHIFT = np.array(63, dtype=_INT64)


def dot(a: Vector, b: Vector) -> int:
    """Return the sum of ``a[i] * b[i]``; fastest if ``a`` is the vector of smaller values.

    Notes
    -----
    The float64 product gives the high bits and the uint64 product the low 64 (unsigned arithmetic
    is exact modulo 2**64).  Together they fix the result if the float one errs by less than 2**63.
    Rounding both inputs and adding n products, in any order, with fused multiply-add or without,
    errs by about ``(n + 2) * 2**-53 * S`` at most, S being the sum of ``|a[i] * b[i]|``, and
    ``S**2 <= |a|**2 * |b|**2`` (Cauchy-Schwarz).  So ``(n + 2)**2 * |a|**2 * |b|**2 <= 2**228``
    bounds the error by 2**61, which leaves a factor of 4 for the rounding of the norms and of the
    test itself.  As ``|b|**2 <= n * 2**126``, a small ``|a|`` is often enough.
    """
    near_a, near_b = a.astype(_FLOAT64), b.astype(_FLOAT64)
    size = len(a) + 2.0
    spread = size * size * float(near_a.dot(near_a))
    if spread * size <= 2.0**102 or spread * float(near_b.dot(near_b)) <= 2.0**228:
        return _nearest(float(near_a.dot(near_b)), int(a.view(_UINT64).dot(b.view(_UINT64))))
    return sum(map(mul, a.tolist(), b.tolist()))


def squared_norm(a: Vector) -> int:
    """Return the sum of ``a[i]**2``.

    Notes
    -----
    As in `dot`, with S the sum itself: a float sum below 2**62 proves that the int64 product and
    all its partial sums fit, and ``(n + 2) * S <= 2**114`` that the float sum errs by 2**61.
    """
    near_a = a.astype(_FLOAT64)
    near = float(near_a.dot(near_a))
    if near < 2.0**62:
        return int(a.dot(a))
    if (len(a) + 2.0) * near <= 2.0**114:
        low = a.view(_UINT64)
        return _nearest(near, int(low.dot(low)))
    values = a.tolist()
    return sum(map(mul, values, values))


def squared_distance(a: Vector, b: Vector, divisor: int) -> int:
    """Return the sum of ``(a[i] - b[i])**2 // divisor`` (divisor >= 1), each term truncated."""
    terms = _squared_differences(a, b, divisor)
    return int(np.add.reduce(terms)) if isinstance(terms, np.ndarray) else sum(terms)


def squared_distance_within(a: Vector, b: Vector, divisor: int, limit: int) -> tuple[int, int]:
    """Return that sum up to the first term that brings it to `limit` (> 0), and the terms in it.

    Part by part, so that what stops early has not looked at all of a long vector.
    """
    total = 0
    for start in range(0, len(a), _PART):
        part = slice(start, start + _PART)
        sum_of_part, terms = _distance_within(a[part], b[part], divisor, limit - total)
        total += sum_of_part
        if total >= limit:
            return total, start + terms
    return total, len(a)


def _distance_within(a: Vector, b: Vector, divisor: int, limit: int) -> tuple[int, int]:
    """`squared_distance_within` of one part, which has an element or more."""
    terms = _squared_differences(a, b, divisor)
    if isinstance(terms, np.ndarray):
        sums = np.add.accumulate(terms)
        total = sums.item(-1)
        if total < limit:
            return total, len(terms)
        last = int(sums.searchsorted(limit))
        return sums.item(last), last + 1
    total = 0
    for count, term in enumerate(terms, 1):
        total += term
        if total >= limit:
            return total, count
    return total, len(terms)


def _squared_differences(a: Vector, b: Vector, divisor: int) -> Vector | list[int]:
    """Return ``(a[i] - b[i])**2 // divisor``: a vector if their sum fits, else Python ints.

    Notes
    -----
    With ``d = max(max(a) - min(b), max(b) - min(a))``, in Python ints, every difference is at
    most d, every square at most ``d**2``, and the sum at most ``n * (d**2 // divisor)``.
    """
    if not len(a):
        return a
    low_a, high_a = _range(a)
    low_b, high_b = _range(b)
    largest = max(high_a - low_b, high_b - low_a) ** 2
    if largest <= _MAX and len(a) * (largest // divisor) <= _MAX and divisor <= _MAX:
        terms = a - b
        terms *= terms
        terms //= divisor
        return terms
    return [(x - y) ** 2 // divisor for x, y in zip(a.tolist(), b.tolist(), strict=True)]


def add_scaled(w: Vector, x: Vector, numerator: int, denominator: int) -> Vector | None:
    """Return ``w[i] + trunc(x[i] * numerator / denominator)``, truncated toward zero.

    Parameters
    ----------
    w, x
        Vectors of equal length.
    numerator, denominator
        ``|numerator| < 2**63``, ``1 <= denominator < 2**63``.

    Returns
    -------
    Vector or None
        A new vector, or None when an element of the result does not fit int64.

    Notes
    -----
    The ranges of w and x bound the products and the results, in Python ints.  Truncation is odd,
    so the quotients of ``x[i] * |numerator|`` are added or subtracted.
    """
    if not len(w):
        return w.copy()
    low_w, high_w = _range(w)
    low_x, high_x = _range(x)
    factor = abs(numerator)
    largest = max(-low_x, high_x) * factor
    if largest <= _MAX and max(-low_w, high_w) + largest // denominator <= _MAX:
        step = x * factor
        _divide(step, denominator, low_x < 0)
        return w + step if numerator > 0 else w - step
    sums = [
        weight + _quotient(value * numerator, denominator)
        for weight, value in zip(w.tolist(), x.tolist(), strict=True)
    ]
    try:
        return np.array(sums, _INT64)
    except OverflowError:
        return None


def moving_average(c: Vector, x: Vector, n: int) -> Vector:
    """Return ``trunc((c[i] * n + x[i]) / (n + 1))``, truncated toward zero, for any n >= 0.

    Notes
    -----
    The result always fits int64: before truncation it lies between ``c[i]`` and ``x[i]``.  Lengths
    as vectors bound the numerators; below 2**52 (half of 2**53, for the rounding of the lengths)
    these are exact in floats, and a quotient that is not whole is at least ``1 / (n + 1)`` away
    from the next whole number, which is more than it is rounded by.
    """
    total, value = c.astype(_FLOAT64), x.astype(_FLOAT64)
    if math.sqrt(total.dot(total)) * n + math.sqrt(value.dot(value)) < 2.0**52:
        total *= np.array(n, _FLOAT64)
        total += value
        total /= np.array(n + 1, _FLOAT64)
        return total.astype(_INT64)
    means = zip(c.tolist(), x.tolist(), strict=True)
    return np.array([_quotient(mean * n + value, n + 1) for mean, value in means], _INT64)


class SlotWrites(NamedTuple):
    """Element writes by EIP-2200 case, to be priced by any fork's gas schedule."""

    noops: int
    """The slot already has the value (costs SLOAD)."""
    sets: int
    """First change in the transaction of a slot that was zero (costs SET)."""
    resets: int
    """First change of a slot that was not zero (costs RESET)."""
    dirty: int
    """Change of a slot that differs from its original (costs SLOAD)."""
    clears: int
    """Of resets and dirty: makes a slot zero that originally was not (refund +CLEARS)."""
    unclears: int
    """Of dirty: makes such a slot non-zero again (refund -CLEARS)."""
    restored_set: int
    """Of dirty: brings back an original zero (refund SET - SLOAD)."""
    restored_reset: int
    """Of dirty: brings back an original that was not zero (refund RESET - SLOAD)."""


def changed_slots(original: Vector, current: Vector, new: Vector, per_slot: int) -> SlotWrites:
    """Count the storage writes of assigning ``new`` to a packed array.

    Elements are packed in order, ``per_slot`` to a slot, the rest of the last slot being zero.
    Each is written once, in order, as one write of its whole slot.

    Parameters
    ----------
    original, current, new
        Vectors of equal length: at the start of the transaction, before, and after.  The fast
        path needs ``original is current``.
    per_slot
        Elements per slot, at least 1.

    Notes
    -----
    Fast path: the last element of every slot is non-zero before and after, so no write clears a
    slot: up to its last write the old last element remains, and then the new one is there.  As
    an element is written once, a changed slot never returns to its original: its first change is
    a reset and the others are dirty.
    """
    size = len(new)
    # Most vectors have no zero at all, which is quicker to see.
    dense = np.count_nonzero(current) == size == np.count_nonzero(new)
    if original is not current or not (dense or _ends_nonzero(current, new, per_slot)):
        return _classify_writes(original, current, new, per_slot)
    changed = current != new
    writes = int(np.count_nonzero(changed))
    if writes == size:
        touched = -(-size // per_slot)
    else:
        slots = np.logical_or.reduceat(changed, np.arange(0, size, per_slot))
        touched = int(np.count_nonzero(slots))
    return SlotWrites(size - writes, 0, touched, writes - touched, 0, 0, 0, 0)


def _ends_nonzero(current: Vector, new: Vector, per_slot: int) -> bool:
    """Say whether the last element of every slot is non-zero in both vectors."""
    if not len(new):
        return True
    if not (current.item(-1) and new.item(-1)):  # ends the last slot, even if that is not full
        return False
    ends = slice(per_slot - 1, None, per_slot)
    full = len(new) // per_slot
    return bool(np.count_nonzero(current[ends]) == full == np.count_nonzero(new[ends]))


def _classify_writes(original: Vector, current: Vector, new: Vector, per_slot: int) -> SlotWrites:
    """Apply the EIP-2200 rules to all writes at once, in matrices with a column per slot."""
    # Padding never changes, so it cannot count as anything but no-ops, which come from the size.
    slots = -(-len(new) // per_slot)
    padded = np.zeros((3, slots * per_slot), dtype=_INT64)
    padded[:, : len(new)] = original, current, new
    first, old, final = padded.reshape(3, slots, per_slot).transpose(0, 2, 1)
    changes = final != old
    was_zero = ~first.any(axis=0)
    is_zero = _states(old == 0, final == 0)
    is_original = _states(old == first, final == first)
    clean = changes & is_original[:-1]
    restored = changes & is_original[1:]
    cases = (
        clean & was_zero,
        clean & ~was_zero,
        changes & ~is_original[:-1],
        changes & is_zero[1:] & ~was_zero,
        changes & is_zero[:-1] & ~was_zero,
        restored & was_zero,
        restored & ~was_zero,
    )
    noops = len(new) - int(np.count_nonzero(changes))
    return SlotWrites(noops, *(int(np.count_nonzero(case)) for case in cases))


def _states(old: Flags, final: Flags) -> Flags:
    """Say whether all elements of a slot satisfy a condition, after its first k writes (row k).

    ``old`` and ``final`` (per_slot x slots) say it of each element before and after its write.
    """
    shape = (len(old) + 1, old.shape[1])
    written, unwritten = np.ones(shape, np.bool_), np.ones(shape, np.bool_)
    np.logical_and.accumulate(final, axis=0, out=written[1:])
    np.logical_and.accumulate(old[::-1], axis=0, out=unwritten[-2::-1])
    return written & unwritten


def _range(a: Vector) -> tuple[int, int]:
    """Return the smallest and the largest element of a non-empty vector."""
    return a.item(a.argmin()), a.item(a.argmax())


def _nearest(near: float, low: int) -> int:
    """Return the int equal to ``low`` modulo 2**64 that is less than 2**63 from ``near``."""
    guess = int(near)
    return guess + ((low - guess + 2**63) & (2**64 - 1)) - 2**63


def _quotient(a: int, b: int) -> int:
    """Return ``a / b`` truncated toward zero, for positive b."""
    return a // b if a >= 0 else -(-a // b)


def _divide(a: Vector, divisor: int, signed: bool) -> None:
    """Divide ``a`` in place, truncating toward zero; ``signed`` if it may have negatives."""
    if signed:
        # NumPy rounds down; a negative plus (divisor - 1) rounds up, and cannot overflow.
        a += (a >> _SIGN_SHIFT) & (divisor - 1)
    a //= divisor
