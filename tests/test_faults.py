"""Each row of the table of faults in tools/README.md, played through a small run of the agent."""

from pathlib import Path

import pytest
from faulty_web import FAULTS, Faulty, pattern, rows
from scripted import QUESTION, Script, ScriptedChat, browse, search
from spadework.agent import Budget, Result, arun_agent
from spadework.tools.backends.searxng import SearxngSearch
from spadework.tools.browse import WebBrowse
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.web.http import SafeClient
from spadework.tools.web.manners import Manners

TABLE = rows()
TRIED = {"no": 1, "once": 2, "twice": 3}
CASES = [
    pytest.param(fault, number, id=f"{fault} {number}")
    for fault, scenes in FAULTS.items()
    for number in range(len(scenes))
]


def test_every_fault_of_the_table_is_played_and_every_one_played_is_in_the_table() -> None:
    assert sorted(TABLE) == sorted(FAULTS)
    assert {row.tried for row in TABLE.values()} <= set(TRIED)


@pytest.mark.parametrize(("fault", "number"), CASES)
async def test_a_fault_costs_and_tells_what_the_table_says(fault: str, number: int, tmp_path: Path) -> None:
    row = TABLE[fault]
    async with FAULTS[fault][number](tmp_path) as faulty:
        client = SafeClient(transport=faulty.transport, max_bytes=200_000, manners=Manners(delay_s=0.001))
        if faulty.before:
            with pytest.raises(ToolError):
                await client.get(faulty.before)
            faulty.transport.pages = 0
        result, shown = await run(faulty, client)
        await client.aclose()
    assert pattern(row.read).search(shown), shown
    assert "Traceback" not in shown
    assert charged(result, faulty) == row.charged
    assert faulty.transport.tries(faulty.hops) == TRIED[row.tried]


class HurriedBrowse(WebBrowse):
    """Gives a page less time than the agent does, so that it is the client's clock that strikes."""

    def __init__(self, client: SafeClient, seconds: float) -> None:
        super().__init__(client)
        self._seconds = seconds

    async def read(self, url: str, *, timeout: float) -> Page:
        return await super().read(url, timeout=self._seconds)


async def run(faulty: Faulty, client: SafeClient) -> tuple[Result, str]:
    """Search, and read the page that was found; the result, and what the model was shown of the call in question."""
    script: Script = [[search("salt mine")]] if faulty.search else [[search("salt mine")], [browse(faulty.url)]]
    chat = ScriptedChat(script)

    def found(query: str) -> list[str]:
        return [faulty.url]

    result = await arun_agent(
        QUESTION,
        Budget(searches=3, browses=3),
        model=chat,
        search=SearxngSearch(faulty.search, client) if faulty.search else found,
        browse=HurriedBrowse(client, faulty.timeout),
    )
    told = [str(message["content"]) for message in chat.prompts[len(script)] if message["role"] == "tool"]
    return result, told[-1]


def charged(result: Result, faulty: Faulty) -> int:
    return result.spend.searches if faulty.search else result.spend.browses
