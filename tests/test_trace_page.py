"""The page of a trace: what it shows, what an attack in it can do (nothing), and the command that makes it."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from alder import ANSWER, BRIDGE, QUESTION, replies
from click.testing import CliRunner, Result
from fake_openai import calls, error, text
from spadework.agent.nodes import calls as calls_module
from spadework.agent.terminal.cli import cli
from traces import BASE, header, traced, written

EVIL = (
    "</script></details><script>alert(1)</script><img src=x onerror=alert(2)><a href='javascript:alert(3)'>x</a>"
    "\x1b[2J\x1b]8;;https://evil.example\x07\u202egnp.exe\u2066\r"
)
VOID = {"meta", "input"}


class Read(HTMLParser):
    """The elements of a page in their order, with their attributes; an element that is closed twice is a mistake."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in ("script", "style"):
            self.words += data

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.found if name == tag)


def made(*line: str | Path) -> Result:
    return CliRunner().invoke(cli, ["trace", *map(str, line)])


def page_of(file: Path) -> Read:
    done = made(file)
    assert done.exit_code == 0, done.output
    return Read(file.with_suffix(".html").read_text(encoding="utf-8"))


def test_the_page_has_all_that_a_run_did(tmp_path: Path) -> None:
    page = page_of(traced(tmp_path))
    for part in (
        QUESTION,
        ANSWER,
        "verified",
        "1 of 4 searches, 2 of 4 page reads, 4 model calls",
        "strategy bats-early",
    ):
        assert part in page.words
    titles = re.findall(r"Timeline|Budget|Plan|Matrix|Decisions|Calls|Sources|Receipt", page.words)
    assert list(dict.fromkeys(titles)) == [
        "Timeline",
        "Budget",
        "Plan",
        "Matrix",
        "Decisions",
        "Calls",
        "Sources",
        "Receipt",
    ]
    for part in ("built by Mara Finch in 1871", "alder bridge engineer", f"{BASE}/finch", "find who built the bridge"):
        assert part in page.words
    assert "every constraint is proven by page quotes" in page.words
    assert "every call, and what it helped to prove" in page.words, "the receipt in full"
    assert BRIDGE in page.words, "the prompt as it was sent"
    bars = [one for one in page.all("a") if (one.get("class") or "").startswith("bar ")]
    assert len(bars) == 7
    assert {one["id"] for _, one in page.found if one.get("id")} >= {str(one["href"])[1:] for one in bars}


def test_a_message_is_shown_once_and_every_link_leads_somewhere(tmp_path: Path) -> None:
    page = page_of(traced(tmp_path))
    assert page.words.count("You find the answer to one question on the web") == 2, "as the first words, and in full"
    assert page.words.count("as in the prompt of call 1") == 6, "system, question and tools of two more calls"
    assert "as in the reply of call 1" in page.words
    names = [str(one["id"]) for _, one in page.found if one.get("id")]
    assert len(names) == len(set(names))
    for one in page.all("a"):
        target = str(one["href"])
        assert target.startswith("https://alder.example/") or target[1:] in names


def test_headings_go_down_by_one(tmp_path: Path) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(traced(tmp_path)).found if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_calls_that_failed_were_refused_or_free_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "BACKOFF_S", (0.0, 0.0))
    first, second, third, last = replies(BASE)
    again = calls(
        ("browse", {"urls": [f"{BASE}/bridge"], "goal": "who"}), ("search", {"queries": ["alder bridge engineer"]})
    )
    page = page_of(traced(tmp_path, said=[error(503, "busy"), first, second, again, third, last]))
    states = [(one.get("data-tool"), one.get("data-state")) for one in page.all("li") if "data-tool" in one]
    assert ("searcher", "failed") in states
    assert ("read", "free") in states
    assert "busy" in page.words
    kinds = {
        (one.get("class") or "").split(" ")[1] for one in page.all("a") if (one.get("class") or "").startswith("bar ")
    }
    assert kinds >= {"done", "failed", "free"}


def test_nothing_of_an_attack_is_live(tmp_path: Path) -> None:
    address = "javascript:alert(4)"
    finding = {"candidate": EVIL, "constraint": EVIL, "verdict": EVIL, "proof": "page", "by": EVIL}
    finding |= {"evidence": [{"kind": "page", "url": address, "quote": EVIL}], "inference": EVIL}
    decision = {"outcome": EVIL, "rule": EVIL, "reason": EVIL, "regime": EVIL, "lead": EVIL, "budget": {EVIL: 1}}
    result = {"answer": EVIL, "status": EVIL, "stop_reason": EVIL, "fault": EVIL, "resource": EVIL, "assumption": EVIL}
    result |= {"findings": [finding], "decisions": [decision], "attempts": [{"answer": EVIL, "why": EVIL}] * 2}
    result |= {"constraints": [{"id": EVIL, "text": EVIL, "kind": EVIL, "dropped": EVIL}], "budget": {"usd": EVIL}}
    result |= {"plan": [{"id": EVIL, "text": EVIL, "state": EVIL, "note": EVIL}]}
    result |= {"sources": [{"url": address, "title": EVIL}, {"url": "https://a@evil.example/", "title": EVIL}]}
    message = {
        "role": EVIL,
        "content": EVIL,
        "tool_calls": [{"function": {"name": EVIL, "arguments": EVIL}}],
        EVIL: EVIL,
    }
    file = written(
        tmp_path / "evil.jsonl",
        header(question=EVIL, run=EVIL, models={EVIL: EVIL}, started=EVIL, spadework=EVIL),
        {"t": 0, "kind": "message", "id": EVIL, "message": message},
        {"t": 0, "kind": "tools", "id": "t", "tools": [{EVIL: EVIL}]},
        {"t": 0, "kind": "call", "tool": "model", "what": EVIL, "state": "started"},
        {"t": 0, "kind": "prompt", "charge": EVIL, "role": EVIL, "node": EVIL, "messages": [EVIL, EVIL], "tools": "t"},
        {"t": 1, "kind": "reply", "charge": EVIL, "role": EVIL, "message": EVIL, "finish_reason": EVIL},
        {"t": 1, "kind": "call", "tool": "model", "what": EVIL, "state": "failed", "detail": EVIL},
        {"t": 1, "kind": "call", "tool": "browse", "what": address, "state": "done", "detail": EVIL},
        {"t": 1, "kind": "call", "tool": "tool", "what": EVIL, "state": "done", "detail": EVIL},
        {"t": 1, "kind": "decision", "decision": decision},
        {"t": 2, "kind": "spend", "limits": {EVIL: 3}, "gone": {EVIL: 1}},
        {"t": 2, "kind": "end", "result": result},
    )
    page = page_of(file)
    source = (tmp_path / "evil.html").read_text(encoding="utf-8")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u2066]", source)
    assert len(list(page.all("script"))) == 1
    assert [tag for tag, _ in page.found if tag in ("img", "iframe", "object", "link", "form", "base")] == []
    assert all(name is not None and not name.startswith("on") for _, one in page.found for name in one)
    assert all(str(one["href"]).startswith("#") for one in page.all("a"))
    assert all("style" not in one and "src" not in one for _, one in page.found)
    assert html.escape("<img src=x onerror=alert(2)>") in source, "it is all there, as text"
    policy = next(str(one["content"]) for one in page.all("meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_without_page_text_the_page_says_so(tmp_path: Path) -> None:
    page = page_of(traced(tmp_path, "--trace-redact"))
    assert "The text of pages and results was left out" in page.words
    assert BRIDGE not in page.words
    assert ANSWER in page.words


def test_two_questions_of_a_file_are_kept_apart(tmp_path: Path) -> None:
    traced(tmp_path)
    page = page_of(traced(tmp_path, question="And who widened it?"))
    names = [str(one["id"]) for _, one in page.found if one.get("id")]
    assert len(names) == len(set(names))
    assert {"q1-timeline", "q2-timeline"} <= set(names)


def test_the_page_is_written_beside_the_trace_and_replaced_by_the_next(tmp_path: Path) -> None:
    file = traced(tmp_path)
    first = made(file)
    assert (first.exit_code, first.stdout) == (0, "")
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/run\.html \([\d,]+ bytes\)\n", first.stderr)
    assert made(file).exit_code == 0
    other = made(file, "-o", tmp_path / "other.html")
    assert other.exit_code == 0
    assert (tmp_path / "other.html").read_bytes() == (tmp_path / "run.html").read_bytes()
    printed = made(file, "-o", "-")
    assert printed.stdout.encode() == (tmp_path / "run.html").read_bytes()


@pytest.mark.parametrize("name", ["pages.jsonl", "notes.html", "run.jsonl"])
def test_what_is_no_page_of_ours_is_not_written_over(tmp_path: Path, name: str) -> None:
    file = traced(tmp_path)
    (tmp_path / "notes.html").write_text("<p>mine")
    before = (tmp_path / name).read_bytes()
    done = made(file, "-o", tmp_path / name)
    assert done.exit_code == 2
    assert (
        done.stderr
        == f"error: {tmp_path / name} is there and is no page of a trace: name another file with -o, or delete it\n"
    )
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize(
    ("file", "out"), [("missing.jsonl", "x.html"), ("pages.jsonl", "x.html"), ("run.jsonl", "no/x.html")]
)
def test_what_cannot_be_read_or_written_is_one_line(tmp_path: Path, file: str, out: str) -> None:
    traced(tmp_path)
    done = made(tmp_path / file, "-o", tmp_path / out)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("file", "out"), [("run.jsonl", "/dev/zero"), ("run.jsonl", "."), ("/dev/zero", "x.html")])
def test_what_never_ends_is_not_read(tmp_path: Path, file: str, out: str) -> None:
    traced(tmp_path)
    done = made(tmp_path / file, "-o", tmp_path / out)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1


def test_a_run_with_nothing_to_show_has_a_page(tmp_path: Path) -> None:
    page = page_of(traced(tmp_path, "--tokens", "0", said=[text("nothing")]))
    assert "No answer" in page.words
    assert "stopped: the budget ran out (tokens)" in page.words
