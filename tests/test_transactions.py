"""Which transactions are valid, what their signatures guard, and what receipts say."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chain import Account, Chain, Deployed, Reason, SignedTransaction, Transaction
from chain.contract import (
    Array,
    Contract,
    Error,
    Event,
    Indexed,
    address,
    bytes32,
    external,
    int64,
    payable,
    require,
    uint8,
    uint256,
    view,
)
from chain.crypto import PrivateKey
from chain.errors import (
    ChainError,
    ExecutionError,
    InsufficientFunds,
    InvalidGasLimit,
    InvalidGasPrice,
    InvalidSignature,
    InvalidTransaction,
    InvalidValue,
    NotAContract,
    NotPayable,
    OutOfGas,
    UnknownAccount,
    UnknownContract,
    UnknownMethod,
    WrongChain,
    WrongNonce,
)
from chain.units import ether, gwei
from tests.strategies import NOBODY, Grudge, Purse, Regret, Stillborn


class TooMuch(Error):
    """More than there is."""

    asked: uint256
    held: uint256


class Taken(Event):
    """Somebody took some."""

    who: Indexed[address]
    amount: uint256


class Jar(Contract):
    """Holds a number, and takes arguments of every kind."""

    held: uint256

    @payable
    def __init__(self, held: uint256) -> None:
        self.held = held

    @external
    def take(self, amount: uint256) -> uint256:
        require(amount <= self.held, TooMuch(asked=amount, held=self.held))
        self.held -= amount
        self.emit(Taken(who=self.msg.sender, amount=amount))
        return self.held

    @external
    def note(
        self,
        number: int64,
        small: uint8,
        flag: bool,
        text: str,
        key: bytes32,
        who: address,
        row: Array[int64],
        rows: Array[Array[uint8]],
    ) -> bool:
        self.held = small
        return flag

    @view
    def half(self) -> uint256:
        return self.held // 2

    @external
    def empty(self, jar: Jar) -> None:
        jar.take(jar.half())


class Unfinished(Contract):
    """Abstract."""

    @view
    def answer(self) -> uint256:
        """Leave this to a subclass."""
        ...


@pytest.fixture
def chain() -> Chain:
    return Chain(minimum_gas_price=2, gas_price=2)


@pytest.fixture
def alice(chain: Chain) -> Account:
    return chain.accounts[0]


@pytest.fixture
def jar(chain: Chain, alice: Account) -> Deployed:
    return chain.deploy(Jar, 100, sender=alice)


def changed(transaction: Transaction, **fields: Any) -> Transaction:
    return Transaction(**{**dict(transaction), **fields})


WRONG: list[tuple[dict[str, Any], type[InvalidTransaction], str]] = [
    ({"chain_id": 1}, WrongChain, "signed for chain 1, this is chain 1337"),
    ({"nonce": 0}, WrongNonce, "the nonce is 0, the next one is 1"),
    ({"nonce": 2}, WrongNonce, "the nonce is 2, the next one is 1"),
    ({"gas_limit": 20_999}, InvalidGasLimit, "20999 is below the 21000"),
    ({"gas_limit": 30_000_001}, InvalidGasLimit, "30000001 does not fit into a block of 30000000"),
    ({"gas_price": 1}, InvalidGasPrice, "1 wei is below the chain's minimum of 2"),
    ({"value": 10_000 * ether}, InsufficientFunds, "alice"),
    ({"gas_price": ether}, InsufficientFunds, "lower gas_limit or gas_price"),
    ({"kind": "deploy", "to": None, "name": "Nothing"}, UnknownContract, "'Nothing'"),
    ({"kind": "deploy", "to": None, "name": "Unfinished"}, UnknownContract, "answer"),
    ({"kind": "deal"}, InvalidTransaction, "deal"),
]


class TestValidity:
    @pytest.mark.parametrize(("fields", "error", "why"), WRONG)
    @pytest.mark.parametrize("signed", [False, True])
    def test_an_invalid_transaction_enters_no_block_and_says_why(
        self, fields: dict[str, Any], error: type[InvalidTransaction], why: str, signed: bool
    ) -> None:
        chain = Chain(minimum_gas_price=2, gas_price=2)
        alice = chain.accounts[0]
        chain.register(Unfinished)
        chain.transfer(alice, NOBODY, 1)
        good = chain.make_transaction("transfer", alice, to=NOBODY, value=1, gas_limit=21_000)
        bad = changed(good, **fields)
        before = (chain._ledger.state.leaves(), chain.number, chain.timestamp)
        with pytest.raises(error, match=why):
            chain.send(chain.sign(bad) if signed else bad)
        if fields != {"gas_limit": 20_999}:  # what the work costs at least is known in a block only
            with pytest.raises(error, match=why):
                chain.submit(chain.sign(bad) if signed else bad)
            assert chain.waiting == ()
        assert (chain._ledger.state.leaves(), chain.number, chain.timestamp) == before
        chain.send(good)
        assert chain.balance(NOBODY) == 2

    def test_every_reason_is_of_one_family(self) -> None:
        assert all(issubclass(error, InvalidTransaction) for _, error, _ in WRONG)
        assert issubclass(InvalidTransaction, ChainError)
        assert not issubclass(InvalidTransaction, ExecutionError)

    def test_too_little_gas_for_the_calldata_is_found_before_anything_runs(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        # EIP-7623: at least 40 for each byte of the selector and of a number, 10 for zeros.
        needed = 21_000 + 4 * 40 + 31 * 10 + 40
        with pytest.raises(InvalidGasLimit, match=str(needed)):
            chain.send(jar.take.transaction(1, sender=alice, gas_limit=needed - 1))
        receipt = chain.send(jar.take.transaction(1, sender=alice, gas_limit=needed))
        assert isinstance(receipt.error, OutOfGas)
        assert receipt.gas_used == needed

    def test_it_does_not_get_into_the_mempool_either(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        with pytest.raises(InvalidGasLimit):
            jar.take.submit(1, sender=alice, gas_limit=21_000)
        assert chain.waiting == ()

    def test_all_one_has_can_be_sent_to_the_last_wei(self, chain: Chain, alice: Account) -> None:
        bob = chain.accounts[1]
        chain.transfer(alice, bob, chain.balance(alice) - 42_000, gas_limit=21_000)
        assert chain.balance(alice) == 0
        with pytest.raises(InsufficientFunds):
            chain.transfer(alice, bob, 0, gas_limit=21_000)

    def test_without_a_limit_one_asks_for_what_one_can_pay(
        self, chain: Chain, alice: Account
    ) -> None:
        poor = chain.account("poor", balance=50_000)
        transaction = chain.make_transaction("transfer", poor, to=NOBODY, value=10)
        assert transaction.gas_limit == (50_000 - 10) // 2
        assert chain.make_transaction("transfer", alice, to=NOBODY).gas_limit == 30_000_000
        with pytest.raises(InsufficientFunds):
            chain.transfer(poor, NOBODY, 50_001)

    def test_who_has_no_money_is_told_so(self, chain: Chain) -> None:
        for held, value in ((0, 0), (5, 0), (41_999, 0), (10**6, 10**6)):
            sender = chain.account(f"holder of {held}", balance=held)
            with pytest.raises(InsufficientFunds, match=f"has {held} wei"):
                chain.transfer(sender, NOBODY, value)

    @pytest.mark.parametrize("fields", [
        {"value": -1}, {"value": 2**256}, {"value": 1.0}, {"value": "1"}, {"nonce": -1},
        {"nonce": 2**64}, {"gas_limit": -1}, {"gas_limit": None}, {"gas_price": -1},
        {"gas_price": True}, {"to": "0x12"}, {"to": 5}, {"sender": None}, {"kind": "gift"},
    ])  # fmt: skip
    def test_what_is_no_transaction_cannot_be_made(
        self, chain: Chain, alice: Account, fields: dict[str, Any]
    ) -> None:
        good = chain.make_transaction("transfer", alice, to=NOBODY, value=1)
        with pytest.raises(ValidationError):
            changed(good, **fields)

    def test_the_facade_raises_errors_of_its_own_family(self, chain: Chain, alice: Account) -> None:
        for amount in (-1, 1.5, 2**256):
            with pytest.raises(ChainError):
                chain.transfer(alice, NOBODY, amount)  # type: ignore[arg-type]
        for argument in (1.5, None, {1}, object()):
            with pytest.raises(ChainError):
                chain.deploy(Jar, argument, sender=alice)
        with pytest.raises(ChainError):
            chain.deal(NOBODY, -1)
        with pytest.raises(UnknownAccount, match=r"chain\.account"):
            chain.transfer(alice.address, NOBODY, 1)  # type: ignore[arg-type]

    def test_a_transaction_cannot_be_changed(self, chain: Chain, alice: Account) -> None:
        transaction = chain.make_transaction("transfer", alice, to=NOBODY, value=1)
        with pytest.raises(ValidationError):
            transaction.value = 2

    def test_each_field_is_in_the_hash(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        base = jar.take.transaction(1, sender=alice)
        others = [
            changed(base, **{field: value})
            for field, value in {
                "kind": "transfer", "chain_id": 1, "sender": NOBODY, "nonce": 9, "gas_limit": 9,
                "gas_price": 9, "value": 9, "to": NOBODY, "name": "half", "arguments": (2,),
            }.items()
        ]  # fmt: skip
        assert len(others) == len(Transaction.model_fields)
        assert len({base.hash, *(other.hash for other in others)}) == 11
        assert base == changed(base)
        assert hash(base) == hash(changed(base))


class TestSignatures:
    def test_a_signed_transaction_is_accepted_once(self, chain: Chain, alice: Account) -> None:
        signed = chain.sign(chain.make_transaction("transfer", alice, to=NOBODY, value=5))
        assert chain.send(signed).ok
        for deliver in (chain.send, chain.submit):
            with pytest.raises(WrongNonce):
                deliver(signed)
        assert chain.balance(NOBODY) == 5

    def test_one_that_waits_cannot_be_queued_again(self, chain: Chain, alice: Account) -> None:
        signed = chain.sign(chain.make_transaction("transfer", alice, to=NOBODY, value=5))
        chain.submit(signed)
        with pytest.raises(WrongNonce):
            chain.submit(signed)
        chain.mine()
        assert chain.balance(NOBODY) == 5

    def test_it_is_of_no_use_on_another_chain(self, chain: Chain, alice: Account) -> None:
        other = Chain(chain_id=7)
        signed = other.sign(
            other.make_transaction("transfer", other.accounts[0], to=NOBODY, value=5)
        )
        assert other.accounts[0].address == alice.address
        with pytest.raises(WrongChain):
            chain.send(signed)

    @given(
        field=st.sampled_from(["kind", "nonce", "gas_limit", "gas_price", "value", "to", "name"])
    )
    def test_nothing_can_be_changed_after_signing(self, field: str) -> None:
        chain = Chain()
        good = chain.make_transaction("transfer", chain.accounts[0], to=NOBODY, value=5)
        signed = chain.sign(good)
        value = getattr(good, field)
        other = {"kind": "call", "to": chain.producer.address, "name": "x"}.get(field, value)
        bad = changed(good, **{field: other if isinstance(other, str) else value + 1})
        forged = SignedTransaction(
            transaction=bad, public_key=signed.public_key, signature=signed.signature
        )
        for deliver in (chain.send, chain.submit):
            with pytest.raises(InvalidSignature, match="sign it again"):
                deliver(forged)
        assert chain.number == 0

    @pytest.mark.parametrize("fields", [
        {"signature": bytes(64)}, {"signature": b""}, {"signature": bytes(63)},
        {"public_key": PrivateKey.from_seed(b"mallory").public_key}, {"public_key": bytes(32)},
        {"public_key": b""}, {"public_key": bytes(31)}, {"public_key": bytes(33)},
    ])  # fmt: skip
    def test_a_forged_signature_is_refused(self, fields: dict[str, bytes]) -> None:
        chain = Chain()
        signed = chain.sign(
            chain.make_transaction("transfer", chain.accounts[0], to=NOBODY, value=5)
        )
        with pytest.raises(InvalidSignature):
            chain.send(SignedTransaction(**{**dict(signed), **fields}))

    def test_somebody_else_cannot_sign_for_the_sender(self, chain: Chain, alice: Account) -> None:
        bob = chain.accounts[1]
        transaction = chain.make_transaction("transfer", alice, to=bob, value=5)
        with pytest.raises(InvalidSignature, match="not to the sender"):
            chain.send(bob.sign(transaction))

    def test_only_keys_that_are_here_can_sign(self, chain: Chain, jar: Deployed) -> None:
        actor = chain.impersonate(jar)
        assert "impersonated" in repr(actor)
        transaction = chain.make_transaction("transfer", actor, to=NOBODY, gas_price=2, gas_limit=0)
        for sign in (chain.sign, actor.sign):
            with pytest.raises(UnknownAccount):
                sign(transaction)

    def test_labels_give_the_same_keys_on_every_chain(self) -> None:
        first, second = Chain(), Chain()
        assert [a.address for a in first.accounts] == [a.address for a in second.accounts]
        assert first.account("zoe").address == second.account("zoe").address
        assert len({account.address for account in first.accounts}) == 10


plain_values = st.one_of(
    st.integers(-(2**255), 2**256 - 1),
    st.booleans(),
    st.text(max_size=5),
    st.binary(max_size=40),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5),
    st.lists(st.lists(st.text(max_size=2), max_size=2), max_size=2),
)


class TestJson:
    @given(arguments=st.lists(plain_values, max_size=4), value=st.integers(0, 2**256 - 1))
    def test_it_comes_back_as_it_was(self, arguments: list[Any], value: int) -> None:
        chain = Chain()
        transaction = chain.make_transaction(
            "call", chain.accounts[0], to=NOBODY, name="x", arguments=arguments, value=value
        )
        signed = chain.sign(transaction)
        again = SignedTransaction.from_json(signed.to_json())
        assert again == signed
        assert again.check() == transaction
        assert list(again.transaction.arguments) == list(transaction.arguments)
        assert [*map(type, again.transaction.arguments)] == [*map(type, transaction.arguments)]

    def test_every_kind_of_argument_arrives(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        arguments = (-5, 7, True, "é", bytes(range(32)), alice, [1, -(2**63)], [[1], []])
        text = chain.sign(jar.note.transaction(*arguments, sender=alice)).to_json()
        receipt = chain.send(SignedTransaction.from_json(text))
        assert (receipt.ok, receipt.return_value, jar.held()) == (True, True, 7)
        deploy = chain.make_transaction("deploy", alice, name="Jar", arguments=(8,), value=3)
        receipt = chain.send(SignedTransaction.from_json(chain.sign(deploy).to_json()))
        assert chain.at(receipt.contract_address).held() == 8
        chain.verify()

    @pytest.mark.parametrize("text", [
        "", "{", "[]", "5", "null", "{}", '{"transaction": 5}', '"x"', "[" * 5000, b"\xff",
    ])  # fmt: skip
    def test_what_is_malformed_is_refused(self, text: Any) -> None:
        with pytest.raises(InvalidTransaction, match="malformed"):
            SignedTransaction.from_json(text)

    @pytest.mark.parametrize("path", [
        ("transaction", "nonce", "0"), ("transaction", "nonce", 0.0),
        ("transaction", "nonce", True), ("transaction", "value", -1),
        ("transaction", "kind", "gift"), ("transaction", "to", "bob"), ("transaction", "to", 5),
        ("transaction", "sender", None), ("transaction", "arguments", 5),
        ("transaction", "arguments", [None]), ("transaction", "arguments", [1.5]),
        ("transaction", "arguments", [{"bytes": "zz"}]), ("transaction", "arguments", [{}]),
        ("transaction", "name", 5), ("transaction", "name", "\ud800"),
        ("transaction", "arguments", ["\ud800"]), ("public_key", "zz"), ("signature", 5),
    ])  # fmt: skip
    def test_what_has_a_wrong_field_is_refused(self, path: tuple[Any, ...]) -> None:
        chain = Chain()
        signed = chain.sign(chain.make_transaction("transfer", chain.accounts[0], to=NOBODY))
        data = json.loads(signed.to_json())
        *where, field, value = path
        target = data
        for each in where:
            target = target[each]
        target[field] = value
        with pytest.raises(InvalidTransaction):
            SignedTransaction.from_json(json.dumps(data)).check()
        del target[field]
        with pytest.raises(InvalidTransaction, match="malformed"):
            SignedTransaction.from_json(json.dumps(data))


class TestReceipts:
    def test_of_a_call_that_worked(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        receipt = jar.take(30, sender=alice, gas_price=5)
        assert (receipt.ok, receipt.error, receipt.return_value) == (True, None, 70)
        assert (receipt.block_number, receipt.index) == (chain.number, 0)
        assert receipt.events == [Taken(who=alice.address, amount=30)]
        assert receipt.contract_address is None
        assert receipt.fee == 5 * receipt.gas_used
        assert receipt.transaction.arguments == (30,)
        assert sum(receipt.gas_by_reason.values()) == receipt.gas_used
        assert receipt.gas_by_reason[Reason.INTRINSIC] == 21_000

    def test_of_one_that_failed(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        with pytest.raises(TooMuch) as caught:
            jar.take(101, sender=alice)
        error = caught.value
        assert (error.asked, error.held) == (101, 100)
        assert "Jar.take(101)" in "".join(error.__notes__)
        receipt = error.receipt
        assert receipt is chain.block().receipts[0]
        assert (receipt.ok, receipt.error, receipt.return_value) == (False, error, None)
        assert receipt.events == []
        assert 21_000 < receipt.gas_used < 40_000
        again = chain.send(jar.take.transaction(101, sender=alice))
        assert (type(again.error), again.gas_used) == (TooMuch, receipt.gas_used)

    def test_of_a_deployment(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        receipt = chain.block(1).receipts[0]
        assert receipt.contract_address == jar.address
        assert receipt.transaction.name == "Jar"
        words = -(
            -(Jar.code_size + Jar.constructor_size + 32) // 32
        )  # of code and the constructor's argument
        assert receipt.gas_by_reason[Reason.INTRINSIC] == 53_000 + 2 * words
        assert receipt.gas_by_reason[Reason.CODE] == 200 * Jar.code_size
        with pytest.raises(Regret) as caught:
            chain.deploy(Stillborn, sender=alice)
        assert caught.value.receipt.contract_address is None
        with pytest.raises(NotPayable):
            chain.deploy(Grudge, sender=alice, value=1)

    def test_gas_by_reason_adds_up_whatever_happened(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        needed = jar.take(1, sender=alice).gas_used
        for limit in [*range(21_510, needed + 500, 97), needed]:
            receipt = chain.send(jar.take.transaction(1, sender=alice, gas_limit=limit))
            assert receipt.ok == (limit >= needed)
            assert min(receipt.gas_by_reason.values()) >= 0
            assert sum(receipt.gas_by_reason.values()) == receipt.gas_used + receipt.gas_refund
            assert receipt.gas_used == (needed if receipt.ok else limit)

    def test_the_trace_shows_the_calls(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        other = chain.deploy(Jar, 9, sender=alice, label="other jar")
        receipt = jar.empty(other, sender=alice)
        lines = str(receipt.trace).splitlines()
        assert [line.split("[")[0].rstrip() for line in lines] == [
            "Jar.empty(other jar)", "  other jar.half()", "  other jar.take(4)",
        ]  # fmt: skip
        outer, *inner = receipt.trace
        assert outer.gas > sum(frame.gas for frame in inner) > 0
        assert outer.gas == receipt.gas_used - sum(
            receipt.gas_by_reason[reason] for reason in (Reason.INTRINSIC, Reason.CALLDATA)
        )

    def test_other_ways_to_fail(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        def sent(**fields: Any) -> type:
            transaction = jar.take.transaction(1, sender=alice)
            return type(chain.send(changed(transaction, **fields)).error)

        assert sent(name="give") is UnknownMethod
        assert sent(name="__init__") is UnknownMethod
        assert sent(to=NOBODY) is NotAContract
        assert sent(value=1) is NotPayable
        assert sent(arguments=()) is InvalidValue
        assert issubclass(sent(arguments=(-1,)), InvalidValue)
        assert issubclass(sent(arguments=("1",)), InvalidValue)
        assert sent(kind="transfer", value=1) is UnknownMethod
        assert sent(gas_limit=21_600) is OutOfGas
        assert jar.held() == 100

    def test_views_and_simulations_cost_and_change_nothing(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        before = (chain._ledger.state.leaves(), chain.number, len(chain.logs()))
        assert jar.half() == 50
        assert jar.take.simulate(40, sender=alice).return_value == 60
        with pytest.raises(TooMuch):
            jar.take.simulate(101, sender=alice)
        assert (chain._ledger.state.leaves(), chain.number, len(chain.logs())) == before

    def test_numpy_arguments_are_plain_ones(
        self, chain: Chain, jar: Deployed, alice: Account
    ) -> None:
        rows = np.array([[1, 2], [3, 4]], dtype=np.uint8)
        transaction = jar.note.transaction(
            np.int64(-5), np.uint8(7), np.bool_(True), "x", bytes(32), alice, np.arange(3), rows,
            sender=alice,
        )  # fmt: skip
        plain = jar.note.transaction(
            -5, 7, True, "x", bytes(32), alice.address, [0, 1, 2], [[1, 2], [3, 4]], sender=alice
        )
        assert transaction == plain
        assert chain.send(chain.sign(transaction)).ok

    def test_logs_and_proofs_are_frozen(self, chain: Chain, jar: Deployed, alice: Account) -> None:
        (log,) = jar.take(1, sender=alice).logs
        with pytest.raises(FrozenInstanceError):
            log.block_number = 9
        with pytest.raises(AttributeError):
            log.event.amount = 9
        proof = chain.prove_balance(alice)
        assert replace(proof) == proof


def test_money_to_and_from_contracts() -> None:
    chain = Chain(gas_price=gwei)
    alice, bob = chain.accounts[:2]
    purse = chain.deploy(Purse, sender=alice, value=7)
    chain.transfer(bob, purse, 5)
    assert purse.balance == 12
    before = chain.balance(bob)
    purse.pay(bob, 12, sender=alice)
    assert (purse.balance, chain.balance(bob) - before) == (0, 12)
