"""How anything that hosts the contracts is measured: ours and the peers alike.

Needs the standard library only.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Protocol, TypeVar

from benchmarks.cases import Case, Sample, Stream, samples

Call = TypeVar("Call")
SEED = 20190717


class Peer(Protocol[Call]):
    """A chain with the contracts on it. `add_data` is timed, nothing else is.

    Attributes
    ----------
    name
        What tables call it.
    """

    name: str

    def deploy(self, case: Case, stream: Stream) -> None:
        """Put the contracts on an empty chain, and the initial state into the model."""

    def prepare(self, sample: Sample) -> Call:
        """Set the time, and make a call ready: encode it, if that is what the peer takes."""

    def add_data(self, call: Call) -> None:
        """Run one addData with `VALUE_WEI` as a transaction."""

    def last_gas(self) -> int:
        """Return the gas of the last `add_data`."""

    def check_sample(self, sample: Sample) -> None:
        """Raise RuntimeError if the last `add_data` failed or made other events than its own."""

    def check_end(self, case: Case, stream: Stream) -> None:
        """Raise RuntimeError if model, money or records are not those of the simulation."""


@dataclass(frozen=True)
class Run:
    """What was measured, per call and in order.

    Parameters
    ----------
    times_ns
        Time of each `add_data`.
    gas
        Its gas, as the peer says.
    updates
        Whether it moved the model.
    """

    times_ns: list[int]
    gas: list[int]
    updates: list[bool]

    def median_us(self, updates: bool) -> float | None:
        """Return the median time of the calls that did, or did not, move the model, if any did."""
        times_ns = self._select(self.times_ns, updates)
        return statistics.median(times_ns) / 1000 if times_ns else None

    def mean_us(self) -> float:
        """Return the mean of the two medians: a median of both kinds mixed is any value between.

        If all calls are of one kind, it is their median.
        """
        medians = [self.median_us(updates) for updates in (False, True)]
        return statistics.mean(median for median in medians if median is not None)

    def median_gas(self, updates: bool) -> float | None:
        """Return the median gas of the calls that did, or did not, move the model, if any did."""
        gas = self._select(self.gas, updates)
        return statistics.median(gas) if gas else None

    def _select(self, values: list[int], updates: bool) -> list[int]:
        return [value for value, did in zip(values, self.updates, strict=True) if did == updates]


def measure(peer: Peer[Call], case: Case, count: int, seed: int = SEED) -> Run:
    """Deploy, run and time a stream, and check that the peer did what it must.

    Parameters
    ----------
    peer
        Whom to measure.
    case, count, seed
        Which stream: see `benchmarks.cases.samples`.

    Returns
    -------
    Run
        Times and gas of all calls.

    Raises
    ------
    RuntimeError
        If the peer did anything else than the plain simulation.
    """
    stream = samples(case, count, seed)
    peer.deploy(case, stream)
    times_ns: list[int] = []
    gas: list[int] = []
    for sample in stream.samples:
        call = peer.prepare(sample)
        start_ns = time.perf_counter_ns()
        peer.add_data(call)
        times_ns.append(time.perf_counter_ns() - start_ns)
        gas.append(peer.last_gas())
        peer.check_sample(sample)
    peer.check_end(case, stream)
    return Run(times_ns, gas, [sample.updates for sample in stream.samples])
