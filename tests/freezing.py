"""Small recordings to freeze: pages, redirects, failures and search replies, as a recorded run would hold them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from spadework.evals.frozen.freeze import freeze
from spadework.evals.recording.cassettes import Cassette, save_cassette
from spadework.evals.recording.entries import pack_body

SEARX = "http://searx.test"
WIKI = "https://en.wikipedia.org"
HOST = "https://a.example"
BRIDGE = "The Alder Bridge crosses the Thurle. It was built by Mara Finch in 1871 and widened in 1902."
LONG = "Rain fell on the hills all day. " * 60 + "A zeppelin passed over Wick at noon. " + "Nobody saw it. " * 60
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


def frozen_web(folder: Path) -> Path:
    """A web with pages, a redirect, a page that was only shown, failures, and dated pages on two sites."""
    tape(
        folder / "one.json",
        searched("bridge", [{"url": f"{HOST}/shown", "title": "Thurle ferry", "content": "The ferry sank in 1899."}]),
        page(f"{HOST}/bridge?utm_source=x", f'{BRIDGE} <a href="/finch">Mara Finch</a>', title="Alder Bridge"),
        reply(f"{HOST}/old", "", status=301, location="/weather"),
        page(f"{HOST}/weather", LONG, title="Weather diary"),
        reply(f"{HOST}/gone", "no", status=404),
        failure("https://down.example/", "ConnectError", "refused"),
        reply(
            f"{HOST}/wall", "<title>Just a moment...</title><p>Checking your browser. Enable JavaScript and cookies."
        ),
    )
    rows = [
        {"title": "The Who", "text": "An English rock band from London.", "url": "https://b.example/who"},
        {"title": "Ice in spring", "text": "Ice on the lake.", "url": "https://b.example/ice1", "date": "2020-05-01"},
        {
            "title": "Ice in autumn",
            "text": "Ice on the lake.",
            "url": "https://s.b.example/ice2",
            "date": "2024-10-01",
        },
        {"title": "東京", "text": "東京都は日本の首都である。"},
    ]
    (folder / "pages.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    freeze([folder / "one.json", folder / "pages.jsonl"], folder / "web.db")
    return folder / "web.db"


def _request(url: str) -> Event:
    return {"request": {"method": "GET", "uri": url, "body": "", "headers": {}}}
