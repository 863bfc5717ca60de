"""The command line: ``python -m benchmarks.gas_fit FILE...``."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.gas_fit.counting import PRICES, PRICES_FILE, Row, rows
from benchmarks.gas_fit.expected import EXPECTED
from benchmarks.gas_fit.fit import FITTED, Table, Vector, fit, rounded
from tests.replay.__main__ import add_recordings
from tests.replay.recording import Models, RecordingError

DESCRIPTION = """\
Fit the prices of computing (chain/compute.py) to the gas of recorded transactions.

What the protocol prices is exact and taken off first. Prints the difference that is left: for each
group with prices that were fitted without it (under any hard fork), and with the prices of all. At
last the prices: as counted by hand, as they are, and as fitted. Takes a minute or two."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gas_fit",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recordings(parser)
    parser.add_argument(
        "--write", action="store_true", help="put the fitted prices into chain/compute.py"
    )
    options = parser.parse_args(arguments)
    models = Models(options.data)
    found: list[Row] = []
    for path in options.files:
        try:
            found += rows(path, models)
        except RecordingError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 2
    if not found:
        print("there is no transaction with gas in these files: give others", file=sys.stderr)
        return 2
    table = Table.of(found)
    prices = rounded(fit(table))
    print_groups(found, table, prices)
    print_prices(prices)
    if options.write:
        write(prices)
    return 0


def print_groups(found: Sequence[Row], table: Table, prices: Vector) -> None:
    """Each group with prices fitted without it, and with those of all, under each fork."""
    groups = np.array([row.group for row in found])
    forks = np.array([row.fork for row in found])
    print(f"{'group':<50} {'transactions':>12}  {'fitted without it':<26} fitted with all")
    apart = np.zeros(len(found))
    together = table.percent(prices)
    for group in dict.fromkeys(groups.tolist()):
        mask = groups == group
        if not mask.all():
            apart[mask] = table.only(mask).percent(rounded(fit(table.only(~mask))))
        for fork in dict.fromkeys(forks[mask].tolist()):
            some = mask & (forks == fork)
            name = f"{group}, {fork}"
            print(f"{name:<50} {_line(some, apart, together)}", flush=True)
    for fork in dict.fromkeys(forks.tolist()):
        print(f"{f'all, {fork}':<50} {_line(forks == fork, apart, together)}")
    print(f"{'all':<50} {_line(forks != '', apart, together)}")


def _line(rows_of_it: NDArray[np.bool_], apart: Vector, together: Vector) -> str:
    held_out = spread(apart[rows_of_it]) if apart.any() else "-"
    return f"{rows_of_it.sum():>12,}  {held_out:<26} {spread(together[rows_of_it])}"


def spread(percent: Vector) -> str:
    """Median, 95th percentile and most."""
    median, high, most = (np.percentile(percent, q, method="higher") for q in (50, 95, 100))
    return f"{median:5.2f} % {high:6.2f} % {most:6.2f} %"


def print_prices(prices: Vector) -> None:
    """The schedule."""
    print(f"\n{'operation':<20} {'by hand':>8} {'now':>8} {'fitted':>8}")
    for name, price in zip(FITTED, prices, strict=True):
        print(f"{name:<20} {EXPECTED[name]:>8} {PRICES[name]:>8} {price:>8.0f}")


def write(prices: Vector) -> None:
    """Put prices into the schedule, where they stand."""
    text = PRICES_FILE.read_text()
    for name, price in zip(FITTED, prices, strict=True):
        text = re.sub(rf"^{name} = \d+", f"{name} = {price:.0f}", text, flags=re.MULTILINE)
    PRICES_FILE.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
