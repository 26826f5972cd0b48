"""What is kept of paid calls comes back as it was; what cannot be read is None, and never an exception."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.llm.wire import Reply, ToolCall, Usage
from spadework.agent.storage.outcomes import (
    failure_of,
    hits_of,
    page_of,
    reply_of,
    stored_failure,
    stored_hits,
    stored_page,
    stored_reply,
    stored_text,
    text_of,
)
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.search import Hit
from spadework.tools.shapes import is_list, is_mapping

TEXT = st.text(max_size=20)
COUNT = st.integers(0, 10**12)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(TEXT, PLAIN, max_size=3)
CALLS = st.lists(st.builds(ToolCall, TEXT, TEXT, st.none() | OBJECT, TEXT), max_size=3).map(tuple)
REPLIES = st.builds(Reply, OBJECT, TEXT, CALLS, st.none() | st.builds(Usage, COUNT, COUNT, COUNT, COUNT), TEXT)
HITS = st.lists(st.builds(Hit, TEXT, TEXT, TEXT, TEXT, st.integers(1, 99), st.none() | TEXT), max_size=3)
LINKS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
PAGES = st.builds(Page, TEXT, TEXT, TEXT, LINKS, st.none() | TEXT, TEXT)
READERS: list[Callable[[Any], Any]] = [reply_of, hits_of, page_of, text_of, failure_of]


def kept(stored: Any) -> Any:
    """What the book gives back of it."""
    return json.loads(json.dumps(stored))


@given(REPLIES)
def test_a_reply_comes_back(reply: Reply) -> None:
    assert reply_of(kept(stored_reply(reply))) == reply


@given(HITS)
def test_the_results_of_a_search_come_back(hits: list[Hit]) -> None:
    assert hits_of(kept(stored_hits(hits))) == hits


@given(PAGES, TEXT)
def test_a_page_comes_back_with_its_time_and_its_digest(page: Page, fetched: str) -> None:
    again = page_of(kept(stored_page(page, fetched)))
    assert again is not None
    assert again == (page, fetched)
    assert again[0].digest == page.digest, "evidence still names the very text"


@given(TEXT)
def test_the_words_of_a_tool_and_of_a_failure_come_back(text: str) -> None:
    assert text_of(kept(stored_text(text))) == text
    assert failure_of(kept(stored_failure(ToolError(text, kind="status", sent=True)))) == text


@given(REPLIES, HITS, PAGES, TEXT)
def test_one_kind_is_never_taken_for_another(reply: Reply, hits: list[Hit], page: Page, text: str) -> None:
    failure = stored_failure(ToolError(text, kind="status", sent=True))
    stored = [stored_reply(reply), stored_hits(hits), stored_page(page, text), stored_text(text), failure]
    for number, reader in enumerate(READERS):
        read = [place for place, data in enumerate(stored) if reader(kept(data)) not in (None, "")]
        assert set(read) <= ({number} if reader is not text_of else {0, 3}), "a reply has a text, too"


def keys_of(place: object) -> list[Any]:
    if is_mapping(place):
        return list(place)
    return list(range(len(place))) if is_list(place) else []


def changed(draw: st.DrawFn, data: Any) -> Any:
    """The same data with one value in it replaced by anything, or left out."""
    place: Any = data
    while True:
        keys: list[Any] = keys_of(place)
        if not keys:
            return data
        key = draw(st.sampled_from(keys))
        inner: Any = place[key]
        if keys_of(inner) and draw(st.booleans()):
            place = inner
            continue
        if draw(st.booleans()):
            place[key] = draw(PLAIN)
        else:
            del place[key]
        return data


def failed(text: str) -> dict[str, Any]:
    return stored_failure(ToolError(text, kind="status", sent=True))


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """What some other version of the program, or a failing disk, might have left."""
    whole = draw(
        REPLIES.map(stored_reply)
        | HITS.map(stored_hits)
        | st.builds(stored_page, PAGES, TEXT)
        | TEXT.map(stored_text)
        | TEXT.map(failed)
    )
    return changed(draw, kept(whole))


@given(damaged() | PLAIN)
def test_what_cannot_be_read_is_none_and_what_is_read_is_whole(stored: Any) -> None:
    for reader in READERS:
        reader(stored)
    reply, hits, read = reply_of(stored), hits_of(stored), page_of(stored)
    if reply is not None:
        assert isinstance(reply.message, dict)
        assert isinstance(reply.text + reply.finish_reason, str)
        assert all(isinstance(call.name + call.raw + call.id, str) for call in reply.calls)
        assert all(call.arguments is None or isinstance(call.arguments, dict) for call in reply.calls)
        assert reply.usage is None or reply.usage.tokens_in + reply.usage.tokens_out + reply.usage.tokens_cached >= 0
    for hit in hits or ():
        assert isinstance(hit.url + hit.title + hit.snippet + hit.backend + (hit.date or ""), str)
        assert hit.rank * 1 == hit.rank
    if read is not None:
        assert isinstance(read[0].url + read[0].title + read[0].text + read[0].site + (read[0].date or ""), str)
        assert all(isinstance(text + url, str) for text, url in read[0].links)
        assert len(read[0].digest) == 64
