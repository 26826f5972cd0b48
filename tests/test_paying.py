"""Sending a granted call: whatever a search, a page read or a further tool does, the receipt says what it came to."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from scripted import ALDER, PAGES, QUESTION, Said, ScriptedChat, SmallWeb, answer, browse, call, good_script, search
from spadework.agent import Budget, Result, aresume_agent, arun_agent
from spadework.agent.deps import Deps
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.charges import Charge, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.nodes.paying import cost_of, guarded, ready, settle_failure
from spadework.agent.session import Session
from spadework.agent.settings import Settings
from spadework.agent.strategies import STRATEGIES
from spadework.tools.errors import ToolError

Paid = Literal["search", "browse", "tool"]
KINDS: tuple[Paid, ...] = ("search", "browse", "tool")
SCRIPTS: dict[Paid, list[Said]] = {
    "search": [[search("Alder")], [answer("x")]],
    "browse": [[search("Alder")], [browse(ALDER)], [answer("x")]],
    "tool": [[call("dig", where="here")], [answer("x")]],
}


class Killed(BaseException):
    """The process dies: nothing is caught or tidied."""


@dataclass
class Troubled(SmallWeb):
    """A web, and a further tool, of which one does something before it does its work."""

    kind: str = ""
    trouble: Callable[[str], Awaitable[None]] | None = None

    async def search(self, query: str, *, limit: int, timeout: float) -> Any:
        found = await super().search(query, limit=limit, timeout=timeout)
        await self._trouble("search", query)
        return found

    async def read(self, url: str, *, timeout: float) -> Any:
        page = await super().read(url, timeout=timeout)
        await self._trouble("browse", url)
        return page

    async def dig(self, where: str) -> str:
        """Dig for it."""
        await self._trouble("tool", where)
        return f"dug {where}"

    async def _trouble(self, kind: str, what: str) -> None:
        if self.trouble is not None and kind == self.kind:
            await self.trouble(what)


async def play(kind: Paid, trouble: Any, *, limits: Any = None, **more: Any) -> tuple[Result, ScriptedChat]:
    web, chat = Troubled(PAGES, kind=kind, trouble=trouble), ScriptedChat(SCRIPTS[kind])
    usual: dict[str, Any] = {"searches": 3, "browses": 3, "tools": {"dig": 3}}
    usual.update(limits or {})
    result = await arun_agent(QUESTION, Budget(**usual), model=chat, search=web, browse=web, tools=[web.dig], **more)
    return result, chat


def charges_of(result: Result, kind: str) -> list[tuple[str, Amounts, tuple[str, ...]]]:
    return [(c.status, counts(c), c.marks) for c in result.charges if c.kind == kind]


def counts(charge: Charge) -> Amounts:
    """What it counts as, but for its time."""
    return Amounts(searches=charge.amounts.searches, browses=charge.amounts.browses, tools=charge.amounts.tools)


def shown(chat: ScriptedChat) -> str:
    told = [message for prompt in chat.prompts for message in prompt if message["role"] == "tool"]
    return "\n".join(str(message["content"]) for message in told)


def raising(error: BaseException) -> Callable[[str], Awaitable[None]]:
    async def trouble(_: str) -> None:
        raise error

    return trouble


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_that_failed_after_it_was_sent_is_charged_in_full_and_marked(kind: Paid) -> None:
    result, chat = await play(kind, raising(ToolError("the other side said no", kind="status", sent=True)))
    assert charges_of(result, kind) == [("settled", cost_of(kind, "dig {}"), ("failed",))]
    assert "the other side said no" in shown(chat)
    assert (result.answer, result.fault) == ("x", "")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_that_never_left_this_machine_is_free(kind: Paid) -> None:
    result, chat = await play(kind, raising(ToolError("not an address to be read", kind="blocked", sent=False)))
    assert charges_of(result, kind) == [("released", Amounts(), ())]
    assert "not an address to be read" in shown(chat)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_tool_with_a_mistake_in_it_is_told_in_one_line_and_does_not_end_the_run(kind: Paid) -> None:
    result, chat = await play(kind, raising(ZeroDivisionError("one\nby zero")))
    assert charges_of(result, kind) == [("settled", cost_of(kind, "dig {}"), ("failed",))]
    assert "ZeroDivisionError: one by zero" in shown(chat)
    assert (result.answer, result.fault) == ("x", "")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_that_takes_too_long_is_left_charged_and_told(kind: Paid) -> None:
    left: list[str] = []

    async def sleep(what: str) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            left.append(what)

    result, chat = await play(kind, sleep, settings=Settings(tool_timeout=0.1))
    assert charges_of(result, kind) == [("settled", cost_of(kind, "dig {}"), ("failed",))]
    assert [c.amounts.ms >= 90 for c in result.charges if c.kind == kind] == [True]
    assert len(left) == 1, "it does not go on behind our back"
    assert "no answer within 0.1 s" in shown(chat)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_cancelled_in_flight_stays_charged_marked_and_written_down(kind: Paid, tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def hang(_: str) -> None:
        reached.set()
        await asyncio.sleep(30)

    running = asyncio.create_task(play(kind, hang, store=tmp_path / "runs.db", thread_id="one"))
    await asyncio.wait_for(reached.wait(), 5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    web, chat = Troubled(PAGES), ScriptedChat(SCRIPTS[kind][-1:])
    given: dict[str, Any] = {"search": web, "browse": web, "tools": [web.dig], "store": tmp_path / "runs.db"}
    result = await aresume_agent("one", model=chat, **given)
    whole = cost_of(kind, "dig {}")
    assert charges_of(result, kind) == [("settled", whole, ("cancelled",)), ("settled", whole, ())]
    assert result.answer == "x"


async def test_what_was_in_flight_at_a_kill_counts_and_is_not_made_again_beyond_the_limit(tmp_path: Path) -> None:
    web = Troubled(PAGES, kind="search", trouble=raising(Killed()))
    given: dict[str, Any] = {"search": web, "browse": web, "store": tmp_path / "runs.db", "thread_id": "one"}
    with pytest.raises(Killed):
        await arun_agent(QUESTION, Budget(searches=1, browses=1), model=ScriptedChat(SCRIPTS["search"]), **given)
    web.trouble, chat = None, ScriptedChat([[answer("x")]])
    result = await aresume_agent("one", model=chat, **given)
    assert result.spend.searches == web.searches == 1
    assert "refused: 0 searches left, 1 asked" in shown(chat)


async def test_a_failure_before_a_kill_is_told_again_and_not_paid_again(tmp_path: Path) -> None:
    async def trouble(query: str) -> None:
        if query == "bad":
            raise ToolError("the search said 503", kind="status", sent=True)
        await asyncio.sleep(0.05)
        raise Killed

    web = Troubled(PAGES, kind="search", trouble=trouble)
    given: dict[str, Any] = {"search": web, "browse": web, "store": tmp_path / "runs.db", "thread_id": "one"}
    with pytest.raises(Killed):
        await arun_agent(QUESTION, 5, model=ScriptedChat([[search("bad", "Alder")]]), **given)
    web.trouble, chat = None, ScriptedChat(good_script()[1:])
    result = await aresume_agent("one", model=chat, **given)
    first = "\n".join(str(message["content"]) for message in chat.prompts[0])
    assert "search 'bad' failed: the search said 503" in first
    assert (web.searches, result.spend.searches) == (3, 3), "bad once, Alder twice: it was in flight"
    assert result.answer == "Mara Finch"


def session_of(budget: Budget, clock: Callable[[], float]) -> Session:
    web = Troubled(PAGES)
    deps = Deps(chats={}, search=web, browse=web, strategy=STRATEGIES["react"])
    return Session(deps, Ledger(budget, "run", clock=clock))


async def test_when_the_time_is_up_nothing_is_sent_and_nothing_charged() -> None:
    now = [0.0]
    session = session_of(Budget(searches=1, seconds=2), lambda: now[0])
    held = session.ledger.hold(call_of("search", "act", what="x"), cost_of("search", "x"))
    assert isinstance(held, Charge)
    now[0] = 2.0
    sent: list[Any] = []

    async def tool(*given: Any, **_: Any) -> None:
        sent.append(given)

    with pytest.raises(ToolError, match="no time is left") as caught:
        await guarded(session, held, tool, "x")
    await settle_failure(session, held, caught.value, 0.0)
    assert sent == []
    assert session.ledger.remaining().left("searches") == 1


async def test_a_tool_is_told_how_much_time_there_is() -> None:
    session = session_of(Budget(searches=1, seconds=3), lambda: 1.0)
    held = session.ledger.hold(call_of("search", "act", what="x"), cost_of("search", "x"))
    assert isinstance(held, Charge)

    async def tool(what: str, *, timeout: float) -> tuple[str, float]:
        return what, timeout

    assert await guarded(session, held, tool, "x") == ("x", 3.0)
    assert (await ready(session, held.id)) == (held, None)


async def test_a_page_that_is_not_there_any_more_was_not_granted() -> None:
    refusal, told = await ready(session_of(Budget(), lambda: 0.0), "")
    assert (type(refusal).__name__, told) == ("Refusal", None)


@pytest.mark.parametrize(
    ("kind", "what", "amounts"),
    [
        ("search", "dig", Amounts(searches=1)),
        ("browse", ALDER, Amounts(browses=1)),
        ("tool", 'dig {"where": "a b"}', Amounts(tools={"dig": 1})),
        ("tool", "dig", Amounts(tools={"dig": 1})),
    ],
)
def test_what_a_call_counts_as(kind: Paid, what: str, amounts: Amounts) -> None:
    assert cost_of(kind, what) == amounts
