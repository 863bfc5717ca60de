"""``python -m simulation``: run, compare and sweep experiments."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from chain.errors import ChainError
from simulation.command_line import (
    ProgressLine,
    Unusable,
    changed,
    check_output,
    drawing_module,
    read_changes,
    read_experiment,
    read_settings,
)
from simulation.experiment import Experiment
from simulation.recorder import FORMATS, TOPICS, Both, InMemory, OnDisk, Recorder
from simulation.reports import list_all, report_many, report_run
from simulation.run import go_on
from simulation.summary import summary
from simulation.sweep import Setting, sweep
from simulation.terminal import OneLineParser, whole_number, write_whole
from simulation.world import World

DESCRIPTION = """\
What if? Agents with policies share a model on a chain: real contracts, gas and money, years of
virtual time. See what becomes of the model's accuracy, and who profits.
"""

EPILOG = """\
examples:
  python -m simulation list
      experiments, data sets, policies and mechanisms by name
  python -m simulation run cancer-perceptron --seed 7 --plot run.png
      one run, and a picture of it
  python -m simulation run cancer-perceptron --set mechanism=points --record out --topics events
      the same with another mechanism, every transaction in out/events.jsonl
  python -m simulation compare cancer-perceptron --with mechanism=points \\
      --with "agents.1.count=3 learner.kind=centroid" --seeds 20 --plot profit.png
      twenty runs as it is and in two other settings, the same seeds in each
  python -m simulation compare cancer-perceptron --with mechanism=points --same-contributions
      what points change if everybody adds the same; by default agents decide anew
  python -m simulation show crowd > mine.json
      an experiment as JSON: edit it, then run mine.json
  python -m simulation sweep mine.json --settings settings.json --seeds 32 --into results.jsonl
      a list of settings such as [{"stop.days": 7}, {"stop.days": 14}]; if it is interrupted, the
      same command goes on where it was

The same seed gives the same results, on one process or many. Results go to standard output or to
--out, progress to standard error. Nothing else is written unless asked for.
"""

MOST_SEEDS = 100_000
SAME_CONTRIBUTIONS = "; all with the contributions of the first"


def make_parser() -> OneLineParser:
    """Return the parser of the command line."""
    parser = OneLineParser("python -m simulation", DESCRIPTION, EPILOG)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="what there is, by name")
    listing.set_defaults(action=lambda _: list_all())

    showing = commands.add_parser("show", help="print an experiment as JSON")
    add_experiment(showing)
    showing.set_defaults(action=show)

    running = commands.add_parser("run", help="run an experiment once")
    add_experiment(running)
    running.add_argument("--seed", type=whole_number(0, 2**63), default=0, help="default: 0")
    running.add_argument("--record", type=Path, metavar="FOLDER", help="stream what happens here")
    running.add_argument(
        "--topics",
        default="accuracy,balances",
        help=f"what --record keeps: some of {','.join(TOPICS)} (default: %(default)s)",
    )
    running.add_argument("--format", choices=FORMATS, default="jsonl", help="of what is recorded")
    running.add_argument("--root", action="store_true", help="also compute the state root")
    running.add_argument("--out", type=Path, metavar="FILE", help="results as .json or .csv")
    add_common(running)
    running.set_defaults(action=run_one)

    comparing = commands.add_parser("compare", help="run it in several settings, and compare")
    add_experiment(comparing)
    comparing.add_argument(
        "--with",
        dest="settings",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="another setting, of one or more changes: may be given several times",
    )
    comparing.add_argument("--out", type=Path, metavar="FILE", help="the summary as .json or .csv")
    add_many(comparing, 10)
    comparing.set_defaults(action=compare)

    sweeping = commands.add_parser("sweep", help="run many settings into a file, or go on with it")
    add_experiment(sweeping)
    sweeping.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="a JSON list of objects"
    )
    sweeping.add_argument(
        "--into", type=Path, required=True, metavar="FILE", help="results, as .jsonl"
    )
    sweeping.add_argument("--out", type=Path, metavar="FILE", help="the summary as .json or .csv")
    add_many(sweeping, 1)
    sweeping.set_defaults(action=sweep_all)
    return parser


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """Let a command take an experiment."""
    parser.add_argument("experiment", help="a name from the list, or a .json file")
    parser.add_argument("--path", type=Path, help="of the data's file or folder, if it needs one")
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="change something, as in stop.days=7; may be given several times",
    )


def add_common(parser: argparse.ArgumentParser) -> None:
    """Let a command draw, and be quiet."""
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture, .png or .svg")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def add_many(parser: argparse.ArgumentParser, seeds: int) -> None:
    """Let a command make many runs."""
    parser.add_argument(
        "--seeds",
        type=whole_number(1, MOST_SEEDS),
        default=seeds,
        help="how many, from 0 (default: %(default)s)",
    )
    parser.add_argument(
        "--workers", type=whole_number(1, 1024), help="processes; default: one a core"
    )
    parser.add_argument(
        "--same-contributions",
        action="store_true",
        help="agents add in all settings what they added in the first one, whatever it costs",
    )
    add_common(parser)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; exits with status 2 and one line on standard error if it cannot."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        options.action(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = None  # not flushed once more at the end
    except (Unusable, ChainError) as error:
        parser.error(" ".join(str(error).split()))
    except OSError as error:
        parser.error(f"cannot use {error.filename}: {error.strerror}: choose another")
    except KeyboardInterrupt:
        parser.exit(130, "\nsimulation: interrupted; a sweep goes on with the same command\n")


def show(options: argparse.Namespace) -> None:
    """Print an experiment as JSON."""
    print(wanted(options).model_dump_json(indent=2))


def wanted(options: argparse.Namespace) -> Experiment:
    """The experiment of a command."""
    return read_experiment(options.experiment, options.changes, options.path)


def run_one(options: argparse.Namespace) -> None:
    """Run an experiment once."""
    experiment = wanted(options)
    topics = [topic for topic in options.topics.split(",") if topic]
    for topic in topics:
        if topic not in TOPICS:
            raise Unusable(f"there is no topic {topic!r}: give some of {','.join(TOPICS)}")
    if options.record is not None and not topics:
        raise Unusable(f"nothing is to be recorded: give some of {','.join(TOPICS)} as topics")
    if options.record is not None and options.record in (options.out, options.plot):
        raise Unusable(f"{options.record} cannot be a file and a folder: choose another")
    if options.out is not None:
        check_output(options.out, "json", "csv")
    plots = drawing_module(options.plot, "simulation.plots")
    drawn = InMemory(("accuracy", "balances", "gas"))
    line = ProgressLine(options.quiet)

    def progress(world: World) -> None:
        day = world.state.now_s / 86_400
        added, there = sum(world.state.used), sum(map(len, world.supplies))
        line.show(added, there, f"{added:,} contributions of {there:,}, day {day:.0f}")

    world = World(experiment, options.seed)  # what will not do is found before anything is written
    with ExitStack() as stack:
        recorders: list[Recorder] = [drawn] if plots else []
        if options.record is not None:
            recorders.append(stack.enter_context(OnDisk(options.record, topics, options.format)))
        world.recorder = Both(*recorders)
        go_on(world, progress=progress)
    line.end()
    if plots:
        title = f"{experiment.name}, seed {options.seed}"
        write_whole(options.plot, plots.draw_run(drawn.rows, title, options.plot.suffix[1:]))
    report_run(world.outcome(options.root), options.out)


def compare(options: argparse.Namespace) -> None:
    """Run several settings and compare them."""
    experiment = wanted(options)
    settings: list[Setting] = [{}, *map(read_changes, options.settings)]
    names = ["as it is", *options.settings]
    many(options, experiment, settings, names, None)


def sweep_all(options: argparse.Namespace) -> None:
    """Run a sweep, or go on with it."""
    experiment = wanted(options)
    settings = read_settings(options.settings)
    names = [json.dumps(each, separators=(",", ":")) for each in settings]
    check_output(options.into, "jsonl")
    many(options, experiment, settings, names, options.into)


def many(
    options: argparse.Namespace,
    experiment: Experiment,
    settings: Sequence[Setting],
    names: list[str],
    into: Path | None,
) -> None:
    """Run all settings, and report."""
    for name, setting in zip(names, settings, strict=True):
        try:  # what will not do is found before anything is written
            World(changed(experiment, setting), 0)
        except (Unusable, ChainError) as error:
            raise Unusable(f"with {name}: {error}" if setting else str(error)) from None
    if options.out is not None:
        check_output(options.out, "json", "csv")
    plots = drawing_module(options.plot, "simulation.plots")
    line = ProgressLine(options.quiet)
    results = sweep(
        experiment,
        settings,
        range(options.seeds),
        same_contributions=options.same_contributions,
        into=into,
        workers=options.workers,
        progress=lambda done, total: line.show(done, total, f"{done} runs of {total}"),
    )
    line.end()
    rows = summary(results)
    about = SAME_CONTRIBUTIONS if options.same_contributions else ""
    if plots:
        title, form = experiment.name + about, options.plot.suffix[1:]
        write_whole(options.plot, plots.draw_comparison(rows, names, title, form))
    report_many(rows, names, options.out, about)


if __name__ == "__main__":
    main()
