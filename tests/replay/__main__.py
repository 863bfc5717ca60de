"""The command line: ``python -m tests.replay FILE...``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.replay.gas import GasDifference, compared, summary
from tests.replay.recording import Models, RecordingError, load
from tests.replay.scenario import Divergence, Replay

DATA_FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data"

# Under whose rules nearly everything was recorded; others are named.
USUAL_FORK = "istanbul"

DESCRIPTION = """\
Replay recordings of the reference's Solidity contracts on ours, and compare every step: outcome and
error code, result, events, and balances.

Prints a line per file, the first differences in full, and at last
    scenarios=N steps=N divergences=N
where divergences counts the steps that differ in anything.

With --gas, also how much our gas differs from that of the reference's own build: for transactions
that are no panics (their gas depends on the limit), and for deployments on a line of their own.
Both are under the rules of the hard fork that a file was recorded under.
Median, 95th percentile and maximum are of the absolute differences, in percent."""

EPILOG = """\
exit status:
  0  every step came out as recorded
  1  a step differs: read the first one first, later ones may follow from it
  2  a file cannot be read, or refers to a model file that is not there

examples:
  python -m tests.replay tests/recordings/*.json.gz
  python -m tests.replay --show 1 ../shared/vectors/points.json.gz"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Replay the files that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.replay",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_recordings(parser)
    parser.add_argument(
        "--show",
        metavar="N",
        type=int,
        default=5,
        help="how many of the differing steps to show in full (default: %(default)s)",
    )
    parser.add_argument(
        "--gas",
        action="store_true",
        help="also compare the gas of every transaction that is no panic",
    )
    parser.add_argument(
        "--worst",
        metavar="N",
        type=int,
        default=0,
        help="with --gas: show the N transactions that differ most, with what they spent gas on",
    )
    options = parser.parse_args(arguments)
    models = Models(options.data)
    shown: list[str] = []
    gas: list[GasDifference] = []
    scenarios = steps = divergences = 0
    unreadable = False
    for path in options.files:
        start_s = time.perf_counter()
        differing = 0
        of_file: list[GasDifference] = []
        try:
            recording = load(path)
            fork = recording.fork
            for scenario in recording.scenarios:
                replay = Replay(scenario, models, fork)
                for divergence in replay.run():
                    differing += 1
                    if len(shown) < options.show:
                        shown.append(described(path, divergence))
                if options.gas:
                    of_file += gas_differences(path, replay)
        except RecordingError as error:
            unreadable = True
            print(f"{path}: {error}", file=sys.stderr)
            continue
        file_steps = sum(len(scenario.steps) for scenario in recording.scenarios)
        line = (
            f"{path.name}: scenarios={len(recording.scenarios)} steps={file_steps} "
            f"divergences={differing} seconds={time.perf_counter() - start_s:.1f}"
        )
        if fork != USUAL_FORK:
            line += f" fork={fork}"
        if options.gas:
            line += f" {summary([each for each in of_file if not each.step.deploy])}"
        print(line, flush=True)
        gas += of_file
        scenarios += len(recording.scenarios)
        steps += file_steps
        divergences += differing
    for text in shown:
        print(text)
    total = f"scenarios={scenarios} steps={steps} divergences={divergences}"
    if options.gas:
        deployments = [each for each in gas if each.step.deploy]
        calls = [each for each in gas if not each.step.deploy]
        for each in sorted(calls, key=lambda each: -abs(each.percent))[: options.worst]:
            print(each)
        print(f"deployments={len(deployments)} {summary(deployments)}")
        total += f" {summary(calls)}"
    print(total)
    return 2 if unreadable else int(divergences > 0)


def add_recordings(parser: argparse.ArgumentParser) -> None:
    """Let a command line name recordings, and where the model files are."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=Path, help="a recording, gzip'd or plain JSON"
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        type=Path,
        default=DATA_FOLDER,
        help="where the model files are that real_* recordings refer to (default: %(default)s)",
    )


def gas_differences(path: Path, replay: Replay) -> Iterator[GasDifference]:
    """The gas of a scenario's transactions beside the recorded one."""
    for number, receipt in replay.receipts.items():
        place = f"{path.name}, seed {replay.scenario.seed}, step {number}"
        difference = compared(place, replay.scenario.steps[number], receipt)
        if difference is not None:
            yield difference


def described(path: Path, divergence: Divergence) -> str:
    """All there is to know about a divergence, for reading."""
    step = divergence.step.model_dump(exclude_unset=True)
    lines = [
        f"{path.name}, seed {divergence.seed}, step {divergence.number}:",
        f"  step      {json.dumps(step)}",
    ]
    for difference in divergence.differences:
        lines.append(f"  {difference.aspect:10}expected {_shown(difference.expected)}")
        lines.append(f"            got      {_shown(difference.got)}")
    return "\n".join(["", *lines, divergence.traceback])


def _shown(value: Any) -> str:
    return json.dumps(value, default=list)


if __name__ == "__main__":
    sys.exit(main())
