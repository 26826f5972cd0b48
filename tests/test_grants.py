"""What is refused before it costs anything, and what is only warned of."""

from typing import Any

import pytest
from scripted import (
    ALDER,
    CONSTRAINTS,
    QUESTION,
    Messages,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit, near_query

BUDGET = Budget(searches=5, browses=5)
EARLIER = ("alder bridge builder", "who was mara finch", "river orr crossings")


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("builder of the Alder Bridge", ""),
        ("Bridge, Alder: builder", "alder bridge builder"),
        ("alder bridge builder name", "alder bridge builder"),
        ("river orr", ""),
        ("orr river crossings", "river orr crossings"),
        ("", ""),
    ],
)
def test_a_query_is_near_another_that_shares_most_of_its_words(query: str, near: str) -> None:
    assert near_query(query, EARLIER) == near
    assert near_query(query, []) == ""


def results(chat: ScriptedChat) -> str:
    return "\n".join(str(m["content"]) for prompt in chat.prompts for m in prompt if m["role"] == "tool")


def test_the_same_query_is_refused_free_with_what_it_brought_and_a_near_one_is_made_with_a_warning() -> None:
    first: Any = [record(constraints=CONSTRAINTS), search("Alder Bridge builder")]
    script: Any = [first, [search("alder  bridge BUILDER", "Builder, Alder Bridge")], [answer("Mara Finch")], "{}"]
    chat, web = ScriptedChat(script), small_web()
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert web.searches == result.spend.searches == 2
    told = results(chat)
    assert "'alder bridge BUILDER' was searched before, free: 1 results: alder http://x.example/alder" in told
    assert "'Builder, Alder Bridge' is near to 'alder bridge builder', searched before: use other words" in told


class Broken(SmallWeb):
    """A web whose pages cannot be read."""

    async def read(self, url: str, *, timeout: float) -> Page:
        self.reads += 1
        raise ToolError("status 503", kind="status", sent=True, url=url, status=503)


def play(script: Any, web: SmallWeb, strategy: str = "bats-early") -> tuple[Result, ScriptedChat]:
    chat = ScriptedChat(script)
    return run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web, strategy=strategy), chat


def test_the_same_call_that_fails_again_turns_the_attempt_back_and_is_not_made_a_third_time() -> None:
    web = Broken({ALDER: "It is a bridge."})
    start: Any = [record(constraints=CONSTRAINTS), search("bridge")]
    result, chat = play([start, [browse(ALDER)], [browse(ALDER)], [browse(ALDER)], [answer("Mara Finch")], "{}"], web)
    assert (result.decisions[0]["outcome"], result.decisions[0]["rule"]) == ("PIVOT", "stuck")
    assert result.decisions[0]["reason"] == "the same call failed again"
    assert web.reads == result.spend.browses == 2
    assert "refused: it failed 2 times; try another" in results(chat)


def test_three_failures_in_a_row_are_decided_on_before_another_model_call() -> None:
    class Deaf(SmallWeb):
        async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
            self.searches += 1
            raise ToolError("no route", kind="unreachable", sent=True)

    def script(messages: Messages) -> Any:
        return [search(*(f"word{len(chat.prompts)} thing{n}" for n in range(3)))]

    web = Deaf({})
    chat = ScriptedChat(script)
    result = run_agent(QUESTION, BUDGET, model=chat, search=web, browse=web)
    assert result.decisions[0]["reason"] == "3 calls in a row failed"
    assert [entry["outcome"] for entry in result.decisions] == ["PIVOT", "EXHAUSTED"]
    assert len([charge for charge in result.charges if charge.node == "searcher" and charge.attempt == 1]) == 1


def test_in_the_paper_and_in_react_nothing_turns_back_but_a_call_is_still_not_made_a_third_time() -> None:
    web = Broken({ALDER: "It is a bridge."})
    result, _ = play([[search("bridge")], *[[browse(ALDER)]] * 4, "ANSWER: Mara Finch"], web, "react")
    assert (web.reads, result.answer) == (2, "Mara Finch")
