"""The three cases, and seeded streams of contributions that ours and the peers all run.

Needs the standard library only. Everything is a plain integer, made with integer arithmetic, so a
seed gives the same stream on every machine.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Literal

TO_FLOAT = 10**9
"""Fixed-point scale: the real number r is stored as round(r * TO_FLOAT)."""

START_TIME_S = 1_700_000_000
"""Time at which every contract is deployed."""

COST_WEIGHT_WEI = 10**15
VALUE_WEI = COST_WEIGHT_WEI * 3600
"""Sent with each contribution: the highest possible cost, so there is always a surplus."""

REFUND_WAIT_S = 86_400
OWNER_CLAIM_WAIT_S = 2 * 86_400
ANY_ADDRESS_CLAIM_WAIT_S = 9 * 86_400


@dataclass(frozen=True)
class Case:
    """One thing to measure: a perceptron of some size, fed through the trainer.

    Parameters
    ----------
    name
        What tables call it.
    kind
        Which of the two perceptrons.
    num_weights
        Size of the model.
    num_data
        Integers in one contribution: indices of present features if sparse, else values.
    """

    name: str
    kind: Literal["sparse", "dense"]
    num_weights: int
    num_data: int


CASES = (
    Case("sparse 20", "sparse", num_weights=1000, num_data=20),
    Case("dense 100", "dense", num_weights=100, num_data=100),
    Case("dense 400", "dense", num_weights=400, num_data=400),
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
        Whether the model moves: the label differs from the prediction at that time.
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
    weights, intercept, learning_rate
        The model at deployment, scaled by `TO_FLOAT`.
    samples
        The contributions in order; of every two in a row just one moves the model.
    final_weights
        The weights after all of the samples.
    """

    weights: list[int]
    intercept: int
    learning_rate: int
    samples: list[Sample]
    final_weights: list[int]


def samples(case: Case, count: int, seed: int) -> Stream:
    """Make a model and contributions to it, half of which move it.

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
    initial = [rng.randint(-TO_FLOAT, TO_FLOAT) for _ in range(case.num_weights)]
    intercept = rng.randint(-TO_FLOAT, TO_FLOAT)
    learning_rate = TO_FLOAT // 2
    weights = list(initial)
    time_s = START_TIME_S
    stream: list[Sample] = []
    updates = False
    for number in range(count):
        wait_s = rng.randint(60, 3600)
        time_s += wait_s
        # Of each two, one updates: the first or the second at random.
        updates = rng.random() < 0.5 if number % 2 == 0 else not updates
        if case.kind == "sparse":
            data = sorted(rng.sample(range(case.num_weights), case.num_data))
        else:
            data = _unit_vector(rng, case.num_data)
        predicted = predict(case, weights, intercept, data)
        label = 1 - predicted if updates else predicted
        if updates:
            _update(case, weights, learning_rate, data, label)
        cost_wei = COST_WEIGHT_WEI * 3600 // math.isqrt(wait_s)
        stream.append(Sample(data, label, time_s, cost_wei, updates))
    return Stream(initial, intercept, learning_rate, stream, weights)


def predict(case: Case, weights: list[int], intercept: int, data: list[int]) -> int:
    """Return the class, 0 or 1, that the integer perceptron gives to data.

    Parameters
    ----------
    case
        Says whether data are indices or values.
    weights, intercept
        The model.
    data
        One contribution.
    """
    if case.kind == "sparse":
        total = intercept + sum(weights[index] for index in data)
    else:
        total = intercept + sum(w * x for w, x in zip(weights, data, strict=True))
    return 1 if total > 0 else 0


def _update(
    case: Case, weights: list[int], learning_rate: int, data: list[int], label: int
) -> None:
    """Train in place with a sample that was predicted wrongly."""
    sign = 1 if label > 0 else -1
    if case.kind == "sparse":
        for index in data:
            weights[index] += sign * learning_rate
    else:
        for index, value in enumerate(data):
            size = abs(value) * learning_rate // TO_FLOAT  # truncates toward zero
            weights[index] += sign * (size if value > 0 else -size)


def _unit_vector(rng: random.Random, size: int) -> list[int]:
    """Draw a vector of both signs with length `TO_FLOAT`, up to rounding."""
    raw = [rng.randint(-TO_FLOAT, TO_FLOAT) for _ in range(size)]
    length = math.isqrt(sum(x * x for x in raw))
    return [(2 * x * TO_FLOAT + length) // (2 * length) for x in raw]
