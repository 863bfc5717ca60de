"""The undo log: the only way anything in the state changes.

An entry says which container, which key, and what was there before. A frame that fails rolls back
to its mark; a snapshot is a mark that is kept; the state root is brought up to date by walking the
same entries (see ``chain.roots``). Entries are three consecutive items of one flat list, which
costs a third of a tuple each and nothing in garbage collection.
"""

from __future__ import annotations

from typing import Any, Protocol


class Container(Protocol):
    """A dict or a column of array elements: what entries of the journal can point at."""

    def get(self, key: Any, default: Any = None, /) -> Any: ...
    def __setitem__(self, key: Any, value: Any, /) -> None: ...
    def __delitem__(self, key: Any, /) -> None: ...


class _Absent:
    """The one value that no cell can hold: nothing is there."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __reduce__(self) -> str:
        return "ABSENT"  # a copy is this one, too


ABSENT: Any = _Absent()


class Journal:
    """Ordered record of every write, from oldest to newest.

    Attributes
    ----------
    entries
        Flat list: container, key, value before; container, key, value before; ...
    dropped
        Items forgotten at the front; marks count from the beginning of time.
    """

    __slots__ = ("dropped", "entries")

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self.dropped = 0

    def mark(self) -> int:
        """The present, as a position to roll back to."""
        return self.dropped + len(self.entries)

    def write(self, container: Container, key: Any, value: Any) -> None:
        """Set a cell and remember what it held; ABSENT deletes it."""
        self.entries.extend((container, key, container.get(key, ABSENT)))
        if value is ABSENT:
            del container[key]
        else:
            container[key] = value

    def rollback(self, mark: int) -> None:
        """Undo everything written since `mark`, newest first."""
        entries = self.entries
        position = mark - self.dropped
        assert position >= 0, "the journal no longer reaches back to this mark"
        for index in range(len(entries) - 3, position - 1, -3):
            restore(entries[index], entries[index + 1], entries[index + 2])
        del entries[position:]

    def forget(self, mark: int) -> None:
        """Drop entries older than `mark`: nothing will roll back beyond it."""
        position = mark - self.dropped
        del self.entries[:position]
        self.dropped = mark


def restore(container: Container, key: Any, value: Any) -> None:
    """Put `value` back into a cell, without a trace in any journal."""
    if value is not ABSENT:
        container[key] = value
    elif container.get(key, ABSENT) is not ABSENT:
        del container[key]
