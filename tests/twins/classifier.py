"""What the twins of classifiers share: failures, the EVM's arithmetic, the owner, the classes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isqrt
from typing import Any, ClassVar, TypeVar

T = TypeVar("T")

ONE = 10**9  # in fixed point
ZERO_ADDRESS = "0x" + "0" * 40

# (getter, its arguments, what it answers)
Reading = tuple[str, tuple[int, ...], Any]
# By where a map is in storage, the keys under which something other than zero is stored.
Stored = dict[tuple[str, ...], set[Any]]


class Failed(Exception):
    """An operation fails: the name of the error, and what the error says."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason, values)
        self.reason = reason
        self.values = values


def unsigned(value: int, bits: int) -> int:
    """The low bits."""
    return value % (1 << bits)


def signed(value: int, bits: int) -> int:
    """The low bits, as two's complement."""
    half = 1 << bits - 1
    return (value + half) % (2 * half) - half


def quotient(a: int, b: int) -> int:
    """``a / b``, truncated toward zero."""
    return int(Fraction(a, b))


def checked(value: int, bits: int = 256) -> int:
    """A value that has to fit an unsigned integer."""
    if not 0 <= value < 1 << bits:
        raise Failed("Arithmetic")
    return value


def item(items: Sequence[T], index: int) -> T:
    """An element of an array, where the EVM panics beyond its end."""
    if index >= len(items):
        raise Failed("Panic")
    return items[index]


class ClassifierTwin:
    """A classifier; the owner is an address.

    A failed operation may leave things half done: whoever calls one restores what was before.
    """

    OWNER_ONLY: ClassVar[set[str]] = {"transfer_ownership", "add_feature_indices", "update"}

    def __init__(self, owner: str, classifications: list[str]) -> None:
        self.owner = owner
        self.classifications = list(classifications)
        self.features: list[int] = []
        self.events: list[tuple[str, dict[str, Any]]] = []

    def call(self, name: str, arguments: Sequence[Any], sender: str) -> Any:
        """Do an operation; raises Failed."""
        self.events = []
        if name in self.OWNER_ONLY and sender != self.owner:
            raise Failed("NotOwner", sender=sender)
        return getattr(self, name)(*arguments)

    def transfer_ownership(self, new_owner: str) -> None:
        if new_owner == ZERO_ADDRESS:
            raise Failed("NewOwnerZero")
        self.owner = new_owner

    def add_feature_indices(self, indices: list[int]) -> None:
        self.features += indices

    def add_class_name(self, name: str) -> None:
        self.events.append(("AddClass", {"name": name, "index": len(self.classifications)}))
        self.classifications.append(name)

    def readings(self) -> list[Reading]:
        """All that can be read, with the answers."""
        return [
            ("owner", (), self.owner),
            ("to_float", (), ONE),
            ("classifications", (), self.classifications),
            ("num_classifications", (), len(self.classifications)),
            ("feature_indices", (), self.features),
            ("num_feature_indices", (), len(self.features)),
        ]

    def stored(self) -> Stored:
        """The keys of all maps."""
        return {}


class DenseTwin(ClassifierTwin):
    """A classifier of vectors of unit norm."""

    def norm(self, data: list[int]) -> int:
        return isqrt(sum(x * x for x in data))

    def check_unit_norm(self, data: list[int]) -> None:
        squared = sum(x * x for x in data)
        if abs(squared - 10**18) >= 10**11:
            raise Failed("NotUnitNorm", squared_norm=squared)


class SparseTwin(ClassifierTwin):
    """A classifier of samples that list the features which are present."""

    def norm(self, data: list[int]) -> int:
        raise Failed("NormNotRequired")
