"""Keeping the prompt within the model's context: old results leave it and leave a one-line stub behind.

The transcript in the state keeps everything of an attempt. What is shown of it is a pure function of it. It folds in
steps of several rounds, so that the prompt's beginning stays the same for some turns and providers can serve it from
their cache. However long a run is, its prompt is hardly longer than after ten rounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ...tools.clean import one_line
from ...tools.reading.passages import estimate_tokens

DEFAULT_CONTEXT = 8_192
"""Tokens assumed for a model of unknown context."""
MAX_TRANSCRIPT = 12_000
"""Tokens of transcript shown even to a model with a huge context: more costs money and gains nothing (BATS)."""
MAX_ROUNDS = 10
"""Rounds shown at most; older ones are named in a line each."""
STEP = 2
"""Rounds that leave at once."""
EARLIER_LINES = 12
EARLIER_CHARS = 160
LEFT_OUT = "(this result has left your view)"
OWN_WORDS = 300
"""Where there is no room, so many characters stay of what the model wrote in one message or call."""


def entry(message: dict[str, Any], *, stub: str = "") -> dict[str, Any]:
    """A transcript entry: the wire message, the stub that may replace its content, and the size of both in tokens."""
    content = message.get("content")
    size = 8 + estimate_tokens(content if isinstance(content, str) else "")
    for call in message.get("tool_calls") or ():
        size += 8 + estimate_tokens(str(call))
    made: dict[str, Any] = {"message": message, "size": size}
    if stub:
        made |= {"stub": stub, "stub_size": 8 + estimate_tokens(stub)}
    return made


@dataclass(slots=True)
class _Fold:
    """How far the transcript is folded: rounds before `dropped` are gone, those before `stubbed` show stubs only."""

    dropped: int = 0
    stubbed: int = 0


Memory = Literal["window", "latest", "all"]
"""Which results are shown: those of the last rounds, those of the last one alone, or all that fit the context."""


def show_transcript(
    transcript: Sequence[dict[str, Any]], max_tokens: int, memory: Memory = "window"
) -> list[dict[str, Any]]:
    """The wire messages to show, within about `max_tokens`; the last round is shown in full where it fits at all."""
    rounds = rounds_of(transcript)
    if memory == "latest":
        latest = max((n for n, entries in enumerate(rounds) if _has_results(entries)), default=0)
        rounds = [*([_left_out(item) for item in entries] for entries in rounds[:latest]), *rounds[latest:]]
    if memory == "window":
        max_tokens = min(max_tokens, MAX_TRANSCRIPT)
    fold = _fold(rounds, max_tokens, MAX_ROUNDS if memory == "window" else len(rounds))
    shown: list[dict[str, Any]] = []
    if fold.dropped:
        # It counts nothing here, as in the folding: both must agree on when there is room.
        shown.append({"message": {"role": "user", "content": _earlier(rounds[: fold.dropped])}, "size": 0})
    for number, entries in enumerate(rounds[fold.dropped :], start=fold.dropped):
        shown += [_stubbed(item) for item in entries] if number < fold.stubbed else entries
    return [item["message"] for item in _squeezed(shown, max_tokens)]


def _has_results(entries: Sequence[dict[str, Any]]) -> bool:
    """Whether a round brought anything: a refusal must not take the place of a result."""
    return any("stub" in item for item in entries)


def _left_out(item: dict[str, Any]) -> dict[str, Any]:
    """A tool's result without its text; what the model wrote stays."""
    if item["message"]["role"] != "tool":
        return item
    return entry({**item["message"], "content": LEFT_OUT})


def _stubbed(item: dict[str, Any]) -> dict[str, Any]:
    if "stub" not in item:
        return item
    return {"message": {**item["message"], "content": item["stub"]}, "size": item["stub_size"]}


def _squeezed(items: list[dict[str, Any]], max_tokens: int) -> list[dict[str, Any]]:
    """What is still too long, as after dozens of calls in a turn: own words are cut, then the last results stubbed."""
    over = sum(item["size"] for item in items) - max_tokens
    squeezed = list(items)
    for shorten, order in ((_cut, range(len(items))), (_stubbed, reversed(range(len(items))))):
        for place in order:
            if over <= 0:
                return squeezed
            before = squeezed[place]
            squeezed[place] = shorten(before)
            over -= before["size"] - squeezed[place]["size"]
    return squeezed


def _cut(item: dict[str, Any]) -> dict[str, Any]:
    """A message of the model with its text and its calls' arguments cut; others as they are."""
    message = item["message"]
    if message["role"] != "assistant" or item["size"] <= OWN_WORDS:
        return item
    content = message.get("content")
    cut = {**message, "content": content[:OWN_WORDS] if isinstance(content, str) else content}
    calls: list[dict[str, Any]] = message.get("tool_calls") or []
    if calls:
        cut["tool_calls"] = [_cut_call(call) for call in calls]
    return entry(cut)


def _cut_call(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return call if len(function["arguments"]) <= OWN_WORDS else {**call, "function": {**function, "arguments": "{}"}}


def rounds_of(transcript: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Groups of an assistant message and what answers it, which must stay together."""
    rounds: list[list[dict[str, Any]]] = []
    for item in transcript:
        if item["message"]["role"] == "assistant" or not rounds:
            rounds.append([])
        rounds[-1].append(item)
    return rounds


def _fold(rounds: Sequence[Sequence[dict[str, Any]]], max_tokens: int, max_rounds: int) -> _Fold:
    fold = _Fold()
    full, small = _sizes(rounds)
    total = 0
    for last, size in enumerate(full):
        total += size
        if last + 1 - fold.dropped > max_rounds:
            for gone in range(fold.dropped, fold.dropped + STEP):
                total -= small[gone] if gone < fold.stubbed else full[gone]
            fold.dropped += STEP
            fold.stubbed = max(fold.stubbed, fold.dropped)
        if total <= max_tokens:
            continue
        # Over: stub down to three quarters of what is allowed, so that not every turn folds.
        while total > max_tokens * 3 // 4 and fold.stubbed < last:
            total += small[fold.stubbed] - full[fold.stubbed]
            fold.stubbed += 1
        stubs = sum(small[fold.dropped : fold.stubbed])
        while stubs > max_tokens // 4 and fold.dropped < fold.stubbed:
            stubs -= small[fold.dropped]
            total -= small[fold.dropped]
            fold.dropped += 1
    return fold


def _sizes(rounds: Sequence[Sequence[dict[str, Any]]]) -> tuple[list[int], list[int]]:
    """The tokens of each round in full and as stubs; in plain loops, as every turn goes over the whole transcript."""
    full: list[int] = []
    small: list[int] = []
    for entries in rounds:
        size = stubs = 0
        for item in entries:
            size += item["size"]
            stubs += item.get("stub_size", item["size"])
        full.append(size)
        small.append(stubs)
    return full, small


def _earlier(rounds: Sequence[Sequence[dict[str, Any]]]) -> str:
    stubs = [item["stub"] for entries in rounds for item in entries if "stub" in item]
    shown = stubs[-EARLIER_LINES:]
    head = f"Earlier in this search ({len(stubs)} results, the last {len(shown)} named):"
    return "\n".join([head, *(f"- {one_line(stub, EARLIER_CHARS)}" for stub in shown)])
