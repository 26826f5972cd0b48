"""What `runs` lists, in which words, and which run is meant by a name."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from langgraph.checkpoint.base import empty_checkpoint
from rich.cells import cell_len
from spadework.agent.loop import start
from spadework.agent.money.budget import Budget
from spadework.agent.storage.book import StoredRun
from spadework.agent.storage.purse import Purse
from spadework.agent.storage.retention import keep_days, prune
from spadework.agent.storage.store import open_store
from spadework.agent.terminal.cli import cli
from spadework.agent.terminal.runs import Listed, find, runs_text
from spadework.tools.errors import ConfigError

QUESTION = "Which engineer built the Alder Bridge, and was she born in Wick or in a village nearby?"
BUDGET = Budget(searches=4, browses=4)
DAY = 86_400.0
ENDED = {"answer": "Mara Finch", "status": "verified", "stop_reason": "answered", "resource": ""}
SPENT = {"answer": "", "status": "none", "stop_reason": "budget", "resource": "searches"}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def config(run: str) -> Any:
    return {"configurable": {"thread_id": run, "checkpoint_ns": ""}}


async def keep(place: Path, run: str, outcome: Mapping[str, Any] | None = None, *, days: float = 0) -> None:
    """A run as it stands in a store, untouched for some days."""
    async with open_store(place) as store:
        claim = await store.book.claim(
            run, {"question": QUESTION, "budget": BUDGET.to_dict(), "strategy": "bats-early"}
        )
        await claim.note({"outcome": outcome} if outcome else {})
        await claim.release()
        await store.saver.aput(config(run), {**empty_checkpoint(), "id": "1"}, {}, {})
        old = "UPDATE spadework_runs SET updated = updated - ?, created = created - ? WHERE run = ?"
        await store.book.database.transact(lambda tx: tx.run(old, days * DAY, days * DAY, run))


def kept(place: Path, *runs: str, outcome: Mapping[str, Any] | None = None, days: float = 0) -> None:
    for run in runs:
        start(keep(place, run, outcome, days=days)).result()


async def has_checkpoint(place: Path, run: str) -> bool:
    async with open_store(place) as store:
        return await store.saver.aget_tuple(config(run)) is not None


def runs(place: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["runs", "--store", str(place), *options])


def listed(place: Path) -> list[dict[str, Any]]:
    told = runs(place, "--json")
    assert told.exit_code == 0, told.stderr
    return json.loads(told.stdout)


def in_use(place: Path, run: str, work: Callable[[], Result]) -> Result:
    """What a command says while a run is going on."""

    async def hold() -> Any:
        manager = open_store(place)
        store = await manager.__aenter__()
        return manager, await store.book.claim(run, {})

    async def let_go() -> None:
        await claim.release()
        await manager.__aexit__(None, None, None)

    manager, claim = start(hold()).result()
    try:
        return work()
    finally:
        start(let_go()).result()


def test_without_stored_runs_the_place_is_named_and_no_file_is_made(tmp_path: Path) -> None:
    told = runs(tmp_path / "runs.db")
    assert (told.exit_code, told.stdout) == (0, f"no runs are stored in {tmp_path / 'runs.db'}\n")
    assert runs(tmp_path / "runs.db", "--json").stdout == "[]\n"
    assert runs(tmp_path / "runs.db", "--prune", "0").stdout == "deleted 0 runs\n"
    assert list(tmp_path.iterdir()) == []


def test_runs_are_listed_newest_first_with_what_became_of_them_in_80_columns(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    kept(place, "aaaaaaaaaaaa", outcome=ENDED, days=3)
    kept(place, "bbbbbbbbbbbb", outcome=SPENT, days=2)
    kept(place, "cccccccccccc")
    told = runs(place)
    head, *rows = told.stdout.splitlines()
    assert head.split() == ["run", "when", "state", "status", "spent", "question"]
    assert [row.split()[0] for row in rows] == ["cccccccccccc", "bbbbbbbbbbbb", "aaaaaaaaaaaa"]
    assert rows[0].split()[2] == "stopped"
    assert rows[1].split()[3:6] == ["ended", "none", "searches"]
    assert rows[2].split()[3:5] == ["ended", "verified"]
    assert all("Which engineer" in row and row.endswith("...") for row in rows)
    assert max(map(len, told.stdout.splitlines())) <= 80


def test_json_has_the_question_the_answer_the_budget_and_the_times(tmp_path: Path) -> None:
    kept(tmp_path / "runs.db", "a1", outcome=ENDED)
    (run,) = listed(tmp_path / "runs.db")
    assert (run["run"], run["state"], run["status"], run["answer"]) == ("a1", "ended", "verified", "Mara Finch")
    assert (run["question"], run["budget"]["searches"]) == (QUESTION, 4)
    assert abs((datetime.now(UTC) - datetime.fromisoformat(run["updated"])).total_seconds()) < 60


def test_a_run_that_goes_on_is_listed_as_running_and_cannot_be_deleted(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    kept(place, "a1", outcome=ENDED)
    told = in_use(place, "a1", lambda: runs(place, "--json"))
    assert json.loads(told.stdout)[0]["state"] == "running"
    told = in_use(place, "a1", lambda: runs(place, "--delete", "a1"))
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("error: run a1 is running now")
    told = in_use(place, "a1", lambda: runs(place, "--prune", "0"))
    assert told.stdout == "deleted 0 runs\n"
    assert start(has_checkpoint(place, "a1")).result()


def test_a_deleted_run_leaves_nothing_and_the_others_stay(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    kept(place, "abc1", "xyz2")
    told = runs(place, "--delete", "ab")
    assert (told.exit_code, told.stdout) == (0, "deleted abc1\n")
    assert [run["run"] for run in listed(place)] == ["xyz2"]
    assert not start(has_checkpoint(place, "abc1")).result()
    assert start(has_checkpoint(place, "xyz2")).result()


def test_pruning_deletes_what_nothing_touched_for_so_long(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    kept(place, "old1", "old2", days=31)
    kept(place, "new1", days=29)
    assert runs(place, "--prune", "30").stdout == "deleted 2 runs\n"
    assert [run["run"] for run in listed(place)] == ["new1"]
    assert not start(has_checkpoint(place, "old1")).result()
    assert runs(place, "--prune", "0.5").stdout == "deleted 1 run\n"


@pytest.mark.parametrize("options", [["--prune", "soon"], ["--prune", "-1"], ["--prune", "nan"], ["--prune", "inf"]])
def test_days_that_are_none_are_refused(options: list[str], tmp_path: Path) -> None:
    told = runs(tmp_path / "runs.db", *options)
    assert (told.exit_code, told.stdout) == (2, "")
    assert f"--prune '{options[1]}': give days of 0 or more" in told.stderr


def test_two_things_at_once_are_refused(tmp_path: Path) -> None:
    assert runs(tmp_path / "runs.db", "--delete", "a", "--prune", "3").exit_code == 2


def test_a_name_that_is_not_known_names_the_nearest(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    kept(place, "3f2a91c04b7d", "77aa00bb11cc")
    for name, hint in (("3f2a91c04b7e", "did you mean 3f2a91c04b7d?"), ("zzz", "the newest is 77aa00bb11cc")):
        told = runs(place, "--delete", name)
        assert told.exit_code == 2
        assert f"there is no run '{name}': {hint}" in told.stderr
    assert len(listed(place)) == 2


async def test_the_first_letters_are_enough_as_long_as_one_run_begins_with_them(tmp_path: Path) -> None:
    place = tmp_path / "runs.db"
    for run in ("abc", "abcdef", "abxyz"):
        await keep(place, run)
    assert (await find(str(place), "abx")).run == "abxyz"
    assert (await find(str(place), "abc")).run == "abc", "a whole name goes first"
    with pytest.raises(ConfigError, match=r"3 runs begin with 'ab': give more letters of [abcdefxyz, ]+$"):
        await find(str(place), "ab")
    await keep(place, "abcxyz")
    with pytest.raises(ConfigError, match=r"4 runs begin with 'ab': give more letters of .*, \.\.\.$"):
        await find(str(place), "ab")
    with pytest.raises(ConfigError, match="there is no run ''"):
        await find(str(place), "")


def test_a_store_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 100, encoding="utf-8")
    told = runs(tmp_path / "notes.txt")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr == (
        f"error: the store {tmp_path / 'notes.txt'} cannot be used: file is not a database; "
        "name another file with --store or SPADEWORK_STORE\n"
    )


@pytest.mark.parametrize(("text", "days"), [("", 30.0), ("7", 7.0), ("0.5", 0.5), ("none", None), (" None ", None)])
def test_how_long_runs_are_kept_can_be_set(text: str, days: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_KEEP_DAYS", text)
    assert keep_days() == days


@pytest.mark.parametrize("text", ["ever", "-1", "nan"])
def test_a_number_of_days_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPADEWORK_KEEP_DAYS", text)
    with pytest.raises(ConfigError, match=f"SPADEWORK_KEEP_DAYS='{text}': give days .* or none for ever"):
        keep_days()


async def test_pruning_by_code_says_how_many_went(tmp_path: Path) -> None:
    await keep(tmp_path / "runs.db", "a1", days=2)
    async with open_store(tmp_path / "runs.db") as store:
        assert await prune(store, 3) == 0
        assert await prune(store, 1) == 1


async def test_the_purses_of_past_days_go_with_the_runs_of_those_days(target: str) -> None:
    today, ada, five = datetime.now(UTC).date(), "ada%", Budget(searches=5)
    days = [today - timedelta(past) for past in range(4)]
    async with open_store(target) as store:
        database = store.book.database
        named = [Purse.daily(ada, five, store=database, day=day) for day in days]
        named += [Purse(five, name=name, store=database) for name in (f"team {ada}", f"{ada} 2001-99-99")]
        for purse in named:
            lease = await purse.lease("run/1", Budget(searches=3))
            await lease.lease("part", Budget(searches=1))
        await prune(store, 2)

        async def names(table: str) -> set[str]:
            found = await database.transact(lambda tx: tx.rows(f"SELECT DISTINCT purse FROM {table}"))
            return {name for (name,) in found}

        left = await names("spadework_purses")
        kept = {name.partition("\n")[0] for name in left}
        assert kept == {f"team {ada}", f"{ada} 2001-99-99", *(f"{ada} {day}" for day in days[:3])}
        assert len(left) == 3 * len(kept), "with each purse its leases stay"
        assert await names("spadework_amounts") == left
        assert (await named[0].remaining()).gone["searches"] == 3


async def test_a_deletion_that_is_cut_short_can_be_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await keep(tmp_path / "runs.db", "a1", days=2)
    async with open_store(tmp_path / "runs.db") as store:
        with monkeypatch.context() as cut:
            cut.setattr(store.saver, "adelete_thread", failing)
            with pytest.raises(OSError, match="disk"):
                await prune(store, 0)
        assert [(run.run, run.in_use) for run in await store.book.runs()] == [("a1", False)]
        assert await prune(store, 0) == 1


async def failing(run: str) -> None:
    raise OSError(f"the disk went away under {run}")


def stored(run: str, question: str, updated: datetime) -> Listed:
    moment = updated.timestamp()
    return Listed.of(StoredRun(run=run, about={"question": question}, created=moment, updated=moment, in_use=False))


def test_times_are_as_short_as_they_can_be() -> None:
    moments = (NOW.replace(hour=9, minute=5), NOW.replace(day=3), NOW.replace(year=2025))
    text = runs_text([stored(f"r{n}", "Why?", moment) for n, moment in enumerate(moments)], 80, NOW)
    local = moments[0].astimezone().strftime("%H:%M")
    assert [" ".join(line.split()[1:-2]) for line in text.splitlines()[1:]] == [local, "03 Nov", "2025-11-21"]


@pytest.mark.parametrize(
    "question", ["どの技師がアルダー橋を建設したのか、また彼女はウィックで生まれたのか", "a\x1b[31m\nred " * 20]
)
def test_no_question_breaks_the_table(question: str) -> None:
    lines = runs_text([stored("a1", question, NOW)], 80, NOW).splitlines()
    assert len(lines) == 2
    assert "\x1b" not in lines[1]
    assert cell_len(lines[1]) <= 80


def test_a_long_name_is_shown_whole_as_it_must_be_typed() -> None:
    assert f"\n{'n' * 90}  " in runs_text([stored("n" * 90, QUESTION, NOW)], 80, NOW)
