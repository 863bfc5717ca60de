"""Money is neither made nor lost, and a failed transaction leaves nothing but its nonce and fee."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chain import Chain, Transaction, encode
from chain.errors import InvalidTransaction
from chain.units import ether, gwei
from chain.values import ZERO_ADDRESS
from tests.strategies import NOBODY, SENDING, Act, World, acts, root_from_scratch

Leaves = dict[bytes, bytes]


def leaves(chain: Chain) -> Leaves:
    return chain._ledger.state.leaves()


def without_money(held: Leaves, chain: Chain, transaction: Transaction) -> Leaves:
    """The state but for what a failed transaction may change: a nonce and two balances."""
    changing = {
        encode(("nonce", transaction.sender)),
        encode(("balance", transaction.sender)),
        encode(("balance", chain.producer.address)),
    }
    return {path: value for path, value in held.items() if path not in changing}


def act(
    what: str,
    *,
    target: int = 0,
    amount: int = 0,
    gas_limit: int | None = None,
    gas_price: int = gwei,
    waits: bool = False,
) -> Act:
    return Act(what, 1, target, amount, gas_limit, gas_price, waits)


@given(sequence=st.lists(acts("deal", "mine"), max_size=25))
@example(sequence=[act("deploy", gas_limit=100_000)])
@example(sequence=[act("pay", target=9, amount=5), act("pay", target=10, amount=5)])
@example(sequence=[act("deal", amount=7), act("burn", amount=3, waits=True), act("mine")])
def test_all_balances_add_up_to_what_was_made(sequence: list[Act]) -> None:
    world = World()
    chain = world.chain
    made = sum(chain.balance(account) for account in chain.accounts)
    made += chain.balance(chain.producer) + sum(purse.balance for purse in world.purses)
    assert made == 10 * ether == chain.money
    for each in sequence:
        world.perform(each)
        made += each.amount if each.what == "deal" else 0
        assert chain.total_balance == chain.money == made
        assert min(chain._ledger.state.balances.values()) >= 0
    chain.mine()
    # Once more, from the leaves of the state tree, and not from the sum that the chain keeps.
    paths = {encode(("balance", owner)): owner for owner in chain._ledger.state.balances}
    held = [chain.balance(paths[path]) for path in leaves(chain) if path in paths]
    assert sum(held) == made


@given(sequence=st.lists(acts("deal", "mine"), max_size=25))
def test_executing_again_gives_the_same_roots(sequence: list[Act]) -> None:
    world = World()
    for each in sequence:
        world.perform(each)
    world.chain.verify()
    assert world.chain.header().state_root == root_from_scratch(world.chain)


@given(sequence=st.lists(acts(), max_size=25))
@example(sequence=[act("deploy", gas_limit=100_000)])
def test_gas_used_never_exceeds_the_limit_and_the_fee_goes_to_the_producer(
    sequence: list[Act],
) -> None:
    world = World()
    chain = world.chain
    for each in sequence:
        before = chain.balance(chain.producer)
        receipt = world.perform(each)
        if receipt is None:
            continue
        transaction = receipt.transaction
        assert 21_000 <= receipt.gas_used <= transaction.gas_limit
        assert receipt.gas_used + receipt.gas_refund <= transaction.gas_limit
        assert receipt.fee == receipt.gas_used * transaction.gas_price
        involved = {transaction.sender, world.places[each.target]}
        if chain.producer.address not in involved:
            assert chain.balance(chain.producer) - before == receipt.fee


@given(sequence=st.lists(acts(), max_size=15))
@example(sequence=[act(what, amount=10**14) for what in SENDING])
@example(sequence=[act(what, amount=10**14, gas_limit=70_000) for what in SENDING])
@example(sequence=[act("pay through", target=target, amount=5) for target in (8, 9, 10)])
def test_a_failed_transaction_changes_nothing_but_nonce_and_fee(sequence: list[Act]) -> None:
    world = World()
    chain = world.chain
    for each in sequence:
        before, number, money = leaves(chain), chain.number, chain.balance(chain.producer)
        sender = world.people[each.sender]
        held, nonce = chain.balance(sender), chain.make_transaction("call", sender).nonce
        receipt = world.perform(each)
        if receipt is None:  # invalid: not even a block
            assert (leaves(chain), chain.number) == (before, number)
        elif not receipt.ok:
            transaction = receipt.transaction
            assert without_money(leaves(chain), chain, transaction) == without_money(
                before, chain, transaction
            )
            assert chain.make_transaction("call", sender).nonce == nonce + 1
            if sender is not chain.producer:
                assert held - chain.balance(sender) == receipt.fee
                assert chain.balance(chain.producer) - money == receipt.fee
            assert receipt.logs == receipt.events == []
            assert receipt.contract_address is None
            assert receipt.return_value is None


def test_the_acts_reach_every_kind_of_outcome() -> None:
    world = World()
    outcomes: Counter[str] = Counter()
    for what in SENDING:
        for target in range(len(world.places)):
            for limit in (None, 30_000, 100_000):
                receipt = world.perform(act(what, target=target, amount=3, gas_limit=limit))
                error = None if receipt is None else receipt.error
                outcomes["invalid" if receipt is None else type(error).__name__] += 1
    assert set(outcomes) >= {
        "invalid", "NoneType", "Regret", "OutOfGas", "UnknownMethod", "NotPayable", "InvalidValue",
        "WriteInView", "NotAContract", "ReentrantCall",
    }  # fmt: skip
    receipt = world.perform(act("pay", amount=ether))
    assert type(receipt and receipt.error).__name__ == "TransferFailed"


def test_dealt_money_is_recorded_and_counted() -> None:
    chain = Chain(balance=5)
    receipt = chain.deal(NOBODY, 7)
    assert receipt.transaction.kind == "deal"
    assert receipt.transaction.sender == ZERO_ADDRESS
    assert (receipt.gas_used, receipt.fee, receipt.logs) == (0, 0, [])
    assert chain.block().receipts == [receipt]
    assert chain.account("zoe", balance=4).address in chain.labels
    assert (chain.money, chain.total_balance) == (61, 61)
    chain.verify()


def test_a_chain_with_a_minimum_price_verifies_dealt_money() -> None:
    chain = Chain(minimum_gas_price=5)
    chain.deal(NOBODY, 7)
    chain.verify()


def test_nobody_can_send_a_deal() -> None:
    chain = Chain()
    alice = chain.accounts[0]
    forged = chain.make_transaction(
        "deal", alice, to=alice.address, value=ether, gas_limit=0, gas_price=0
    )
    for deliver in (chain.send, chain.submit):
        for transaction in (forged, chain.sign(forged)):
            with pytest.raises(InvalidTransaction, match="deal"):
                deliver(transaction)
            assert chain.waiting == ()
            assert chain.total_balance == chain.money == 100_000 * ether
