"""A contract at an address, as code outside the chain uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chain.contract.contract import Contract
from chain.contract.method import Method
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.values import Address

if TYPE_CHECKING:
    from chain.account import Account
    from chain.chain import Chain


class Deployed:
    """Handle to a deployed contract: its methods, and a getter for every storage field.

    ::

        counter.increase(5, sender=alice)   # a transaction: returns a Receipt, raises if it fails
        counter.total()                     # a view, free
        counter.count()                     # a field; counter.balances(alice) for a map
        counter.increase.simulate(5, sender=alice)   # the receipt it would get; changes nothing
    """

    def __init__(self, chain: Chain, address: Address, contract_class: type[Contract]) -> None:
        self._chain = chain
        self.address = address
        self.contract_class = contract_class

    def __getattr__(self, name: str) -> Any:
        method = self.contract_class.methods.get(name)
        if method is not None:
            bound = (ViewMethod if method.view else ExternalMethod)(
                self._chain, self.address, method
            )
            self.__dict__[name] = bound  # found without this detour from now on
            return bound
        if name in self.contract_class.fields:
            return lambda *keys: self._chain.read(self.address, name, keys)
        raise AttributeError(
            f"{self.contract_class.__name__} has no external method or field {name!r}, only "
            f"{', '.join([*self.contract_class.methods, *self.contract_class.fields])}"
        )

    @property
    def balance(self) -> int:
        """Wei the contract has."""
        return self._chain.balance(self.address)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Deployed) and other.address == self.address

    def __hash__(self) -> int:
        return hash(self.address)

    def __repr__(self) -> str:
        return f"<{self._chain.labels.get(self.address)} at {self.address}>"


class ViewMethod:
    """A view of a deployed contract."""

    def __init__(self, chain: Chain, address: Address, method: Method) -> None:
        self._chain = chain
        self._address = address
        self._method = method

    def __call__(self, *arguments: Any, sender: Account | None = None) -> Any:
        """Return the view's result; raises the contract's error."""
        return self._chain.view(self._address, self._method, arguments, sender)


class ExternalMethod:
    """A state-changing method of a deployed contract."""

    def __init__(self, chain: Chain, address: Address, method: Method) -> None:
        self._chain = chain
        self._address = address
        self._method = method

    def __call__(
        self,
        *arguments: Any,
        sender: Account,
        value: int = 0,
        gas_limit: int | None = None,
        gas_price: int | None = None,
    ) -> Receipt:
        """Send a transaction in a block of its own; raises the contract's error if it fails."""
        transaction = self.transaction(
            *arguments, sender=sender, value=value, gas_limit=gas_limit, gas_price=gas_price
        )
        return self._chain.raising(self._chain.send(transaction))

    def transaction(
        self,
        *arguments: Any,
        sender: Account,
        value: int = 0,
        gas_limit: int | None = None,
        gas_price: int | None = None,
    ) -> Transaction:
        """Make the transaction without sending it: for ``chain.send``, or ``chain.submit``.

        Raises InvalidValue if the arguments do not fit the method.
        """
        return self._chain.make_transaction(
            "call",
            sender,
            to=self._address,
            name=self._method.name,
            arguments=self._method.check_arguments(arguments),
            value=value,
            gas_limit=gas_limit,
            gas_price=gas_price,
        )

    def submit(
        self,
        *arguments: Any,
        sender: Account,
        value: int = 0,
        gas_limit: int | None = None,
        gas_price: int | None = None,
    ) -> Transaction:
        """Put the transaction into the mempool, for ``chain.mine()``.

        The gas limit is a tenth of a block's by default, so that several fit into one.
        """
        if gas_limit is None:
            gas_limit = self._chain.block_gas_limit // 10
        transaction = self.transaction(
            *arguments, sender=sender, value=value, gas_limit=gas_limit, gas_price=gas_price
        )
        self._chain.submit(transaction)
        return transaction

    def simulate(
        self,
        *arguments: Any,
        sender: Account,
        value: int = 0,
        gas_limit: int | None = None,
        gas_price: int | None = None,
    ) -> Receipt:
        """Execute the transaction and undo it; raises the contract's error if it fails."""
        transaction = self.transaction(
            *arguments, sender=sender, value=value, gas_limit=gas_limit, gas_price=gas_price
        )
        return self._chain.raising(self._chain.simulate(transaction))
