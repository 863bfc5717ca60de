"""Counts what each recorded transaction does, per operation of the contract language.

Gas is linear in the prices of ``chain.compute``. Here each price is a power of 2**44, so that the
digits of a transaction's gas, written to that base, are how often it did each of the operations;
the lowest digit is what the protocol prices. The contracts are compiled with prices inside, so
these must be in place before anything else of ``chain`` is imported.
"""

# ruff: noqa: E402

from __future__ import annotations

import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

DIGIT_BITS = 44
DIGIT = (1 << DIGIT_BITS) - 1

PRICES_FILE = Path(__file__).parents[2] / "chain" / "compute.py"

# As the schedule has them; sizes of code are no prices of operations.
PRICES: dict[str, int] = {
    name: value
    for name, value in runpy.run_path(str(PRICES_FILE)).items()
    if name.isupper() and not name.startswith("CODE_")
}
OPERATIONS = tuple(PRICES)

_module = ModuleType("chain.compute")
vars(_module).update(runpy.run_path(str(PRICES_FILE)))
vars(_module).update({name: 1 << DIGIT_BITS * i for i, name in enumerate(OPERATIONS, 1)})
sys.modules["chain.compute"] = _module

from chain.forks import Schedule, schedule_of
from chain.gas import Meter
from tests.replay.gas import compared
from tests.replay.recording import Models, load
from tests.replay.scenario import Replay

_LIMIT = 1 << DIGIT_BITS * (len(OPERATIONS) + 2)
_start = Meter.start


def _start_without_limit(meter: Meter, limit: int, base: int = 0, calldata: int = 0) -> None:
    _start(meter, limit, base, calldata)
    meter.limit = _LIMIT  # a transaction's has 64 bits


Meter.start = _start_without_limit  # type: ignore[assignment, method-assign]


@dataclass(frozen=True, slots=True)
class Row:
    """One recorded transaction.

    Attributes
    ----------
    group
        Name of the recording, the same under all hard forks.
    recorded
        Gas as the recording's receipt has it.
    computing
        The part of it that the protocol does not price here: what the operations have to explain.
    counts
        How often it did each operation, in the order of `OPERATIONS`.
    """

    group: str
    fork: str
    recorded: int
    computing: int
    counts: tuple[int, ...]


def rows(path: Path, models: Models) -> Iterator[Row]:
    """The transactions of a recording whose gas says something, deployments aside."""
    recording = load(path)
    for scenario in recording.scenarios:
        replay = Replay(scenario, models, recording.fork)
        for divergence in replay.run():
            raise AssertionError(f"{path.name}: step {divergence.number} differs: replay it first")
        for number, receipt in replay.receipts.items():
            step = scenario.steps[number]
            place = f"{path.name}, seed {scenario.seed}, step {number}"
            difference = compared(place, step, receipt)
            if difference is None or step.deploy:
                continue
            priced = receipt.gas_used + receipt.gas_refund
            spent = _before_refunds(
                difference.recorded, receipt.gas_refund, schedule_of(recording.fork)
            )
            yield Row(
                group=path.name.partition(".")[0],
                fork=recording.fork,
                recorded=difference.recorded,
                computing=spent - (priced & DIGIT),
                counts=tuple(
                    priced >> DIGIT_BITS * i & DIGIT for i in range(1, len(OPERATIONS) + 1)
                ),
            )


def _before_refunds(recorded: int, refund: int, schedule: Schedule) -> int:
    """Gas spent, given what was paid of it after a refund, which is capped."""
    spent = recorded + refund
    if refund > spent // schedule.refund_quotient:
        return recorded * schedule.refund_quotient // (schedule.refund_quotient - 1)
    return spent
