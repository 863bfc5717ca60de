"""What common luck is worth: intervals of differences, of independent runs and of paired ones.

``python -m benchmarks.pairing --plot FILE`` (extra ``plot``). The same change of an experiment is
measured in three ways, with as many runs each:

- independent: the changed setting has other seeds, and Welch's interval;
- common luck: it has the same seeds, and the differences are taken seed by seed;
- same contributions: besides, agents add what they added before the change. That is another
  question, what the change does to given contributions, and so can have another answer.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from chain.units import days, ether
from simulation.command_line import Unusable, check_output
from simulation.experiment import Experiment
from simulation.intervals import Estimate, difference, independent_difference
from simulation.plots import COLOURS, saved
from simulation.scenarios import SCENARIOS
from simulation.summary import measured_by_setting
from simulation.sweep import Setting, sweep
from simulation.terminal import OneLineParser, table, whole_number, write_whole

EXPERIMENT = SCENARIOS["cancer-perceptron"]
CHANGES: dict[str, Setting] = {
    "refunds after 3 days, not 1": {"mechanism.refund_wait_s": 3 * days},
    "deposits half as high": {"mechanism.cost_weight_wei": ether // 120},
    "deposits twice as high": {"mechanism.cost_weight_wei": ether // 30},
    "learning rate 0.01, not 0.03": {"learner.learning_rate": 0.01},
    "centroids, not a perceptron": {"learner.kind": "centroid"},
    "points, not deposits": {"mechanism": "points"},
}
MEASURES = {
    "accuracy_end": "accuracy at the end",
    "profit of good": "profit of good",
    "profit of bad": "profit of bad",
    "gas": "gas",
}
# How the paired ones are drawn.
STYLES = {
    "unpaired": ("same seeds, pairs ignored", "D", "#FFFFFF"),
    "common": ("common luck, paired", "o", COLOURS[0]),
    "same": ("and the same contributions", "s", COLOURS[1]),
}


class Compared(NamedTuple):
    """A difference, estimated in several ways.

    Attributes
    ----------
    independent
        Of runs with nothing in common.
    unpaired
        Of runs that share their seeds, as if they did not.
    common
        Of the same runs, seed by seed.
    same
        Of others that share what is added, too.
    """

    change: str
    measure: str
    independent: Estimate
    unpaired: Estimate
    common: Estimate
    same: Estimate

    def ratio(self, way: str) -> float:
        """How wide an interval is, as a share of that of independent runs, if that has a width."""
        estimate: Estimate = getattr(self, way)
        width = self.independent.half_width
        return estimate.half_width / width if width else math.nan


def compare(
    experiment: Experiment,
    changes: Mapping[str, Setting],
    runs: int,
    measures: Sequence[str] = tuple(MEASURES),
    workers: int | None = None,
) -> list[Compared]:
    """Measure what changes do in all the ways, with as many runs of each setting."""
    settings: list[Setting] = [{}, *changes.values()]
    seeds, others = range(runs), range(runs, 2 * runs)
    common, same, apart = (
        measured_by_setting(results)
        for results in (
            sweep(experiment, settings, seeds, workers=workers),
            sweep(experiment, settings, seeds, same_contributions=True, workers=workers),
            sweep(experiment, settings[1:], others, workers=workers),
        )
    )
    return [
        Compared(
            change,
            measure,
            independent_difference(apart[position - 1][measure], common[0][measure]),
            independent_difference(common[position][measure], common[0][measure]),
            difference(common[position][measure], common[0][measure]),
            difference(same[position][measure], same[0][measure]),
        )
        for position, change in enumerate(changes, 1)
        for measure in measures
    ]


def report(found: Sequence[Compared]) -> str:
    """All estimates as a table, and how the widths compare."""
    rows = [
        [
            f"{each.change}: {MEASURES[each.measure]}",
            *[
                f"{estimate.mean:+,.3g} ± {estimate.half_width:,.2g}"
                for estimate in (each.independent, each.common, each.same)
            ],
            *[f"{each.ratio(way):.0%}" for way in STYLES],
        ]
        for each in found
    ]
    header = ["difference", "independent", "common luck", "same contributions"]
    widths = ", ".join(
        f"{name} {statistics.median(each.ratio(way) for each in found):.0%}"
        for way, (name, _, _) in STYLES.items()
    )
    return (
        f"{table([*header, 'unpaired', 'common', 'same'], rows)}\n\n"
        "the last three: widths as a share of those of independent runs; by median:\n"
        f"{widths}"
    )


def draw(found: Sequence[Compared], runs: int, form: str) -> bytes:
    """Draw how wide the intervals are beside those of independent runs."""
    changes = list(dict.fromkeys(each.change for each in found))
    figure = Figure(figsize=(12, 2.0 + 0.5 * len(changes)), layout="constrained")
    figure.suptitle(
        f"What common luck is worth: {EXPERIMENT.name}, {runs} runs of each setting\n"
        "widths of 95 % intervals of differences, in % of those of independent runs"
    )
    panels: Any = figure.subplots(1, len(MEASURES), sharey=True, sharex=True)
    for axes, (measure, title) in zip(panels, MEASURES.items(), strict=True):
        axes.axvline(100, color="0.4", linewidth=1, label="independent runs")
        for position, (way, (name, marker, colour)) in enumerate(STYLES.items()):
            axes.plot(
                [100 * each.ratio(way) for each in found if each.measure == measure],
                [row + 0.22 * (position - 1) for row in range(len(changes))],
                marker,
                markersize=7,
                markeredgecolor="0.3",
                markerfacecolor=colour,
                label=name,
                clip_on=False,
                zorder=3,
            )
        axes.set_title(title[0].upper() + title[1:], loc="left", fontweight="bold")
        for row in range(0, len(changes), 2):
            axes.axhspan(row - 0.5, row + 0.5, color="0.96", zorder=0)
        axes.grid(axis="x", color="0.88", linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_yticks(range(len(changes)), changes)
    panels[0].set_ylim(len(changes) - 0.5, -0.5)
    panels[0].set_xlim(left=0)
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False
    )
    return saved(figure, form)


def main() -> None:
    """Measure, print, and draw if asked."""
    parser = OneLineParser("python -m benchmarks.pairing", "What common luck is worth.")
    parser.add_argument("--runs", type=whole_number(2, 10_000), default=20, help="default: 20")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="a picture, .png or .svg")
    options = parser.parse_args()
    if options.plot is not None:
        try:
            check_output(options.plot, "png", "svg")
        except Unusable as error:
            parser.error(str(error))
    found = compare(EXPERIMENT, CHANGES, options.runs)
    print(report(found))
    if options.plot is not None:
        write_whole(options.plot, draw(found, options.runs, options.plot.suffix[1:]))


if __name__ == "__main__":
    main()
