"""The work of `resume`: what --top-up adds, going on with a stored run, and showing what came of it."""

from difflib import get_close_matches
from typing import Any

from ..tools.errors import ConfigError
from .ask import WANTED, Asked, amount_of, exit_code, print_result, say_how_to_go_on, told_how_to_go_on
from .budget import FURTHER, PUBLIC_NAMES, Budget, check_tool_name
from .loop import start
from .notices import one_line_notices
from .progress import progress
from .runs import Listed, find
from .store import store_place

EXAMPLE = "such as searches=5,usd=0.05"


@one_line_notices()
def resume_and_show(name: str, asked: Asked, *, top_up: str | None, as_json: bool, receipt: bool = False) -> int:
    """Go on with a run, print what came of it and return the exit code.

    Raises ConfigError and StoreError before anything is spent.
    """
    more = None if top_up is None else parse_top_up(top_up)
    settings, place = asked.settings(), store_place(asked.store)
    listed = Listed.of(start(find(place, name)).result())
    budget = _budget(listed, more)
    with progress(listed.question, budget.limits()) as on_event:
        from .run import resume_agent

        with told_how_to_go_on(listed.run, asked):
            result = resume_agent(
                listed.run,
                top_up=more,
                store=place,
                model=asked.model,
                search=asked.search,
                settings=settings,
                on_event=on_event,
            )
    print_result(result, as_json=as_json, receipt=receipt)
    say_how_to_go_on(result, asked, always=listed.state == "ended" and more is None)
    return exit_code(result)


def parse_top_up(text: str) -> Budget:
    """What --top-up adds: `searches=5,usd=0.05,tools.NAME=3`. Raises ConfigError, one line for each mistake."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, amount = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ConfigError(f"--top-up {text!r}: give NAME=AMOUNT, {EXAMPLE}")
        if name in found:
            raise ConfigError(f"--top-up {text!r}: {name} is there twice")
        found[name] = _added(name, amount)
    tools = {name.removeprefix(FURTHER): found.pop(name) for name in list(found) if name.startswith(FURTHER)}
    return Budget(**found, tools=tools)


def _added(name: str, text: str) -> Any:
    if name.startswith(FURTHER):
        check_tool_name(name.removeprefix(FURTHER))
    elif name not in WANTED:
        near = get_close_matches(name, WANTED, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(WANTED)} and tools.NAME"
        raise ConfigError(f"--top-up has no limit named {name!r}: {hint}")
    value = amount_of(name, text)
    if value <= 0:
        raise ConfigError(f"--top-up {name}={text}: give {WANTED.get(name, 'a whole number').rstrip(',')}, more than 0")
    return value


def _budget(listed: Listed, more: Budget | None) -> Budget:
    """The budget with which a run goes on. Raises ConfigError where more was given of what is not limited."""
    own = Budget.of(dict(listed.budget))
    if more is None:
        return own
    limits = own.limits()
    for name in more.limits():
        if name not in limits:
            known = ", ".join(PUBLIC_NAMES.get(known, known) for known in limits) or "none"
            public = PUBLIC_NAMES.get(name, name)
            raise ConfigError(f"--top-up {public}: run {listed.run} has no limit on that (its limits: {known})")
    return own.plus(more)
