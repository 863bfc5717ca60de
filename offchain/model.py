"""What all models off the chain share: integers that fit, and a plan for the contract."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from chain import Chain, Deployed
from chain.errors import InvalidValue
from chain.types import STRING, IntType, int64, int80, type_of, uint32, uint64
from contracts_py.classifiers.classifier import Classifier
from offchain.fixed_point import DoesNotFit

INT64, INT80 = cast(IntType, type_of(int64)), cast(IntType, type_of(int80))
UINT32, UINT64 = cast(IntType, type_of(uint32)), cast(IntType, type_of(uint64))

# Values by feature index; those that are missing are 0.
Sparse = Mapping[int, int]


@dataclass(frozen=True)
class Load:
    """Something to put into a contract, in one transaction or more.

    Parameters
    ----------
    method
        The contract's method.
    size
        How many items there are.
    arguments
        What the method takes for the items from a start to an end.
    """

    method: str
    size: int
    arguments: Callable[[int, int], tuple[Any, ...]]

    @classmethod
    def of(cls, method: str, items: tuple[Any, ...], *rest: Any) -> Load:
        """Some items, and what the method takes besides them."""
        return cls(method, len(items), lambda a, b: (items[a:b], *rest))


@dataclass(frozen=True)
class Plan:
    """How to make a contract: what its constructor takes, and what is to be put in afterwards."""

    arguments: tuple[Any, ...]
    loads: list[Load]


@dataclass(frozen=True, kw_only=True)
class Model(ABC):
    """A classifier off the chain, in the integers that its contract holds.

    What is in it is checked and made immutable: sequences become tuples, and mappings lose zeros.

    Parameters
    ----------
    classifications
        Names of the classes; a prediction is an index into them.
    feature_indices
        Which features of the encoder's output the model looks at; none means all.

    Raises
    ------
    DoesNotFit
        For what is no integer, or out of the range of its type.
    """

    contract_class: ClassVar[type[Classifier]]
    integers: ClassVar[dict[str, IntType]] = {}
    """The type of each field's integers."""
    features: ClassVar[IntType] = UINT32
    """The type of feature indices in mappings."""
    per_class: ClassVar[tuple[str, ...]] = ()
    """Fields with something for each class."""

    classifications: tuple[str, ...]
    feature_indices: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        names = tuple(self._fits(STRING.check, name) for name in self.classifications)
        object.__setattr__(self, "classifications", names)
        for field, kind in {"feature_indices": UINT32, **self.integers}.items():
            object.__setattr__(self, field, self._held(getattr(self, field), kind, field))
        for field in self.per_class:
            size = len(getattr(self, field))
            if size != len(names):
                raise DoesNotFit(f"there are {size} {field} for {len(names)} classifications")

    def _held(self, value: Any, kind: IntType, name: str) -> Any:
        """Integers of a field, however deep, in canonical form."""
        if isinstance(value, Mapping):
            return {
                self._fits(self.features.check, index, f"a feature of {name}"): held
                for index, each in value.items()
                if (held := self._fits(kind.check, each, f"{name}[{index}]"))
            }
        if isinstance(value, Iterable) and not isinstance(value, str | bytes):
            return tuple(
                self._held(each, kind, f"{name}[{index}]") for index, each in enumerate(value)
            )
        return self._fits(kind.check, value, name)

    def _fits(self, check: Callable[[Any], Any], value: Any, name: str = "a class's name") -> Any:
        try:
            return check(value)
        except InvalidValue as error:
            raise DoesNotFit(f"{name}: {error}") from None

    @abstractmethod
    def plan(self, whole: bool) -> Plan:
        """Say how to make the contract.

        If `whole`, the constructor takes all it can; otherwise nothing that can come later.
        `feature_indices` come after that in any case.
        """

    @classmethod
    @abstractmethod
    def read(cls, chain: Chain, contract: Deployed) -> Model:
        """Read what a contract holds now; raises DoesNotFit for what only a contract can hold."""


def held_by_all(contract: Deployed) -> dict[str, Any]:
    """What every classifier contract holds, by the names that models have for it."""
    return {
        "classifications": contract.classifications(),
        "feature_indices": contract.feature_indices(),
    }
