"""The gas report: receipts in, rows by contract and method out."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from chain.contract.contract import Contract
from chain.gas_report.price import GasPrice, decimal_text, places_for
from chain.gas_report.rows import Amounts, Row
from chain.gas_report.table import gas_table, kinds_table
from chain.receipt import Receipt
from chain.transaction import Transaction
from chain.values import Address

# Rows of what is no method of a contract.
DEPLOYMENT, TRANSFER, UNKNOWN = "(deployment)", "(transfer)", "(unknown method)"
ACCOUNTS, NOTHING = ("", "(accounts)"), ("", "(no contract)")

# Changes when a reader of the JSON would have to.
VERSION = 1

# Module and name of a class, which are the same in every run.
Name = tuple[str, str]
Key = tuple[Name, str, bool]


class GasReport:
    """What transactions cost, by contract and method; prints as a table.

    Contracts of the same class are one row, and so are classes of the same name in the same
    module. Deployments are rows of their own, and so are calls that failed, with their own gas.
    Money made by ``chain.deal`` costs no gas, and is left out.

    Attributes
    ----------
    transactions, gas
        How many there are, and the gas paid for them.
    """

    def __init__(self) -> None:
        self.transactions = 0
        self.gas = 0
        self._methods: defaultdict[Key, Amounts] = defaultdict(Amounts)
        self._inner: defaultdict[Key, Amounts] = defaultdict(Amounts)

    @classmethod
    def of(
        cls,
        receipts: Iterable[Receipt],
        classes: Mapping[str, type[Contract]],
        contracts: Mapping[Address, Contract],
    ) -> GasReport:
        """Make a report of receipts, in any order; the rest as in `add`."""
        report = cls()
        for receipt in receipts:
            report.add(receipt, classes, contracts)
        return report

    def add(
        self,
        receipt: Receipt,
        classes: Mapping[str, type[Contract]],
        contracts: Mapping[Address, Contract],
    ) -> None:
        """Count a transaction in.

        Parameters
        ----------
        classes
            What the names in deployments stand for.
        contracts
            What is at which address.
        """
        transaction = receipt.transaction
        if transaction.kind == "deal":
            return
        self.transactions += 1
        self.gas += receipt.gas_used
        name, method = _target(transaction, classes, contracts)
        reasons = {reason.name.lower(): gas for reason, gas in receipt.gas_by_reason.items()}
        spent = self._methods[name, method, not receipt.ok]
        spent.add(receipt.gas_used, **reasons, refund=receipt.gas_refund)
        for frame in receipt.trace[1:]:
            key = (_name(type(frame.contract)), frame.method.name, frame.error is not None)
            self._inner[key].add(frame.gas)

    @property
    def methods(self) -> list[Row]:
        """What transactions called, by name; deployments first, and failures last."""
        return self._rows(self._methods)

    @property
    def inner_calls(self) -> list[Row]:
        """Methods that other contracts called within the transactions, views among them.

        Their gas is part of the transactions' gas, before refunds, and contains the gas of calls
        that they made in turn; what a caller pays for calling is not in it.
        """
        return self._rows(self._inner)

    def _rows(self, amounts: Mapping[Key, Amounts]) -> list[Row]:
        short = {name: name[1].rpartition("<locals>.")[2] for name, _, _ in amounts}
        taken = Counter(short.values())
        shown = {name: ".".join(name) if taken[text] > 1 else text for name, text in short.items()}
        rows = [
            spent.row(shown[name], method, failed)
            for (name, method, failed), spent in amounts.items()
        ]
        return sorted(rows, key=lambda row: (row.contract, row.method, row.failed))

    def table(self, price: GasPrice | None = None) -> str:
        """As text, at most 120 columns unless numbers are huge; with a price, in money, too."""
        rows, inner = self.methods, self.inner_calls
        if not rows:
            return "No transactions, no gas."
        tables = [
            gas_table("Gas by method", rows, price),
            kinds_table("Kinds of gas, medians", rows),
        ]
        if inner:
            tables.append(gas_table("Calls from contracts", inner, price))
        return "\n\n".join([*tables, self._sum(rows, price)])

    def _sum(self, rows: list[Row], price: GasPrice | None) -> str:
        failed = [row for row in rows if row.failed]
        many = "s" if self.transactions > 1 else ""
        text = f"{self.transactions:,} transaction{many}: {self.gas:,} gas"
        if price is not None:
            cost = price.of(self.gas)
            text += f", {decimal_text(cost, places_for([cost]))} {price.currency} at {price}"
        if failed:
            calls = sum(row.calls for row in failed)
            gas = sum(row.gas.total for row in failed)
            text += f"\n{calls:,} of them failed: {gas:,} gas"
        return text

    def as_dict(self, price: GasPrice | None = None) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "version": VERSION,
            "price": None
            if price is None
            else {"wei": price.wei, "rate": f"{price.rate:f}", "currency": price.currency},
            "transactions": self.transactions,
            "gas": self.gas,
            "methods": [row.as_dict(price) for row in self.methods],
            "inner_calls": [row.as_dict(price) for row in self.inner_calls],
        }

    def to_json(self, price: GasPrice | None = None) -> str:
        """As JSON: the same text for the same receipts.

        ``methods`` and ``inner_calls`` are lists of rows with ``contract``, ``method``,
        ``failed``, ``calls`` and ``gas``, which has ``min``, ``median``, ``max`` and ``total``.
        Rows of methods have the same four for each kind of cost in ``reasons``: those add up to
        the gas, less ``refund``. With a price, rows have a ``cost``: the same four as decimal
        numbers in text, with all their digits.
        """
        return json.dumps(self.as_dict(price), indent=2)

    def __str__(self) -> str:
        return self.table()


def _target(
    transaction: Transaction,
    classes: Mapping[str, type[Contract]],
    contracts: Mapping[Address, Contract],
) -> tuple[Name, str]:
    """Whom a transaction is for, and what it wants from them."""
    if transaction.kind == "deploy":
        return _name(classes[transaction.name]), DEPLOYMENT
    assert transaction.to is not None
    contract = contracts.get(transaction.to)
    if transaction.kind == "transfer":
        return (ACCOUNTS if contract is None else _name(type(contract))), TRANSFER
    if contract is None:
        return NOTHING, UNKNOWN
    known = transaction.name in contract.methods
    return _name(type(contract)), transaction.name if known else UNKNOWN


def _name(contract_class: type[Contract]) -> Name:
    return contract_class.__module__, contract_class.__qualname__
