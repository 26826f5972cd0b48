"""The frozen web benchmark on small data, and floors for what it must find: pages that it was not tuned on."""

import json
from pathlib import Path
from typing import Any

import pytest
from spadework.evals.bench import frozen as bench
from spadework.evals.bench.frozen import (
    Asked,
    Measured,
    filled,
    hotpot,
    measure_frozen,
    measure_plain,
    table,
    world_asked,
    world_rows,
)
from spadework.evals.world.making import SEED, World, make_world

HOTPOT = Path(__file__).parents[1].parent / "shared" / "data" / "hotpot100"
ROWS = [
    {"title": "Gannet", "text": "The Gannet carried salt.", "url": "https://a.example/gannet"},
    {"title": "Wick", "text": "A town with a harbour.", "url": "https://a.example/wick"},
]
ASKED = [Asked("one", "Gannet salt", frozenset({"https://a.example/gannet", "https://a.example/none"}))]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(SEED)


def corpus(folder: Path, rows: list[dict[str, str]]) -> Path:
    file = folder / "pages.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def test_both_ways_are_measured_on_the_same_pages_and_queries(tmp_path: Path) -> None:
    file = corpus(tmp_path, ROWS)
    ours, plain = measure_frozen(file, ASKED), measure_plain(file, ASKED)
    assert ours.recall == plain.recall == {"one": 0.5}
    assert min(ours.size, plain.size, *ours.query_ms, *plain.query_ms, *ours.cpu_ms) > 0
    lines = table(2, {"one": 1}, [ours, plain]).splitlines()
    assert lines[0].split() == ["2", "pages", "frozen", "web", "plain", "FTS5"]
    assert lines[-1].split() == ["recall@10", "one", "(1)", "0.500", "0.500"]


def test_what_fills_up_is_distinct_and_as_much_as_was_wanted() -> None:
    rows = filled(ROWS, 300)
    assert len({row["text"] for row in rows}) == len({row["url"] for row in rows}) == len(rows) == 300
    assert rows[:2] == ROWS


def test_the_pages_and_questions_of_a_folder(tmp_path: Path) -> None:
    asked = {"question": "What did the Gannet carry?", "supporting_titles": ["Gannet", "Not there"]}
    corpus(tmp_path, ROWS).rename(tmp_path / "corpus.jsonl")
    (tmp_path / "questions.jsonl").write_text(json.dumps(asked), encoding="utf-8")
    rows, found = hotpot(tmp_path)
    assert rows == ROWS
    assert [(item.kind, item.query) for item in found] == [
        ("hotpot, question", "What did the Gannet carry?"),
        ("hotpot, keywords", "Gannet carry"),
    ]
    assert found[0].proving == frozenset({"https://a.example/gannet"})


def test_the_command_prints_the_table(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*_: object, **__: object) -> World:
        return world

    def some(world: World) -> list[Any]:
        return world_asked(world)[::60]

    monkeypatch.setattr(bench, "make_world", made)
    monkeypatch.setattr(bench, "world_asked", some)
    assert bench.main(["--pages", "440"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("440 pages")
    assert "recall@10 bundled, named" in said


@pytest.mark.parametrize("arguments", [["--hotpot", "no-such-folder"]])
def test_bad_options_get_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def _both(folder: Path, rows: list[dict[str, str]], asked: list[Asked]) -> tuple[Measured, Measured]:
    file = corpus(folder, rows)
    return measure_frozen(file, asked), measure_plain(file, asked)


def test_it_finds_more_of_the_bundled_web_than_plain_fts5(world: World, tmp_path: Path) -> None:
    ours, plain = _both(tmp_path, world_rows(world), world_asked(world)[::3])
    assert ours.recall["bundled, named"] >= plain.recall["bundled, named"] + 0.03
    assert ours.recall["bundled, asked"] >= plain.recall["bundled, asked"]


@pytest.mark.skipif(not HOTPOT.is_dir(), reason="the shared question set is not here")
def test_it_finds_no_less_for_real_questions_than_plain_fts5(tmp_path: Path) -> None:
    ours, plain = _both(tmp_path, *hotpot(HOTPOT))
    assert ours.recall["hotpot, question"] >= max(0.88, plain.recall["hotpot, question"] - 0.01)
