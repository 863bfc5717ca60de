"""Models onto the chain: in one transaction if they fit into a block, in chunks otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chain import Account, Chain, Deployed, Receipt
from chain.deployed import ExternalMethod
from chain.errors import InvalidGasLimit, OutOfGas
from chain.transaction import Transaction
from chain.values import shown
from contracts_py.classifiers.classifier import Classifier
from offchain.fixed_point import DoesNotFit
from offchain.model import Load, Model, Plan

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Transactions:
    """What it took to get something onto the chain.

    Attributes
    ----------
    receipts
        Of all transactions, in order.
    """

    receipts: tuple[Receipt, ...]

    @property
    def gas_used(self) -> int:
        """Gas of all of them."""
        return sum(receipt.gas_used for receipt in self.receipts)

    @property
    def fee(self) -> int:
        """Wei paid for them."""
        return sum(receipt.fee for receipt in self.receipts)


@dataclass(frozen=True)
class Deployment(Transactions):
    """A model on the chain, and what it took.

    Attributes
    ----------
    contract
        The classifier; it belongs to whoever deployed it.
    """

    contract: Deployed


def deploy_model(
    chain: Chain,
    model: Model,
    *,
    sender: Account,
    gas_price: int | None = None,
    label: str | None = None,
    contract_class: type[Classifier] | None = None,
    progress: Progress | None = None,
) -> Deployment:
    """Deploy a model: the whole of it in the constructor, or as much per block as fits.

    Each transaction is tried out before it is sent, so that none runs out of gas.

    Parameters
    ----------
    sender
        Who pays, and owns the contract.
    gas_price
        Wei per gas; the chain's by default.
    label
        Names the contract in messages and traces.
    contract_class
        A subclass of the model's own, such as one that can be restored, to deploy instead of it.
    progress
        Called after every transaction with how many items are in the contract, and of how many.

    Raises
    ------
    DoesNotFit
        If `model` is no model.
    OutOfGas
        If not even one item fits into a block.
    InvalidTransaction
        If the sender runs out of money.
    ChainError
        What the chain or the contract has against it. In all cases the chain is as it was before.
    """
    if not isinstance(model, Model):
        raise DoesNotFit(
            f"{shown(model)} is no model: make one with from_estimator(...) or load_model(...)"
        )
    with chain.all_or_nothing():
        kind = contract_class or model.contract_class
        return _Deployer(chain, kind, sender, gas_price, progress).deploy(model, label)


class _Deployer:
    """Deploys one model."""

    def __init__(
        self,
        chain: Chain,
        contract_class: type[Classifier],
        sender: Account,
        gas_price: int | None,
        progress: Progress | None,
    ) -> None:
        self.chain = chain
        self.contract_class = contract_class
        self.sender = sender
        self.gas_price = gas_price
        self.progress = progress
        self.receipts: list[Receipt] = []

    def deploy(self, model: Model, label: str | None) -> Deployment:
        bare = model.plan(whole=False)
        selection = Load.of("add_feature_indices", model.feature_indices)
        total = sum(load.size for load in bare.loads) + selection.size
        plan = model.plan(whole=True)
        creation = self.creation(plan)
        if self.gas_of(creation) is None:
            plan = bare
            creation = self.creation(plan)
        receipt = self.send(creation)
        contract = self.chain.at(receipt.contract_address, label)
        loads = [*plan.loads, selection]
        done = total - sum(load.size for load in loads)
        self.report(done, total)
        for load in loads:
            start = 0
            most = load.size
            while start < load.size:
                most = self.fitting(contract, load, start, most)
                self.send(self.call(contract, load, start, start + most))
                start += most
                done += most
                self.report(done, total)
        return Deployment(tuple(self.receipts), contract)

    def fitting(self, contract: Deployed, load: Load, start: int, guess: int) -> int:
        """How many items from `start` on fit into a block; 1 if none does, for that to fail."""
        best, limit = 0, load.size - start
        size = min(guess, limit)
        while size > best:
            transaction = self.call(contract, load, start, start + size)
            gas = self.gas_of(transaction)
            if gas is None:
                limit = size - 1
                size = max(size // 2, 1) if best == 0 and size > 1 else best
            else:
                best = size
                # Half of what did not fit may leave much of a block unused.
                size = min(size * transaction.gas_limit // gas, limit)
        return max(best, 1)

    def creation(self, plan: Plan) -> Transaction:
        name = self.chain.register(self.contract_class)
        return self.chain.make_transaction(
            "deploy", self.sender, name=name, arguments=plan.arguments, gas_price=self.gas_price
        )

    def call(self, contract: Deployed, load: Load, start: int, end: int) -> Transaction:
        method: ExternalMethod = getattr(contract, load.method)
        arguments = load.arguments(start, end)
        return method.transaction(*arguments, sender=self.sender, gas_price=self.gas_price)

    def gas_of(self, transaction: Transaction) -> int | None:
        """What a transaction would use; None if that is too much for a block."""
        try:
            receipt = self.chain.simulate(transaction)
        except InvalidGasLimit:  # the data alone is too much
            return None
        return None if isinstance(receipt.error, OutOfGas) else receipt.gas_used

    def send(self, transaction: Transaction) -> Receipt:
        receipt = self.chain.raising(self.chain.send(transaction))
        self.receipts.append(receipt)
        return receipt

    def report(self, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(done, total)
