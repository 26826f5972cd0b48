"""The commands `chat` and `sessions`: arguments and nothing else."""

import sys
from typing import Any

import click

from ..terminal import examples
from ..terminal.command import Command
from ..terminal.completing import conversations
from ..terminal.options import (
    cache_option,
    daily_option,
    no_store_option,
    role_options,
    run_options,
    store_option,
    trace_options,
)

LAST = " "
"""What stands for no name: the conversation that was touched last."""


@click.command(cls=Command, epilog=examples.CHAT, short_help="Talk with it: questions, follow-ups, budgets, proof.")
@run_options
@click.option(
    "--conversation", metavar="LIMITS", help="Limits for all questions of the chat together: usd=0.50,searches=50."
)
@click.option(
    "--resume",
    metavar="[ID]",
    is_flag=False,
    flag_value=LAST,
    shell_complete=conversations,
    help="Go on with a conversation: the last one, or the one whose name begins so (`spadework sessions`).",
)
@daily_option
@role_options
@cache_option
@store_option
@no_store_option
@trace_options
def chat(resume: str | None, conversation: str | None, **options: Any) -> None:
    """Talk with it: each question within a budget, follow-ups that use what was found before, and proof.

    Where nothing is said, a question may use 10 searches, 10 page reads and 300 seconds. /help lists what else can be
    said: /budget, /why, /sources, /save and others. When a budget is gone you are asked whether to add to it. Ctrl-C
    ends a question with its best answer. With a pipe for its input each line is a question.

    `spadework` alone is the same.
    """
    from ..terminal.ask import Asked
    from .main import chat as talk

    sys.exit(talk(Asked(**options), conversation=conversation, resume=None if resume is None else resume.strip()))


@click.command(cls=Command, epilog=examples.SESSIONS, short_help="List the conversations that are kept, or delete one.")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
@click.option("--delete", metavar="ID", shell_complete=conversations, help="Delete this conversation.")
@store_option
def sessions(as_json: bool, delete: str | None, store: str | None) -> None:
    """List the conversations that are kept, the last one first, or delete one.

    `spadework chat --resume ID` goes on with one; the first letters of its name are enough. What nothing touched for 30
    days is deleted (SPADEWORK_KEEP_DAYS).
    """
    from ..terminal.cli import only_one
    from . import listing

    only_one({"--json": as_json, "--delete": delete is not None})
    sys.exit(listing.delete(delete, store) if delete is not None else listing.list_all(store, as_json=as_json))
