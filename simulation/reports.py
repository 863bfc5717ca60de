"""Results as text for people, or as JSON and CSV for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from chain.units import ether
from simulation.command_line import as_csv
from simulation.data.catalogue import CATALOGUE, FromFile
from simulation.mechanism import Mechanism
from simulation.outcome import Outcome
from simulation.policies import Policy
from simulation.scenarios import SCENARIOS, about
from simulation.summary import Row
from simulation.terminal import table, write_whole


def report_run(outcome: Outcome, out: Path | None) -> None:
    """Print what came of a run, or write it."""
    if out is not None:
        rows = [agent.model_dump() for agent in outcome.agents]
        text = as_csv(rows) if out.suffix == ".csv" else outcome.model_dump_json(indent=2) + "\n"
        write_whole(out, text.encode())
        return
    print(
        f"{outcome.experiment}, seed {outcome.seed}: {outcome.days:.1f} days, "
        f"{outcome.blocks:,} blocks, {sum(outcome.gas.values()):,} gas\n"
        f"accuracy {outcome.accuracy_start:.1%} at the start, {outcome.accuracy_lowest:.1%} at the "
        f"lowest, {outcome.accuracy_end:.1%} at the end\n"
        f"{outcome.contributions:,} contributions, {outcome.refunds:,} refunds, "
        f"{outcome.reports:,} reports, {outcome.predictions:,} predictions sold, "
        f"{outcome.failed:,} failed transactions\n"
    )
    rows_of_text = [
        [
            agent.name,
            f"{agent.added:,}",
            f"{agent.refunded:,}",
            f"{agent.reported:,}",
            f"{agent.bought:,}",
            f"{agent.start_wei / ether:,.2f}",
            f"{agent.fees_wei / ether:,.2f}",
            f"{agent.end_wei / ether:,.2f}",
            f"{agent.profit:+.1%}",
        ]
        for agent in outcome.agents
    ]
    header = [
        "in ether",
        "added",
        "refunded",
        "reported",
        "bought",
        "start",
        "fees",
        "end",
        "profit",
    ]
    print(table(header, rows_of_text))
    print(
        f"\nleft in the contracts: {outcome.left_wei / ether:.4f}; "
        f"created {outcome.created_wei:,} wei, held {outcome.held_wei:,} wei"
    )
    if outcome.state_root is not None:
        print(f"state root {outcome.state_root}")


def report_many(rows: Sequence[Row], names: list[str], out: Path | None, about: str = "") -> None:
    """Print a summary and what else there is to know about it, or write it."""
    if out is not None:
        plain = [row.plain(names[row.setting]) for row in rows]
        text = as_csv(plain) if out.suffix == ".csv" else json.dumps(plain, indent=2) + "\n"
        write_whole(out, text.encode())
        return
    for position, name in enumerate(names):
        lines = []
        for row in rows:
            if row.setting == position:
                value, other = row.value, row.against_first
                lines.append(
                    [
                        row.measure,
                        f"{value.mean:,.4g}",
                        spread(value.half_width),
                        "" if other is None else f"{other.mean:+,.4g}",
                        "" if other is None else spread(other.half_width),
                    ]
                )
        print(f"{table([name, 'mean', '', 'difference', ''], lines)}\n")
    print(
        f"means of {rows[0].value.runs} runs; ±: 95 % intervals; differences: seed by seed{about}\n"
        "profits are shares of what was there at the start: 0.1 is 10 %"
    )


def spread(half_width: float) -> str:
    """Half an interval."""
    return f"± {half_width:,.2g}" if half_width < float("inf") else ""


def list_all() -> None:
    """Print what there is."""
    print("experiments:")
    print_pairs((name, about(name)) for name in SCENARIOS)
    print("\ndata sets:")
    print_pairs(
        (name, source.description + (" (needs a path)" if isinstance(source, FromFile) else ""))
        for name, source in CATALOGUE.items()
    )
    print("\npolicies:")
    print_pairs((name, first_line(known)) for name, known in Policy.names.items())
    print("\nmechanisms:")
    print_pairs((name, first_line(known)) for name, known in Mechanism.names.items())


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and what they mean, aligned."""
    for name, meaning in pairs:
        print(f"  {name:24}{meaning}")


def first_line(known: type) -> str:
    """What a class says it is."""
    return (known.__doc__ or "").partition("\n")[0].replace("``", "")
