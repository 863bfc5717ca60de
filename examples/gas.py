"""What it costs to train a model on a chain, with data that comes with scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import Perceptron
from sklearn.preprocessing import StandardScaler

from chain import Account, Chain
from chain.errors import InvalidValue
from chain.forks import FORKS, NEWEST
from chain.gas_report import GasPrice, GasReport
from chain.units import days, ether, hours
from contracts_py.classifiers.classifier import TO_FLOAT
from contracts_py.collaborative_trainer import AddData
from incentives.stakeable import Stakeable
from offchain.encoders import DenseEncoder
from offchain.estimators import from_estimator
from offchain.system import System, deploy_system
from offchain.training_cost import TrainingCost, accuracy, training_cost
from simulation.terminal import OneLineParser, whole_number

DESCRIPTION = """\
What it costs to train a model on a chain: gas by method and by kind, and money.

A perceptron that tells benign tumours from malignant ones is deployed. People add cases for a
deposit, one in twenty with the wrong label. They take the deposit back later if the model agrees;
others take it if it does not.
"""

EPILOG = """\
examples:
  python -m examples.gas                                    100 cases
  python -m examples.gas --gas-price-gwei 0.05 --rate "3000 EUR"
  python -m examples.gas --fork istanbul                    what the papers paid
  python -m examples.gas --cases 300 --json > costs.json    for other programs

Prices of gas and ether change from day to day: give those you want to reckon with.
"""

# Accuracy goes from 80.0 % to 85.3 % with 100 cases. Of seeds 0 to 11, it rises in 9, by 5 points
# in the mean.
SEED = 1

# Of all cases: what the model is deployed with, and what its accuracy is measured on.
OWNER_CASES = 10
TEST_CASES = 170
MOST_CASES = 350

# One case in so many has the wrong label.
WRONG_EVERY = 20

WAIT_S = 7 * days
COST_WEIGHT_WEI = ether // 1000

Case = tuple[NDArray[np.int64], int]


@dataclass(frozen=True)
class Outcome:
    """What there is to print."""

    report: GasReport
    training: TrainingCost


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; exits with status 2 and one line on standard error if it cannot."""
    parser = OneLineParser("python -m examples.gas", DESCRIPTION, EPILOG)
    parser.add_argument(
        "--cases",
        type=whole_number(1, MOST_CASES),
        default=100,
        help=f"how many to add, 1 to {MOST_CASES} (default: %(default)s)",
    )
    parser.add_argument(
        "--gas-price-gwei", default="4", help="a decimal number (default: %(default)s)"
    )
    parser.add_argument(
        "--rate", default="373 USD", help="what an ether is worth (default: %(default)s)"
    )
    parser.add_argument(
        "--fork", choices=FORKS, default=NEWEST, help="whose gas rules hold (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        price = GasPrice.parse(options.gas_price_gwei, options.rate)
    except InvalidValue as error:
        parser.error(str(error))
    outcome = train(options.cases, options.fork)
    print(as_json(outcome, price) if options.json else as_text(outcome, price))


def train(cases: int, fork: str = NEWEST) -> Outcome:
    """Deploy the model, add cases and settle their deposits."""
    measurements, labels = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(labels))
    known, held_out, unknown = np.split(order, [OWNER_CASES, OWNER_CASES + TEST_CASES])
    encoder = DenseEncoder(StandardScaler().fit(measurements[known]), constant=1.0)
    encoded = encoder.encode(measurements)
    chain = Chain(fork=fork)
    first = Perceptron(fit_intercept=False).fit(encoded[known] / TO_FLOAT, labels[known])
    model = from_estimator(first, classifications=["malignant", "benign"], learning_rate=0.1)
    rules = (Stakeable, WAIT_S, 2 * WAIT_S, 2 * WAIT_S, COST_WEIGHT_WEI)
    system = deploy_system(chain, model, *rules, sender=chain.accounts[0])

    tests = [(encoded[row], int(labels[row])) for row in held_out]
    before = accuracy(system.classifier, tests)
    added = [(encoded[row], int(labels[row])) for row in unknown[:cases]]
    contributions = contribute(chain, system, added)
    after = accuracy(system.classifier, tests)
    settle(chain, system, contributions)
    training = training_cost(system, chain.receipts(), before, after)
    return Outcome(chain.gas_report(), training)


def contribute(chain: Chain, system: System, cases: Sequence[Case]) -> list[AddData]:
    """Add a case every four hours, each by another account in turn; some with a wrong label."""
    contributions = []
    for turn, (data, label) in enumerate(cases, 1):
        chain.time_travel(seconds=4 * hours)
        receipt = system.trainer.add_data(
            data,
            label if turn % WRONG_EVERY else 1 - label,
            sender=chain.accounts[turn % len(chain.accounts)],
            value=system.incentive_mechanism.next_add_data_cost(),
        )
        contributions += [event for event in receipt.events if isinstance(event, AddData)]
    return contributions


def settle(chain: Chain, system: System, contributions: Sequence[AddData]) -> None:
    """Give deposits back where the model agrees; the others go to whoever asks for them first."""
    chain.time_travel(seconds=2 * WAIT_S)
    senders: dict[str, Account] = {account.address: account for account in chain.accounts}
    for contribution in contributions:
        what = (contribution.data, contribution.classification, contribution.time)
        author = senders[contribution.sender]
        if system.classifier.predict(contribution.data) == contribution.classification:
            system.trainer.refund(*what, sender=author)
        else:
            other = chain.accounts[0] if author != chain.accounts[0] else chain.accounts[1]
            system.trainer.report(*what, author, sender=other)


def as_text(outcome: Outcome, price: GasPrice) -> str:
    """The tables."""
    return f"{outcome.report.table(price)}\n\n{outcome.training.table(price)}"


def as_json(outcome: Outcome, price: GasPrice) -> str:
    """The same for other programs."""
    parts = {"report": outcome.report.as_dict(price), "training": outcome.training.as_dict(price)}
    return json.dumps(parts, indent=2)


if __name__ == "__main__":
    main()
