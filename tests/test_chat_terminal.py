"""A whole conversation at a real terminal, of two sizes: watched, topped up, stopped, left, killed, gone on with."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pty_screen import Terminal, running
from slow_server import Habits, SlowServer
from talking import reply, write_corpus

BRIDGE, WHEN = "Who built the Alder Bridge?", "And when was it built?"
BORN, MAYOR, RIDDLE = "And where was she born?", "Who was the mayor there then?", "What is the riddle?"
SLOW = Habits(read_s=0.15, piece_s=0.003, piece_chars=8)
"""Slow enough that every step is seen on a screen that is drawn eight times a second."""
CHAT = ("-m", "spadework.agent", "chat", "--budget", "1")
WAIT_S = 30.0


@contextmanager
def chat(server: SlowServer, folder: Path, size: tuple[int, int], *more: str) -> Generator[Terminal]:
    """A chat that is ready to be typed to."""
    settings = {
        "SPADEWORK_STORE": str(folder / "runs.db"),
        "SPADEWORK_MODEL": "rules",
        "SPADEWORK_BASE_URL": server.base_url,
        "SPADEWORK_SEARCH": f"corpus:{write_corpus(folder)}",
    }
    command = ("-m", "spadework.agent", "chat", "--budget", "1", *more)
    with running(*command, width=size[0], height=size[1], **settings) as terminal:
        terminal.read_until(lambda _: asked_to_type(terminal), WAIT_S)
        yield terminal


def asked_to_type(terminal: Terminal) -> bool:
    """Whether the cursor stands behind an empty prompt."""
    cursor = terminal.screen.cursor
    return cursor.x == 2 and terminal.lines[cursor.y] == ">"


def say(terminal: Terminal, text: str, *wanted: str, done: bool = True) -> str:
    """Type a line, and `below` it."""
    terminal.type(f"{text}\r")
    return below(terminal, text, *wanted, done=done)


def below(terminal: Terminal, text: str, *wanted: str, done: bool = True) -> str:
    """Wait for what is wanted below a text, and for the next prompt where all is `done` then. What is below."""

    def seen(shown: str) -> bool:
        _, there, rest = shown.rpartition(text)
        return bool(there) and all(one in rest for one in wanted) and (asked_to_type(terminal) or not done)

    terminal.read_until(seen, WAIT_S)
    return terminal.text.rpartition(text)[2]


def region(terminal: Terminal, *wanted: str) -> None:
    """Wait until the screen of a running question shows all of this at once."""
    terminal.read_until(lambda shown: all(one in shown for one in ("question", "now", "budget", *wanted)), WAIT_S)


@pytest.fixture
def server() -> Generator[SlowServer]:
    with SlowServer(reply, habits=SLOW) as running_server:
        yield running_server


@pytest.mark.integration
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_a_conversation_is_watched_topped_up_stopped_left_killed_and_gone_on_with(
    server: SlowServer, tmp_path: Path, size: tuple[int, int]
) -> None:
    with chat(server, tmp_path, size) as terminal:
        say(terminal, BRIDGE, done=False)
        region(terminal, BRIDGE, "reading your message", "0 of 1")
        region(terminal, "✓ search", "1 of 1")
        told = below(terminal, BRIDGE, "Mara Finch", "verified · 1 search · 1 page")
        assert '[x] c0 proven [1]  the answer  "It was built by Mara Finch in 1871"' in told
        assert "reading your message" not in terminal.text, "the screen of the question is gone"

        told = say(terminal, WHEN, "1871", "verified · 3 model calls")
        assert "taken as: When was the Alder Bridge built?" in told

        say(terminal, RIDDLE, "searches: used up", "add, take or stop?", done=False)
        terminal.type("searches=1\r")
        region(terminal, "1 of 2")
        below(terminal, "searches=1", "no answer · 2 searches", "add, take or stop?", done=False)
        told = say(terminal, "take", "nobody knows")
        assert "unverified · 2 searches" in told

        say(terminal, BORN, done=False)
        region(terminal, "✓ read")  # what the first search found needs none of its own
        terminal.type("\x03")
        below(terminal, BORN, "stopped: cancelled", "/retry goes on with it")
        terminal.type("\x04")
        terminal.read_all()
        assert terminal.process.returncode == 0
        assert "kept: spadework chat --resume " in terminal.text

    with chat(server, tmp_path, size, "--resume") as terminal:
        assert f"> {BRIDGE}\n  Mara Finch (verified)" in terminal.text
        assert f"this question was cut short: {BORN}" in terminal.text
        told = say(terminal, "/retry", "Wick", "verified · 1 page")
        assert "taken as: Where was Mara Finch born?" in told
        say(terminal, MAYOR, done=False)
        region(terminal, "✓ search")
        terminal.process.kill()
        terminal.read_all()

    with chat(server, tmp_path, size, "--resume") as terminal:
        assert f"this question was cut short: {MAYOR}" in terminal.text
        say(terminal, "/retry", "Edda Sorrel", "verified · 1 search · 1 page")
        told = say(terminal, "/spent", "model calls")
        assert "Traceback" not in terminal.text
    spent = {line[:12].strip(): line.split()[-1] for line in told.splitlines() if line[:1].isalpha()}
    assert (spent["searches"], spent["page reads"]) == ("4", "3"), "what was paid for is not paid for again"
    assert int(spent["model calls"]) == len(server.bodies), "and nothing was left out"


@pytest.mark.integration
def test_what_is_typed_ahead_says_nothing_to_a_question_about_money_and_waits_for_the_next_prompt(
    server: SlowServer, tmp_path: Path
) -> None:
    with chat(server, tmp_path, (80, 24)) as terminal:
        say(terminal, RIDDLE, done=False)
        region(terminal, "thinking")
        terminal.type(f"\r{BRIDGE}\rhalf a line")
        below(terminal, RIDDLE, "add, take or stop?", done=False)
        assert BRIDGE not in terminal.text
        terminal.type("take\r")
        terminal.read_until(lambda shown: "\n> half a line" in shown, WAIT_S)
        told = terminal.text.rpartition(f"> {BRIDGE}")[2]
        assert "Mara Finch" in told
        assert told.count("searches=5") == 0, "nothing was added"


@pytest.mark.integration
def test_ctrl_c_before_a_question_has_begun_and_bytes_that_look_like_a_mouse_end_no_chat(
    server: SlowServer, tmp_path: Path
) -> None:
    with chat(server, tmp_path, (80, 24)) as terminal:
        terminal.type("/bud\x1b[31mget\r")
        below(terminal, "> /budget", "each question: 1 search, 1 page read")
        say(terminal, BRIDGE, "starting", done=False)
        terminal.type("\x03")
        below(terminal, BRIDGE, "stop")
        say(terminal, "/retry", "verified · 1 search")


@pytest.mark.integration
def test_a_signal_leaves_the_chat_and_its_question_can_be_gone_on_with(server: SlowServer, tmp_path: Path) -> None:
    with chat(server, tmp_path, (80, 24)) as terminal:
        say(terminal, BRIDGE, done=False)
        region(terminal, "✓ search")
        terminal.process.send_signal(signal.SIGHUP)
        terminal.read_all()
        assert terminal.process.returncode == 0
        assert "kept: spadework chat --resume " in terminal.text
    with chat(server, tmp_path, (80, 24), "--resume") as terminal:
        assert f"cut short: {BRIDGE}" in terminal.text
        terminal.process.send_signal(signal.SIGTERM)
        terminal.read_all()
        assert terminal.process.returncode == 0
        assert "press Ctrl-C once more" not in terminal.text


@pytest.mark.integration
def test_ctrl_z_gives_the_terminal_back_and_the_screen_comes_again_with_the_process(
    server: SlowServer, tmp_path: Path
) -> None:
    with chat(server, tmp_path, (80, 24)) as terminal:
        say(terminal, BRIDGE, done=False)
        region(terminal, "✓ search")
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.read_until(lambda shown: "budget" not in shown, WAIT_S)
        assert not terminal.screen.cursor.hidden
        terminal.process.send_signal(signal.SIGCONT)
        below(terminal, BRIDGE, "verified · 1 search")
        assert "no decision yet" not in terminal.text, "nothing of the screen is left behind"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("text", "upwards"),
    [("\n".join(f"line {number}" for number in range(60)), "\x1b[A" * 40), ("word " * 600 + "line 59", "\x01")],
)
def test_of_a_text_that_is_taller_than_the_screen_the_lines_around_the_cursor_are_shown(
    server: SlowServer, tmp_path: Path, text: str, upwards: str
) -> None:
    with chat(server, tmp_path, (80, 24)) as terminal:
        terminal.type(f"\x1b[200~{text}\x1b[201~")
        terminal.read_until(lambda shown: shown.rstrip().endswith("line 59\na question: 1 search, 1 page read"), WAIT_S)
        assert all(terminal.lines)
        assert terminal.lines[terminal.screen.cursor.y].endswith("line 59")
        terminal.type(upwards)
        terminal.read_until(lambda _: terminal.screen.cursor.y == 0, WAIT_S)
        assert all(terminal.lines)
