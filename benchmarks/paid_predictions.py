"""What a paid prediction costs with few and with many contributors who share the payment."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass

from benchmarks.cases import SPARSE_PERCEPTRON
from benchmarks.measure import SEED
from chain import Account, Chain, Receipt
from chain.units import ether
from incentives.paid_predictions import PaidPoints
from offchain.system import deploy_system

PRICE_WEI = ether // 1000 + 7
"""Does not divide by the numbers of contributors, so what is kept changes with every payment."""

ROUNDS = 10
TURN = 50


@dataclass(frozen=True)
class PaidPrediction:
    """Payments and withdrawals with so many contributors, each with one piece of good data.

    Parameters
    ----------
    contributors
        How many.
    payment_us, withdrawal_us
        Median times, of calls that took turns with those of the other numbers of contributors.
    payment_gas, withdrawal_gas
        The gas of each call but the first.
    """

    contributors: int
    payment_us: float
    withdrawal_us: float
    payment_gas: int
    withdrawal_gas: int


class School:
    """A sparse perceptron whose predictions are paid for, and its teachers."""

    def __init__(self, contributors: int) -> None:
        rng = random.Random(SEED)
        model = SPARSE_PERCEPTRON.draw_model(rng)
        self.chain = Chain(gas_price=0, block_time_s=0)
        owner, self.buyer, self.teacher = self.chain.accounts[:3]
        classifier = self.chain.deploy(model.contract, *model.our_arguments(), sender=owner)
        for call in model.initial_calls():
            getattr(classifier, call.name)(*call.arguments, sender=owner)
        system = deploy_system(self.chain, classifier, PaidPoints, PRICE_WEI, 0, 0, 0, sender=owner)
        self.trainer, self.mechanism = system.trainer, system.incentive_mechanism
        self.data = model.draw(rng)
        self.label = model.predict(self.data)
        self.teach(self.teacher)
        for number in range(1, contributors):
            self.teach(self.chain.impersonate(f"0x{number:040x}"))
        self.times_ns: dict[str, list[int]] = {"payment": [], "withdrawal": []}
        self.gas: dict[str, list[int]] = {"payment": [], "withdrawal": []}

    def teach(self, teacher: Account) -> None:
        """Add data that is good, and have that confirmed."""
        added = self.trainer.add_data(self.data, self.label, sender=teacher)
        self.trainer.refund(self.data, self.label, added.events[0].time, sender=teacher)

    def run(self, count: int) -> None:
        """Time payments, and a withdrawal after each."""
        for _ in range(count):
            start_ns = time.perf_counter_ns()
            paid = self.mechanism.buy_prediction(self.data, sender=self.buyer, value=PRICE_WEI)
            middle_ns = time.perf_counter_ns()
            withdrawn = self.mechanism.withdraw_share(sender=self.teacher)
            end_ns = time.perf_counter_ns()
            self.note("payment", paid, middle_ns - start_ns)
            self.note("withdrawal", withdrawn, end_ns - middle_ns)

    def note(self, what: str, receipt: Receipt, time_ns: int) -> None:
        """Keep what a call took."""
        self.times_ns[what].append(time_ns)
        self.gas[what].append(receipt.gas_used)

    def result(self, contributors: int) -> PaidPrediction:
        """Medians of the times, and the gas; raises RuntimeError if it is not always the same."""
        for what, used in self.gas.items():
            if len(set(used)) > 1:
                raise RuntimeError(f"a {what} costs {sorted(set(used))} gas")
        return PaidPrediction(
            contributors,
            statistics.median(self.times_ns["payment"]) / 1000,
            statistics.median(self.times_ns["withdrawal"]) / 1000,
            self.gas["payment"][0],
            self.gas["withdrawal"][0],
        )


def paid_predictions(few: int = 10, many: int = 10_000) -> tuple[PaidPrediction, PaidPrediction]:
    """Pay on a chain with `few` and on one with `many` contributors, in turn."""
    schools = {contributors: School(contributors) for contributors in (few, many)}
    for school in schools.values():
        school.run(1)  # writes to cells that were empty
        school.times_ns = {what: [] for what in school.times_ns}
        school.gas = {what: [] for what in school.gas}
    for _ in range(ROUNDS):
        for school in schools.values():
            school.run(TURN)
    first, second = (school.result(contributors) for contributors, school in schools.items())
    return first, second
