"""Public test sets are read as they are published; what is published encrypted is never written plain."""

import base64
import csv
import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from hypothesis import given
from hypothesis import strategies as st
from spadework.evals.runs.compare import Way, compare
from spadework.evals.runs.compare_text import told
from spadework.evals.runs.runner import run_one
from spadework.evals.runs.tasks import Sweep, Tasks
from spadework.evals.suites.cases import Case
from spadework.evals.suites.files import load_cases
from spadework.evals.suites.sealed import opened, sealed
from spadework.tools.errors import ConfigError

CANARY = "spadework:b9f2 a canary of our own"


def encrypted(text: str) -> str:
    """As the sets' publishers say it: the key is the canary's SHA-256 digest, repeated to the length of the text."""
    data = text.encode()
    key = (hashlib.sha256(CANARY.encode()).digest() * (len(data) // 32 + 1))[: len(data)]
    return base64.b64encode(bytes(a ^ b for a, b in zip(data, key, strict=True))).decode()


def written(folder: Path, name: str, data: Any) -> Path:
    (folder / name).write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return folder / name


def browsecomp(folder: Path, *rows: tuple[str, str]) -> Path:
    file = folder / "browse_comp_test_set.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["problem", "answer", "problem_topic", "canary"])
        table.writerows([encrypted(question), encrypted(answer), "Art", CANARY] for question, answer in rows)
    return file


def workbook(folder: Path, *rows: tuple[str, str]) -> Path:
    openpyxl: Any = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Topic", "Question", "Answer", "canary"])
    for question, answer in rows:
        book.active.append([encrypted("艺术"), encrypted(question), encrypted(answer), CANARY])
    book.save(folder / "browsecomp-zh-encrypted.xlsx")
    return folder / "browsecomp-zh-encrypted.xlsx"


def test_hotpotqa_and_2wikimultihopqa(tmp_path: Path) -> None:
    context = [["Alder Bridge", ["It was built by Mara Finch.", " It is long."]]]
    hotpot = {"_id": "5a7a", "answer": "yes", "question": "Are both?", "supporting_facts": [["Alder Bridge", 0]]}
    wiki = {
        "_id": "8813",
        "type": "compositional",
        "question": "Who?",
        "evidences": [["a", "b", "c"]],
        "answer": "Finch",
    }
    file = written(tmp_path, "dev.json", [{**hotpot, "context": context}, {**wiki, "context": context}])
    assert [(case.id, case.answer) for case in load_cases(file)] == [("5a7a", "yes"), ("8813", "Finch")]


def test_musique_with_other_names_and_without_what_cannot_be_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paragraph = {"idx": 0, "title": "Alder", "paragraph_text": "It was built by Mara Finch.", "is_supporting": True}
    case = {"id": "2hop__1_2", "paragraphs": [paragraph], "question": "Who?", "answer": "Mara Finch"}
    lines = [
        {**case, "answer_aliases": ["Finch"], "answerable": True},
        {**case, "id": "2hop__3_4", "answerable": False},
    ]
    with caplog.at_level(logging.WARNING, "spadework"):
        found = load_cases(written(tmp_path, "musique.jsonl", "\n".join(map(json.dumps, lines))))
    assert found == [Case(id="2hop__1_2", question="Who?", answer="Mara Finch", aliases=("Finch",))]
    assert caplog.messages == ["musique.jsonl: of 2 cases 1 cannot be answered; they are left out"]


def test_hle_without_the_questions_about_an_image(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    row = {"id": "66e8", "question": "Which?", "image": "", "answer": "D", "answer_type": "exactMatch", "canary": "x"}
    file = written(tmp_path, "hle.json", [row, {**row, "id": "66e9", "image": "data:image/png;base64,AAAA"}])
    with caplog.at_level(logging.WARNING, "spadework"):
        assert [case.id for case in load_cases(file)] == ["66e8"]
    assert caplog.messages == ["hle.json: of 2 cases 1 need their image; they are left out"]


@pytest.mark.parametrize("make", [browsecomp, workbook])
def test_encrypted_sets_are_opened_and_their_rows_are_ids(make: Callable[..., Path], tmp_path: Path) -> None:
    file = make(tmp_path, ("谁建造了这座桥？", "玛拉"), ('Who, "and\nwhen"?', "Mara Finch, 1871"))
    first, second = load_cases(file)
    assert first == Case(id="0001", question="谁建造了这座桥？", answer="玛拉", canary=CANARY)
    assert (second.id, second.question, second.answer) == ("0002", 'Who, "and\nwhen"?', "Mara Finch, 1871")
    assert "Mara" not in file.read_bytes().decode("latin-1")


@given(st.text(), st.text())
def test_what_is_sealed_can_be_opened_and_is_as_the_publishers_do_it(text: str, canary: str) -> None:
    assert opened(sealed(text, canary), canary) == text
    assert sealed(text, CANARY) == encrypted(text)


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.csv", "problem,answer,canary\nplain,eA==,c\n", r"a\.csv, row 1: it cannot be decrypted with its canary"),
        ("a.csv", "problem,answer\neA==,eA==\n", r"a\.csv, row 1: canary is missing"),
        ("a.csv", "question,answer,canary\neA==,eA==,c\n", r"a\.csv, row 1: problem is missing"),
        ("a.csv", "", r"a\.csv holds no cases"),
        ("a.xlsx", "PK but no workbook", r"a\.xlsx: this is no workbook that can be read \(BadZipFile\)"),
        ("a.json", {"id": 1}, r"a\.json: give a list of objects, or a file of JSON lines"),
        ("a.json", [1], r"a\.json, item 1: give one object"),
        ("a.json", "[", r"a\.json: this is no JSON"),
    ],
)
def test_a_file_of_another_form_is_one_line(name: str, data: Any, error: str, tmp_path: Path) -> None:
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    with pytest.raises(ConfigError, match=error) as caught:
        load_cases(written(tmp_path, name, data))
    assert "\n" not in str(caught.value)


def test_a_workbook_without_its_reader_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"pip install 'spadework\[xlsx\]'"):
        load_cases(written(tmp_path, "a.xlsx", "PK"))


async def test_a_right_answer_to_an_encrypted_question_is_written_sealed(tmp_path: Path) -> None:
    file = browsecomp(tmp_path, (QUESTION, ANSWER))
    search = f"corpus:{write_corpus(tmp_path)}"
    with alder_model("corpus://alder") as model:
        options: dict[str, Any] = {"model": "fake", "base_url": model.base_url, "search": search}
        (task,) = Tasks.of(Sweep(suite=str(file), out=tmp_path, budget=("4",), **options))
        line = await run_one(task)
    assert (line["correct"], line["fault"], line["canary"]) == (True, "", CANARY)
    assert opened(line["answer"], CANARY) == ANSWER
    assert ANSWER not in json.dumps(line)
    other = {**line, "correct": False, "strategy": "react"}
    ways = Way.of([line], None, "A"), Way.of([other], None, "B")
    assert [*told(*ways, compare(*ways))][-1] == "  0001  bats-early right (sealed); react wrong (sealed)"
