"""What one run did, to be opened: constraints and plan, calls, findings, decisions, and the receipt."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from ...agent.trace.markup import Html, element, joined, link, outside
from ...agent.trace.parts import apart, attempt_item, chip, constraint_item, decision_item, finding_item, step_item
from ...tools.clean import clean
from ..runs.runs_file import Json

STATES = {"failed": "failed", "refused": "refused", "free": "free", "started": "not ended"}
"""Calls that were made, and brought something, say nothing of it."""
TOOLS = {"browse": "read", "search": "search", "model": "model", "tool": "tool"}
SEALED = (
    "This question is of a set that is published encrypted: its words, those of the answer, and what was searched and"
    " read are not in this report."
)
NO_DETAILS = "The folder has no details of this run: it was made before these were kept."


def opened(line: Json, details: Json | None) -> Html:
    """The inside of a run."""
    if details is None:
        return element("p", NO_DETAILS, class_="note")
    return joined(
        element("p", SEALED, class_="note") if details.get("sealed") else "",
        _assumption(details),
        _section("Plan", "ul", _plan(details), "plan"),
        _section("Calls", "ol", (_call(call) for call in details.get("calls", [])), "calls"),
        *_findings(details),
        _section("Decisions", "ol", (decision_item(entry) for entry in details.get("decisions", [])), "decisions"),
        _section("Attempts", "ol", _attempts(details), "attempts"),
        _receipt(details),
    )


def _section(title: str, kind: str, items: Iterable[Html], class_: str) -> Html:
    listed = list(items)
    if not listed:
        return Html("")
    return joined(element("h5", title), element(kind, *listed, class_=class_))


def _assumption(details: Json) -> Html:
    taken = details.get("assumption")
    return element("p", "The question was taken as: ", outside(taken)) if taken else Html("")


def _plan(details: Json) -> Generator[Html]:
    yield from map(constraint_item, details.get("constraints", []))
    yield from map(step_item, details.get("plan", []))


def _attempts(details: Json) -> Generator[Html]:
    """Only where there was more than one: else it is the run itself."""
    attempts = details.get("attempts", [])
    yield from map(attempt_item, attempts if len(attempts) > 1 else ())


def _call(call: Mapping[str, Any]) -> Html:
    parts = [element("b", TOOLS.get(call["tool"], str(call["tool"]))), " "]
    if call["state"] in STATES:
        parts += [chip(STATES[call["state"]], call["state"]), " "]
    what = str(call.get("what", ""))
    if what:
        parts.append(link(what) if call["tool"] == "browse" else outside(what))
    detail = str(call.get("detail", "")).removeprefix(f"{call['state']}: ")
    came = [outside(detail)] if detail else []
    came += [element("span", f"{call['chars']:,} characters")] if call.get("chars") else []
    if "tokens_in" in call or "tokens_out" in call:
        cached = f", {call['tokens_cached']:,} cached" if call.get("tokens_cached") else ""
        came.append(element("span", f"{call.get('tokens_in', 0):,} + {call.get('tokens_out', 0):,} tokens{cached}"))
    came += [element("span", f"proves {' '.join(call['proved'])}", class_="proved")] if call.get("proved") else []
    came += [element("span", ", ".join(call["marks"]))] if call.get("marks") else []
    told = [element("small", *apart(came))] if came else []
    return element("li", *parts, *told)


def _findings(details: Json) -> Generator[Html]:
    """By candidate, in the order in which these came up."""
    by_candidate: dict[str, list[Html]] = {}
    for item in details.get("findings", []):
        by_candidate.setdefault(item.get("candidate", ""), []).append(finding_item(item, details.get("titles", {})))
    if by_candidate:
        yield element("h5", "Findings")
    for candidate, items in by_candidate.items():
        yield element("h6", outside(candidate)) if candidate else Html("")
        yield element("ul", *items, class_="findings")


def _receipt(details: Json) -> Html:
    if not details.get("receipt"):
        return Html("")
    return joined(element("h5", "Receipt"), element("pre", clean(details["receipt"]), tabindex="0"))
