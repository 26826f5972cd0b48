"""Parts of a run as items of lists: constraints, steps, findings, decisions, attempts. Fields may be missing."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..money.block import amount_text
from ..money.budget import label, ordered
from ..nodes.board import MARKS
from ..words import PROOFS, SOURCES
from .markup import Html, element, link, outside

Json = Mapping[str, Any]


def constraint_item(item: Json) -> Html:
    """A constraint; the words of one may not be known."""
    words = [" ", outside(item["text"])] if item.get("text") else []
    dropped = [" ", chip("dropped", "off"), " ", outside(item["dropped"])] if item.get("dropped") else []
    return element("li", name_of(item["id"]), " ", element("i", item["kind"]), *words, *dropped)


def step_item(step: Json) -> Html:
    """A step of the plan, with what it took and what came of it."""
    parts = [element("code", MARKS.get(step["state"], "[ ]"), class_="mark"), " ", name_of(step["id"])]
    if step.get("text"):
        parts += [" ", outside(step["text"])]
    if step.get("used"):
        parts.append(element("small", f" {step['used']} calls"))
    if step.get("note"):
        parts += [" ", outside(step["note"], "small")]
    return element("li", *parts)


def finding_item(item: Json, titles: Mapping[str, str], **attributes: object) -> Html:
    """A finding with its quotes, where these stand, and what was said of it. `titles` are those of pages."""
    proof = PROOFS.get(item["proof"])
    by = f", by {item['by']}" if item.get("by") else ""
    parts = [name_of(item["constraint"]), " ", chip(item["verdict"], item["verdict"])]
    parts.append(element("small", f" {proof or 'without proof'}{by}"))
    for found in item.get("evidence", []):
        title = titles.get(found["url"], "")
        source = [outside(title, "cite"), " "] if title else []
        source += [link(found["url"])] if found["url"] else []
        source += [element("small", f" {SOURCES['snippet']}")] if found["kind"] == "snippet" else []
        footer = [element("footer", *source)] if source else []
        parts.append(element("blockquote", outside(found["quote"], "p"), *footer))
    for name in ("inference", "note", "doubt"):
        if item.get(name):
            parts.append(element("p", element("i", f"{name}: "), outside(item[name])))
    return element("li", *parts, **attributes)


def decision_item(entry: Json, **attributes: object) -> Html:
    """A decision with its rule and reason, and the budget that was seen."""
    parts = [
        chip(entry["outcome"], entry["outcome"].lower()),
        element("small", f" after attempt {entry['attempt']}, by the rule {entry['rule']}"),
    ]
    if entry.get("reason"):
        parts.append(outside(entry["reason"], "p"))
    budget: Mapping[str, int] = entry.get("budget", {})
    left = ", ".join(f"{label(name)} {amount_text(name, budget[name])}" for name in ordered(budget))
    told = [f"left: {left or 'no limit is set'}", f"regime {entry['regime']}"]
    if entry.get("lead"):
        told.insert(0, f"lead: {entry['lead']}")
    if entry.get("proposed") and entry["proposed"] != entry["outcome"]:
        told.append(f"the verifier had proposed {entry['proposed']}")
    return element("li", *parts, outside("; ".join(told), "small"), **attributes)


def attempt_item(item: Json) -> Html:
    """An attempt: its answer, and how it ended."""
    told = [outside(item[name], "p") for name in ("outcome", "why") if item.get(name)]
    return element("li", outside(item.get("answer") or "no answer", "b"), *told)


def name_of(name: str) -> Html:
    """The id of a constraint or a step."""
    return element("code", name)


def chip(word: str, kind: str) -> Html:
    """A word that stands out by its colour."""
    return element("span", word, class_=f"chip {kind}")


def apart(parts: Iterable[str]) -> list[str]:
    """Parts of a line with a middle dot between them."""
    return [piece for at, part in enumerate(parts) for piece in ((" · ", part) if at else (part,))]
