"""The work of `record`: a live run, and what a replay must know about it."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import click

from ...agent.llm.model import OpenAICompatible
from ...agent.llm.models import Server, make_chat
from ...agent.money.budget import Budget
from ...agent.prepare import Options
from ...agent.result import Result
from ...agent.run import arun_agent
from ...agent.settings import Settings
from ...agent.terminal.ask import Asked, Shown, exit_code, print_result
from ...agent.terminal.notices import one_line_notices
from ...agent.terminal.progress import progress
from ...agent.terminal.usual import usual_strategy
from ...tools.clean import clean
from ...tools.errors import CassetteError, ConfigError
from .backends import search_facts
from .cassettes import SUFFIXES, check_name
from .playback import outcome_of
from .record import recording


@dataclass(frozen=True, slots=True)
class Label:
    """What is written on a cassette besides how it was made."""

    name: str
    note: str | None = None
    """How the model's replies came about."""
    answers: Sequence[str] = ()
    """What counts as right, the answer first; none where that is not known."""
    case: str | None = None
    """The case that this is a run of: several runs may be of one."""

    def facts(self) -> dict[str, Any]:
        answers = [text for answer in self.answers if (text := clean(answer).strip())]
        if not answers:
            return {}
        return {"case": {"id": clean(self.case or self.name), "answer": answers[0], "aliases": answers[1:]}}


@one_line_notices()
def record_and_show(label: Label, question: str, asked: Asked, *, out: Path, as_json: bool) -> int:
    """Run the question live, write it to NAME.json.gz in `out`, print the result. Returns the exit code of the answer.

    Raises ConfigError before anything is spent, and CassetteError when the cassette cannot be written.
    """
    path = _checked_path(label.name, out)
    budget, settings = asked.limits(), asked.settings()
    chat = make_chat(
        asked.model, context=settings.context, server=Server(settings.base_url, settings.proxy, settings.ca)
    )
    if not isinstance(chat, OpenAICompatible):
        raise ConfigError(f"{chat.name} cannot be recorded: name a model of an OpenAI-compatible server")
    # Cleaned, because an argument may hold bytes that no JSON file can.
    meta = {"question": clean(question).strip(), **_meta(budget, asked, settings, chat), **label.facts()}
    meta["replies"] = clean(label.note or f"by the model {chat.model} at {chat.base_url}")
    made: list[Result] = []
    try:
        with progress(question, budget.limits()) as on_event:
            options = Options(model=chat, search=asked.search, settings=settings, on_event=on_event)
            options["strategy"] = meta["strategy"]
            asyncio.run(_record(path, meta, options, made))
        click.echo(f"recorded to {path}", err=True)
    finally:
        # Shown even when it could not be written: it was paid for.
        for result in made:
            print_result(result, Shown(as_json=as_json))
    return exit_code(made[0])


def _checked_path(name: str, out: Path) -> Path:
    """Where the cassette goes; that it can be written is found out before the run, which costs money."""
    try:
        check_name(name)
        out.mkdir(parents=True, exist_ok=True)
    except (CassetteError, OSError) as error:
        raise ConfigError(str(error)) from error
    if not os.access(out, os.W_OK):
        raise ConfigError(f"the folder {out} cannot be written to: name another one with --out")
    return out / f"{name}{SUFFIXES[0]}"


def _meta(budget: Budget, asked: Asked, settings: Settings, chat: OpenAICompatible) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "budget": budget.to_dict(),
        "strategy": asked.strategy or usual_strategy(),
        "model": chat.model,
        "base_url": chat.base_url,
        "context": chat.context,
        **search_facts(asked.search),
    }
    if settings.prices:
        meta["prices"] = Path(settings.prices).read_text(encoding="utf-8")
    return meta


async def _record(path: Path, meta: Mapping[str, Any], options: Options, made: list[Result]) -> None:
    """Run and record. The result is in `made` before anything is written."""
    run = uuid4().hex[:12]
    # Filled in when the run is over, and written with the rest.
    outcome: dict[str, Any] = {}
    facts = {**meta, "run": run, "outcome": outcome}
    settings = options.get("settings") or Settings.from_environment()
    async with recording(path, facts, model_url=str(meta["base_url"])) as tape:
        # What came out of a cache would not be on the tape.
        settings = replace(settings, clock=tape.clock, cache=None)
        recorded: Options = {**options, "thread_id": run, "settings": settings}
        result = await arun_agent(str(meta["question"]), meta["budget"], **recorded)
        made.append(result)
        outcome.update(outcome_of(result))
