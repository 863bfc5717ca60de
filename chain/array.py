"""Immutable integer sequences, the vectors that cross contract boundaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1


class Array(Sequence[T], Generic[T]):
    """A read-only sequence whose derived forms are computed once, when first asked for.

    As an annotation, ``Array[int64]`` types arguments, results, event fields and storage. A
    storage field of this type reads as a storage array, which adds element assignment and
    ``append``.

    Values are checked against the element type where they enter (see ``chain.types``); inside,
    frames pass the same object on by reference.
    """

    def __init__(self, values: Iterable[T], int64: NDArray[np.int64] | None = None) -> None:
        self._values: tuple[T, ...] | None = tuple(values) if int64 is None else None
        if int64 is not None:
            self.__dict__["int64"] = int64

    @classmethod
    def of_int64(cls, vector: NDArray[np.int64]) -> Array[Any]:
        """Wrap a 1-D int64 vector without copying; it is made read-only."""
        vector.flags.writeable = False
        return cls((), vector)

    @property
    def values(self) -> tuple[T, ...]:
        """The elements as Python objects."""
        if self._values is None:
            self._values = tuple(self.int64.tolist())  # type: ignore[union-attr]
        return self._values

    @cached_property
    def int64(self) -> NDArray[np.int64] | None:
        """The elements as a read-only int64 vector; None where one does not fit."""
        try:
            vector = np.array(self._values, dtype=np.int64)
        except (OverflowError, ValueError, TypeError):
            return None
        vector.flags.writeable = False
        return vector

    @cached_property
    def packed(self) -> bytes:
        """Canonical bytes: 8-byte big-endian words, or 32-byte ones where some need more."""
        if self.int64 is not None:
            return b"\x08" + self.int64.astype(">i8").tobytes()
        return b"\x20" + b"".join(
            (int(v) % 2**256).to_bytes(32, "big")  # type: ignore[call-overload]
            for v in self.values
        )

    @cached_property
    def digest(self) -> bytes:
        """32-byte hash of the elements."""
        return sha256(self.packed).digest()

    @cached_property
    def nonzero_bytes(self) -> int:
        """Non-zero bytes when each element is a sign-extended 32-byte word (for calldata gas)."""
        packed = self.packed
        if packed[0] == 0x20:
            return len(packed) - 1 - packed.count(0, 1)
        negative = int(np.count_nonzero(self.int64 < 0))  # type: ignore[operator]
        return len(packed) - 1 - packed.count(0, 1) + 24 * negative

    def __len__(self) -> int:
        if self._values is not None:
            return len(self._values)
        return len(self.int64)  # type: ignore[arg-type]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.values[index]

    def __setitem__(self, index: int, value: T) -> None:
        raise TypeError("a passed array is read-only: copy it with list(...) to change it")

    def append(self, value: T) -> None:
        """Storage arrays only."""
        raise TypeError("a passed array is read-only: copy it with list(...) to change it")

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Array):
            return self is other or (len(self) == len(other) and self.values == other.values)
        if isinstance(other, list | tuple):
            return self.values == tuple(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        values = self.values
        inner = ", ".join(map(repr, values[:8])) + (", ..." if len(values) > 8 else "")
        return f"Array({len(values)}: [{inner}])"
