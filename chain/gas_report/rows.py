"""The rows of a gas report, and how amounts of gas become one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from chain.gas_report.price import GasPrice


@dataclass(frozen=True, slots=True)
class Spread:
    """Least, middle and most of some amounts of gas, and their sum.

    The median of an even number of amounts is the lower of the two in the middle: it is always
    an amount that did occur.
    """

    min: int
    median: int
    max: int
    total: int

    @classmethod
    def of(cls, amounts: Counter[int]) -> Spread:
        """Of amounts, each with how often it occurred; there is one or more."""
        total = amounts.total()
        ordered = sorted(amounts)
        passed = 0
        for middle in ordered:
            passed += amounts[middle]
            if 2 * passed >= total:
                break
        gas = sum(amount * times for amount, times in amounts.items())
        return cls(ordered[0], middle, ordered[-1], gas)

    def cost(self, price: GasPrice) -> dict[str, str]:
        """In money, exactly."""
        return {name: price.exact(gas) for name, gas in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Row:
    """Calls of one method, those that succeeded or those that failed.

    Attributes
    ----------
    contract
        Name of the class; with its module where two classes would have the same.
    method
        In parentheses where it is no method.
    reasons
        By name of each :class:`~chain.gas.Reason`, with ``refund``, which is taken off the others.
        Empty for inner calls: the machine keeps those per transaction.
    """

    contract: str
    method: str
    failed: bool
    calls: int
    gas: Spread
    reasons: dict[str, Spread]

    @property
    def title(self) -> str:
        """The method, and whether it failed."""
        return f"{self.method}, failed" if self.failed else self.method

    def as_dict(self, price: GasPrice | None) -> dict[str, Any]:
        """For JSON."""
        made = asdict(self)
        if not self.reasons:
            del made["reasons"]
        if price is not None:
            made["cost"] = self.gas.cost(price)
        return made


class Amounts:
    """Amounts of gas of equal calls, without an order."""

    __slots__ = ("gas", "reasons")

    def __init__(self) -> None:
        self.gas: Counter[int] = Counter()
        self.reasons: dict[str, Counter[int]] = {}

    def add(self, gas: int, **reasons: int) -> None:
        """Note one call."""
        self.gas[gas] += 1
        for reason, amount in reasons.items():
            self.reasons.setdefault(reason, Counter())[amount] += 1

    def row(self, contract: str, method: str, failed: bool) -> Row:
        """What they amount to."""
        reasons = {reason: Spread.of(amounts) for reason, amounts in self.reasons.items()}
        return Row(contract, method, failed, self.gas.total(), Spread.of(self.gas), reasons)
