"""Parallel scaling: the budget is split by leases, never passed together, and one answer is chosen of many."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import ALDER, FINCH, QUESTION, Messages, ScriptedChat, browse, search, small_web
from spadework.agent import Budget, Result, arun_agent, resume_agent, run_agent
from spadework.agent.events import CallEvent, Event
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.budget import Remaining
from spadework.agent.money.charges import Charge, Refusal, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.parallel import split
from spadework.agent.storage.database import Database
from spadework.agent.terminal.runs import find, stored_runs
from spadework.tools.errors import ModelError

LIMITS = st.fixed_dictionaries(
    {},
    optional={name: st.integers(0, 200) for name in ("searches", "browses", "tokens", "picousd", "ms", "model_calls")},
)


@given(LIMITS, st.integers(2, 9), st.integers(0, 50))
def test_parts_are_never_more_together_than_there_is(limits: dict[str, int], runs: int, kept: int) -> None:
    keep = Amounts(tokens_in=kept, model_calls=kept)
    parts = split(Remaining(limits, {}), runs, keep)
    assert 1 <= len(parts) <= runs
    for name, limit in limits.items():
        got = [part[name] for part in parts]
        if name == "ms":
            assert got == [limit] * len(parts), "the runs go on at once"
            continue
        aside = kept if name in ("tokens", "model_calls") else 0
        assert sum(got) == max(0, limit - aside)
        assert max(got) - min(got) <= 1
    if {"searches", "browses"} <= limits.keys() and (limits["searches"] or limits["browses"]):
        assert all(part["searches"] or part["browses"] for part in parts)


class Voters(ScriptedChat):
    """Every conversation searches once and then answers; the answers come in the order of `answers`."""

    def __init__(self, *answers: str, judge: str = "") -> None:
        super().__init__(self.say)
        self._answers = list(answers)
        self._judge = judge

    def say(self, messages: Messages) -> Any:
        if not self.options[-1].get("tools"):
            return self._judge
        turn = sum(message["role"] == "assistant" for message in messages)
        if turn == 0:
            return [search(f"Alder {len(self.prompts)}", "Finch")]
        return [browse(ALDER, FINCH)] if turn == 1 else f"ANSWER: {self._answers.pop(0)}"


def play(strategy: str, chat: Voters, budget: Budget | None = None, **options: Any) -> Result:
    web = small_web()
    result = run_agent(
        QUESTION,
        budget or Budget(searches=9, browses=9),
        model=chat,
        search=web,
        browse=web,
        strategy=strategy,
        **options,
    )
    assert (web.searches, web.reads) == (result.spend.searches, result.spend.browses)
    return result


def test_the_majority_wins() -> None:
    result = play("parallel-majority", Voters("Bo Larch", "Mara Finch", "mara finch"))
    assert (result.answer, result.status, result.stop_reason) == ("Mara Finch", "unverified", "answered")
    assert sorted(result.answers) == ["Bo Larch", "Mara Finch", "mara finch"]
    assert [charge.what.rpartition(".")[2] for charge in result.charges if charge.kind == "run"] == ["1", "2", "3"]


def test_the_searchers_have_the_papers_temperature_unless_another_is_given() -> None:
    chat = Voters("a", "b", "c")
    play("parallel-majority", chat)
    assert {options.get("temperature") for options in chat.options} == {0.7}
    other = Voters("a", "b", "c")
    play("parallel-majority", other, temperature={"searcher": 0.2})
    assert {options.get("temperature") for options in other.options} == {0.2}


def test_a_judge_that_sees_every_course_chooses_the_best() -> None:
    chat = Voters("Bo Larch", "Bo Larch", "Mara Finch", judge='{"choice": 3}')
    assert play("parallel-best", chat).answer == "Mara Finch"
    shown = str(chat.prompts[-1][-1]["content"])
    assert shown.count("called search") == 3
    assert chat.options[-1].get("temperature") == 0.0
    assert play("parallel-best", Voters("Ada", "Ada", "Ada", judge="unused")).answer == "Ada", "no judge for one answer"
    assert play("parallel-best", Voters("Bo", "Ada", "Ada", judge="nonsense")).answer == "Ada"


def test_all_answers_are_there_for_pass_at_n() -> None:
    result = play("parallel-pass:4", Voters("Bo", "Ada", "Ada", "Cy"))
    assert (len(result.answers), result.answer) == (4, "Ada")


@pytest.mark.parametrize("calls", [1, 2, 4, 5])
def test_the_budget_holds_for_all_runs_together(calls: int) -> None:
    budget = Budget(searches=calls, browses=calls, model_calls=11)
    result = play("parallel-majority:4", Voters(*["Ada"] * 9), budget)
    assert result.spend.searches <= calls
    assert result.spend.browses <= calls
    assert result.spend.model_calls <= 11
    assert len([charge for charge in result.charges if charge.kind == "run"]) == min(calls, 4)


def test_what_the_runs_leave_is_there_for_the_judge() -> None:
    budget = Budget(searches=9, browses=9, model_calls=10)
    result = play("parallel-best", Voters("Bo", "Cy", "Ada", judge='{"choice": 3}'), budget)
    assert result.answer == "Ada"
    assert result.spend.model_calls == 10


def test_a_model_that_fails_is_an_error_and_no_answer() -> None:
    chat, web = ScriptedChat(lambda _: ModelError("no such model", kind="rejected", sent=True, status=404)), small_web()
    result = run_agent(QUESTION, 6, model=chat, search=web, browse=web, strategy="parallel-majority")
    assert (result.answer, result.status, result.stop_reason, result.fault) == ("", "none", "error", "no such model")


def test_one_run_that_fails_does_not_take_the_others_with_it() -> None:
    voters = Voters("Ada", "Ada")

    def fail_first(messages: Messages) -> Any:
        return (
            ModelError("busy", kind="rejected", sent=True, status=404)
            if len(voters.prompts) == 1
            else voters.say(messages)
        )

    voters.script = fail_first
    assert play("parallel-majority", voters).answer == "Ada"


def test_progress_tells_of_every_call() -> None:
    seen: list[Event] = []
    result = play("parallel-majority", Voters("a", "b", "c"), on_event=seen.append)
    done = [
        event for event in seen if isinstance(event, CallEvent) and event.tool == "search" and event.state == "done"
    ]
    assert len(done) == result.spend.searches


async def test_a_cancelled_run_keeps_count_of_what_its_parts_spent() -> None:
    chat, web = Voters("a", "b", "c"), small_web()
    chat.slow = 5
    running = asyncio.ensure_future(
        arun_agent(
            QUESTION, Budget(searches=9, browses=9), model=chat, search=web, browse=web, strategy="parallel-majority"
        )
    )
    while len(chat.prompts) < 3 and not running.done():
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert chat.cancelled == 3


def test_stored_parts_belong_to_their_run(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.db")
    result = play("parallel-majority", Voters("Bo", "Ada", "Ada"), store=store, thread_id="votes")
    assert result.answer == "Ada"

    async def looked_up() -> tuple[list[str], str]:
        return [run.run for run in await stored_runs(store)], (await find(store, "vot")).run

    assert asyncio.run(looked_up()) == (["votes"], "votes")
    again = resume_agent("votes", store=store, model=Voters(), search=small_web(), browse=small_web())
    assert (again.answer, again.spend.searches) == ("Ada", result.spend.searches)


async def test_a_killed_run_makes_only_what_was_not_paid_for(tmp_path: Path) -> None:
    """What a kill leaves behind is what a cancelled run leaves: holds in the book, and the results that came."""
    store = str(tmp_path / "runs.db")
    chat, web = Voters("Bo", "Ada", "Ada"), small_web()
    options: dict[str, Any] = {"search": web, "browse": web, "strategy": "parallel-majority", "store": store}
    options["thread_id"] = "votes"

    def stop(event: Event) -> None:
        if isinstance(event, CallEvent) and event.tool == "browse" and event.state == "started" and web.reads >= 4:
            running.cancel()

    running = asyncio.ensure_future(arun_agent(QUESTION, 9, model=chat, on_event=stop, **options))
    with pytest.raises(asyncio.CancelledError):
        await running
    asked, searched = len(chat.prompts), web.searches
    result = await arun_agent(QUESTION, 9, model=chat, **options)
    assert result.answer == "Ada"
    assert web.searches == searched, "no search is made twice"
    assert len(chat.prompts) <= 9 + 3, "and no reply that came is asked for again"
    assert result.spend.searches == searched
    assert result.spend.model_calls >= asked
    assert await Database(store).transact(lambda tx: tx.rows("SELECT COUNT(*) FROM spadework_runs")) == [(4,)]


async def test_an_overrun_in_one_run_stops_what_the_others_have_only_held() -> None:
    """A call whose hold is being written down is not sent when another run beside it took more than was held."""
    above = Ledger(Budget(tokens=9_000), "run")
    one, other = (Ledger(Budget(tokens=3_000), f"run.{n}", above=above) for n in (1, 2))
    held = await other.take(call_of("model", "searcher"), Amounts(tokens_in=100, model_calls=1))
    spent = one.hold(call_of("model", "searcher"), Amounts(tokens_in=100, model_calls=1))
    assert isinstance(held, Charge)
    assert isinstance(spent, Charge)
    assert other.stopped() is None
    one.settle(spent, Amounts(tokens_in=500, model_calls=1))
    assert other.stopped() == one.stopped() == above.stopped() == Refusal("tokens", 1, 0)
    assert isinstance(other.hold(call_of("model", "searcher"), Amounts(model_calls=1)), Refusal)


def test_a_part_has_no_more_time_than_the_whole_however_late_it_began() -> None:
    now = [0.0]
    above = Ledger(Budget(seconds=10), "run", clock=lambda: now[0])
    now[0] = 4.0
    late = Ledger(Budget(seconds=10), "run.1", clock=lambda: now[0], above=above)
    assert late.seconds_left() == 6.0
    now[0] = 10.0
    assert late.stopped() == Refusal("ms", 1, 0)
