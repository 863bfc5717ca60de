"""Whole deployments and actions beside what they cost on the reference's own build.

``python -m benchmarks.deployments`` deploys models of the sizes of the papers with a data handler,
a deposit mechanism and a trainer, under Istanbul rules in blocks of 8,995,000 gas, and prints the
gas of all that and of an update, a refund and a reward.

The reference was measured on ganache; on which samples, nobody wrote down. Here all weights and
counts are in use; updates are of either class, of which a perceptron learns from one, and pay the
price exactly; the refund is the first of all; a reward takes a whole deposit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chain import Account, Chain, Receipt
from chain.units import days, ether, hours
from contracts_py.classifiers.classifier import TO_FLOAT
from incentives.stakeable import Stakeable
from offchain.model import Model
from offchain.models import (
    DensePerceptronModel,
    NaiveBayesModel,
    NearestCentroidModel,
    SparseNearestCentroidModel,
    SparsePerceptronModel,
)
from offchain.system import System, deploy_system

BLOCK_GAS_LIMIT = 8_995_000
SEED = 1
SMALL, LARGE, PRESENT = 9, 1_000, 20


@dataclass(frozen=True)
class Case:
    """A model, a sample, and the reference's gas: deployment, update, refund, reward."""

    name: str
    model: Model
    sample: list[int]
    reference: tuple[int, int, int, int]


def cases() -> list[Case]:
    """The models of the papers."""
    rng = np.random.default_rng(SEED)
    names: dict[str, Any] = {"classifications": ("NEGATIVE", "POSITIVE"), "feature_indices": ()}

    def integers(low: int, high: int, size: int) -> tuple[int, ...]:
        return tuple(int(value) for value in rng.integers(low, high, size))

    def pairs(size: int) -> dict[int, int]:
        return dict(enumerate(integers(1, 1_000, size)))

    def direction(size: int) -> tuple[int, ...]:
        values = rng.normal(size=size)
        return tuple(int(x) for x in values / np.linalg.norm(values) * TO_FLOAT)

    present = sorted(int(index) for index in rng.choice(LARGE, PRESENT, replace=False))
    everything = list(range(SMALL))
    unit = list(direction(SMALL))

    def naive_bayes(size: int) -> NaiveBayesModel:
        return NaiveBayesModel(
            **names,
            class_counts=(900, 1_000),
            feature_counts=(pairs(size), pairs(size)),
            total_num_features=size,
            smoothing_factor=TO_FLOAT,
        )

    return [
        Case(
            "Fitness naive Bayes",
            naive_bayes(SMALL),
            everything,
            (8_332_823, 227_859, 198_106, 163_449),
        ),
        Case(
            "Fitness dense centroid",
            NearestCentroidModel(
                **names, centroids=(direction(SMALL), direction(SMALL)), data_counts=(900, 1_000)
            ),
            unit,
            (7_927_977, 234_715, 190_290, 155_633),
        ),
        Case(
            "Fitness dense perceptron",
            DensePerceptronModel(
                **names, weights=direction(SMALL), intercept=0, learning_rate=TO_FLOAT // 10
            ),
            unit,
            (7_324_840, 234_218, 153_915, 119_220),
        ),
        Case(
            "IMDB naive Bayes",
            naive_bayes(LARGE),
            present,
            (54_210_434, 351_775, 275_571, 240_915),
        ),
        Case(
            "IMDB sparse centroid",
            SparseNearestCentroidModel(
                **names,
                centroids=tuple(
                    dict(enumerate(integers(1, TO_FLOAT // 2, LARGE))) for _ in range(2)
                ),
                data_counts=(900, 1_000),
            ),
            present,
            (59_409_997, 407_572, 305_971, 271_315),
        ),
        Case(
            "IMDB sparse perceptron",
            SparsePerceptronModel(
                **names,
                weights=dict(enumerate(integers(-TO_FLOAT, TO_FLOAT, LARGE))),
                intercept=PRESENT * TO_FLOAT,  # the sample is of class 1
                learning_rate=TO_FLOAT // 10,
            ),
            present,
            (28_936_077, 345_266, 166_311, 131_659),
        ),
    ]


class Measured:
    """One case on a chain of its own."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.chain = Chain(gas_price=0, fork="istanbul", block_gas_limit=BLOCK_GAS_LIMIT)
        self.owner, self.earlier, self.author, self.other = self.chain.accounts[:4]
        rules = (Stakeable, 1 * days, 2 * days, 9 * days, ether // 1_000)
        self.system: System = deploy_system(
            self.chain, case.model, *rules, sender=self.owner, name="of the papers"
        )
        self.agreed = int(self.system.classifier.predict(case.sample))
        self.add(self.earlier, self.agreed)

    def add(self, who: Account, label: int) -> Receipt:
        """Add the sample for exactly its price."""
        self.chain.time_travel(seconds=1 * hours)
        price = self.system.incentive_mechanism.next_add_data_cost()
        receipt: Receipt = self.system.trainer.add_data(
            self.case.sample, label, sender=who, value=price
        )
        return receipt

    def settle(self, how: str, added: Receipt, who: Account) -> Receipt:
        """Refund a contribution, or report it when anybody may."""
        self.chain.time_travel(seconds=10 * days)
        event = added.events[0].values
        author = [event["sender"]] if how == "report" else []
        receipt: Receipt = getattr(self.system.trainer, how)(
            event["data"], event["classification"], event["time"], *author, sender=who
        )
        return receipt

    def gas(self) -> list[int]:
        """Of the deployment, updates with class 0 and class 1, a refund and a reward."""
        updates = []
        for label in (0, 1):
            with self.chain.anchor():
                updates.append(self.add(self.author, label).gas_used)
        with self.chain.anchor():
            refund = self.settle("refund", self.add(self.author, self.agreed), self.author).gas_used
        with self.chain.anchor():
            reward = self.settle("report", self.add(self.author, 1 - self.agreed), self.other)
        return [self.system.gas_used, *updates, refund, reward.gas_used]


def main() -> None:
    """Print the table."""
    print(row("model", ["deployment", "update, either class", "refund", "reward"]))
    for case in cases():
        deployment, zero, one, refund, reward = Measured(case).gas()
        updates = f"{zero:,} / {one:,}"
        print(row(case.name, [f"{deployment:,}", updates, f"{refund:,}", f"{reward:,}"]))
        theirs = case.reference
        print(row("  the reference", [f"{gas:,}" for gas in theirs]))
        nearer = min(zero, one, key=lambda gas: abs(gas - theirs[1]))
        pairs = zip((deployment, nearer, refund, reward), theirs, strict=True)
        print(row("", [f"{100 * (ours - their) / their:+.1f} %" for ours, their in pairs]))


def row(name: str, cells: list[str]) -> str:
    """A line of the table."""
    return f"{name:<25}" + "".join(f"{cell:>22}" for cell in cells)


if __name__ == "__main__":
    main()
