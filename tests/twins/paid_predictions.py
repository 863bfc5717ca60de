"""Who is owed what of payments for predictions: exact fractions, and a loop over everyone."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction


class SharesTwin:
    """Each payment is split at once among those who have units, in proportion.

    Attributes
    ----------
    units
        How many contributions of each proved good.
    owed
        Wei that are each one's, and not withdrawn.
    payments, paid, withdrawn
        How many payments there were, and wei that came and went.
    """

    def __init__(self) -> None:
        self.units: Counter[str] = Counter()
        self.owed: dict[str, Fraction] = {}
        self.payments = self.paid = self.withdrawn = 0

    def pay(self, price: int) -> None:
        everyone = self.units.total()
        for contributor, units in self.units.items():
            before = self.owed.get(contributor, Fraction(0))
            self.owed[contributor] = before + Fraction(price * units, everyone)
        self.payments += 1
        self.paid += price

    def withdraw(self, contributor: str, amount: int) -> None:
        self.owed[contributor] -= amount
        self.withdrawn += amount

    def check(self, contributor: str, owed_wei: int) -> None:
        """What a contract says it owes somebody, against what it should."""
        due = self.owed.get(contributor, Fraction(0))
        # Whole wei only; and, with many units, a part of a wei per payment and unit either way.
        slack = Fraction(self.payments * self.units[contributor], 2**64)
        assert -slack <= due - owed_wei < 1 + slack, (contributor, due, owed_wei)
        assert abs(due - owed_wei) <= max(self.payments, 1), "one wei per payment"
