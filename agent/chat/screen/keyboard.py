"""The keyboard while nothing is asked: what is typed is kept for the next prompt, and not shown in between."""

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def unseen() -> Generator[None]:
    """Show nothing of what is typed while the block runs; Ctrl-C works as ever. Does nothing without a terminal."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (OSError, ValueError, AttributeError, termios.error):
        yield
        return
    quiet = list(before)
    quiet[3] &= ~termios.ECHO
    # Else Ctrl-C throws away what the terminal has not shown yet: half of a screen, and with it where the cursor is.
    quiet[3] |= termios.NOFLSH
    termios.tcsetattr(descriptor, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
