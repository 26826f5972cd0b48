"""Options that several commands share, each under its heading."""

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from . import completing
from .command import Option

_limit = partial(click.option, cls=Option, heading="Limits")
_model = partial(click.option, cls=Option, heading="Model")
_web = partial(click.option, cls=Option, heading="Search and pages")
_kept = partial(click.option, cls=Option, heading="What is kept")
_shown = partial(click.option, cls=Option, heading="Output")

# Any text is taken: the type only has the shell complete file names.
_FILE = click.Path(readable=False)

store_option = _kept(
    "--store",
    metavar="STORE",
    type=_FILE,
    help="The file of runs, or postgresql://... (else SPADEWORK_STORE, else a file in the user's data folder).",
)
no_store_option = _kept("--no-store", is_flag=True, help="Keep nothing of this run.")
daily_option = _limit(
    "--daily",
    metavar="LIMITS",
    help="For all runs of a day (UTC) in the store together: usd=1,searches=200. NAME:usd=1 counts apart; none lifts"
    " SPADEWORK_DAILY.",
)
cache_option = _kept(
    "--cache",
    metavar="FILE",
    type=_FILE,
    help="Keep pages and results in FILE, and use them again for a day, free (else SPADEWORK_CACHE; how long:"
    " SPADEWORK_CACHE_HOURS).",
)
top_up_option = _limit("--top-up", metavar="LIMITS", help="Add to its budget: searches=5,usd=0.05,tools.NAME=3.")
strategy_option = _web(
    "--strategy",
    metavar="NAME",
    shell_complete=completing.strategies,
    help="How to search: bats-early, bats, react, ... (else SPADEWORK_STRATEGY, else bats-early). NAME:no-PART leaves"
    " a part out.",
)


def outside_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How the outside is reached, the same for every command that calls a model."""
    return _with(
        command,
        _model(
            "--model",
            metavar="NAME",
            shell_complete=completing.models,
            help="openai:NAME, ollama:NAME, or a NAME that the server knows (else SPADEWORK_MODEL).",
        ),
        _model("--base-url", metavar="URL", help="The model's server (else SPADEWORK_BASE_URL, else OpenAI)."),
        _model(
            "--context",
            type=int,
            metavar="TOKENS",
            help="How much the model can read in one prompt (else SPADEWORK_CONTEXT).",
        ),
        _web(
            "--search",
            metavar="NAME",
            shell_complete=completing.searches,
            help="searxng, brave, tavily, serper, google, duckduckgo, wikipedia, corpus:FILE or frozen:FILE (else"
            " SPADEWORK_SEARCH). A,B asks B where A fails; A+B asks both.",
        ),
        _web(
            "--allow-host",
            multiple=True,
            metavar="HOST[:PORT]",
            help="Read pages from this host, too, although it is not public. Can be given again.",
        ),
    )


def role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Models and temperatures by role."""
    return _with(
        command,
        _model(
            "--role",
            "roles",
            multiple=True,
            metavar="ROLE=NAME",
            shell_complete=completing.roles,
            help="Another model for the planner, searcher, verifier or judge; or for all of them once the budget is"
            " down to MEDIUM, LOW or CRITICAL. Can be given again.",
        ),
        _model(
            "--temperature",
            "temperatures",
            multiple=True,
            metavar="[ROLE=]T",
            shell_complete=completing.temperatures,
            help="0 to 2, of one role or of all; without it 0 for verifier and judge. Can be given again.",
        ),
    )


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a run, the same for every command that makes one; they come as keyword arguments."""
    return _with(
        strategy_option(outside_options(command)),
        _limit("--budget", metavar="N", help="N searches and N page reads, and no limit on time."),
        _limit("--searches", metavar="N", help="Searches, one for each query; each limit is a number, or none."),
        _limit("--browses", metavar="N", help="Page reads."),
        _limit("--tokens", metavar="N", help="Tokens of the model, input and output together."),
        _limit("--usd", metavar="USD", help="Dollars for model calls, such as 0.10."),
        _limit("--seconds", metavar="S", help="Seconds, from start to answer."),
        _limit("--model-calls", metavar="N", help="Requests to the model."),
    )


def trace_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where a trace of the run is written."""
    return _with(
        command,
        click.option("--trace", metavar="FILE", help="Write all that happens to FILE, for `spadework trace FILE`."),
        click.option("--trace-redact", is_flag=True, help="Leave the text of pages and results out of it."),
    )


def shown_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a result is printed, and where runs are stored."""
    return _with(
        command,
        _shown("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document."),
        _shown("--receipt", is_flag=True, help="Print the receipt in full, with every call."),
        _shown("--explain", is_flag=True, help="Print the plan, and every decision with what led to it."),
        store_option,
    )


def _with(command: Callable[..., Any], *options: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
