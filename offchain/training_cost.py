"""What it takes to teach a model on the chain: gas per sample, weight and point of accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from chain import Deployed, Receipt
from chain.contract import Contract
from chain.errors import InvalidValue
from chain.gas_report import GasPrice, aligned, decimal_text
from chain.gas_report.price import places_for
from contracts_py.classifiers.classifier import Classifier, DenseClassifier
from offchain.deployment import Deployment
from offchain.system import System

# Of ratios in JSON, which has all that they are made of, too.
DECIMALS = 6


@dataclass(frozen=True)
class TrainingCost:
    """Gas for a number of samples, and what came of it.

    Attributes
    ----------
    samples, gas, weights
        Of contributions that succeeded: how many, their gas, and how many weights all of them
        touched (see `weights_touched`).
    failed, failed_gas
        Contributions that failed and taught nothing. Their gas is in no ratio.
    deployment_gas
        None if that is not known. It is in no ratio either.
    accuracy_before, accuracy_after
        From 0 to 1; None if nobody asked.
    """

    samples: int
    gas: int
    weights: int
    failed: int
    failed_gas: int
    deployment_gas: int | None = None
    accuracy_before: Fraction | None = None
    accuracy_after: Fraction | None = None

    @property
    def gas_per_sample(self) -> Fraction | None:
        """Gas of a contribution in the mean; None without any."""
        return Fraction(self.gas, self.samples) if self.samples else None

    @property
    def gas_per_weight(self) -> Fraction | None:
        """Gas per weight that a sample touched; None if none did."""
        return Fraction(self.gas, self.weights) if self.weights else None

    @property
    def gas_per_point(self) -> Fraction | None:
        """Gas per percentage point of accuracy gained; None if none was, or nobody asked."""
        if self.accuracy_before is None or self.accuracy_after is None:
            return None
        points = 100 * (self.accuracy_after - self.accuracy_before)
        return self.gas / points if points > 0 else None

    def as_dict(self, price: GasPrice | None = None) -> dict[str, Any]:
        """For JSON: whole numbers, ratios as decimal text, and None; with a price, money, too."""
        ratios = {
            "per_sample": self.gas_per_sample,
            "per_weight": self.gas_per_weight,
            "per_point": self.gas_per_point,
        }
        made: dict[str, Any] = {
            "samples": self.samples,
            "gas": self.gas,
            "weights": self.weights,
            "failed": self.failed,
            "failed_gas": self.failed_gas,
            "deployment_gas": self.deployment_gas,
            "accuracy_before": _text(self.accuracy_before),
            "accuracy_after": _text(self.accuracy_after),
            **{f"gas_{name}": _text(ratio) for name, ratio in ratios.items()},
        }
        if price is not None:
            spent = {"deployment": self.deployment_gas, "contributions": self.gas, **ratios}
            made["currency"] = price.currency
            for name, gas in spent.items():
                made[f"cost_{name}"] = None if gas is None else _text(price.of(gas))
        return made

    def table(self, price: GasPrice | None = None) -> str:
        """As text; with a price, also in money."""
        spent: list[tuple[str, int | Fraction | None]] = [
            (f"{self.samples:,} contributions", self.gas),
            ("per sample", self.gas_per_sample),
            (f"per weight touched, {self.weights:,} in all", self.gas_per_weight),
        ]
        if self.deployment_gas is not None:
            spent.insert(0, ("deployment", self.deployment_gas))
        if self.failed:
            spent.append((f"{self.failed:,} contributions that failed", self.failed_gas))
        if self.accuracy_before is not None and self.accuracy_after is not None:
            before, after = _percent(self.accuracy_before), _percent(self.accuracy_after)
            spent.append(
                (f"per point of accuracy gained, from {before} to {after}", self.gas_per_point)
            )
        header = ["gas"]
        columns = [["-" if gas is None else f"{round(gas):,}" for _, gas in spent]]
        if price is not None:
            costs = [None if gas is None else price.of(gas) for _, gas in spent]
            places = places_for(cost for cost in costs if cost is not None)
            header.append(price.currency)
            columns.append(["" if cost is None else decimal_text(cost, places) for cost in costs])
        cells = zip(*columns, strict=True)
        rows = [(name, row) for (name, _), row in zip(spent, cells, strict=True)]
        return aligned("Cost of training", header, rows)

    def __str__(self) -> str:
        return self.table()


def training_cost(
    model: System | Deployment | Deployed,
    receipts: Iterable[Receipt],
    accuracy_before: Fraction | None = None,
    accuracy_after: Fraction | None = None,
) -> TrainingCost:
    """Add up what contributions to a model cost.

    Parameters
    ----------
    model
        A system, to which data is added through the trainer; or a classifier without one, which
        its owner updates, as deployed by `deploy_model` or as it is.
    receipts
        Of the contributions; ``chain.receipts()`` for all. Other transactions are passed over.
    accuracy_before, accuracy_after
        See `accuracy`, and mind that views are of the moment: ask before, and again after.

    Raises
    ------
    InvalidValue
        If `model` is no classifier.
    """
    deployment_gas = None if isinstance(model, Deployed) else model.gas_used
    if isinstance(model, System):
        door, method, classifier = model.trainer, "add_data", model.classifier
    else:
        classifier = model.contract if isinstance(model, Deployment) else model
        door, method = classifier, "update"
    kind = classifier.contract_class
    if not issubclass(kind, Classifier):
        raise InvalidValue(f"{kind.__name__} is no classifier: give a System, or a classifier")
    samples, gas, weights, failed, failed_gas = 0, 0, 0, 0, 0
    for receipt in receipts:
        transaction = receipt.transaction
        if (transaction.kind, transaction.to, transaction.name) != ("call", door.address, method):
            continue
        if receipt.ok:
            samples += 1
            gas += receipt.gas_used
            weights += weights_touched(kind, transaction.arguments[0])
        else:
            failed += 1
            failed_gas += receipt.gas_used
    return TrainingCost(
        samples, gas, weights, failed, failed_gas, deployment_gas, accuracy_before, accuracy_after
    )


def weights_touched(classifier: type[Contract], data: Sequence[int]) -> int:
    """How many numbers of a model a contract looks at to learn from a sample.

    Of a dense model, as many as the sample has: the weights, or the centroid of its class. Of a
    sparse one, those of the features that are present, each once: weights, counts of its class, or
    values of its centroid. A perceptron looks at them whether or not it then changes them.
    """
    return len(data) if issubclass(classifier, DenseClassifier) else len(set(data))


def accuracy(classifier: Deployed, samples: Iterable[tuple[Any, int]]) -> Fraction:
    """Share of samples, given with their classes, that a contract predicts rightly as of now.

    Raises InvalidValue if there is no sample.
    """
    right = [bool(classifier.predict(data) == label) for data, label in samples]
    if not right:
        raise InvalidValue("there is no accuracy on no samples: give one or more")
    return Fraction(right.count(True), len(right))


def _text(amount: Fraction | None) -> str | None:
    return None if amount is None else decimal_text(amount, DECIMALS).replace(",", "")


def _percent(share: Fraction) -> str:
    return f"{decimal_text(100 * share, 2)} %"
