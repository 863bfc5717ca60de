"""Pictures of runs and of comparisons (extra ``plot``)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from textwrap import wrap
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chain.units import days
from simulation.recorder import Topic
from simulation.summary import Row

# Okabe and Ito's colours, told apart with any colour vision; lines differ in more than colour, too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#666666", "#000000")
DASHES = ("-", "--", "-.", ":")
# Names of settings are to leave room for the picture.
NAME_WIDTH = 36
NAME_LINES = 3
# On the command line there is a space, and in JSON a comma.
BETWEEN_CHANGES = re.compile(r' (?=\S+=)|(?<=,)(?=")')
# How far lines go on after the end, of their length.
MARGIN = 0.03
# What is drawn must not depend on when and where.
METADATA: dict[str, dict[str, Any]] = {"png": {"Software": None}, "svg": {"Date": None}}

Rows = Mapping[Topic, Sequence[tuple[Any, ...]]]


def draw_run(rows: Rows, title: str, form: str = "png") -> bytes:
    """Draw accuracy, balances and gas over time.

    Parameters
    ----------
    rows
        Those of ``accuracy``, ``balances`` and ``gas`` that a run recorded.
    form
        ``png`` or ``svg``.
    """
    figure = Figure(figsize=(9, 9), layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(3, 1, sharex=True)
    # What happens last of all, when everything is settled, is to be seen.
    end = max(row[0] for row in rows["accuracy"]) / days * (1 + MARGIN)
    _draw_accuracy(axes[0], rows["accuracy"], end)
    _draw_balances(axes[1], rows["balances"], end)
    _draw_gas(axes[2], rows["gas"], end)
    axes[2].set_xlabel("days of virtual time")
    for each in axes:
        _tidy(each)
    axes[2].set_xlim(0, end)
    return saved(figure, form)


def _draw_line(axes: Axes, line: Sequence[tuple[float, float]], end: float, **style: Any) -> None:
    """Draw values that hold from one point to the next, the last one to the end."""
    axes.step(*zip(*line, (end, line[-1][1]), strict=True), where="post", **style)


def _style(position: int) -> dict[str, Any]:
    """How the line at a position looks: no two of many alike."""
    dash = position + position // len(COLOURS)
    return {
        "color": COLOURS[position % len(COLOURS)],
        "linestyle": DASHES[dash % len(DASHES)],
    }


def _draw_accuracy(axes: Axes, rows: Sequence[tuple[Any, ...]], end: float) -> None:
    _draw_line(axes, [(row[0] / days, 100 * row[3]) for row in rows], end, color="#000000")
    axes.set_title("Accuracy", loc="left", fontweight="bold")
    axes.set_ylabel("% of test samples")


def _draw_balances(axes: Axes, rows: Sequence[tuple[Any, ...]], end: float) -> None:
    """Draw a line for each group: the mean of its agents, and all of them if there are several."""
    groups = list(dict.fromkeys(row[3] for row in rows))
    for position, group in enumerate(groups):
        of_group = [row for row in rows if row[3] == group]
        agents: dict[str, list[tuple[float, float]]] = {}
        for time_s, _, agent, _, balance_wei in of_group:
            agents.setdefault(agent, []).append((time_s / days, balance_wei))
        start = sum(line[0][1] for line in agents.values()) / len(agents) or 1
        style = _style(position)
        if len(agents) > 1:
            for line in agents.values():
                shares = [(time, 100 * balance / start) for time, balance in line]
                _draw_line(axes, shares, end, alpha=0.25, **style)
        steps = list(zip(*agents.values(), strict=True))
        means = [
            (step[0][0], 100 * sum(balance for _, balance in step) / len(step) / start)
            for step in steps
        ]
        name = f"{group} (mean of {len(agents)})" if len(agents) > 1 else group
        _draw_line(axes, means, end, label=name, **style)
    axes.set_title("Balances, without what is deposited", loc="left", fontweight="bold")
    axes.set_ylabel("% of the start")
    axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
    _legend(axes)


def _draw_gas(axes: Axes, rows: Sequence[tuple[Any, ...]], end: float) -> None:
    actions: dict[str, list[tuple[float, float]]] = {}
    for time_s, _, action, _, gas in rows:
        actions.setdefault(action, []).append((time_s / days, gas / 10**6))
    for position, (action, line) in enumerate(actions.items()):
        _draw_line(axes, line, end, label=action, **_style(position))
    axes.set_title("Gas used so far", loc="left", fontweight="bold")
    axes.set_ylabel("millions")
    _legend(axes)


def draw_comparison(
    rows: Sequence[Row], names: Sequence[str], title: str, form: str = "png"
) -> bytes:
    """Draw accuracy and profit by kind of agent with their intervals, setting by setting.

    Parameters
    ----------
    rows
        As `summary` returns them.
    names
        Of the settings.
    """
    profits = list(dict.fromkeys(row.measure for row in rows if row.measure.startswith("profit")))
    height = 2.2 + 0.28 * len(names) * (len(profits) + 2) / 2
    figure = Figure(figsize=(10, height), layout="constrained")
    figure.suptitle(title)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_measures(left, rows, ["accuracy_start", "accuracy_end"], len(names))
    left.set_xlabel("% of test samples")
    left.set_title("Accuracy", loc="left", fontweight="bold")
    _draw_measures(right, rows, profits, len(names))
    right.set_xlabel("% of what they started with")
    right.set_title("Profit by kind of agent", loc="left", fontweight="bold")
    right.axvline(0, color="0.5", linewidth=0.8)
    left.set_yticks(range(len(names)), [wrapped(name) for name in names])
    for axes in (left, right):
        axes.grid(axis="x", color="0.88", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    runs = rows[0].value.runs
    figure.supxlabel(
        f"means of {runs} runs each, with 95 % intervals" if runs > 1 else "one run each",
        fontsize="small",
    )
    return saved(figure, form)


def wrapped(name: str) -> str:
    """A setting's name, each of its changes on a line of its own, or several."""
    changes = BETWEEN_CHANGES.split(name)
    lines = [line for change in changes for line in wrap(change, NAME_WIDTH)]
    return "\n".join([*lines[:NAME_LINES], *["…"] * (len(lines) > NAME_LINES)])


def _draw_measures(axes: Axes, rows: Sequence[Row], measures: list[str], settings: int) -> None:
    """Draw points with intervals; those of one setting a little below each other."""
    for position, measure in enumerate(measures):
        found = [row for row in rows if row.measure == measure]
        shift = (position - (len(measures) - 1) / 2) * 0.7 / max(len(measures), 1)
        widths = [100 * row.value.half_width if row.value.runs > 1 else 0 for row in found]
        axes.errorbar(
            [100 * row.value.mean for row in found],
            [row.setting + shift for row in found],
            xerr=widths,
            fmt="osD^vP*X"[position % 8],
            markersize=5,
            capsize=3,
            color=COLOURS[position % len(COLOURS)],
            label=measure.removeprefix("profit of ").removeprefix("accuracy_"),
        )
    axes.set_ylim(settings - 0.5, -0.5)
    axes.legend(
        frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(0, -0.18), ncols=4
    )


def _tidy(axes: Axes) -> None:
    axes.grid(axis="y", color="0.88", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def _legend(axes: Axes) -> None:
    """Beside the lines, not on them."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))


def saved(figure: Figure, form: str) -> bytes:
    """A figure as a file, the same bytes each time."""
    content = BytesIO()
    with rc_context({"svg.hashsalt": "simulation"}):
        figure.savefig(content, format=form, dpi=120, metadata=METADATA[form])
    return content.getvalue()
