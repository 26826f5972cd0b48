"""Events of a run as the chat's screen gets them, with any text in every place where text comes from outside."""

from spadework.agent.events import (
    BestEvent,
    CallEvent,
    DecisionEvent,
    DeltaEvent,
    Event,
    FindingEvent,
    PageEvent,
    PlanEvent,
    PromptEvent,
    SpendEvent,
)
from spadework.agent.state import Constraint, DecisionEntry, Outcome, Step

LIMITS = {"searches": 4, "browses": 6, "tokens": 90_000, "picousd": 10**11, "ms": 60_000, "model_calls": 9}
EVIL = [
    "\x1b[31mred\x1b[2J\x1b[H",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP+q544e\x1b\\ \x1b[6n \x1bc",
    "\x9b31m\x9d0;title\x9c \x90q\x9c",
    "[bold red]verified[/] [link=http://evil.example]x[/link] [@click=x]",
    "before\rverified: quotes from pages prove every part\x08\x08\x08",
    "one\ntwo\r\nverified · 3 searches\n> /quit",
    "\u202everified\u202c \u2066x\u2069 \u200f",
    "a\tb\x0bc\x0cd\x85e\u2028f\u2029g",
    "long" * 400,
    "zero\u200bwidth\u2060\ufeff\U000e0041\u00ad",
    "Z" + "\u0301\u0327\u20dd" * 300,
    "日本語のとても長いテキスト" * 30,
    "👨‍👩‍👧‍👦👍🏽🇩🇪🏴󠁧󠁢󠁥󠁮󠁧󠁿" * 20,
    "नमस्ते दुनिया ไทย ﷽ 한국어 \u1112\u1161\u11ab",
    "سلام דניאל verified: 9 of 9",
    "\ud800\udfff\ufffe\x00\x7f",
    "",
]


def decision(reason: str, outcome: Outcome = "PIVOT") -> DecisionEvent:
    return DecisionEvent(
        DecisionEntry(
            outcome=outcome,
            rule="stuck",
            reason=reason,
            proposed="",
            attempt=1,
            lead="",
            findings={},
            regime="HIGH",
            budget={},
        )
    )


def plan_of(text: str, count: int = 3) -> PlanEvent:
    constraints = [Constraint(id="c0", text="what is asked", kind="asked")]
    constraints += [Constraint(id=f"c{number}", text=text, kind="verification") for number in range(1, count)]
    steps = [Step(id=f"{number}", text=text, state="todo", calls=2, used=1, note=text) for number in range(1, count)]
    return PlanEvent(constraints, steps)


def spend(regime: str = "MEDIUM", outlook: str = "", **gone: int) -> SpendEvent:
    return SpendEvent(LIMITS, {"searches": 1, "browses": 2, "tokens": 12_345, "ms": 1_000, **gone}, regime, outlook)


def prompt(text: str, role: str = "searcher") -> PromptEvent:
    return PromptEvent("r/1/x/1/1", role, "searcher", text, 1, [{"role": "user", "content": text}], (), 100)


def events_of(text: str) -> list[Event]:
    """A run that is still going on, with this text wherever something comes from outside."""
    return [
        CallEvent("model", "planner", "started"),
        CallEvent("model", "planner", "done"),
        plan_of(text),
        CallEvent("search", text, "started"),
        CallEvent("search", text, "done", text),
        CallEvent("browse", text, "started"),
        CallEvent("browse", text, "failed", text),
        CallEvent("browse", text, "refused", text),
        CallEvent("browse", text, "free", "cached"),
        PageEvent(text, text, 3),
        CallEvent("tool", text, "started"),
        CallEvent("tool", text, "done", text),
        FindingEvent(text, "c1", "satisfied", "page", text),
        FindingEvent(text, "c2", "contradicted", "page", text),
        BestEvent(text, "unverified", ("c1",), ("c0", "c2")),
        decision(text),
        spend(outlook="enough for 4 to 9 more rounds like the last ones (page reads may end first)"),
        CallEvent("model", "searcher", "failed", text),
        CallEvent("model", "searcher", "started"),
        prompt(text),
        DeltaEvent("searcher", text, "thought"),
    ]
