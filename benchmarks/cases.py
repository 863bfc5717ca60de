"""The cases, and seeded streams of contributions that ours and the peers all run.

Everything is a plain integer, made with integer arithmetic, so a seed gives the same stream on
every machine.
"""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.models.centroids import NearestCentroidModel, SparseNearestCentroidModel
from benchmarks.models.model import Call, Model
from benchmarks.models.naive_bayes import NaiveBayesModel
from benchmarks.models.perceptrons import DensePerceptronModel, SparsePerceptronModel

START_TIME_S = 1_700_000_000
"""Time at which every contract is deployed."""

COST_WEIGHT_WEI = 10**15
VALUE_WEI = COST_WEIGHT_WEI * 3600
"""Sent with each contribution: the highest possible cost, so there is always a surplus."""

REFUND_WAIT_S = 86_400
OWNER_CLAIM_WAIT_S = 2 * 86_400
ANY_ADDRESS_CLAIM_WAIT_S = 9 * 86_400

NUM_PREDICTIONS = 40


@dataclass(frozen=True)
class Case:
    """One thing to measure: a model of some kind and size, fed through the trainer.

    Parameters
    ----------
    name
        What tables call it.
    draw_model
        Draws the model at deployment.
    """

    name: str
    draw_model: Callable[[random.Random], Model]


SPARSE_PERCEPTRON = Case("sparse perceptron 20", lambda rng: SparsePerceptronModel(rng, 1000, 20))

CASES = (
    SPARSE_PERCEPTRON,
    Case("dense perceptron 100", lambda rng: DensePerceptronModel(rng, 100)),
    Case("dense perceptron 400", lambda rng: DensePerceptronModel(rng, 400)),
    Case("naive Bayes 20", lambda rng: NaiveBayesModel(rng, 1000, 20)),
    Case("dense nearest centroid 100", lambda rng: NearestCentroidModel(rng, 100)),
    Case("dense nearest centroid 400", lambda rng: NearestCentroidModel(rng, 400)),
    Case("sparse nearest centroid 20", lambda rng: SparseNearestCentroidModel(rng, 1000, 20)),
)


@dataclass(frozen=True)
class Sample:
    """One contribution, and what it must cost and do.

    Parameters
    ----------
    data, label
        The contribution.
    time_s
        Time stamp of its block.
    cost_wei
        What the trainer keeps of `VALUE_WEI`.
    updates
        Whether the model moves. A perceptron does if its prediction differs from the label.
    """

    data: list[int]
    label: int
    time_s: int
    cost_wei: int
    updates: bool


@dataclass(frozen=True)
class Stream:
    """A model and the contributions to it.

    Parameters
    ----------
    initial
        The model at deployment.
    samples
        The contributions in order.
    final
        The model after all of them.
    """

    initial: Model
    samples: list[Sample]
    final: Model

    def final_checks(self) -> list[tuple[Call, int]]:
        """Getters and predictions, and what they must answer after all samples."""
        predictions = [
            (Call("predict", "int64[]", (sample.data,)), self.final.predict(sample.data))
            for sample in self.samples[-NUM_PREDICTIONS:]
        ]
        return [*self.final.state(), *predictions]


def samples(case: Case, count: int, seed: int) -> Stream:
    """Make a model and contributions to it; of those to a perceptron just half move it.

    Parameters
    ----------
    case
        What kind, and how big.
    count
        Number of contributions.
    seed
        Seed of all that is random.

    Returns
    -------
    Stream
        The same one for equal arguments.
    """
    rng = random.Random(seed)
    initial = case.draw_model(rng)
    model = copy.deepcopy(initial)
    time_s = START_TIME_S
    stream: list[Sample] = []
    wrong = False
    for number in range(count):
        wait_s = rng.randint(60, 3600)
        time_s += wait_s
        # Of each two, one is predicted wrongly: the first or the second at random.
        wrong = rng.random() < 0.5 if number % 2 == 0 else not wrong
        data = model.draw(rng)
        predicted = model.predict(data)
        label = 1 - predicted if wrong else predicted
        updates = wrong or model.always_updates
        if updates:
            model.update(data, label)
        cost_wei = COST_WEIGHT_WEI * 3600 // math.isqrt(wait_s)
        stream.append(Sample(data, label, time_s, cost_wei, updates))
    return Stream(initial, stream, model)
