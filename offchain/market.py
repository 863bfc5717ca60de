"""A prediction market from the provider's side: deployed, opened, revealed, and driven on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chain import Account, Chain, Deployed, Receipt
from chain.crypto import sha3
from chain.encoding import encode
from chain.errors import InvalidValue, OutOfGas
from chain.units import days
from contracts_py.classifiers.classifier import Classifier
from contracts_py.classifiers.dense_perceptron import DensePerceptron
from contracts_py.classifiers.naive_bayes import NaiveBayesClassifier
from contracts_py.classifiers.nearest_centroid import NearestCentroidClassifier
from contracts_py.classifiers.restorable import (
    Restorable,
    RestorableDensePerceptron,
    RestorableNaiveBayes,
    RestorableNearestCentroid,
    RestorableSparseNearestCentroid,
    RestorableSparsePerceptron,
)
from contracts_py.classifiers.sparse_nearest_centroid import SparseNearestCentroidClassifier
from contracts_py.classifiers.sparse_perceptron import SparsePerceptron
from contracts_py.data_handler import DataHandler
from incentives.market.phases import COLLECT, ModelNeedsMoreGas
from incentives.market_trainer import MarketTrainer
from incentives.prediction_market import PredictionMarket
from offchain.deployment import deploy_model
from offchain.fixed_point import DoesNotFit
from offchain.model import Model
from offchain.system import System

# Samples with their classes.
Samples = Sequence[tuple[Sequence[int], int]]

# What a model is deployed as if passes are to restart.
RESTORABLE: dict[type[Classifier], type[Restorable]] = {
    DensePerceptron: RestorableDensePerceptron,
    SparsePerceptron: RestorableSparsePerceptron,
    NaiveBayesClassifier: RestorableNaiveBayes,
    NearestCentroidClassifier: RestorableNearestCentroid,
    SparseNearestCentroidClassifier: RestorableSparseNearestCentroid,
}


@dataclass(frozen=True, kw_only=True)
class MarketRules:
    """What ``PredictionMarket`` takes besides the classifier; see there."""

    min_stake: int
    min_time_s: int = 1 * days
    min_contributions: int = 100
    patience_s: int = 7 * days
    any_address_claim_wait_time_s: int = 7 * days
    longest_sample: int = 1_000
    stakes_all: bool = False
    groups: bool = False
    restarts: bool = False

    def arguments(self, classifier: Deployed) -> tuple[Deployed | int, ...]:
        """What the contract's constructor takes."""
        return (
            classifier,
            self.min_stake,
            self.min_time_s,
            self.min_contributions,
            self.patience_s,
            self.any_address_claim_wait_time_s,
            self.longest_sample,
            self.stakes_all,
            self.groups,
            self.restarts,
        )


def deploy_market(
    chain: Chain,
    model: Model | Deployed,
    rules: MarketRules,
    *,
    sender: Account,
    name: str = "",
    description: str = "",
) -> System:
    """Deploy a market with a trainer around a model, and wire them.

    Parameters
    ----------
    model
        What to start from; or a classifier contract that `sender` owns, which has to be restorable
        if the rules say that passes restart.
    sender
        Who pays, and provides bounties and test sets.
    name, description
        What the trainer says about itself.

    Raises
    ------
    DoesNotFit
        If no restorable contract holds such a model, and passes are to restart.
    ChainError
        What the chain or a contract has against it. The chain is as it was before.
    """
    with chain.all_or_nothing():
        first = chain.number + 1
        if isinstance(model, Deployed):
            classifier = model
        else:
            kind = restorable(model) if rules.restarts else None
            classifier = deploy_model(chain, model, sender=sender, contract_class=kind).contract
        market = chain.deploy(PredictionMarket, *rules.arguments(classifier), sender=sender)
        records = chain.deploy(DataHandler, sender=sender)
        parts = (records, market, classifier)
        about = (name, description, "")
        trainer = chain.deploy(MarketTrainer, *about, *parts, sender=sender)
        records.transfer_ownership(trainer, sender=sender)
        market.transfer_ownership(trainer, sender=sender)
        classifier.transfer_ownership(market, sender=sender)
        return System(tuple(chain.receipts(first)), trainer, *parts)


def restorable(model: Model) -> type[Restorable]:
    """The contract that holds a model and can go back; raises DoesNotFit if there is none."""
    known = model.contract_class
    kind = known if issubclass(known, Restorable) else RESTORABLE.get(known)
    if kind is None:
        raise DoesNotFit(
            f"{known.__name__} has no contract that can be restored: deploy one, or "
            "let passes not restart"
        )
    return kind


class Provider:
    """Runs the provider's side of a market, whose test set it keeps to itself until the reveal.

    It only knows what it was given: any other of the same test set and secret can go on for it.

    Parameters
    ----------
    market
        A ``PredictionMarket`` that `account` has deployed.
    pieces
        The test set, in two pieces or more; one of them will be shown and not used.
    secret
        What the salts are made of. Who knows it can try out what the pieces are.
    """

    def __init__(
        self,
        chain: Chain,
        market: Deployed,
        account: Account,
        pieces: Sequence[Samples],
        secret: str,
    ) -> None:
        self.chain = chain
        self.market = market
        self.account = account
        self.pieces = [
            ([list(data) for data, _ in piece], [label for _, label in piece]) for piece in pieces
        ]
        self.salts = [sha3(encode((secret, index))) for index in range(len(pieces))]

    @property
    def shown(self) -> int:
        """Which piece was drawn to be shown in this market; -1 if none is yet."""
        after: int = self.market.drawn_after()
        return after - 1

    @property
    def commitments(self) -> list[bytes]:
        """What the provider commits to the pieces with."""
        return [
            self.market.commitment(salt, *piece)
            for salt, piece in zip(self.salts, self.pieces, strict=True)
        ]

    def open(self, bounty: int) -> list[Receipt]:
        """Start a market, up to where contributions are taken."""
        market, account = self.market, self.account
        receipts = [
            market.start(self.commitments, sender=account, value=bounty),
            market.close_commitments(sender=account),
        ]
        self.chain.mine(1)  # the block whose hash decides
        receipts.append(market.draw(sender=account))
        receipts.append(self._reveal(self.shown, "show"))
        return receipts

    def reveal(self) -> list[Receipt]:
        """Reveal all pieces but the one that was shown."""
        shown = self.shown
        others = [index for index in range(len(self.pieces)) if index != shown]
        return [self._reveal(index, "reveal") for index in others]

    def _reveal(self, index: int, method: str) -> Receipt:
        piece = (index, self.salts[index], *self.pieces[index])
        receipt: Receipt = getattr(self.market, method)(*piece, sender=self.account)
        return receipt


def drive(
    chain: Chain,
    market: Deployed,
    sender: Account,
    work: int = 1 << 16,
    gas_limit: int | None = None,
) -> list[Receipt]:
    """Step through the reward phase to its end, each time about as far as the gas allows.

    Each step is tried out first, so that nobody pays for one that fails.

    Parameters
    ----------
    sender
        Who pays for the gas; anyone.
    work
        The most to do in a step. Where that takes too much gas, it is tried with half; where it
        takes less than a third, the next step does twice as much.
    gas_limit
        Of each step; by default what a block has.

    Raises
    ------
    InvalidValue
        If not even the smallest step fits.
    """
    receipts = []
    most = work
    while market.phase() != COLLECT:
        try:
            with chain.all_or_nothing():
                receipt = market.step(work, sender=sender, gas_limit=gas_limit)
        except (OutOfGas, ModelNeedsMoreGas) as error:
            if work == 1:
                raise InvalidValue(
                    "one step takes more gas than there is, or than its sender can pay for: "
                    f"{sender} has {chain.balance(sender):,} wei ({error})"
                ) from error
            work //= 2
            continue
        receipts.append(receipt)
        if 3 * receipt.gas_used < receipt.transaction.gas_limit:
            work = min(2 * work, most)
    return receipts
