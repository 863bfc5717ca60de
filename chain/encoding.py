"""One canonical byte form of every value, for hashes, state leaves and proofs.

Injective: two values have the same bytes only if they are equal (lists, tuples and arrays of equal
elements are equal; ``True`` is not 1).
"""

from __future__ import annotations

from typing import Any

from chain.array import Array

# Of integers, by the bytes they take: of all that a contract can hold.
_INT_HEADS = tuple(b"i" + size.to_bytes(4, "big") for size in range(34))


def encode(value: Any) -> bytes:
    """Return the canonical bytes of `value`.

    Takes None, bool, int, str, bytes, and sequences of these; an object with an ``encoded()``
    method speaks for itself. Raises TypeError for anything else.
    """
    if type(value) is int:
        size = (value.bit_length() + 8) // 8
        head = _INT_HEADS[size] if size <= 33 else b"i" + size.to_bytes(4, "big")
        return head + value.to_bytes(size, "big", signed=True)
    if isinstance(value, str):
        data = value.encode()
        return b"s" + len(data).to_bytes(4, "big") + data
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, bytes):
        return b"b" + len(value).to_bytes(4, "big") + value
    if isinstance(value, tuple | list | Array):
        return _encode_sequence(value)
    if hasattr(value, "encoded"):
        return encode(value.encoded())
    raise TypeError(f"a {type(value).__name__} has no canonical encoding")


def _encode_sequence(values: tuple[Any, ...] | list[Any] | Array[Any]) -> bytes:
    elements = values.values if isinstance(values, Array) else values
    if elements and all(type(element) is int for element in elements):
        vector = values if isinstance(values, Array) else Array(elements)
        if all(-(2**255) <= element < 2**255 for element in elements):
            return b"v" + len(elements).to_bytes(4, "big") + vector.packed
    return b"l" + len(elements).to_bytes(4, "big") + b"".join(map(encode, elements))
