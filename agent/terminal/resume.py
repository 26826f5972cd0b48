"""The work of `resume`: what --top-up adds, going on with a stored run, and showing what came of it."""

from ...tools.errors import ConfigError
from ..loop import start
from ..money.budget import PUBLIC_NAMES, Budget
from ..money.limits import parse_limits
from ..storage.store import store_place
from .ask import Asked, Shown, exit_code, print_result, say, say_how_to_go_on, told_how_to_go_on
from .daily import daily_of, shared, why_ended
from .notices import one_line_notices
from .progress import progress
from .runs import Listed, find
from .tracing import tracing


@one_line_notices()
def resume_and_show(name: str, asked: Asked, shown: Shown, *, top_up: str | None) -> int:
    """Go on with a run, print what came of it and return the exit code.

    Raises ConfigError and StoreError before anything is spent.
    """
    more = None if top_up is None else parse_limits("--top-up", top_up)
    daily = daily_of(asked.daily)
    settings, place = asked.settings(), store_place(asked.store)
    stored = start(find(place, name)).result()
    listed = Listed.of(stored)
    budget = _budget(listed, more)
    with (
        tracing(asked.trace, redact=asked.trace_redact) as trace,
        progress(listed.question, budget.limits()) as on_event,
    ):
        from ..run import resume_agent

        about = {**stored.about, **({"model": given} if (given := asked.models()) else {})}
        trace.begin(listed.question, budget.to_dict(), listed.run, about)
        with shared(daily, place, budget) as purse, told_how_to_go_on(listed.run, asked):
            result = resume_agent(
                listed.run,
                top_up=more,
                store=place,
                model=asked.models(),
                temperature=asked.temperature(),
                search=asked.search,
                settings=settings,
                on_event=trace.before(on_event),
                purse=purse,
            )
            trace.finish(result)
            why = why_ended(purse, result)
    print_result(result, shown)
    say(why)
    say_how_to_go_on(result, asked, always=listed.state == "ended" and more is None)
    return exit_code(result)


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
