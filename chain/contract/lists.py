"""Storage arrays of strings, arrays and structs: a length, and elements in a place of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chain.array import Array
from chain.cells import joined
from chain.contract.storage import KECCAK, Builder, Place, StorageSequence
from chain.errors import InvalidValue, Panic
from chain.host import Host
from chain.types import ArrayType


class ListPlace(Place):
    """Arrays of strings, arrays or structs: a length, and elements in a place of their own."""

    __slots__ = ("_handle", "elements")

    def __init__(self, host: Host, kind: ArrayType, path: tuple[str, ...], build: Builder) -> None:
        super().__init__(host, kind, path)
        self.cells.default = 0
        self.elements = build(host, kind.element, (*path, "[]"))
        self._handle = StorageList(self, ())

    def inner(self) -> Iterable[Place]:
        return (self.elements,)

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if path:
            if type(path[0]) is not int or path[0] < 0:
                raise InvalidValue(f"an {self.kind} has no element at {path[0]!r}")
            return self.elements.leaf(joined(keys, path[0]), path[1:])
        return super().leaf(keys, path)

    def read(self, keys: Any) -> StorageList:
        return self._handle if keys == () else StorageList(self, keys)

    def write(self, keys: Any, value: Any) -> None:
        StorageList(self, keys).assign(value)


class StorageList(StorageSequence):
    """A storage field of type ``Array[...]`` whose elements take more than a slot."""

    __slots__ = ()

    _place: ListPlace

    def __len__(self) -> int:
        place = self._place
        place.host.meter.read_slot((place, self._keys))
        return place.cells.get(self._keys, 0)  # type: ignore[no-any-return]

    def _at(self, index: int, size: int) -> Any:
        if not 0 <= index < size:
            raise Panic(f"index {index} is out of bounds of an array of {size}")
        host = self._place.host
        host.meter.charge(host.schedule.array_access, KECCAK)
        return joined(self._keys, index)

    def __getitem__(self, index: int) -> Any:
        return self._place.elements.read(self._at(index, len(self)))

    def __setitem__(self, index: int, value: Any) -> None:
        self._place.elements.write(self._at(index, len(self)), value)

    def add(self) -> Any:
        """Add an unset element at the end and return a handle to it."""
        place = self._place
        host = place.host
        size = len(self)
        host.store(place.cells, self._keys, size, size + 1, 0)
        host.state.journal.write(place.cells, self._keys, size + 1)
        return place.elements.read(self._at(size, size + 1))

    def append(self, value: Any) -> None:
        """Add an element at the end."""
        place = self._place
        host = place.host
        size = len(self)
        host.store(place.cells, self._keys, size, size + 1, 0)
        host.state.journal.write(place.cells, self._keys, size + 1)
        place.elements.write(self._at(size, size + 1), value)

    def load(self) -> Array[Any]:
        """Copy the array to memory."""
        loaded = []
        for element in self:
            loaded.append(element.load() if hasattr(element, "load") else element)
        return Array(loaded)

    def assign(self, value: Sequence[Any]) -> None:
        """Replace all elements; raises Panic where that would shorten the list."""
        place = self._place
        host = place.host
        # Its elements are checked one by one as they are written, and paid for: they may share
        # parts, and be far more than the list's memory.
        sequence = isinstance(value, Array | list | tuple)
        values: Sequence[Any] = value if sequence else place.kind.check(value)
        size = len(self)
        if len(values) < size:
            raise Panic(f"a list of {size} cannot be shortened to {len(values)}: keep it, or a map")
        host.store(place.cells, self._keys, size, len(values), 0)
        host.state.journal.write(place.cells, self._keys, len(values))
        for index, item in enumerate(values):
            place.elements.write(self._at(index, len(values)), item)
