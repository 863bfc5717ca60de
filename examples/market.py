"""A prediction market for cases of breast cancer, in all its settings.

``python -m examples.market --help`` says what to expect.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import sqrt
from statistics import mean, stdev
from typing import Any

from chain import Chain
from chain.units import ether
from simulation.terminal import OneLineParser, table, whole_number

try:
    from tqdm import tqdm

    from examples.marketplace import (
        BAD,
        BOUNTY_WEI,
        CASES_EACH,
        GOOD,
        PEOPLE,
        PIECE_SIZE,
        PIECES,
        SETTINGS,
        STAKE_WEI,
        Ending,
        Marketplace,
    )
except ModuleNotFoundError as error:
    # A program people run: what to do about it, not a traceback.
    print(f"market: {error.name} is missing: pip install -e '.[examples]'", file=sys.stderr)
    raise SystemExit(2) from None

DESCRIPTION = f"""\
A provider has a model of breast cancer that knows little, {PIECES * PIECE_SIZE} cases to test it
with that nobody else has seen, and a bounty of {BOUNTY_WEI / ether:g} ether for those who make it
better. {len(PEOPLE)} people stake {STAKE_WEI / ether:g} ether or more on each of {CASES_EACH} cases
that they add. Four are good; mal and mo write the wrong label under every case. Then the provider
reveals the test set, and the market pays whoever has improved the model, with the money of those
who have made it worse, and the bounty.
"""

EPILOG = """\
settings (letters of the options that are on, - for none):
  A  all that is sent is staked, and not only the minimum
  G  one account and score for each person, and not for each case
  R  each pass begins again with the model as it was before the market

examples:
  python -m examples.market                  one market in all eight settings
  python -m examples.market --setting GR     only in one
  python -m examples.market --study 200      200 markets: does honesty pay?

The same seed gives the same numbers. Profits are without the fees for gas.
"""

# Two-sided, for a mean of many.
Z_95 = 1.96

MILLIETHER = ether // 1_000
PHASES = ("initialization", "participation", "reveal", "reward", "collect")


def setting(text: str) -> str:
    """Read a setting, its letters in any order."""
    wanted = sorted(text.upper())
    for each in SETTINGS:
        if sorted(each) == wanted:
            return each
    raise argparse.ArgumentTypeError(f"{text!r} will not do: give one of {' '.join(SETTINGS)}")


def make_parser() -> OneLineParser:
    """Return the parser of the command line."""
    parser = OneLineParser("python -m examples.market", DESCRIPTION, EPILOG)
    parser.add_argument(
        "--seed",
        type=whole_number(0, 2**32 - 1),
        default=0,
        help="of who holds which cases and comes when, of the first one in a study "
        "(default: %(default)s)",
    )
    parser.add_argument("--setting", type=setting, help="only this one")
    parser.add_argument(
        "--study", type=whole_number(2, 100_000), metavar="N", help="play N markets per setting"
    )
    parser.add_argument(
        "--jobs",
        type=whole_number(1, 1_000),
        default=os.cpu_count() or 1,
        help="processes for a study (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quiet", action="store_true", help="show no progress bar")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program; exits with status 2 and one line on standard error if it cannot."""
    options = make_parser().parse_args(arguments)
    settings = [options.setting] if options.setting else list(SETTINGS)
    if options.study is None:
        endings = {each: play((options.seed, each)) for each in settings}
        print(as_json(endings, as_dict) if options.json else summary(endings))
        return
    markets = [
        (seed, each)
        for each in settings
        for seed in range(options.seed, options.seed + options.study)
    ]
    with ProcessPoolExecutor(options.jobs) as executor:
        played = executor.map(play, markets, chunksize=8)
        # None shows the bar on a terminal only.
        bar = tqdm(played, total=len(markets), unit=" markets", disable=options.quiet or None)
        study: dict[str, list[Ending]] = {each: [] for each in settings}
        for (_, each), ending in zip(markets, bar, strict=True):
            study[each].append(ending)
    print(as_json(study, findings) if options.json else study_table(study))


def play(market: tuple[int, str]) -> Ending:
    """Play the market of a seed, in a setting."""
    return Marketplace(*market).play()


def as_json(results: dict[str, Any], shown: Callable[[Any], dict[str, Any]]) -> str:
    """What was found, by setting."""
    return json.dumps({each: shown(result) for each, result in results.items()}, indent=1)


def as_dict(ending: Ending) -> dict[str, Any]:
    """All there is to say about a market; money in wei."""
    gas, method = ending.largest
    return {
        "profit_wei": ending.profit_wei,
        "provider_paid_wei": ending.provider_wei,
        "rounds_by_pass": ending.passes,
        "gas": dict(ending.gas),
        "transactions": dict(ending.transactions),
        "largest_transaction": {"gas": gas, "method": method},
        "accuracy_before": ending.before,
        "accuracy_after": ending.after,
    }


def summary(endings: dict[str, Ending]) -> str:
    """Who ended with what, and what it took."""
    limit = Chain().block_gas_limit
    money = [
        [
            each,
            *(f"{ending.profit_wei[name] / MILLIETHER:+.1f}" for name in PEOPLE),
            f"{ending.provider_wei / MILLIETHER:+.1f}",
            str(len(ending.passes)),
            f"{ending.before:.1f} %",
            f"{ending.after:.1f} %",
        ]
        for each, ending in endings.items()
    ]
    gas = [
        [
            each,
            *(f"{ending.gas[phase]:,}" for phase in PHASES),
            str(sum(ending.transactions.values())),
            f"{ending.largest[0]:,}",
            f"{100 * ending.largest[0] / limit:.0f} %",
        ]
        for each, ending in endings.items()
    ]
    names = [f"{name} ({kind})" for name, kind in PEOPLE.items()]
    head = ["", *names, "provider pays", "passes", "accuracy", "after"]
    costs = ["", *PHASES, "transactions", "largest", "of a block"]
    return "\n".join(
        [
            "Profit in thousandths of an ether (the stakes are 10 to 30 a case, the bounty 1,000):",
            "",
            table(head, money),
            "",
            "Gas:",
            "",
            table(costs, gas),
        ]
    )


def interval(values: Iterable[float]) -> tuple[float, float]:
    """A mean, and how far from it the 95 % interval reaches."""
    held = list(values)
    return mean(held), Z_95 * stdev(held) / sqrt(len(held))


def findings(endings: list[Ending]) -> dict[str, Any]:
    """Mean profits per person, in thousandths of an ether, with intervals; accuracy in percent."""
    good = [ending.mean_profit_wei(GOOD) / MILLIETHER for ending in endings]
    bad = [ending.mean_profit_wei(BAD) / MILLIETHER for ending in endings]
    return {
        "markets": len(endings),
        "good": interval(good),
        "bad": interval(bad),
        "difference": interval(a - b for a, b in zip(good, bad, strict=True)),
        "provider_pays": interval(ending.provider_wei / MILLIETHER for ending in endings),
        "accuracy_gain": interval(ending.after - ending.before for ending in endings),
    }


def study_table(study: dict[str, list[Ending]]) -> str:
    """Whether honesty pays, by setting."""
    rows = []
    for each, endings in study.items():
        found = findings(endings)
        keys = ("good", "bad", "difference", "provider_pays", "accuracy_gain")
        cells = [f"{found[key][0]:+.1f} ± {found[key][1]:.1f}" for key in keys]
        good, around = found["good"]
        verdict = "pays" if good > around else "costs" if good < -around else "unclear"
        rows.append([each, *cells, verdict])
    count = len(next(iter(study.values())))
    head = ["", "good", "bad", "difference", "provider pays", "accuracy", "honesty"]
    return "\n".join(
        [
            f"Mean profit per person over {count} markets, in thousandths of an ether, and change",
            "of accuracy in percent, with 95 % intervals:",
            "",
            table(head, rows),
        ]
    )


if __name__ == "__main__":
    main()
