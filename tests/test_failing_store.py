"""A store that fails in mid-run, as on a full disk: the run ends with what it has and the reason, and is not lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from scripted import QUESTION, ScriptedChat, good_script, small_web
from spadework.agent import Budget, resume_agent, run_agent
from spadework.agent.storage.database import Database
from spadework.tools.errors import StoreError

BUDGET = Budget(searches=5, browses=5, model_calls=9)


def failing_after(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every transaction from this one on fail as on a full disk."""
    really = Database.transact
    made = 0

    async def transact(self: Database, work: Callable[[Any], Any]) -> Any:
        nonlocal made
        made += 1
        if made > number:
            raise StoreError(f"the store {self.shown} cannot be used: database or disk is full")
        return await really(self, work)

    monkeypatch.setattr(Database, "transact", transact)


@pytest.mark.parametrize("number", range(3, 12))
def test_a_store_that_fails_in_mid_run_takes_no_result_with_it(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, chat, web = tmp_path / "runs.db", ScriptedChat(good_script()), small_web()
    with monkeypatch.context() as full:
        failing_after(number, full)
        result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, store=store, thread_id="one")
    assert (result.stop_reason, result.fault.endswith("disk is full")) in (("error", True), ("answered", False))
    assert result.spend.model_calls == len(chat.prompts), "nothing was sent that is not in the receipt"
    assert result.answer or result.stop_reason == "error"
    again = resume_agent("one", model=ScriptedChat(good_script()), search=web, browse=web, store=store)
    assert again.answer
    assert again.spend.model_calls >= result.spend.model_calls, "what was spent is remembered"


def test_a_store_that_fails_at_the_start_is_told_before_anything_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat, web = ScriptedChat(good_script()), small_web()
    failing_after(0, monkeypatch)
    with pytest.raises(StoreError, match="disk is full"):
        run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, store=tmp_path / "runs.db")
    assert chat.prompts == []
