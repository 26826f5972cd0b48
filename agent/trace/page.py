"""A trace as one HTML page: what was asked and answered, when what happened, what it cost, what was said, and why."""

from collections.abc import Generator, Iterable

from ...tools.clean import clean, one_line
from ..money.charges import Charge
from ..money.receipt import receipt_text
from ..words import SOURCES, STATUS, STOPPED
from .curves import budget_curves
from .document import document, own_file
from .lines import Header, Json, Outcome, Part
from .markup import Html, element, joined, link, outside
from .matrix import matrix
from .messages import CallList
from .parts import attempt_item, chip, constraint_item, decision_item, step_item
from .reader import Trace, Traced
from .story import Call, calls_of, ending
from .timeline import timeline

MADE_BY = "spadework trace"
"""What tells a page of ours from another file."""
REDACTED = "The text of pages and results was left out when this was written."


def trace_page(trace: Trace, name: str) -> str:
    """The whole file; `name` is that of the trace."""
    many = len(trace.questions) > 1
    parts: list[Html] = [element("p", note, class_="left-out") for note in trace.notes]
    for number, traced in enumerate(trace.questions, start=1):
        parts += _question(traced, f"q{number}-" if many else "")
    title = f"Trace: {one_line(name, 100)}"
    main = element("main", element("h1", title), *parts, id="top")
    style, script = own_file(__package__, "style.css"), own_file(__package__, "script.js")
    return document(title, main, style, script, made_by=MADE_BY)


def _question(traced: Traced, prefix: str) -> Generator[Html]:
    calls, outcome = calls_of(traced), ending(traced)
    plan = [*map(constraint_item, _plain(outcome.constraints)), *map(step_item, _plain(outcome.plan))]
    decided = [
        decision_item(one, id=f"{prefix}d{number}") for number, one in enumerate(_plain(outcome.decisions), start=1)
    ]
    attempts = list(map(attempt_item, _plain(outcome.attempts))) if len(outcome.attempts) > 1 else []
    sections = {
        "Timeline": timeline(traced, calls, prefix) if calls else Html(""),
        "Budget": budget_curves(traced, prefix),
        "Plan": element("ul", *plan, class_="plan") if plan else Html(""),
        "Matrix": matrix(outcome, prefix),
        "Decisions": element("ol", *decided, class_="decisions") if decided else Html(""),
        "Attempts": element("ol", *attempts, class_="attempts") if attempts else Html(""),
        "Calls": _calls(traced, calls, prefix),
        "Sources": _sources(outcome),
        "Receipt": _receipt(outcome),
    }
    there = {title: content for title, content in sections.items() if content}
    yield _head(traced, outcome, calls)
    links = (element("a", title, href=f"#{prefix}{title.lower()}") for title in there)
    yield element("nav", *links, aria_label="Sections")
    for title, content in there.items():
        yield element("section", element("h3", title), content, id=f"{prefix}{title.lower()}")


def _head(traced: Traced, outcome: Outcome, calls: list[Call]) -> Html:
    header = traced.header
    if traced.outcome is None:
        ended = "the trace ends before the run did"
    else:
        stopped = STOPPED.get(outcome.stop_reason, one_line(outcome.stop_reason, 40))
        ended = f"{stopped}{f' ({one_line(outcome.resource, 40)})' if outcome.resource else ''}"
    status = one_line(outcome.status, 20)
    return joined(
        outside(header.question, "h2", class_="question"),
        outside(outcome.answer or "No answer", "p", class_="answer"),
        element(
            "p", chip(status, status), f" {STATUS.get(outcome.status, '').partition(': ')[2] or 'nothing was found'}"
        ),
        element("p", f"{ended} after {traced.seconds:,.1f} s; ", _spent(traced, outcome, calls), class_="about"),
        outside(f"the question was taken as: {outcome.assumption}", "p") if outcome.assumption else Html(""),
        outside(f"last failure: {outcome.fault}", "p", class_="fault") if outcome.fault else Html(""),
        outside(_about(header), "p", class_="note"),
        element("p", REDACTED, class_="note") if header.redacted else Html(""),
    )


def _spent(traced: Traced, outcome: Outcome, calls: list[Call]) -> str:
    """The receipt in one line; of a trace without an end what its calls tell."""
    if traced.outcome is None:
        return f"{len(calls)} calls until then"
    spend, budget = outcome.spend, outcome.budget
    parts = [
        f"{spend.searches:,}{_of(budget, 'searches')} searches",
        f"{spend.browses:,}{_of(budget, 'browses')} page reads",
        f"{spend.model_calls:,}{_of(budget, 'model_calls')} model calls",
        f"{spend.tokens_in:,} + {spend.tokens_out:,}{_of(budget, 'tokens')} tokens",
        "dollars unknown" if spend.usd is None else f"${spend.usd:.6f}{_of(budget, 'usd')}",
    ]
    return ", ".join([*parts, *(f"{calls:,} {one_line(name, 40)} calls" for name, calls in spend.tools.items())])


def _of(budget: Json, name: str) -> str:
    limit = budget.get(name)
    return (
        f" of {limit:,}" if isinstance(limit, int) else f" of {one_line(limit, 20)}" if isinstance(limit, str) else ""
    )


def _about(header: Header) -> str:
    models = ", ".join(f"{role} {name}" if role != "default" else name for role, name in header.models.items())
    told = [f"run {header.run}", f"strategy {header.strategy}", f"model {models}" if models else ""]
    told += [f"begun {header.started[:19].replace('T', ' ')} UTC", f"Spadework {header.spadework}"]
    return ", ".join(part for part in told if part)


def _calls(traced: Traced, calls: list[Call], prefix: str) -> Html:
    if not calls:
        return Html("")
    listed = CallList(traced, prefix)
    items = element("ol", *(listed.item(call) for call in calls), class_="calls")
    return joined(_filters(calls), items)


def _filters(calls: list[Call]) -> Html:
    """Hidden until the script, without which they would do nothing, shows them."""
    states = {"started": "not ended"}
    fields = [
        _select("tool", "of", dict.fromkeys(call.row for call in calls)),
        _select("state", "that are", dict.fromkeys(states.get(call.state, call.state) for call in calls)),
        element("label", "with ", element("input", type="search", name="text", placeholder="query, address, words")),
        element("button", "open all", type="button"),
        element("output", "", role="status"),
    ]
    return element("div", *fields, class_="filters", role="search", aria_label="Filter the calls", hidden=True)


def _select(key: str, label: str, values: Iterable[str]) -> Html:
    options = [element("option", "all", value=""), *(element("option", one_line(one, 40), value=one) for one in values)]
    return element("label", f"{label} ", element("select", *options, name=key))


def _sources(outcome: Outcome) -> Html:
    items = [
        element(
            "li",
            outside(source.title or "untitled", "cite"),
            " ",
            link(source.url),
            element("small", f" {SOURCES.get(source.kind, '')}".rstrip()),
        )
        for source in outcome.sources
    ]
    return element("ol", *items, class_="sources") if items else Html("")


def _receipt(outcome: Outcome) -> Html:
    """The receipt in full; none where the charges cannot be read."""
    try:
        charges = [Charge.from_dict(charge) for charge in outcome.charges]
        told = receipt_text(charges, outcome.budget, outcome.spend.seconds, full=True) if charges else ""
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        told = ""
    return element("pre", clean(told), tabindex="0") if told else Html("")


def _plain(parts: Iterable[Part]) -> list[Json]:
    return [part.model_dump() for part in parts]
