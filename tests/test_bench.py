"""The step benchmark, tiny: it must run from end to end, so that its figures can be had again at any time."""

import re
from collections.abc import Generator
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest
from spadework.evals.bench import peers as bench_peers
from spadework.evals.bench import server as bench_server
from spadework.evals.bench import step as bench_step
from spadework.evals.bench import world as bench_world


@pytest.fixture(scope="module")
def base_url() -> Generator[str, None, None]:
    with bench_step.model_server() as url:
        yield url


@pytest.mark.parametrize("calls", [3, 6])
async def test_our_run_makes_every_scripted_call_and_proves_its_answer(
    base_url: str, tmp_path: Path, calls: int
) -> None:
    async with AsyncExitStack() as stack:
        run = await bench_peers.make_ours(base_url, tmp_path, stack, "")
        assert await run(calls) == calls


async def test_a_run_that_ends_early_is_no_measurement(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_peers, "MARGIN", -3)
    async with AsyncExitStack() as stack:
        run = await bench_peers.make_ours(base_url, tmp_path, stack, "")
        with pytest.raises(RuntimeError, match=r"the run (ended with status|made \d tool calls)"):
            await bench_step.checked(run, 6)


async def test_checkpoints_of_a_run_are_written_and_weighed(base_url: str, tmp_path: Path) -> None:
    pytest.importorskip("langgraph.checkpoint.sqlite.aio")
    path = tmp_path / "checkpoints.sqlite"
    async with AsyncExitStack() as stack:
        run = await bench_peers.make_ours(base_url, tmp_path, stack, str(path))
        assert await run(3) == 3
    assert 0.02 < bench_step.stored_mb(path) < 2


@pytest.mark.parametrize("contender", ["LangGraph loop", "create_agent"])
def test_a_peer_makes_every_scripted_call(base_url: str, contender: str) -> None:
    lacking = bench_peers.missing(contender)
    if lacking:
        pytest.skip(f"needs {lacking}")
    found = bench_step.measure(contender, base_url, 3, runs=1)
    assert found["ms"] > 0
    assert found["mb"] > 20


def test_each_tool_gives_about_4_kb() -> None:
    found = sum(len(hit["title"] + hit["url"] + hit["snippet"]) for hit in bench_server.hits("entry number 4"))
    assert 3_500 < found < 4_500
    read = bench_server.page(bench_server.address(4))["text"]
    assert 3_500 < len(read) < 4_500
    assert bench_server.fact(4) in read


def test_the_script_calls_search_and_browse_in_turn_and_then_answers() -> None:
    replies = [bench_server.reply(b"{}", turn, 4)["choices"][0]["message"] for turn in range(5)]
    names = [[call["function"]["name"] for call in message.get("tool_calls", ())] for message in replies]
    assert names == [["search"], ["browse"], ["search"], ["browse"], []]
    assert replies[-1]["content"] == "The answer is Hall 2."


def test_a_request_that_names_no_run_is_answered_with_an_error() -> None:
    assert "error" in orjson.loads(bench_server.FakeModel().answer(b'{"messages":[]}'))


def test_the_command_prints_a_line_for_each_contender_and_length(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_step, "LEAST_CALLS", 0)
    assert bench_step.main(["--calls", "3", "--runs", "0", "--saved", "none", "--only", "spadework"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"spadework +3 +\d+\.\d\d +1\.0 +\d+", lines[-1])


def test_a_contender_that_fails_says_so() -> None:
    with pytest.raises(RuntimeError, match="nobody with 3 calls failed"):
        bench_step.measure("nobody", "http://127.0.0.1:9/v1", 3)


def test_every_limit_of_the_budget_is_set_so_that_each_is_counted() -> None:
    limits = bench_peers.roomy_budget(3).limits()
    assert set(limits) == {"searches", "browses", "tokens", "picousd", "ms", "model_calls"}


def test_a_world_is_timed_without_and_with_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_world.main(["--sizes", "200", "--questions", "1"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["wanted", "pages", "asked", "questions"]
    assert [row.split()[2:4] for row in rows] == [["0", "0"], ["2", "2"]]
    assert all(int(row.split()[1]) >= 200 for row in rows)
    assert bench_world.Made(200, 200, 0, 0, 0.0, 0.0).line  # a machine so fast that its clock stood still
