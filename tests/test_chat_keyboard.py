"""The keyboard while a question runs: nothing typed is shown or lost, and Ctrl-C takes nothing off the screen."""

import os
import pty
import select
import sys
import termios
from collections.abc import Generator

import pytest
from spadework.agent.chat.screen.keyboard import unseen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Generator[tuple[int, int]]:
    """Both ends of a terminal that stdin is at: that of whoever types and sees, and that of the program."""
    ours, theirs = pty.openpty()
    with open(theirs, closefd=False) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours, theirs
    os.close(ours)
    os.close(theirs)


def seen(descriptor: int) -> bytes:
    """What the terminal gets to see within a moment."""
    shown = b""
    while select.select([descriptor], [], [], 0.1)[0]:
        shown += os.read(descriptor, 1_000)
    return shown


def test_what_is_typed_is_not_shown_and_is_there_for_whoever_reads_next(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    with unseen():
        os.write(ours, b"half a line\n")
        assert seen(ours) == b""
    assert os.read(theirs, 100) == b"half a line\n"
    os.write(ours, b"now\n")
    assert b"now" in seen(ours), "it is shown again"


def test_ctrl_c_throws_away_nothing_that_is_being_written_or_was_typed(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    before = termios.tcgetattr(theirs)
    with unseen():
        os.write(ours, b"typed\n")
        os.write(theirs, b"half of a screen")
        os.write(ours, b"\x03")
        assert seen(ours) == b"half of a screen"
    assert os.read(theirs, 100) == b"typed\n"
    assert termios.tcgetattr(theirs) == before


def test_without_a_terminal_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with unseen():
        pass
