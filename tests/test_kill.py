"""Killed at random points, a stored run forgets no spend, pays for nothing twice, and ends with its answer."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from counting_server import Counting, counting
from killing import LIMITS, SPENT, Tally, charges_in, faults, kill_many, start


def _check(tally: Tally, kills: int) -> None:
    assert tally.faults == []
    assert tally.kills >= kills
    assert tally.in_flight, "no kill hit a call in flight: this would prove nothing"


def test_killed_runs_forget_nothing(tmp_path: Path) -> None:
    _check(kill_many(str(tmp_path / "runs.db"), range(4)), 3)


@pytest.mark.integration
def test_forty_kills_with_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = kill_many(str(tmp_path / "runs.db"), range(100, 134))
    with capsys.disabled():
        sys.stderr.write(f"\nSQLite: {tally}\n")
    _check(tally, 40)


@pytest.mark.integration
def test_forty_kills_with_postgres(postgres: str, capsys: pytest.CaptureFixture[str]) -> None:
    tally = kill_many(postgres, range(200, 234))
    with capsys.disabled():
        sys.stderr.write(f"\nPostgres: {tally}\n")
    _check(tally, 40)


def test_a_run_that_goes_on_elsewhere_is_not_resumed_twice(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    with counting(slow=0.3) as served:
        first = start(store, "run", served)
        served.wait_for(2, timeout=20)
        second = start(store, "run", served)
        out, errors = second.communicate(timeout=20)
        assert (out, second.returncode) == ("", 1)
        assert (
            errors.strip()
            .splitlines()[-1]
            .endswith(f"run run is running now, in process {first.pid}: wait for its end, or stop it first")
        )
        out, _ = first.communicate(timeout=60)
        assert faults(json.loads(out), served, Counter()) == []


def _interrupt(served: Counting, store: str, run: str, requests: int, *, again: bool) -> "subprocess.Popen[str]":
    worker = start(store, run, served)
    served.wait_for(requests, timeout=20)
    worker.send_signal(signal.SIGINT)
    if again:
        time.sleep(0.02)
        worker.send_signal(signal.SIGINT)
    return worker


@pytest.mark.parametrize("requests", [1, 4, 12, 23])
def test_ctrl_c_ends_with_the_best_so_far_and_the_run_can_go_on(requests: int, tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    with counting(slow=0.1) as served:
        out, errors = _interrupt(served, store, "run", requests, again=False).communicate(timeout=20)
        result = json.loads(out)
        assert result["stop_reason"] == "cancelled", errors
        for kind, name in SPENT.items():
            assert served.counts[kind] <= result["spend"][name] <= LIMITS[kind]
        if requests >= 23:
            assert result["answer"] == "Mara Finch", "a candidate was recorded by then"
        flying = Counter(charge["kind"] for charge in result["charges"] if "cancelled" in charge.get("marks", ()))
        out, errors = start(store, "run", served).communicate(timeout=60)
        assert out, errors
        assert faults(json.loads(out), served, flying) == []


def test_a_second_ctrl_c_stops_at_once_and_loses_no_spend(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    chance = random.Random(3)
    with counting(slow=2.0) as served:
        worker = _interrupt(served, store, "run", 2, again=True)
        started = time.monotonic()
        worker.communicate(timeout=20)
        assert time.monotonic() - started < 1.0
        charges = charges_in(store, "run")
        for kind in LIMITS:
            written = sum(charge.kind == kind and charge.status != "released" for charge in charges)
            assert written >= served.counts[kind]
        served.slow = chance.uniform(0.01, 0.03)
        held = Counter(charge.kind for charge in charges if charge.status == "held" or "cancelled" in charge.marks)
        out, errors = start(store, "run", served).communicate(timeout=60)
        assert out, errors
        assert faults(json.loads(out), served, held) == []


def test_a_deadline_in_mid_run_ends_with_the_best_and_the_reason(tmp_path: Path) -> None:
    with counting(slow=0.3) as served:
        out, errors = start(str(tmp_path / "runs.db"), "run", served, "3").communicate(timeout=30)
        assert out, errors
        result = json.loads(out)
        assert (result["stop_reason"], result["resource"], result["answer"]) == ("budget", "seconds", "Mara Finch")
        assert result["spend"]["seconds"] <= 3.5


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to tell that a process has ended")
def test_a_killed_runs_claim_is_free_at_once(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    with counting(slow=0.5) as served:
        first = start(store, "run", served)
        served.wait_for(1, timeout=20)
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
        served.slow = 0.02
        out, errors = start(store, "run", served).communicate(timeout=60)
        assert out, errors
