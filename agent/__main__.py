"""`python -m spadework.agent` is the command `spadework`."""

from .cli import main

main()
