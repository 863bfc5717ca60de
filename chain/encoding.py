"""One canonical byte form of every value, for hashes, state leaves and proofs.

Injective: two values have the same bytes only if they are equal (lists, tuples and arrays of equal
elements are equal; ``True`` is not 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chain.array import Array, pack
from chain.values import Address

# Of integers, by the bytes they take: of all that a contract can hold.
_INT_HEADS = tuple(b"i" + size.to_bytes(4, "big") for size in range(34))

_ALL_INTS = {int}


def encode(value: Any) -> bytes:
    """Return the canonical bytes of `value`.

    Takes None, bool, int, str, bytes, and sequences of these; an object with an ``encoded()``
    method speaks for itself. Raises TypeError for anything else.
    """
    return _ENCODERS[type(value)](value)


def encode_head(first: Sequence[str], count: int) -> bytes:
    """The bytes that a sequence of `count` elements begins with, if these texts come first."""
    return b"l" + count.to_bytes(4, "big") + b"".join(map(encode, first))


def first_text(encoded: bytes) -> bytes:
    """What an encoded sequence that begins with a text begins with."""
    return encoded[10 : 10 + int.from_bytes(encoded[6:10], "big")]


def _encode_int(value: int) -> bytes:
    size = (value.bit_length() + 8) // 8
    head = _INT_HEADS[size] if size <= 33 else b"i" + size.to_bytes(4, "big")
    return head + value.to_bytes(size, "big", signed=True)


def _encode_text(value: str) -> bytes:
    data = value.encode()
    return b"s" + len(data).to_bytes(4, "big") + data


def _encode_bytes(value: bytes) -> bytes:
    return b"b" + len(value).to_bytes(4, "big") + value


def _encode_array(array: Array[Any]) -> bytes:
    if array.is_vector and len(array):
        return b"v" + len(array).to_bytes(4, "big") + array.packed
    return _encode_sequence(array.values)


def _encode_sequence(elements: Sequence[Any]) -> bytes:
    count = len(elements).to_bytes(4, "big")
    if elements and type(elements[0]) is int and set(map(type, elements)) == _ALL_INTS:
        packed = pack(elements)
        if packed[0] == 8 or -(2**255) <= min(elements) <= max(elements) < 2**255:
            return b"v" + count + packed
    # As `encode` does it: half of what is encoded is an element of something.
    return b"l" + count + b"".join([_ENCODERS[type(element)](element) for element in elements])


def _encode_object(value: Any) -> bytes:
    return encode(value.encoded())


class _Encoders(dict[type, Callable[[Any], bytes]]):
    """How to encode a value, by its type."""

    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        for base in (str, bytes, tuple, list, Array):
            if issubclass(kind, base):
                return self[base]
        if hasattr(kind, "encoded"):
            return _encode_object
        raise TypeError(f"a {kind.__name__} has no canonical encoding")


_ENCODERS = _Encoders(
    {
        int: _encode_int,
        str: _encode_text,
        Address: _encode_text,
        bytes: _encode_bytes,
        bool: lambda value: b"t" if value else b"f",
        type(None): lambda _: b"n",
        tuple: _encode_sequence,
        list: _encode_sequence,
        Array: _encode_array,
    }
)
