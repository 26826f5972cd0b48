"""Every prompt fits the model's context, however long the run, and its beginning stays the same for caches."""

import json
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest
from scripted import QUESTION, Messages, Said, ScriptedChat, SmallWeb, answer, browse, calling, finding, record, search
from spadework.agent import Budget, arun_agent
from spadework.agent.llm.wire import Options
from spadework.agent.nodes.context import EARLIER_LINES, LEFT_OUT, entry, show_transcript
from spadework.tools.reading.passages import estimate_tokens

TURNS = 100
FILLER = " ".join(f"The mason of Torve carried stone {number} to the river that year." for number in range(150))
PAGES = {
    f"http://x.example/p{number}": f"Page {number} tells of bridge{number} of 1850, by Ada Number {number}. {FILLER}"
    for number in range(TURNS + 5)
}


@dataclass
class Busy:
    """Searches, reads and records something new in every turn, and thinks aloud."""

    turns: int
    turn: int = 0
    thoughts: str = ""

    def __call__(self, messages: Messages) -> Said:
        if "tells of" not in str(messages) and self.turn > 2 and len(messages) == 2:
            return "{}"
        self.turn += 1
        number = self.turn
        if number > self.turns:
            return [answer(f"Ada Number {number - 2}")]
        quote = f"Page {number - 2} tells of bridge{number - 2} of 1850"
        told = record(
            finding(f"Ada Number {number - 2}", "c0", (f"http://x.example/p{number - 2}", quote)),
            constraints=["it is old", "it is long"],
        )
        reply = calling(told, browse(f"http://x.example/p{number - 1}", goal="who built it"), search(f"bridge{number}"))
        return replace(reply, message={**reply.message, "content": self.thoughts})


def size(messages: Messages, options: Options) -> int:
    parts = [*messages, *(options.get("tools") or [])]
    return sum(estimate_tokens(json.dumps(part, ensure_ascii=False, separators=(",", ":"))) for part in parts)


def alike(before: str, after: str) -> int:
    """How many characters two prompts have in common at their beginning."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (one, two) in pairs if one != two), len(after))


async def long_run(
    context: int | None, *, turns: int = TURNS, thoughts: int = 60, takes_tools: bool = True
) -> ScriptedChat:
    chat = ScriptedChat(Busy(turns, thoughts="I think. " * thoughts), context=context, takes_tools=takes_tools)
    web = SmallWeb(PAGES)
    await arun_agent(QUESTION, Budget(searches=300, browses=300), model=chat, search=web, browse=web)
    return chat


@pytest.mark.parametrize(("context", "floor"), [(None, 0.2), (32_768, 0.3)])
async def test_prompts_of_a_long_run_fit_stop_growing_and_begin_alike(context: int | None, floor: float) -> None:
    chat = await long_run(context)
    asked = list(zip(chat.prompts, chat.options, strict=True))
    for prompt, options in asked:
        assert size(prompt, options) + (options.get("max_tokens") or 0) <= (context or 8_192)
    turns = [(prompt, options) for prompt, options in asked if options.get("tools")]
    assert len(turns) >= TURNS
    sizes = [size(prompt, options) for prompt, options in turns]
    assert all(0.8 <= later / sizes[9] <= 1.2 for later in sizes[9:TURNS]), "after ten rounds it grows no more"
    texts = [json.dumps(prompt) for prompt, _ in turns[:TURNS]]
    shares = [alike(before, after) / len(after) for before, after in pairwise(texts)]
    assert sum(shares) / len(shares) >= floor


@pytest.mark.parametrize("takes_tools", [True, False])
async def test_huge_texts_of_a_model_leave_the_prompt(takes_tools: bool) -> None:
    chat = await long_run(None, turns=12, thoughts=9_000, takes_tools=takes_tools)
    assert max(size(prompt, options) for prompt, options in zip(chat.prompts, chat.options, strict=True)) <= 8_192


def said(text: str, **more: Any) -> dict[str, Any]:
    return entry({"role": "assistant", "content": text, **more})


def result(number: int, text: str, stub: str = "a stub") -> dict[str, Any]:
    return entry({"role": "tool", "tool_call_id": f"c{number}", "content": text}, stub=f"{stub} {number}")


def contents(transcript: list[dict[str, Any]], room: int) -> list[str]:
    return [str(message["content"]) for message in show_transcript(transcript, room)]


def test_nothing_changes_while_there_is_room() -> None:
    transcript = [said("first"), result(0, "long " * 100), said("second"), result(1, "long " * 100)]
    assert show_transcript(transcript, 5_000) == [item["message"] for item in transcript]
    assert show_transcript([], 5_000) == []


def test_old_results_leave_a_stub_and_the_models_own_words_stay() -> None:
    transcript = [item for n in range(6) for item in (said(f"thought {n}"), result(n, f"page {n} " * 200))]
    shown = contents(transcript, 2_000)
    assert shown[-1] == "page 5 " * 200, "the last round is whole"
    assert "a stub 0" in shown
    assert [text for text in shown if text.startswith("thought")] == [f"thought {n}" for n in range(6)]


def test_at_most_ten_rounds_are_shown_and_older_ones_are_named() -> None:
    transcript = [item for n in range(30) for item in (said(f"thought {n}"), result(n, f"page {n}"))]
    shown = contents(transcript, 5_000)
    assert shown[0].startswith("Earlier in this search (20 results, the last 12 named):")
    assert "- a stub 19" in shown[0].splitlines()
    assert [text for text in shown if text.startswith("thought")] == [f"thought {n}" for n in range(20, 30)]


def test_in_the_papers_memory_only_the_latest_results_stay() -> None:
    transcript = [item for n in range(14) for item in (said(f"thought {n}"), result(n, f"page {n}"), result(n, "more"))]
    shown = [str(message["content"]) for message in show_transcript(transcript, 5_000, "latest")]
    assert [text for text in shown if text.startswith("thought")] == [f"thought {n}" for n in range(14)]
    assert shown[-3:] == ["thought 13", "page 13", "more"]
    assert set(shown[:-3]) == {LEFT_OUT, *(f"thought {n}" for n in range(13))}


def test_a_memory_for_all_results_forgets_only_what_the_context_cannot_hold() -> None:
    transcript = [item for n in range(30) for item in (said(f"thought {n}"), result(n, f"page {n} " * 300))]
    everything = show_transcript(transcript, 60_000, "all")
    assert everything == [item["message"] for item in transcript]
    assert sum(entry(message)["size"] for message in show_transcript(transcript, 5_000, "all")) <= 5_000


def test_very_old_rounds_leave_one_list_of_stubs_and_no_call_without_its_answer() -> None:
    transcript: list[dict[str, Any]] = []
    for n in range(120):
        calls = [{"id": f"c{n}", "type": "function", "function": {"name": "browse", "arguments": "{}"}}]
        transcript += [said(f"thought {n}", tool_calls=calls), result(n, f"page {n} " * 200)]
    shown = show_transcript(transcript, 2_000)
    earlier = str(shown[0]["content"])
    assert earlier.startswith("Earlier in this search (")
    assert earlier.count("\n- ") == EARLIER_LINES
    called = [item["id"] for message in shown for item in message.get("tool_calls", ())]
    answered = [message["tool_call_id"] for message in shown if message["role"] == "tool"]
    assert called == answered


def test_a_round_that_cannot_fit_is_cut_where_it_costs_least() -> None:
    call = {"id": "c0", "type": "function", "function": {"name": "record", "arguments": '{"a": "' + "x" * 9_000 + '"}'}}
    transcript = [said("y" * 9_000, tool_calls=[call]), *(result(n, "word " * 100) for n in range(50))]
    shown = show_transcript(transcript, 2_500)
    assert len(str(shown[0]["content"])) == 300
    assert shown[0]["tool_calls"][0]["function"]["arguments"] == "{}"
    assert len(shown) == 51
    assert shown[1]["content"] == "word " * 100
    assert shown[-1]["content"] == "a stub 49"
    assert sum(entry(message)["size"] for message in shown) <= 2_500
    assert transcript[0]["message"]["content"] == "y" * 9_000, "the transcript itself keeps everything"
