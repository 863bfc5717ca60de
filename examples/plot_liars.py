"""The picture for ``liars``: accuracy and profits over the share of those who lie."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from examples.liars import CASES, MECHANISMS, SHARES, Case, Findings
from simulation.plots import saved
from simulation.scenarios import CANCER

# Okabe and Ito's colours, told apart with any colour vision; markers differ, too.
STYLES = dict(zip(MECHANISMS, [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^")], strict=False))
# Side by side, so that intervals do not cover each other.
SHIFT = 0.7


def draw(found: Findings, form: str) -> bytes:
    """Draw a column for each classifier: accuracy above, profits below.

    Parameters
    ----------
    form
        ``png`` or ``svg``.
    """
    figure = Figure(figsize=(11, 7), layout="constrained")
    upper, lower = figure.subplots(2, 3, sharex=True, sharey="row")
    for classifier, above, below in zip(CANCER, upper, lower, strict=True):
        for number, mechanism in enumerate(MECHANISMS):
            cases = [Case(mechanism, classifier, share) for share in SHARES]
            shift = (number - (len(MECHANISMS) - 1) / 2) * SHIFT
            draw_line(above, found, cases, "accuracy_end", shift, mechanism)
            draw_line(below, found, cases, "profit of honest", shift, f"{mechanism}: honest")
            draw_line(below, found, cases[1:], "profit of bad", shift, f"{mechanism}: bad", "--")
        above.set_title(classifier, fontweight="bold")
        below.axhline(0, color="0.5", linewidth=0.8)
        below.set_xticks(SHARES)
        for axes in (above, below):
            axes.grid(axis="y", color="0.88", linewidth=0.6)
            axes.spines[["top", "right"]].set_visible(False)
    upper[0].set_ylim(0, 102)
    upper[0].set_ylabel("accuracy at the end,\n% of cases held out")
    lower[0].set_ylabel("profit per person,\n% of what they began with")
    for row in (upper, lower):
        row[-1].legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    runs = found[CASES[0]]["accuracy_end"].value.runs
    figure.supxlabel(
        f"% of people who write the wrong label under each case (means of {runs} runs, "
        "95 % intervals)",
        fontsize="medium",
    )
    return saved(figure, form)


def draw_line(
    axes: Axes,
    found: Findings,
    cases: list[Case],
    measure: str,
    shift: float,
    label: str,
    dashes: str = "-",
) -> None:
    """Draw a measure over the share, with intervals."""
    colour, marker = STYLES[cases[0].mechanism]
    values = [found[case][measure].value for case in cases]
    axes.errorbar(
        [case.share + shift for case in cases],
        [100 * value.mean for value in values],
        yerr=[100 * value.half_width for value in values],
        color=colour,
        marker=marker,
        linestyle=dashes,
        markerfacecolor="white" if dashes == "--" else colour,
        markersize=5,
        capsize=3,
        label=label,
    )
