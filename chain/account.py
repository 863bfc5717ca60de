"""Accounts: addresses whose keys are held in this process."""

from __future__ import annotations

from chain.crypto import PrivateKey, address_of
from chain.errors import UnknownAccount
from chain.transaction import SignedTransaction, Transaction
from chain.values import ZERO_ADDRESS, Address


class Account:
    """Someone who can send transactions.

    Parameters
    ----------
    key
        The signing key; None for an address that is impersonated, which cannot sign.
    label
        A name for messages and traces.
    address
        Needed only without a key.
    """

    __slots__ = ("address", "key", "label")

    def __init__(self, key: PrivateKey | None, label: str, address: Address | None = None) -> None:
        self.key = key
        self.label = label
        if key is not None:
            address = Address(address_of(key.public_key))
        if address is None:
            raise UnknownAccount(f"{label} has neither a key nor an address")
        self.address = address

    def sign(self, transaction: Transaction) -> SignedTransaction:
        """Sign a transaction, for it to leave the process.

        Raises UnknownAccount for an impersonated address.
        """
        if self.key is None:
            raise UnknownAccount(f"{self.label} is impersonated: there is no key to sign with")
        return SignedTransaction(
            transaction=transaction,
            public_key=self.key.public_key,
            signature=self.key.sign(transaction.hash),
        )

    def __repr__(self) -> str:
        return f"{self.label} ({self.address})"


class AccountBook:
    """The accounts of one chain, and the labels of everything that has an address.

    Attributes
    ----------
    labels
        Names for messages and traces: of accounts, and of contracts once deployed.
    """

    def __init__(self) -> None:
        self.labels: dict[Address, str] = {ZERO_ADDRESS: "nobody"}
        self._accounts: dict[Address, Account] = {}

    def make(self, label: str) -> Account:
        """The account whose key follows from `label`: the same label, the same account."""
        account = Account(PrivateKey.from_seed(b"decai-chain/" + label.encode()), label)
        self.labels[account.address] = label
        return self._accounts.setdefault(account.address, account)

    def owner(self, address: Address) -> Account:
        """The account at `address`; raises UnknownAccount if its key is not here."""
        account = self._accounts.get(address)
        if account is None:
            raise UnknownAccount(f"there is no key here for {self.labels.get(address, address)}")
        return account

    def impersonate(self, address: Address) -> Account:
        """An account without a key, for sending as `address`."""
        return Account(None, f"impersonated {self.labels.get(address, address)}", address)
