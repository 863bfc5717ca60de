"""Attacks that real contracts fell to, each against the engine's defences and without them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest

from chain import Account, Chain, Deployed, SignedTransaction, Transaction
from chain.errors import (
    Arithmetic,
    ExecutionError,
    InsufficientFunds,
    InvalidSignature,
    InvalidTransaction,
    InvalidValue,
    OutOfGas,
    ReentrantCall,
    TransferFailed,
    UnknownMethod,
    WrongChain,
    WrongNonce,
)
from chain.testing import reverts
from chain.units import ether
from chain.values import ZERO_ADDRESS, Address
from tests.attackers.banks import (
    Accomplice,
    Bank,
    CarefulBank,
    Closed,
    Gang,
    Glutton,
    Mover,
    NothingThere,
    Open,
    OpenBank,
    Paid,
    Payroll,
    PlainBank,
    Robber,
    Sulker,
    Sulking,
    Watcher,
)
from tests.attackers.callers import Burner, Link, Mark, Swallower
from tests.attackers.snippets import load, snippet, source

# Re-entrancy.


@pytest.fixture
def open_for_business(chain: Chain) -> Callable[[type[Bank]], Deployed]:
    """A bank with ten ether of somebody's in it."""

    def made(bank_class: type[Bank]) -> Deployed:
        bank = chain.deploy(bank_class, sender=chain.accounts[0])
        bank.deposit(sender=chain.accounts[1], value=10 * ether)
        return bank

    return made


def test_without_the_lock_a_bank_that_books_late_is_drained(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    """Why the lock is there: one ether in, eleven out."""
    mallory = chain.accounts[2]
    bank = open_for_business(OpenBank)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    robber.rob(10, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (0, 11 * ether)
    assert bank.deposit_of(chain.accounts[1]) == 10 * ether  # which it no longer has


def test_the_default_lock_stops_the_robbery_whole(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(Bank)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    with reverts(ReentrantCall):
        robber.rob(10, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (10 * ether, 0)
    assert robber.rounds() == 0


def test_a_robber_who_swallows_the_refusal_gets_only_what_is_his(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(Bank)
    robber = chain.deploy(Robber, bank, True, sender=mallory)
    robber.rob(10, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (10 * ether, ether)
    assert (robber.failures(), robber.rounds()) == (1, 9)


@pytest.mark.parametrize("robber_class", [Mover, Watcher])
def test_the_lock_is_on_every_door_views_included(
    chain: Chain,
    open_for_business: Callable[[type[Bank]], Deployed],
    robber_class: type[Robber],
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(Bank)
    robber = chain.deploy(robber_class, bank, False, sender=mallory)
    with reverts(ReentrantCall):
        robber.rob(1, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (10 * ether, 0)


def test_without_the_lock_other_doors_are_open(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(OpenBank)
    mover = chain.deploy(Mover, bank, False, sender=mallory)
    mover.rob(1, sender=mallory, value=ether)
    assert mover.balance == ether
    assert bank.deposit_of(chain.producer) == ether  # paid out, and still there
    watcher = chain.deploy(Watcher, bank, False, sender=mallory)
    watcher.rob(1, sender=mallory, value=ether)
    assert (watcher.seen(), bank.deposit_of(watcher)) == (ether, 0)  # it saw what was paid out


def test_booking_first_needs_no_lock(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(CarefulBank)
    robber = chain.deploy(Robber, bank, True, sender=mallory)
    robber.rob(10, sender=mallory, value=ether)
    assert (bank.balance, robber.balance, robber.failures()) == (10 * ether, ether, 1)
    impatient = chain.deploy(Robber, bank, False, sender=mallory)
    with reverts(NothingThere):
        impatient.rob(1, sender=mallory, value=ether)


def test_a_plain_transfer_brings_too_little_gas_to_call_back(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(PlainBank)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    with reverts(OutOfGas):
        robber.rob(10, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (10 * ether, 0)


@pytest.mark.parametrize("bank_class", [OpenBank, Bank])
def test_a_third_contract_is_no_way_around_the_lock(
    chain: Chain,
    open_for_business: Callable[[type[Bank]], Deployed],
    bank_class: type[Bank],
) -> None:
    mallory = chain.accounts[2]
    bank = open_for_business(bank_class)
    gang = chain.deploy(Gang, bank, False, sender=mallory)
    accomplice = chain.deploy(Accomplice, sender=mallory)
    gang.hire(accomplice, sender=mallory)
    accomplice.serve(gang, sender=mallory)
    if bank_class is OpenBank:
        gang.rob(10, sender=mallory, value=ether)
        assert (bank.balance, gang.balance) == (0, 11 * ether)
    else:
        with reverts(ReentrantCall):
            gang.rob(10, sender=mallory, value=ether)
        assert (bank.balance, gang.balance) == (10 * ether, 0)


def test_after_a_call_back_the_message_is_the_outer_one_again(chain: Chain, tmp_path: Path) -> None:
    text = """
class Inner(Contract):
    @payable
    def inner(self) -> None:
        ...

class Other(Contract):
    @external
    def call_back(self, caller: Inner) -> None:
        caller.inner()

class Caller(Contract):
    other: Other

    def __init__(self, other: Other) -> None:
        self.other = other

    @payable
    def run(self) -> tuple[address, uint256]:
        self.other.call_back(self)
        return self.msg.sender, self.msg.value

    @payable
    @reentrant
    def inner(self) -> None:
        pass
"""
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    caller = chain.deploy(module.Caller, chain.deploy(module.Other, sender=alice), sender=alice)
    assert caller.run(sender=alice, value=7).return_value == (alice.address, 7)


def test_a_contract_that_calls_itself_from_outside_is_locked_too(
    chain: Chain, tmp_path: Path
) -> None:
    fields = "itself: 'Snippet'\n\ndef __init__(self) -> None:\n    self.itself = self.address\n"
    alice = chain.accounts[0]
    with reverts(ReentrantCall):
        chain.deploy(snippet(tmp_path, "self.itself.run()", fields=fields), sender=alice).run(
            sender=alice
        )


def test_the_lock_opens_again_whatever_happened(
    chain: Chain, open_for_business: Callable[[type[Bank]], Deployed]
) -> None:
    alice, mallory = chain.accounts[0], chain.accounts[2]
    bank = open_for_business(Bank)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    with reverts(ReentrantCall):
        robber.rob(10, sender=mallory, value=ether)
    with reverts(OutOfGas):
        bank.deposit(sender=alice, value=1, gas_limit=22_000)
    bank.deposit(sender=alice, value=5)
    robber.rob(0, sender=mallory, value=ether)
    assert (bank.balance, robber.balance) == (10 * ether + 5, ether)


# Failures that are swallowed.


@pytest.fixture
def links(chain: Chain) -> list[Deployed]:
    """Four contracts in a chain, each with some wei to give away."""
    alice = chain.accounts[0]
    made = [chain.deploy(Link, sender=alice, label=f"link {i}") for i in range(4)]
    for link, following in pairwise(made):
        link.follow(following, sender=alice)
    for link in made:
        chain.deal(link, 10)
    return made


@pytest.mark.parametrize("fails", list(product([False, True], repeat=4)), ids=str)
def test_a_failed_inner_call_undoes_exactly_its_own_changes(
    chain: Chain, links: list[Deployed], fails: tuple[bool, ...]
) -> None:
    """A contract's changes stay if neither it nor any of its callers failed."""
    alice = chain.accounts[0]
    given = chain.balance(ZERO_ADDRESS)
    receipt = chain.send(links[0].go.transaction(0, fails, sender=alice))
    stays = [not any(fails[: step + 1]) for step in range(4)]
    for step, link in enumerate(links):
        there = stays[step]
        ended = "" if step == 3 else "GaveUp" if fails[step + 1] else "ok"
        assert link.count() == int(there)
        assert link.seen(step) == (step + 1 if there else 0)
        assert link.items() == ([step] if there else [])
        assert link.text() == ("was here" if there else "")
        assert link.visits(step) == ((1, step, "seen") if there else (0, 0, ""))
        assert link.texts() == (["x" * 40] if there else [])
        assert link.outcome() == (ended if there else "")
        assert link.balance == 10 - there
    assert chain.balance(ZERO_ADDRESS) == given + sum(stays)
    assert receipt.ok == stays[0]
    assert [log.event for log in chain.logs(Mark)] == [
        Mark(step=step) for step in range(4) if stays[step]
    ]
    assert chain.total_balance == chain.money
    chain.verify()


FAILURES = {
    "burn": "OutOfGas",
    "panic": "Panic",
    "give_up": "GaveUp",
    "overflow": "OutOfRange",
    "overspend": "TransferFailed",
    "deep": "CallDepthExceeded",
    "write_in_view": "WriteInView",
    "nothing_of_the_kind": "UnknownMethod",
}


@pytest.mark.parametrize(("method", "error"), FAILURES.items())
def test_every_failure_can_be_swallowed_and_is_told_by_name(
    chain: Chain, method: str, error: str
) -> None:
    alice = chain.accounts[0]
    burner = chain.deploy(Burner, sender=alice)
    swallower = chain.deploy(Swallower, burner, sender=alice)
    receipt = swallower.swallow(method, sender=alice, value=7)
    assert receipt.return_value == error
    assert (swallower.error(), swallower.count(), burner.count()) == (error, 2, 0)
    assert (swallower.balance, burner.balance) == (7, 0)


@pytest.mark.parametrize("method", [m for m, e in FAILURES.items() if e not in ("UnknownMethod",)])
def test_a_halt_takes_all_but_a_64th_of_the_callers_gas_and_a_revert_only_what_it_used(
    chain: Chain, method: str
) -> None:
    alice = chain.accounts[0]
    burner = chain.deploy(Burner, sender=alice)
    swallower = chain.deploy(Swallower, burner, sender=alice)
    gas_limit = 6_400_000
    receipt = swallower.swallow(method, sender=alice, gas_limit=gas_limit)
    outer, inner = receipt.trace
    left = gas_limit - inner.gas_start
    if FAILURES[method] in ("GaveUp", "OutOfRange", "TransferFailed"):
        assert inner.gas < 60_000
    else:
        assert inner.gas == left - left // 64
    assert inner.gas_end <= outer.gas_end <= gas_limit
    assert receipt.ok


def test_a_caller_left_with_too_little_gas_fails_and_keeps_nothing(chain: Chain) -> None:
    """A 64th of little is too little to write down what happened."""
    alice = chain.accounts[0]
    burner = chain.deploy(Burner, sender=alice)
    swallower = chain.deploy(Swallower, burner, sender=alice)
    with reverts(OutOfGas):
        swallower.swallow("burn", sender=alice, gas_limit=200_000)
    assert (swallower.count(), swallower.error()) == (0, "")


def test_money_is_not_lost_on_the_way_to_try_call(chain: Chain, tmp_path: Path) -> None:
    """Either it is paid, or the call is refused; sent it must not silently stay."""
    text = source(
        "result = self.try_call(self.till.paying(5), 'receive', [])\nrequire(result.ok, No())",
        above="from tests.attackers.banks import Open\n\nclass No(Error):\n    pass\n",
        fields="till: Open\n\ndef __init__(self, till: Open) -> None:\n    self.till = till",
        decorator="payable",
    )
    alice = chain.accounts[0]
    till = chain.deploy(Open, sender=alice)
    contract = chain.deploy(load(tmp_path, text).Snippet, till, sender=alice)
    try:
        contract.run(sender=alice, value=5)
    except ExecutionError:
        return
    assert till.balance == 5


def test_try_call_takes_an_address_as_any_reference_does(chain: Chain, tmp_path: Path) -> None:
    alice = chain.accounts[0]
    till = chain.deploy(Open, sender=alice)
    body = "result = self.try_call(who, 'receive', [])\nreturn result.ok"
    made = snippet(tmp_path, body, arguments="who: address", returns="bool")
    assert chain.deploy(made, sender=alice).run(till, sender=alice).return_value is True


def test_the_trace_shows_arguments_as_they_were_passed(chain: Chain, tmp_path: Path) -> None:
    text = source(
        "a = [1]\nself.other.take(a)\na[0] = 9",
        above="class Other(Contract):\n    @external\n"
        "    def take(self, data: Array[uint8]) -> None:\n        pass\n",
        fields="other: Other\n\ndef __init__(self, other: Other) -> None:\n    self.other = other",
    )
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    other = chain.deploy(module.Other, sender=alice)
    receipt = chain.deploy(module.Snippet, other, sender=alice).run(sender=alice)
    assert list(receipt.trace[1].arguments[0]) == [1]


# Money.


def test_one_receiver_that_refuses_stops_the_whole_payroll(chain: Chain) -> None:
    """Why contracts let people fetch their money: each refusal undoes the payments before it."""
    alice, bob = chain.accounts[:2]
    payroll = chain.deploy(Payroll, sender=alice)
    before = chain.balance(bob)
    for villain, error in (
        (Sulker, Sulking(amount=5)),
        (Glutton, OutOfGas),
        (Closed, UnknownMethod),
    ):
        receiver = chain.deploy(villain, sender=alice)
        with reverts(error) as failure:
            payroll.pay_all(bob, receiver, 5, sender=alice, value=10)
        assert (chain.balance(bob), receiver.balance, payroll.balance) == (before, 0, 0)
        assert payroll.rounds() == 0
        assert failure.error.receipt.logs == []
    assert chain.logs(Paid) == []
    payroll.pay_all(bob, chain.deploy(Open, sender=alice), 5, sender=alice, value=10)
    assert chain.balance(bob) == before + 5


def test_a_contract_cannot_send_what_it_does_not_have(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    payroll = chain.deploy(Payroll, sender=alice)
    before = chain.balance(bob)
    with reverts(TransferFailed):
        payroll.pay_all(bob, bob, 5, sender=alice, value=9)
    assert chain.balance(bob) == before
    payroll.pay_all(bob, bob, 5, sender=alice, value=10)
    assert (chain.balance(bob), payroll.balance) == (before + 10, 0)


def test_a_receiver_that_burns_its_stipend_does_not_burn_the_senders_gas(chain: Chain) -> None:
    alice = chain.accounts[0]
    payroll = chain.deploy(Payroll, sender=alice)
    glutton = chain.deploy(Glutton, sender=alice)
    with reverts(OutOfGas) as failure:
        payroll.pay_all(glutton, glutton, 5, sender=alice, value=10)
    assert failure.error.receipt.gas_used < 100_000


@pytest.mark.parametrize(
    "body",
    [
        "self.transfer(victim, 0 - amount)",
        "self.till.paying(0 - amount).receive()",
        "self.transfer(self.till.address, 0 - amount)",
    ],
)
def test_a_negative_amount_is_no_way_to_take_money(chain: Chain, tmp_path: Path, body: str) -> None:
    text = source(
        body,
        above="from tests.attackers.banks import Open\n",
        fields="till: Open\n\ndef __init__(self, till: Open) -> None:\n    self.till = till",
        arguments="victim: address, amount: uint256",
    )
    alice, bob = chain.accounts[:2]
    till = chain.deploy(Open, sender=alice)
    chain.deal(till, 100)
    thief = chain.deploy(load(tmp_path, text).Snippet, till, sender=alice)
    before = chain.balance(bob)
    with reverts(InvalidValue):
        thief.run(bob, 50, sender=alice)
    assert (thief.balance, till.balance, chain.balance(bob)) == (0, 100, before)


def test_nothing_can_be_transferred_to_a_contract(chain: Chain) -> None:
    alice, bob = chain.accounts[:2]
    payroll = chain.deploy(Payroll, sender=alice)
    payroll.pay_all(bob, chain.deploy(Open, sender=alice), 0, sender=alice)


def test_the_immediate_caller_is_the_sender_not_the_user_behind_it(chain: Chain) -> None:
    """A contract between a user and a bank has its own account there, and none of the user's."""
    alice, mallory = chain.accounts[0], chain.accounts[2]
    bank = chain.deploy(Bank, sender=alice)
    bank.deposit(sender=alice, value=ether)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    robber.rob(0, sender=alice, value=5)  # lured into calling it
    assert (bank.deposit_of(alice), bank.balance, robber.balance) == (ether, ether, 5)


# Doors that are not there.


@pytest.mark.parametrize(
    "name",
    [
        "__new__",
        "purse",
        "emit",
        "transfer",
        "paying",
        "try_call",
        "families",
        "encoded",
        "leaf_path",
        "bank",
        "methods",
        "__init__",
        "__class__",
        "_host",
        "",
    ],
)
def test_only_external_methods_can_be_called_from_outside(chain: Chain, name: str) -> None:
    mallory = chain.accounts[2]
    bank = chain.deploy(Bank, sender=mallory)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    transaction = chain.make_transaction("call", mallory, to=robber.address, name=name)
    receipt = chain.send(transaction)
    assert isinstance(receipt.error, UnknownMethod)


def test_a_constructor_runs_once(chain: Chain) -> None:
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    robber = chain.deploy(Robber, bank, True, sender=alice)
    again = chain.make_transaction(
        "call", alice, to=robber.address, name="__init__", arguments=(alice.address, False)
    )
    assert isinstance(chain.send(again).error, UnknownMethod)
    assert (robber.bank(), robber.swallows()) == (bank.address, True)


LIARS = {
    "text for a number": ("str", "'lots'"),
    "too large": ("uint256", "2**200"),
    "negative": ("int256", "-1"),
    "list for a number": ("Array[uint8]", "[1]"),
    "flag for a number": ("bool", "True"),
}


@pytest.mark.parametrize(("kind", "value"), LIARS.values(), ids=LIARS)
def test_a_result_is_what_the_caller_was_promised(
    chain: Chain, tmp_path: Path, kind: str, value: str
) -> None:
    """A contract that only claims to be an oracle cannot smuggle in another type."""
    text = source(
        "price = self.oracle.price()\nx = [price, price]",
        above="class Oracle(Contract):\n    @view\n    def price(self) -> uint8:\n"
        f"        return 5\n\nclass Liar(Contract):\n    @view\n    def price(self) -> {kind}:\n"
        f"        return {value}\n",
        fields="oracle: Oracle\n\ndef __init__(self, oracle: Oracle) -> None:\n"
        "    self.oracle = oracle",
    )
    alice = chain.accounts[0]
    module = load(tmp_path, text)
    honest = chain.deploy(module.Oracle, sender=alice)
    chain.deploy(module.Snippet, honest, sender=alice).run(sender=alice)
    liar = chain.deploy(module.Liar, sender=alice)
    with reverts(InvalidValue):
        chain.deploy(module.Snippet, liar, sender=alice).run(sender=alice)


# Transactions.


def state_of(chain: Chain) -> tuple[Any, ...]:
    """What an invalid transaction must leave alone."""
    return chain.number, chain.total_balance, chain.header().state_root, chain.waiting


def test_who_has_no_money_cannot_send(chain: Chain) -> None:
    alice = chain.accounts[0]
    poor = chain.account("poor")
    bank = chain.deploy(Bank, sender=alice)
    before = state_of(chain)
    for gas_limit, value in ((100_000, 0), (100_000, 1), (None, 0), (None, 1)):
        with pytest.raises(InvalidTransaction):
            bank.deposit(sender=poor, value=value, gas_limit=gas_limit)
    assert state_of(chain) == before


def test_funds_must_cover_value_and_all_of_the_gas_to_the_wei(chain: Chain) -> None:
    alice, price = chain.accounts[0], chain.gas_price
    bank = chain.deploy(Bank, sender=alice)
    exact = chain.account("exact", balance=100_000 * price + 77)
    with pytest.raises(InsufficientFunds):
        bank.deposit(sender=exact, value=78, gas_limit=100_000)
    receipt = bank.deposit(sender=exact, value=77, gas_limit=100_000)
    assert chain.balance(exact) == 100_000 * price - receipt.fee


def test_what_a_contract_earns_in_the_transaction_does_not_pay_for_it(chain: Chain) -> None:
    """Gas is bought before anything runs, so a robbery cannot be financed by its loot."""
    mallory = chain.accounts[2]
    bank = chain.deploy(OpenBank, sender=mallory)
    bank.deposit(sender=chain.accounts[1], value=10 * ether)
    robber = chain.deploy(Robber, bank, False, sender=mallory)
    poor = chain.account("poor", balance=5)
    with pytest.raises(InvalidTransaction):
        robber.rob(1, sender=poor, value=5, gas_limit=1_000_000)
    assert bank.balance == 10 * ether


def signed(chain: Chain, sender: Account, bank: Deployed) -> SignedTransaction:
    """A deposit of 5 wei, as it arrives from outside."""
    transaction = bank.deposit.transaction(sender=sender, value=5)
    return SignedTransaction.from_json(chain.sign(transaction).to_json())


def test_a_transaction_is_replayed_in_vain(chain: Chain) -> None:
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    wire = signed(chain, alice, bank)
    chain.send(wire)
    before = state_of(chain)
    for replay in (wire, wire.transaction):
        with pytest.raises(WrongNonce):
            chain.send(replay)
        with pytest.raises(WrongNonce):
            chain.submit(replay)
    assert state_of(chain) == before
    assert bank.deposit_of(alice) == 5


def test_a_failed_transaction_cannot_be_replayed_either(chain: Chain) -> None:
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    wire = chain.sign(bank.withdraw.transaction(bank, sender=alice))
    assert isinstance(chain.send(wire).error, NothingThere)
    with pytest.raises(WrongNonce):
        chain.send(wire)


def test_a_transaction_of_another_chain_is_refused(chain: Chain) -> None:
    """Same accounts, same contract address, same nonce: only the chain id differs."""
    other = Chain(chain_id=1)
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    twin = other.deploy(Bank, sender=other.accounts[0])
    assert twin == bank
    with pytest.raises(WrongChain):
        other.send(signed(chain, alice, bank))
    assert twin.balance == 0


FORGERIES: dict[str, Any] = {
    "value": 6,
    "to": Address("0x" + "1" * 40),
    "name": "move",
    "arguments": (1,),
    "gas_limit": 50_000,
    "gas_price": 0,
    "nonce": 2,
    "kind": "transfer",
    "chain_id": 1,
}


@pytest.mark.parametrize(("field", "value"), FORGERIES.items(), ids=FORGERIES)
def test_a_signed_transaction_cannot_be_changed(chain: Chain, field: str, value: Any) -> None:
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    wire = signed(chain, alice, bank)
    changed = Transaction(**{**dict(wire.transaction), field: value})
    before = state_of(chain)
    forged = wire.model_copy(update={"transaction": changed})
    for enter in (chain.send, chain.submit):
        with pytest.raises(InvalidSignature):
            enter(forged)
    assert state_of(chain) == before
    chain.send(wire)


def test_nobody_signs_for_somebody_else(chain: Chain) -> None:
    alice, mallory = chain.accounts[0], chain.accounts[2]
    bank = chain.deploy(Bank, sender=alice)
    wire = signed(chain, alice, bank)
    for forged in (
        mallory.sign(wire.transaction),
        wire.model_copy(update={"public_key": mallory.key.public_key}),  # type: ignore[union-attr]
        wire.model_copy(update={"signature": mallory.sign(wire.transaction).signature}),
        wire.model_copy(update={"signature": bytes(64)}),
    ):
        with pytest.raises(InvalidSignature):
            chain.send(forged)
    assert bank.balance == 0


@pytest.mark.parametrize("enter", ["send", "submit"])
def test_money_cannot_be_made_from_outside(chain: Chain, enter: str) -> None:
    mallory = chain.accounts[2]
    forged = mallory.sign(
        Transaction(
            kind="deal",
            chain_id=1337,
            sender=mallory.address,
            nonce=0,
            gas_limit=0,
            gas_price=0,
            value=10 * ether,
            to=mallory.address,
            name="",
            arguments=(),
        )
    )
    before = state_of(chain)
    for transaction in (forged, forged.transaction):
        with pytest.raises(InvalidTransaction):
            getattr(chain, enter)(transaction)
    assert state_of(chain) == before
    chain.mine()
    assert chain.total_balance == before[1]


MALFORMED = {
    "a call to nobody": ("to", None),
    "a surrogate in an argument": ("arguments", ("\ud800",)),
    "a surrogate in the name": ("name", "\ud800"),
}


@pytest.mark.parametrize(("field", "value"), MALFORMED.values(), ids=MALFORMED)
def test_what_nobody_could_send_is_an_invalid_transaction(
    chain: Chain, field: str, value: Any
) -> None:
    """The sender signs these: a stranger must not be able to stop the process."""
    mallory = chain.accounts[2]
    bank = chain.deploy(Bank, sender=mallory)
    good = bank.deposit.transaction(sender=mallory)
    with pytest.raises(InvalidTransaction):
        chain.send(mallory.sign(Transaction(**{**dict(good), field: value})))


def test_a_public_key_of_another_length_is_an_invalid_signature(chain: Chain) -> None:
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    with pytest.raises(InvalidSignature):
        chain.send(signed(chain, alice, bank).model_copy(update={"public_key": b"\0"}))


def test_deposits_do_not_overflow(chain: Chain) -> None:
    """All the money there is, and once more, is an error; it does not wrap to nothing."""
    alice = chain.accounts[0]
    bank = chain.deploy(Bank, sender=alice)
    rich = chain.account("rich", balance=2**256 - 1)
    rest = chain.balance(rich) - ether
    bank.deposit(sender=rich, value=rest)
    chain.deal(rich, 2**256 - 1)
    with reverts(Arithmetic):
        bank.deposit(sender=rich, value=2**256 - 1 - rest + 1, gas_price=0)
    assert bank.deposit_of(rich) == rest
