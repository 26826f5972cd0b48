"""The work of `ask`: run, show, and the exit code that says how it went."""

import json
import os
import shlex
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from ...tools.errors import ConfigError, StoreError
from ...tools.web.addresses import parse_allow_hosts
from ..loop import start
from ..money.amounts import ZERO
from ..money.budget import PUBLIC_NAMES, TOOL_RESOURCES, Budget, Remaining, counted
from ..money.limits import WANTED, calls_of, with_limits
from ..roles import LATE, ROLES
from ..settings import Settings
from ..storage.database import is_postgres
from .daily import NO_STORE, daily_of, shared, why_ended
from .notices import LOG, one_line_notices
from .progress import progress
from .tracing import tracing
from .usual import usual_budget, usual_strategy

if TYPE_CHECKING:
    from ..result import Result

TOP_UPS = {"searches": "5", "browses": "5", "model_calls": "10"}
"""What a top-up of a limit comes to in an example; of others it is the limit itself, but not less than LEAST."""
LEAST = {"tokens": Decimal(20_000), "usd": Decimal("0.05"), "seconds": Decimal(60)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a run, as they stand on the command line; None where one was not given."""

    budget: str | None = None
    searches: str | None = None
    browses: str | None = None
    tokens: str | None = None
    usd: str | None = None
    seconds: str | None = None
    model_calls: str | None = None
    model: str | None = None
    roles: tuple[str, ...] = ()
    temperatures: tuple[str, ...] = ()
    base_url: str | None = None
    search: str | None = None
    strategy: str | None = None
    allow_host: tuple[str, ...] = ()
    cache: str | None = None
    context: int | None = None
    store: str | None = None
    no_store: bool = False
    daily: str | None = None
    trace: str | None = None
    trace_redact: bool = False

    def limits(self) -> Budget:
        """The budget of --budget, else the usual one, with the limits that were given in its place.

        Raises ConfigError.
        """
        budget = usual_budget() if self.budget is None else Budget.of(calls_of(self.budget, "--budget"))
        given: dict[str, str | None] = {name: getattr(self, name) for name in WANTED}
        texts = {name: text for name, text in given.items() if text is not None}
        return with_limits(budget, texts, lambda name: "--" + name.replace("_", "-"))

    def models(self) -> str | dict[str, str] | None:
        """The model, or the models by role. Raises ConfigError."""
        found: dict[str, str] = {}
        for text in self.roles:
            role, _, name = (part.strip() for part in text.partition("="))
            if not role or not name:
                raise ConfigError(
                    f"--role {text!r}: give ROLE=NAME, such as verifier=openai:gpt-5 or LOW=ollama:qwen3:8b"
                )
            found[role.upper() if role.upper() in LATE else role] = name
        usual = self.model or os.environ.get("SPADEWORK_MODEL")
        return self.model if not found else found | ({"default": usual} if usual else {})

    def temperature(self) -> dict[str, float] | None:
        """The temperatures by role; one without a role is of all others. Raises ConfigError."""
        found: dict[str, float] = {}
        for text in self.temperatures:
            role, equals, amount = (part.strip() for part in text.rpartition("="))
            try:
                value = float(amount)
            except ValueError:
                raise ConfigError(f"--temperature {text!r}: give a number from 0 to 2, or ROLE=NUMBER") from None
            found |= {role: value} if equals else {name: value for name in ROLES if name not in found}
        return found or None

    def settings(self) -> Settings:
        """What the environment says, with what was given on the command line in its place. Raises ConfigError."""
        settings = Settings.from_environment()
        hosts = (*settings.allow_hosts, *parse_allow_hosts(",".join(self.allow_host)))
        settings = replace(settings, base_url=self.base_url, context=self.context, allow_hosts=hosts)
        return replace(settings, cache=self.cache or settings.cache)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a result is printed."""

    as_json: bool = False
    receipt: bool = False
    """In full, with every call."""
    explain: bool = False
    """With the plan and the decisions."""


@one_line_notices()
def ask_and_show(question: str, asked: Asked, shown: Shown = Shown()) -> int:
    """Run the question, print what came of it and return the exit code.

    Raises ConfigError and StoreError before anything is spent.
    """
    if not question.strip():
        raise ConfigError("the question is empty: give it as text in quotes, or - to read it from standard input")
    budget, settings = asked.limits(), asked.settings()
    daily = daily_of(asked.daily)
    whole = daily.within(budget) if daily is not None else budget
    run = uuid4().hex[:12]
    with tracing(asked.trace, redact=asked.trace_redact) as trace, progress(question, whole.limits()) as on_event:
        # The graph takes a second to import: the display is there before it.
        store = place_to_store(asked, needed=daily is not None)
        from ..run import run_agent

        trace.begin(question, whole.to_dict(), run, {"model": asked.models(), "strategy": asked.strategy})
        with shared(daily, store, budget, new=run) as purse, told_how_to_go_on(run, asked, stored=store is not None):
            result = run_agent(
                question,
                whole,
                model=asked.models(),
                temperature=asked.temperature(),
                search=asked.search,
                strategy=asked.strategy or usual_strategy(),
                settings=settings,
                on_event=trace.before(on_event),
                store=store,
                thread_id=run,
                purse=purse,
            )
            trace.finish(result)
            why = why_ended(purse, result)
    try:
        print_result(result, shown)
    except OSError as error:
        if store is not None and not isinstance(error, BrokenPipeError):
            say(resume_line(run, asked, why="to see it again"))
        raise
    say(why)
    if store is not None:
        say_how_to_go_on(result, asked)
    return exit_code(result)


def place_to_store(asked: Asked, *, needed: bool = False, tidied: bool = True) -> str | None:
    """Where a run is kept, once old runs there are deleted, unless that is left for later; None for nowhere.

    Where only the usual place cannot be written, the run goes on without: one notice. Raises ConfigError and StoreError
    for a place that was named, or that is `needed` to count in.
    """
    from ..storage.retention import tidy
    from ..storage.store import store_target, stores_nothing

    if asked.no_store and asked.store is not None:
        raise ConfigError("--store and --no-store: give one of them")
    if asked.no_store or (asked.store is None and stores_nothing()):
        if needed:
            raise ConfigError(NO_STORE)
        return None
    try:
        target = store_target(asked.store)
        if tidied:
            start(tidy(target)).result()
    except StoreError as error:
        if needed or asked.store is not None or os.environ.get("SPADEWORK_STORE"):
            raise
        LOG.warning("%s; this run is not stored", error)
        return None
    return target


def say_how_to_go_on(result: "Result", asked: Asked, *, always: bool = False) -> None:
    """One line on stderr, for a run that was cut short."""
    if always or result.stop_reason not in ("answered", "no_search_needed"):
        say(going_on(result, asked))


def say(line: str) -> None:
    """A line on stderr, if there is anything to say."""
    if line:
        click.echo(line, err=True)


def going_on(result: "Result", asked: Asked) -> str:
    """How to go on with a stored run, in one line; empty for one that has no limit which could be topped up."""
    if result.stop_reason in ("cancelled", "error"):
        return resume_line(result.run, asked)
    more = example_top_up(result)
    return resume_line(result.run, asked, "--top-up", more) if more else ""


def resume_line(run: str, asked: Asked, *more: str, why: str = "to go on") -> str:
    """The command that goes on with a run, with what the store does not know of it."""
    command = ["spadework", "resume", run, *more]
    if asked.store is not None:
        # The address of a database may hold a password.
        command += ["--store", "postgresql://..." if is_postgres(asked.store) else asked.store]
    if asked.daily is not None:
        command += ["--daily", asked.daily]
    command += [part for host in asked.allow_host for part in ("--allow-host", host)]
    command += ["--cache", asked.cache] if asked.cache is not None else []
    return f"{why}: {shlex.join(command)}"


@contextmanager
def told_how_to_go_on(run: str, asked: Asked, *, stored: bool = True) -> Generator[None]:
    """Say how to go on also where a second Ctrl-C leaves no time for a result."""
    try:
        yield
    except KeyboardInterrupt:
        if stored:
            click.echo(resume_line(run, asked), err=True)
        raise


def example_top_up(result: "Result") -> str:
    """A top-up of the limit that ended a run, else of the one of which the smallest part is left.

    Who stopped for want of leads is better helped with searches and page reads than with time.
    """
    budget = Budget.of(result.budget)
    gone = counted(sum((charge.amounts for charge in result.charges), ZERO))
    limits = budget.limits()
    leads = {limit: limits[limit] for limit in TOOL_RESOURCES if limit in limits}
    tightest = Remaining(leads or limits, gone).tightest
    name = result.resource or PUBLIC_NAMES.get(tightest or "", tightest)
    if not name:
        return ""
    given = Decimal(str(budget.to_dict().get(name) or 0))
    return f"{name}={TOP_UPS.get(name) or format(max(given, LEAST.get(name, Decimal(3))).normalize(), 'f')}"


def print_result(result: "Result", shown: Shown = Shown()) -> None:
    """The result on stdout, as text or as JSON."""
    from .show import result_text, text_width

    if shown.as_json:
        click.echo(json_text(result.to_dict()))
        return
    click.echo(result_text(result, text_width(), full=shown.receipt, explain=shown.explain))


def json_text(data: Mapping[str, Any] | list[dict[str, Any]]) -> str:
    """One JSON document in ASCII, which every terminal and file takes as it is."""
    return json.dumps(data, indent=2)


def exit_code(result: "Result") -> int:
    """0 there is an answer, 1 there is none because something failed, 3 none was found."""
    if result.answer:
        return 0
    return 1 if result.stop_reason == "error" else 3
