"""A result as text: the answer and its status, what proves each part, the sources, and the receipt."""

import shutil
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ...tools.clean import clean, one_line
from ..money.budget import FURTHER, label
from ..proof.matrix import active, cell_key, rows, same_name
from ..result import Result
from ..state import Constraint, Finding
from ..words import PROOFS, SOURCES, STATUS, STOPPED
from .explain import explanation
from .wrapping import wrapped

SO_FAR = "unverified: the best answer so far; not every part is proven yet"
CONTRADICTED = "unverified: the best answer there is, although something found contradicts a part of it"
NO_ROOM = "stopped: the budget is too small for a first call to the model"
EARLY = ("budget", "cancelled", "error")
WIDEST = 100


def text_width() -> int:
    """How wide text on stdout should be: the terminal's width within bounds, or as wide as it likes in a pipe."""
    return max(30, min(WIDEST, shutil.get_terminal_size().columns)) if sys.stdout.isatty() else WIDEST


def result_text(result: Result, width: int = WIDEST, *, full: bool = False, explain: bool = False) -> str:
    """The whole result as plain text, wrapped to `width` columns but for addresses and a receipt in full.

    With `explain` also the plan, and the log of decisions.
    """
    spent = receipt(result, width, full=full)
    parts = [head_text(result, width), proof_text(result, width), sources_text(result, width)]
    parts += [explanation(result, width)] if explain else []
    parts.append(spent)
    return "\n\n".join(part for part in parts if part)


def head_text(result: Result, width: int = WIDEST) -> str:
    """The answer, how far it can be trusted, and how the run ended."""
    lines = [*wrapped(result.answer, width), ""] if result.answer else []
    lines += wrapped(f"the question was taken as: {result.assumption}", width) if result.assumption else []
    lines += wrapped(status_text(result), width)
    lines += wrapped(f"{stopped_text(result)} after {result.spend.seconds:.1f} s", width)
    if result.fault:
        lines += wrapped(f"last failure: {result.fault}", width)
    return "\n".join(lines)


def proof_text(result: Result, width: int = WIDEST) -> str:
    """Each constraint with its verdict for the answer, and its quotes; then the other candidates in a line each."""
    findings = {cell_key(item["candidate"], item["constraint"]): item for item in result.findings}
    constraints = [Constraint(**constraint) for constraint in result.constraints]
    numbers = {source.url: number for number, source in enumerate(result.sources, start=1)}
    lines: list[str] = []
    for constraint in active(constraints) if result.answer else ():
        finding = findings.get(cell_key(result.answer, constraint["id"]))
        verdict = "open" if finding is None else verdict_text(finding)
        lines += wrapped(f"{constraint['id']} {constraint['text']}: {verdict}", width, "   ")
        lines += [] if finding is None else _proof(finding, numbers, width)
    for constraint in constraints if result.answer else ():
        if why := constraint.get("dropped"):
            lines += wrapped(f"{constraint['id']} {constraint['text']}: dropped as a misreading ({why})", width, "   ")
    known = cell_key(result.answer, "")
    for row in rows(constraints, findings, []):
        if cell_key(row.candidate, "") != known:
            lines += wrapped(f"also seen: {row.candidate}, {_why_not(row.contradicted, row.open)}", width, "   ")
    return "\n".join(lines)


def sources_text(result: Result, width: int = WIDEST) -> str:
    """The numbered sources with their addresses, each address on one line so that it can be opened."""
    lines: list[str] = []
    for number, source in enumerate(result.sources, start=1):
        said = f" ({SOURCES[source.kind]})" if source.kind in SOURCES else ""
        lines += wrapped(f"[{number}] {source.title or 'untitled'}{said}", width, "    ")
        lines.append(f"    {one_line(source.url)}")
    return "\n".join(["sources", *lines]) if lines else ""


def receipt(result: Result, width: int = WIDEST, *, full: bool = False) -> str:
    """The receipt as a table, or where that is too wide, and not asked for in full, as one line an amount."""
    table = clean(result.receipt(full=full))
    if full or max(map(len, table.splitlines())) <= width:
        return f"receipt\n{table}"
    spend, budget = result.spend, result.budget
    usd = "unknown" if spend.usd is None else f"{spend.usd:.6f}"
    further: Mapping[str, int] = budget.get("tools") or {}
    rows_ = [
        ("searches", f"{spend.searches:,}", budget.get("searches")),
        ("page reads", f"{spend.browses:,}", budget.get("browses")),
        ("model calls", f"{spend.model_calls:,}", budget.get("model_calls")),
        ("tokens", f"{spend.tokens_in + spend.tokens_out:,}", budget.get("tokens")),
        ("dollars", usd, budget.get("usd")),
        ("seconds", f"{spend.seconds:.1f}", budget.get("seconds")),
    ]
    for name in sorted({*spend.tools, *further}):
        rows_.append((f"{name} calls", f"{spend.tools.get(name, 0):,}", further.get(name)))
    return "\n".join(["receipt", *(f"{name:<12} {spent}{_limit(limit)}" for name, spent, limit in rows_)])


def _no_room(result: Result) -> bool:
    """Whether a run ended before its first call, for which its budget is too small."""
    return result.stop_reason == "budget" and not result.answer and not result.spend.model_calls


def status_text(result: Result) -> str:
    """How far the answer can be trusted, in words."""
    own = [finding for finding in result.findings if same_name(finding["candidate"], result.answer)]
    if any(finding["verdict"] == "contradicted" for finding in own):
        return CONTRADICTED
    return SO_FAR if result.status == "unverified" and result.stop_reason in EARLY else STATUS[result.status]


def stopped_text(result: Result) -> str:
    """How the run ended, with the limit that ended it."""
    limit = label(result.resource) if result.resource.startswith(FURTHER) else result.resource.replace("_", " ")
    resource = f" ({limit})" if limit else ""
    return (NO_ROOM if _no_room(result) else STOPPED[result.stop_reason]) + resource


def verdict_text(finding: Finding) -> str:
    """The verdict of a cell, and what it rests on."""
    if finding["proof"] == "none":
        # Without any proof it counts as open, whatever was said.
        return f"open (said to be {finding['verdict']}, without proof)"
    return f"{finding['verdict']} ({PROOFS[finding['proof']]})"


def _proof(finding: Finding, numbers: Mapping[str, int], width: int) -> list[str]:
    lines: list[str] = []
    for item in finding["evidence"]:
        lines += wrapped(f'   "{item["quote"]}" [{numbers.get(item["url"], "?")}]', width, "    ")
    if finding["inference"]:
        lines += wrapped(f"   because {finding['inference']}", width, "    ")
    if note := finding.get("note"):
        lines += wrapped(f"   note: {note}", width, "    ")
    return lines


def _why_not(contradicted: tuple[str, ...], left_open: tuple[str, ...]) -> str:
    if contradicted:
        return f"contradicted on {', '.join(contradicted)}"
    return f"open on {', '.join(left_open)}" if left_open else "complete too"


def _limit(value: Any) -> str:
    return "" if value is None else f" of {value:,}" if isinstance(value, int) else f" of {Decimal(str(value)):f}"
