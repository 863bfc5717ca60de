"""One prediction market on real data: who holds which cases, and how it ends for everybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import Perceptron
from sklearn.preprocessing import StandardScaler

from chain import Chain, Deployed, Receipt
from chain.units import ether
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.classifiers.restorable import RestorableDensePerceptron
from incentives.market.phases import Paid
from offchain.encoders import DenseEncoder
from offchain.estimators import from_estimator
from offchain.market import MarketRules, Provider, deploy_market, drive
from simulation.data.dataset import Part
from simulation.evaluation import Evaluation

SETTINGS = ("-", "A", "G", "R", "AG", "AR", "GR", "AGR")

STAKE_WEI = ether // 100
BOUNTY_WEI = ether

# Who there is, and what they do with the labels of the cases that they add.
GOOD, BAD = "good", "bad"
PEOPLE = {"ann": GOOD, "ben": GOOD, "cleo": GOOD, "dan": GOOD, "mal": BAD, "mo": BAD}
CASES_EACH = 3

FIRST_CASES = 12  # that the model starts from
PIECES, PIECE_SIZE = 5, 8  # of the test set; one piece is shown

# How much a step of the reward phase does: a third of a block at most.
WORK = 100


@dataclass
class Ending:
    """How a market ended.

    Attributes
    ----------
    profit_wei
        By person: what they got less what they had staked. Fees are not in it.
    provider_wei
        What the provider paid in the end; less than 0 if the stakes lost were more.
    fee_wei, fees_wei
        What gas cost each person, and all together.
    gas
        By phase.
    transactions
        How many there were in each phase.
    largest
        The largest transaction of the market: gas and method.
    passes
        Rounds paid, pass by pass.
    before, after
        Accuracy of the model on cases that nobody has, in percent.
    """

    profit_wei: dict[str, int]
    provider_wei: int
    fee_wei: dict[str, int]
    gas: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    transactions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    largest: tuple[int, str] = (0, "")
    passes: list[int] = field(default_factory=list)
    before: float = 0.0
    after: float = 0.0

    def mean_profit_wei(self, kind: str) -> float:
        """What somebody of a kind gained on average."""
        gains = [self.profit_wei[name] for name, each in PEOPLE.items() if each == kind]
        return sum(gains) / len(gains)


def rules_of(setting: str) -> MarketRules:
    """Rules with the options whose letters are in `setting`."""
    return MarketRules(
        min_stake=STAKE_WEI,
        min_contributions=CASES_EACH * len(PEOPLE),
        longest_sample=100,
        stakes_all="A" in setting,
        groups="G" in setting,
        restarts="R" in setting,
    )


@cache
def cases() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tumours as samples for a dense perceptron, and whether they are benign."""
    samples, labels = load_breast_cancer(return_X_y=True)
    encoder = DenseEncoder(StandardScaler().fit(samples), constant=1.0)
    return encoder.encode(samples), labels.astype(np.int64)


class Marketplace:
    """A market for cases of breast cancer, set up anew from a seed.

    Settings of the market get the same model, people, cases and order from the same seed, but for
    the piece of the test set that is shown: that is drawn by a block's hash.

    Parameters
    ----------
    seed
        Of who holds which cases, and comes when with how much money.
    setting
        The market's options, as letters.
    """

    def __init__(self, seed: int, setting: str) -> None:
        self.random = np.random.default_rng(seed)
        self.samples, self.labels = cases()
        self.order = iter(self.random.permutation(len(self.labels)).tolist())
        self.chain = Chain()
        self.owner = self.chain.accounts[0]
        self.people = {name: self.chain.account(name, 10 * ether) for name in PEOPLE}
        self.classifier = self.deploy_classifier()
        pieces = [
            [(self.samples[index].tolist(), int(self.labels[index])) for index in self.next(size)]
            for size in [PIECE_SIZE] * PIECES
        ]
        system = deploy_market(self.chain, self.classifier, rules_of(setting), sender=self.owner)
        self.market, self.trainer = system.incentive_mechanism, system.trainer
        self.provider = Provider(self.chain, self.market, self.owner, pieces, f"secret {seed}")
        self.sent = list(self.contributions())
        self.unseen = list(self.order)

    def next(self, count: int) -> list[int]:
        """Cases that nobody has yet."""
        return [index for index, _ in zip(self.order, range(count), strict=False)]

    def deploy_classifier(self) -> Deployed:
        """A model that has learned a little."""
        first = self.next(FIRST_CASES)
        while len(set(self.labels[first])) < 2:
            first += self.next(1)
        estimator = Perceptron(fit_intercept=False, random_state=0)
        estimator.fit(self.samples[first] / TO_FLOAT, self.labels[first])
        plan = from_estimator(estimator).plan(whole=True)
        return self.chain.deploy(RestorableDensePerceptron, *plan.arguments, sender=self.owner)

    def contributions(self) -> Iterator[tuple[str, list[int], int, int]]:
        """Who adds what, under which label, with how many wei; in order."""
        for name in self.random.permutation([*PEOPLE] * CASES_EACH).tolist():
            (index,) = self.next(1)
            label = int(self.labels[index])
            wei = STAKE_WEI * int(self.random.integers(1, 4))
            lies = PEOPLE[name] == BAD
            yield name, self.samples[index].tolist(), 1 - label if lies else label, wei

    def accuracy(self) -> float:
        """Percent of unseen cases that the contract predicts correctly."""
        unseen = Part(self.samples[self.unseen], self.labels[self.unseen])
        return 100 * Evaluation(unseen).accuracy(self.chain, self.classifier)

    def play(self) -> Ending:
        """Play the market to its end: everybody collects, and nothing is left."""
        chain, market, owner = self.chain, self.market, self.owner
        money = {name: chain.balance(account) for name, account in self.people.items()}
        ending = Ending({}, 0, defaultdict(int), before=self.accuracy())
        provided = chain.balance(owner)
        self.book(ending, "initialization", self.provider.open(BOUNTY_WEI))
        added = [
            self.trainer.add_data(data, label, sender=self.people[name], value=wei)
            for name, data, label, wei in self.sent
        ]
        self.book(ending, "participation", [*added, market.end_participation(sender=owner)])
        self.book(ending, "reveal", self.provider.reveal())
        self.book(ending, "reward", drive(chain, market, owner, WORK))
        collected = [
            market.collect(sender=account)
            for account in (owner, *self.people.values())
            if market.amount_owed(account)
        ]
        self.book(ending, "collect", collected)
        assert market.balance == 0
        for name, account in self.people.items():
            fees = ending.fee_wei[account.address]
            ending.profit_wei[name] = chain.balance(account) - money[name] + fees
        paid = provided - chain.balance(owner) - ending.fee_wei[owner.address]
        ending.provider_wei = paid
        ending.passes = [paid.rounds for paid in self.events(Paid)]
        ending.after = self.accuracy()
        return ending

    def events(self, kind: Any) -> list[Any]:
        """The market's events of a kind."""
        return [log.event for log in self.chain.logs(kind, contract=self.market)]

    def book(self, ending: Ending, phase: str, receipts: list[Receipt]) -> None:
        """Add up what transactions took."""
        for receipt in receipts:
            ending.fee_wei[receipt.transaction.sender] += receipt.fee
            ending.gas[phase] += receipt.gas_used
            ending.transactions[phase] += 1
            ending.largest = max(ending.largest, (receipt.gas_used, receipt.transaction.name))
