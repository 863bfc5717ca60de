"""Hospitals that train one model together: what they hold, and what they do when.

Nobody in here is made to lose. All hospitals follow the same rules: add a case if the deposit is
acceptable, and make every claim that brings more than it costs. One of them writes the wrong label
under each of its cases; what that leads to is up to the contracts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import Perceptron
from sklearn.preprocessing import StandardScaler

from chain import Account, Chain
from chain.units import days, ether, gwei, hours
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.collaborative_trainer import AddData
from incentives.stakeable import Stakeable
from offchain.encoders import DenseEncoder
from offchain.estimators import from_estimator
from offchain.system import deploy_system

HONEST = ("north", "east", "south", "west")
FLIPPING = "crooked"

# Shares of all cases: what accuracy is measured on, and what the owner trains the first model with.
TEST_SHARE = 0.3
OWNER_SHARE = 0.08

# A tenth of what scikit-learn's perceptron takes, so that a wrong label does less harm.
LEARNING_RATE = 0.1

START_BALANCE_WEI = 20 * ether
GAS_PRICE_WEI = 20 * gwei
# A deposit of about one ether when the last contribution is four hours old.
COST_WEIGHT_WEI = ether // 30
REFUND_WAIT_S = 7 * days
ANY_ADDRESS_CLAIM_WAIT_S = 28 * days

# What the hospitals go by: how often they look, what they would pay, what they keep for gas.
MEAN_TIME_BETWEEN_VISITS_S = 16 * hours
HIGHEST_DEPOSIT_WEI = 2 * ether
RESERVE_WEI = ether // 10


@dataclass
class Hospital:
    """A contributor and its cases.

    Attributes
    ----------
    cases
        Encoded samples with the labels it writes under them; added from the end.
    waited
        How often it kept a case back because the deposit was too high, or too high for its purse.
    """

    account: Account
    cases: list[tuple[NDArray[np.int64], int]]
    waited: int = 0


@dataclass
class History:
    """What a plot needs: times in days since the start, and what was seen at each.

    Attributes
    ----------
    balances_wei
        One list per hospital, by name.
    """

    times_days: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    balances_wei: dict[str, list[int]] = field(default_factory=dict)


def fitted(encoded: NDArray[np.int64], labels: NDArray[np.int64], seed: int) -> Perceptron:
    """Train scikit-learn's perceptron on encoded samples."""
    # Without an intercept: the encoding has a constant feature in its place.
    model = Perceptron(fit_intercept=False, random_state=seed)
    return model.fit(encoded / TO_FLOAT, labels)


class Consortium:
    """The chain with the contracts deployed, and the hospitals around it.

    Parameters
    ----------
    seed
        Of everything random: who holds which cases, and who visits when.

    Attributes
    ----------
    encoder
        What all encode with; made of the owner's cases.
    baseline
        Accuracy of scikit-learn's perceptron, trained on every case but those held out.
    unclaimed
        Contributions whose deposit is not spent, oldest first.
    """

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        measurements, labels = load_breast_cancer(return_X_y=True)
        order = self.random.permutation(len(labels))
        parts = np.cumsum([round(TEST_SHARE * len(labels)), round(OWNER_SHARE * len(labels))])
        held_out, known, unknown = np.split(order, parts)
        scaler = StandardScaler().fit(measurements[known])
        self.encoder = DenseEncoder(scaler, constant=1.0)
        encoded = self.encoder.encode(measurements)
        self.test_cases = [(encoded[row], int(labels[row])) for row in held_out]
        self.owner_cases = len(known)
        self.training_cases = len(known) + len(unknown)

        training = np.concatenate([known, unknown])
        best = fitted(encoded[training], labels[training], seed)
        self.baseline = best.score(encoded[held_out] / TO_FLOAT, labels[held_out])
        first = fitted(encoded[known], labels[known], seed)

        self.chain = Chain(balance=0, gas_price=GAS_PRICE_WEI)
        self.owner = self.chain.account("owner", balance=START_BALANCE_WEI)
        self._deploy(first)
        names = (*HONEST, FLIPPING)
        self.hospitals = [
            Hospital(
                self.chain.account(name, balance=START_BALANCE_WEI),
                [(encoded[row], int(labels[row]) ^ (name == FLIPPING)) for row in rows],
            )
            for name, rows in zip(names, np.array_split(unknown, len(names)), strict=True)
        ]
        self.start_s = self.chain.timestamp
        self.unclaimed: list[AddData] = []
        self.history = History(balances_wei={name: [] for name in names})
        self._record(self.accuracy())

    def _deploy(self, first: Perceptron) -> None:
        system = deploy_system(
            self.chain,
            from_estimator(
                first, classifications=["malignant", "benign"], learning_rate=LEARNING_RATE
            ),
            Stakeable,
            REFUND_WAIT_S,
            ANY_ADDRESS_CLAIM_WAIT_S,
            ANY_ADDRESS_CLAIM_WAIT_S,
            COST_WEIGHT_WEI,
            sender=self.owner,
            name="breast cancer",
            description="Is a tumour benign? 30 measurements of cell nuclei.",
            encoder="standardised, a constant 1 appended, scaled to length 1",
        )
        self.trainer = system.trainer
        self.data_handler = system.data_handler
        self.incentive_mechanism = system.incentive_mechanism
        self.classifier = system.classifier

    def visits(self, last_day: int) -> list[tuple[int, Hospital]]:
        """Draw who comes by when (seconds since the start), until day `last_day` and in order.

        The list ends with one visit of everyone, for what nobody has claimed by then.
        """
        drawn = []
        for hospital in self.hospitals:
            time_s = self.random.exponential(MEAN_TIME_BETWEEN_VISITS_S)
            while time_s < last_day * days:
                drawn.append((int(time_s), hospital))
                time_s += self.random.exponential(MEAN_TIME_BETWEEN_VISITS_S)
        drawn.sort(key=lambda visit: visit[0])
        return drawn + [(last_day * days, hospital) for hospital in self.hospitals]

    def visit(self, hospital: Hospital, time_s: int, adding: bool) -> None:
        """Let a hospital make its claims and, if `adding`, add a case.

        Parameters
        ----------
        time_s
            Seconds since the start; later if the chain has got further.
        """
        ahead_s = self.start_s + time_s - self.chain.timestamp
        self.chain.time_travel(seconds=max(ahead_s, 0))
        for contribution in list(self.unclaimed):
            if self.chain.timestamp - contribution.time < REFUND_WAIT_S:
                break
            self._claim(hospital, contribution)
        accuracy = self.history.accuracies[-1]
        if adding and hospital.cases and self._add_case(hospital):
            accuracy = self.accuracy()
        self._record(accuracy)

    def _add_case(self, hospital: Hospital) -> bool:
        """Add a case unless the deposit is too high; whether that moved the model."""
        account = hospital.account
        deposit = self.incentive_mechanism.next_add_data_cost()
        purse = self.chain.balance(account) - RESERVE_WEI
        if deposit > min(HIGHEST_DEPOSIT_WEI, purse):
            hospital.waited += 1
            return False
        data, label = hospital.cases.pop()
        learns: bool = self.classifier.predict(data) != label
        receipt = self.trainer.add_data(data, label, sender=account, value=deposit)
        self.unclaimed += [event for event in receipt.events if isinstance(event, AddData)]
        return learns

    def _claim(self, hospital: Hospital, contribution: AddData) -> None:
        """Refund or report a contribution if that brings more than its gas costs."""
        account, author = hospital.account, contribution.sender
        what = (contribution.data, contribution.classification, contribution.time)
        age_s = self.chain.timestamp - contribution.time
        if author == account.address and age_s < ANY_ADDRESS_CLAIM_WAIT_S:
            transaction = self.trainer.refund.transaction(*what, sender=account)
        else:
            transaction = self.trainer.report.transaction(*what, author, sender=account)
        before = self.chain.balance(account)
        with self.chain.anchor():  # what happens in here is only tried
            self.chain.send(transaction)
            gain = self.chain.balance(account) - before
        if gain > 0:
            self.chain.send(transaction)
            if self.data_handler.claimable_amount(*what, author) == 0:
                self.unclaimed.remove(contribution)

    def accuracy(self) -> float:
        """Share of the held-out cases that the contract predicts rightly; asking it is free."""
        predict = self.classifier.predict
        right = [predict(data) == label for data, label in self.test_cases]
        return right.count(True) / len(right)

    def _record(self, accuracy: float) -> None:
        self.history.times_days.append((self.chain.timestamp - self.start_s) / days)
        self.history.accuracies.append(accuracy)
        for hospital in self.hospitals:
            balance = self.chain.balance(hospital.account)
            self.history.balances_wei[hospital.account.label].append(balance)
