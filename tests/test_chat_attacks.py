"""Texts from outside that attack the terminal: its bytes hold nothing but ours, and no label is forged."""

import re
from pathlib import Path
from typing import Any

from chat_events import EVIL
from pty_screen import Terminal, running

WORKER = str(Path(__file__).with_name("chat_worker.py"))
OURS = re.compile(
    rb"\r\n"
    rb"|\r(?:\x1b\[\d+A)?"  # to the first column, and up
    rb"|\x1b\[[KJ]"  # erase to the end of the line, of the screen
    rb"|\x1b\[\?(?:25|7)[hl]"  # cursor, wrapping
    rb"|\x1b\[(?:\d{1,3}(?:;\d{1,3})*)m"  # colours
)
LABELS = ("question", "best", "proof", "plan", "calls", "decided", "now", "thinks", "budget")


def attacked(*numbers: int, **environment: str) -> Terminal:
    settings: dict[str, Any] = dict(environment)
    with running(WORKER, "attack", *map(str, numbers), **settings) as terminal:
        terminal.read_all()
    assert terminal.process.returncode == 0, terminal.text
    return terminal


def strays(written: bytes) -> set[str]:
    """The control characters that are left once our own sequences are taken out."""
    return {char for char in OURS.sub(b"", written).decode() if ord(char) < 32 or 0x7F <= ord(char) < 0xA0}


def test_the_bytes_that_reach_the_terminal_hold_nothing_but_our_own_sequences() -> None:
    written = attacked(*range(len(EVIL))).written
    assert strays(written) == set()
    text = OURS.sub(b"", written).decode()
    assert not re.search("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\U000e0000-\U000e0fff]", text)
    assert not re.search("[\u0300-\u036f]{5}", text)


def test_a_sequence_that_is_not_ours_would_be_noticed() -> None:
    assert strays(b"\x1b[31mred\x1b[0m\x1b[2A\r\x1b[3A\x1b[K") == {"\x1b"}
    assert strays(b"\x1b]8;;x\x07") == {"\x1b", "\x07"}
    assert strays("\x9b31m".encode()) == {"\x9b"}


def test_labels_stand_where_we_put_them_whatever_the_texts_say() -> None:
    forged = EVIL.index("one\ntwo\r\nverified · 3 searches\n> /quit")
    with running(WORKER, "attack", str(forged)) as terminal:
        terminal.read_until(lambda text: "thinking about the next step" in text and "budget" in text)
        labels = [line.split()[0] for line in terminal.lines if line and line[0] != " "]
    assert tuple(label for label in labels if label in LABELS) == LABELS
    assert {label for label in labels if label not in LABELS} <= {"pivot", "read", "note", "search", "model", "more"}


def test_without_colour_there_is_none() -> None:
    written = attacked(0, NO_COLOR="1").written
    assert not re.search(rb"\x1b\[[\d;]*3[0-7]m", written)
    assert strays(written) == set()


def test_a_dumb_terminal_gets_lines_in_ascii_and_no_sequences_at_all() -> None:
    written = attacked(0, 13, TERM="dumb", PYTHONIOENCODING="ascii:replace").written
    assert b"\x1b" not in written
    assert written.isascii()
    assert b"search" in written
    assert b"PIVOT" in written
