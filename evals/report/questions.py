"""Question by question: a map of who was right, and the runs to open."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from ...agent.trace.markup import Html, element, outside
from ...agent.words import STOPPED
from ..runs.runs_file import Json, has_failed
from .cells import Way
from .chart import colour
from .opened import opened
from .study import Place, Study

MOST_QUESTION = 90
WORDS = {True: "right", False: "wrong", None: "unscored"}
MARKS = {"right": "✓", "wrong": "✗", "unscored": "?", "failed": "!"}


@dataclass(slots=True)
class Shown:
    """The runs that a page opens: by question, each with its place in the page and its markup."""

    runs: dict[str, list[tuple[Json, Html]]] = field(default_factory=dict[str, "list[tuple[Json, Html]]"])
    asked: dict[str, Json] = field(default_factory=dict[str, Json])
    """The details of one run of each question, for its words."""
    size: int = 0
    count: int = 0

    def add(self, study: Study, line: Json, details: Json | None, prefix: str) -> int:
        """Take in a run; how long its markup is."""
        self.count += 1
        made = _run(study, line, details, f"{prefix}r{self.count}")
        self.runs.setdefault(line["id"], []).append((line, made))
        if details:
            self.asked.setdefault(line["id"], details)
        self.size += len(made)
        return len(made)


def outcome(line: Json) -> str:
    """Right, wrong, unscored or failed: one word."""
    return "failed" if has_failed(line) else WORDS[line["correct"]]


def question_map(study: Study, anchors: Mapping[str, str]) -> Html:
    """All questions in rows, all strategies and budgets in columns, right answers of runs in the cells."""
    places = list(study.grid.cells)
    starts = [at == 0 or places[at - 1][0] != way for at, (way, _) in enumerate(places)]
    budgets = [
        element("th", budget, scope="col", class_="first" if first else None)
        for (_, budget), first in zip(places, starts, strict=True)
    ]
    corner = element("th", "question", rowspan=2, scope="col")
    head = element("thead", element("tr", corner, *_ways(study)), element("tr", *budgets))
    runs = _by_question(study)
    rows: list[Html] = []
    for name in sorted(runs):
        href = anchors.get(name)
        label = element("a", outside(name), href=f"#{href}") if href else outside(name)
        cells = (_cell(runs[name].get(place, []), first) for place, first in zip(places, starts, strict=True))
        rows.append(element("tr", element("th", label, scope="row"), *cells))
    return element("table", head, element("tbody", *rows), class_="map")


def question_list(study: Study, shown: Shown, prefix: str) -> tuple[list[Html], dict[str, str]]:
    """The questions with the runs that are shown of them, and the anchor of each."""
    runs = _by_question(study)
    groups: list[Html] = []
    anchors: dict[str, str] = {}
    for at, name in enumerate(sorted(shown.runs), start=1):
        anchors[name] = f"{prefix}q{at}"
        count = _count(runs[name], len(shown.runs[name]))
        groups.append(_group(name, count, shown.runs[name], shown.asked.get(name, {}), anchors[name]))
    return groups, anchors


def _by_question(study: Study) -> dict[str, dict[Place, list[Json]]]:
    """All runs, whether they are shown or not."""
    runs: dict[str, dict[Place, list[Json]]] = {}
    for place, cell in study.grid.cells.items():
        for line in (*cell.runs, *cell.failed):
            runs.setdefault(line["id"], {}).setdefault(place, []).append(line)
    return runs


def _count(runs: Mapping[Place, Sequence[Json]], shown: int) -> str:
    """How many of all runs of a question were right; and how many are here, where that is not all."""
    lines = [line for own in runs.values() for line in own]
    told = f"{sum(line['correct'] is True for line in lines)} of {len(lines)} right"
    return told if shown == len(lines) else f"{told}, {shown} shown"


def _ways(study: Study) -> Generator[Html]:
    """The heads above the budgets of each way."""
    for at, way in enumerate(study.grid.ways):
        many = len(study.grid.of(way))
        yield element("th", study.grid.name(way), colspan=many, scope="colgroup", class_=f"first {colour(at)}")


def _cell(lines: Sequence[Json], first: bool) -> Html:
    words = [outcome(line) for line in lines]
    word = words[0] if len(set(words)) == 1 else "failed" if "failed" in words else "mixed" if words else ""
    shown = f"{words.count('right')}/{len(words)}" if word == "mixed" else MARKS.get(word, "")
    return element("td", shown, class_=f"{word} first" if first else word)


def _group(name: str, count: str, runs: Sequence[tuple[Json, Html]], asked: Json, anchor: str) -> Html:
    question = asked.get("question", "")
    head = [outside(name, "b"), " ", element("span", count, class_="count")]
    head += [outside(_shortened(question), class_="asked")] if question else []
    whole = [outside(question, "p", class_="question")] if question else []
    expected = [element("p", "Right answer: ", *_either(asked["expected"]))] if asked.get("expected") else []
    made = [html for _, html in sorted(runs, key=_place)]
    return element("details", element("summary", *head), *whole, *expected, *made, id=anchor, class_="group")


def _place(run: tuple[Json, Html]) -> tuple[str, str, int, str, int]:
    line = run[0]
    return line["strategy"], line["model"], len(line["budget"]), line["budget"], line["repeat"]


def _shortened(question: str) -> str:
    return question if len(question) <= MOST_QUESTION else question[: MOST_QUESTION - 1].rstrip() + "…"


def _either(answers: Sequence[str]) -> Generator[str]:
    for at, answer in enumerate(answers):
        yield " or " if at else ""
        yield outside(answer, "b")


def _run(study: Study, line: Json, details: Json | None, anchor: str) -> Html:
    way = Way(line["strategy"], line["model"])
    word, name = outcome(line), study.grid.name(way)
    inside = element("div", *_ended(line, word), opened(line, details), class_="inside")
    data = {"data_way": name, "data_budget": line["budget"], "data_outcome": word, "data_status": line["status"]}
    head = _summary(line, word, element("b", name, class_=colour(study.grid.ways.index(way))))
    return element("details", head, inside, id=anchor, class_="run", **data)


def _summary(line: Json, word: str, name: Html) -> Html:
    """A run in one line."""
    spend = line["spend"]
    repeat = f", run {line['repeat']}" if line["repeat"] > 1 else ""
    tokens = spend["tokens_in"] + spend["tokens_out"]
    searches = f"{spend['searches']} search{'es' * (spend['searches'] != 1)}"
    reads = f"{spend['browses']} read{'s' * (spend['browses'] != 1)}"
    answer = "sealed" if line.get("canary") else line["answer"] or "no answer"
    return element(
        "summary",
        element("span", MARKS[word], class_=f"verdict {word}", role="img", aria_label=word),
        element("span", name, f" budget {line['budget']}{repeat}"),
        outside(answer, class_="answer"),
        element("span", line["status"], class_=f"chip {line['status']}"),
        element("small", f"{searches}, {reads}, {tokens:,} tokens"),
    )


def _ended(line: Json, word: str) -> Generator[Html]:
    """How a run ended, and what was wrong with it."""
    limit = f" ({line['resource'].replace('_', ' ')})" if line["resource"] else ""
    stopped = STOPPED.get(line["stop_reason"], line["stop_reason"])
    yield element("p", f"{word}; {stopped}{limit} after {line['spend']['seconds']:.1f} s")
    if line["fault"]:
        yield element("p", "last failure: ", outside(line["fault"]), class_="fault")
    for violation in line["violations"]:
        yield outside(violation, "p", class_="fault")
