"""What is kept of a run: what was asked for, while it runs, and nothing else."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulation.recorder import COLUMNS, TOPICS, Both, InMemory, Nothing, OnDisk, Topic
from simulation.run import go_on, run
from simulation.scenarios import SCENARIOS
from simulation.world import World

GAMES = SCENARIOS["tic-tac-toe"].changed({"stop.contributions": 40, "data.seed": 0})


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_on_disk_are_those_in_memory_in_either_form(tmp_path: Path) -> None:
    memory = InMemory()
    with OnDisk(tmp_path / "a" / "b", TOPICS) as lines, OnDisk(tmp_path, TOPICS, "csv") as table:
        run(GAMES, 1, recorder=Both(memory, lines, table))
    for topic in TOPICS:
        expected = [dict(zip(COLUMNS[topic], row, strict=True)) for row in memory.rows[topic]]
        assert len(expected) > 10
        assert read(tmp_path / "a" / "b" / f"{topic}.jsonl") == expected
        as_text = [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in expected
        ]
        assert read(tmp_path / f"{topic}.csv") == as_text


def test_nothing_is_written_that_was_not_asked_for(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    run(GAMES, 1)
    assert list(tmp_path.iterdir()) == []
    with OnDisk(tmp_path, ["gas"]) as recorder:
        run(GAMES, 1, recorder=recorder)
    assert [path.name for path in tmp_path.iterdir()] == ["gas.jsonl"]
    assert not Nothing().wants("gas")


def test_it_is_on_disk_while_the_run_goes_on(tmp_path: Path) -> None:
    with OnDisk(tmp_path, ["events"]) as recorder:
        world = World(GAMES.changed({"stop.contributions": 300}), 1, recorder)
        go_on(world, until_block=350)
        written = (tmp_path / "events.jsonl").read_text()
        assert written.count("\n") > 100


def test_rows_are_what_happened() -> None:
    memory = InMemory()
    world = World(GAMES, 1, memory)
    go_on(world)
    outcome = world.outcome()
    rows = {
        topic: [dict(zip(COLUMNS[topic], row, strict=True)) for row in found]
        for topic, found in memory.rows.items()
    }
    gas: Counter[str] = Counter()
    for row in rows["events"]:
        gas[row["action"]] += row["gas"]
        assert row["error"] is None
        transaction = world.chain.block(row["block"]).receipts[0].transaction
        assert (transaction.name, transaction.arguments[1]) == (row["action"], row["label"])
    assert dict(gas) == outcome.gas
    added = [row for row in rows["events"] if row["action"] == "add_data"]
    assert [row["contribution"] for row in added] == list(range(40))
    deposits = [each.deposit_wei for each in world.state.contributions]
    assert [row["wei"] for row in added] == deposits
    claimed = sum(row["wei"] for row in rows["events"] if row["action"] != "add_data")
    assert claimed == sum(deposits) - outcome.left_wei
    assert rows["accuracy"][0]["accuracy"] == outcome.accuracy_start
    assert rows["accuracy"][-1]["accuracy"] == outcome.accuracy_end
    assert min(row["accuracy"] for row in rows["accuracy"]) == outcome.accuracy_lowest
    last = {row["agent"]: row["balance_wei"] for row in rows["balances"][-2:]}
    assert last == {agent.name: agent.end_wei for agent in outcome.agents}
    assert {row["action"]: row["gas"] for row in rows["gas"][-3:]} == outcome.gas
    for topic in TOPICS:
        times = [row["time_s"] for row in rows[topic]]
        assert times == sorted(times)


@pytest.mark.parametrize("topic", TOPICS)
def test_only_wanted_topics_are_kept(topic: Topic) -> None:
    memory = InMemory([topic])
    run(GAMES, 1, recorder=memory)
    assert list(memory.rows) == [topic]
    assert memory.rows[topic]
