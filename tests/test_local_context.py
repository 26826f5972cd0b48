"""A strict server of 8k context refuses no prompt of a long run, whatever the pages hold and however it counts."""

from typing import Any

import pytest
from fake_openai import Answer, calls, text
from scripted import QUESTION, SmallWeb
from slow_server import Habits, SlowServer
from spadework.agent import Budget, run_agent
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.wire import Reply
from test_context import FILLER, PAGES, Busy

TEXTS = {
    "English": FILLER,
    "table": "| 1871 | 4,250.5 | x7-Q9 |\n" * 300,
    "Chinese": "雪の橋は千八百七十一年に建てられた。" * 300,
    "Russian": "Мост через реку построен в том году мастером. " * 150,
}


def played(busy: Busy) -> Any:
    """The model of long runs, behind a server."""

    def answer(body: dict[str, Any]) -> Answer:
        said: Any = busy(body["messages"])
        if isinstance(said, Reply):
            said = [(call.name, call.arguments) for call in said.calls]
        return text(said) if isinstance(said, str) else calls(*said)

    return answer


@pytest.mark.parametrize("context", [4_096, 8_192])
@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("tools", ["yes", "refuses"])
def test_no_prompt_of_a_long_run_is_refused(context: int, language: str, tools: Any) -> None:
    pages = {
        url: f"Page {number} tells of bridge{number} of 1850, by Ada Number {number}. {TEXTS[language]}"
        for number, url in enumerate(PAGES)
    }
    web = SmallWeb(pages)
    with SlowServer(played(Busy(15)), habits=Habits(context=context, tools=tools, piece_chars=500)) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url, context=context)
        result = run_agent(QUESTION, Budget(searches=60, browses=60), model=chat, search=web, browse=web, stream=True)
    assert len(server.bodies) > 12
    assert [why for why in server.refused if "context" in why] == []
    assert not result.fault


@pytest.mark.parametrize("declared", [None, 32_768])
def test_what_a_server_says_of_its_context_is_kept_to_from_then_on(declared: int | None) -> None:
    web = SmallWeb(PAGES)
    with SlowServer(played(Busy(12)), habits=Habits(context=4_096, piece_chars=500)) as server:
        chat = OpenAICompatible(model=f"m{declared}", base_url=server.base_url, context=declared)
        result = run_agent(QUESTION, Budget(searches=60, browses=60), model=chat, search=web, browse=web)
        again = OpenAICompatible(model=f"m{declared}", base_url=server.base_url)
    assert 1 <= len(server.refused) <= 2
    assert not result.fault
    assert result.answer
    assert (chat.context or 0) <= 4_096
    assert again.context == chat.context, "the next run of this process knows it"
