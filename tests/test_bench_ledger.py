"""The ledger benchmark, tiny: it must run from end to end, and measure what it says."""

import re
from pathlib import Path

import pytest
from spadework.agent.money.budget import Budget
from spadework.agent.storage.database import MEMORY, Database
from spadework.evals.bench import ledger as bench_ledger
from spadework.evals.bench import ledger_run as bench_ledger_run
from spadework.evals.bench.ledger import Bench, Unsynced, charges_report
from spadework.evals.bench.ledger_run import run_cost, run_report
from spadework.evals.simulated.web import SimulatedWeb
from spadework.evals.world.making import make_world

BENCH = Bench(repeats=1, scale=0.05)


async def test_in_memory_a_charge_needs_no_transaction_and_in_a_book_two() -> None:
    bare = await BENCH.cost(None)
    database = Database(MEMORY)
    booked = await BENCH.cost(database)
    together = await BENCH.cost(database, at_once=8)
    await database.aclose()
    assert bare.transactions == 0
    assert booked.transactions == 2
    assert together.transactions < 2
    assert 0 < bare.us < booked.us


async def test_what_a_repeat_wrote_is_gone_after_it(tmp_path: Path) -> None:
    database = Unsynced(tmp_path / "book.db")
    await BENCH.cost(database)
    assert await database.transact(lambda tx: tx.rows("SELECT COUNT(*) FROM spadework_charges")) == [(0,)]
    assert await database.transact(lambda tx: tx.rows("SELECT COUNT(*) FROM spadework_runs")) == [(0,)]
    await database.aclose()


async def test_a_budget_that_refuses_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_ledger, "ROOMY", Budget(tokens=1_000))
    with pytest.raises(RuntimeError, match="too small: refused: 1000 tokens left"):
        await BENCH.cost(None)


async def test_each_place_has_its_line(tmp_path: Path) -> None:
    lines = [line async for line in charges_report(BENCH, tmp_path)]
    assert len(lines) == 9
    for line in lines[1:-1]:
        assert re.search(r" +\d+\.\d +\d+\.\d +\d\.\d\d$", line)
    assert lines[1].startswith("in memory ")
    assert "synced" in lines[-1]


async def test_a_stored_run_writes_its_charges_and_checkpoints(tmp_path: Path) -> None:
    pytest.importorskip("langgraph.checkpoint.sqlite.aio")
    lines = [line async for line in run_report(tmp_path, 1)]
    text = "\n".join(lines)
    transactions = re.search(r"the book's transactions, a run +0\.00 +(\d+)", text)
    charges = re.search(r"(\d+) charges", text)
    assert transactions is not None
    assert charges is not None
    # The clock is a charge that is written along with the others.
    assert int(transactions[1]) >= 2 * (int(charges[1]) - 1)
    assert re.fullmatch(r"KB in the store, a run: charges \d+, checkpoints \d+, writes \d+, file \d+", lines[-1])


async def test_the_models_own_time_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    with SimulatedWeb(world) as web:
        await run_cost(web, world.questions[2])
        cost = await run_cost(web, world.questions[2])
        monkeypatch.setattr(bench_ledger_run.TimedChat, "passed_s", -1.0)
        slower = await run_cost(web, world.questions[2])
    assert 0 < cost.cpu_ms < 500
    assert cost.book_writes == cost.saver_writes == 0
    assert slower.ms > cost.ms + 900


def test_the_command_prints_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert bench_ledger.main(["--repeats", "1", "--scale", "0.01", "--runs", "0", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("a charge: hold and settlement")
    assert "as it is used, 8 at once" in out
    assert not any(tmp_path.iterdir())
