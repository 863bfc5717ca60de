"""Storage fields of a contract class: from annotations to descriptors that read and write cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chain.cells import NO_KEYS, Cells
from chain.contract.arrays import ArrayPlace
from chain.contract.lists import ListPlace
from chain.contract.storage import (
    Map,
    MapPlace,
    MapType,
    Place,
    ScalarPlace,
    StorageSequence,
    TextPlace,
    slots_of,
)
from chain.contract.structs import StructHandle, StructPlace, StructType
from chain.errors import InvalidValue
from chain.gas import Meter
from chain.host import Host
from chain.journal import ABSENT
from chain.types import ADDRESS, SLOT_BITS, UINT256, ArrayType, Type
from chain.values import Address, shown

if TYPE_CHECKING:
    from chain.contract.contract import Contract


class ContractType(Type):
    """The address of a contract of a known class; reads as a reference to call through."""

    bits = ADDRESS.bits
    default = ADDRESS.default
    refers = True

    def __init__(self, owner: type[Contract]) -> None:
        self.name = owner.__name__
        self.owner = owner

    def check(self, value: Any) -> Address:
        return ADDRESS.check(value)

    def abi_nonzero(self, value: Address) -> int:
        return ADDRESS.abi_nonzero(value)

    def reference(self, host: Host, caller: Address, value: Address) -> Any:
        return self.owner._reference(host.state.contracts[caller], value)


def build_place(host: Host, kind: Type, path: tuple[str, ...]) -> Place:
    """Make the place for values of `kind` at `path`, and those inside it."""
    if isinstance(kind, MapType):
        return MapPlace(host, kind, path, build_place)
    if isinstance(kind, StructType):
        return StructPlace(host, kind, path, build_place)
    if isinstance(kind, ArrayType):
        packed = kind.element.bits > 0
        return (ArrayPlace if packed else ListPlace)(host, kind, path, build_place)
    return ScalarPlace(host, kind, path) if kind.bits else TextPlace(host, kind, path)


class FieldCells(Cells):
    """The packed fields of one contract, by name.

    Attributes
    ----------
    slots
        What names each field's slot on the meter.
    """

    __slots__ = ("defaults", "slots")

    def __init__(self, owner: Address, kinds: dict[str, Type]) -> None:
        super().__init__((owner,))
        self.defaults = {name: kind.default for name, kind in kinds.items()}
        self.slots = {
            name: mark for slot in slots_of(kinds.items()) for mark in [object()] for name in slot
        }

    def unset(self, key: Any) -> Any:
        return self.defaults[key]

    __missing__ = unset


def read_field(meter: Meter, cells: FieldCells, name: str) -> Any:
    """Read a field of at most 32 bytes; compiled methods call this for their own contract's."""
    if cells.slots[name] in meter.warm:
        cost = meter.slot_warm
    else:
        cost = meter.slot_cold
        meter.warm[cells.slots[name]] = None
    meter.used += cost
    meter.read += cost
    return cells[name]


class PackedField:
    """A field of at most 32 bytes.

    `slot` names the fields, itself included, that share its slot.
    """

    def __init__(self, name: str, kind: Type, slot: list[str], kinds: dict[str, Type]) -> None:
        self.name = name
        self.kind = kind
        self.default = kind.default
        self.narrow = kind.bits < SLOT_BITS
        self.slot = tuple(slot)
        self.alone = len(slot) == 1
        self.defaults = [kinds[other].default for other in slot]

    def __get__(self, contract: Contract | None, owner: type) -> Any:
        if contract is None:
            return self
        return read_field(contract._meter, contract._cells, self.name)

    def __set__(self, contract: Contract, value: Any) -> None:
        value = self.kind.check(value)
        host = contract._host
        cells = contract._cells
        name = self.name
        default = self.default
        first = 0
        if self.narrow:
            current = read_field(contract._meter, cells, name)
        else:
            current = cells.get(name, default)
            slot = cells.slots[name]
            meter = contract._meter
            if slot not in meter.warm:
                first = meter.first_write(slot)
        if self.alone:
            host.store(cells, name, current, value, default, first)
        else:
            pairs = zip(self.slot, self.defaults, strict=True)
            held = [cells.get(other, default) for other, default in pairs]
            changed = held.copy()
            changed[self.slot.index(name)] = value
            host.store(cells, self.slot, held, changed, self.defaults)
        host.state.journal.entries.extend((cells, name, cells.get(name, ABSENT)))
        cells[name] = value


class ContractField(PackedField):
    """A field that holds another contract's address and reads as a reference to it."""

    kind: ContractType

    def __get__(self, contract: Contract | None, owner: type) -> Any:
        if contract is None:
            return self
        held = read_field(contract._meter, contract._cells, self.name)
        return self.kind.owner._reference(contract, held)


class PlacedField:
    """A field that is a map, an array, a struct or a string."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, contract: Contract | None, owner: type) -> Any:
        if contract is None:
            return self
        return contract._places[self.name].read(NO_KEYS)

    def __set__(self, contract: Contract, value: Any) -> None:
        contract._places[self.name].write(NO_KEYS, value)


def descriptors(kinds: dict[str, Type]) -> dict[str, PackedField | PlacedField]:
    """The descriptors of all fields of a class, in declaration order."""
    slots = {name: slot for slot in slots_of(kinds.items()) for name in slot}
    made: dict[str, PackedField | PlacedField] = {}
    for name, kind in kinds.items():
        if isinstance(kind, ContractType):
            made[name] = ContractField(name, kind, slots[name], kinds)
        elif kind.bits:
            made[name] = PackedField(name, kind, slots[name], kinds)
        else:
            made[name] = PlacedField(name)
    return made


def follow(contract: Contract, name: str, path: tuple[Any, ...]) -> Any:
    """A field's value, or what is in it at keys, indices and members of structs.

    Raises InvalidValue where there is nothing of that name, and Panic beyond the end of an array.
    """
    if name not in contract.fields:
        raise InvalidValue(f"there is no field {name!r}, only {', '.join(contract.fields)}")
    value = getattr(contract, name)
    for step in path:
        if isinstance(value, StructHandle):
            if step not in value._place.members:
                known = ", ".join(value._place.members)
                raise InvalidValue(f"there is no member {step!r}, only {known}")
            value = getattr(value, step)
        elif isinstance(value, Map):
            value = value[step]
        elif isinstance(value, StorageSequence):
            value = value[UINT256.check(step)]
        else:
            raise InvalidValue(
                f"{name} has nothing at {shown(step)}: it is no map, array or struct"
            )
    return value


def read_path(contract: Contract, name: str, keys: tuple[Any, ...]) -> Any:
    """What a public getter returns: the field's value, or that at keys of maps and arrays.

    A struct is a tuple of its members that are no map or array.
    """
    value = follow(contract, name, keys)
    if isinstance(getattr(value, "address", None), Address):
        return value.address
    if hasattr(value, "load"):
        return value.load()
    kind = getattr(type(value), "members", None)
    if kind is not None:
        return tuple(getattr(value, member) for member in kind)
    return value
