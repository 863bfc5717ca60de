"""Ours beside the peers, in one process: ``python -m benchmarks`` (extra ``bench``)."""

from __future__ import annotations

from benchmarks.cases import CASES, Case
from benchmarks.growth import growth, transfers_per_s
from benchmarks.measure import Run, measure
from benchmarks.ours import OurPeer
from benchmarks.peers import PyevmPeer, PyrevmPeer

# How many contributions to measure a contender with. The fast ones take turns, so that both see the
# machine at its best and at its worst.
FAST_COUNT = 400
ROUNDS = 3
SLOW_COUNT = 40


def best_of(best: dict[str, float], name: str, case: Case, run: Run) -> None:
    """Print a run's row, and keep its mean if it is the contender's best."""
    print(
        f"{case.name:<10} {name:<8} {run.median_us(False):>10.1f} {run.median_us(True):>10.1f}"
        f" {run.mean_us():>10.1f} {run.median_gas(True):>12,.0f}",
        flush=True,
    )
    best[name] = min(best.get(name, run.mean_us()), run.mean_us())


def main() -> None:
    """Measure everything and print tables; the last lines are ratios."""
    print("addData through the trainer: median µs of calls that keep and that update the model")
    print(f"{'case':<10} {'who':<8} {'keep':>10} {'update':>10} {'mean':>10} {'gas, update':>12}")
    ratios = []
    for case in CASES:
        best: dict[str, float] = {}
        for _ in range(ROUNDS):
            best_of(best, "ours", case, measure(OurPeer(), case, FAST_COUNT))
            best_of(best, "pyrevm", case, measure(PyrevmPeer(), case, FAST_COUNT))
        best_of(best, "py-evm", case, measure(PyevmPeer(), case, SLOW_COUNT))
        ratios += [
            f"{case.name}: {best[name] / best['ours']:.2f} times as fast as {name}"
            for name in best
            if name != "ours"
        ]
    grown = growth()
    print(
        f"\none addData (sparse 20): {grown.few_us:.1f} µs with {grown.few:,} stored, "
        f"{grown.many_us:.1f} µs with {grown.many:,}"
    )
    print(
        f"memory per contribution: {grown.bytes_each:,.0f} bytes, "
        f"{grown.sealed_bytes_each:,.0f} once all headers are made"
    )
    print(f"plain transfers, a block each: {transfers_per_s():,.0f} per second\n")
    print("ratios of the best of each contender's means:")
    print("\n".join(ratios))
    print(f"{grown.many:,} stored against {grown.few:,}: {grown.many_us / grown.few_us:.2f} times")


if __name__ == "__main__":
    main()
