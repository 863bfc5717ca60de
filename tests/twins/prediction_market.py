"""The prediction market by its rules, in fractions and with copies of models: slow and exact.

Written from the rules, not from the contract. It starts where contributions have been taken and the
test set is known.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from tests.twins.classifier import Failed

# Who, and which of their contributions; -1 if all of them are in one account.
Account = tuple[str, int]


class LearningTwin(Protocol):
    """A model that can be copied."""

    def predict(self, data: list[int]) -> int: ...

    def update(self, data: list[int], label: int) -> None: ...


@dataclass(frozen=True)
class Given:
    """A contribution: who gave it, and how many wei came with it."""

    who: str
    sent: int
    data: list[int]
    label: int


@dataclass
class Outcome:
    """How a market ends.

    Attributes
    ----------
    owed
        Exactly what each account ends with, by contributor: one number per account.
    passes
        How many passes paid, or let somebody go.
    bounty_paid
        How much of the bounty the contributors got, together; less than 0 if they lost.
    model
        What is left behind.
    """

    owed: dict[str, list[Fraction]]
    passes: int
    bounty_paid: Fraction
    model: Any


@dataclass
class PredictionMarketTwin:
    """A market with its options."""

    bounty: int
    unit: int
    stakes_all: bool
    groups: bool
    restarts: bool
    tests: list[tuple[list[int], int]]
    model: Any
    given: list[Given] = field(default_factory=list)

    def correct(self, model: LearningTwin) -> int:
        return sum(model.predict(data) == label for data, label in self.tests)

    def account(self, index: int) -> Account:
        """Whose score and balance a contribution goes to."""
        return self.given[index].who, -1 if self.groups else index

    def accuracies(self, staying: list[int], model: LearningTwin) -> dict[int, int]:
        """Train on contributions in order; correct predictions after each run of an account."""
        found = {}
        for place, index in enumerate(staying):
            contribution = self.given[index]
            before = deepcopy(model.__dict__)
            try:
                model.update(contribution.data, contribution.label)
            except Failed:
                model.__dict__.update(before)
            after = staying[place + 1 : place + 2]
            if not after or self.account(after[0]) != self.account(index):
                found[index] = self.correct(model)
        return found

    def run(self) -> Outcome:
        """Play the market to its end."""
        first = deepcopy(self.model)
        start = self.correct(first)
        everyone = list(range(len(self.given)))
        balances: dict[Account, Fraction] = {}
        for index in everyone:
            stake = self.given[index].sent if self.stakes_all else self.unit
            account = self.account(index)
            balances[account] = balances.get(account, Fraction(0)) + stake
        staked = sum(balances.values(), Fraction(0))
        model = deepcopy(first)
        rounds = self.bounty // self.unit
        staying = everyone
        accuracies: dict[int, int] = {}
        passes = 0
        while rounds > 0 and staying:
            if self.restarts or not accuracies:
                model = deepcopy(first)
                accuracies = self.accuracies(staying, model)
            per_round: dict[Account, Fraction] = {}
            last = start
            for index in staying:
                if index in accuracies:
                    change = Fraction(accuracies[index] - last, len(self.tests)) * self.unit
                    account = self.account(index)
                    per_round[account] = per_round.get(account, Fraction(0)) + change
                    last = accuracies[index]
            possible = [balances[a] // -each for a, each in per_round.items() if each < 0]
            played = min([rounds, *possible])
            rounds -= played
            for account, each in per_round.items():
                balances[account] += played * each
                assert balances[account] >= 0
            if rounds:
                leaving = {a for a, each in per_round.items() if balances[a] + each < 0}
                staying = [index for index in staying if self.account(index) not in leaving]
            passes += 1
        if self.restarts and not staying:
            model = first
        owed: dict[str, list[Fraction]] = {}
        for (who, _), balance in balances.items():
            owed.setdefault(who, []).append(balance)
        return Outcome(owed, passes, sum(balances.values(), Fraction(0)) - staked, model)
