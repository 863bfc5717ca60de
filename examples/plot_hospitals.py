"""The picture for ``hospitals``: accuracy and balances over time."""

from __future__ import annotations

from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chain.units import ether
from examples.consortium import FLIPPING, History

# Okabe and Ito's colours, told apart with any colour vision.
MODEL_COLOUR = "#000000"
BASELINE_COLOUR = "#666666"
FLIPPING_COLOUR = "#D55E00"
HONEST_COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#56B4E9")


def draw(history: History, baseline: float, adding_days: int) -> bytes:
    """Return a PNG.

    Parameters
    ----------
    baseline
        Accuracy of a model trained on everything at once.
    adding_days
        When the last case could be added.
    """
    figure = Figure(figsize=(9, 7.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    draw_accuracy(upper, history, baseline)
    draw_balances(lower, history)
    for axes in (upper, lower):
        axes.axvspan(adding_days, history.times_days[-1], color="0.93", zorder=0)
        axes.grid(axis="y", color="0.85", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(0, history.times_days[-1])
    lower.set_xlabel("days of virtual time (shaded: nothing is added, claims are settled)")
    content = BytesIO()
    figure.savefig(content, format="png", dpi=120)
    return content.getvalue()


def draw_accuracy(axes: Axes, history: History, baseline: float) -> None:
    """Draw the model's accuracy, and the baseline."""
    axes.step(
        history.times_days,
        [100 * accuracy for accuracy in history.accuracies],
        where="post",
        color=MODEL_COLOUR,
        label="the shared model",
    )
    axes.axhline(
        100 * baseline,
        color=BASELINE_COLOUR,
        linestyle="--",
        label="scikit-learn, all cases at once, none false",
    )
    axes.set_title("Accuracy", loc="left", fontweight="bold")
    axes.set_ylabel("% of cases held out, predicted rightly")
    draw_legend(axes)


def draw_balances(axes: Axes, history: History) -> None:
    """Draw what everyone has, deposits out not counted."""
    colours = iter(HONEST_COLOURS)
    for name, balances_wei in history.balances_wei.items():
        flipping = name == FLIPPING
        axes.step(
            history.times_days,
            [balance / ether for balance in balances_wei],
            where="post",
            color=FLIPPING_COLOUR if flipping else next(colours),
            linewidth=2.4 if flipping else 1.4,
            label=f"{name} (flips labels)" if flipping else name,
        )
    axes.set_title("Balances", loc="left", fontweight="bold")
    axes.set_ylabel("ether, without deposits that are out")
    axes.set_ylim(bottom=0)
    draw_legend(axes)


def draw_legend(axes: Axes) -> None:
    """Put the legend in one line with the title, where it hides nothing."""
    columns = len(axes.get_legend_handles_labels()[0])
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, frameon=False)
