"""How a sweep stands while it goes on: what is made, right, failed and spent, and how long the rest will take."""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ...tools.clean import one_line
from .runs_file import Json, Key, has_failed, key_of

Forms = tuple[str, ...]
"""A part of a line of text, from its long form to its short one; empty where it can be left out."""


@dataclass(slots=True)
class Tally:
    """Counts the lines of a sweep. `wanted` runs are to be there in the end; `todo` are still to be made or judged."""

    wanted: int
    todo: int
    failed: int = 0
    tokens: int = 0
    usd: Decimal = Decimal(0)
    priced: bool = True
    """Whether the price of all that was spent is known."""
    right: Counter[str] = field(default_factory=Counter[str])
    scored: Counter[str] = field(default_factory=Counter[str])
    """By strategy, as is `right`; runs that are neither right nor wrong are in none."""
    grades: dict[Key, bool | None] = field(default_factory=dict[Key, "bool | None"])
    """Of each run that ended well."""
    worked: set[Key] = field(default_factory=set[Key])
    """Runs that this process made or judged."""
    started: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Runs that were made, by whatever process; those that failed only in this one."""
        return len(self.grades) + self.failed

    @property
    def unscored(self) -> int:
        return len(self.grades) - self.scored.total()

    def take(self, line: Json) -> None:
        """Count a line that was there before, or was written just now. Later lines of a run only grade it."""
        key, strategy = key_of(line), line["strategy"]
        judge = line.get("judge")
        if judge:
            self._spend(judge)
        if has_failed(line):
            self.failed += 1
        if key not in self.grades:
            self._spend(line["spend"])
        elif (before := self.grades[key]) is not None:
            self.scored[strategy] -= 1
            self.right[strategy] -= before
        if not has_failed(line):
            self.grades[key] = line["correct"]
            self.scored[strategy] += line["correct"] is not None
            self.right[strategy] += bool(line["correct"])

    def note(self, line: Json) -> None:
        """Count a line that was written just now."""
        self.worked.add(key_of(line))
        self.take(line)

    def parts(self, left_usd: str = "", total_usd: str = "") -> list[Forms]:
        """What a line of progress says, part by part."""
        seconds = time.monotonic() - self.started
        parts = [
            (f"{self.done:,} of {self.wanted:,} runs", f"{self.done}/{self.wanted}"),
            self._right(),
            (f"{self.failed:,} failed",) if self.failed else (),
            (f"{self.unscored:,} unscored",) if self.unscored else (),
            self._spent(),
            (f"${left_usd} of ${total_usd} left", f"${left_usd} left", "") if left_usd else (),
            (f"{self.tokens:,} tokens", f"{_short(self.tokens)} tokens", "") if self.tokens else (),
            *self._pace(max(seconds, 0.001)),
        ]
        return [forms for forms in parts if forms]

    def _right(self) -> Forms:
        scored, right = self.scored.total(), self.right.total()
        if not scored:
            return ()
        share = f"{right / scored:.0%}"
        names = [name for name, count in self.scored.items() if count]
        each = [(name, self.right[name], self.scored[name]) for name in names]
        whole = ", ".join(f"{one_line(name)} {ok:,} of {of:,} right ({ok / of:.0%})" for name, ok, of in each)
        short = ", ".join(f"{one_line(name)} {ok / of:.0%} of {of}" for name, ok, of in each)
        return whole, short, f"{right:,} of {scored:,} right ({share})", f"{share} right", share

    def _spent(self) -> Forms:
        if not self.usd:
            return ()
        more = "" if self.priced else "over "
        return f"{more}${self.usd:,.4f} spent", f"{more}${self.usd:,.2f}", ""

    def _pace(self, seconds: float) -> Iterable[Forms]:
        made = len(self.worked)
        if not made:
            return
        rate = made / seconds
        yield (f"{rate:,.1f} runs/s" if rate >= 1 else f"{60 * rate:,.1f} runs/min", "")
        if left := max(0, self.todo - made):
            ends = _time(left / rate)
            yield f"about {ends} left", f"{ends} left", ends

    def _spend(self, spend: Json) -> None:
        self.tokens += spend["tokens_in"] + spend["tokens_out"]
        self.priced = self.priced and spend["usd"] is not None
        self.usd += Decimal(spend["usd"] or 0)


def fitted(parts: Iterable[Forms], width: int) -> str:
    """The parts in a line of at most `width` characters: shortened one after the other from the last on, and again.

    >>> fitted([("3 of 9 runs", "3/9"), ("2 of 3 right", "67%"), ("about 5 s left", "")], 24)
    '3 of 9 runs, 67%'
    """
    chosen = [[*forms] for forms in parts]

    def line() -> str:
        return ", ".join(forms[0] for forms in chosen if forms[0])

    while len(line()) > width and any(len(forms) > 1 for forms in chosen):
        for forms in reversed(chosen):
            if len(forms) > 1 and len(line()) > width:
                forms.pop(0)
    return one_line(line(), width)


def _short(count: int) -> str:
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}"
    return str(count)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"
