"""`python -m spadework.agent` is the command `spadework`."""

from .terminal.cli import main

main()
