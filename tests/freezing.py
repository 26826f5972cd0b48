"""Small recordings to freeze: pages, redirects, failures and search replies, as a recorded run would hold them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from spadework.evals.recording.cassettes import Cassette, save_cassette
from spadework.evals.recording.entries import pack_body

SEARX = "http://searx.test"
WIKI = "https://en.wikipedia.org"
Event = dict[str, Any]


def page(url: str, text: str, *, title: str = "") -> Event:
    """A page of HTML whose text is long enough to be no wall."""
    return reply(url, f"<html><head><title>{title}</title></head><body><main><p>{text}</p></main></body></html>")


def reply(url: str, body: str | bytes, kind: str = "text/html", *, status: int = 200, location: str = "") -> Event:
    """Whatever a server answered."""
    packed = pack_body(body.encode() if isinstance(body, str) else body)
    headers = {"content-type": [kind]} | ({"location": [location]} if location else {})
    body_stored = packed if isinstance(packed, dict) else {"string": packed}
    return _request(url) | {
        "response": {"status": {"code": status, "message": ""}, "headers": headers, "body": body_stored}
    }


def failure(url: str, kind: str, text: str = "", **more: Any) -> Event:
    """A request that got no reply."""
    return _request(url) | {"error": {"kind": kind, "text": text, **more}}


def searched(query: str, rows: Sequence[Mapping[str, str]]) -> Event:
    """A search of the server at SEARX, with its reply."""
    url = f"{SEARX}/search?{urlencode({'q': query, 'format': 'json'})}"
    return reply(url, json.dumps({"results": rows, "unresponsive_engines": []}), "application/json")


def looked_up(query: str, titles: Sequence[str]) -> Event:
    """A search of Wikipedia, with its reply."""
    rows = [{"title": title, "snippet": f'About <span class="searchmatch">{title}</span>'} for title in titles]
    asked = {"action": "query", "list": "search", "srsearch": query, "srlimit": "10", "format": "json"}
    return reply(f"{WIKI}/w/api.php?{urlencode(asked)}", json.dumps({"query": {"search": rows}}), "application/json")


def tape(file: Path, *events: Event, created: str = "2026-11-01", **meta: Any) -> Path:
    """The events as a cassette file, in the order in which they were sent."""
    ordered = [event | {"order": order} for order, event in enumerate(events, start=1)]
    facts = {"question": "Why?", "created": created, "search": "searxng", "search_url": SEARX, **meta}
    replies = [event for event in ordered if "response" in event]
    failures = [event for event in ordered if "error" in event]
    save_cassette(Cassette(facts, replies, failures, []), file)
    return file


def _request(url: str) -> Event:
    return {"request": {"method": "GET", "uri": url, "body": "", "headers": {}}}
