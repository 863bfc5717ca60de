"""How much lying a shared model stands, and who pays for it: mechanism by mechanism.

``python -m examples.liars --help`` says what to expect.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from chain.errors import ChainError
from chain.units import ether, hours
from simulation.command_line import ProgressLine, Unusable, check_output, drawing_module
from simulation.experiment import Experiment, Group
from simulation.market import Market
from simulation.mechanism import Mechanism
from simulation.mechanisms import Deposit, Reputation
from simulation.policies import Flipping, Honest, Policy
from simulation.scenarios import CANCER, small
from simulation.summary import Row, summary
from simulation.sweep import Setting, sweep
from simulation.terminal import OneLineParser, table, whole_number, write_whole
from simulation.training import Kind

DESCRIPTION = """\
Ten people share a model of breast tumours, on real cases. Some of them write the wrong label under
every case. What becomes of the model, and of everybody's money? It depends on the mechanism:

  deposits  each case takes a deposit, returned a day later if the model agrees with the case by
            then; if not, those whose own cases proved good may take it
  points    data is free, and what proves good earns a point
  market    each case takes a stake; at the end it is seen on hidden tests who has made the model
            better, and who worse: the latter pay the former, and a provider pays the difference

and on the classifier, and on how many lie: 0, 10, 30 or 50 %.
"""

EPILOG = """\
examples:
  python -m examples.liars                            three runs of each: a minute on two cores
  python -m examples.liars --classifier perceptron    only this one: some seconds
  python -m examples.liars --seeds 20 --plot liars.png --into liars.jsonl
      the table and the picture of the README; what is in the .jsonl file is not run again

The same seed gives the same numbers. Everybody starts with 20 ether and comes by every twelve
hours, to add the next case and to claim what can be claimed. Profits are percent of what they began
with; the market's provider began with 200 ether.
"""

PEOPLE = 10
SHARES = (0, 10, 30, 50)  # percent
MECHANISMS: dict[str, Mechanism] = {
    "deposits": Deposit(),
    "points": Reputation(),
    # A stake is about half a deposit. With 200 rounds liars lose all; with 40, half.
    "market": Market(
        stake_wei=ether // 2, bounty_wei=100 * ether, provider_wei=200 * ether, groups=True
    ),
}

# Enough for three weeks of deposits, if nothing is lost.
BALANCE_WEI = 20 * ether
WAIT_S = 12.0 * hours
DEVIATION_S = 3.0 * hours


class Case(NamedTuple):
    """One line of the table."""

    mechanism: str
    classifier: Kind
    share: int

    def experiment(self) -> Experiment:
        """What is run."""
        bad = PEOPLE * self.share // 100
        groups = [people("honest", Honest, PEOPLE - bad)]
        if bad:
            groups.append(people("bad", Flipping, bad))
        made = small("liars", CANCER[self.classifier], self.classifier, MECHANISMS[self.mechanism])
        return made.model_copy(update={"agents": tuple(groups)})

    def setting(self) -> Setting:
        """All of it, as what a sweep changes."""
        description = self.experiment().model_dump(mode="json")
        return {field: description[field] for field in ("mechanism", "learner", "data", "agents")}


def people(name: str, kind: type[Policy], count: int) -> Group:
    """Some of the ten."""
    policy = kind(balance_wei=BALANCE_WEI, mean_wait_s=WAIT_S, wait_deviation_s=DEVIATION_S)
    return Group(name=name, policy=policy, count=count)


CASES = [Case(*each) for each in itertools.product(MECHANISMS, CANCER, SHARES)]

# Of each case, what was measured, by name.
Findings = dict[Case, dict[str, Row]]


def make_parser() -> OneLineParser:
    """Return the parser of the command line."""
    parser = OneLineParser("python -m examples.liars", DESCRIPTION, EPILOG)
    parser.add_argument(
        "--seeds",
        type=whole_number(2, 10_000),
        default=3,
        help="how many runs of each, from seed 0 (default: %(default)s)",
    )
    parser.add_argument("--classifier", choices=tuple(CANCER), help="only this one")
    parser.add_argument("--into", type=Path, metavar="FILE", help="keep all results, as .jsonl")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it, as .png or .svg")
    parser.add_argument(
        "--workers", type=whole_number(1, 1024), help="processes; default: one a core"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; exits with status 2 and one line on standard error if it cannot."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        if options.into is not None:
            check_output(options.into, "jsonl")
        plots = drawing_module(options.plot, "examples.plot_liars")
        only = options.classifier
        cases = [case for case in CASES if only in (None, case.classifier)]
        found = study(cases, range(options.seeds), options.into, options.workers, options.quiet)
    except (Unusable, ChainError) as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        parser.exit(130, "\nliars: interrupted; with --into it goes on with the same command\n")
    if plots:
        write_whole(options.plot, plots.draw(found, options.plot.suffix[1:]))
    print(report(found))


def study(
    cases: Sequence[Case],
    seeds: Sequence[int],
    into: Path | None,
    workers: int | None,
    quiet: bool,
) -> Findings:
    """Run each case with each seed."""
    line = ProgressLine(quiet)
    results = sweep(
        cases[0].experiment(),
        [case.setting() for case in cases],
        seeds,
        into=into,
        workers=workers,
        progress=lambda done, total: line.show(done, total, f"{done} runs of {total}"),
    )
    line.end()
    found: Findings = {case: {} for case in cases}
    for row in summary(results):
        found[cases[row.setting]][row.measure] = row
    return found


def report(found: Findings) -> str:
    """The table."""
    profits = [f"profit of {name}" for name in ("honest", "bad", "provider")]
    measures = ("accuracy_start", "accuracy_end", *profits)
    lines = []
    for case, rows in found.items():
        cells = [percent(rows.get(measure)) for measure in measures]
        lines.append([f"{case.mechanism}, {case.classifier}", f"{case.share} %", *cells])
    header = ["", "lie", "accuracy", "at the end", "honest", "bad", "provider"]
    return (
        f"{table(header, lines)}\n\nAccuracy on cases held out, and profit per person in % of what "
        f"they began with;\nmeans of {runs_of(found)} runs, ±: 95 % intervals"
    )


def runs_of(found: Findings) -> int:
    """How many runs of each case there were."""
    return next(iter(found.values()))["accuracy_end"].value.runs


def percent(row: Row | None) -> str:
    """A mean with its interval, in percent; nothing if there is none."""
    if row is None:
        return ""
    return f"{100 * row.value.mean:.1f} ± {100 * row.value.half_width:.1f}"


if __name__ == "__main__":
    main()
