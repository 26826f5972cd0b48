"""The page of a report: what is in it, what cannot get into it, and that it is the same each time."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from reported import DETAILS, failed, line, written
from spadework.agent.terminal.cli import cli
from spadework.agent.trace.markup import element, is_web, link, outside, text
from spadework.evals.report.chosen import Wanted, in_order
from spadework.evals.runs.runs_file import Json
from spadework.tools.shapes import is_list, is_mapping

ATTACK = "</details></style></script><script>alert(1)</script><img src=x onerror=alert(1)>\u202egnp\" onload='x"
VOID = ("meta", "input")


class Read(HTMLParser):
    """Elements with their attributes, and what was wrong with how they are nested."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, class_: str = "") -> list[dict[str, str | None]]:
        return [own for name, own in self.found if name == tag and class_ in (own.get("class") or "").split(" ")]


def report(folder: Path, *options: object) -> Result:
    return CliRunner().invoke(cli, ["eval", "report", *map(str, (folder, *options))])


def page_of(folder: Path, *options: object) -> str:
    told = report(folder, *options)
    assert told.exit_code == 0, told.stderr
    return (folder / "report.html").read_text(encoding="utf-8")


def lines() -> list[Json]:
    return [
        *(line(n, budget=b) for n in range(3) for b in ("3", "5")),
        *(line(n, "react", budget=b, right=n == 1) for n in range(3) for b in ("3", "5")),
        failed(3, violations=["searches: 4 of 3"]),
    ]


def test_the_page_has_every_section_figure_and_run(tmp_path: Path) -> None:
    page = page_of(written(tmp_path, lines(), DETAILS))
    read = Read(page)
    words = " ".join(" ".join(read.words).split())
    for title in ("Right answers", "Strategies side by side", "What a run spends", "What right answers cost"):
        assert title in words
    for title in ("Anytime accuracy", "Trust in the status", "Proof of what is claimed", "Failed runs", "Violations"):
        assert title in words
    for figure in ("100% (44% to 100%)", "33% (6% to 79%)", "9,000", "0.0200", "75%", "the model is gone"):
        assert figure in words, figure
    assert len(read.all("svg", "chart")) == 2
    assert len(read.all("polyline", "line")) == 4, "two ways, two charts"
    assert len(read.all("line", "interval")) == 8
    assert read.all("path", "front")
    assert len(read.all("details", "run")) == 13
    run = words[words.index("budget 3 Mara Finch") :]
    parts = (
        "Plan",
        "c1 verification It stands in Wick. dropped misread",
        "Calls",
        "alder bridge 7 results · proves c0",
    )
    found = ("free alder bridge searched before", "failed https://alder.example/wick 404", "Findings", "c0 satisfied")
    last = (
        "built by Mara Finch in 1871 The Alder Bridge https://alder.example/bridge",
        "Decisions",
        "SUCCESS",
        "Receipt",
    )
    at = 0
    for part in (*parts, *found, *last, "searcher 2,050 tokens"):
        assert part in run[at:], part
        at = run.index(part, at)
    assert "refused https://alder.example/hope none left" in run


def test_one_budget_has_points_and_no_line(tmp_path: Path) -> None:
    read = Read(page_of(written(tmp_path, [line(1), line(2, "react")])))
    assert not read.all("polyline")
    assert len(read.all("line", "interval")) == 4


def test_budgets_of_different_things_are_no_curve(tmp_path: Path) -> None:
    read = Read(page_of(written(tmp_path, [line(1), line(1, budget="usd=0.05")])))
    assert not read.all("polyline")
    assert len(read.all("line", "interval")) == 4


def test_without_prices_the_second_chart_is_over_tokens(tmp_path: Path) -> None:
    free = {**line(1)["spend"], "usd": "0"}
    page = page_of(written(tmp_path, [line(1, spend=free)]))
    assert "Right answers over tokens" in page
    assert "Right answers over cost" not in page
    assert "$" not in re.sub(r"(?s)<script>.*?</script>", "", page).replace("costs are told in tokens and calls", "")


WORDS = ("model", "search", "browse", "done", "failed", "refused", "free", "page", "satisfied", "SUCCESS")


def attacked(value: Any) -> Any:
    """The same details with an attack in every text."""
    if isinstance(value, str):
        return value if value in WORDS else f"{ATTACK} {value}"
    if is_list(value):
        return [attacked(item) for item in value]
    return {name: attacked(item) for name, item in value.items()} if is_mapping(value) else value


def test_nothing_that_was_asked_answered_or_quoted_becomes_markup(tmp_path: Path) -> None:
    evil: dict[str, Any] = {
        "strategy": f"s{ATTACK}",
        "model": ATTACK,
        "suite": ATTACK,
        "budget": f"5{ATTACK}",
        "id": ATTACK,
    }
    hostile = attacked(DETAILS)
    for url in ("javascript:alert(1)", "data:text/html,x", "https://user@evil.example/", "https://a.example/\u202ex"):
        hostile["calls"].append({"tool": "browse", "what": url, "state": "done"})
    plain = Read(page_of(written(tmp_path / "plain", lines(), DETAILS)))
    wild = [
        failed(1, **evil, fault=ATTACK, violations=[ATTACK]),
        line(2, **evil, answer=ATTACK, status=ATTACK),
    ]
    page = page_of(written(tmp_path / "wild", wild, hostile))
    read = Read(page)
    assert {tag for tag, _ in read.found} <= {tag for tag, _ in plain.found}
    assert len(read.all("script")) == len(read.all("style")) == 1
    assert not [name for _, own in read.found for name in own if name.startswith("on") or name == "style"]
    assert "\u202e" not in page
    targets = {own.get("href") or "" for own in read.all("a")}
    assert all(target.startswith(("#", "https://alder.example/")) for target in targets), targets
    assert "javascript:alert(1)" in page, "it is shown, as text"


def test_the_page_asks_nobody_for_anything(tmp_path: Path) -> None:
    read = Read(page_of(written(tmp_path, lines(), DETAILS)))
    sources = [(tag, name) for tag, own in read.found for name in own if name in ("src", "srcset", "data", "action")]
    assert sources == []
    assert not [tag for tag, _ in read.found if tag in ("link", "iframe", "form", "object", "base")]
    assert all(own["rel"] == "noreferrer noopener" for own in read.all("a") if (own["href"] or "")[0] != "#")
    (policy,) = (own["content"] or "" for own in read.all("meta") if own.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_the_same_folder_gives_the_same_files(tmp_path: Path) -> None:
    folder = written(tmp_path, lines(), DETAILS)
    report(folder)
    names = ("report.html", "report.md", "report.csv")
    before = [(folder / name).read_bytes() for name in names]
    report(folder)
    assert [(folder / name).read_bytes() for name in names] == before


def test_a_set_that_is_published_encrypted_stays_so(tmp_path: Path) -> None:
    bare = {"sealed": True, "calls": [{"tool": "search", "state": "done"}], "receipt": "x"}
    page = page_of(written(tmp_path, [line(1, answer="c2VhbGVk", canary="the canary")], bare))
    assert "published encrypted" in page
    assert "c2VhbGVk" not in page


def test_a_folder_without_details_has_a_report_too(tmp_path: Path) -> None:
    folder = written(tmp_path, lines())
    (folder / "details.db").unlink()
    assert "has no details of this run" in page_of(folder)


def test_a_large_sweep_opens_the_telling_runs_and_says_what_is_left_out(tmp_path: Path) -> None:
    folder = written(tmp_path, lines(), DETAILS)
    page = page_of(folder, "--runs", "6")
    read = Read(page)
    assert "6 of 13 runs are here; 7 are not" in page
    assert re.search(r"--runs all.*--question ID", page)
    shown = [(own["data-way"], own["data-outcome"]) for own in read.all("details", "run")]
    assert sorted(shown) == [("bats-early", "failed"), ("bats-early", "right"), *[("react", "wrong")] * 4]
    assert "runs are here" not in page_of(folder, "--runs", "all")
    one = page_of(folder, "--question", "q2", "--runs", "1")
    assert [own["data-outcome"] for own in Read(one).all("details", "run")] == [*["right"] * 2, *["wrong"] * 2]
    assert "4 of 13 runs are here" in one


def test_a_page_stays_below_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spadework.evals.report.chosen.MOST_BYTES", 9_000)
    folder = written(tmp_path, lines(), DETAILS)
    assert 1 <= len(Read(page_of(folder)).all("details", "run")) < 5
    assert len(Read(page_of(folder, "--runs", "12")).all("details", "run")) == 12


def test_wrong_runs_of_questions_that_went_differently_come_before_the_others() -> None:
    mixed = [line(1), line(2, right=False), line(3), line(3, "react", right=False), failed(4)]
    order = [(item["id"], item["correct"]) for item in in_order(mixed, Wanted())]
    assert order == [("q4", None), ("q3", False), ("q2", False), ("q3", True), ("q1", True)]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--runs", "many"), "--runs 'many': give a number, or all"),
        (("--question", "q9"), "--question 'q9': there is no run of it"),
        (("-o", "nowhere/x.html"), "nowhere/x.html cannot be written: No such file or directory"),
    ],
)
def test_bad_input_is_one_line(options: tuple[str, ...], error: str, tmp_path: Path) -> None:
    told = report(written(tmp_path, lines()), *options)
    assert told.exit_code == 2
    assert error in told.stderr


@given(st.text())
def test_text_is_text_whatever_it_holds(value: str) -> None:
    read = Read(str(element("p", outside(value), element("b", value, title=value), text(value), link(value))))
    assert [tag for tag, _ in read.found if tag != "a"][:3] == ["p", "span", "b"]
    assert is_web(value) or not read.all("a")


def test_markdown_has_tables_and_verdicts_and_no_markup_of_others(tmp_path: Path) -> None:
    wild = failed(4, fault="![x](https://evil.example) | @all <b>`x`</b>", violations=[])
    told = report(written(tmp_path, [*lines(), wild]), "--markdown", "-")
    rows = told.stdout.splitlines()
    assert rows[0] == "## s with m"
    assert "| strategy | budget | right | questions | runs |" in told.stdout
    assert any(
        row.startswith("- budget 3: bats-early did better in 2 questions, react in 0, p = 0.500") for row in rows
    )
    assert "`![x](https://evil.example) ¦ @all <b>'x'</b>`" in told.stdout
    widths = {row.count("|") for row in rows if row.startswith("| bats-early | 5 | q")}
    assert widths == {6}
    assert not [*tmp_path.glob("report*")], "only what was asked for is written"


def test_several_folders_make_one_report_and_need_a_place_for_it(tmp_path: Path) -> None:
    one, two = written(tmp_path / "a", [line(1)], DETAILS), written(tmp_path / "b", [line(1, "react")], DETAILS)
    told = report(one, two)
    assert told.exit_code != 0
    assert "-o FILE.html" in told.stderr
    told = report(one, two, "-o", tmp_path / "both.html", "--csv", "-")
    assert [row.split(",")[2] for row in told.stdout.splitlines()[1:]] == ["bats-early", "react"]
    page = (tmp_path / "both.html").read_text()
    assert "Evaluation report: a, b" in page
    assert page.count("built by Mara Finch") == 2
