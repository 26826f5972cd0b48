"""The progress of a sweep: what it says, that it fits, and that it leaves a terminal as it was."""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest
from fake_openai import slow, text
from hypothesis import given
from hypothesis import strategies as st
from judged_sweep import command, honest, judge, model, suite
from spadework.agent.terminal.notices import LOG, one_line_notices
from spadework.evals.runs import progress, tally
from spadework.evals.runs.progress import Progress
from spadework.evals.runs.runs_file import Json
from spadework.evals.runs.tally import Tally, fitted

CLEAR = "\r\x1b[K"


def line(case: int, strategy: str = "react", *, correct: bool | None = True, **changes: Any) -> Json:
    spend = {"tokens_in": 9_000, "tokens_out": 1_000, "usd": "0.0100"}
    plain = {"suite": "s", "id": str(case), "strategy": strategy, "budget": "5", "repeat": 1, "model": "m"}
    return {**plain, "search": "x", "seed": 0, "stop_reason": "answered", "correct": correct, "spend": spend, **changes}


FAILED: dict[str, Any] = {"stop_reason": "error", "correct": None}
JUDGED: dict[str, Any] = {"judge": {"tokens_in": 400, "tokens_out": 100, "usd": "0.0005"}}


def counted(*lines: Json, wanted: int = 400) -> Tally:
    """A tally after these lines, a minute after its start."""
    found = Tally(wanted, wanted, started=time.monotonic() - 60)
    for item in lines:
        found.note(item)
    return found


def said(found: Tally, width: int = 1_000, **left: str) -> str:
    return fitted(found.parts(**left), width)


def test_it_says_how_far_it_is_how_well_it_goes_and_what_it_takes() -> None:
    lines = [line(n, correct=n < 20) for n in range(30)]
    lines += [line(n, "bats-early", correct=n < 27) for n in range(30)]
    lines += [line(30, **FAILED), line(31, correct=None)]
    told = said(counted(*lines), left_usd="4.3800", total_usd="5")
    assert told == (
        "62 of 400 runs, react 20 of 30 right (67%), bats-early 27 of 30 right (90%), 1 failed, 1 unscored, "
        "$0.6200 spent, $4.3800 of $5 left, 620,000 tokens, 1.0 runs/s, about 5 min left"
    )


def test_a_run_counts_once_however_often_it_is_graded() -> None:
    before, graded = line(1, correct=False), line(1, **JUDGED)
    told = said(counted(before, graded, line(2, correct=False), line(2, correct=None, **JUDGED)))
    assert told.startswith("2 of 400 runs, react 1 of 1 right (100%), 1 unscored, $0.0210 spent, 21,000 tokens")


def test_what_was_there_before_counts_but_says_nothing_of_the_pace() -> None:
    found = Tally(10, 4, started=time.monotonic() - 4)
    for n in range(6):
        found.take(line(n))
    assert said(found) == "6 of 10 runs, react 6 of 6 right (100%), $0.0600 spent, 60,000 tokens"
    for n in (6, 7):
        found.note(line(n))
    assert said(found).endswith("30.0 runs/min, about 4 s left")


def test_an_unknown_price_is_not_taken_for_nothing() -> None:
    unknown: dict[str, Any] = {"spend": {**line(1)["spend"], "usd": None}}
    assert "over $0.0100 spent" in said(counted(line(1), line(2, **unknown)))
    assert "spent" not in said(counted(line(1, **unknown)))


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (76, "62/400, react 67% of 30, bats-early 90% of 31, 1 failed, $0.62, 5 min"),
        (60, "62/400, 48 of 61 right (79%), 1 failed, 5 min"),
        (36, "62/400, 79% right, 1 failed, 5 min"),
    ],
)
def test_where_there_is_less_room_the_most_telling_parts_stay(width: int, told: str) -> None:
    lines = [line(n, correct=n < 20) for n in range(30)] + [line(n, "bats-early", correct=n > 2) for n in range(31)]
    assert said(counted(*lines, line(32, **FAILED)), width, left_usd="4.3800", total_usd="5") == told


@given(st.integers(12, 200), st.lists(st.text(max_size=30), max_size=8), st.integers(0, 10**9))
def test_no_line_is_too_wide_or_holds_a_control_character(width: int, names: list[str], tokens: int) -> None:
    spend = {"tokens_in": tokens, "tokens_out": tokens, "usd": "1234.5"}
    told = said(counted(*(line(n, name, spend=spend) for n, name in enumerate(names))), width, left_usd="9")
    assert len(told) <= width
    assert told.isprintable() or not "".join(names).isprintable()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", told)


def test_where_nothing_can_be_drawn_there_is_a_plain_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "DRAW_S", 0.005)
    monkeypatch.setattr(progress, "PLAIN_S", 0.1)
    with Progress(Tally(10_000, 10_000)).shown() as shown:
        for n in range(400):
            shown.note(line(n))
            time.sleep(0.001)
    told = capsys.readouterr().err.splitlines()
    assert 1 <= len(told) <= 10, "not one a run"
    assert all(re.fullmatch(r"[\d,]+ of 10,000 runs, react .* right \(100%\), .* left", text) for text in told)


def test_a_short_sweep_says_nothing_where_nothing_can_be_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(Tally(3, 3)).shown() as shown:
        shown.note(line(1))
    assert capsys.readouterr().err == ""


def test_a_warning_is_told_once_above_the_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "DRAW_S", 0.005)
    with one_line_notices(), Progress(Tally(120, 120)).shown() as shown:
        for _ in range(2):
            LOG.warning("the server cuts prompts\x1b[2J")
            shown.note(line(1, **FAILED))
            time.sleep(0.05)
    told = capsys.readouterr().err
    assert told.count("warning: the server cuts prompts[2J\n") == 1
    assert "1 failed" in told


class Terminal:
    """A terminal of so many columns with a sweep in it; `text` is all that was written to it."""

    def __init__(self, columns: int, given: list[str], **environment: str) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        usual = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spadework.agent", *given],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**usual, "TERM": "xterm", **environment},
            start_new_session=True,
        )
        os.close(theirs)
        self._parts: list[bytes] = []

    @property
    def text(self) -> str:
        return b"".join(self._parts).decode("utf-8", "replace")

    def read_until(self, wanted: str) -> None:
        """Read on until a text was written, or all of it."""
        with contextlib.suppress(OSError):
            while wanted not in self.text and (part := os.read(self._ours, 65_536)):
                self._parts.append(part)

    def finish(self) -> int:
        self.read_until("\0")
        self.process.communicate(timeout=20)
        os.close(self._ours)
        return self.process.returncode

    def frames(self) -> list[str]:
        """What stood in the line of progress, one after the other."""
        return [frame for frame in re.split(r"\r\x1b\[K", self.text)[1:] if frame]


def test_on_a_terminal_one_line_is_drawn_anew_and_gone_at_the_end(tmp_path: Path) -> None:
    suite(tmp_path, *(f"Tom Reed ({n})" for n in range(30)))
    with model(delay=0.05) as server:
        terminal = Terminal(80, command(tmp_path, server), NO_COLOR="1")
        assert terminal.finish() == 0
    frames = terminal.frames()
    assert len(frames) >= 3
    assert max(map(len, frames)) <= 80 - len("^C^C")
    assert all("right" in frame or "react" in frame for frame in frames[1:])
    assert terminal.text.endswith(CLEAR)
    assert set(re.findall(r"\x1b[^a-zA-Z]*[a-zA-Z]", terminal.text)) == {"\x1b[K"}, "no colour, no cursor moved"
    assert "\n" not in terminal.text


@pytest.mark.parametrize(("signum", "columns"), [(signal.SIGINT, 80), (signal.SIGTERM, 40)])
def test_stopping_a_sweep_leaves_the_terminal_clean(signum: signal.Signals, columns: int, tmp_path: Path) -> None:
    suite(tmp_path, *(f"Tom Reed ({n})" for n in range(900)))
    with model(delay=0.05) as server:
        terminal = Terminal(columns, command(tmp_path, server))
        terminal.read_until("%")
        terminal.process.send_signal(signum)
        assert terminal.finish() == 1
    assert max(map(len, terminal.frames()[:-1])) <= columns - len("^C^C")
    told = terminal.text.rpartition(CLEAR)[2]
    assert re.fullmatch(r"stopped, \d+ runs are still to be made: the same command goes on\r\n", told)


def test_what_servers_say_cannot_move_the_cursor_and_the_total_is_shown(tmp_path: Path) -> None:
    suite(tmp_path, *(f"Tom Reed \x1b[2J\x1b]0;x\x07 ({n})" for n in range(12)))
    prices = tmp_path / "prices.toml"
    prices.write_text('[model."grader"]\ninput = 100\noutput = 100\n[model."fake"]\ninput = 1\noutput = 1\n')
    evil = text("\x1b[2J\x1b[31mno verdict\x07")
    with model() as server, judge(lambda body: slow(honest(body), 0.3), evil, evil) as grader:
        given = command(tmp_path, server, grader, "--total-usd", "5")
        terminal = Terminal(200, given, SPADEWORK_PRICES=str(prices))
        assert terminal.finish() in (0, 1)
    assert set(re.findall(r"\x1b.?[^a-zA-Z]*[a-zA-Z]", terminal.text)) == {"\x1b[K"}
    assert "\x07" not in terminal.text
    assert re.search(r"react \d+ of \d+ right", terminal.text)
    assert re.search(r"\$[34]\.\d+ of \$5 left", terminal.text)


def test_a_terminal_that_can_draw_nothing_gets_no_escapes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "DRAW_S", 0.005)
    monkeypatch.setenv("TERM", "dumb")
    with Progress(Tally(3, 3)).shown() as shown:
        shown.note(line(1))
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_long_counts_and_times_are_short() -> None:
    found = counted(
        *(line(n, spend={"tokens_in": 10**8, "tokens_out": 0, "usd": None}) for n in range(30)), wanted=10**5
    )
    assert fitted(found.parts(), 60) == "30/100000, react 100% of 30, 3.0G tokens, 55.5 h left"
    assert tally.fitted([("a" * 50,)], 20) == "a" * 19 + "…"
