"""Structs: several typed fields under one key, packed into slots together."""

from __future__ import annotations

from collections.abc import Collection
from operator import itemgetter
from typing import Any, ClassVar, dataclass_transform, get_args, get_origin

from chain.cells import NO_KEYS, joined
from chain.contract.member_prices import pricing
from chain.contract.method import argument_check
from chain.contract.records import field_types
from chain.contract.source import refused_field
from chain.contract.storage import READ, WRITE, Builder, Map, MapType, Place, slots_of
from chain.errors import InvalidValue
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
        slots = slots_of(members.items())
        numbers = {name: number for number, slot in enumerate(slots) for name in slot}
        # What a key of this type reads as: a handle whose attributes are the members.
        attributes: dict[str, Any] = {
            name: _Packed(
                packed.index(name),
                members[name],
                numbers[name],
                tuple(packed.index(other) for other in slots[numbers[name]]),
            )
            if members[name].bits
            else _Behind(name)
            for name in members
        }
        self._writes: dict[tuple[str, ...], Writes | None] = {}
        self.handle: type[StructHandle] = type(
            f"{owner.__name__}Handle",
            (StructHandle,),
            {
                "__slots__": (),
                "members": tuple(name for name in members if is_plain(members[name])),
                **attributes,
            },
        )

    def writes(self, names: tuple[str, ...]) -> Writes | None:
        """How to write these members in one go; None unless all of them are packed."""
        try:
            return self._writes[names]
        except KeyError:
            found = [vars(self.handle).get(name) for name in names]
            packed = [each for each in found if isinstance(each, _Packed)]
            alike = len(packed) == len(names) == len(set(names))
            self._writes[names] = Writes(self, names, packed) if alike else None
            return self._writes[names]


class Writes:
    """Packed members of a struct that are written one after another.

    Attributes
    ----------
    check
        Return values for them in canonical form, or raise InvalidValue.
    price
        Given the schedule, what the struct held when the transaction began, what it holds and the
        values: what it holds then, and price and refund of the writes.
    narrow
        How many take less than their slot.
    slots
        Numbers of their slots.
    read_first
        Numbers of those that are read before they are written.
    """

    __slots__ = ("check", "narrow", "price", "read_first", "slots")

    def __init__(self, kind: StructType, names: tuple[str, ...], packed: list[_Packed]) -> None:
        self.check = argument_check(kind.name, {name: kind.members[name] for name in names})
        self.price = pricing(kind.defaults, [(member.index, member.slot) for member in packed])
        self.narrow = sum(member.narrow for member in packed)
        self.slots = frozenset(member.number for member in packed)
        self.read_first = frozenset(member.number for member in packed if member.narrow)


# Members are kept together, and copied with every write.
MOST_MEMBERS = 32


@dataclass_transform(kw_only_default=True)
class Struct:
    """Base of storage structs; read through a map or an array, members are read and written alone.

    A member may be a map, an array or a string; whole structs are written member by member.
    """

    contract_type: ClassVar[Type]

    def __init_subclass__(cls, **options: Any) -> None:
        members = field_types(cls, storage_type)
        if "address" in members:
            raise refused_field(
                cls, "address", "the struct would pass for one: choose another name"
            )
        if len(members) > MOST_MEMBERS:
            raise refused_field(
                cls, "", f"{len(members)} members, {MOST_MEMBERS} is the most: split it"
            )
        cls.contract_type = StructType(cls, members)


# The touched slots of a struct of which none is.
UNTOUCHED: frozenset[int] = frozenset()


class StructHandle:
    """A struct in storage, at certain keys.

    Which of its slots the transaction has touched, by their numbers, is kept under the place and
    the keys among what is warm (`Meter.warm`), from the first one on.
    """

    __slots__ = ("_keys", "_place", "_touched")

    members: ClassVar[tuple[str, ...]]  # those a public getter returns

    def __init__(self, place: StructPlace, keys: Any) -> None:
        self._place = place
        self._keys = keys
        self._touched: Any = place.host.meter.warm.get((place, keys), UNTOUCHED)

    def touched(self) -> Any:
        """The touched slots, whichever handle of the struct they were touched through."""
        touched = self._touched
        if touched is UNTOUCHED:
            warm = self._place.host.meter.warm
            touched = self._touched = warm.get((self._place, self._keys), UNTOUCHED)
        return touched

    def touch(self, slots: Collection[int]) -> None:
        """Make cold slots warm."""
        meter = self._place.host.meter
        touched = self.touched()
        if touched is UNTOUCHED:
            self._touched = meter.warm[self._place, self._keys] = set(slots)
        else:
            meter.touch(touched, slots)

    def read_slot(self, number: int) -> None:
        """Pay for reading a slot by itself."""
        meter = self._place.host.meter
        touched = self._touched
        if touched is UNTOUCHED:
            touched = self.touched()
        if number in touched:
            cost = meter.slot_warm
        else:
            cost = meter.slot_cold
            if touched is UNTOUCHED:  # as `touch` has it (hot path)
                self._touched = meter.warm[self._place, self._keys] = {number}
            else:
                meter.touch(touched, (number,))
        meter.used += cost
        if meter.used > meter.limit:
            meter.charge(0, READ)
        meter.read += cost

    def first_write(self, number: int) -> int:
        """What a write costs on top if it is first to touch its slot (EIP-2929)."""
        if number in self.touched():
            return 0
        self.touch((number,))
        return self._place.host.schedule.slot_cold_write


class StructPlace(Place):
    """Structs of one type: packed members as one tuple per key, others in places of their own."""

    __slots__ = ("_handle", "behind", "defaults", "members")

    kind: StructType

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

    def inner(self) -> Collection[Place]:
        return self.behind.values()

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if path and path[0] in self.behind:
            return self.behind[path[0]].leaf(keys, path[1:])
        if path and path[0] in self.members:
            return super().leaf(keys, path[1:])  # the packed members share a leaf
        return super().leaf(keys, path)

    def read(self, keys: Any) -> StructHandle:
        return self._handle(self, keys)

    def read_behind(self, keys: Any, key: Any) -> StructHandle:
        return self._handle(self, key if keys is NO_KEYS else joined(keys, key))

    def write_all(
        self, handle: StructHandle, names: tuple[str, ...], values: tuple[Any, ...]
    ) -> bool:
        """Write members in one go; False, and nothing is done, where that is not for sure right."""
        writes = self.kind.writes(names)
        host = self.host
        if writes is None or host.static:
            return False
        try:
            values = writes.check(values)
        except InvalidValue:
            return False
        meter = host.meter
        keys = handle._keys
        cells = self.cells
        before = cells.get(keys, ABSENT)
        held = self.defaults if before is ABSENT else before
        schedule = host.schedule
        changed, cost, refund = writes.price(
            schedule, host.original(cells, keys, held), held, values
        )
        reads = writes.narrow * schedule.slot_warm
        touched = handle._touched
        cold = writes.slots - (handle.touched() if touched is UNTOUCHED else touched)
        if cold:
            read_first = len(writes.read_first & cold)
            reads += read_first * (schedule.slot_cold - schedule.slot_warm)
            cost += (len(cold) - read_first) * schedule.slot_cold_write
        used = meter.used + reads + cost
        if meter.limit - used <= schedule.call_stipend:
            return False
        if cold:
            handle.touch(cold)
        meter.used = used
        meter.read += reads
        meter.by_reason[WRITE] += cost
        meter.refund += refund
        host.state.journal.entries.extend((cells, keys, before))
        cells[keys] = changed
        return True


def set_members(handle: Any, names: tuple[str, ...], values: tuple[Any, ...]) -> None:
    """``handle.a = x; handle.b = y; ...``: a run of writes, which the compiler puts together."""
    if not (isinstance(handle, StructHandle) and handle._place.write_all(handle, names, values)):
        for name, value in zip(names, values, strict=True):
            setattr(handle, name, value)


class _Packed:
    """A member of at most 32 bytes.

    `slot` lists the members, itself included, that share its slot, which is number `number`.
    """

    def __init__(self, index: int, kind: Type, number: int, slot: tuple[int, ...]) -> None:
        self.index = index
        self.kind = kind
        self.number = number
        self.slot = slot
        self.whole = itemgetter(*slot)  # what the slot holds, of all packed members
        self.narrow = kind.bits < SLOT_BITS

    def __get__(self, handle: StructHandle, owner: type) -> Any:
        place = handle._place
        number = self.number
        if number in handle._touched:  # as `read_slot` has it (hot path)
            meter = place.host.meter
            cost = meter.slot_warm
            meter.used += cost
            if meter.used > meter.limit:
                meter.charge(0, READ)
            meter.read += cost
        else:
            handle.read_slot(number)
        value = place.cells.get(handle._keys, place.defaults)[self.index]
        kind = self.kind
        return kind.reference(place.host, place.cells.path[0], value) if kind.refers else value

    def __set__(self, handle: StructHandle, value: Any) -> None:
        value = self.kind.check(value)
        place = handle._place
        host = place.host
        keys = handle._keys
        cells = place.cells
        index = self.index
        first = 0
        if self.narrow:
            handle.read_slot(self.number)
        else:
            first = handle.first_write(self.number)
        held = cells.get(keys, place.defaults)
        changed = (*held[:index], value, *held[index + 1 :])
        original = host.original(cells, keys, held)
        whole = self.whole
        zero = whole(place.defaults)
        host.pay_for_write(whole(original), whole(held), whole(changed), zero, first)
        host.state.journal.write(cells, keys, changed)


class _Behind:
    """A member that is a map, an array or a string."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, handle: StructHandle, owner: type) -> Any:
        return handle._place.behind[self.name].read(handle._keys)

    def __set__(self, handle: StructHandle, value: Any) -> None:
        handle._place.behind[self.name].write(handle._keys, value)
