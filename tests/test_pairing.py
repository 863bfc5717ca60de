"""The measurement of what common luck is worth, on a small scale."""

from __future__ import annotations

import math
from typing import Any

from benchmarks.pairing import MEASURES, Compared, compare, draw, report
from chain.units import ether
from simulation.intervals import Estimate, difference, independent_difference
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.world import World

SIMPLE = SCENARIOS["simple"].changed({"data.seed": None})
CHANGES: dict[str, dict[str, Any]] = {
    "dear": {"mechanism.cost_weight_wei": ether},
    "gas for nothing": {"gas_price_wei": 0},
}


def test_each_way_is_what_it_says() -> None:
    found = compare(SIMPLE, CHANGES, 3, workers=1)
    assert [(each.change, each.measure) for each in found] == [
        (change, measure) for change in CHANGES for measure in MEASURES
    ]
    dear = SIMPLE.changed(CHANGES["dear"])
    first = [run(SIMPLE, seed).profit("good") for seed in range(3)]
    second = [run(dear, seed).profit("good") for seed in range(3)]
    others = [run(dear, seed).profit("good") for seed in range(3, 6)]
    same = []
    for seed in range(3):
        world = World(SIMPLE, seed)
        go_on(world)
        same.append(run(dear, seed, trace=world.trace()).profit("good"))
    profit = next(each for each in found if each.measure == "profit of good")
    assert profit.independent == independent_difference(others, first)
    assert profit.unpaired == independent_difference(second, first)
    assert profit.common == difference(second, first)
    assert profit.same == difference(same, first)
    text = report(found)
    assert "dear: profit of good" in text
    for form, start in [("png", b"\x89PNG"), ("svg", b"<?xml")]:
        assert draw(found, 3, form).startswith(start)


def test_widths_are_compared_with_those_of_independent_runs() -> None:
    wide, narrow, none = (Estimate(0, -half, half, 3) for half in (4.0, 1.0, 0.0))
    found = Compared("change", "gas", wide, wide, narrow, none)
    assert [found.ratio(way) for way in ("unpaired", "common", "same")] == [1, 0.25, 0]
    assert math.isnan(Compared("change", "gas", none, wide, narrow, none).ratio("common"))
