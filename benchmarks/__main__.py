"""Ours beside the peers, in one process: ``python -m benchmarks`` (extra ``bench``)."""

from __future__ import annotations

from benchmarks.cases import CASES
from benchmarks.growth import growth, transfers_per_s
from benchmarks.measure import Peer, measure
from benchmarks.ours import OurPeer
from benchmarks.peers import PyevmPeer, PyrevmPeer

# Each contender, and how many contributions to measure it with. The fast ones take turns, so that
# both see the machine at its best and at its worst.
FAST: tuple[type[Peer], ...] = (OurPeer, PyrevmPeer)
FAST_COUNT = 400
ROUNDS = 3
SLOW_COUNT = 40


def main() -> None:
    """Measure everything and print tables; the last lines are ratios."""
    print("addData through the trainer: median µs of calls that keep and that update the model")
    print(f"{'case':<10} {'who':<8} {'keep':>10} {'update':>10} {'mean':>10} {'gas, update':>12}")
    ratios = []
    for case in CASES:
        best: dict[str, float] = {}
        contenders = [(peer, FAST_COUNT) for _ in range(ROUNDS) for peer in FAST]
        for peer_class, count in [*contenders, (PyevmPeer, SLOW_COUNT)]:
            peer = peer_class()
            run = measure(peer, case, count)
            print(
                f"{case.name:<10} {peer.name:<8} {run.median_us(False):>10.1f}"
                f" {run.median_us(True):>10.1f} {run.mean_us():>10.1f}"
                f" {run.median_gas(True):>12,.0f}",
                flush=True,
            )
            best[peer.name] = min(best.get(peer.name, run.mean_us()), run.mean_us())
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
