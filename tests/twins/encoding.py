"""The canonical bytes of a value, written as they are defined: one rule after another."""

from __future__ import annotations

from typing import Any

from chain.array import Array


def encode(value: Any) -> bytes:
    """What ``chain.encoding.encode`` is to return."""
    if type(value) is int:
        size = (value.bit_length() + 8) // 8
        return tagged(b"i", size) + value.to_bytes(size, "big", signed=True)
    if isinstance(value, str):
        data = value.encode()
        return tagged(b"s", len(data)) + data
    if value is None:
        return b"n"
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, bytes):
        return tagged(b"b", len(value)) + value
    if isinstance(value, tuple | list | Array):
        elements = list(value)
        whole = all(type(element) is int for element in elements)
        if elements and whole and all(-(2**255) <= element < 2**255 for element in elements):
            size = 8 if all(-(2**63) <= element < 2**63 for element in elements) else 32
            words = [element.to_bytes(size, "little", signed=True) for element in elements]
            return tagged(b"v", len(words)) + bytes([size]) + b"".join(words)
        return tagged(b"l", len(elements)) + b"".join(map(encode, elements))
    return encode(value.encoded())


def tagged(tag: bytes, count: int) -> bytes:
    """What stands before data of a size, or before so many elements."""
    return tag + count.to_bytes(4, "big")
