"""A whole system in one call: the parts deployed, put together, and handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain import Account, Chain, Deployed, Receipt
from contracts_py.collaborative_trainer import CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from contracts_py.incentive import Incentive
from offchain.deployment import Progress, deploy_model
from offchain.models import Model


@dataclass(frozen=True)
class System:
    """A trainer with its three parts, on a chain.

    Attributes
    ----------
    trainer
        The door for users; it owns the others.
    receipts
        Of all it took, in order.
    """

    chain: Chain
    trainer: Deployed
    data_handler: Deployed
    incentive_mechanism: Deployed
    classifier: Deployed
    receipts: tuple[Receipt, ...]

    @property
    def gas_used(self) -> int:
        """Gas of everything together."""
        return sum(receipt.gas_used for receipt in self.receipts)


def deploy_system(
    chain: Chain,
    model: Model | Deployed,
    mechanism: type[Incentive],
    *mechanism_arguments: Any,
    sender: Account,
    name: str = "",
    description: str = "",
    encoder: str = "",
    gas_price: int | None = None,
    progress: Progress | None = None,
) -> System:
    """Deploy and wire a trainer with a data handler, a mechanism and a classifier.

    The steps one by one are in ``examples/quickstart.py``.

    Parameters
    ----------
    model
        What to start from; or a classifier contract that `sender` owns.
    mechanism, mechanism_arguments
        The incentive mechanism's class, and what its constructor takes.
    sender
        Who pays. The parts end up belonging to the trainer, which belongs to nobody.
    name, description, encoder
        What the trainer says about itself.
    gas_price
        Wei per gas; the chain's by default.
    progress
        As in `deploy_model`.

    Raises
    ------
    ChainError
        What the chain or a contract has against it; then the chain is as it was before.
    """
    options: dict[str, Any] = {"sender": sender, "gas_price": gas_price}
    with chain.all_or_nothing():
        first = chain.number + 1
        if isinstance(model, Deployed):
            classifier = model
        else:
            classifier = deploy_model(chain, model, **options, progress=progress).contract
        data_handler = chain.deploy(DataHandler, **options)
        incentive_mechanism = chain.deploy(mechanism, *mechanism_arguments, **options)
        parts = (data_handler, incentive_mechanism, classifier)
        about = (name, description, encoder)
        trainer = chain.deploy(CollaborativeTrainer, *about, *parts, **options)
        for part in parts:
            part.transfer_ownership(trainer, **options)
        return System(chain, trainer, *parts, tuple(chain.receipts(first)))
