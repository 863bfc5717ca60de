"""What many contributions and plain transfers cost: time, memory, and how they grow."""

from __future__ import annotations

import itertools
import resource
import statistics
import time
from dataclasses import dataclass

from benchmarks.cases import SPARSE_PERCEPTRON, samples
from benchmarks.ours import OurPeer
from chain import Chain

SEED = 20190717
ROUNDS = 10
TURN = 50
PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True)
class Growth:
    """Median time of one addData on a small and on a large chain, and memory of the large one.

    Parameters
    ----------
    few, many
        Contributions stored.
    few_us, many_us
        Median of calls that took turns, so that both saw the machine at its best and its worst.
    bytes_each
        Resident memory per contribution: transaction, receipt, trace, event, record, journal.
    sealed_bytes_each
        The same after the state root was asked for, which lets the journal go and makes the tree.
    """

    few: int
    many: int
    few_us: float
    many_us: float
    bytes_each: float
    sealed_bytes_each: float


class Feed:
    """One sparse model and an endless stream of contributions to it."""

    def __init__(self) -> None:
        stream = samples(SPARSE_PERCEPTRON, 2_000, SEED)
        self.peer = OurPeer()
        self.peer.deploy(SPARSE_PERCEPTRON, stream)
        self.peer.chain.deal(self.peer.user, 10**30)
        self.samples = itertools.cycle(stream.samples)

    def run(self, count: int) -> list[int]:
        """Add `count` contributions; the time of each in nanoseconds."""
        times_ns = []
        for sample in itertools.islice(self.samples, count):
            self.peer.chain.time_travel(seconds=600)
            call = self.peer.encode(sample.data, sample.label)
            start_ns = time.perf_counter_ns()
            self.peer.add_data(call)
            times_ns.append(time.perf_counter_ns() - start_ns)
        return times_ns


def growth(few: int = 1_000, many: int = 100_000) -> Growth:
    """Fill a chain with `few` and one with `many` contributions, and add to both in turn."""
    large = Feed()
    large.run(1_000)
    start = _resident_bytes()
    large.run(many - 1_000)
    end = _resident_bytes()
    small = Feed()
    small.run(few)
    few_ns: list[int] = []
    many_ns: list[int] = []
    for _ in range(ROUNDS):
        few_ns += small.run(TURN)
        many_ns += large.run(TURN)
    sealing = _resident_bytes()
    large.peer.chain.header()
    sealed = end + _resident_bytes() - sealing
    added = many - 1_000
    return Growth(
        few,
        many,
        statistics.median(few_ns) / 1000,
        statistics.median(many_ns) / 1000,
        (end - start) / added,
        (sealed - start) / added,
    )


def _resident_bytes() -> int:
    with open("/proc/self/statm") as status:
        return int(status.read().split()[1]) * PAGE_BYTES


def transfers_per_s(count: int = 20_000) -> float:
    """Plain transfers a second, each in a block of its own."""
    chain = Chain()
    alice, bob = chain.accounts[:2]
    start_ns = time.perf_counter_ns()
    for _ in range(count):
        chain.transfer(alice, bob, 1)
    return count / (time.perf_counter_ns() - start_ns) * 1e9
