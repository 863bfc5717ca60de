"""The undo log against a twin that copies everything whenever something may have to be undone.

A storehouse has a field of every kind, and runs programs of writes, some of them in frames of their
own that fail in one way or another. The twin runs the same programs on plain Python values.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain, Deployed
from chain.cells import Cells, Column
from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Contract,
    Error,
    Map,
    Struct,
    address,
    bytes32,
    external,
    int64,
    int80,
    int256,
    reentrant,
    uint8,
    uint16,
    uint64,
    uint256,
    view,
    wrapping,
)
from chain.errors import ExecutionError
from chain.journal import ABSENT, Journal
from tests.strategies import root_from_scratch

TEXTS = ("", "short", "thirty-one bytes are the longest", "much longer than a slot: " + "x" * 50)
# Codes of a program's steps; a step is four integers: code, a, b, value.
FRAME = 100
FINE, GIVES_UP, DIVIDES_BY_ZERO, OVERFLOWS = range(4)


class GaveUp(Error):
    """A frame of a program fails on purpose."""


class Entry(Struct):
    """One value of every kind that a struct can hold."""

    small: uint64
    signed: int64
    big: uint256
    text: str
    inner: Map[uint8, uint256]
    items: Array[uint16]


class Storehouse(Contract):
    """One field of every kind."""

    itself: Storehouse
    level: uint64
    drift: int80
    open: bool
    holder: address
    total: uint256
    key: bytes32
    title: str
    scores: Map[uint8, int80]
    grid: Map[uint8, Map[uint8, uint64]]
    entries: Map[uint8, Entry]
    narrow: Array[uint16]
    wide: Array[uint256]
    flags: Array[bool]
    names: Array[str]
    rows: Array[Array[uint16]]
    records: Array[Entry]
    shelves: Map[uint8, Array[uint64]]

    def __init__(self) -> None:
        self.itself = self

    @external
    @reentrant
    def run(self, program: Array[int256], start: uint256, stop: uint256, ending: uint8) -> None:
        """Take the steps of `program` from `start` on, each FRAME in a call of its own."""
        position = start
        while position < stop:
            code = program[position]
            a = program[position + 1]
            b = program[position + 2]
            value = program[position + 3]
            position += 4
            if code == FRAME:
                self.try_call(self.itself, "run", [program, position, a, b])
                position = a
            elif code < 10:
                self.write_value(code, a, b, value)
            else:
                self.write_sequence(code, a, b, value)
        if ending == GIVES_UP:
            raise GaveUp()
        if ending == DIVIDES_BY_ZERO:
            self.total = 1 // (ending - DIVIDES_BY_ZERO)
        if ending == OVERFLOWS:
            self.level = 2**64

    def write_value(self, code: int256, a: uint8, b: uint8, value: int256) -> None:
        if code == 0:
            self.level = wrapping(uint64, value)
        elif code == 1:
            self.drift = wrapping(int80, value)
        elif code == 2:
            self.open = value > 0
        elif code == 3:
            self.holder = self.address if value > 0 else ZERO_ADDRESS
        elif code == 4:
            self.total = wrapping(uint256, value)
        elif code == 5:
            self.title = TEXTS[a]
        elif code == 6:
            self.scores[a] = wrapping(int80, value)
        elif code == 7:
            self.grid[a][b] = wrapping(uint64, value)
        elif code == 8:
            entry = self.entries[a]
            if b == 0:
                entry.small = wrapping(uint64, value)
            elif b == 1:
                entry.signed = wrapping(int64, value)
            elif b == 2:
                entry.big = wrapping(uint256, value)
            else:
                entry.text = TEXTS[a]
        elif code == 9:
            self.entries[a].inner[b] = wrapping(uint256, value)

    def write_sequence(self, code: int256, a: uint8, b: uint8, value: int256) -> None:
        several = [wrapping(uint16, value + i) for i in range(40 * b)]
        if code == 10:
            self.narrow = several  # type: ignore[assignment]
        elif code == 11:
            self.narrow.append(wrapping(uint16, value))
        elif code == 12:
            self.narrow[a] = wrapping(uint16, value)
        elif code == 13:
            self.wide = several  # type: ignore[assignment]
        elif code == 14:
            self.wide.append(wrapping(uint256, value))
        elif code == 15:
            self.flags.append(value > 0)
        elif code == 16:
            self.flags[a] = value > 0
        elif code == 17:
            self.names.append(TEXTS[b])
        elif code == 18:
            self.names[a] = TEXTS[b]
        elif code == 19:
            self.rows.append(several)  # type: ignore[arg-type]
        elif code == 20:
            self.rows[a].append(wrapping(uint16, value))
        elif code == 21:
            self.rows[a] = several  # type: ignore[assignment]
        elif code == 22:
            self.records.add().small = wrapping(uint64, value)
        elif code == 23:
            self.records[a].inner[b] = wrapping(uint256, value)
        elif code == 24:
            self.entries[a].items.append(wrapping(uint16, value))
        elif code == 25:
            self.shelves[a] = several  # type: ignore[assignment]
        elif code == 26:
            self.shelves[a].append(wrapping(uint64, value))
        elif code == 27:
            self.flags = [each % 2 == 0 for each in several]  # type: ignore[assignment]
        elif code == 28:
            self.shelves[a] = self.shelves[b].load()

    @view
    def inner_of(self, key: uint8, inner: uint8) -> uint256:
        return self.entries[key].inner[inner]

    @view
    def items_of(self, key: uint8) -> Array[uint16]:
        return self.entries[key].items.load()

    @view
    def num_records(self) -> uint256:
        return len(self.records)

    @view
    def record_inner(self, index: uint256, inner: uint8) -> uint256:
        return self.records[index].inner[inner]


LAST_CODE = 28
KEYS = range(4)

# A program: steps and frames within; a frame is a program and how it ends.
Step = tuple[int, int, int, int]
Frame = tuple[list[Any], int]


class FrameFailed(Exception):
    """The twin's frame ended badly."""


class Twin:
    """What a storehouse holds, in Python's own dicts and lists."""

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self.arrays: dict[Any, list[Any]] = {}

    def run(self, program: list[Any], ending: int) -> None:
        """Take all steps, on a copy that is kept if nothing fails."""
        kept = deepcopy((self.values, self.arrays))
        try:
            for step in program:
                if len(step) == 4:
                    self.write(*step)
                else:
                    with suppress(FrameFailed):
                        self.run(*step)
            if ending != FINE:
                raise FrameFailed
        except FrameFailed:
            self.values, self.arrays = kept
            raise

    def write(self, code: int, a: int, b: int, value: int) -> None:
        several = [(value + i) % 2**16 for i in range(40 * b)]
        u16, u64, u256 = value % 2**16, value % 2**64, value % 2**256
        i64, i80 = (value + 2**63) % 2**64 - 2**63, (value + 2**79) % 2**80 - 2**79
        positive = value > 0
        if code < 10:
            where: Any = (code, a, b) if code >= 7 else (code, a) if code == 6 else code
            entry = {0: u64, 1: i64, 2: u256, 3: TEXTS[a]}[b]
            self.values[where] = [
                u64, i80, positive, positive, u256, TEXTS[a], i80, u64, entry, u256,
            ][code]  # fmt: skip
        elif code in (10, 13, 27):
            name = {10: "narrow", 13: "wide", 27: "flags"}[code]
            self.arrays[name] = several if code != 27 else [each % 2 == 0 for each in several]
        elif code in (11, 14, 15, 17, 19, 22):
            name, new = {
                11: ("narrow", u16), 14: ("wide", u256), 15: ("flags", positive),
                17: ("names", TEXTS[b]), 19: ("rows", several), 22: ("records", u64),
            }[code]  # fmt: skip
            self.arrays.setdefault(name, []).append(new)
        elif code in (12, 16, 18, 21):
            name, new = {
                12: ("narrow", u16), 16: ("flags", positive), 18: ("names", TEXTS[b]),
                21: ("rows", several),
            }[code]  # fmt: skip
            self.at(name, a)
            self.arrays[name][a] = new
        elif code == 20:
            self.at("rows", a).append(u16)
        elif code == 23:
            self.at("records", a)
            self.values["record", a, b] = u256
        elif code == 28:
            self.arrays["shelf", a] = list(self.arrays.get(("shelf", b), []))
        else:
            name = "items" if code == 24 else "shelf"
            held = self.arrays.setdefault((name, a), [])
            held[:] = several if code == 25 else [*held, u16 if code == 24 else u64]

    def at(self, name: str, index: int) -> Any:
        held = self.arrays.get(name, [])
        if index >= len(held):
            raise FrameFailed
        return held[index]

    def contents(self) -> dict[str, Any]:
        value, array = self.values.get, self.arrays.get
        records = array("records", [])
        return {
            "scalars": (value(0, 0), value(1, 0), value(2, False), value(3, False), value(4, 0)),
            "title": value(5, ""),
            "scores": [value((6, a), 0) for a in KEYS],
            "grid": [value((7, a, b), 0) for a in KEYS for b in KEYS],
            "entries": [
                (*(value((8, a, b), 0) for b in range(3)), value((8, a, 3), "")) for a in KEYS
            ],
            "inner": [value((9, a, b), 0) for a in KEYS for b in KEYS],
            "items": [array(("items", a), []) for a in KEYS],
            "shelves": [array(("shelf", a), []) for a in KEYS],
            "narrow": array("narrow", []),
            "wide": array("wide", []),
            "flags": array("flags", []),
            "names": array("names", []),
            "rows": array("rows", []),
            "records": [(small, 0, 0, "") for small in records],
            "record inner": [
                value(("record", i, b), 0) for i in range(min(4, len(records))) for b in KEYS
            ],
        }


def contents(house: Deployed) -> dict[str, Any]:
    """What the storehouse itself says it holds."""
    size = house.num_records()
    return {
        "scalars": (
            house.level(), house.drift(), house.open(), house.holder() == house.address,
            house.total(),
        ),
        "title": house.title(),
        "scores": [house.scores(a) for a in KEYS],
        "grid": [house.grid(a, b) for a in KEYS for b in KEYS],
        "entries": [house.entries(a) for a in KEYS],
        "inner": [house.inner_of(a, b) for a in KEYS for b in KEYS],
        "items": [list(house.items_of(a)) for a in KEYS],
        "shelves": [list(house.shelves(a)) for a in KEYS],
        "narrow": list(house.narrow()),
        "wide": list(house.wide()),
        "flags": list(house.flags()),
        "names": list(house.names()),
        "rows": [list(row) for row in house.rows()],
        "records": [house.records(i) for i in range(size)],
        "record inner": [house.record_inner(i, b) for i in range(min(4, size)) for b in KEYS],
    }  # fmt: skip


def flat(program: list[Any], ending: int) -> tuple[list[int], int]:
    """The program as a storehouse takes it: a frame says where it ends, and how."""
    code: list[int] = []

    def add(steps: list[Any]) -> None:
        for step in steps:
            if len(step) == 4:
                code.extend(step)
                continue
            head = len(code)
            code.extend((FRAME, 0, step[1], 0))
            add(step[0])
            code[head + 1] = len(code)

    add(program)
    return code, ending


def run(house: Deployed, frame: Frame) -> None:
    """Run a program in a transaction; raises its error."""
    code, ending = flat(*frame)
    # The caller has nothing waiting, whatever else goes on.
    house.run(code, 0, len(code), ending, sender=house._chain.accounts[9], gas_price=0)


def new_house(fork: str = "prague") -> Deployed:
    # A frame that panics eats nearly all gas there is: for several of them there must be a lot.
    chain = Chain(block_gas_limit=2**62, gas_price=0, fork=fork)
    return chain.deploy(Storehouse, sender=chain.accounts[0])


# Four elements in every array, so that few programs fail at an index.
FILLING: Frame = ([(code, 0, 1, code) for code in (11, 14, 15, 17, 19, 22) for _ in range(4)], FINE)

small = st.integers(0, 3)
numbers = st.integers(-2, 2) | st.integers(-(2**255), 2**255 - 1)
endings = st.sampled_from((FINE, FINE, GIVES_UP, DIVIDES_BY_ZERO, OVERFLOWS))


def frames_of(codes: Sequence[int]) -> st.SearchStrategy[Frame]:
    """Programs of steps of these kinds, with frames in frames."""
    steps = st.tuples(st.sampled_from(codes), small, small, numbers)
    bodies = st.recursive(
        st.lists(steps, max_size=6),
        lambda inner: st.lists(steps | st.tuples(inner, endings), min_size=1, max_size=5),
        max_leaves=8,
    )
    return st.tuples(bodies, endings)


all_codes = range(LAST_CODE + 1)
frames = frames_of(all_codes)
# One program after another: of steps of all kinds, or of few that get in one another's way.
histories = st.lists(frames, max_size=6) | st.lists(
    st.sampled_from(all_codes), min_size=1, max_size=4
).flatmap(lambda codes: st.lists(frames_of(codes), max_size=6))


@given(programs=histories, looks=st.booleans())
@example(programs=[([(10, 0, 3, 1), (12, 0, 0, 7)], FINE)], looks=False)
@example(programs=[([(25, 0, 3, 1), (26, 0, 0, 7), (28, 1, 0, 0)], FINE)], looks=True)
@example(programs=[([(25, 0, 3, 1), ([(26, 0, 0, 7), (28, 1, 0, 0)], 1)], FINE)], looks=True)
@example(programs=[([(10, 0, 3, 1), (12, 0, 0, 7), (10, 0, 1, 2)], FINE)], looks=True)
@example(programs=[([(27, 0, 3, 1)], FINE), ([(28, 1, 0, 0)], FINE)], looks=False)
@example(programs=[([([([(3, 0, 0, 1)], GIVES_UP), (4, 0, 0, 1)], FINE)], FINE)], looks=False)
def test_storage_agrees_with_a_twin_that_copies_everything(
    programs: list[Frame], looks: bool
) -> None:
    house, twin = new_house(), Twin()
    chain = house._chain
    for program in (FILLING, *programs):
        failed = False
        try:
            twin.run(*program)
        except FrameFailed:
            failed = True
        if failed:
            with pytest.raises(ExecutionError):
                run(house, program)
        else:
            run(house, program)
        assert contents(house) == twin.contents()
        if looks:
            assert chain.header().state_root == root_from_scratch(chain)
    assert chain.header().state_root == root_from_scratch(chain)
    chain.verify()


@given(program=frames)
def test_a_failed_frame_leaves_no_trace_in_the_state(program: Frame) -> None:
    house = new_house()
    run(house, FILLING)
    run(house, ([(code, 0, 2, 5) for code in range(LAST_CODE + 1)], FINE))
    before = house._chain._ledger.state.leaves()
    run(house, ([(program[0], GIVES_UP)], FINE))
    after = house._chain._ledger.state.leaves()
    different = {path for path in before.keys() | after if before.get(path) != after.get(path)}
    assert len(different) == 1, "only the sender's nonce moves on, at a gas price of 0"


class SlowJournal:
    """Marks by copying."""

    def __init__(self, containers: list[Any]) -> None:
        self.containers = containers
        self.kept: list[list[Any]] = []

    def mark(self) -> int:
        self.kept.append(deepcopy(self.containers))
        return len(self.kept) - 1

    def rollback(self, mark: int) -> None:
        self.containers = deepcopy(self.kept[mark])


moves = st.one_of(
    st.tuples(st.just("write"), st.integers(0, 1), small, st.none() | st.integers(0, 9)),
    st.tuples(st.just("set"), small, st.integers(0, 9)),
    st.tuples(st.just("append"), st.integers(0, 9)),
    st.tuples(st.just("mark")),
    st.tuples(st.just("rollback"), st.integers(0, 9)),
    st.tuples(st.just("forget"), st.integers(0, 9)),
)


@given(sequence=st.lists(moves, max_size=40))
def test_the_journal_alone_agrees_with_copies(sequence: list[tuple[Any, ...]]) -> None:
    journal = Journal()
    cells = [Cells(("a",)), Cells(("b",))]
    column = Column(Cells(("c",)), ())
    twin = SlowJournal([{}, {}, []])
    marks: list[tuple[int, int]] = []
    for move, *details in sequence:
        if move == "write":
            where, key, value = details
            if value is not None:
                journal.write(cells[where], key, value)
                twin.containers[where][key] = value
            elif key in cells[where]:
                journal.write(cells[where], key, ABSENT)
                del twin.containers[where][key]
        elif move == "append":
            journal.write(column, len(column), details[0])
            twin.containers[2].append(details[0])
        elif move == "set" and details[0] < len(column):
            journal.write(column, *details)
            twin.containers[2][details[0]] = details[1]
        elif move == "mark":
            marks.append((journal.mark(), twin.mark()))
        elif move == "rollback" and marks:
            del marks[details[0] % len(marks) + 1 :]  # later marks are gone, this one stays
            journal.rollback(marks[-1][0])
            twin.rollback(marks[-1][1])
        elif move == "forget" and marks:
            del marks[: details[0] % len(marks)]
            journal.forget(marks[0][0])
        assert [*map(dict, cells), column.elements] == twin.containers
    assert len(journal.entries) % 3 == 0


def test_a_mark_can_be_returned_to_many_times() -> None:
    journal, cells = Journal(), Cells(("a",))
    journal.write(cells, "x", 1)
    mark = journal.mark()
    for value in range(2, 5):
        journal.write(cells, "x", value)
        journal.write(cells, "y", value)
        journal.rollback(mark)
        assert (dict(cells), journal.mark()) == ({"x": 1}, mark)


def test_rolling_back_costs_what_was_written_and_not_what_is_stored() -> None:
    journal, cells = Journal(), Cells(("a",))
    for key in range(10_000):
        journal.write(cells, key, key)
    mark = journal.mark()
    journal.write(cells, 5, 0)
    assert len(journal.entries) == 3 * 10_001
    journal.forget(mark)
    assert journal.mark() == mark + 3
    assert len(journal.entries) == 3
    journal.rollback(mark)
    assert cells[5] == 5
