"""What a model is to the benchmark: everything that differs between kinds of models."""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

TO_FLOAT = 10**9
"""Fixed-point scale: the real number r is stored as round(r * TO_FLOAT)."""

CLASS_NAMES = ["no", "yes"]
CHUNK = 100
"""Numbers that one call sets: a model is too big for one transaction."""


@dataclass(frozen=True)
class Call:
    """A call that our contract and the peer both take.

    Parameters
    ----------
    name
        Of the method, ``in_snake_case``; the peers have it ``inCamelCase``.
    types
        ABI types of the arguments, as in ``uint64,int80[]``.
    arguments
        Plain integers and lists of them.
    """

    name: str
    types: str
    arguments: tuple[object, ...]


class Model(ABC):
    """A classifier in plain integers: it says what both contracts must start with and end with.

    It is drawn at random, and trained beside the contracts to check them.

    Attributes
    ----------
    contract
        Our contract.
    source
        Name of the peer's Vyper source, without its ending.
    always_updates
        Whether samples that are predicted rightly move the model, too.
    """

    contract: ClassVar[type]
    source: ClassVar[str]
    always_updates: ClassVar[bool] = True

    @abstractmethod
    def our_arguments(self) -> tuple[object, ...]:
        """Arguments of our constructor."""

    @abstractmethod
    def peer_arguments(self) -> tuple[str, tuple[object, ...]]:
        """ABI types and arguments of the peer's constructor."""

    @abstractmethod
    def initial_calls(self) -> Iterator[Call]:
        """Calls that bring a deployed contract to the state that the model is in."""

    @abstractmethod
    def state(self) -> Iterator[tuple[Call, int]]:
        """All getters, and what they must answer in the state that the model is in."""

    @abstractmethod
    def draw(self, rng: random.Random) -> list[int]:
        """Draw the data of a contribution."""

    @abstractmethod
    def predict(self, data: list[int]) -> int:
        """Return the class of data, 0 or 1."""

    @abstractmethod
    def update(self, data: list[int], label: int) -> None:
        """Train with a sample, which moves the model."""


def chunks(size: int) -> Iterator[slice]:
    """Split so many numbers into slices of `CHUNK`."""
    for start in range(0, size, CHUNK):
        yield slice(start, start + CHUNK)


def draw_features(rng: random.Random, num_features: int, num_present: int) -> list[int]:
    """Draw the indices of the features that are present, in order."""
    return sorted(rng.sample(range(num_features), num_present))


def draw_unit_vector(rng: random.Random, size: int) -> list[int]:
    """Draw a vector of both signs with length `TO_FLOAT`, up to rounding."""
    raw = [rng.randint(-TO_FLOAT, TO_FLOAT) for _ in range(size)]
    length = math.isqrt(sum(x * x for x in raw))
    return [(2 * x * TO_FLOAT + length) // (2 * length) for x in raw]


def truncated_quotient(numerator: int, denominator: int) -> int:
    """Divide by a positive number, rounding toward zero."""
    quotient = abs(numerator) // denominator
    return quotient if numerator >= 0 else -quotient
