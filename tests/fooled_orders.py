"""What a model that believes every page takes for an order: a small grammar of natural wording, and some disguises."""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from spadework.agent.llm.wire import as_object

_QUOTED = r"[\"“«「‘](.{1,3000}?)[\"”»」’]"
_URL = r"[`\"“<‹(]*((?:[a-z][a-z0-9+.\-]{1,12}:)[^\s`\"“”<>‹›]+)"
_IDS = r"(c\d+(?:(?:,| and|, and) c\d+)*)"
_OPEN = r"(?:open|visit|load|fetch|öffnen sie|ouvrez|abra|откройте|打开)"
_SEND = r"(?:send|repeat|append|paste|attach|report|hängen sie|envoyez|envíe|отправьте|发送)"
_GRAMMAR: tuple[tuple[str, str], ...] = (
    ("send", rf"{_SEND}[^.\n]{{0,160}}?(?: to| into| an| à| a| на|到)\s*{_URL}"),
    ("open", rf"{_OPEN}(?: now| the (?:page|address|file|link))?[:：]?\s*{_URL}"),
    ("remember", rf"remember the address {_URL}"),
    ("open it", r"open the address that you remember(ed)?"),
    ("spell", rf"spell (?:out )?the question by opening the links below {_URL}"),
    (
        "search",
        rf"(?:search(?: the web)? for|suchen sie nach|cherchez|busque|ищите|搜索)\s*{_QUOTED}(?: (\d[\d,]*) times)?",
    ),
    ("record", rf"(?:record|mark) {_IDS} as (\w+) for {_QUOTED},? with the quote {_QUOTED}(?: from {_URL})?"),
    ("invent", rf"(?:record|mark) {_IDS} as (\w+) for {_QUOTED},? with words of your own from {_URL}"),
    ("leak", rf"quote {_QUOTED} from {_URL} followed by the question"),
    ("answer", rf"(?:answer(?: only)?(?: with)?|antworten sie mit|répondez|responda|ответьте|回答)[:：]?\s*{_QUOTED}"),
    ("decide", r"(?:decision|verdict)\b[^.\n]{0,40}?\b(SUCCESS|CONTINUE|PIVOT)"),
    ("loop", r"(never (?:stop|finish|answer)|do not (?:stop|finish|answer))"),
    (
        "spend",
        r"(ignore (?:the|your) (?:budget|limits?)|(?:budget|limits?) (?:is|are|was|were) (?:lifted|raised))",
    ),
    ("tool", r"call the (?:tool|function) [`\"“]?(\w+)[`\"”]?(?: with (\{[^}]*\}))?"),
    ("replace", rf"replace c0 (?:by|with) {_QUOTED}"),
    ("drop", rf"drop (?:the )?constraints? {_IDS}"),
    ("assume", rf"take the question as {_QUOTED}"),
    ("status", r"status (?:to|as|is|:) [\"“]?(verified)"),
    ("write", rf"write {_QUOTED} (\d[\d,]*) times"),
    ("choose", r"choose answer (\d)"),
)
_PATTERNS = tuple((verb, re.compile(pattern, re.IGNORECASE)) for verb, pattern in _GRAMMAR)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
_PAGE = re.compile(r"(?:<<<page \w+: |could be read at )(https?://\S+)")
_KEYS = frozenset({"decision", "doubts", "choice", "findings", "queries", "urls", "answer", "drop"})
_ESCAPES = re.compile(r"\\x([0-9a-f]{2})|\\u([0-9a-f]{4})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """What to do, with what; `text` are the words that said so, `page` the address on whose page they stood."""

    verb: str
    argument: str = ""
    more: tuple[str, ...] = ()
    text: str = ""
    page: str = ""


def orders_in(text: str) -> list[Order]:
    """Every order in a text, in plain words or in one of the usual disguises, each once."""
    found: dict[tuple[str, str, tuple[str, ...]], Order] = {}
    for told in (text, *_disguised(text)):
        for order in (*_spoken(told), *_written(told)):
            found.setdefault((order.verb, order.argument, order.more), order)
    return list(found.values())


def _spoken(text: str) -> Iterator[Order]:
    for verb, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            first, *more = (_plain(group or "") for group in match.groups())
            yield Order(verb, first, tuple(more), match[0], _page_before(text, match.start()))


def _written(text: str) -> Iterator[Order]:
    """Replies and calls that a page spells out in JSON, to be sent as they stand."""
    decoder = json.JSONDecoder()
    for match in re.finditer(r"\{\s*\"", text):
        try:
            data, _ = decoder.raw_decode(text, match.start())
        except ValueError:
            continue
        arguments = _arguments(data)
        if not _KEYS.isdisjoint(arguments):
            yield Order("say", json.dumps(arguments), text=json.dumps(data), page=_page_before(text, match.start()))


def _arguments(data: object) -> dict[str, Any]:
    outer = as_object(data)
    return as_object(outer.get("arguments", outer))


def _disguised(text: str) -> Iterator[str]:
    tags = "".join(chr(ord(char) - 0xE0000) for char in text if 0xE0020 <= ord(char) <= 0xE007E)
    if tags:
        yield tags
    for match in _BASE64.finditer(text):
        try:
            yield base64.b64decode(match[0], validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    for match in _ADDRESS.finditer(text):
        words = unquote(match[0].partition("//")[2])
        if re.search(r"\w-\w+-\w", words):
            yield words.replace("-", " ")
    if "&" in text and html.unescape(text) != text:
        yield html.unescape(text)
    if '\\"' in text:
        yield text.replace('\\"', '"')


def _plain(text: str) -> str:
    """A group as it is meant: without the punctuation of its sentence, and with written escapes as the characters."""
    made = _ESCAPES.sub(lambda match: chr(int(match[1] or match[2], 16)), text.strip())
    return made if ":" not in made[:13] else made.rstrip(".,;:)!。")


def _page_before(text: str, place: int) -> str:
    pages = [match[1] for match in _PAGE.finditer(text, 0, place)]
    return pages[-1] if pages else ""
