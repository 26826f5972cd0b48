"""Floors that an evaluation has to reach, pinned in a file with what the runs were made of.

A floor holds for one suite, strategy, budget, model and search. It is compared with runs of the same cases, prompts and
web only, and lowered with a reason only, which stays in the file; the file's own digest shows an edit by hand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import floor as rounded_down
from typing import Any

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from .made_of import PARTS, together
from .runs_file import Json, has_failed, is_unscored

WHO = ("suite", "strategy", "budget", "model", "search")
WORST = ("failed", "unscored", "violations", "differs")
"""Counts that may not grow."""
KINDS: dict[str, type[str] | type[int] | type[float]] = {
    **dict.fromkeys((*WHO, *PARTS, "lowered"), str),
    **dict.fromkeys(("runs", *WORST), int),
    "share": float,
}
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What runs came to, or have to come to: so many at least, such a share of right ones, at most so many faults."""

    suite: str
    strategy: str
    budget: str
    model: str
    search: str
    runs: int
    share: float
    """Right over scored runs, 0 to 1, rounded down."""
    failed: int = 0
    unscored: int = 0
    violations: int = 0
    """Limits that were passed, and proofs that nobody was shown."""
    differs: int = 0
    """Runs that went otherwise than recorded."""
    case: str = ""
    prompts: str = ""
    web: str = ""
    """Digests of what they were made of."""
    lowered: str = ""
    """Why it was lowered, the last time that it was."""

    @property
    def who(self) -> tuple[str, ...]:
        return tuple(str(getattr(self, name)) for name in WHO)

    @property
    def name(self) -> str:
        return f"{self.strategy} at {self.budget} on {self.suite} with {self.model}"


def floors_of(lines: Iterable[Json], slack: float = 0.0) -> list[Floor]:
    """What the runs came to, by name, the share less `slack`. Raises ConfigError where there are none."""
    groups: dict[tuple[str, ...], list[Json]] = {}
    for line in lines:
        groups.setdefault(tuple(str(line[name]) for name in WHO), []).append(line)
    if not groups:
        raise ConfigError("there are no runs")
    return [_floor(groups[who], slack) for who in sorted(groups)]


def _floor(lines: list[Json], slack: float) -> Floor:
    first = lines[0]
    if not all("made_of" in line for line in lines):
        raise ConfigError(f"the runs of {first['strategy']} do not say what they were made of: make them again")
    well = [line for line in lines if not has_failed(line)]
    scored = [line for line in well if not is_unscored(line)]
    share = sum(bool(line["correct"]) for line in scored) / len(scored) if scored else 0.0
    case, web = (together({(line["id"], line["made_of"][part]) for line in lines}) for part in ("case", "web"))
    prompts = together({(line["made_of"]["prompts"],) for line in lines})
    return Floor(
        suite=str(first["suite"]),
        strategy=str(first["strategy"]),
        budget=str(first["budget"]),
        model=str(first["model"]),
        search=str(first["search"]),
        runs=len(lines),
        share=max(0.0, rounded_down((share - slack) * 10**DIGITS) / 10**DIGITS),
        failed=len(lines) - len(well),
        unscored=len(well) - len(scored),
        violations=sum(len(line["violations"]) for line in lines),
        differs=sum(bool(line.get("differs")) for line in lines),
        case=case,
        prompts=prompts,
        web=web,
    )


def below(pinned: Floor, found: Floor | None) -> list[str]:
    """What keeps the runs from reaching a floor, a line each; empty if nothing does."""
    if found is None:
        return ["there are no runs of it"]
    others = [part for part in PARTS if getattr(found, part) != getattr(pinned, part)]
    if others:
        named = {"case": "cases", "prompts": "prompts", "web": "recordings"}
        told = " and ".join(named[part] for part in others)
        return [f"its {told} are others than those that it was pinned with: look at the runs, then pin it anew"]
    faults = [f"{found.runs} runs, {pinned.runs} are pinned"] if found.runs < pinned.runs else []
    if found.share < pinned.share:
        faults.append(f"{found.share:.1%} right, the floor is {pinned.share:.1%}")
    worse = [name for name in WORST if getattr(found, name) > getattr(pinned, name)]
    return faults + [f"{name}: {getattr(found, name)}, at most {getattr(pinned, name)}" for name in worse]


def pinned_anew(old: list[Floor], new: list[Floor], reason: str) -> list[Floor]:
    """The floors with the new ones in place of those of the same name.

    Raises ConfigError where one would be lower and no reason is given.
    """
    kept = {floor.who: floor for floor in old}
    for floor in new:
        was = kept.get(floor.who)
        lower = _lower(was, floor) if was else ""
        if lower and not reason:
            raise ConfigError(f"{floor.name} would be lower: {lower}; say why with --lower REASON")
        told = one_line(f"{lower}: {reason}", 400) if lower else was.lowered if was else ""
        kept[floor.who] = replace(floor, lowered=told)
    return [kept[who] for who in sorted(kept)]


def _lower(was: Floor, now: Floor) -> str:
    """What a new floor would ask less of."""
    parts = [f"runs {was.runs} to {now.runs}"] if now.runs < was.runs else []
    parts += [f"right {was.share:.1%} to {now.share:.1%}"] if now.share < was.share else []
    worse = [name for name in WORST if getattr(now, name) > getattr(was, name)]
    return ", ".join(parts + [f"{name} {getattr(was, name)} to {getattr(now, name)}" for name in worse])


def floor_from(data: dict[str, Any]) -> Floor:
    """A floor as it stands in a file. Raises ValueError that says what is wrong."""
    for name, value in data.items():
        if name not in KINDS:
            raise ValueError(f"{name!r} is no part of a floor")
        if not isinstance(value, KINDS[name]) or isinstance(value, bool):
            raise ValueError(f"{name} is {value!r:.40}, which is no {KINDS[name].__name__}")
    if lacking := [name for name in (*WHO, "runs", "share") if name not in data]:
        raise ValueError(f"{', '.join(lacking)} is missing")
    return Floor(**data)
