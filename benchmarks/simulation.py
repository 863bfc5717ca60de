"""The reference's IMDB-sized run on our contracts: time, memory, and how they grow.

``python -m benchmarks.simulation``: the run, the signatures of all its transactions, and the
headers of all its blocks with their roots. The reference takes 1,195 CPU seconds for such a run,
without gas, transactions or blocks.
"""

from __future__ import annotations

import resource
import statistics
import time
from itertools import pairwise

from chain import Chain
from chain.units import ether
from simulation.run import go_on
from simulation.scenarios import IMDB_SIZED
from simulation.world import World

SEED = 1
PARTS = 10


def main() -> None:
    """Run it and print what it took."""
    imported_s = time.process_time()
    world = World(IMDB_SIZED, SEED)
    deployed_s = time.process_time()
    marks: list[tuple[float, int]] = []  # CPU seconds and blocks after each event
    chain = world.chain
    go_on(world, progress=lambda _: marks.append((time.process_time(), chain.number)))
    done_s = time.process_time()
    run_mb = resident_megabytes()
    signed = sign_all(chain)
    signed_s = time.process_time()
    root = chain.header().state_root.hex()
    sealed_s = time.process_time()
    outcome = world.outcome()
    good, bad = outcome.agents
    print(
        f"{outcome.contributions:,} additions, {outcome.refunds:,} refunds, "
        f"{outcome.reports:,} reports, {outcome.failed} failed, {outcome.days:.0f} days\n"
        f"accuracy {outcome.accuracy_start:.1%} to {outcome.accuracy_end:.1%}, "
        f"{outcome.accuracy_lowest:.1%} at the lowest; good ends with {good.end_wei / ether:,.0f} "
        f"of {good.start_wei / ether:,.0f} ether, bad with {bad.end_wei / ether:,.0f}\n"
        f"created less held: {outcome.created_wei - outcome.held_wei} wei\n"
        f"CPU seconds: imports {imported_s:.1f}, data and model {deployed_s - imported_s:.1f}, "
        f"run {done_s - deployed_s:.1f}, {signed:,} signatures {signed_s - done_s:.1f}, "
        f"headers and roots of {chain.number + 1:,} blocks {sealed_s - signed_s:.1f}; "
        f"together {sealed_s:.1f}\n"
        f"memory: {run_mb:,.0f} MB after the run, {resident_megabytes():,.0f} MB at the end"
    )
    costs = by_part(marks)
    print("CPU µs per transaction, tenth by tenth of the run:", *[f"{cost:.0f}" for cost in costs])
    print(f"state root {root}")


def sign_all(chain: Chain) -> int:
    """Sign every transaction, as if it had come from outside; say how many."""
    # Money is dealt by the chain itself, which signs nothing.
    sent = [each.transaction for each in chain.receipts() if each.transaction.kind != "deal"]
    for transaction in sent:
        chain.sign(transaction)
    return len(sent)


def by_part(marks: list[tuple[float, int]]) -> list[float]:
    """The median CPU time per transaction in each part of the run, without what is measured."""
    size = len(marks) // PARTS
    costs = [
        (after[0] - before[0]) / (after[1] - before[1]) * 1e6 if after[1] > before[1] else None
        for before, after in pairwise(marks)
    ]
    return [
        statistics.median(cost for cost in costs[start : start + size] if cost is not None)
        for start in range(0, PARTS * size, size)
    ]


def resident_megabytes() -> float:
    """The most memory that the process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
