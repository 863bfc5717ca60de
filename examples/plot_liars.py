"""The picture for ``liars``: accuracy and profits over the share of those who lie."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from examples.liars import MECHANISMS, SHARES, Case, Findings, runs_of
from simulation.plots import COLOURS, saved

# Markers differ, too, not only colours.
STYLES = dict(zip(MECHANISMS, zip(COLOURS, "os^", strict=False), strict=False))
# Side by side, so that intervals do not cover each other.
SHIFT = 0.7


def draw(found: Findings, form: str) -> bytes:
    """Draw a column for each classifier: accuracy above, profits below.

    Parameters
    ----------
    form
        ``png`` or ``svg``.
    """
    classifiers = list(dict.fromkeys(case.classifier for case in found))
    figure = Figure(figsize=(2 + 3 * len(classifiers), 7), layout="constrained")
    columns = (2, len(classifiers))
    upper, lower = figure.subplots(*columns, sharex=True, sharey="row", squeeze=False)
    for classifier, above, below in zip(classifiers, upper, lower, strict=True):
        for number, mechanism in enumerate(MECHANISMS):
            cases = [each for each in found if each[:2] == (mechanism, classifier)]
            with_bad = [case for case in cases if case.share]
            shift = (number - (len(MECHANISMS) - 1) / 2) * SHIFT
            draw_line(above, found, cases, "accuracy_end", shift, mechanism)
            draw_line(below, found, cases, "profit of honest", shift, f"{mechanism}: honest")
            draw_line(below, found, with_bad, "profit of bad", shift, f"{mechanism}: bad", "--")
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
    figure.supxlabel(
        "% of people who write the wrong label under each case\n"
        f"(means of {runs_of(found)} runs, 95 % intervals)",
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
    if not cases:
        return
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
