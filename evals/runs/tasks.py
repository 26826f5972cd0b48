"""The tasks of a sweep: from the options of `eval run` to plain data for each run, all of it checked beforehand."""

import logging
import os
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import product
from pathlib import Path

from ...agent.llm.models import NO_MODEL
from ...agent.money.budget import Budget
from ...agent.money.limits import REFUSED, amount_of, parse_limits
from ...agent.strategies import get_strategy
from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..recording.web import Mode
from ..suites.cases import Case, bundled_of
from ..suites.files import load_cases
from .judge import make_judge
from .judging import Judging
from .recorded import PREFIX, SHIPPED, RecordedTasks
from .runner import BUNDLED_SEARCH, SIMULATED
from .runs_file import Json
from .total import FILE
from .webs import RECORDED_SEARCH, check_recorded

log = logging.getLogger("spadework")
_PART = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
NO_JUDGE = "the simulated one only plays the bundled web"
STRATEGY = "bats-early"
BUDGET = ("5",)
_NOT_PLAYED = (
    *("repeat", "seed", "skill", "slips", "model", "base_url", "context"),
    *("search", "cassettes", "record", "allow_host"),
)
ALONE = "the simulated model answers the questions of the bundled web only: give the suite bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The options of `eval run`, as they stand on the command line; None where one was not given."""

    suite: str
    out: Path | None = None
    strategy: str | None = None
    budget: tuple[str, ...] = ()
    repeat: int = 1
    limit: int | None = None
    part: str = "1/1"
    jobs: int | None = None
    total_usd: str | None = None
    seed: int = 0
    skill: float = 1.0
    slips: float = 0.0
    model: str | None = None
    base_url: str | None = None
    search: str | None = None
    cassettes: Path | None = None
    record: Mode | None = None
    allow_host: tuple[str, ...] = ()
    context: int | None = None
    judge: str | None = None
    judge_base_url: str | None = None
    judge_all: bool = False

    @property
    def folder(self) -> Path:
        """Where the runs are kept: beside the work, named after the suite, where nothing else is said."""
        name = re.sub(r"[^A-Za-z0-9]+", "-", Path(self.suite).stem).strip("-")
        return self.out or Path(f"eval-{name or 'suite'}")

    @property
    def plays(self) -> str:
        """The recorded suite that is played; empty where runs are to be made."""
        shipped = self.suite == "bundled" and self.model is None
        return SHIPPED if shipped else self.suite if self.suite.startswith(PREFIX) else ""

    def recorded(self) -> RecordedTasks:
        """The recorded runs to play. Raises ConfigError for an option that says otherwise than the recordings."""
        usual = {field.name: field.default for field in fields(self)}
        for name in _NOT_PLAYED if self.judge else (*_NOT_PLAYED, "total_usd"):
            if getattr(self, name) != usual[name]:
                option = "--" + name.replace("_", "-")
                raise ConfigError(
                    f"{option} does not go with recorded runs: leave it out, or name a --model for other ones"
                )
        if self.suite == "bundled" and os.environ.get("SPADEWORK_MODEL", "").strip():
            log.warning("recorded runs are played, and SPADEWORK_MODEL is not asked: --model NAME asks one")
        strategies = [] if self.strategy is None else self.strategies()
        step = self.step()
        return RecordedTasks.of(self.plays, strategies, [*self.budgets()] if self.budget else [], step)

    def cases(self) -> list[Case]:
        """The first of the suite's cases, as many as are wanted, and of these every N-th. Raises ConfigError."""
        bundled = bundled_of(self.suite)
        step = self.step()
        cases = bundled.cases() if bundled else load_cases(Path(self.suite))
        return cases[step]

    def step(self) -> slice:
        """Which of all cases are meant. Raises ConfigError."""
        part = _PART.fullmatch(self.part)
        first, step = (int(part[1]), int(part[2])) if part else (0, 0)
        if not 1 <= first <= step:
            raise ConfigError(f"--part {one_line(self.part, 40)!r}: give I/N, such as 1/2 and, in another folder, 2/2")
        return slice(first - 1, self.limit, step)

    def at_once(self) -> int:
        """How many runs go on at once. The simulated model never waits: side by side its runs only delay each other."""
        return self.jobs or (1 if (self.plays or self.named_model() == SIMULATED) and not self.judge else 4)

    def named_model(self) -> str:
        """The model that is meant. Raises ConfigError where none is."""
        name = self.model or os.environ.get("SPADEWORK_MODEL", "").strip()
        if not name:
            raise ConfigError(f"{NO_MODEL}; or --model {SIMULATED}, with the suite bundled")
        return name

    def strategies(self) -> list[str]:
        """Their names, each once. Raises ConfigError for one that is not known."""
        names = STRATEGY if self.strategy is None else self.strategy
        return [*dict.fromkeys(get_strategy(name.strip()).name for name in names.split(","))]

    def budgets(self) -> dict[str, Budget]:
        """By their names: numbers of searches and page reads, 3,5,10, or limits, searches=5,usd=0.05."""
        found: dict[str, Budget] = {}
        for text in ("".join(text.split()) for text in self.budget or BUDGET):
            if "=" in text:
                found[text] = parse_limits("--budget", text)
                continue
            for number in text.split(","):
                calls = amount_of("searches", number, "--budget")
                if calls == REFUSED:
                    raise ConfigError(f"--budget {one_line(text, 40)!r}: give numbers such as 3,5,10, or searches=5")
                found[str(calls)] = Budget.of(calls)
        return found

    def total(self) -> list[str] | None:
        """What all runs together may cost, and the file where that is counted. Raises ConfigError."""
        if self.total_usd is None:
            return None
        dollars = amount_of("usd", self.total_usd, "--total-usd")
        if dollars <= 0:
            raise ConfigError(f"--total-usd {one_line(self.total_usd, 40)!r}: give dollars, more than 0, such as 0.50")
        return [self.total_usd, str(self.folder.absolute() / FILE)]

    @property
    def mode(self) -> Mode:
        return self.record or "none"

    def _searched(self, bundled: bool, usual: str) -> str:
        """Raises ConfigError for a web that cannot be recorded, or one other than that which was."""
        if self.record and not self.cassettes:
            raise ConfigError(f"--record {self.record} needs a folder: --cassettes DIR")
        if self.cassettes and bundled and not self.search:
            raise ConfigError("--cassettes: the bundled web is made in this process, there is nothing to record")
        if self.cassettes and self.mode == "none":
            if self.search:
                raise ConfigError("--search: the --cassettes say it; add --record new to fetch what they lack")
            return RECORDED_SEARCH
        return self.search or (BUNDLED_SEARCH if bundled else usual)

    def judging(self) -> Judging | None:
        """The judge that grades what does not match, if there is one. Raises ConfigError; nothing is spent."""
        if self.judge is None:
            if self.judge_base_url is not None or self.judge_all:
                given = "--judge-all" if self.judge_all else "--judge-base-url"
                raise ConfigError(f"{given} needs a judge: name its model with --judge")
            return None
        name = self.judge.strip()
        if name == SIMULATED or not name:
            raise ConfigError(f"--judge {one_line(self.judge, 40)!r}: name a model on a server; {NO_JUDGE}")
        judge = make_judge(name, self.judge_base_url or self.base_url, self.total())
        return Judging(judge, everything=self.judge_all)

    def outside(self) -> Json:
        """How the runs reach model and web, in plain data. Raises ConfigError."""
        bundled, model = bundled_of(self.suite), self.named_model()
        simulated = model == SIMULATED
        if simulated and bundled is None:
            raise ConfigError(ALONE)
        usual = os.environ.get("SPADEWORK_SEARCH", "").strip() or "wikipedia"
        return {
            "model": _rated(model, self.skill, self.slips) if simulated else model,
            "skill": self.skill if simulated else None,
            "slips": self.slips if simulated else None,
            "base_url": self.base_url,
            "context": self.context,
            "search": self._searched(bundled is not None, usual),
            "cassettes": [str(self.cassettes), self.mode] if self.cassettes else None,
            "allow_host": [*self.allow_host],
            "total": self.total(),
            "world": bundled.suite if bundled else None,
            "suite": bundled.suite if bundled else Path(self.suite).stem,
        }


def _rated(model: str, skill: float, slips: float) -> str:
    """The name of a simulated model with the rates that make it another one."""
    return model + (f":{skill:g}" if skill != 1 else "") + (f":slips={slips:g}" if slips else "")


@dataclass(frozen=True, slots=True)
class Tasks:
    """All runs of a sweep, made as they are asked for. What is compared comes one after the other: case by case."""

    cases: list[Case]
    strategies: list[str]
    budgets: Mapping[str, Budget]
    repeat: int
    seed: int
    outside: Json

    @classmethod
    def of(cls, sweep: Sweep) -> "Tasks":
        """Raises ConfigError for options that cannot be used, the cheap ones first."""
        rest = (sweep.strategies(), sweep.budgets(), sweep.repeat, sweep.seed, sweep.outside())
        cases = sweep.cases()
        if sweep.cassettes and sweep.mode == "none":
            check_recorded(str(sweep.cassettes), [case.id for case in cases])
        return cls(cases, *rest)

    def samples(self) -> list[Json]:
        """One task of each strategy and budget: what can be begun with one case can be with all."""
        return [*replace(self, cases=self.cases[:1], repeat=1)]

    def __iter__(self) -> Generator[Json]:
        for case, name, strategy, repeat in product(
            self.cases, self.budgets, self.strategies, range(1, self.repeat + 1)
        ):
            yield self.outside | {
                "id": case.id,
                "question": case.question,
                "expected": [*case.expected],
                "canary": case.canary,
                "strategy": strategy,
                "budget": name,
                "limits": self.budgets[name].to_dict(),
                "repeat": repeat,
                # Each repetition overlooks other things; a real model does so anyway.
                "seed": self.seed + repeat - 1,
            }
