"""Traces read back: what a file holds, and a clear line for one that is broken, foreign or of a later version."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.trace.page import trace_page
from spadework.agent.trace.reader import Trace, Traced, read_trace
from spadework.agent.trace.story import calls_of, ending, spending
from spadework.tools.errors import ConfigError
from traces import header, lines_of, traced, written


def only(trace: Trace) -> Traced:
    [question] = trace.questions
    return question


def call(t: float, tool: str, what: str, state: str, detail: str = "") -> dict[str, Any]:
    return {"t": t, "kind": "call", "tool": tool, "what": what, "state": state, "detail": detail}


def prompt(t: float, charge: str, role: str = "searcher", node: str = "searcher") -> dict[str, Any]:
    return {"t": t, "kind": "prompt", "charge": charge, "role": role, "node": node, "messages": ["m1"]}


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    file = traced(tmp_path)
    trace = read_trace(file)
    question = only(trace)
    assert trace.notes == []
    assert (question.header.question, question.header.models) == (QUESTION, {"default": "fake"})
    assert question.outcome is not None
    assert (question.outcome.answer, question.outcome.status) == (ANSWER, "verified")
    assert question.outcome.model_dump()["findings"][0]["evidence"][0]["quote"] == "It was built by Mara Finch in 1871"
    calls = calls_of(question)
    rows = [(one.row, one.state) for one in calls]
    assert rows[0] == ("searcher", "done")
    assert sorted(rows) == [("read", "done")] * 2 + [("search", "done")] + [("searcher", "done")] * 3 + [
        ("verifier", "done")
    ]
    assert all(one.end is not None and one.start <= one.end for one in calls)
    assert [one.chars > 80 for one in calls if one.tool == "browse"] == [True, True]
    assert {"c0", "c1"} <= {name for one in calls for name in one.proved}
    gone = spending(question)[-1].gone
    assert (gone["searches"], gone["browses"]) == (1, 2)


def test_a_trace_that_broke_off_shows_what_was_known_until_then(tmp_path: Path) -> None:
    whole = traced(tmp_path).read_bytes().splitlines(keepends=True)
    (tmp_path / "cut.jsonl").write_bytes(b"".join(whole[:-1]) + whole[-1][:40])
    trace = read_trace(tmp_path / "cut.jsonl")
    assert trace.notes == [
        "1 line of the file could not be read.",
        "The trace has no end: the run was killed, goes on still, or the disk was full.",
    ]
    known = ending(only(trace))
    assert (known.answer, known.status) == (ANSWER, "verified")
    assert {finding.constraint for finding in known.findings} == {"c0", "c1", "c2"}
    assert [decision.outcome for decision in known.decisions] == ["SUCCESS"]


@pytest.mark.parametrize("cut", [200, 1_000, 5_000, 9_000])
def test_wherever_a_trace_breaks_off_there_is_a_page(tmp_path: Path, cut: int) -> None:
    data = traced(tmp_path).read_bytes()
    (tmp_path / "cut.jsonl").write_bytes(data[:cut])
    if b"\n" not in data[:cut]:
        with pytest.raises(ConfigError, match="is no trace"):
            read_trace(tmp_path / "cut.jsonl")
    else:
        assert QUESTION in trace_page(read_trace(tmp_path / "cut.jsonl"), "cut")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty: `spadework ask"),
        ("\n \n", "is empty"),
        ("hello\n", "is no trace: `spadework ask"),
        ("[1]\n", "is no trace"),
        ('{"kind": "call"}\n', "is no trace"),
        ('{"t": 0, "kind": "trace", "question": "Who?"}\n', "is no trace"),
        (
            '{"t": 0, "kind": "trace", "schema": 99}\n',
            r"later Spadework \(schema 99, this one reads 1\): update this one",
        ),
        ("\x00\x01\x02", "is no trace"),
    ],
)
def test_a_file_that_is_no_trace_is_told_in_a_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "x.jsonl").write_text(content)
    with pytest.raises(ConfigError, match=said) as caught:
        read_trace(tmp_path / "x.jsonl")
    assert "\n" not in str(caught.value)


def test_what_cannot_be_opened_is_told_in_a_line(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing.jsonl"):
        with pytest.raises(ConfigError, match="cannot be read: "):
            read_trace(place)


def test_lines_of_a_later_version_are_left_out_without_a_word(tmp_path: Path) -> None:
    later = {"t": 1, "kind": "telepathy", "what": "?"}
    more = call(1, "search", "q", "done") | {"colour": "blue"}
    trace = read_trace(
        written(tmp_path / "x.jsonl", header(mood="good"), later, more, {"t": 2, "kind": "end", "result": {}})
    )
    assert trace.notes == []
    assert [one.what for one in calls_of(only(trace))] == ["q"]


def test_broken_lines_are_counted_and_the_others_are_read(tmp_path: Path) -> None:
    bad = [{"t": -1, "kind": "call"}, {"t": 1, "kind": "call", "tool": "magic", "what": "", "state": "done"}, "{", "[]"]
    trace = read_trace(written(tmp_path / "x.jsonl", header(), *bad, call(1, "search", "q", "refused")))
    assert trace.notes[0] == "4 lines of the file could not be read."
    assert len(calls_of(only(trace))) == 1


def test_several_questions_are_several_parts(tmp_path: Path) -> None:
    traced(tmp_path)
    trace = read_trace(traced(tmp_path, question="And who widened it?"))
    assert [one.header.question for one in trace.questions] == [QUESTION, "And who widened it?"]
    assert len(lines_of(tmp_path / "run.jsonl")) > len(trace.questions[0].told)


def test_the_same_call_may_be_under_way_twice(tmp_path: Path) -> None:
    lines = [
        call(0.0, "model", "searcher", "started"),
        prompt(0.0, "r.1/1"),
        call(0.1, "model", "searcher", "started"),
        prompt(0.1, "r.2/1"),
        {"t": 0.5, "kind": "reply", "charge": "r.2/1", "role": "searcher", "tokens_in": 7},
        call(0.5, "model", "searcher", "done"),
        call(0.9, "model", "searcher", "failed", "down"),
        call(1.0, "search", "q", "started"),
    ]
    first, second, third = calls_of(only(read_trace(written(tmp_path / "x.jsonl", header(), *lines))))
    assert (first.state, first.detail, first.end, first.reply) == ("failed", "down", 0.9, None)
    assert (second.state, second.end, second.reply and second.reply.tokens_in) == ("done", 0.5, 7)
    assert (third.state, third.end) == ("started", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.data())
def test_whatever_a_line_holds_there_is_a_page_or_a_clear_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("x") / "x.jsonl"
    lines = [header(), call(1, "model", "searcher", "started"), prompt(1, "c"), {"t": 2, "kind": "message", "id": "m1"}]
    lines += [{"t": 3, "kind": "end", "result": {"findings": [{"candidate": "a", "constraint": "c0", "verdict": "?"}]}}]
    line: dict[str, Any] = data.draw(st.sampled_from(lines))
    name = data.draw(st.sampled_from([*line, "message", "result", "charges"]))
    line[name] = data.draw(JSON)
    written(file, *lines)
    with suppress(ConfigError):
        page = trace_page(read_trace(file), "x")
        assert page.endswith("</html>\n")
        page.encode()
