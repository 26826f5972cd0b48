"""The commands on the configuration and on the shell: arguments and nothing else."""

import sys

import click

from .command import Command, Group
from .completing import settings
from .setting import SETTINGS

_CONFIG_EXAMPLE = """Examples:

\b
spadework config
spadework config set model ollama:qwen3:8b
spadework config set budget searches=5,usd=0.05"""
_PATH_EXAMPLE = """Example:

\b
spadework config path"""
_SET_EXAMPLES = """Examples:

\b
spadework config set model openai:gpt-5-mini
spadework config set base_url http://127.0.0.1:8000/v1
spadework config set search brave,wikipedia
spadework config set budget searches=5,usd=0.05,seconds=none
spadework config set allow_hosts localhost:8080,10.0.0.5"""
_UNSET_EXAMPLE = """Example:

\b
spadework config unset budget"""
_COMPLETION_EXAMPLES = """Examples, for bash, zsh and fish; they take effect in the next shell:

\b
echo 'eval "$(spadework completion bash)"' >> ~/.bashrc
echo 'autoload -Uz compinit && compinit' >> ~/.zshrc
echo 'eval "$(spadework completion zsh)"' >> ~/.zshrc
mkdir -p ~/.config/fish/completions
spadework completion fish > ~/.config/fish/completions/spadework.fish"""


class SettingsHelp(Command):
    """A command whose help ends with the list of all settings."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The settings, and the example."""
        with formatter.section("Settings"):
            formatter.write_dl([(name, setting.about) for name, setting in SETTINGS.items()])
        super().format_epilog(ctx, formatter)


@click.group(cls=Group, invoke_without_command=True, epilog=_CONFIG_EXAMPLE, short_help="Show or change the settings.")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show every setting, its value, and where that comes from; or change the configuration file.

    A setting is taken from the command's own option, else from the environment (SPADEWORK_MODEL for model), else
    from the file, else it is the usual one. SPADEWORK_CONFIG=FILE names another file, and none stands for no file. API
    keys are read from the environment only. Exit code 1 if a value cannot be used.
    """
    if ctx.invoked_subcommand is None:
        from .config import show_config

        sys.exit(show_config(as_json=as_json))
    if as_json:
        raise click.UsageError("--json goes with `spadework config` alone", ctx)


@config.command(configured=False, epilog=_PATH_EXAMPLE)
def path() -> None:
    """Print where the configuration file is, or would be."""
    from .config import show_path

    sys.exit(show_path())


@config.command(
    "set", cls=SettingsHelp, configured=False, epilog=_SET_EXAMPLES, short_help="Write a setting into the file."
)
@click.argument("name", shell_complete=settings)
@click.argument("value")
def set_setting(name: str, value: str) -> None:
    """Write the setting NAME = VALUE into the configuration file.

    The value is checked first; a file is kept by its whole path. Comments stay, and only you can read what is written.
    """
    from .config import set_value

    sys.exit(set_value(name, value))


@config.command("unset", configured=False, epilog=_UNSET_EXAMPLE, short_help="Have the usual value of NAME hold again.")
@click.argument("name", shell_complete=settings)
def unset_setting(name: str) -> None:
    """Take the setting NAME out of the configuration file, so that the usual value holds again."""
    from .config import unset_value

    sys.exit(unset_value(name))


@click.command(
    cls=Command,
    configured=False,
    epilog=_COMPLETION_EXAMPLES,
    short_help="Print the script that completes commands in a shell.",
)
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the script that has SHELL complete commands, options and their values with the Tab key.

    Bash has to be 4.4 or newer; macOS comes with an older one. Zsh needs its compinit once, before the line for
    Spadework: leave it out where your .zshrc has it already.
    """
    from .shells import completion_script

    click.echo(completion_script(shell), nl=False)
