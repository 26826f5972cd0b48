"""JSON replies are read strictly: what was cut off or mended is never trusted."""

import pytest
from scripted import prose
from spadework.agent.llm.verdicts import answer_among, answer_mark, read_object


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        ' \n{"a": 1}\n',
        'Here it is: {"a": 1}',
        '```json\n{"a": 1}\n```',
        '```\n{"a": 1}\n``` and that is all',
        '{"old": {"b": 2}} then {"a": 1}',
        '```json\n{"old": 1}\n```\n```json\n{"a": 1}\n```',
    ],
)
def test_the_last_object_is_read(text: str) -> None:
    parsed = read_object(prose(text))
    assert parsed.data == {"a": 1}
    assert parsed.fault == ""


@pytest.mark.parametrize("text", ["", "no", "[]", "5", "null", '{"a": 1', '{"a": 1,}', "{" * 5_000, "}" * 5_000])
def test_what_is_no_object_has_a_fault(text: str) -> None:
    parsed = read_object(prose(text))
    assert parsed.data == {}
    assert "no complete JSON object" in parsed.fault


@pytest.mark.parametrize("finish", ["length", "max_tokens", "LENGTH"])
def test_a_reply_that_was_cut_off_is_not_read_even_if_it_looks_whole(finish: str) -> None:
    parsed = read_object(prose('{"a": 1}', finish=finish))
    assert parsed.data == {}
    assert "cut off" in parsed.fault


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("ANSWER: Mara Finch", "Mara Finch"),
        ("I am sure.\n**ANSWER:** Mara Finch", "Mara Finch"),
        ("ANSWER: first\nANSWER: second", "second"),
        ("- ANSWER: `1871`", "1871"),
        ("The ANSWER: is hidden", ""),
        ("answer: no", ""),
        ("", ""),
    ],
)
def test_the_answer_mark_stands_at_the_beginning_of_a_line(text: str, answer: str) -> None:
    assert answer_mark(text) == answer


@pytest.mark.parametrize(
    ("text", "finish", "answer"),
    [
        ('{"answer": "Mara Finch", "checks": [', "length", "Mara Finch"),
        ('{"answer": "caf\\u00e9 \\"Orr\\"", "che', "length", 'café "Orr"'),
        ('{"answer": "Mara Fin', "length", ""),
        ("ANSWER: Mara Fin", "length", ""),
        ("ANSWER: Mara Finch", "stop", "Mara Finch"),
        ('{"answer": ', "length", ""),
    ],
)
def test_of_an_unreadable_reply_only_a_whole_answer_is_taken(text: str, finish: str, answer: str) -> None:
    assert answer_among(prose(text, finish=finish)) == answer
