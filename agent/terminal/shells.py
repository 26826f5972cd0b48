"""The scripts that have shells complete our command lines."""

from click.shell_completion import get_completion_class

from ...tools.errors import ConfigError

COMMAND = "spadework"
VARIABLE = "_SPADEWORK_COMPLETE"
NO_SPACE = """
_spadework_words() {
    _spadework_completion "$@"
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
        compopt -o nospace
    fi
}

complete -o nosort -F _spadework_words spadework
"""
"""For bash: what ends in = or : goes on, so no space comes after it."""


def completion_script(shell: str) -> str:
    """click's script for that shell. Raises ConfigError for a shell that there is none for."""
    from .cli import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise ConfigError(f"there is no completion for {shell!r}: use bash, zsh or fish")
    source = kind(cli, {}, COMMAND, VARIABLE).source()
    return source + (NO_SPACE if shell == "bash" else "\n")
