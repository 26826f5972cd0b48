"""The work of `ask`: run, show, and the exit code that says how it went."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..tools.addresses import parse_allow_hosts
from ..tools.errors import ConfigError
from .budget import Budget
from .notices import one_line_notices
from .progress import progress
from .settings import Settings

if TYPE_CHECKING:
    from .result import Result

N = TypeVar("N", int, float, Decimal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of a run, as they stand on the command line; None where one was not given."""

    budget: int | None = None
    searches: str | None = None
    browses: str | None = None
    tokens: str | None = None
    usd: str | None = None
    seconds: str | None = None
    model_calls: str | None = None
    model: str | None = None
    base_url: str | None = None
    search: str | None = None
    strategy: str | None = None
    allow_host: tuple[str, ...] = ()
    context: int | None = None

    def limits(self) -> Budget:
        """The usual budget, or that of --budget, with the limits that were given in its place. Raises ConfigError."""
        given: dict[str, Callable[[str, str], Any]] = {
            "searches": _whole,
            "browses": _whole,
            "tokens": _whole,
            "usd": _dollars,
            "seconds": _seconds,
            "model_calls": _whole,
        }
        limits: dict[str, object] = dict(Budget.of(self.budget).to_dict())
        for name, read in given.items():
            text: str | None = getattr(self, name)
            if text is not None:
                limits[name] = None if text.strip().lower() == "none" else read(name, text.strip())
        return Budget.of(limits)

    def settings(self) -> Settings:
        """What the environment says, with what was given on the command line in its place. Raises ConfigError."""
        settings = Settings.from_environment()
        hosts = (*settings.allow_hosts, *parse_allow_hosts(",".join(self.allow_host)))
        return replace(settings, base_url=self.base_url, context=self.context, allow_hosts=hosts)


@one_line_notices()
def ask_and_show(question: str, asked: Asked, *, as_json: bool) -> int:
    """Run the question, print what came of it and return the exit code. Raises ConfigError before anything is spent."""
    budget, settings = asked.limits(), asked.settings()
    with progress(question, budget.limits()) as on_event:
        # The graph takes a second to import: the display is there before it.
        from .run import run_agent

        result = run_agent(
            question,
            budget,
            model=asked.model,
            search=asked.search,
            strategy=asked.strategy or "bats-early",
            settings=settings,
            on_event=on_event,
        )
    print_result(result, as_json=as_json)
    return exit_code(result)


def print_result(result: "Result", *, as_json: bool = False) -> None:
    """The result on stdout, as text or as JSON."""
    from .show import result_text, text_width

    click.echo(json_text(result.to_dict()) if as_json else result_text(result, text_width()))


def json_text(data: Mapping[str, Any]) -> str:
    """One JSON document in ASCII, which every terminal and file takes as it is."""
    return json.dumps(data, indent=2)


def exit_code(result: "Result") -> int:
    """0 there is an answer, 1 there is none because something failed, 3 none was found."""
    if result.answer:
        return 0
    return 1 if result.stop_reason == "error" else 3


def _whole(name: str, text: str) -> int:
    return _number(name, text, int, "a whole number")


def _dollars(name: str, text: str) -> Decimal:
    return _number(name, text, Decimal, "dollars, such as 0.10,")


def _seconds(name: str, text: str) -> float:
    value = _number(name, text, float, "seconds")
    return int(value) if value.is_integer() else value


def _number(name: str, text: str, kind: type[N], wanted: str) -> N:
    try:
        value = kind(text)
    except (ValueError, ArithmeticError):
        value = kind(-1)
    if math.isfinite(value) and value >= 0:
        return value
    option = "--" + name.replace("_", "-")
    raise ConfigError(f"{option} {text!r}: give {wanted} of 0 or more, or none for no limit")
