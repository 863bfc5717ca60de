"""The study of liars, run as users run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.liars import CASES, Case, main, report, study
from examples.plot_liars import draw
from simulation.run import run


def test_its_table_says_what_the_runs_do_and_is_gone_on_with(tmp_path: Path) -> None:
    results = tmp_path / "liars.jsonl"
    cases = [Case("deposits", "perceptron", 0), Case("deposits", "perceptron", 30)]
    found = study(cases, range(2), results, 1, True)
    kept = results.read_bytes()
    assert study(cases, range(2), results, 1, True) == found
    assert results.read_bytes() == kept
    outcomes = [run(cases[1].experiment(), seed) for seed in range(2)]
    first, second = report(found).splitlines()[2:4]
    assert first.startswith("deposits, perceptron   0 %")
    assert [second.split()[4 + 3 * column] for column in range(4)] == [
        f"{100 * sum(values) / 2:.1f}"
        for values in (
            [outcome.accuracy_start for outcome in outcomes],
            [outcome.accuracy_end for outcome in outcomes],
            [outcome.profit("honest") for outcome in outcomes],
            [outcome.profit("bad") for outcome in outcomes],
        )
    ]
    assert draw(found, "png").startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cases_are_what_they_say(case: Case) -> None:
    experiment = case.experiment()
    counts = {group.name: group.count for group in experiment.agents}
    assert counts.get("bad", 0) * 10 == case.share
    assert sum(counts.values()) == 10
    assert experiment.learner.kind == case.classifier
    assert experiment.changed(dict(case.setting())) == experiment


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--seeds", "1"],
            "argument --seeds: '1' will not do: give a whole number",
        ),
        (["--plot", "liars.pdf"], "liars.pdf will not do: give a file that ends in .png or .svg"),
        (["--into", "liars.csv"], "liars.csv will not do: give a file that ends in .jsonl"),
        (["--into", "nowhere/liars.jsonl"], "cannot write nowhere/liars.jsonl: No such file"),
        (["--classifier", "oracle"], "argument --classifier: invalid choice: 'oracle'"),
    ],
)
def test_wrong_input_is_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(options)
    assert exit_.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"liars: {message}")
    assert said.count("\n") == 1
