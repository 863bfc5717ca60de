"""Which slots of a map or an array the running transaction has touched (EIP-2929).

Most slots are noted one by one in ``Meter.warm``. Those of maps and arrays, which kernels touch by
the hundred, are here instead, and ``Meter.touch`` keeps track of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


class Warm(set[Any]):
    """Slots that were touched: of a map, by their keys."""

    __slots__ = ()

    def cool(self, slots: Iterable[Any]) -> None:
        """Forget slots that were touched together."""
        self.difference_update(slots)


class WarmArray(Warm):
    """Slots of an array, by number: some of them, and all `below` a number."""

    __slots__ = ("below",)

    def __init__(self) -> None:
        self.below = 0

    def __contains__(self, slot: object) -> bool:
        return slot < self.below or super().__contains__(slot)  # type: ignore[operator]

    def cool(self, slots: Any) -> None:
        """Forget slots, or that all below a number more than this one were touched."""
        if type(slots) is int:
            self.below = slots
        else:
            super().cool(slots)


class WarmPlaces(dict[Any, Any]):
    """Touched slots of the maps or arrays of one place, by the dynamic keys that lead to each."""

    __slots__ = ("_kind", "_warm")

    def __init__(self, kind: Callable[[], Warm], warm: dict[Any, Any]) -> None:
        super().__init__()
        self._kind = kind
        self._warm = warm

    def __missing__(self, keys: Any) -> Any:
        found = self[keys] = self._kind()
        self._warm[object()] = self, keys
        return found

    def cool(self, keys: Any) -> None:
        """Forget what is at these keys."""
        del self[keys]
