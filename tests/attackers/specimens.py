"""Small honest contracts, each with one feature of the language."""

from __future__ import annotations

from chain.contract import (
    ZERO_ADDRESS,
    Array,
    Contract,
    Error,
    Event,
    Indexed,
    Map,
    Struct,
    address,
    bytes32,
    external,
    int16,
    int80,
    int128,
    modifier,
    payable,
    require,
    uint8,
    uint64,
    uint128,
    uint256,
    view,
)


class Packed(Contract):
    """Fields that share slots, next to some that do not."""

    a: uint8
    b: int16
    c: address
    d: bool
    e: uint256
    f: uint128
    g: int128
    h: bytes32
    i: str
    j: uint8

    @external
    def set_a(self, value: uint8) -> None:
        self.a = value

    @external
    def set_b(self, value: int16) -> None:
        self.b = value

    @external
    def set_c(self, value: address) -> None:
        self.c = value

    @external
    def set_d(self, value: bool) -> None:
        self.d = value

    @external
    def set_e(self, value: uint256) -> None:
        self.e = value

    @external
    def set_f(self, value: uint128) -> None:
        self.f = value

    @external
    def set_g(self, value: int128) -> None:
        self.g = value

    @external
    def set_h(self, value: bytes32) -> None:
        self.h = value

    @external
    def set_i(self, value: str) -> None:
        self.i = value

    @external
    def set_j(self, value: uint8) -> None:
        self.j = value


class Record(Struct):
    """Members that share a slot, and some that lie behind it."""

    low: uint8
    high: int16
    owner: address
    wide: uint256
    flag: bool
    name: str
    seen: Map[address, bool]
    scores: Array[int16]


class Registry(Contract):
    """Structs under a key, in an array, and on their own; maps in maps."""

    by_key: Map[uint256, Record]
    listed: Array[Record]
    single: Record
    nested: Map[address, Map[bytes32, Map[bool, int16]]]
    rows: Map[uint8, Array[uint64]]

    @external
    def fill(self, key: uint256, low: uint8, high: int16, wide: uint256, name: str) -> None:
        record = self.by_key[key]
        record.low = low
        record.high = high
        record.owner = self.msg.sender
        record.wide = wide
        record.flag = True
        record.name = name
        record.seen[self.msg.sender] = True
        record.scores.append(high)

    @external
    def add(self, low: uint8, name: str) -> None:
        record = self.listed.add()
        record.low = low
        record.name = name
        record.seen[self.msg.sender] = True

    @external
    def bump(self, key: uint256) -> None:
        self.by_key[key].low += 1
        self.by_key[key].scores[0] += 1
        self.listed[0].low += 1
        self.single.low += 1

    @external
    def put(self, who: address, key: bytes32, flag: bool, value: int16) -> None:
        self.nested[who][key][flag] = value

    @external
    def put_row(self, row: uint8, values: Array[uint64]) -> None:
        self.rows[row] = values

    @view
    def name_of(self, key: uint256) -> str:
        return self.by_key[key].name

    @view
    def listed_name(self, index: uint256) -> str:
        return self.listed[index].name

    @view
    def has_seen(self, key: uint256, who: address) -> bool:
        return self.by_key[key].seen[who]

    @view
    def scores(self, key: uint256) -> Array[int16]:
        return self.by_key[key].scores.load()


class Once(Contract):
    """Every part of an augmented target is evaluated once."""

    calls: uint256
    by_key: Map[uint256, uint256]
    records: Map[uint256, Record]
    items: Array[uint256]

    def __init__(self, items: Array[uint256]) -> None:
        self.items = items

    def next_key(self) -> uint256:
        self.calls += 1
        return self.calls

    @external
    def map_entry(self) -> None:
        self.by_key[self.next_key()] += 5

    @external
    def struct_member(self) -> None:
        self.records[self.next_key()].wide += 5

    @external
    def array_item(self) -> None:
        self.items[self.next_key()] -= 5

    @external
    def list_item(self) -> uint256:
        values = [1, 2, 3]
        values[self.next_key()] *= 5
        return values[1]

    @external
    def nested_list_item(self) -> uint256:
        values = [[1], [2]]
        values[self.next_key()][0] += 5
        return values[1][0]

    @external
    def field(self) -> None:
        # The field is read before the right side runs, as in Python.
        self.calls += self.next_key()


class Hello(Event):
    """An event with fields to search by."""

    sender: Indexed[address]
    topic: Indexed[uint8]
    data: Array[int80]
    note: str


class Refused(Error):
    """An error that says who and why."""

    who: address
    wanted: uint256


class Empty(Error):
    """An error that says nothing."""


class Speaker(Contract):
    """Emits and gives up."""

    count: uint256

    @external
    def speak(self, topic: uint8, data: Array[int80], note: str) -> None:
        self.count += 1
        self.emit(Hello(sender=self.msg.sender, topic=topic, data=data, note=note))

    @external
    def require_that(self, holds: bool) -> None:
        self.count += 1
        require(holds, Refused(who=self.msg.sender, wanted=self.count))

    @external
    def give_up(self) -> None:
        raise Empty()

    @external
    def lazy(self) -> None:
        # The error would not be valid, but is never made.
        require(True, Refused(who=ZERO_ADDRESS, wanted=self.count - 1))


class Forbidden(Error):
    """Says which check failed."""

    step: uint8


@modifier
def first(self: Guarded) -> None:
    """Note that it ran."""
    self.steps.append(1)


@modifier
def second(self: Guarded) -> None:
    """Note that it ran, and let nobody in when closed."""
    self.steps.append(2)
    if self.closed:
        raise Forbidden(step=2)


class Guarded(Contract):
    """Checks that run in the order written, before the body."""

    steps: Array[uint8]
    closed: bool

    @first
    def __init__(self) -> None:
        self.steps.append(0)

    @external
    @first
    @second
    def both(self) -> None:
        self.steps.append(3)

    @second
    @first
    @external
    def both_reversed(self) -> None:
        self.steps.append(3)

    @external
    def close(self) -> None:
        self.closed = True

    @first
    def internal(self) -> None:
        self.steps.append(4)

    @external
    def through_internal(self) -> None:
        self.internal()


class Animal(Contract):
    """Abstract: what it says is for its subclasses."""

    legs: uint8
    log: Array[uint8]

    def __init__(self, legs: uint8) -> None:
        self.legs = legs
        self.log.append(1)

    @view
    def sound(self) -> str:
        """What it says."""
        ...

    @view
    def loudness(self) -> uint256:
        return 1

    @view
    def speak_twice(self) -> str:
        return self.sound() + self.sound()

    @external
    def trace(self) -> None:
        self.log.append(1)


class Dog(Animal):
    """Overrides, and asks its parent."""

    tricks: uint8

    def __init__(self, tricks: uint8) -> None:
        super().__init__(4)
        self.tricks = tricks
        self.log.append(2)

    @view
    def sound(self) -> str:
        return "woof"

    @view
    def loudness(self) -> uint256:
        return super().loudness() + 10

    @external
    def trace(self) -> None:
        super().trace()
        self.log.append(2)


class Puppy(Dog):
    """Inherits its constructor, overrides one method further."""

    @view
    def loudness(self) -> uint256:
        return super().loudness() + 100


class Left(Animal):
    """One side of a diamond."""

    @external
    def trace(self) -> None:
        super().trace()
        self.log.append(2)


class Right(Animal):
    """The other side."""

    @external
    def trace(self) -> None:
        super().trace()
        self.log.append(3)


class Diamond(Left, Right):
    """Both sides; each ancestor's method runs once."""

    @view
    def sound(self) -> str:
        return ""

    @external
    def trace(self) -> None:
        super().trace()
        self.log.append(4)


class Till(Contract):
    """Takes money in one method and plainly; nowhere else."""

    paid: Map[address, uint256]
    plain: uint256

    @payable
    def pay(self) -> uint256:
        self.paid[self.msg.sender] += self.msg.value
        return self.msg.value

    @external
    def free(self) -> None:
        self.plain = 0

    @payable
    def receive(self) -> None:
        self.plain = 1


class Shelf(Contract):
    """Storage arrays of every kind."""

    small: Array[uint8]
    wide: Array[uint256]
    middle: Array[int80]
    people: Array[address]
    flags: Array[bool]
    names: Array[str]
    rows: Array[Array[int80]]

    @external
    def append_small(self, value: uint8) -> None:
        self.small.append(value)

    @external
    def set_small(self, index: uint256, value: uint8) -> None:
        self.small[index] = value

    @external
    def assign_small(self, values: Array[uint8]) -> None:
        self.small = values

    @view
    def load_small(self) -> Array[uint8]:
        return self.small.load()

    @external
    def append_wide(self, value: uint256) -> None:
        self.wide.append(value)

    @external
    def set_wide(self, index: uint256, value: uint256) -> None:
        self.wide[index] = value

    @external
    def assign_wide(self, values: Array[uint256]) -> None:
        self.wide = values

    @view
    def load_wide(self) -> Array[uint256]:
        return self.wide.load()

    @external
    def append_middle(self, value: int80) -> None:
        self.middle.append(value)

    @external
    def set_middle(self, index: uint256, value: int80) -> None:
        self.middle[index] = value

    @external
    def assign_middle(self, values: Array[int80]) -> None:
        self.middle = values

    @view
    def load_middle(self) -> Array[int80]:
        return self.middle.load()

    @external
    def append_people(self, value: address) -> None:
        self.people.append(value)

    @external
    def set_people(self, index: uint256, value: address) -> None:
        self.people[index] = value

    @external
    def assign_people(self, values: Array[address]) -> None:
        self.people = values

    @view
    def load_people(self) -> Array[address]:
        return self.people.load()

    @external
    def append_flags(self, value: bool) -> None:
        self.flags.append(value)

    @external
    def set_flags(self, index: uint256, value: bool) -> None:
        self.flags[index] = value

    @external
    def assign_flags(self, values: Array[bool]) -> None:
        self.flags = values

    @view
    def load_flags(self) -> Array[bool]:
        return self.flags.load()

    @external
    def append_names(self, value: str) -> None:
        self.names.append(value)

    @external
    def set_names(self, index: uint256, value: str) -> None:
        self.names[index] = value

    @external
    def assign_names(self, values: Array[str]) -> None:
        self.names = values

    @view
    def load_names(self) -> Array[str]:
        return self.names.load()

    @external
    def append_rows(self, value: Array[int80]) -> None:
        self.rows.append(value)

    @external
    def set_rows(self, index: uint256, value: Array[int80]) -> None:
        self.rows[index] = value

    @external
    def assign_rows(self, values: Array[Array[int80]]) -> None:
        self.rows = values

    @view
    def load_rows(self) -> Array[Array[int80]]:
        return self.rows.load()

    @view
    def walk(self) -> uint256:
        total = 0
        for value in self.small:
            total += value
        return total + len(self.wide) + sum(self.wide) + max([0 if 5 in self.small else 1, 0])


class Counter(Contract):
    """Counts, for others to call."""

    count: uint256

    @external
    def add(self, amount: uint8) -> uint256:
        self.count += amount
        return self.count

    @external
    def take_list(self, values: Array[uint8]) -> uint256:
        return len(values)

    @view
    def current(self) -> uint256:
        return self.count

    @external
    def who(self) -> address:
        return self.msg.sender

    @payable
    def pay(self) -> uint256:
        return self.msg.value

    def hidden(self) -> None:
        self.count = 0


class User(Contract):
    """Calls a counter, held in a field or passed."""

    counter: Counter
    kept: Array[uint8]

    @external
    def use(self, counter: Counter) -> None:
        self.counter = counter

    @external
    def add(self, amount: uint256) -> uint256:
        return self.counter.add(amount)

    @external
    def add_to(self, counter: Counter, amount: uint8) -> uint256:
        return counter.add(amount)

    @external
    def who(self) -> address:
        return self.counter.who()

    @payable
    def pay_on(self, amount: uint256) -> uint256:
        return self.counter.paying(amount).pay()

    @external
    def pay_a_method_that_takes_none(self) -> uint256:
        return self.counter.paying(1).add(1)

    @external
    def where(self) -> address:
        return self.counter.address
