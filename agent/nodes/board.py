"""What is known so far, as text for the prompts: constraints, findings, plan and records, each bounded."""

from collections.abc import Callable, Sequence

from ...tools.clean import neutralise, one_line
from ..proof.matrix import Row, active, cell_key, row_of, rows, same_name
from ..state import AgentState, Constraint, Finding, Record, Step

MAX_ROWS = 4
MAX_STEPS = 12
QUOTES_SHOWN = 2
STEPS_SHOWN = 4
"""Of the answer itself: a quote for each step that leads to it."""
MAX_RECORDS = 3
MAX_LINE = 1_500
"""Lines of a record are short, but for the summary of a search where that stands in for the search."""
MARKS = {"todo": "[ ]", "done": "[x]", "failed": "[!]", "partial": "[~]"}
NOT_STATED = "not stated yet: in this turn call record(constraints=[...]), with [] if it demands only what it asks"


def constraints_text(constraints: Sequence[Constraint], *, stated: bool) -> str:
    """The constraints by id; c0 first."""
    lines = ["[constraints]"]
    for constraint in active(constraints):
        form = f", {expected}" if (expected := constraint.get("form")) else ""
        lines.append(f"{constraint['id']} ({constraint['kind']}{form}) {one_line(constraint['text'], 300)}")
    if not stated:
        lines.append(NOT_STATED)
    return "\n".join(lines)


Unread = Callable[[str], bool]
"""Whether an address may still be read."""


def findings_text(state: AgentState, unread: Unread = bool) -> str:
    """One line a candidate and cell, the most promising candidates first; empty while there is none."""
    names = [candidate["answer"] for candidate in state["candidates"]]
    found = rows(state["constraints"], state["findings"], names)
    if not found:
        return ""
    lines = ["[findings]"]
    for row in found[:MAX_ROWS]:
        lines.append(f"candidate {one_line(row.candidate, 120)!r}: {_summary(row)}")
        if row is found[0]:
            lines += _proven(row, state["findings"])
        for ids in (row.contradicted, row.disputed, row.weakly, row.unknown):
            lines += _details(row, ids, state["findings"], unread)
    if len(found) > MAX_ROWS:
        lines.append(f"and {len(found) - MAX_ROWS} weaker candidates")
    return "\n".join(lines)


def rivals_text(state: AgentState, candidate: str) -> str:
    """The other candidates and how they stand, in a line each; empty where there is none."""
    names = [item["answer"] for item in state["candidates"]]
    others = [
        row for row in rows(state["constraints"], state["findings"], names) if not same_name(row.candidate, candidate)
    ]
    lines = [f"{one_line(row.candidate, 120)!r}: {_summary(row)}" for row in others[: MAX_ROWS - 1]]
    return "\n".join(["[other candidates]", *lines]) if lines else ""


def candidate_text(state: AgentState, name: str) -> str:
    """One candidate with all that is known of it, for whoever has to choose."""
    row = row_of(name, state["constraints"], state["findings"])
    lines = [one_line(name, 300)]
    if state["findings"]:
        lines += [_summary(row), *_proven(row, state["findings"])]
        for ids in (row.contradicted, row.disputed, row.weakly):
            lines += _details(row, ids, state["findings"], lambda _: False)
    lines += [item["verification"] for item in state["candidates"] if item["answer"] == name and "verification" in item]
    return "\n".join(lines)


def plan_text(plan: Sequence[Step]) -> str:
    """The checklist; of a long one what is open and the last that was done."""
    if not plan:
        return ""
    shown = list(plan)
    while len(shown) > MAX_STEPS:
        done = next((step for step in shown if step["state"] in ("done", "failed")), shown[0])
        shown.remove(done)
    return "\n".join(["[plan]", *(step_line(step) for step in shown)])


def step_line(step: Step) -> str:
    """A step as a line: its mark, its number, what it is, what it used of its share, and what came of it."""
    said = step.get("note", "")
    note = f" - {one_line(said, 300)}" if said else ""
    indent = "  " * step["id"].count(".")
    return f"{indent}{MARKS[step['state']]} {step['id']}. {one_line(step['text'], 200)}{_used(step)}{note}"


def _used(step: Step) -> str:
    used, share = step.get("used", 0), step.get("calls")
    if share is None:
        return f" (took {used} calls)" if used else ""
    if not used:
        return f" (about {share} calls)"
    over = ", over its share" if used > share else ""
    return f" (took {used} of about {share} calls{over})"


def warnings_text(warnings: Sequence[str]) -> str:
    """What the searcher should know about its own work; empty when there is nothing."""
    return "\n".join(["[warnings]", *warnings]) if warnings else ""


def records_text(records: Sequence[Record]) -> str:
    """What earlier attempts left, the last ones."""
    parts: list[str] = []
    for record in records[-MAX_RECORDS:]:
        other = record["checked"] and record["checked"] != record["answer"]
        instead = f" (checked was {record['checked']}, for which more is shown)" if other else ""
        answer = f"{record['answer'] or 'no answer'}{instead}"
        lines = [f"[record] attempt {record['attempt']}: {answer}, {record['outcome']}"]
        if record["why"]:
            lines.append(f"why: {one_line(record['why'], 300)}")
        for name in ("facts", "gaps", "leads") if record is records[-1] else ("facts",):
            lines += [f"{name[:-1]}: {one_line(item, MAX_LINE)}" for item in record[name][:9]]
        if record["queries"]:
            lines.append("searched: " + "; ".join(one_line(query, 80) for query in record["queries"][-8:]))
        if record["sources"] and record is records[-1]:
            lines.append("pages read (free to open again): " + " ".join(record["sources"][-10:]))
        head, *rest = lines
        parts.append("\n".join([head, *map(neutralise, rest)]))
    return "\n\n".join(parts)


def _summary(row: Row) -> str:
    parts = [
        f"{name} {' '.join(ids)}"
        for name, ids in (
            ("proven by page", row.by_page),
            ("weakly", row.weakly),
            ("contradicted", row.contradicted),
            ("disputed", row.disputed),
            ("open", row.unknown),
        )
        if ids
    ]
    return "; ".join(parts)


def _proven(row: Row, findings: dict[str, Finding]) -> list[str]:
    """The words that prove each cell of the lead, shortened, and what was inferred from them."""
    lines: list[str] = []
    for name in row.by_page:
        finding = findings[cell_key(row.candidate, name)]
        because = f" ({one_line(finding['inference'], 80)})" if finding["inference"] else ""
        most = STEPS_SHOWN if name == "c0" else QUOTES_SHOWN
        quotes = " ".join(f'"{one_line(item["quote"], 110)}"' for item in finding["evidence"][:most])
        lines.append(f"  {name}: {quotes}{because}")
    return lines


def _details(row: Row, ids: Sequence[str], findings: dict[str, Finding], unread: Unread) -> list[str]:
    """Notes on the cells that are not proven, so that the model sees why."""
    lines: list[str] = []
    for constraint in ids:
        finding = findings.get(cell_key(row.candidate, constraint))
        if finding is None:
            continue
        if finding["proof"] == "snippet" and finding["verdict"] == "satisfied":
            urls = dict.fromkeys(item["url"] for item in finding["evidence"] if item["kind"] == "snippet")
            wanted = " ".join(url for url in urls if unread(url))
            lines.append(f"  {constraint}: from search results only{'; to prove it read ' + wanted if wanted else ''}")
        elif note := finding.get("note", ""):
            lines.append(f"  {constraint}: {one_line(note, 200)}")
    return lines
