"""Structs: several typed fields under one key, packed into slots together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, dataclass_transform, get_args, get_origin

from chain.contract.records import field_types
from chain.contract.storage import READ, Builder, Map, MapType, Place, slots_of
from chain.host import Host
from chain.journal import ABSENT
from chain.types import SLOT_BITS, StringType, Type, type_of


def storage_type(annotation: Any) -> Type:
    """The type behind an annotation of a storage field: ``type_of``, and ``Map[...]``."""
    if get_origin(annotation) is Map:
        key, value = get_args(annotation)
        return MapType(type_of(key), storage_type(value))
    return type_of(annotation)


def is_plain(kind: Type) -> bool:
    """Whether a getter of a struct returns members of a type: not maps, arrays and structs."""
    return kind.bits > 0 or isinstance(kind, StringType)


class StructType(Type):
    """Type of a struct; storage only."""

    passes = False

    def __init__(self, owner: type[Struct], members: dict[str, Type]) -> None:
        self.name = owner.__name__
        self.members = members
        packed = [name for name, kind in members.items() if kind.bits]
        self.defaults = tuple(members[name].default for name in packed)
        slots = {
            name: tuple(packed.index(other) for other in slot)
            for slot in slots_of(members.items())
            for name in slot
            if members[name].bits
        }
        # What a key of this type reads as: a handle whose attributes are the members.
        attributes: dict[str, Any] = {
            name: _Packed(packed.index(name), members[name], slots[name])
            if members[name].bits
            else _Behind(name)
            for name in members
        }
        self.handle: type[StructHandle] = type(
            f"{owner.__name__}Handle",
            (StructHandle,),
            {
                "__slots__": (),
                "members": tuple(name for name in members if is_plain(members[name])),
                **attributes,
            },
        )


@dataclass_transform(kw_only_default=True)
class Struct:
    """Base of storage structs; read through a map or an array, members are read and written alone.

    A member may be a map, an array or a string; whole structs are written member by member.
    """

    contract_type: ClassVar[Type]

    def __init_subclass__(cls, **options: Any) -> None:
        cls.contract_type = StructType(cls, field_types(cls, storage_type))


class StructHandle:
    """A struct in storage, at certain keys."""

    __slots__ = ("_keys", "_place")

    members: ClassVar[tuple[str, ...]]  # those a public getter returns

    def __init__(self, place: StructPlace, keys: Any) -> None:
        self._place = place
        self._keys = keys


class StructPlace(Place):
    """Structs of one type: packed members as one tuple per key, others in places of their own."""

    __slots__ = ("_handle", "behind", "defaults", "members")

    def __init__(self, host: Host, kind: StructType, path: tuple[str, ...], build: Builder) -> None:
        super().__init__(host, kind, path)
        self._handle = kind.handle
        self.members = kind.members
        self.defaults = self.cells.default = kind.defaults
        self.behind = {
            name: build(host, member, (*path, name))
            for name, member in kind.members.items()
            if not member.bits
        }

    def inner(self) -> Iterable[Place]:
        return self.behind.values()

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if path and path[0] in self.behind:
            return self.behind[path[0]].leaf(keys, path[1:])
        if path and path[0] in self.members:
            return super().leaf(keys, path[1:])  # the packed members share a leaf
        return super().leaf(keys, path)

    def read(self, keys: Any) -> StructHandle:
        return self._handle(self, keys)


class _Packed:
    """A member of at most 32 bytes.

    `slot` lists the members, itself included, that share its slot.
    """

    def __init__(self, index: int, kind: Type, slot: tuple[int, ...]) -> None:
        self.index = index
        self.kind = kind
        self.slot = slot
        self.narrow = kind.bits < SLOT_BITS

    def __get__(self, handle: StructHandle, owner: type) -> Any:
        place = handle._place
        host = place.host
        meter = host.meter
        cost = host.schedule.storage_read
        meter.used += cost
        meter.by_reason[READ] += cost
        value = place.cells.get(handle._keys, place.defaults)[self.index]
        kind = self.kind
        return kind.reference(host, place.cells.path[0], value) if kind.refers else value

    def __set__(self, handle: StructHandle, value: Any) -> None:
        value = self.kind.check(value)
        place = handle._place
        host = place.host
        keys = handle._keys
        cells = place.cells
        index = self.index
        if self.narrow:
            host.meter.charge(host.schedule.storage_read, READ)
        before = cells.get(keys, ABSENT)
        held = place.defaults if before is ABSENT else before
        parts = list(held)
        parts[index] = value
        changed = tuple(parts)
        slot = self.slot
        if len(slot) == 1:
            host.store(cells, (keys, index), held[index], value, self.kind.default)
        else:
            host.store(
                cells,
                (keys, slot),
                [held[i] for i in slot],
                [changed[i] for i in slot],
                [place.defaults[i] for i in slot],
            )
        journal = host.state.journal
        entries = journal.entries
        if len(entries) == journal.barrier or entries[-2] is not keys or entries[-3] is not cells:
            entries.extend((cells, keys, before))
        cells[keys] = changed


class _Behind:
    """A member that is a map, an array or a string."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, handle: StructHandle, owner: type) -> Any:
        return handle._place.behind[self.name].read(handle._keys)

    def __set__(self, handle: StructHandle, value: Any) -> None:
        handle._place.behind[self.name].write(handle._keys, value)
