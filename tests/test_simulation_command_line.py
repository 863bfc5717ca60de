"""The command line: what it prints and writes, and what it says to wrong input."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from simulation.__main__ import main
from simulation.experiment import Experiment
from simulation.plots import wrapped
from simulation.run import run
from simulation.scenarios import SCENARIOS
from simulation.summary import summary
from simulation.sweep import sweep
from tests.programs import run as run_program
from tests.programs import run_without

QUICK = ["simple", "--quiet"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "required: COMMAND"),
        (["walk"], "invalid choice: 'walk'"),
        (["run"], "required: experiment"),
        (
            ["run", "imbd"],
            "there is no experiment 'imbd': give the path of a .json file, or one of",
        ),
        (["run", "none.json"], "cannot read none.json: No such file"),
        (["run", "broken.json"], "broken.json: Invalid JSON"),
        (["run", "binary.json"], "cannot read binary.json: it is no text"),
        (["run", "wrong.json"], "wrong.json: data: Field required"),
        (["run", "imdb-perceptron"], "imdb needs a path"),
        (["run", "imdb-perceptron", "--path", "none"], "none"),
        (["run", "imdb-perceptron", "--path", "broken.json"], "broken.json"),
        (["run", "simple", "--path", "none"], "simple needs no file: leave the path out"),
        (["run", "simple", "--set", "data.name=imbd"], "there is no data set 'imbd': give one of"),
        (["run", "simple", "--set", "data.initial=20"], "20 initial samples of 20 will not do"),
        (["run", "simple", "--set", "data.initial=1"], "have none of class"),
        (["run", "simple", "--set", "stop.days"], "give path=value, as in stop.days=7"),
        (["run", "simple", "--set", "stop.day=7"], "an experiment has no 'stop.day'"),
        (["run", "simple", "--set", "stop.days=-7"], "stop.days: Input should be greater than 0"),
        (["run", "simple", "--set", "mechanism=pionts"], "there is no mechanism 'pionts'"),
        (
            ["run", "digits-perceptron", "--set", "data.name=digits"],
            "digits has 10 classes and a perceptron two",
        ),
        (["run", "cancer-naive-bayes", "--set", "data.dense=true"], "leave dense out"),
        (["run", "simple", "--seed", "-1"], "'-1' will not do: give a whole number from 0"),
        (["run", "simple", "--seed", "one"], "'one' will not do"),
        (
            ["run", "simple", "--record", "out", "--topics", "acuracy"],
            "no topic 'acuracy': give some",
        ),
        (["run", "simple", "--format", "xml"], "invalid choice: 'xml'"),
        (["run", "simple", "--out", "result.txt"], "give a file that ends in .json or .csv"),
        (["run", "simple", "--out", "none/result.json"], "cannot write none/result.json: No such"),
        (["run", "simple", "--plot", "run.gif"], "give a file that ends in .png or .svg"),
        (["run", "simple", "--plot", "folder.png"], "cannot write folder.png: it is a folder"),
        (["run", "simple", "--record", "wrong.json"], "cannot use wrong.json: File exists: choose"),
        (["compare", "simple", "--seeds", "0"], "'0' will not do: give a whole number from 1"),
        (["compare", "simple", "--workers", "0"], "'0' will not do"),
        (["run", "simple", "--set", 'stop={"day": 7}'], "stop.day: there is no such field"),
        (["run", "simple", "--record", "out", "--topics", ","], "nothing is to be recorded: give"),
        (
            ["run", "simple", "--record", "x.json", "--out", "x.json"],
            "cannot be a file and a folder",
        ),
        (["run", "simple", "--record", "folders"], "cannot use folders/balances.jsonl: Is a dir"),
        (["run", "simple", "--set", 'agents.0.name="a\\n"'], "agents.0.name: "),
        (["compare", "simple", "--with", "points"], "'points' changes nothing"),
        (["compare", "simple", "--with", ""], "'' changes nothing: give path=value"),
        (["compare", "simple", "--with", "name='x"], "No closing quotation: give path=value"),
        (["compare", "simple", "--with", "mechanism=pionts"], "there is no mechanism 'pionts'"),
        (
            ["compare", "simple", "--with", "data.initial=1"],
            "with data.initial=1: simple: the first",
        ),
        (
            ["compare", "simple", "--with", "agents.1.count=3", "--same-contributions"],
            "the same contributions need the same agents: change other things",
        ),
        (["sweep", "simple"], "required: --settings, --into"),
        (
            ["sweep", "simple", "--settings", "wrong.json", "--into", "r.jsonl"],
            "no list of settings",
        ),
        (
            ["sweep", "simple", "--settings", "broken.json", "--into", "r.jsonl"],
            "broken.json is no JSON",
        ),
        (
            ["sweep", "simple", "--settings", "empty.json", "--into", "r.jsonl"],
            "no list of settings",
        ),
        (
            ["sweep", "simple", "--settings", "deep.json", "--into", "r.jsonl"],
            "deep.json is no JSON",
        ),
        (
            ["sweep", "simple", "--settings", "second.json", "--into", "r.jsonl"],
            'with {"stop.days":-1}: stop.days: Input should be greater than 0',
        ),
        (["sweep", "simple", "--settings", "good.json", "--into", "r.csv"], "ends in .jsonl"),
        (["sweep", "simple", "--settings", "good.json", "--into", "other.jsonl"], "another file"),
    ],
)
def test_wrong_input_is_one_line_that_says_what_to_do(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("broken.json").write_text("{")
    Path("binary.json").write_bytes(b"\xff\xfe\x00")
    Path("wrong.json").write_text('{"name": "x", "agents": [{"name": "a", "policy": "honest"}]}')
    Path("empty.json").write_text("[]")
    Path("good.json").write_text('[{"stop.days": 1}]')
    Path("other.jsonl").write_text("something else\n")
    Path("second.json").write_text('[{}, {"stop.days": -1}]')
    Path("deep.json").write_text("[" * 100_000)
    Path("folder.png").mkdir()
    Path("folders/balances.jsonl").mkdir(parents=True)
    before = files()
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = [line for line in printed.err.splitlines() if "%" not in line[:6]]
    assert len(lines) == 1
    assert lines[0].startswith("simulation: ")
    assert message in lines[0]
    assert files() == before
    assert Path("other.jsonl").read_text() == "something else\n"


def test_a_run_prints_what_came_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", *QUICK, "--seed", "3", "--root"])
    printed = capsys.readouterr()
    outcome = run(SCENARIOS["simple"], 3, with_root=True)
    assert f"state root {outcome.state_root}" in printed.out
    assert f"{outcome.accuracy_end:.1%} at the end" in printed.out
    for agent in outcome.agents:
        profit = re.escape(f"{agent.profit:+.1%}")
        assert re.search(rf"^{agent.name} +{agent.added} .*{profit}$", printed.out, re.MULTILINE)
    assert printed.err == ""
    assert files() == []


def test_results_go_to_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = run(SCENARIOS["simple"], 0)
    main(["run", *QUICK, "--out", "result.json"])
    main(["run", *QUICK, "--out", "result.csv"])
    assert json.loads(Path("result.json").read_text()) == outcome.model_dump(mode="json")
    with Path("result.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["end_wei"]) for row in rows] == [agent.end_wei for agent in outcome.agents]
    assert capsys.readouterr().out == ""
    assert files() == ["result.csv", "result.json"]


def test_what_happens_is_recorded_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--record", "out", "--topics", "events,gas", "--format", "csv"]
    main(["run", *QUICK, *arguments])
    assert files() == ["out", "out/events.csv", "out/gas.csv"]


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "simple"])
    printed = capsys.readouterr()
    steps = [int(line.split()[0]) for line in printed.err.splitlines()]
    assert steps == sorted(steps)
    assert steps[-1] == 100
    assert 5 <= len(steps) <= 11


def test_an_experiment_as_json_runs_as_its_name_does(capsys: pytest.CaptureFixture[str]) -> None:
    main(["show", "simple", "--set", "stop.days=3"])
    text = capsys.readouterr().out
    expected = SCENARIOS["simple"].changed({"stop.days": 3})
    assert Experiment.model_validate_json(text) == expected
    Path("mine.json").write_text(text)
    main(["run", "mine.json", "--quiet"])
    main(["run", *QUICK, "--set", "stop.days=3"])
    first, second = capsys.readouterr().out.split("simple, seed 0")[1:]
    assert first == second


def test_a_comparison_is_a_sweep_summarized(capsys: pytest.CaptureFixture[str]) -> None:
    other = "mechanism=points agents.1.count=2"
    arguments = ["--with", other, "--seeds", "3", "--workers", "1"]
    main(["compare", *QUICK, *arguments, "--out", "summary.json"])
    main(["compare", *QUICK, *arguments, "--out", "summary.csv"])
    main(["compare", *QUICK, *arguments])
    settings = [{}, {"mechanism": "points", "agents.1.count": 2}]
    rows = summary(sweep(SCENARIOS["simple"], settings, range(3), workers=1))
    names = ["as it is", other]
    expected = [row.plain(names[row.setting]) for row in rows]
    assert json.loads(Path("summary.json").read_text()) == expected
    with Path("summary.csv").open(newline="") as file:
        assert [row["measure"] for row in csv.DictReader(file)] == [row.measure for row in rows]
    text = capsys.readouterr().out
    assert "profit of bad" in text
    assert "profits are shares of what was there at the start: 0.1 is 10 %" in text
    assert other in text
    assert "means of 3 runs" in text


def test_limits_of_a_single_run_are_null() -> None:
    Path("settings.json").write_text("[{}, {}]")
    files_named = ["--settings", "settings.json", "--into", "r.jsonl", "--out", "s.json"]
    main(["sweep", *QUICK, *files_named, "--workers", "1"])

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    rows = json.loads(Path("s.json").read_text(), parse_constant=refuse)
    limits = ("low", "high", "difference_low", "difference_high")
    assert {row[limit] for row in rows for limit in limits} == {None}
    assert rows[-1]["difference"] == 0


def test_a_comparison_can_have_the_same_contributions(capsys: pytest.CaptureFixture[str]) -> None:
    dear = "mechanism.cost_weight_wei=1000000000000000000"
    arguments = ["--with", dear, "--seeds", "2", "--workers", "1", "--out", "summary.json"]
    main(["compare", *QUICK, *arguments, "--same-contributions"])
    settings = [{}, {"mechanism.cost_weight_wei": 10**18}]
    rows = summary(
        sweep(SCENARIOS["simple"], settings, range(2), same_contributions=True, workers=1)
    )
    expected = [row.plain(["as it is", dear][row.setting]) for row in rows]
    assert json.loads(Path("summary.json").read_text()) == expected
    Path("settings.json").write_text(json.dumps(settings))
    sweeping = ["--settings", "settings.json", "--into", "r.jsonl", "--seeds", "2", "--quiet"]
    sweeping += ["--workers", "1", "--plot", "a.svg"]
    main(["sweep", "simple", *sweeping, "--same-contributions"])
    head, *lines = Path("r.jsonl").read_text().splitlines()
    assert json.loads(head)["same_contributions"] is True
    assert len(lines) == 4
    assert "; all with the contributions of the first\n" in capsys.readouterr().out
    assert "simple; all with the contributions" in Path("a.svg").read_text()


def test_pictures_are_drawn_when_asked_and_the_same_each_time() -> None:
    for name in ("a.png", "a.svg", "b.svg"):
        main(["run", *QUICK, "--plot", name])
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert Path("a.svg").read_bytes() == Path("b.svg").read_bytes()
    assert "<svg" in Path("a.svg").read_text()
    main(["compare", *QUICK, "--seeds", "2", "--workers", "1", "--plot", "c.svg"])
    assert "<svg" in Path("c.svg").read_text()
    main(["compare", *QUICK, "--seeds", "1", "--workers", "1", "--plot", "d.png"])
    assert files() == ["a.png", "a.svg", "b.svg", "c.svg", "d.png"]


def test_long_names_of_settings_leave_room_for_the_picture() -> None:
    assert wrapped("as it is") == "as it is"
    assert wrapped("stop.days=7 stop.contributions=3") == "stop.days=7\nstop.contributions=3"
    assert (
        wrapped('{"stop.days":7,"mechanism":"points"}') == '{"stop.days":7,\n"mechanism":"points"}'
    )
    assert wrapped("x" * 300) == "\n".join(["x" * 36] * 3 + ["…"])


def test_the_list_and_the_help_teach(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list"])
    text = capsys.readouterr().out
    for name in [*SCENARIOS, "breast-cancer", "sybil", "paid-deposit"]:
        assert re.search(rf"^  {name} ", text, re.MULTILINE)
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "python -m simulation sweep mine.json" in capsys.readouterr().out


def test_without_matplotlib_it_says_what_to_install(tmp_path: Path) -> None:
    done = run_without(
        "matplotlib", "simulation", "run", "simple", "--plot", str(tmp_path / "a.png")
    )
    assert done.returncode == 2
    assert (
        done.stderr == "simulation: matplotlib is missing: pip install -e '.[plot]'; see --help\n"
    )
    assert files() == []


def test_what_takes_long_to_import_is_not_imported_at_the_start() -> None:
    program = "import sys, simulation.__main__; print(*sys.modules)"
    imported = run_program("-c", program).stdout.split()
    assert "simulation.sweep" in imported
    assert not {"sklearn", "scipy", "matplotlib", "distributed"}.intersection(imported)
