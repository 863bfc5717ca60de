"""Storage fields: how annotated attributes become metered, journaled cells.

The layout is Solidity's: fields narrower than 32 bytes share a slot in declaration order, mappings
and arrays keep their values behind a keccak of the slot number. Reading a value costs one slot
read; writing one that is narrower than its slot costs a read (for the mask) and a write, as solc
emits it.

A :class:`Place` is one static path of storage in one deployed contract (``added_data``,
``added_data[].claimed_by[]``); its dynamic keys are the mapping keys and array indices on the way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from chain.array import Array
from chain.cells import NO_KEYS, Cells, joined
from chain.compute import READ_TEXT, WRITE_TEXT, WRITE_TEXT_SLOT
from chain.contract.sequences import weigh
from chain.errors import InvalidValue
from chain.gas import Reason
from chain.host import Host
from chain.types import SLOT_BITS, Type

KECCAK = int(Reason.KECCAK)
READ = int(Reason.STORAGE_READ)
WRITE = int(Reason.STORAGE_WRITE)

K = TypeVar("K")
V = TypeVar("V")

# The cells of a map that nothing was written to.
NOTHING: dict[Any, Any] = {}

Builder = Callable[[Host, Type, tuple[str, ...]], "Place"]


class Place:
    """One path of storage, of one type, in one contract.

    Attributes
    ----------
    host
        Meter and journal.
    kind
        The type of what is stored.
    cells
        The values, by dynamic key.
    """

    __slots__ = ("cells", "host", "kind")

    def __init__(self, host: Host, kind: Type, path: tuple[str, ...]) -> None:
        self.host = host
        self.kind = kind
        self.cells = Cells(path, kind.default)

    def read(self, keys: Any) -> Any:
        """The value, or a handle to it, at these dynamic keys."""
        raise NotImplementedError

    def write(self, keys: Any, value: Any) -> None:
        """Replace the value at these dynamic keys."""
        raise TypeError(f"a {self.kind} cannot be assigned whole: write what is in it")

    def read_behind(self, keys: Any, key: Any) -> Any:
        """What a map at `keys` holds at its own `key`."""
        return self.read(joined(keys, key))

    def write_behind(self, keys: Any, key: Any, value: Any) -> None:
        """Replace what a map at `keys` holds at its own `key`."""
        self.write(joined(keys, key), value)

    def inner(self) -> Iterable[Place]:
        """Places that this one's values live in."""
        return ()

    def families(self) -> Iterator[Cells]:
        """The cells of this place and of all inside it, for those who look from outside."""
        yield self.cells
        for place in self.inner():
            yield from place.families()

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        """Name in the state tree of what a getter finds along `path` from these dynamic keys.

        Raises InvalidValue if the path ends too early or goes on too far.
        """
        if path:
            raise InvalidValue(f"a {self.kind} has nothing at {path[0]!r}")
        return (*self.cells.path, keys)


class ScalarPlace(Place):
    """A map's values of at most 32 bytes, each in a slot of its own.

    A map that is itself behind keys (``counts[class][feature]``) has cells of its own, found by
    those: then the key of a value is short, and quick to hash and to compare.

    """

    __slots__ = ("_behind",)

    def __init__(self, host: Host, kind: Type, path: tuple[str, ...]) -> None:
        super().__init__(host, kind, path)
        self._behind: dict[Any, Cells] = {}

    def cells_of(self, keys: Any) -> Cells:
        """The cells of the map at `keys`."""
        if keys is NO_KEYS:
            return self.cells
        found = self._behind.get(keys)
        if found is None:
            found = self._behind[keys] = Cells(self.cells.path, self.cells.default, keys)
        return found

    def known_cells(self, keys: Any) -> dict[Any, Any]:
        """The same to read from; none are made."""
        return self.cells if keys is NO_KEYS else self._behind.get(keys, NOTHING)

    def touched(self, keys: Any) -> set[Any]:
        """The slots of the map at `keys` that the transaction has touched, by its own keys."""
        return self.host.meter.slots_of((self, keys))

    def families(self) -> Iterator[Cells]:
        together = Cells(self.cells.path, self.cells.default)  # whichever map they belong to
        together.update(self.cells)
        for keys, cells in self._behind.items():
            together.update({joined(keys, key): value for key, value in cells.items()})
        yield together

    def read_behind(self, keys: Any, key: Any) -> Any:
        kind = self.kind
        host = self.host
        host.meter.read_one_of(self.touched(keys), key)
        value = self.known_cells(keys).get(key, kind.default)
        return kind.reference(host, self.cells.path[0], value) if kind.refers else value

    def write_behind(self, keys: Any, key: Any, value: Any) -> None:
        kind = self.kind
        value = kind.check(value)
        host = self.host
        first = 0
        if kind.bits < SLOT_BITS:
            host.meter.read_one_of(self.touched(keys), key)
        else:
            first = host.meter.first_write_of(self.touched(keys), key)
        cells = self.cells_of(keys)
        default = kind.default
        host.store(cells, key, cells.get(key, default), value, default, first)
        host.state.journal.write(cells, key, value)


class TextPlace(Place):
    """A string: in one slot with its length up to 31 bytes, else a length slot and data slots."""

    __slots__ = ()

    def read(self, keys: Any) -> str:
        text: str = self.cells.get(keys, "")
        host = self.host
        words = len(_text_slots(text))
        host.meter.work(READ_TEXT)
        for index in range(words):
            host.meter.read_slot((self, keys, index))
        if words > 1:
            host.meter.charge(host.schedule.array_access, KECCAK)
        return text

    def write(self, keys: Any, value: Any) -> None:
        value = self.kind.check(value)
        host = self.host
        host.meter.read_slot((self, keys, 0))
        current = _text_slots(self.cells.get(keys, ""))
        new = _text_slots(value)
        if max(len(new), len(current)) > 1:
            host.meter.charge(host.schedule.array_access, KECCAK)
        host.meter.work(WRITE_TEXT + WRITE_TEXT_SLOT * (len(new) - 1))
        for index in range(max(len(new), len(current))):
            host.store(
                self.cells,
                (keys, "slot", index),
                current[index] if index < len(current) else b"",
                new[index] if index < len(new) else b"",
                b"",
                host.meter.first_write((self, keys, index)),
            )
        host.state.journal.write(self.cells, keys, value)


def _text_slots(text: str) -> list[bytes]:
    """The slots a string occupies; an unset slot is empty bytes."""
    data = text.encode()
    if len(data) < 32:
        return [data]
    words = [data[start : start + 32] for start in range(0, len(data), 32)]
    return [len(data).to_bytes(32, "big"), *words]


class MapType(Type):
    """Type of a mapping; storage only."""

    passes = False

    def __init__(self, key: Type, value: Type) -> None:
        self.name = f"Map[{key.name}, {value.name}]"
        self.key = key
        self.value = value


class MapPlace(Place):
    """A mapping; its values live in a place of their own."""

    __slots__ = ("_handle", "_last", "_last_keys", "keys", "values")

    def __init__(self, host: Host, kind: MapType, path: tuple[str, ...], build: Builder) -> None:
        super().__init__(host, kind, path)
        self.keys = kind.key
        self.values = build(host, kind.value, (*path, "[]"))
        self._handle: Map[Any, Any] = Map(self, NO_KEYS)
        self._last_keys = NO_KEYS  # loops ask for the same map again and again
        self._last = self._handle

    def inner(self) -> Iterable[Place]:
        return (self.values,)

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if not path:
            raise InvalidValue(f"a {self.kind} is proved key by key: give one")
        return self.values.leaf(joined(keys, self.keys.check(path[0])), path[1:])

    def read(self, keys: Any) -> Map[Any, Any]:
        if keys is NO_KEYS:
            return self._handle
        if keys is not self._last_keys:
            self._last_keys = keys
            self._last = Map(self, keys)
        return self._last


class Map(Generic[K, V]):
    """A storage field from keys to values, like Solidity's ``mapping``: unset keys read as zero.

    ``Map[address, uint256]`` as a field annotation; values may be any storable type, maps and
    structs included. It cannot be passed, iterated or counted, as on a chain.
    """

    __slots__ = ("_keys", "_place")

    # With __getitem__ alone, Python would walk a map from 0 on, for ever.
    __iter__ = None
    __contains__ = None

    def __init__(self, place: MapPlace, keys: Any) -> None:
        self._place = place
        self._keys = keys

    def __getitem__(self, key: K) -> V:
        place = self._place
        host = place.host
        meter = host.meter
        gas = host.schedule.map_access
        used = meter.used + gas
        if used > meter.limit:
            meter.charge(gas, KECCAK)
        meter.used = used
        meter.by_reason[KECCAK] += gas
        keys = place.keys
        if keys.dynamic:
            weigh(meter, key)
        checked = keys.check(key)
        value: V = place.values.read_behind(self._keys, checked)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        place = self._place
        host = place.host
        host.meter.charge(host.schedule.map_access, KECCAK)
        if place.keys.dynamic:
            weigh(host.meter, key)
        checked = place.keys.check(key)
        place.values.write_behind(self._keys, checked, value)


class StorageSequence(ABC):
    """A storage field of type ``Array[...]``, at certain keys."""

    __slots__ = ("_keys", "_place")

    def __init__(self, place: Place, keys: Any) -> None:
        self._place = place
        self._keys = keys

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: int) -> Any: ...

    @abstractmethod
    def load(self) -> Array[Any]:
        """Copy the array to memory."""

    def __iter__(self) -> Iterator[Any]:
        index = 0
        while index < len(self):  # which is read at every turn
            yield self[index]
            index += 1

    def __eq__(self, other: object) -> bool:
        return self is other or self.load() == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "an array in storage (copy it with .load())"


def slots_of(kinds: Iterable[tuple[str, Type]]) -> list[list[str]]:
    """Share packed fields out to slots: names per slot, in order, as Solidity lays them out."""
    slots: list[list[str]] = []
    free = 0
    for name, kind in kinds:
        if kind.bits and kind.bits <= free:
            slots[-1].append(name)
            free -= kind.bits
        else:
            slots.append([name])
            free = SLOT_BITS - kind.bits if kind.bits else 0
    return slots
