"""What our commands have in common: options under headings, the configuration file, and hints at the nearest name."""

from difflib import get_close_matches
from typing import Any

import click

from .configuration import from_file

OPTIONS = "Options"


class Option(click.Option):
    """An option that stands under a heading of its command's help."""

    def __init__(self, *args: Any, heading: str = OPTIONS, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.heading = heading


class Command(click.Command):
    """A command. With `configured` the environment says what the configuration file says, while the command runs.

    Its help and its completion read no file.
    """

    def __init__(self, *args: Any, configured: bool = True, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self._configured = configured

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. Raises ConfigError where its configuration cannot be used."""
        if not self._configured:
            return super().invoke(ctx)
        with from_file():
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options by their headings, in the order in which these come first; what has none comes last."""
        under: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            row = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if row is not None:
                under.setdefault(param.heading if isinstance(param, Option) else OPTIONS, []).append(row)
        last = under.pop(OPTIONS, [])
        for heading, rows in {**under, (OPTIONS if not under else "Other options"): last}.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


class Group(click.Group):
    """Commands that are of the kind above, and hints at the nearest where one is not known."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. Raises UsageError with the nearest."""
        name = args[0]
        known = self.get_command(ctx, name) is not None
        if not known and not ctx.resilient_parsing and not name.startswith("-"):
            raise click.UsageError(f"no such command {name[:60]!r}{self.meant(ctx, args)}", ctx)
        return super().resolve_command(ctx, args)

    def meant(self, ctx: click.Context, args: list[str]) -> str:
        """For the end of a line about a command that is not known: the nearest one, or option, as `--version`."""
        options = [name for param in self.get_params(ctx) for name in param.opts]
        return nearest(args[0], [*self.list_commands(ctx), *options])


Group.group_class = Group


def nearest(name: str, known: list[str]) -> str:
    """For the end of a line about a name that is not known: what may have been meant."""
    plain = {one.lstrip("-"): one for one in known}
    near = get_close_matches(name.lstrip("-").lower(), plain, n=1, cutoff=0.6)
    return f": did you mean {plain[near[0]]}?" if near else ""
