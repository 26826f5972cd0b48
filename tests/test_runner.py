"""One run is plain data in and plain data out; a sweep writes each line as its run ends."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from fake_openai import FakeOpenAI
from spadework.agent.money.budget import Budget
from spadework.agent.result import Result
from spadework.agent.run import arun_agent
from spadework.evals.runs import runner
from spadework.evals.runs.runner import check_task, run_all, run_one
from spadework.evals.runs.tasks import Sweep, Tasks
from spadework.evals.suites.cases import Bundled
from spadework.tools.errors import ConfigError

BUNDLED = Sweep(suite="bundled:20:1", out=Path("unused"), model="simulated", budget=("20",))
SPENT = ("searches", "browses", "tokens_in", "tokens_out", "tokens_cached", "usd", "seconds", "model_calls")


def tasks(**changes: Any) -> list[dict[str, Any]]:
    return [*Tasks.of(replace(BUNDLED, **changes))]


def first(**changes: Any) -> dict[str, Any]:
    return tasks(**changes)[0]


async def test_a_run_is_plain_data_in_and_out() -> None:
    _, task = tasks()
    assert json.loads(json.dumps(task)) == task
    line = await run_one(json.loads(json.dumps(task)))
    assert json.loads(json.dumps(line)) == line
    known = {name: line[name] for name in ("suite", "id", "strategy", "budget", "repeat", "model", "seed")}
    assert [*known.values()] == ["bundled:20:1", "plain-01", "bats-early", "20", 1, "simulated", 0]
    assert line["answer"] == Bundled(20, 1).cases()[1].answer
    assert (line["correct"], line["fault"], line["violations"]) == (True, "", [])
    assert set(line["spend"]) == {*SPENT}
    assert 0 < line["spend"]["searches"] <= 20
    assert sum(line["decisions"].values()) == line["attempts"] >= 1


async def test_a_run_in_a_world_of_another_size_and_difficulty_is_told_by_its_name() -> None:
    (task,) = tasks(suite="bundled:20:1,tier=plain,hops=2,pages=600", budget=("20",))
    line = await run_one(json.loads(json.dumps(task)))
    assert line["suite"] == "bundled:20:1,pages=600,hops=2,tier=plain"
    assert (line["id"], line["correct"], line["fault"]) == ("plain-01", True, "")


async def test_the_same_task_gives_the_same_line_and_another_seed_or_skill_another_run() -> None:
    def steady(line: dict[str, Any]) -> dict[str, Any]:
        details = line["details"] | {"receipt": ""}  # it tells the time
        return line | {"spend": line["spend"] | {"seconds": 0}, "details": details}

    task = first(skill=0.5)
    assert task["model"] == "simulated:0.5"
    assert steady(await run_one(task)) == steady(await run_one(task))
    seeds = [task["seed"] for task in tasks(skill=0.5, limit=1, repeat=3, seed=7)]
    assert seeds == [7, 8, 9]
    spends = {json.dumps((await run_one(task | {"seed": seed}))["spend"]["tokens_in"]) for seed in range(5)}
    assert len(spends) > 1


async def test_a_limit_that_was_passed_is_seen_although_the_result_does_not_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def cheating(question: str, budget: Any, **options: Any) -> Result:
        result = await arun_agent(question, budget, **options)
        left = int(budget["searches"]) - result.spend.searches
        for number in range(left + 1):
            await options["search"].search(f"more {number}", limit=3, timeout=1)
        return replace(result, status="verified", findings=[])

    monkeypatch.setattr(runner, "arun_agent", cheating)
    line = await run_one(first(budget=("3",)))
    assert line["violations"][0] == "searches: 4 of 3"
    assert line["violations"][1] == "verified, but no page that was read shows c0"


async def test_a_run_that_fails_is_neither_right_nor_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    suite = tmp_path / "alder.jsonl"
    suite.write_text(json.dumps({"id": "1", "question": QUESTION, "answer": ANSWER}))
    search = f"corpus:{write_corpus(tmp_path)}"
    task = first(suite=str(suite), model="fake", base_url="http://127.0.0.1:9/v1", search=search)
    monkeypatch.setattr("spadework.agent.nodes.calls.BACKOFF_S", (0, 0))
    line = await run_one(task)
    assert (line["correct"], line["stop_reason"], line["answer"]) == (None, "error", "")
    assert line["fault"]

    async def broken(question: str, budget: Any, **options: Any) -> Result:
        await options["search"].search("bridge", limit=3, timeout=1)
        raise KeyError("a\nbug")

    monkeypatch.setattr(runner, "arun_agent", broken)
    line = await run_one(task)
    assert (line["correct"], line["stop_reason"], line["status"]) == (None, "error", "none")
    assert line["fault"] == "KeyError: 'a\\nbug'"
    assert line["spend"]["searches"] == 1
    assert set(line["spend"]) == {*SPENT}


async def test_a_model_on_a_server_answers_the_cases_of_a_file_from_a_corpus(tmp_path: Path) -> None:
    suite = tmp_path / "alder.jsonl"
    suite.write_text(json.dumps({"id": "1", "question": QUESTION, "answer": f"the {ANSWER.upper()}"}))
    with alder_model("https://alder.example") as model:
        task = first(
            suite=str(suite),
            model="fake",
            base_url=model.base_url,
            search=f"corpus:{write_corpus(tmp_path)}",
            budget=("searches=4,browses=4",),
        )
        line = await run_one(task)
    assert (line["suite"], line["budget"]) == ("alder", "searches=4,browses=4")
    assert (line["answer"], line["correct"], line["status"]) == (ANSWER, True, "verified")
    assert line["violations"] == []


async def test_another_model_searches_the_bundled_web_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeOpenAI() as model:
        task = first(model="fake", base_url=model.base_url)
        assert (task["search"], task["skill"]) == ("bundled", None)
        await check_task(task)
    assert first(model="fake", search="searxng")["search"] == "searxng"
    monkeypatch.setenv("SPADEWORK_SEARCH", "searxng")
    assert first(model="fake")["search"] == "bundled"


async def test_all_runs_are_made_so_many_at_once_and_written_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = most = 0

    async def slow(task: dict[str, Any]) -> dict[str, Any]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005 * task["seconds"])
        now -= 1
        return task

    def given() -> Iterator[dict[str, Any]]:
        for seconds in (4, 1, 2, 1, 1, 1):
            assert now <= 2, "a task is asked for when there is room for it"
            yield {"seconds": seconds}

    monkeypatch.setattr(runner, "run_one", slow)
    written: list[int] = []
    await run_all(given(), 3, lambda line: written.append(line["seconds"]))
    assert most == 3
    assert sorted(written) == [1, 1, 1, 1, 2, 4]
    assert written[0] == 1

    def full(line: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await run_all(given(), 3, full)
    assert now <= 3


def test_a_sweep_makes_every_combination_case_by_case() -> None:
    found = tasks(strategy="bats-early, react", budget=("3,5", "searches=5, usd=0.05"), repeat=2)
    assert len(found) == 2 * 2 * 3 * 2
    assert [task["id"] for task in found] == ["hard-01"] * 12 + ["plain-01"] * 12
    assert [*dict.fromkeys(task["budget"] for task in found)] == ["3", "5", "searches=5,usd=0.05"]
    assert [*dict.fromkeys(task["strategy"] for task in found)] == ["bats-early", "react"]
    assert Budget.of(found[0]["limits"]) == Budget(searches=3, browses=3)
    assert {task["repeat"] for task in found} == {1, 2}
    assert [task["id"] for task in tasks(limit=1)] == ["hard-01"]
    assert [[task["id"] for task in tasks(part=part)] for part in ("1/2", "2/2", "3/3")] == [
        ["hard-01"],
        ["plain-01"],
        [],
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"suite": "nowhere.jsonl", "model": "fake"}, "cannot read the suite nowhere.jsonl"),
        ({"suite": "nowhere.jsonl"}, "the simulated model answers the questions of the bundled web only"),
        ({"suite": "bundled:x"}, "write bundled, bundled:SEED"),
        ({"model": None}, "no model is set"),
        ({"strategy": "reakt"}, "did you mean 'react'"),
        ({"strategy": ""}, "no strategy is named ''"),
        ({"budget": ("3,many",)}, "--budget '3,many': give numbers such as 3,5,10"),
        ({"budget": ("-1",)}, "--budget '-1'"),
        ({"budget": ("serches=5",)}, "did you mean searches"),
        ({"part": "3/2"}, "--part '3/2': give I/N"),
        ({"part": "1"}, "--part '1': give I/N"),
    ],
)
def test_what_cannot_be_used_is_one_line_before_anything_starts(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        tasks(**changes)


async def test_what_only_the_run_itself_would_notice_is_found_beforehand_too() -> None:
    with pytest.raises(ConfigError, match="unknown search backend 'gogle'"):
        await check_task(first(model="fake", base_url="http://127.0.0.1:9/v1", search="gogle"))
    server = "https://models.example/v1"
    with pytest.raises(ConfigError, match="no price is known for model 'fake'"):
        await check_task(first(model="fake", base_url=server, budget=("usd=0.05",)))
