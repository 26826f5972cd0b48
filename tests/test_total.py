"""The dollars of a whole evaluation: never passed, whatever fails or is killed, and nothing that the runs can see."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, write_corpus
from fake_openai import Answer, FakeOpenAI, slow, text
from scripted import ScriptedChat, prose
from spadework.agent.llm.wire import Usage
from spadework.agent.money.prices import Prices, load_prices
from spadework.evals.runs.total import PaidChat, TotalSpent, spent_of
from spadework.tools.errors import ConfigError, ModelError

CALL = {"prompt_tokens": 1_500, "completion_tokens": 60}
COST = Decimal("0.1506")
"""Of a call at the prices below."""
PRICES = '[model."fake"]\ninput = 100\noutput = 10\n[model."scripted"]\ninput = 100\noutput = 10\n'
ASK = [{"role": "user", "content": "x" * 1_000}]


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prices:
    (tmp_path / "prices.toml").write_text(PRICES)
    monkeypatch.setenv("SPADEWORK_PRICES", str(tmp_path / "prices.toml"))
    return load_prices(tmp_path / "prices.toml")


def total(folder: Path, usd: str) -> list[str]:
    return [usd, str(folder / "spend.db")]


async def test_calls_are_paid_as_long_as_the_next_one_can_be(prices: Prices, tmp_path: Path) -> None:
    chat = ScriptedChat(lambda _: prose("ok", usage=Usage(1_500, 60)))
    paid = PaidChat(chat, total(tmp_path, "1"), prices)
    for _ in range(6):
        await paid.complete(ASK, max_tokens=100)
    with pytest.raises(TotalSpent, match=r"less left than the \$0\.1\d+ that the next call may cost"):
        await paid.complete(ASK, max_tokens=100)
    assert len(chat.prompts) == 6, "0.1506 each, and about 0.103 to be held"
    assert await spent_of(total(tmp_path, "1")) == f"{6 * COST:.4f}"


async def test_side_by_side_they_stay_within_it_too(prices: Prices, tmp_path: Path) -> None:
    chat = ScriptedChat(lambda _: prose("ok", usage=Usage(1_000, 60)), slow=0.002)
    paid = PaidChat(chat, total(tmp_path, "0.75"), prices)
    made = await asyncio.gather(*(paid.complete(ASK, max_tokens=100) for _ in range(40)), return_exceptions=True)
    refused = [one for one in made if isinstance(one, TotalSpent)]
    assert 0 < len(chat.prompts) == 40 - len(refused)
    assert len(chat.prompts) * Decimal("0.1006") <= Decimal("0.75")


@pytest.mark.parametrize(
    ("reply", "spent"),
    [
        (ModelError("no way", kind="unreachable", sent=False), "0.0000"),
        (ModelError("odd", kind="bad_reply", sent=True, usage=(1_500, 60, 0)), "0.1506"),
        (ModelError("cut", kind="timeout", sent=True), None),
        (prose("ok", usage=None), None),
    ],
)
async def test_what_cannot_be_known_counts_as_the_most_that_it_could_cost(
    reply: Any, spent: str | None, prices: Prices, tmp_path: Path
) -> None:
    paid = PaidChat(ScriptedChat([reply]), total(tmp_path, "5"), prices)
    try:
        await paid.complete(ASK, max_tokens=100)
    except ModelError:
        assert isinstance(reply, ModelError)
    found = await spent_of(total(tmp_path, "5"))
    assert found == spent or (spent is None and 0.10 < float(found) < 0.12)


def test_a_model_without_a_price_has_no_total(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no price is known for model 'scripted'"):
        PaidChat(ScriptedChat([], local=False), total(tmp_path, "5"), Prices())
    assert not (tmp_path / "spend.db").exists()


def suite(folder: Path, cases: int) -> Path:
    rows = ({"id": str(n), "question": f"{QUESTION} ({n})", "answer": ANSWER} for n in range(cases))
    (folder / "suite.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder / "suite.jsonl"


def sweep(folder: Path, model: FakeOpenAI, cases: int, usd: str, *more: str) -> list[str]:
    reach = ["--model", "fake", "--base-url", model.base_url, "--search", f"corpus:{write_corpus(folder)}"]
    what = [str(suite(folder, cases)), "--strategy", "react", "--budget", "3", "--out", str(folder / "out")]
    return ["eval", "run", *what, *reach, "--total-usd", usd, *more]


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    whole = [sys.executable, "-m", "spadework.agent", *command]
    return subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False)


def ids(folder: Path) -> list[str]:
    return [json.loads(line)["id"] for line in (folder / "out" / "runs.jsonl").read_text().splitlines()]


@pytest.mark.usefixtures("prices")
def test_a_sweep_stops_before_its_total_and_goes_on_with_a_greater_one(tmp_path: Path) -> None:
    with FakeOpenAI(otherwise=text(ANSWER, usage=CALL)) as model:
        told = run(sweep(tmp_path, model, 30, "2"))
        made, served = ids(tmp_path), len(model.requests)
        assert told.returncode == 1
        assert f"${served * COST:.4f} of $2 are spent\n" in told.stderr
        assert f"{30 - len(made)} runs are still to be made: the same command with a greater --total-usd goes on" in (
            told.stderr
        )
        assert 0 < len(made) < 30
        assert Decimal("1") < served * COST <= 2
        assert not any("$" in json.dumps(body["messages"]) for body in model.bodies), "the runs do not see it"
        told = run(sweep(tmp_path, model, 30, "50"))
        assert (told.returncode, sorted(map(int, ids(tmp_path)))) == (0, [*range(30)])
        assert f"${len(model.requests) * COST:.4f} of $50 are spent\n" in told.stderr


@pytest.mark.usefixtures("prices")
def test_a_run_that_goes_on_without_a_part_of_its_own_is_not_written_either(tmp_path: Path) -> None:
    with FakeOpenAI(otherwise=text(ANSWER, usage=CALL)) as model:
        command = sweep(tmp_path, model, 5, "3", "--jobs", "1")
        told = run([part if part != "react" else "parallel-majority:3" for part in command])
        assert told.returncode == 1, told.stderr
        lines = [json.loads(line) for line in (tmp_path / "out" / "runs.jsonl").read_text().splitlines()]
        assert 0 < len(lines) < 5
        assert {line["stop_reason"] for line in lines} == {"answered"}
        assert len({line["spend"]["model_calls"] for line in lines}) == 1, "none of them had to do with less"


@pytest.mark.parametrize(
    ("usd", "told"),
    [("0", "more than 0"), ("much", "'much'"), ("-1", "'-1'"), ("5,searches=3", "'5,searches=3'"), ("", "''")],
)
@pytest.mark.usefixtures("prices")
def test_a_total_that_is_no_amount_is_one_line(usd: str, told: str, tmp_path: Path) -> None:
    with FakeOpenAI() as model:
        result = run(sweep(tmp_path, model, 1, usd))
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert told in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.integration
@pytest.mark.usefixtures("prices")
def test_a_sweep_that_is_killed_twenty_times_keeps_its_total_and_makes_every_run_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def reply(_: dict[str, Any]) -> Answer:
        return slow(text(ANSWER, usage=CALL), 0.03)

    with FakeOpenAI(otherwise=reply) as model:
        command = [sys.executable, "-m", "spadework.agent", *sweep(tmp_path, model, 400, "500")]
        for kill in range(20):
            before = len(model.requests)
            running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + 20
            while len(model.requests) < before + 1 + kill % 5 and time.monotonic() < end:
                time.sleep(0.003)
            assert running.poll() is None, f"it was through after {kill} kills"
            running.send_signal(signal.SIGKILL)
            running.wait()
        done = run(command[3:])
        assert done.returncode == 0, done.stderr
        assert sorted(map(int, ids(tmp_path))) == [*range(400)]
        spent = Decimal(re.findall(r"^\$([\d.]+) of \$500 are spent$", done.stderr, re.MULTILINE)[0])
        served = len(model.requests)
        assert served * COST <= spent <= 500
        with capsys.disabled():
            sys.stderr.write(f"\n20 kills: {served} calls served came to ${served * COST:.2f}, counted as ${spent}\n")
