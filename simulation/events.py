"""What happens when: a queue in a total order, so that nothing depends on chance but the seed."""

from __future__ import annotations

import heapq
from typing import NamedTuple

# Of those at the same time, what is measured comes first: it says what agents can know. Then a
# provider opens what agents come for.
MEASURING, OPENING, VISITING = range(3)


class Event(NamedTuple):
    """Something to happen; events are ordered by time, then priority, then id.

    Attributes
    ----------
    time_s
        Seconds since the start.
    identity
        Of the agent that comes by, its position; no two events agree in all three.
    """

    time_s: int
    priority: int
    identity: int


class Queue:
    """Events to come.

    Parameters
    ----------
    events
        What is in it from the beginning.
    """

    def __init__(self, events: list[Event]) -> None:
        self._heap = list(events)
        heapq.heapify(self._heap)

    def add(self, event: Event) -> None:
        """Put an event in."""
        heapq.heappush(self._heap, event)

    def next(self) -> Event:
        """Take the first one out; there must be one."""
        return heapq.heappop(self._heap)

    def copied(self) -> Queue:
        """One with the same events."""
        return Queue(self._heap)
