"""What contracts mean to each other: events, errors, modifiers, inheritance, calls, views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chain import Chain, Deployed
from chain.errors import (
    InvalidGasLimit,
    InvalidTransaction,
    InvalidValue,
    NotAContract,
    NotPayable,
    OutOfGas,
    OutOfRange,
    UnknownContract,
    UnknownMethod,
    WriteInView,
)
from chain.testing import reverts
from tests.attackers.snippets import load, snippet, source
from tests.attackers.specimens import (
    Animal,
    Counter,
    Diamond,
    Dog,
    Empty,
    Forbidden,
    Guarded,
    Hello,
    Left,
    Puppy,
    Refused,
    Speaker,
    Till,
    User,
)


def run(chain: Chain, folder: Path, body: str, *arguments: Any, **parts: str) -> Any:
    """What a method with this body returns."""
    contract = chain.deploy(snippet(folder, body, **parts), sender=chain.accounts[0])
    return contract.run.simulate(*arguments, sender=chain.accounts[0]).return_value


# Events and errors.


def test_events_carry_their_values(chain: Chain) -> None:
    alice = chain.accounts[0]
    speaker = chain.deploy(Speaker, sender=alice)
    (event,) = speaker.speak(1, [1, -2], "hi", sender=alice).events
    assert isinstance(event, Hello)
    assert event.values == {
        "sender": alice.address,
        "topic": 1,
        "data": [1, -2],
        "note": "hi",
    }
    assert (event.sender, event.topic, event.note) == (alice.address, 1, "hi")
    with pytest.raises(AttributeError, match="read-only"):
        event.topic = 5  # type: ignore[misc]


def test_events_are_found_by_indexed_fields(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    speaker = chain.deploy(Speaker, sender=alice)
    speaker.speak(1, [], "a", sender=alice)
    speaker.speak(2, [], "b", sender=bob)
    speaker.speak(1, [], "c", sender=bob)

    def notes(**wanted: Any) -> list[str]:
        return [log.event.values["note"] for log in chain.logs(Hello, **wanted)]

    assert Hello.indexed == {"sender", "topic"}
    assert notes() == ["a", "b", "c"]
    assert notes(sender=bob) == ["b", "c"]
    assert notes(topic=1) == ["a", "c"]
    assert notes(topic=1, sender=bob, contract=speaker) == ["c"]
    with pytest.raises(InvalidValue, match="no indexed field"):
        notes(note="a")


BAD_RECORDS = {
    "missing": "Hello(topic=1)",
    "unknown": "Hello(topic=1, note='', extra=1)",
    "positional": "Hello(1, '')",
}


@pytest.mark.parametrize("made", BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_an_event_with_the_wrong_fields_is_a_bug(chain: Chain, tmp_path: Path, made: str) -> None:
    above = "class Hello(Event):\n    topic: uint8\n    note: str\n"
    with pytest.raises(TypeError):
        run(chain, tmp_path, f"self.emit({made})", above=above)


def test_errors_carry_their_values_and_undo_the_frame(chain: Chain) -> None:
    alice = chain.accounts[0]
    speaker = chain.deploy(Speaker, sender=alice)
    speaker.require_that(True, sender=alice)
    with reverts(Refused(who=alice.address, wanted=2)) as failure:
        speaker.require_that(False, sender=alice)
    assert (failure.error.who, failure.error.wanted) == (alice.address, 2)
    assert failure.error.receipt.error is failure.error
    assert failure.error.receipt.gas_used < 100_000  # a revert gives back what is left
    assert speaker.count() == 1
    with reverts(Empty):
        speaker.give_up(sender=alice)


def test_an_error_is_made_only_when_it_is_needed(chain: Chain) -> None:
    alice = chain.accounts[0]
    chain.deploy(Speaker, sender=alice).lazy(sender=alice)


# Modifiers.


def test_modifiers_run_in_the_order_written_before_the_body(chain: Chain) -> None:
    alice = chain.accounts[0]
    guarded = chain.deploy(Guarded, sender=alice)
    assert guarded.steps() == [1, 0]
    guarded.both(sender=alice)
    assert guarded.steps() == [1, 0, 1, 2, 3]
    guarded.both_reversed(sender=alice)
    assert guarded.steps()[5:] == (2, 1, 3)
    guarded.through_internal(sender=alice)
    assert guarded.steps()[8:] == (1, 4)


def test_a_modifier_that_raises_keeps_the_body_out_and_undoes_earlier_ones(chain: Chain) -> None:
    alice = chain.accounts[0]
    guarded = chain.deploy(Guarded, sender=alice)
    guarded.close(sender=alice)
    with reverts(Forbidden(step=2)):
        guarded.both(sender=alice)
    assert guarded.steps() == [1, 0]


def test_an_override_has_only_its_own_modifiers(chain: Chain, tmp_path: Path) -> None:
    """As in Solidity: a subclass that overrides repeats what it wants to keep."""
    text = """
class No(Error):
    pass

@modifier
def never(self) -> None:
    raise No()

class Base(Contract):
    @external
    @never
    def run(self) -> None:
        pass

class Open(Base):
    @external
    def run(self) -> None:
        pass

class Asking(Base):
    @external
    def run(self) -> None:
        super().run()
"""
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    chain.deploy(module.Open, sender=alice).run(sender=alice)
    for owner in (module.Base, module.Asking):
        with reverts(module.No):
            chain.deploy(owner, sender=alice).run(sender=alice)


# Inheritance.


def test_overriding_super_and_constructors(chain: Chain) -> None:
    alice = chain.accounts[0]
    dog = chain.deploy(Dog, 7, sender=alice)
    assert (dog.legs(), dog.tricks(), dog.log()) == (4, 7, [1, 2])
    assert dog.speak_twice() == "woofwoof"
    assert dog.loudness() == 11
    dog.trace(sender=alice)
    assert dog.log() == [1, 2, 1, 2]
    puppy = chain.deploy(Puppy, 9, sender=alice)
    assert (puppy.tricks(), puppy.loudness()) == (9, 111)


def test_in_a_diamond_each_ancestor_runs_once(chain: Chain) -> None:
    alice = chain.accounts[0]
    diamond = chain.deploy(Diamond, 2, sender=alice)
    diamond.trace(sender=alice)
    assert diamond.log() == [1, 1, 3, 2, 4]


def test_calls_from_outside_find_the_methods_and_the_constructor_that_python_finds(
    chain: Chain, tmp_path: Path
) -> None:
    """The first base overrides nothing of what they share, so the second base's is the one."""
    text = """
class Base(Contract):
    seen: Array[uint256]

    def __init__(self) -> None:
        self.seen.append(1)

    @external
    def unwritten(self) -> uint256:
        ...

    @view
    def number(self) -> uint256:
        return 1

    @view
    def ask(self) -> uint256:
        return self.number()

class Mixin(Base):
    pass

class Other(Base):
    def __init__(self, number: uint256) -> None:
        super().__init__()
        self.seen.append(number)

    @payable
    def unwritten(self) -> uint256:
        return 2

    @view
    def number(self) -> uint256:
        return 2

class Both(Mixin, Other):
    pass
"""
    alice = chain.accounts[0]
    both = chain.deploy(load(tmp_path, text).Both, 7, sender=alice)
    assert both.seen() == [1, 7]
    assert both.unwritten(sender=alice, value=1).return_value == both.number() == both.ask() == 2


def test_an_abstract_contract_is_not_deployed(chain: Chain) -> None:
    alice = chain.accounts[0]
    number = chain.number
    with pytest.raises(UnknownContract, match=r"Animal is abstract: write sound"):
        chain.deploy(Animal, 4, sender=alice)
    with pytest.raises(UnknownContract, match="Left is abstract"):
        chain.deploy(Left, 4, sender=alice)
    assert chain.number == number


# Calls between contracts.


@pytest.fixture
def user(chain: Chain) -> tuple[Deployed, Deployed]:
    """A user, and the counter that it uses."""
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    made = chain.deploy(User, sender=alice)
    made.use(counter, sender=alice)
    return made, counter


def test_references_in_fields_and_arguments_call_through(
    chain: Chain, user: tuple[Deployed, Deployed]
) -> None:
    alice = chain.accounts[0]
    made, counter = user
    assert made.add(5, sender=alice).return_value == 5
    assert made.add_to(counter, 6, sender=alice).return_value == 11
    assert counter.count() == 11
    assert made.counter() == counter.address
    assert made.where.simulate(sender=alice).return_value == counter.address


def test_the_callee_sees_its_caller_and_the_money(
    chain: Chain, user: tuple[Deployed, Deployed]
) -> None:
    alice = chain.accounts[0]
    made, counter = user
    assert made.who(sender=alice).return_value == made.address
    assert counter.who(sender=alice).return_value == alice.address
    assert made.pay_on(30, sender=alice, value=100).return_value == 30
    assert (made.balance, counter.balance) == (70, 30)


def test_types_are_checked_between_contracts(chain: Chain, user: tuple[Deployed, Deployed]) -> None:
    alice = chain.accounts[0]
    made, counter = user
    with reverts(OutOfRange):
        made.add(256, sender=alice)  # fits the user's uint256, not the counter's uint8
    with reverts(NotPayable):
        made.pay_a_method_that_takes_none(sender=alice)
    assert counter.count() == 0


WRONG_CALLS = {
    "self.other.add()": InvalidValue,
    "self.other.add(1, 2)": InvalidValue,
    "self.other.add('1')": InvalidValue,
    "self.other.add(True)": InvalidValue,
    "self.other.add([1])": InvalidValue,
    "self.other.add(None)": InvalidValue,
    "self.other.add(-1)": OutOfRange,
    "self.other.add(256)": OutOfRange,
    "self.other.take_list(1)": InvalidValue,
    "self.other.take_list('12')": InvalidValue,
    "self.other.take_list([256])": OutOfRange,
    "self.other.take_list([[1]])": InvalidValue,
    "self.other.take_list(self.items)": InvalidValue,
    "self.nobody.add(1)": NotAContract,
    "self.wrong.add(1)": UnknownMethod,
    "self.other.paying(1).add(1)": NotPayable,
}


@pytest.mark.parametrize(("body", "expected"), WRONG_CALLS.items(), ids=WRONG_CALLS)
def test_a_wrong_call_to_another_contract_fails_and_changes_nothing(
    chain: Chain, tmp_path: Path, body: str, expected: type[Exception]
) -> None:
    text = source(
        f"self.number = 1\nself.other.add(1)\n{body}",
        above="from tests.attackers.specimens import Counter\n",
        fields="number: uint256\nitems: Array[uint8]\nother: Counter\nnobody: Counter\n"
        "wrong: Counter\n\ndef __init__(self, other: Counter, wrong: Counter) -> None:\n"
        "    self.other = other\n    self.wrong = wrong",
    )
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    speaker = chain.deploy(Speaker, sender=alice)
    contract = chain.deploy(load(tmp_path, text).Snippet, counter, speaker, sender=alice)
    chain.deal(contract, 10)
    with reverts(expected):  # type: ignore[arg-type]
        contract.run(sender=alice)
    assert (contract.number(), counter.count(), counter.balance) == (0, 0, 0)


@pytest.mark.parametrize("body", ["self.other.hidden()", "x = self.other.count", "self.other.x()"])
def test_only_external_methods_are_reachable_from_another_contract(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    above = "from tests.attackers.specimens import Counter\n"
    with pytest.raises(AttributeError):
        run(chain, tmp_path, body, above=above, fields="other: Counter")


WRONG_FROM_OUTSIDE: dict[str, tuple[str, tuple[Any, ...], type[Exception]]] = {
    "too few": ("add", (), InvalidValue),
    "too many": ("add", (1, 2), InvalidValue),
    "text": ("add", ("1",), InvalidValue),
    "bool": ("add", (True,), InvalidValue),
    "float": ("add", (1.0,), InvalidValue),
    "none": ("add", (None,), InvalidValue),
    "list": ("add", ([1],), InvalidValue),
    "negative": ("add", (-1,), OutOfRange),
    "too large": ("add", (256,), OutOfRange),
    "no list": ("take_list", (5,), InvalidValue),
    "bytes for a list": ("take_list", (b"ab",), InvalidValue),
    "floats in a list": ("take_list", ([0.5],), InvalidValue),
    "list in a list": ("take_list", ([[1]],), InvalidValue),
    "too large in a list": ("take_list", ([0, 256],), OutOfRange),
}


@pytest.mark.parametrize(
    ("method", "arguments", "expected"), WRONG_FROM_OUTSIDE.values(), ids=WRONG_FROM_OUTSIDE
)
def test_wrong_arguments_from_outside_make_no_transaction(
    chain: Chain, method: str, arguments: tuple[Any, ...], expected: type[Exception]
) -> None:
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    before = chain.number, chain.balance(alice)
    with pytest.raises(expected):
        getattr(counter, method)(*arguments, sender=alice)
    assert (chain.number, chain.balance(alice)) == before


def test_value_sent_to_a_method_that_takes_none_is_refused(chain: Chain) -> None:
    alice = chain.accounts[0]
    till = chain.deploy(Till, sender=alice)
    assert till.pay(sender=alice, value=5).return_value == 5
    with reverts(NotPayable):
        till.free(sender=alice, value=1)
    chain.transfer(alice, till, 7)
    assert (till.balance, till.plain(), till.paid(alice)) == (12, 1, 5)
    counter = chain.deploy(Counter, sender=alice)
    with reverts(UnknownMethod):
        chain.transfer(alice, counter, 7)
    with reverts(NotPayable):
        chain.deploy(Dog, 7, sender=alice, value=1)
    with reverts("InvalidValue: Counter has no constructor"):
        chain.deploy(Counter, sender=alice, value=1)


@pytest.mark.parametrize(
    "body",
    [
        "self.by_key[0].add(1)",
        "self.listed[0].add(1)",
        "self.record.part.add(1)",
        "self.registry.first().add(1)",
    ],
)
def test_references_in_maps_arrays_structs_and_results_call_through(
    chain: Chain, tmp_path: Path, body: str
) -> None:
    text = source(
        body,
        above="from tests.attackers.specimens import Counter\n\nclass Record(Struct):\n"
        "    part: Counter\n\nclass Register(Contract):\n    only: Counter\n"
        "    def __init__(self, only: Counter) -> None:\n        self.only = only\n"
        "    @view\n    def first(self) -> Counter:\n        return self.only\n",
        fields="by_key: Map[uint8, Counter]\nlisted: Array[Counter]\nrecord: Record\n"
        "registry: Register\n\n"
        "def __init__(self, counter: Counter, registry: Register) -> None:\n"
        "    self.by_key[0] = counter\n    self.listed.append(counter)\n"
        "    self.record.part = counter\n    self.registry = registry",
    )
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    module = load(tmp_path, text)
    register = chain.deploy(module.Register, counter, sender=alice)
    contract = chain.deploy(module.Snippet, counter, register, sender=alice)
    contract.run(sender=alice)
    assert counter.count() == 1


def test_a_reference_compares_as_its_address(chain: Chain, tmp_path: Path) -> None:
    body = "return self.other == self.other.address and self.nobody == ZERO_ADDRESS"
    above = "from tests.attackers.specimens import Counter\n"
    fields = "other: Counter\nnobody: Counter\n\ndef __init__(self, other: Counter) -> None:\n"
    alice = chain.accounts[0]
    made = snippet(
        tmp_path, body, above=above, fields=fields + "    self.other = other", returns="bool"
    )
    counter = chain.deploy(Counter, sender=alice)
    contract = chain.deploy(made, counter, sender=alice)
    assert contract.run.simulate(sender=alice).return_value is True


# Views.

VIEW_WRITES = {
    "field": "self.number = 1",
    "the value it has": "self.number = 0",
    "packed field": "self.small += 1",
    "text": "self.text = 'a'",
    "map": "self.by_key[0] = 1",
    "struct": "self.record.low = 1",
    "array item": "self.items[0] = 5",
    "append": "self.items.append(1)",
    "whole array": "self.items = [1]",
    "empty array": "self.empty = []",
    "list": "self.names.append('a')",
    "whole list": "self.names = ['a']",
    "empty list": "self.names = []",
    "added struct": "r = self.records.add()",
    "kernel": "add_at(self.by_key, self.items.load(), 1)",
    "internal method": "self.change()",
    "event": "self.emit(Note())",
    "money": "self.transfer(self.msg.sender, 1)",
    "no money": "self.transfer(self.msg.sender, 0)",
    "another contract's field": "x = self.other.add(1)",
    "another contract's view that writes": "x = self.other.bad_view()",
    "another contract's event": "self.other.speak()",
    "money to another contract": "x = self.other.paying(1).pay()",
    "plain money to another contract": "self.transfer(self.other.address, 1)",
}
VIEW_ABOVE = """
class Note(Event):
    pass

class Record(Struct):
    low: uint8
    high: uint8

class Other(Contract):
    number: uint256

    @external
    def add(self, amount: uint256) -> uint256:
        self.number += amount
        return self.number

    @view
    def bad_view(self) -> uint256:
        self.number = 1
        return 1

    @external
    def speak(self) -> None:
        self.emit(Note())

    @payable
    def pay(self) -> uint256:
        return 1

    @payable
    def receive(self) -> None:
        pass
"""
VIEW_FIELDS = """number: uint256
small: uint8
text: str
by_key: Map[uint256, uint256]
record: Record
items: Array[uint256]
empty: Array[uint256]
names: Array[str]
records: Array[Record]
other: Other

def __init__(self, other: Other) -> None:
    self.other = other
    self.items.append(5)

def change(self) -> None:
    self.number = 1

@external
def through(self) -> None:
    self.change()
"""


@pytest.mark.parametrize("body", VIEW_WRITES.values(), ids=VIEW_WRITES)
def test_a_view_that_writes_fails(chain: Chain, tmp_path: Path, body: str) -> None:
    alice = chain.accounts[0]
    text = source(body, above=VIEW_ABOVE, fields=VIEW_FIELDS, decorator="view")
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)
    chain.deal(contract, 10)
    with reverts(WriteInView):
        contract.run()
    # The same body may write when it is not a view.
    writer = load(tmp_path, text.replace("@view\n    def run", "@external\n    def run")).Snippet
    free = chain.deploy(writer, other, sender=alice)
    chain.deal(free, 10)
    if "bad_view" in body:
        with reverts(WriteInView):
            free.run(sender=alice)
    else:
        free.run(sender=alice)


def test_after_a_view_writing_is_allowed_again(chain: Chain, tmp_path: Path) -> None:
    """Inside a call to a view nothing is written; the caller goes on writing afterwards."""
    body = (
        "self.number = 1\nbefore = self.other.current()\nself.number += before + 2\n"
        "failed = self.try_call(self.other, 'bad_view', [])\n"
        "require(not failed.ok, Bad())\nself.number += 4"
    )
    above = VIEW_ABOVE.replace(
        "    @external\n    def speak",
        "    @view\n    def current(self) -> uint256:\n        return self.number\n\n"
        "    @external\n    def speak",
    )
    alice = chain.accounts[0]
    text = source(body, above=above + "\nclass Bad(Error):\n    pass\n", fields=VIEW_FIELDS)
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    contract = chain.deploy(module.Snippet, other, sender=alice)
    contract.run(sender=alice)
    assert (contract.number(), other.number()) == (7, 0)


def test_views_and_simulations_leave_no_trace(chain: Chain) -> None:
    alice = chain.accounts[0]
    counter = chain.deploy(Counter, sender=alice)
    counter.add(3, sender=alice)
    before = chain.number, chain.balance(alice), chain.header().state_root
    assert counter.current() == 3
    assert counter.current(sender=alice) == 3
    assert counter.add.simulate(4, sender=alice).return_value == 7
    assert counter.count() == 3
    assert (chain.number, chain.balance(alice), chain.header().state_root) == before


# Deployment.

CONSTRUCTORS = """
class Note(Event):
    number: uint256

class No(Error):
    pass

class Other(Contract):
    number: uint256

    @external
    def add(self) -> None:
        self.number += 1

class Failing(Contract):
    number: uint256

    @payable
    def __init__(self, other: Other, works: bool) -> None:
        self.number = 5
        other.add()
        self.emit(Note(number=self.msg.value))
        require(works, No())
"""


def test_a_constructor_that_fails_leaves_nothing_but_fee_and_nonce(
    chain: Chain, tmp_path: Path
) -> None:
    alice = chain.accounts[0]
    module = load(tmp_path, CONSTRUCTORS)
    other = chain.deploy(module.Other, sender=alice)
    before = chain.balance(alice)
    with reverts(module.No) as failure:
        chain.deploy(module.Failing, other, False, sender=alice, value=100)
    receipt = failure.error.receipt
    assert chain.balance(alice) == before - receipt.fee
    assert (other.number(), receipt.logs, receipt.contract_address) == (0, [], None)
    made = chain.deploy(module.Failing, other, True, sender=alice, value=100)
    assert (made.balance, made.number(), other.number()) == (100, 5, 1)
    assert len(chain.logs(module.Note)) == 1


def test_too_little_gas_at_any_point_of_a_deployment_leaves_only_the_fee(
    chain: Chain, tmp_path: Path
) -> None:
    alice = chain.accounts[0]
    module = load(tmp_path, CONSTRUCTORS)
    other = chain.deploy(module.Other, sender=alice)
    with chain.anchor():
        chain.deploy(module.Failing, other, True, sender=alice, value=100)
        receipt = chain.block().receipts[0]
        needed = receipt.gas_used + receipt.gas_refund
    outcomes = set()
    for gas_limit in [*range(53_000, needed, 7_001), needed - 1]:
        before = chain.balance(alice)
        with pytest.raises((InvalidTransaction, OutOfGas)) as failure:
            chain.deploy(module.Failing, other, True, sender=alice, value=100, gas_limit=gas_limit)
        outcomes.add(failure.type)
        spent = 0  # nothing at all where the gas does not cover the transaction itself
        if isinstance(failure.value, OutOfGas):
            receipt = failure.value.receipt
            spent = receipt.fee
            # All of it, but for a 64th where the other contract ran out of its share.
            assert gas_limit - gas_limit // 64 <= receipt.gas_used <= gas_limit
            assert receipt.logs == []
        assert chain.balance(alice) == before - spent
        assert other.number() == 0
    assert outcomes == {InvalidGasLimit, OutOfGas}
    chain.deploy(module.Failing, other, True, sender=alice, value=100, gas_limit=needed)
    assert other.number() == 1
