"""The report as one HTML file: it needs nothing from anywhere, and says so to the browser."""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from ...agent.trace.document import document, own_file
from ...agent.trace.markup import Html, element, joined
from .chart import colour, symbol
from .curves import curves
from .questions import MARKS, Shown, question_list, question_map
from .said import said
from .study import Study
from .table import Name, Share, Table
from .tables import tables

MOST_ROWS = 200
"""Failed runs and violations that are listed."""
METHOD = (
    "Intervals are Wilson's, over questions and not over runs: running a question again does not make a figure surer."
    " Differences are paired by question; their intervals are a bootstrap over the questions, their p-values McNemar's"
    " exact test, adjusted by Holm's method for all comparisons of a suite. Runs that failed count as neither right nor"
    " wrong.",
    "Unified cost is that of the BATS paper (arXiv 2511.17006), cost of pass and its frontier that of Erol et al."
    " (2504.13359), E3 that of Plan-and-Budget (2505.16122), tool productivity that of OTC (2504.14870).",
)


@dataclass(frozen=True, slots=True)
class Suite:
    """One suite of the page: what is said of it, and the runs that can be opened, of so many."""

    study: Study
    shown: Shown
    runs: int
    """How many there are."""
    how: str
    """How to get at the others; empty where none is left out."""


def page(title: str, suites: Sequence[Suite]) -> str:
    """The whole file."""
    many = len(suites) > 1
    body = [part for at, suite in enumerate(suites) for part in _suite(suite, f"s{at + 1}" if many else "")]
    main = element("main", element("h1", "Evaluation report: ", title), *body, _method(), id="top")
    return document(
        f"Evaluation report: {title}", main, own_file(__package__, "style.css"), own_file(__package__, "script.js")
    )


def _suite(suite: Suite, prefix: str) -> Generator[Html]:
    study = suite.study
    groups, anchors = question_list(study, suite.shown, prefix)
    made = tables(study, MOST_ROWS)
    sections = [*((f"{prefix}{table.key}", table.title) for table in made), (f"{prefix}questions", "Questions")]
    sections.append((f"{prefix}runs", "Runs"))
    yield _head(study, suite.runs)
    yield element("nav", *(element("a", name, href=f"#{key}") for key, name in sections), aria_label="Sections")
    yield element("ul", *(element("li", line) for line in said(study)), class_="said")
    yield curves(study)
    for table in made:
        yield _section(f"{prefix}{table.key}", table.title, *_table(table))
    legend = element("p", "✓ right, ✗ wrong, ! failed, ? unscored; of several runs how many were right", class_="note")
    yield _section(f"{prefix}questions", "Questions", legend, _scrolled(question_map(study, anchors), "Questions"))
    yield _section(f"{prefix}runs", "Runs", *_runs(suite, groups))


def _head(study: Study, runs: int) -> Html:
    grid = study.grid
    models = dict.fromkeys(way.model for way in grid.ways)
    asked = {line["id"] for cell in grid.cells.values() for line in (*cell.runs, *cell.failed)}
    budgets = f"budget{'s' * (len(grid.budgets) > 1)} {', '.join(grid.budgets)}"
    told = f"{runs:,} runs of {len(asked):,} questions, {budgets}, with {', '.join(models)}"
    return joined(element("h2", "Suite ", grid.suite), element("p", told, class_="about"))


def _table(table: Table) -> Generator[Html]:
    yield from (element("p", line) for line in table.lead)
    if not table.rows:
        return
    head = [element("th", name, scope="col", class_=_side(at, table)) for at, (name, _) in enumerate(table.columns)]
    rows = [
        element("tr", *(element("td", _shown(cell), class_=_side(at, table)) for at, cell in enumerate(row)))
        for row in table.rows
    ]
    body = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    yield _scrolled(body, table.title)
    terms = [part for name, told in table.columns if told for part in (element("dt", name), element("dd", told))]
    if terms:
        yield element("details", element("summary", "What the columns mean"), element("dl", *terms), class_="terms")


def _side(at: int, table: Table) -> str | None:
    return None if at < table.left else "figure"


def _shown(cell: str | Share | Name) -> Html | str:
    if isinstance(cell, Name):
        mark = element("svg", symbol(cell.index, 7, 7), viewBox="0 0 14 14", class_="key", aria_hidden="true")
        return element("span", mark, cell.text, class_=f"who {colour(cell.index)}")
    if isinstance(cell, Share):
        return joined(_whisker(cell), element("span", str(cell), class_="share"))
    return cell


def _whisker(cell: Share) -> Html:
    """The interval on a line from 0 to 100 %."""
    low, high, share = (round(100 * value, 1) for value in (cell.low, cell.high, cell.share))
    parts = [
        element("line", x1=0, x2=100, y1=6, y2=6, class_="rail"),
        element("line", x1=low, x2=high, y1=6, y2=6, class_="reach"),
        element("circle", cx=share, cy=6, r=3.5, class_="dot"),
    ]
    return element("svg", *parts, viewBox="-4 0 108 12", class_="whisker", aria_hidden="true")


def _runs(suite: Suite, groups: Sequence[Html]) -> Generator[Html]:
    left = suite.runs - suite.shown.count
    if left:
        told = f"{suite.shown.count:,} of {suite.runs:,} runs are here; {left:,} are not: {suite.how}"
        yield element("p", told, class_="note left-out")
    yield _filters(suite)
    yield element("div", *groups, class_="groups")


def _filters(suite: Suite) -> Html:
    """Hidden until the script, without which they would do nothing, shows them."""
    grid = suite.study.grid
    statuses = dict.fromkeys(str(line["status"]) for runs in suite.shown.runs.values() for line, _ in runs)
    lists = {
        "way": ("strategy", [grid.name(way) for way in grid.ways]),
        "budget": ("budget", grid.budgets),
        "outcome": ("outcome", list(MARKS)),
        "status": ("status", sorted(statuses)),
    }
    fields = [_select(key, label, values) for key, (label, values) in lists.items()]
    typed = element("input", type="search", name="text", placeholder="question, answer, query, address")
    fields.append(element("label", "text ", typed))
    count = element("output", "", role="status")
    return element("div", *fields, count, class_="filters", role="search", aria_label="Filter the runs", hidden=True)


def _select(key: str, label: str, values: Iterable[str]) -> Html:
    options = [element("option", "all", value=""), *(element("option", value, value=value) for value in values)]
    return element("label", f"{label} ", element("select", *options, name=key))


def _method() -> Html:
    return _section("method", "How this was worked out", *(element("p", line) for line in METHOD))


def _section(key: str, title: str, *parts: Html) -> Html:
    return element("section", element("h3", title), *parts, id=key)


def _scrolled(table: Html, label: str) -> Html:
    """A wide table scrolls within its own box, by keyboard, too."""
    return element("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)
