"""Cases are read from a file or a bundled web, and every mistake is one line that says where it is."""

import json
from pathlib import Path

import pytest
from spadework.evals.suites.cases import Bundled, Case, bundled_of, web_of
from spadework.evals.suites.files import load_cases
from spadework.tools.errors import ConfigError

GOOD = {"id": "a", "question": "Who built it?", "answer": "Mara Finch"}


def write(folder: Path, *lines: object) -> Path:
    file = folder / "suite.jsonl"
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
    return file


def test_a_case_has_a_question_an_answer_and_other_names_of_it(tmp_path: Path) -> None:
    file = write(
        tmp_path, {**GOOD, "aliases": ["M. Finch", "Finch"], "level": "hard"}, "", {**GOOD, "id": 7, "answer": 1871}
    )
    first, second = load_cases(file)
    assert first == Case(id="a", question="Who built it?", answer="Mara Finch", aliases=("M. Finch", "Finch"))
    assert first.expected == ("Mara Finch", "M. Finch", "Finch")
    assert (second.id, second.expected) == ("7", ("1871",))


def test_a_file_of_hotpotqa_is_read_as_it_is(tmp_path: Path) -> None:
    line = {"_id": "5a8b", "question": "Are both?", "answer": "yes", "type": "comparison", "context": [["T", ["s"]]]}
    file = write(tmp_path, "\ufeff" + json.dumps(line))
    assert load_cases(file) == [Case(id="5a8b", question="Are both?", answer="yes")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "line 2: this is no JSON"),
        ("[]", "line 2: give one object a line, such as"),
        ({"question": "Who?", "answer": "x"}, "line 2: id is missing"),
        ({**GOOD, "id": "b", "question": " "}, "line 2: question is empty"),
        ({**GOOD, "id": "b", "answer": ["x"]}, "line 2: answer has to be a text, not list"),
        ({**GOOD, "id": "b", "answer": True}, "line 2: answer has to be a text, not bool"),
        ({**GOOD, "id": "b", "aliases": "x"}, "line 2: aliases has to be a list"),
        ({**GOOD, "id": "b", "aliases": [None]}, "line 2: an alias is missing"),
        (GOOD, "line 2: the id 'a' is that of line 1, too"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(line: object, told: str, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD, line)
    with pytest.raises(ConfigError) as caught:
        load_cases(file)
    assert str(caught.value).startswith(f"{file}, {told}")
    assert "\n" not in str(caught.value)


def test_no_file_and_no_cases_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the suite .*nowhere.jsonl: No such file"):
        load_cases(tmp_path / "nowhere.jsonl")
    with pytest.raises(ConfigError, match="holds no cases"):
        load_cases(write(tmp_path, ""))


@pytest.mark.parametrize(
    ("suite", "bundled", "name"),
    [
        ("bundled", Bundled(20, 16), "bundled:20"),
        ("bundled:20:16", Bundled(20, 16), "bundled:20"),
        ("bundled:3", Bundled(3, 16), "bundled:3"),
        ("bundled:3:100", Bundled(3, 100), "bundled:3:100"),
    ],
)
def test_a_bundled_web_has_one_name(suite: str, bundled: Bundled, name: str) -> None:
    assert bundled_of(suite) == bundled
    assert bundled.suite == name


def test_what_is_nearly_a_bundled_web_is_refused_and_a_file_is_none() -> None:
    assert bundled_of("bundled.jsonl") is None
    for suite in ("bundled:", "bundled:x", "bundled:1:0", "bundled:1:2:3", "bundled:-1"):
        with pytest.raises(ConfigError, match="write bundled, bundled:SEED"):
            bundled_of(suite)


def test_a_bundled_web_is_made_once_and_gives_its_questions_as_cases() -> None:
    bundled = Bundled(20, 1)
    cases = bundled.cases()
    assert [case.id for case in cases] == ["hard-01", "plain-01"]
    assert [case.expected for case in cases] == [(q.answer, *q.aliases) for q in web_of(bundled).world.questions]
    assert web_of(bundled) is web_of(Bundled(20, 1))
