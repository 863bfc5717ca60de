"""Events come in a total order: by time, then priority, then id."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulation.events import MEASURING, VISITING, Event, Queue

EVENTS = st.lists(
    st.builds(Event, st.integers(0, 5), st.sampled_from([MEASURING, VISITING]), st.integers(0, 3)),
    unique=True,
)


def drained(queue: Queue, count: int) -> list[Event]:
    return [queue.next() for _ in range(count)]


@given(events=EVENTS, data=st.data())
def test_the_order_does_not_depend_on_how_they_came(
    events: list[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events))
    first = data.draw(st.integers(0, len(events)))
    queue = Queue(shuffled[:first])
    for event in shuffled[first:]:
        queue.add(event)
    twin = queue.copied()
    order = drained(queue, len(events))
    assert order == sorted(events, key=lambda each: (each.time_s, each.priority, each.identity))
    assert drained(twin, len(events)) == order
    # Total: of any two, one is before the other.
    assert all(one < other for one, other in pairwise(order))


def test_what_is_measured_comes_before_visits_of_the_same_second() -> None:
    queue = Queue([Event(3, VISITING, 0), Event(3, MEASURING, 0), Event(2, VISITING, 9)])
    assert drained(queue, 3) == [
        Event(2, VISITING, 9),
        Event(3, MEASURING, 0),
        Event(3, VISITING, 0),
    ]
