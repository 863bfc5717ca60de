"""What several property tests share: contracts that move money, and sequences of acts upon them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from chain import Account, Chain, Receipt, Transaction
from chain.cells import leaf_key
from chain.contract import (
    Contract,
    Error,
    Event,
    Indexed,
    Map,
    address,
    external,
    payable,
    uint256,
    view,
)
from chain.errors import InvalidTransaction
from chain.merkle import MerkleTree
from chain.units import ether, gwei
from chain.values import Address


class Regret(Error):
    """A contract of these tests gives up on purpose."""


class Paid(Event):
    """A purse paid somebody."""

    to: Indexed[address]
    amount: uint256


class Purse(Contract):
    """Takes money, and passes it on in every way the language has."""

    paid: uint256
    failures: uint256
    turns: Map[uint256, uint256]

    @payable
    def __init__(self) -> None:
        self.emit(Paid(to=self.address, amount=self.msg.value))

    @payable
    def receive(self) -> None:
        pass

    @payable
    def pay(self, to: address, amount: uint256) -> None:
        """Send plain money, which `to` may refuse."""
        self.paid += amount
        self.emit(Paid(to=to, amount=amount))
        self.transfer(to, amount)

    @payable
    def pay_and_fail(self, to: address, amount: uint256) -> None:
        """Send money, and give up after that."""
        self.pay(to, amount)
        raise Regret()

    @payable
    def relay(self, purse: Purse, to: address, amount: uint256) -> None:
        """Have another purse pay with money that goes along with the call."""
        self.paid += 1
        purse.paying(amount).pay(to, amount)

    @external
    def attempt(self, purse: Purse, to: address, amount: uint256) -> None:
        """Have another purse pay with its own money, and go on if it cannot."""
        self.paid += 1
        for method_number in range(2):
            if method_number == 0:
                result = self.try_call(purse, "pay", [to, amount])
            else:
                result = self.try_call(purse, "pay_and_fail", [to, amount])
            if not result.ok:
                self.failures += 1

    @external
    def burn(self, turns: uint256) -> None:
        """Use gas, in proportion."""
        for turn in range(turns):
            self.turns[turn] += 1

    @view
    def peek_and_write(self) -> None:
        """Fail as a view must that writes."""
        self.paid += 1


class Grudge(Contract):
    """Takes no plain money; its constructor takes none either."""

    cares: bool

    def __init__(self) -> None:
        self.cares = False


class Angry(Contract):
    """Raises when money arrives."""

    count: uint256

    @payable
    def receive(self) -> None:
        self.count += 1
        raise Regret()


class Hungry(Contract):
    """Needs more gas to take money than a plain transfer brings."""

    count: uint256

    @payable
    def receive(self) -> None:
        self.count += 1


class Stillborn(Contract):
    """Cannot be deployed."""

    count: uint256

    @payable
    def __init__(self) -> None:
        self.count = 1
        self.emit(Paid(to=self.address, amount=self.msg.value))
        raise Regret()


NOBODY = Address("0x" + "17" * 20)


@dataclass(frozen=True)
class Act:
    """Something somebody tries: `amount` in wei, `sender` and `target` by their place in a list."""

    what: str
    sender: int
    target: int
    amount: int
    gas_limit: int | None
    gas_price: int
    waits: bool  # for a block with others


class World:
    """A chain with people and contracts, on which acts are performed."""

    def __init__(self, chain: Chain | None = None) -> None:
        self.chain = Chain(balance=ether) if chain is None else chain
        self.people: list[Account] = [
            *self.chain.accounts[:3],
            self.chain.producer,
            self.chain.account("pauper"),
        ]
        deployer = self.people[0]
        self.purses = [self.chain.deploy(Purse, sender=deployer, value=10**15) for _ in range(2)]
        refusing = [self.chain.deploy(each, sender=deployer) for each in (Grudge, Angry, Hungry)]
        self.places: list[Address] = [
            NOBODY,
            *(person.address for person in self.people),
            *(contract.address for contract in (*self.purses, *refusing)),
        ]
        for each in (Stillborn, Grudge, Purse):
            self.chain.register(each)

    def transaction(self, act: Act) -> Transaction:
        """What an act sends."""
        chain = self.chain
        sender = self.people[act.sender]
        place = self.places[act.target]
        purse, other = self.purses[:: 1 if act.target % 2 else -1]
        prices: dict[str, Any] = {"gas_limit": act.gas_limit, "gas_price": act.gas_price}
        amount = act.amount

        def call(name: str, *arguments: object, value: int = 0) -> Transaction:
            return chain.make_transaction(
                "call", sender, to=purse.address, name=name, arguments=arguments, value=value,
                **prices,
            )  # fmt: skip

        def deploy(name: str) -> Transaction:
            return chain.make_transaction("deploy", sender, name=name, value=amount, **prices)

        makers: dict[str, Callable[[], Transaction]] = {
            "transfer": lambda: chain.make_transaction(
                "transfer", sender, to=place, value=amount, **prices
            ),
            "pay": lambda: call("pay", place, amount),
            "pay through": lambda: call("pay", place, amount, value=amount),
            "pay and fail": lambda: call("pay_and_fail", place, amount, value=amount),
            "relay": lambda: call("relay", other.address, place, amount, value=amount // 2),
            "attempt": lambda: call("attempt", other.address, place, amount),
            "burn": lambda: call("burn", amount % 30),
            "pay a method that takes none": lambda: call("burn", 1, value=amount),
            "write in a view": lambda: call("peek_and_write"),
            "call what is not there": lambda: call("steal", amount),
            "give what is no number": lambda: call("burn", "all"),
            "deploy": lambda: deploy("Purse"),
            "deploy what fails": lambda: deploy("Stillborn"),
            "deploy what takes no money": lambda: deploy("Grudge"),
            "call no contract": lambda: chain.make_transaction(
                "call", sender, to=NOBODY, name="pay", value=amount, **prices
            ),
        }
        return makers[act.what]()

    def perform(self, act: Act) -> Receipt | None:
        """Try an act; None if it only waits, or is invalid, or makes a block of what waits."""
        chain = self.chain
        if act.what == "mine":
            chain.mine()
            return None
        if act.what == "deal":
            return chain.deal(self.places[act.target], act.amount)
        try:
            transaction = self.transaction(act)
            if act.waits:
                chain.submit(transaction)
                return None
            return chain.send(transaction)
        except InvalidTransaction:
            return None


SENDING = (
    "transfer", "pay", "pay through", "pay and fail", "relay", "attempt", "burn",
    "pay a method that takes none", "write in a view", "call what is not there",
    "give what is no number", "deploy", "deploy what fails", "deploy what takes no money",
    "call no contract",
)  # fmt: skip

amounts = st.integers(0, 3) | st.integers(0, 10**15) | st.integers(0, 2 * ether)


def acts(*others: str) -> st.SearchStrategy[Act]:
    """Acts of all kinds that send a transaction, and of the `others`."""
    return st.builds(
        Act,
        what=st.sampled_from((*SENDING, *others)),
        sender=st.integers(0, 4),
        target=st.integers(0, 10),
        amount=amounts,
        gas_limit=st.none() | st.integers(21_000, 150_000) | st.integers(21_000, 800_000),
        gas_price=st.sampled_from((0, 1, gwei)),
        waits=st.booleans() if "mine" in others else st.just(False),
    )


def root_from_scratch(chain: Chain) -> bytes:
    """The state root over all leaves, collected and hashed anew."""
    tree = MerkleTree()
    for path, value in chain._ledger.state.leaves().items():
        tree.update(leaf_key(path), value)
    return tree.root()
