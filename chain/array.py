"""Immutable sequences, the vectors that cross contract boundaries."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

# Comparing with an array takes less time than comparing with a Python int.
_ZERO = np.array(0, dtype=np.int64)

# From this length on numpy beats plain Python (measured; see benchmarks).
VECTOR_LENGTH = 48

READ_ONLY = "a passed array is read-only: copy it with list(...) to change it"


def pack(integers: Sequence[int]) -> bytes:
    """Canonical bytes of integers: their width (8, or else 32), then little-endian words."""
    try:
        return struct.pack(f"<b{len(integers)}q", 8, *integers)
    except struct.error:
        words = [int(integer) % 2**256 for integer in integers]
        return b"\x20" + b"".join([word.to_bytes(32, "little") for word in words])


class Array(Sequence[T], Generic[T]):
    """A read-only sequence whose derived forms are computed once, when first asked for.

    As an annotation, ``Array[int64]`` types arguments, results, event fields and storage. A
    storage field of this type reads as a storage array, which adds element assignment, ``append``
    and ``load``.

    Values are checked against the element type where they enter (see ``chain.types``); inside,
    frames pass the same object on by reference.

    Attributes
    ----------
    checked
        The element type that all values were checked against; None if they were not.
    """

    __slots__ = (
        "_bounds",
        "_digest",
        "_int64",
        "_nonzero_bytes",
        "_packed",
        "_size",  # the length, for this package's hot path: len(...) is a call
        "_values",
        "checked",
    )

    def __init__(self, values: Iterable[T], checked: Any = None) -> None:
        held = tuple(values)
        self._values: tuple[T, ...] | None = held
        self._size = len(held)
        self._int64: NDArray[np.int64] | bool | None = None  # False: some value does not fit
        self._packed: bytes | None = None
        self._nonzero_bytes: int | None = None
        self._digest: bytes | None = None
        self._bounds: tuple[T, T] | None = None
        self.checked = checked

    @classmethod
    def of_int64(cls, vector: NDArray[np.int64], checked: Any = None) -> Array[Any]:
        """Wrap a 1-D int64 vector without copying; it is made read-only."""
        vector.setflags(write=False)
        array: Array[Any] = cls((), checked)
        array._values = None
        array._size = len(vector)
        array._int64 = vector
        return array

    @property
    def values(self) -> tuple[T, ...]:
        """The elements as Python objects."""
        if self._values is None:
            self._values = tuple(self._int64.tolist())  # type: ignore[union-attr]
        return self._values

    @property
    def int64(self) -> NDArray[np.int64] | None:
        """The elements as a read-only int64 vector; None where one does not fit."""
        vector = self._int64
        if vector is None:
            try:
                vector = np.array(self._values, dtype=np.int64)
                vector.setflags(write=False)
            except (OverflowError, TypeError, ValueError):
                vector = False
            self._int64 = vector
        return None if vector is False else vector  # type: ignore[return-value]

    @property
    def bounds(self) -> tuple[T, T]:
        """The smallest and the largest of integers; there must be one."""
        bounds = self._bounds
        if bounds is None:
            values: Any = self._values
            if values is None:
                vector: Any = self._int64
                bounds = vector.item(vector.argmin()), vector.item(vector.argmax())
            else:
                bounds = min(values), max(values)
            self._bounds = bounds
        return bounds

    @property
    def packed(self) -> bytes:
        """Canonical bytes of integers, as `pack` makes them."""
        packed = self._packed
        if packed is None:
            values: Any = self._values
            packed = b"\x08" + self._words().tobytes() if values is None else pack(values)
            self._packed = packed
        return packed

    @property
    def digest(self) -> bytes:
        """32-byte hash of integers."""
        if self._digest is None:
            if self._packed is None and self._values is None:
                hashing = sha256(b"\x08")
                hashing.update(self._words().data)
                self._digest = hashing.digest()
            else:
                self._digest = sha256(self.packed).digest()
                self._packed = None  # asked for no more, and as long as the values themselves
        return self._digest

    @property
    def nonzero_bytes(self) -> int:
        """Non-zero bytes when each integer is a sign-extended 32-byte word (for calldata gas)."""
        count = self._nonzero_bytes
        if count is None and self._values is None:
            vector = self._int64
            count = int(np.count_nonzero(vector.view(np.uint8)))  # type: ignore[union-attr]
            # Sign extension adds 24 bytes of 0xff.
            count += 24 * int(np.count_nonzero(vector < _ZERO))  # type: ignore[operator]
            self._nonzero_bytes = count
        if count is None:
            packed = self.packed
            count = len(packed) - packed.count(0) - 1
            if packed[0] == 8 and self._values and self.bounds[0] < 0:  # type: ignore[operator]
                count += 24 * sum([v < 0 for v in self._values])  # type: ignore[operator]
            self._nonzero_bytes = count
        return count

    @property
    def is_vector(self) -> bool:
        """Whether the elements are held as int64 alone, not as Python objects."""
        return self._values is None

    def _words(self) -> NDArray[np.int64]:
        """The vector as little-endian words: itself, on most machines."""
        return self._int64.astype("<i8", copy=False)  # type: ignore[union-attr]

    def load(self) -> Array[T]:
        """Storage arrays: copy the array to memory. This one is there already."""
        return self

    def append(self, value: T) -> None:
        """Storage arrays only: add an element at the end."""
        raise TypeError(READ_ONLY)

    def add(self) -> T:
        """Storage arrays of structs and arrays only: add an unset element, and return it."""
        raise TypeError(READ_ONLY)

    def __setitem__(self, index: int, value: T) -> None:
        raise TypeError(READ_ONLY)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.values[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Array):
            return self is other or (self._size == other._size and self.values == other.values)
        if isinstance(other, list | tuple):
            return self.values == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        values = self.values
        inner = ", ".join(map(repr, values[:8])) + (", ..." if len(values) > 8 else "")
        return f"Array({len(values)}: [{inner}])"
