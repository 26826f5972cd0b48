"""The budget block: what every prompt is told of the budget, in one function."""

from .amounts import to_usd
from .budget import TOOL_RESOURCES, Regime, Remaining, label, ordered
from .rounds import NEEDED, Outlook

# BATS (arXiv 2511.17006) gives four regimes with numbers of calls for each. Those are upper ends here: five queries at
# once are right with 100 left and ruinous with 4, so a turn is advised to take half of what is left at most.
ADVICE = {
    Regime.HIGH: "explore: up to {queries} or {pages} this turn",
    Regime.MEDIUM: "converge: up to {queries} or {pages} this turn, to close a gap",
    Regime.LOW: "little is left: one query or one page that decides an open constraint, or answer",
    Regime.CRITICAL: "finish: one more call only if it decides the answer; else answer now",
}
LAST_TURN = "finish: hardly a turn fits after this one, so record what is proven and answer now with the best candidate"
FEW_TURNS = "no turn may fit after this one: one query or one page that decides an open constraint, or answer"
MOST = {Regime.HIGH: (5, 3), Regime.MEDIUM: (3, 2)}
MANY = 99
NOTHING_LEFT = "no search and no page read is left: record what is proven and answer now with the best candidate"


def budget_block(remaining: Remaining, *, advice: bool = True, outlook: Outlook | None = None) -> str:
    """All finite limits with what is left of them, the tightest named, and how long it lasts where that can be told.

    For the searcher also the regime's advice, or that of the forecast where that is more urgent.
    """
    lines = ["[budget]"]
    for resource in ordered(remaining.limits):
        left, limit = remaining.left(resource) or 0, remaining.limits[resource]
        lines.append(f"{label(resource)}: {amount_text(resource, left)} of {amount_text(resource, limit)} left")
    tightest = remaining.tightest
    if tightest is None:
        other = "other " if remaining.limits else ""
        lines.append(f"no {other}limit is set; answer as soon as every constraint is proven")
    else:
        lines.append(f"tightest: {label(tightest)} ({remaining.share(tightest):.0%} left), regime {remaining.regime}")
    if outlook is not None and (outlook.low or outlook.binding in NEEDED):
        # Of searches and page reads a round can take fewer: what is left of them says enough.
        lines.append(f"forecast: {outlook_text(outlook)}")
    if advice and remaining.limits:
        lines.append(f"advice: {_advice(remaining, outlook)}")
    return "\n".join(lines)


def left_text(remaining: Remaining) -> str:
    """The searches and page reads that are left, in one line."""
    left = {name: remaining.left(name) for name in TOOL_RESOURCES}
    return ", ".join(f"{'any number of' if n is None else n} {label(name)}" for name, n in left.items() if n != 0)


def outlook_text(outlook: Outlook) -> str:
    """How long what is left lasts, for people and models."""
    if outlook.low == 0 and outlook.binding in TOOL_RESOURCES:
        return f"fewer {label(outlook.binding)} are left than a round like the last ones may take"
    ends = f"({label(outlook.binding)} may end first)"
    if outlook.high == 0:
        return f"no further round like the last ones fits {ends}"
    if outlook.low == 0:
        return f"perhaps not one more round like the last ones fits {ends}"
    if outlook.high is None or outlook.high > MANY:
        return f"enough for at least {outlook.low} more {_rounds(outlook.low)} like the last ones {ends}"
    if outlook.low == outlook.high:
        return f"enough for about {outlook.low} more {_rounds(outlook.low)} like the last ones {ends}"
    return f"enough for {outlook.low} to {outlook.high} more rounds like the last ones {ends}"


def _rounds(number: int) -> str:
    return "round" if number == 1 else "rounds"


def _advice(remaining: Remaining, outlook: Outlook | None) -> str:
    if not remaining.tools_left():
        return NOTHING_LEFT
    # The forecast counts this turn, too: it is not paid for yet.
    turns = outlook if outlook is not None and outlook.binding in NEEDED else None
    if turns and turns.high is not None and turns.high <= 1:
        return LAST_TURN
    if not remaining.has("searches"):
        return "no search is left: read the page that decides an open constraint, or answer"
    if not remaining.has("browses"):
        return "no page read is left: search for what decides an open constraint, or answer"
    regime = remaining.regime
    if regime not in MOST:
        return ADVICE[regime]
    if turns and turns.low <= 1:
        return FEW_TURNS
    queries, pages = MOST[regime]
    return ADVICE[regime].format(
        queries=_some(remaining.left("searches"), queries, "query", "queries"),
        pages=_some(remaining.left("browses"), pages, "page", "pages"),
    )


def _some(left: int | None, most: int, one: str, many: str) -> str:
    """So many of a thing as are wise in one turn: half of what is left, at most `most`."""
    count = most if left is None else max(1, min(most, -(-left // 2)))
    return f"{count} {one if count == 1 else many}"


def amount_text(resource: str, amount: int) -> str:
    """An amount in the ledger's units, for people and models."""
    if resource == "picousd":
        return f"${to_usd(amount):.4f}"
    return f"{amount / 1000:.0f}" if resource == "ms" else f"{amount:,}"


def tracker_block(remaining: Remaining) -> str:
    """The budget as BATS shows it: of each tool what was used and what is left, and the regime."""
    lines = ["[budget]"]
    for resource in TOOL_RESOURCES:
        limit = remaining.limits.get(resource)
        left = "no limit" if limit is None else f"{remaining.left(resource) or 0:,} left"
        lines.append(f"{label(resource)}: {remaining.gone.get(resource, 0):,} used, {left}")
    tools = Remaining({name: n for name, n in remaining.limits.items() if name in TOOL_RESOURCES}, remaining.gone)
    return "\n".join([*lines, f"regime: {tools.regime}"])
