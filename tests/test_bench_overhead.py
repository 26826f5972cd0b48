"""The overhead benchmark, small: the same figures each time, and parts that add up."""

import re
from collections.abc import Generator

import pytest
from spadework.evals.bench import overhead as bench_overhead
from spadework.evals.bench.overhead import Setting, measure
from spadework.evals.simulated.chat import SimulatedChat
from spadework.evals.simulated.meter import Metered
from spadework.evals.simulated.web import SimulatedWeb
from spadework.evals.world.making import make_world
from spadework.tools.errors import ModelError


@pytest.fixture(scope="module")
def web() -> Generator[SimulatedWeb, None, None]:
    with SimulatedWeb(make_world()) as made:
        yield made


@pytest.mark.parametrize("strategy", ["react", "bats-early"])
async def test_every_token_and_every_call_belongs_to_one_part(web: SimulatedWeb, strategy: str) -> None:
    figures = await measure(web, web.world.questions[:4], Setting(strategy=strategy, budget=10))
    assert sum(figures.calls.values()) == figures.spend["model_calls"]
    assert sum(figures.parts.values()) == pytest.approx(figures.spend["tokens_in"], rel=0.002)
    assert 0 < figures.spend["again"] < figures.spend["tokens_in"]
    assert sum(figures.statuses.values()) == figures.questions == 4


async def test_only_our_machine_pays_for_planning_standing_text_and_checking(web: SimulatedWeb) -> None:
    asked = web.world.questions[1:3]
    bare = await measure(web, asked, Setting(strategy="react", budget=10))
    ours = await measure(web, asked, Setting(strategy="bats-early", budget=10))
    for part in ("constraints", "findings", "budget", "planner"):
        assert bare.parts[part] == 0 < ours.parts[part]
    assert set(bare.calls) == {"searcher"} < set(ours.calls)
    assert bare.fixed()["rules"] < ours.fixed()["rules"]
    assert ours.statuses["verified"] > bare.statuses["verified"] == 0


async def test_tokens_that_a_cache_can_serve_are_those_of_the_unchanged_beginning(web: SimulatedWeb) -> None:
    chat = Metered(SimulatedChat(web, web.world.questions[0]))
    tools = [{"type": "function", "function": {"name": "search"}}]
    first = [{"role": "system", "content": "rules"}, {"role": "user", "content": "[question]\nWho?"}]
    await chat.complete(first, tools=tools)
    assert chat.again == 0
    await chat.complete([*first, {"role": "user", "content": "[budget]\nnothing is left"}], tools=tools)
    whole = sum(chat.tokens.values())
    assert chat.again == pytest.approx((whole - chat.tokens["budget"]) / 2, abs=2)


def test_the_command_prints_the_same_table_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--questions", "2", "--budgets", "3"]
    assert bench_overhead.main(arguments) == 0
    first = capsys.readouterr().out
    assert bench_overhead.main(arguments) == 0
    assert capsys.readouterr().out == first
    rows = first.splitlines()
    assert rows[0].startswith("2 questions")
    assert re.fullmatch(r"react +3 .*( +1\.00){4}", rows[2])
    ours = re.fullmatch(r"bats-early +3 .*?((?: +\d\.\d\d){4})", rows[3])
    assert ours is not None
    assert ours[1].split() != ["1.00"] * 4
    for part in ("rules", "own words", "standing text", "verifier"):
        assert re.search(rf"^{part} +[\d,.]+ +[\d,.]+$", first, re.MULTILINE)


async def test_a_run_that_fails_is_no_measurement(web: SimulatedWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedChat, "_turn", broken)
    with pytest.raises(RuntimeError, match="hard-01 with react: the model is down"):
        await measure(web, web.world.questions[:1], Setting(strategy="react", budget=3))


def broken(*_: object, **__: object) -> None:
    raise ModelError("the model is down", kind="rejected", sent=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--budgets", "3,many"], "'3,many': give numbers from 1 on"),
        (["--strategies", "rect"], "did you mean 'react'?"),
    ],
)
def test_a_bad_argument_gets_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench_overhead.main(arguments)
    assert said in capsys.readouterr().err.splitlines()[-1]
