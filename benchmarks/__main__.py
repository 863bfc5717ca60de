"""Ours beside the peers, in one process: ``python -m benchmarks`` (extra ``bench``).

``python -m benchmarks "naive Bayes 20"`` measures the cases named, and nothing else.
"""

from __future__ import annotations

import sys

from benchmarks.cases import CASES, Case
from benchmarks.growth import growth, transfers_per_s
from benchmarks.measure import Run, measure
from benchmarks.ours import OurPeer
from benchmarks.peers import PyevmPeer, PyrevmPeer
from benchmarks.tables import cell

# How many contributions to measure a contender with in each of its turns. They take turns, so that
# all see the machine at its best and at its worst.
FAST_COUNT = 400
SLOW_COUNT = 16
ROUNDS = 3


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


def main() -> None:
    """Measure everything, or the cases named, and print tables; the last lines are ratios."""
    known = {case.name: case for case in CASES}
    names = sys.argv[1:]
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"unknown case {unknown[0]!r}: give some of {', '.join(known)}", file=sys.stderr)
        sys.exit(2)
    print("addData through the trainer: median µs of calls that keep and that update the model")
    print(f"{'case':<26} {'who':<8} {'keep':>10} {'update':>10} {'mean':>10} {'gas, update':>12}")
    ratios = []
    for name in names or known:
        ratios += measure_case(known[name])
    if not names:
        ratios += measure_growth()
    print("\nratios of the best of each contender's means:")
    print("\n".join(ratios))


if __name__ == "__main__":
    main()
