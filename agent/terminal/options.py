"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

store_option = click.option(
    "--store", metavar="STORE", help="A file, or postgresql://... (else SPADEWORK_STORE, else the user's data folder)."
)
daily_option = click.option(
    "--daily",
    metavar="LIMITS",
    help="Limits for all runs of a day (UTC) in this store together: usd=1,searches=200. NAME:usd=1 counts apart;"
    " none lifts SPADEWORK_DAILY.",
)

cache_option = click.option(
    "--cache",
    metavar="FILE",
    help="Keep pages and results in FILE and use them again for a day, free (else SPADEWORK_CACHE, which lasts"
    " SPADEWORK_CACHE_HOURS).",
)


def outside_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How the outside is reached, the same for every command that calls a model."""
    return _with(
        command,
        click.option("--model", metavar="NAME", help="openai:NAME, ollama:NAME, ... (else SPADEWORK_MODEL)."),
        click.option("--base-url", metavar="URL", help="The model's server (else SPADEWORK_BASE_URL, else OpenAI)."),
        click.option(
            "--search",
            metavar="NAME",
            help="searxng, brave, tavily, serper, google, duckduckgo, wikipedia, corpus:FILE or frozen:FILE (else"
            " SPADEWORK_SEARCH). A,B asks B where A fails; A+B asks both.",
        ),
        click.option("--allow-host", multiple=True, metavar="HOST[:PORT]", help="Pages may be read from here, too."),
        click.option("--context", type=int, metavar="TOKENS", help="What the model reads at most (SPADEWORK_CONTEXT)."),
    )


def role_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Models and temperatures by role."""
    return _with(
        command,
        click.option(
            "--role",
            "roles",
            multiple=True,
            metavar="ROLE=NAME",
            help="The model of planner, searcher, verifier or judge; from MEDIUM, LOW or CRITICAL on, of all of them.",
        ),
        click.option(
            "--temperature",
            "temperatures",
            multiple=True,
            metavar="[ROLE=]T",
            help="Of one role or of all; without it 0 for verifier and judge.",
        ),
    )


def run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a run, the same for every command that makes one; they come as keyword arguments."""
    return _with(
        outside_options(command),
        click.option("--budget", metavar="N", help="N searches and N page reads, no time limit."),
        click.option("--searches", metavar="N", help="Most searches; each limit is a number or `none`."),
        click.option("--browses", metavar="N", help="Most page reads."),
        click.option("--tokens", metavar="N", help="Most tokens, input and output together."),
        click.option("--usd", metavar="USD", help="Most dollars for model calls, such as 0.10."),
        click.option("--seconds", metavar="S", help="Most seconds."),
        click.option("--model-calls", metavar="N", help="Most requests to a model."),
        click.option(
            "--strategy",
            metavar="NAME",
            help="bats-early (the default), bats, react, ...; NAME:no-PART leaves a part out.",
        ),
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
        click.option("--json", "as_json", is_flag=True, help="Print the whole result as one JSON document."),
        click.option("--receipt", is_flag=True, help="Print the receipt in full, with every call."),
        click.option("--explain", is_flag=True, help="Print the plan, and every decision with what led to it."),
        store_option,
    )


def _with(command: Callable[..., Any], *options: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        command = option(command)
    return command
