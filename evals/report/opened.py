"""What one run did, to be opened: constraints and plan, calls, findings, decisions, and the receipt."""

from collections.abc import Generator, Iterable, Mapping
from typing import Any

from ...agent.nodes.board import MARKS
from ...agent.terminal.show import PROOFS
from ...tools.clean import clean
from ..runs.runs_file import Json
from .markup import Html, element, joined, link, outside

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
        _section("Plan", "ul", [*_constraints(details), *_steps(details)], "plan"),
        _section("Calls", "ol", (_call(call) for call in details.get("calls", [])), "calls"),
        *_findings(details),
        _section("Decisions", "ol", (_decision(entry) for entry in details.get("decisions", [])), "decisions"),
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


def _constraints(details: Json) -> Generator[Html]:
    for item in details.get("constraints", []):
        words = [" ", outside(item["text"])] if "text" in item else []
        dropped = [" ", _chip("dropped", "off"), " ", outside(item["dropped"])] if item.get("dropped") else []
        yield element("li", _id(item["id"]), " ", element("i", item["kind"]), *words, *dropped)


def _steps(details: Json) -> Generator[Html]:
    for step in details.get("plan", []):
        parts = [element("code", MARKS.get(step["state"], "[ ]"), class_="mark"), " ", _id(step["id"])]
        if "text" in step:
            parts += [" ", outside(step["text"])]
        if step.get("used"):
            parts.append(element("small", f" {step['used']} calls"))
        if step.get("note"):
            parts += [" ", outside(step["note"], "small")]
        yield element("li", *parts)


def _call(call: Mapping[str, Any]) -> Html:
    parts = [element("b", TOOLS.get(call["tool"], str(call["tool"]))), " "]
    if call["state"] in STATES:
        parts += [_chip(STATES[call["state"]], call["state"]), " "]
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
    told = [element("small", *_apart(came))] if came else []
    return element("li", *parts, *told)


def _findings(details: Json) -> Generator[Html]:
    """By candidate, in the order in which these came up."""
    by_candidate: dict[str, list[Html]] = {}
    for item in details.get("findings", []):
        by_candidate.setdefault(item.get("candidate", ""), []).append(_finding(item, details.get("titles", {})))
    if by_candidate:
        yield element("h5", "Findings")
    for candidate, items in by_candidate.items():
        yield element("h6", outside(candidate)) if candidate else Html("")
        yield element("ul", *items, class_="findings")


def _finding(item: Mapping[str, Any], titles: Mapping[str, str]) -> Html:
    proof = PROOFS.get(item["proof"])
    parts = [_id(item["constraint"]), " ", _chip(item["verdict"], item["verdict"])]
    parts.append(element("small", f" {proof}, by {item['by']}" if proof else f" without proof, by {item['by']}"))
    for found in item.get("evidence", []):
        title = titles.get(found["url"], "")
        source = [outside(title, "cite"), " "] if title else []
        kind = [element("small", " search result, not opened")] if found["kind"] == "snippet" else []
        parts.append(
            element("blockquote", outside(found["quote"], "p"), element("footer", *source, link(found["url"]), *kind))
        )
    for name in ("inference", "note", "doubt"):
        if item.get(name):
            parts.append(element("p", element("i", f"{name}: "), outside(item[name])))
    return element("li", *parts)


def _decision(entry: Mapping[str, Any]) -> Html:
    parts = [
        _chip(entry["outcome"], entry["outcome"].lower()),
        element("small", f" after attempt {entry['attempt']}, by the rule {entry['rule']}"),
    ]
    if entry.get("reason"):
        parts.append(outside(entry["reason"], "p"))
    left = ", ".join(f"{name} {amount:,}" for name, amount in entry.get("budget", {}).items())
    told = [f"left: {left or 'no limit is set'}", f"regime {entry['regime']}"]
    if entry.get("lead"):
        told.insert(0, f"lead: {entry['lead']}")
    if entry.get("proposed") and entry["proposed"] != entry["outcome"]:
        told.append(f"the verifier had proposed {entry['proposed']}")
    return element("li", *parts, outside("; ".join(told), "small"))


def _attempts(details: Json) -> Generator[Html]:
    """Only where there was more than one: else it is the run itself."""
    attempts = details.get("attempts", [])
    for item in attempts if len(attempts) > 1 else ():
        told = [outside(item[name], "p") for name in ("outcome", "why") if item.get(name)]
        yield element("li", outside(item.get("answer") or "no answer", "b"), *told)


def _receipt(details: Json) -> Html:
    if not details.get("receipt"):
        return Html("")
    return joined(element("h5", "Receipt"), element("pre", clean(details["receipt"]), tabindex="0"))


def _id(name: str) -> Html:
    return element("code", name)


def _chip(word: str, kind: str) -> Html:
    return element("span", word, class_=f"chip {kind}")


def _apart(parts: list[Html]) -> list[str]:
    """Parts of a line with a middle dot between them."""
    return [piece for at, part in enumerate(parts) for piece in ((" · ", part) if at else (part,))]
