"""The command line: arguments and nothing else. What a command needs is imported when it is called."""

import io
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any, ClassVar, NoReturn

import click

from ...tools.errors import ConfigError, SpadeworkError
from . import examples
from .command import Group, nearest
from .completing import runs as stored_runs
from .interrupts import stop_on_signals
from .langsmith_end import hear_langsmith, is_all_told
from .notices import as_a_bug, debugging
from .options import (
    cache_option,
    daily_option,
    no_store_option,
    outside_options,
    role_options,
    run_options,
    shown_options,
    store_option,
    top_up_option,
    trace_options,
)

HEADINGS = {
    "Ask": ("chat", "ask", "resume", "sessions", "runs", "purse"),
    "Set up": ("doctor", "config", "completion"),
    "Look closer": ("demo", "graph", "trace", "record", "cassette", "web", "world", "eval"),
}
"""The commands as the help lists them; what is in none of these comes last."""


class Failure(click.ClickException):
    """Something failed: one line on stderr, exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"error: {self.message}", file=file, err=file is None)


class Misuse(Failure):
    """An option or setting that cannot be used: nothing was started, exit code 2."""

    exit_code = 2


class Commands(Group):
    """Commands that are imported by name when they are first asked for, and failures that are one line."""

    elsewhere: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("demo", "record", "cassette"), "...evals.commands"),
        "world": "...evals.world_commands",
        "web": "...evals.web_commands",
        "eval": "...evals.eval_commands",
        **dict.fromkeys(("config", "completion"), ".config_commands"),
        **dict.fromkeys(("chat", "sessions"), "..chat.cli"),
        "trace": ".trace_command",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *self.elsewhere]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.elsewhere:
            return getattr(import_module(self.elsewhere[cmd_name], __package__), cmd_name)
        return super().get_command(ctx, cmd_name)

    def meant(self, ctx: click.Context, args: list[str]) -> str:
        """For the end of a line about a command that is not known: how a question is asked, where it may be one."""
        near, first = super().meant(ctx, args), args[0].strip()
        if " " in first or any(word.endswith("?") for word in args) or (len(args) > 2 and not near):
            return ': a question is asked with `spadework ask "..."`'
        return near

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under their headings."""
        rest = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        listed = {heading: {name: rest.pop(name, None) for name in names} for heading, names in HEADINGS.items()}
        for heading, commands in {**listed, "More": rest}.items():
            rows = [(name, command.get_short_help_str(64)) for name, command in commands.items() if command]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options before the command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise _in_one_line(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever goes wrong is told in one line, without a traceback."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise _in_one_line(error, ctx.invoked_subcommand or "") from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except SpadeworkError as error:
            raise (Misuse if isinstance(error, ConfigError) else Failure)(str(error)) from error
        except OSError as error:
            _debug()
            where = f"{error.filename}: " if error.filename else ""
            raise Failure(f"{where}{error.strerror or error}") from error
        except Exception as error:
            _debug()
            raise Failure(as_a_bug(error)) from error


def _in_one_line(error: click.UsageError, command: str = "") -> click.ClickException:
    """Wrong use in one line, like all that goes wrong. A group that was called for its help stays as it is."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.NoSuchOption):
        options = [name for param in error.ctx.command.params for name in param.opts] if error.ctx is not None else []
        text = f"no such option {error.option_name!r}{nearest(error.option_name, options)}"
    where = error.ctx.command_path if error.ctx is not None else f"spadework {command}".rstrip()
    return Misuse(f"{text[:1].lower()}{text[1:]}; see `{where} --help`")


def _debug() -> None:
    """With SPADEWORK_DEBUG set, let the exception that is being handled through with its traceback."""
    if debugging():
        raise


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by the caller (`>&-`).
            setattr(sys, name, io.StringIO())
        elif isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character gets a question mark, not an exception.
            stream.reconfigure(errors="replace")
    code: object = 1
    stop_on_signals()
    hear_langsmith()
    try:
        cli.main(prog_name="spadework")
    except SystemExit as end:
        code = end.code
    finally:
        _flush()
    status = code if isinstance(code, int) else 1
    if not is_all_told():
        # LangSmith's own threads would hold the process for minutes.
        os._exit(status)
    sys.exit(status)


def _flush() -> None:
    """Write out what is left. Where that fails (a closed pipe, a full disk), Python would say so again at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def only_one(given: Mapping[str, bool]) -> None:
    """Refuse options that cannot be combined."""
    names = [name for name, is_given in given.items() if is_given]
    if len(names) > 1:
        raise Misuse(f"{' and '.join(names)}: give one of them")


@click.group(
    "spadework",
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples.SPADEWORK,
)
@click.version_option(package_name="spadework", message="spadework %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Answer questions from the web within a budget, prove each part, and show the receipt.

    Without a command it is a chat.
    """
    if ctx.invoked_subcommand is None:
        chat = ctx.command.get_command(ctx, "chat") if isinstance(ctx.command, Commands) else None
        if chat is not None:
            chat.main([], prog_name="spadework chat", standalone_mode=False)


@cli.command(epilog=examples.ASK, short_help="Answer QUESTION from the web, within a budget.")
@click.argument("question")
@run_options
@daily_option
@role_options
@cache_option
@no_store_option
@trace_options
@shown_options
def ask(question: str, as_json: bool, receipt: bool, explain: bool, **options: Any) -> None:
    """Answer QUESTION, one text in quotes, from the web; - reads it from standard input.

    Without limits it may use 10 searches, 10 page reads and 300 seconds, or what SPADEWORK_BUDGET says. The answer, its
    proof and the receipt go to stdout, progress to stderr.

    The run is stored, so that `spadework resume` can go on with it, until nothing touched it for 30 days
    (SPADEWORK_KEEP_DAYS); SPADEWORK_STORE=none stores nothing. `spadework config` keeps the settings in a file.
    """
    from .ask import Asked, Shown, ask_and_show

    only_one({"--json": as_json, "--receipt": receipt})
    only_one({"--json": as_json, "--explain": explain})
    if question == "-":
        question = sys.stdin.buffer.read().decode(errors="replace").strip() if sys.stdin else ""
    shown = Shown(as_json=as_json, receipt=receipt, explain=explain)
    sys.exit(ask_and_show(question, Asked(**options), shown))


@cli.command(epilog=examples.RUNS, short_help="List the runs that are stored, or delete some.")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
@click.option("--delete", metavar="RUN", shell_complete=stored_runs, help="Delete this run.")
@click.option("--prune", metavar="DAYS", help="Delete the runs that nothing touched for so many days.")
@store_option
def runs(as_json: bool, delete: str | None, prune: str | None, store: str | None) -> None:
    """List the runs that are stored, newest first, or delete some.

    A stopped run goes on with `spadework resume RUN`, an ended one with a --top-up. `spent` names the limit that
    ended a run.
    """
    from . import runs as work

    only_one({"--json": as_json, "--delete": delete is not None, "--prune": prune is not None})
    if delete is not None:
        sys.exit(work.delete_run(delete, store))
    sys.exit(work.list_runs(store, as_json=as_json) if prune is None else work.prune_runs(prune, store))


@cli.command(epilog=examples.RESUME, short_help="Go on with a stored run.")
@click.argument("run", shell_complete=stored_runs)
@top_up_option
@daily_option
@outside_options
@role_options
@cache_option
@trace_options
@shown_options
def resume(run: str, top_up: str | None, as_json: bool, receipt: bool, explain: bool, **options: Any) -> None:
    """Go on with RUN, of which the first letters are enough; `spadework runs` lists what is stored.

    What was done and spent is kept, and counts. A run that had ended is shown again, and goes on with a --top-up.
    Model, search and server are those of the run, where no other is given.
    """
    from .ask import Asked, Shown
    from .resume import resume_and_show

    only_one({"--json": as_json, "--receipt": receipt})
    only_one({"--json": as_json, "--explain": explain})
    shown = Shown(as_json=as_json, receipt=receipt, explain=explain)
    sys.exit(resume_and_show(run, Asked(**options), shown, top_up=top_up))


@cli.command(epilog=examples.PURSE, short_help="Show what is left of today's purse.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
@daily_option
@store_option
def purse(as_json: bool, daily: str | None, store: str | None) -> None:
    """Show what is left of today's purse, which `--daily` of ask and resume opens and shares among their runs.

    Where none is named, all are shown that were opened today (UTC).
    """
    from .daily import show_purses

    sys.exit(show_purses(store, daily, as_json=as_json))


@cli.command(epilog=examples.DOCTOR, short_help="Say what is configured, what is missing, and what to do.")
@click.option("--probe", is_flag=True, help="Have a paid model say a word, too, and any model read a long prompt.")
@click.option("--model", metavar="NAME", help="Look at this model, not at SPADEWORK_MODEL.")
@click.option("--base-url", metavar="URL", help="Look at this server, not at SPADEWORK_BASE_URL.")
@click.option("--search", metavar="BACKEND", help="Look at this backend, not at SPADEWORK_SEARCH.")
def doctor(probe: bool, model: str | None, base_url: str | None, search: str | None) -> None:
    """Say what is configured, what is missing, and what to do about it. Exit code 1 if something is missing."""
    from .doctor import examine

    sys.exit(examine(probe=probe, model=model, base_url=base_url, search=search))


@cli.command(configured=False, epilog=examples.GRAPH)
def graph() -> None:
    """Print the graph as a Mermaid diagram."""
    from .drawing import graph_picture

    click.echo(graph_picture())
