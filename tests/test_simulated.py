"""The simulated model: it works with what its prompts show and nothing else, alike under every strategy."""

from collections.abc import Generator
from typing import Any

import orjson
import pytest
from spadework.agent.llm.wire import Chat, Options, Reply
from spadework.agent.nodes.prompting import rules
from spadework.agent.result import Result
from spadework.agent.run import arun_agent
from spadework.agent.strategies import get_strategy
from spadework.evals.simulated.chat import SimulatedChat, tokens_of
from spadework.evals.simulated.web import SimulatedWeb
from spadework.evals.world.making import make_world
from spadework.evals.world.questions import Question
from spadework.prompts import render, tool_specs
from spadework.tools.errors import ModelError
from typing_extensions import Unpack

Messages = list[dict[str, Any]]


@pytest.fixture(scope="module")
def web() -> Generator[SimulatedWeb, None, None]:
    with SimulatedWeb(make_world()) as made:
        yield made


class Watched:
    """Passes calls on, and keeps what was asked and replied."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self.name, self.context, self.local, self.takes_tools = chat.name, chat.context, chat.local, chat.takes_tools
        self.calls: list[tuple[Messages, Options, Reply]] = []

    async def complete(self, messages: Messages, **options: Unpack[Options]) -> Reply:
        reply = await self._chat.complete(messages, **options)
        self.calls.append((orjson.loads(orjson.dumps(messages)), options, reply))
        return reply


def question(web: SimulatedWeb, name: str) -> Question:
    return next(item for item in web.world.questions if item.id == name)


async def run(web: SimulatedWeb, chat: Chat, asked: Question, strategy: str, calls: int = 10) -> Result:
    budget = {"searches": calls, "browses": calls}
    return await arun_agent(asked.text, budget, model=chat, search=web.search, browse=web.browse, strategy=strategy)


def made(result: Result, kind: str) -> list[str]:
    return [charge.what for charge in result.charges if charge.kind == kind and charge.status == "settled"]


@pytest.mark.parametrize("name", ["hard-03", "hard-06", "plain-07", "plain-13"])
async def test_it_finds_the_answer_and_searches_alike_under_both_strategies(web: SimulatedWeb, name: str) -> None:
    asked = question(web, name)
    bare = await run(web, SimulatedChat(web, asked), asked, "react-full")
    ours = await run(web, SimulatedChat(web, asked), asked, "bats-early")
    assert bare.answer == ours.answer == asked.answer
    assert ours.status == "verified"
    assert made(ours, "search") == made(bare, "search")
    # Beside the same pages, ours reads those that turn a snippet into a proof.
    assert made(ours, "browse")[: len(made(bare, "browse"))] == made(bare, "browse")


async def test_most_questions_are_answered_within_ten_calls(web: SimulatedWeb) -> None:
    asked = web.world.questions[::4]
    results = [await run(web, SimulatedChat(web, item), item, "bats-early") for item in asked]
    right = sum(result.answer == item.answer for result, item in zip(results, asked, strict=True))
    assert right >= len(asked) - 2
    assert sum(result.status in ("verified", "supported") for result in results) >= len(asked) // 2


@pytest.mark.parametrize("strategy", ["react", "bats-early"])
async def test_quotes_and_addresses_are_only_those_of_the_prompt(web: SimulatedWeb, strategy: str) -> None:
    quotes = urls = 0
    for name in ("hard-02", "hard-08", "plain-06"):
        chat = Watched(SimulatedChat(web, question(web, name)))
        await run(web, chat, question(web, name), strategy)
        for messages, _, reply in chat.calls:
            shown = "\n".join(str(message.get("content")) for message in messages)
            for item in written(reply):
                quotes += 1
                assert item["quote"] in shown
                assert item["url"] in shown
            for call in reply.calls:
                for url in (call.arguments or {}).get("urls", ()):
                    urls += 1
                    assert url in shown
    assert urls > 10
    assert (quotes > 20) is (strategy == "bats-early")


def written(reply: Reply) -> list[dict[str, str]]:
    """All quotes of a reply."""
    parts = [call.arguments or {} for call in reply.calls]
    parts += [orjson.loads(reply.text)] if reply.text.startswith("{") else []
    found = [item for part in parts for name in ("findings", "checks") for item in part.get(name, ())]
    return [quote for item in found for quote in item["quotes"]]


async def test_it_remembers_nothing_from_one_call_to_the_next(web: SimulatedWeb) -> None:
    asked = question(web, "hard-02")
    chat = Watched(SimulatedChat(web, asked))
    await run(web, chat, asked, "bats-early")
    await run(web, chat, asked, "bats-early", calls=3)
    nodes = {str(messages[0]["content"]) for messages, _, _ in chat.calls}
    assert nodes >= {render("planner"), rules(get_strategy("bats-early")), render("verifier")}
    for messages, options, reply in reversed(chat.calls):
        assert await SimulatedChat(web, asked).complete(messages, **options) == reply


async def test_with_no_search_left_it_answers_with_the_best_it_has(web: SimulatedWeb) -> None:
    asked = question(web, "hard-08")
    result = await run(web, SimulatedChat(web, asked), asked, "react", calls=2)
    festivals = {item.name for item in web.world.facts.of_kind("festival")}
    assert result.answer in festivals
    assert len(made(result, "search")) == len(made(result, "browse")) == 2


async def test_a_model_of_less_skill_overlooks_more_and_finds_less(web: SimulatedWeb) -> None:
    asked = web.world.questions[:10]

    async def right(skill: float) -> int:
        results = [await run(web, SimulatedChat(web, item, skill=skill), item, "react-full") for item in asked]
        return sum(result.answer == item.answer for result, item in zip(results, asked, strict=True))

    assert await right(0.0) == 0
    assert await right(0.0) < await right(0.6) < await right(1.0)


async def test_the_seed_changes_the_order_of_the_first_queries(web: SimulatedWeb) -> None:
    asked = question(web, "hard-01")
    tools = list(tool_specs("search", "browse", "answer"))
    messages = [
        {"role": "system", "content": render("react")},
        {"role": "user", "content": "[question]\n" + asked.text},
    ]
    first = {
        (await SimulatedChat(web, asked, seed=seed).complete(messages, tools=tools)).calls[0].raw for seed in range(8)
    }
    assert len(first) > 1


async def test_usage_counts_messages_calls_and_tools(web: SimulatedWeb) -> None:
    asked = question(web, "hard-01")
    messages = [
        {"role": "system", "content": render("react")},
        {"role": "user", "content": "[question]\n" + asked.text},
    ]
    tools = list(tool_specs("search", "browse", "answer"))
    reply = await SimulatedChat(web, asked).complete(messages, tools=tools)
    assert reply.usage is not None
    assert reply.usage.tokens_in == tokens_of(messages, tools) > tokens_of(messages) > tokens_of(messages[:1])
    assert 10 < reply.usage.tokens_out < 100
    assert tokens_of([*messages, reply.message]) > tokens_of(messages) + 10


async def test_a_reply_that_is_longer_than_allowed_breaks_off(web: SimulatedWeb) -> None:
    asked = question(web, "hard-01")
    messages = [
        {"role": "system", "content": render("planner")},
        {"role": "user", "content": "[question]\n" + asked.text},
    ]
    whole = await SimulatedChat(web, asked).complete(messages)
    cut = await SimulatedChat(web, asked).complete(messages, max_tokens=20)
    assert [item["text"] for item in orjson.loads(whole.text)["constraints"]] == [c.text for c in asked.constraints]
    assert cut.truncated
    assert cut.usage is not None
    assert cut.usage.tokens_out == 20
    assert whole.text.startswith(cut.text)


async def test_with_no_candidate_the_answer_is_written_from_the_material(web: SimulatedWeb) -> None:
    asked = question(web, "plain-12")
    page = web.browse(web.world.base + f"/{asked.answer_id}")
    told = f"[question]\n{asked.text}\n\n<<<page 0123abcd: {page.url} {page.title!r}\n{page.text}\npage 0123abcd>>>"
    messages = [{"role": "system", "content": render("answer")}, {"role": "user", "content": told}]
    reply = orjson.loads((await SimulatedChat(web, asked).complete(messages)).text)
    assert reply["answer"] == asked.answer
    assert any(check["verdict"] == "satisfied" for check in reply["checks"])


async def test_a_prompt_of_somebody_else_is_refused(web: SimulatedWeb) -> None:
    with pytest.raises(ModelError, match="does not know the prompt 'Write a poem"):
        await SimulatedChat(web, question(web, "hard-01")).complete([{"role": "system", "content": "Write a poem."}])


@pytest.mark.parametrize(("strategy", "runs_into_the_limit"), [("react", True), ("bats-early", False)])
async def test_it_heeds_what_the_budget_block_says_where_there_is_one(
    web: SimulatedWeb, strategy: str, runs_into_the_limit: bool
) -> None:
    asked = question(web, "hard-08")
    chat = Watched(SimulatedChat(web, asked))
    await run(web, chat, asked, strategy, calls=3)
    shown = "\n".join(str(message.get("content")) for messages, _, _ in chat.calls for message in messages)
    assert ("refused: 0 " in shown) is runs_into_the_limit
