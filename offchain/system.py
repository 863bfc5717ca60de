"""A whole system in one call: the parts deployed, put together, and handed over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chain import Account, Chain, Deployed
from contracts_py.classifiers.classifier import Classifier
from contracts_py.collaborative_trainer import CollaborativeTrainer
from contracts_py.data_handler import DataHandler
from contracts_py.incentive import Incentive
from incentives.paid_predictions import PaidPredictions
from offchain.deployment import Progress, Transactions, deploy_model
from offchain.fixed_point import DoesNotFit
from offchain.model import Model


@dataclass(frozen=True)
class System(Transactions):
    """A trainer with its three parts, and what it took.

    Attributes
    ----------
    trainer
        The door for users; it owns the others.
    """

    trainer: Deployed
    data_handler: Deployed
    incentive_mechanism: Deployed
    classifier: Deployed


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
        The incentive mechanism's class, and what its constructor takes; for paid predictions that
        begins with the classifier, which is not to be given here.
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
    DoesNotFit
        If `model` is neither.
    ChainError
        What the chain or a contract has against it. In all cases the chain is as it was before.
    """
    options: dict[str, Any] = {"sender": sender, "gas_price": gas_price}
    with chain.all_or_nothing():
        first = chain.number + 1
        if isinstance(model, Deployed):
            classifier = chain.at(model)  # on this chain, even if the handle is another's
        else:
            classifier = deploy_model(chain, model, **options, progress=progress).contract
        if not issubclass(classifier.contract_class, Classifier):
            raise DoesNotFit(f"{classifier} is no classifier: give one, or a model")
        data_handler = chain.deploy(DataHandler, **options)
        if issubclass(mechanism, PaidPredictions):
            mechanism_arguments = (classifier, *mechanism_arguments)
        incentive_mechanism = chain.deploy(mechanism, *mechanism_arguments, **options)
        parts = (data_handler, incentive_mechanism, classifier)
        about = (name, description, encoder)
        trainer = chain.deploy(CollaborativeTrainer, *about, *parts, **options)
        for part in parts:
            part.transfer_ownership(trainer, **options)
        # Others may send something while progress is reported.
        sent = [each for each in chain.receipts(first) if each.transaction.sender == sender.address]
        return System(tuple(sent), trainer, *parts)
