"""Where state lives: families of cells and columns of array elements.

Both are plain containers that know their place in the state tree; every change goes through the
journal, so neither has an operation that the journal could not undo.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chain.array import VECTOR_LENGTH, Array
from chain.encoding import encode, encode_head, first_text

Leaves = dict[bytes, bytes | None]

# How many array elements share one leaf of the state tree: few enough that changing one element is
# cheap, many enough that a long vector is not a forest.
ELEMENTS_PER_LEAF = 64

NO_KEYS: tuple[()] = ()


@lru_cache(maxsize=4096)  # the same few balances and counts change in every block
def leaf_key(path: bytes) -> bytes:
    """Return where in the state tree the leaf named `path` belongs.

    That is the hash of the name, but for the first hex digit, which is that of the hash of the
    first text alone: all leaves of a contract, all balances, all nonces are below one branch. A
    block changes cells of few contracts, and so leaves most of the tree alone.
    """
    whole, group = sha256(path).digest(), sha256(first_text(path)).digest()
    return bytes((group[0] & 0xF0 | whole[0] & 0x0F,)) + whole[1:]


def joined(keys: Any, key: Any) -> Any:
    """Append a dynamic key; a single one stands for itself, which hashes faster than a tuple."""
    if keys is NO_KEYS:
        return key
    return (*keys, key) if type(keys) is tuple else (keys, key)


class Cells(dict[Any, Any]):
    """One family of cells: all balances, or one storage field with all its keys.

    Attributes
    ----------
    path
        Where the family belongs in the state tree, e.g. ``("balance",)`` or ``(contract, field)``.
    shared
        Dynamic keys that come before the cells' own: ``()``, a single one, or several.
    default
        What an unset cell reads as; a cell that holds it is no leaf of the tree.
    originals
        What the cells written by the running transaction held at its start (EIP-2200).
    batch
        For the journal: several of the cells at once.
    """

    __slots__ = ("_head", "batch", "default", "originals", "path", "shared")

    def __init__(self, path: tuple[str, ...], default: Any = None, shared: Any = NO_KEYS) -> None:
        super().__init__()
        self.path = path
        self.default = default
        self.shared = shared
        self.originals: dict[Any, Any] = {}
        self.batch = Batch(self)
        self._head: bytes | None = None

    def unset(self, key: Any) -> Any:
        """What `key` reads as when nothing was written there."""
        return self.default

    def add_leaves(self, found: Leaves, key: Any, before: Any) -> None:
        """Add the leaves of the state tree that differ since `key` held `before`.

        None stands for no leaf.
        """
        if isinstance(before, Column):
            found.update(dict.fromkeys(before.paths()))
        value = self.get(key)
        if isinstance(value, Column):
            value.add_leaves(found)
            return
        head = self._head
        if head is None:  # of all names, which are (*path, key)
            head = self._head = encode_head(self.path, len(self.path) + 1)
        unset = value is None or value == self.unset(key)
        found[head + encode(joined(self.shared, key))] = None if unset else encode(value)


class Batch:
    """Cells of one family that were written together: one entry of the journal stands for all.

    Its key is all their keys.
    """

    __slots__ = ("cells",)

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def get(self, keys: tuple[Any, ...], default: Any = None) -> list[Any]:
        """What the cells hold."""
        return list(map(self.cells.get, keys))

    def __setitem__(self, keys: tuple[Any, ...], values: list[Any]) -> None:
        self.cells.update(zip(keys, values, strict=True))

    def __delitem__(self, keys: tuple[Any, ...]) -> None:
        raise AssertionError("only cells that hold something are written together")

    def add_leaves(self, found: Leaves, keys: tuple[Any, ...], before: Any) -> None:
        """Add the leaves of the state tree that the cells are."""
        for key in keys:
            self.cells.add_leaves(found, key, None)


class Column:
    """The elements of one storage array, as a list, as an int64 vector, or both.

    Long vectors are read and replaced as int64; single elements are changed in the list. The vector
    is never changed in place, so arrays handed out may share it.

    Parameters
    ----------
    home, key
        The cell that holds the column; while it holds another, this one is no part of the state.
    elements
        Initial elements; an :class:`Array` is taken over without copying.
    """

    __slots__ = ("_int64", "_list", "home", "key", "originals")

    def __init__(self, home: Cells, key: Any, elements: Iterable[Any] = ()) -> None:
        self.home = home
        self.key = key
        self.originals: dict[int, Any] = {}
        self._list: list[Any] | None = None
        self._int64: NDArray[np.int64] | None = None
        if isinstance(elements, Array) and len(elements) >= VECTOR_LENGTH:
            self._int64 = elements.int64
        if self._int64 is None:
            self._list = list(elements)

    @property
    def elements(self) -> list[Any]:
        """The elements as a list; not to be changed by the caller."""
        if self._list is None:
            assert self._int64 is not None
            self._list = self._int64.tolist()
        return self._list

    @property
    def int64(self) -> NDArray[np.int64] | None:
        """The elements as a vector; None where one does not fit."""
        if self._int64 is None:
            self._int64 = Array(self.elements).int64
        return self._int64

    def array(self, checked: Any) -> Array[Any]:
        """The elements as an immutable array of the element type `checked`, shared if long."""
        vector = self.int64 if len(self) >= VECTOR_LENGTH else None
        return Array(self.elements, checked) if vector is None else Array.of_int64(vector, checked)

    def get(self, index: int, default: Any = None) -> Any:
        """The element at `index`, or `default` beyond the end."""
        if index >= len(self):
            return default
        return self._list[index] if self._list is not None else int(self._int64[index])  # type: ignore[index]

    def __setitem__(self, index: int, value: Any) -> None:
        elements = self.elements
        if index == len(elements):
            elements.append(value)
        else:
            elements[index] = value
        self._int64 = None

    def __delitem__(self, index: int) -> None:
        elements = self.elements
        assert index == len(elements) - 1, "only the last element of a column goes away"
        elements.pop()
        self._int64 = None

    def __len__(self) -> int:
        return len(self._list) if self._list is not None else len(self._int64)  # type: ignore[arg-type]

    def paths(self) -> list[bytes]:
        """Names of all leaves of the column."""
        chunks = -(-len(self) // ELEMENTS_PER_LEAF)
        return [self._path("length"), *(self._path("elements", chunk) for chunk in range(chunks))]

    def _path(self, *part: Any) -> bytes:
        return encode((*self.home.path, self.key, *part))

    def add_leaves(self, found: Leaves, key: int | None = None, before: Any = None) -> None:
        """Add the leaves of the element at `key`, or of the whole column."""
        if self.home.get(self.key) is not self:
            return
        chunks = -(-len(self) // ELEMENTS_PER_LEAF)
        found[self._path("length")] = encode(len(self)) if len(self) else None
        for chunk in range(chunks) if key is None else (key // ELEMENTS_PER_LEAF,):
            start = chunk * ELEMENTS_PER_LEAF
            part = self.elements[start : start + ELEMENTS_PER_LEAF]
            found[self._path("elements", chunk)] = encode(part) if part else None
