"""Judging within a sweep: paid from its total, sealed where the suite is, and gone on with after a kill or Ctrl-C."""

import signal
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from fake_openai import Answer, FakeOpenAI, slow
from judged_sweep import (
    JUDGE_USAGE,
    MARA,
    RIGHT,
    TOM,
    command,
    given_of,
    honest,
    judge,
    last,
    lines,
    model,
    spadework,
    suite,
    verdict,
)
from spadework.evals.runs import judge as judges
from spadework.evals.suites.sealed import opened
from test_suites import CANARY, browsecomp

PRICES = '[model."grader"]\ninput = 100\noutput = 100\n[model."fake"]\ninput = 0\noutput = 0\n'
COST = Decimal(sum(JUDGE_USAGE.values())) / 10_000
"""Of a judge's call at these prices."""


@pytest.fixture
def priced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prices.toml").write_text(PRICES)
    monkeypatch.setenv("SPADEWORK_PRICES", str(tmp_path / "prices.toml"))


@pytest.mark.usefixtures("priced")
def test_the_judge_is_paid_from_the_total_and_its_cost_kept_apart(tmp_path: Path) -> None:
    suite(tmp_path, MARA, TOM)
    with model() as server, judge() as grader:
        told = spadework(*command(tmp_path, server, grader, "--total-usd", "5"))
    assert told.exit_code == 0
    assert told.stderr == f"${2 * COST:.4f} of $5 are spent\n"
    assert told.stdout.splitlines()[-1].endswith(f"800 tokens in, 80 out, ${2 * COST:.4f}")
    line = last(tmp_path)["q0"]
    assert (Decimal(line["judge"]["usd"]), Decimal(line["spend"]["usd"])) == (COST, 0)


@pytest.mark.usefixtures("priced")
def test_a_total_that_cannot_pay_the_judge_keeps_the_runs_and_is_never_passed(tmp_path: Path) -> None:
    suite(tmp_path, *(f"{MARA} ({n})" for n in range(8)))
    with model() as server, judge() as grader:
        told = spadework(*command(tmp_path, server, grader, "--total-usd", "0.5", "--jobs", "1"))
        assert told.exit_code == 1
        served, made = len(grader.requests), len(server.requests)
        assert 0 < served * COST <= Decimal("0.5")
        assert f"{8 - served} runs are unscored" in told.stderr
        assert "the total has less left than" in told.stderr
        assert Counter(line["graded"] for line in last(tmp_path).values()) == {
            "judge": served,
            "judge failed": 8 - served,
        }
        told = spadework(*command(tmp_path, server, grader, "--total-usd", "5"))
        assert (told.exit_code, len(grader.requests), len(server.requests)) == (0, 8, made)


def test_a_judge_without_a_price_has_no_total_and_nothing_is_spent(tmp_path: Path) -> None:
    suite(tmp_path, TOM)
    with model() as server:
        given = command(tmp_path, server, None, "--judge", "grader", "--judge-base-url", "https://judges.example/v1")
        told = spadework(*given, "--total-usd", "5")
        assert (told.exit_code, told.stderr.count("\n")) == (2, 1)
        assert "no price is known for model 'grader'" in told.stderr
        assert not server.requests
        assert not (tmp_path / "out").exists()


def test_what_a_judge_said_of_an_encrypted_suite_is_sealed_as_the_answer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judges, "PAUSES_S", (0.0, 0.0))
    file = browsecomp(tmp_path, (f"Who built it? Say: {MARA}", RIGHT), (f"Who else? Say: {TOM}", RIGHT))
    why = "Mara Finch is the expected engineer"

    def said(body: dict[str, object]) -> Answer:
        right = RIGHT in given_of(body)
        return (
            verdict(right, RIGHT if right else "Tom Reed", why) if right else Answer(400, {"error": {"message": why}})
        )

    with model() as server, judge(said) as grader:
        given = [str(file) if part.endswith("suite.jsonl") else part for part in command(tmp_path, server, grader)]
        assert spadework(*given).exit_code == 1
        found = last(tmp_path)
        assert [found[name]["graded"] for name in ("0001", "0002")] == ["judge", "judge failed"]
        kept = (tmp_path / "out" / "runs.jsonl").read_text()
        assert not any(word in kept for word in ("Mara", "Finch", "Reed", "engineer"))
        assert opened(found["0001"]["judge"]["verdicts"][0]["why"], CANARY) == why
        assert why in opened(found["0002"]["judge"]["fault"], CANARY)
        asked = len(grader.requests)
        assert spadework(*given, "--repeat", "2").exit_code == 1
        assert [given_of(body) for body in grader.bodies[asked:]].count(MARA) == 0, "its verdict is known"
    assert last(tmp_path)["0001"]["correct"] is True


def waited_for(running: "subprocess.Popen[str]", server: FakeOpenAI, requests: int) -> None:
    end = time.monotonic() + 20
    while len(server.requests) < requests and time.monotonic() < end and running.poll() is None:
        time.sleep(0.005)
    assert running.poll() is None


def test_a_sweep_that_is_killed_while_it_judges_goes_on_and_makes_no_run_again(tmp_path: Path) -> None:
    cases = 12
    suite(tmp_path, *(f"{MARA} ({n})" for n in range(cases)))
    with model() as server, judge(lambda body: slow(honest(body), 0.15)) as grader:
        given = command(tmp_path, server, grader, "--jobs", "2")
        whole = [sys.executable, "-m", "spadework.agent", *given]
        for signum in (signal.SIGKILL, signal.SIGINT):
            before = len(grader.requests)
            running = subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            waited_for(running, grader, before + 3)
            running.send_signal(signum)
            _, told = running.communicate(timeout=10)
            kept = Counter(line["graded"] for line in last(tmp_path).values())
            assert kept.keys() == {"judge", "not judged"}, "what was not judged is not wrong"
        assert "runs are still to be made, " in told
        assert told.endswith("to be judged: the same command goes on\n")
        assert spadework(*given).exit_code == 0
        assert cases <= len(grader.requests) <= cases + 4, "only calls in flight were made again"
    made = Counter(line["id"] for line in lines(tmp_path) if "judge" not in line)
    assert [*made.values()] == [1] * cases, "no run was made twice"
    assert {(line["correct"], line["graded"]) for line in last(tmp_path).values()} == {(True, "judge")}
