"""Storage arrays of values that take at most a slot, packed into columns.

Gas is that of the element-by-element code solc emits: an index costs a read of the length (the
bounds check), a keccak and the element; assigning a whole array reads and writes every element's
slot, mostly as no-ops.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chain.array import Array
from chain.cells import ELEMENTS_PER_LEAF, Column
from chain.compute import LOAD, STORE
from chain.contract.storage import KECCAK, Builder, Place, StorageSequence
from chain.contract.vector import SlotWrites, changed_slots
from chain.errors import InvalidValue, Panic
from chain.gas import ArraySlots, Reason
from chain.host import Host
from chain.types import SLOT_BITS, ArrayType

WRITE = int(Reason.STORAGE_WRITE)


class ArrayPlace(Place):
    """Arrays whose elements take at most a slot, kept in columns."""

    __slots__ = ("_handle", "element", "per_slot")

    def __init__(self, host: Host, kind: ArrayType, path: tuple[str, ...], build: Builder) -> None:
        super().__init__(host, kind, path)
        self.cells.default = None
        self.element = kind.element
        self.per_slot = SLOT_BITS // kind.element.bits
        self._handle = StorageArray(self, ())

    def leaf(self, keys: Any, path: tuple[Any, ...]) -> tuple[Any, ...]:
        if not path:
            return (*self.cells.path, keys, "length")
        if len(path) > 1 or type(path[0]) is not int or path[0] < 0:
            raise InvalidValue(f"an {self.kind} has no element at {list(path)}")
        return (*self.cells.path, keys, "elements", path[0] // ELEMENTS_PER_LEAF)

    def read(self, keys: Any) -> StorageArray:
        return self._handle if keys == () else StorageArray(self, keys)

    def write(self, keys: Any, value: Any) -> None:
        StorageArray(self, keys).assign(value)


class StorageArray(StorageSequence):
    """A storage field of type ``Array[...]`` with elements of at most 32 bytes."""

    __slots__ = ()

    _place: ArrayPlace

    @property
    def _column(self) -> Column:
        """The elements, without charge: for kernels, which charge for their whole loop."""
        place = self._place
        column: Column | None = place.cells.get(self._keys)
        return Column(place.cells, self._keys) if column is None else column

    @property
    def _touched(self) -> ArraySlots:
        """The slots of elements that the transaction has touched."""
        place = self._place
        return place.host.meter.array_slots_of((place, self._keys))

    def _read_length(self) -> None:
        """Charge for reading the slot of the length."""
        place = self._place
        place.host.meter.read_slot((place, self._keys, "length"))

    def pay_to_walk(self, count: int, *, bounds_checked: bool) -> None:
        """Charge for reading the first `count` elements one by one; for kernels, too.

        Where bounds are checked, the length is read with each of them.
        """
        place = self._place
        meter = place.host.meter
        cold = meter.touch_below(self._touched, -(-count // place.per_slot))
        if bounds_checked and count:
            self._read_length()
            meter.pay_for_reads(2 * count - 1, cold)
        else:
            meter.pay_for_reads(count, cold)

    def __len__(self) -> int:
        place = self._place
        place.host.meter.read_slot((place, self._keys, "length"))
        column = place.cells.get(self._keys)
        return 0 if column is None else len(column)

    def __getitem__(self, index: int) -> Any:
        place = self._place
        host = place.host
        host.meter.read_slot((place, self._keys, "length"))
        column = self._column
        size = len(column)
        if not 0 <= index < size:
            raise Panic(f"index {index} is out of bounds of an array of {size}")
        host.meter.charge(host.schedule.array_access, KECCAK)
        host.meter.read_one_of(self._touched, index // place.per_slot)
        value = column.get(index)
        kind = place.element
        return kind.reference(host, place.cells.path[0], value) if kind.refers else value

    def __setitem__(self, index: int, value: Any) -> None:
        value = self._place.element.check(value)
        size = len(self)
        if not 0 <= index < size:
            raise Panic(f"index {index} is out of bounds of an array of {size}")
        self._set_element(self._column, index, value)

    def append(self, value: Any) -> None:
        """Add an element at the end."""
        value = self._place.element.check(value)
        place = self._place
        host = place.host
        size = len(self)
        column = self._column
        host.store(place.cells, (self._keys, "length"), size, size + 1, 0)
        if place.cells.get(self._keys) is None:
            host.state.journal.write(place.cells, self._keys, column)
        self._set_element(column, size, value)

    def _set_element(self, column: Column, index: int, value: Any) -> None:
        """Charge for one element of a packed slot, then write it."""
        place = self._place
        host = place.host
        host.meter.charge(host.schedule.array_access, KECCAK)
        default = place.element.default
        slot = index // place.per_slot
        on_top = 0
        if place.element.bits < SLOT_BITS:
            host.meter.read_one_of(self._touched, slot)
        else:
            on_top = host.meter.first_write_of(self._touched, slot)
        self._remember_start(column, index)
        if place.per_slot == 1:
            host.store(column, index, column.get(index, default), value, default, on_top)
        else:
            first = slot * place.per_slot
            held = [column.get(i, default) for i in range(first, first + place.per_slot)]
            changed = held.copy()
            changed[index - first] = value
            host.store(column, first, held, changed, [default] * place.per_slot)
        host.state.journal.write(column, index, value)

    def _remember_start(self, column: Column, index: int) -> None:
        """Where the whole array was replaced in this transaction, slots began as the old one's."""
        place = self._place
        old: Column | None = place.cells.originals.get(self._keys)
        first = index - index % place.per_slot
        if old is None or first in column.originals:
            return
        if not column.originals:
            place.host.touched.append(column)
        held = [old.get(i, place.element.default) for i in range(first, first + place.per_slot)]
        column.originals[first] = held if place.per_slot > 1 else held[0]

    def load(self) -> Array[Any]:
        """Copy the array to memory: one read per element, as solc's copy loop does."""
        host = self._place.host
        column = self._column
        host.meter.charge(host.schedule.array_access, KECCAK)
        self.pay_to_walk(len(column), bounds_checked=False)
        host.meter.allocate(1 + len(column))
        host.meter.work(LOAD * len(column))
        return column.array(self._place.element)

    def assign(self, value: Sequence[Any]) -> None:
        """Replace the whole array, element by element, and clear what the old one had beyond."""
        place = self._place
        host = place.host
        schedule = host.schedule
        array: Array[Any] = place.kind.check(value)
        host.check_writable()
        column = self._column
        originals = place.cells.originals
        # Where a frame that assigned the array has failed, the column of the start is here again,
        # and may have been changed since.
        original = _at_start(originals.get(self._keys, column))
        if not originals:
            host.touched.append(place.cells)
        originals[self._keys] = original
        host.meter.charge(schedule.array_access, KECCAK)
        self._read_length()
        host.store(place.cells, (self._keys, "length"), len(column), len(array), 0)
        changes = _slot_changes(original, column, array, place.per_slot, place.element.default)
        filled = _filled(len(array), place.per_slot)
        if place.element.bits < SLOT_BITS:
            self.pay_to_walk(filled, bounds_checked=False)
        written = max(filled, _filled(len(column), place.per_slot)) // place.per_slot
        host.meter.charge(
            changes.sets * schedule.slot_set
            + changes.resets * schedule.slot_reset
            + (changes.noops + changes.dirty) * schedule.slot_warm
            + host.meter.touch_below(self._touched, written) * schedule.slot_cold_write,
            WRITE,
        )
        host.meter.work(STORE * len(array))
        host.meter.refund += (
            (changes.clears - changes.unclears) * schedule.clear_refund
            + changes.restored_set * (schedule.slot_set - schedule.slot_warm)
            + changes.restored_reset * (schedule.slot_reset - schedule.slot_warm)
        )
        host.state.journal.write(place.cells, self._keys, Column(place.cells, self._keys, array))


def _at_start(column: Column) -> Column:
    """The column as it was when the transaction began."""
    if not column.originals:
        return column
    elements = list(column.elements)
    for first, held in column.originals.items():
        values = held if isinstance(held, list) else [held]
        elements[first : first + len(values)] = values
    return Column(column.home, column.key, elements)


def _filled(size: int, per_slot: int) -> int:
    """Elements of all slots that an array takes: a copy goes on to the end, with zeros."""
    return -(-size // per_slot) * per_slot


def _slot_changes(
    original: Column, current: Column, new: Array[Any], per_slot: int, default: Any
) -> SlotWrites:
    """Count the writes of assigning `new` element by element, by their EIP-2200 case."""
    size = len(new)
    filled = _filled(size, per_slot)
    before, now, after = original.int64, current.int64, new.int64
    vectors = before is not None and now is not None and after is not None
    if vectors and size == len(current) == len(original):
        changes = changed_slots(before, now, after, per_slot)  # type: ignore[arg-type]
        return changes if filled == size else changes._replace(noops=changes.noops + filled - size)
    # Only equality matters, so values of any kind and width may stand for themselves as codes;
    # beyond its end an array holds zeros.
    codes = {default: 0}

    def coded(elements: Sequence[Any], start: int, stop: int) -> NDArray[np.int64]:
        part = [codes.setdefault(element, len(codes)) for element in elements[start:stop]]
        return np.array(part + [0] * (stop - start - len(part)), dtype=np.int64)

    held = (original.elements, current.elements, new.values)
    first, second, third = (coded(elements, 0, filled) for elements in held)
    written = changed_slots(first, second, third, per_slot)
    # Slots of the old array beyond the new end are cleared one by one.
    starts = range(filled, max(filled, len(current)), per_slot)
    slots = [
        [tuple(coded(elements, start, start + per_slot).tolist()) for start in starts]
        for elements in held
    ]
    codes = {(0,) * per_slot: 0}
    first, second, third = (coded(each, 0, len(each)) for each in slots)
    cleared = changed_slots(first, second, third, 1)
    return SlotWrites(*map(sum, zip(written, cleared, strict=True)))
