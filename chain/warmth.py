"""Which storage slots the running transaction has touched: from then on they cost less (EIP-2929).

A frame that fails leaves its slots cold, and with every transaction all are cold again. So whoever
touches cold slots says so with ``Meter.touch``, which remembers them for ``cool``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

# The slot of an array that holds its length.
LENGTH = -1


class Warm(set[Any]):
    """Slots that were touched; what stands for a slot is up to the place they are in."""

    __slots__ = ()

    def cool(self, slots: Iterable[Any]) -> None:
        """Forget slots that were touched together."""
        self.difference_update(slots)


class WarmArray(Warm):
    """Slots of one array, by number: some of them, and all `below` a number."""

    __slots__ = ("below",)

    def __init__(self) -> None:
        super().__init__()
        self.below = 0

    def __contains__(self, slot: object) -> bool:
        return super().__contains__(slot) or 0 <= slot < self.below  # type: ignore[operator]

    def count_cold(self, stop: int) -> int:
        """How many slots from 0 to `stop` are cold."""
        below = self.below
        return max(stop - below, 0) - len([slot for slot in self if below <= slot < stop])

    def update(self, *several: Iterable[Any]) -> None:
        for slots in several:
            if isinstance(slots, range):
                self.below = slots.stop
            else:
                super().update(slots)

    def cool(self, slots: Iterable[Any]) -> None:
        if isinstance(slots, range):
            self.below = slots.start
        else:
            super().cool(slots)


class WarmPlaces(dict[Any, Any]):
    """Touched slots by dynamic keys, for a place that has many maps or arrays."""

    __slots__ = ("_kind", "_warmed")

    def __init__(self, kind: Callable[[], Warm], warmed: list[Any]) -> None:
        super().__init__()
        self._kind = kind
        self._warmed = warmed

    def __missing__(self, keys: Any) -> Any:
        found = self[keys] = self._kind()
        self._warmed += (self, keys)
        return found

    def cool(self, keys: Any) -> None:
        """Forget what is at these keys."""
        del self[keys]
