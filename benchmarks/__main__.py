"""Ours beside the peers, in one process: ``python -m benchmarks`` (extra ``bench``).

``python -m benchmarks "naive Bayes 20"`` measures the cases named, and nothing else;
"paid predictions" is one, too.
"""

from __future__ import annotations

import sys

from benchmarks.cases import CASES, Case
from benchmarks.growth import growth, transfers_per_s
from benchmarks.measure import Run, measure
from benchmarks.ours import OurPeer
from benchmarks.paid_predictions import paid_predictions
from benchmarks.peers import PyevmPeer, PyrevmPeer
from benchmarks.tables import cell

# How many contributions to measure a contender with in each of its turns. They take turns, so that
# all see the machine at its best and at its worst.
FAST_COUNT = 400
SLOW_COUNT = 16
ROUNDS = 3

PAID_PREDICTIONS = "paid predictions"


def best_of(best: dict[str, float], name: str, case: Case, run: Run) -> None:
    """Print a run's row, and keep its mean if it is the contender's best."""
    print(
        f"{case.name:<26} {name:<8} {cell(run.median_us(False), 1)} {cell(run.median_us(True), 1)}"
        f" {cell(run.mean_us(), 1)} {cell(run.median_gas(True), 0, 12)}",
        flush=True,
    )
    best[name] = min(best.get(name, run.mean_us()), run.mean_us())


def measure_case(case: Case) -> list[str]:
    """Measure one case with everybody, and return lines of ratios."""
    best: dict[str, float] = {}
    hand_overs_us = []
    for _ in range(ROUNDS):
        best_of(best, "ours", case, measure(OurPeer(), case, FAST_COUNT))
        best_of(best, "pyrevm", case, measure(PyrevmPeer(), case, FAST_COUNT))
        hand_overs_us.append(PyrevmPeer().hand_over_us(case, FAST_COUNT))
        best_of(best, "py-evm", case, measure(PyevmPeer(), case, SLOW_COUNT))
    hand_over_us = min(hand_overs_us)
    print(f"{case.name:<26} pyrevm's hand-over of call data: {hand_over_us:.1f}", flush=True)
    ours, pyrevm, pyevm = best["ours"], best["pyrevm"], best["py-evm"]
    return [
        f"{case.name}: {pyrevm / ours:.2f} times as fast as pyrevm"
        f" ({(pyrevm - hand_over_us) / ours:.2f} without its hand-over)",
        f"{case.name}: {pyevm / ours:.2f} times as fast as py-evm",
    ]


def measure_growth() -> list[str]:
    """Measure many contributions and plain transfers, and return a line of ratios."""
    grown = growth()
    print(
        f"\none addData (sparse perceptron 20): {grown.few_us:.1f} µs with {grown.few:,} stored, "
        f"{grown.many_us:.1f} µs with {grown.many:,}"
    )
    print(
        f"memory per contribution: {grown.bytes_each:,.0f} bytes, "
        f"{grown.sealed_bytes_each:,.0f} once all headers are made"
    )
    print(f"plain transfers, a block each: {transfers_per_s():,.0f} per second")
    ratio = grown.many_us / grown.few_us
    return [f"{grown.many:,} stored against {grown.few:,}: {ratio:.2f} times"]


def measure_paid_predictions() -> list[str]:
    """Measure payments shared by few and by many, print a table, and return lines of ratios."""
    few, many = paid_predictions()
    print(f"\n{'contributors':<16} {'payment µs':>12} {'gas':>8} {'withdrawal µs':>14} {'gas':>8}")
    for each in (few, many):
        print(
            f"{each.contributors:<16,} {cell(each.payment_us, 1, 12)} {each.payment_gas:>8,}"
            f" {cell(each.withdrawal_us, 1, 14)} {each.withdrawal_gas:>8,}"
        )
    return [
        f"a payment shared by {many.contributors:,} against {few.contributors:,}: "
        f"{many.payment_us / few.payment_us:.2f} times the time, "
        f"{many.payment_gas / few.payment_gas:.4f} times the gas"
    ]


def main() -> None:
    """Measure everything, or the cases named, and print tables; the last lines are ratios."""
    known = {case.name: case for case in CASES}
    names = sys.argv[1:] or [*known, PAID_PREDICTIONS]
    unknown = [name for name in names if name not in (*known, PAID_PREDICTIONS)]
    if unknown:
        choices = ", ".join([*known, PAID_PREDICTIONS])
        print(f"unknown case {unknown[0]!r}: give some of {choices}", file=sys.stderr)
        sys.exit(2)
    compared = [name for name in names if name != PAID_PREDICTIONS]
    ratios = []
    if compared:
        print("addData through the trainer: median µs of calls that keep and that update the model")
        print(
            f"{'case':<26} {'who':<8} {'keep':>10} {'update':>10} {'mean':>10} {'gas, update':>12}"
        )
    for name in compared:
        ratios += measure_case(known[name])
    if not sys.argv[1:]:
        ratios += measure_growth()
    if PAID_PREDICTIONS in names:
        ratios += measure_paid_predictions()
    print("\nratios of the best of each contender's means:")
    print("\n".join(ratios))


if __name__ == "__main__":
    main()
