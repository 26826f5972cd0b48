"""The screen of a run in a terminal: it goes, few lines stay, and nothing of it is left behind."""

import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest
from chat_events import LIMITS, decision, events_of, plan_of, spend
from pty_screen import running
from rich.console import Console, ConsoleDimensions
from rich.text import Text
from spadework.agent.chat.screen.kept import MOST, Keeper
from spadework.agent.chat.screen.live import watching
from spadework.agent.chat.screen.painter import Painter, wraps_again
from spadework.agent.chat.screen.view import View
from spadework.agent.events import CallEvent
from spadework.agent.terminal.notices import LOG, one_line_notices

WORKER = str(Path(__file__).with_name("chat_worker.py"))
QUESTION = "Who built the Alder Bridge?"


def console(*, terminal: bool = True, width: int = 80) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(
        file=file, width=width, height=24, force_terminal=terminal, color_system=None, legacy_windows=False
    ), file


def wait_for(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")


def test_a_bug_in_what_is_drawn_ends_the_screen_in_one_line_and_not_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> list[Text]:
        raise KeyError("c9")

    monkeypatch.setattr("spadework.agent.chat.screen.live.lay_out", broken)
    shown, file = console(width=200)
    with watching(QUESTION, LIMITS, shown) as watch:
        for event in events_of("alder"):
            watch.on_event(event)
    assert file.getvalue().count("the screen ended: KeyError: 'c9' (this is a bug;") == 1
    assert "Traceback" not in file.getvalue()


def test_where_there_is_no_terminal_only_what_stays_is_written() -> None:
    shown, file = console(terminal=False)
    with watching(QUESTION, LIMITS, shown) as watch:
        for event in events_of("alder"):
            watch.on_event(event)
        watch.notice("the server cuts prompts")
    assert file.getvalue().splitlines() == [
        "read       failed: alder (alder)",
        "read       refused: alder (alder)",
        "pivot      alder",
        "note       the server cuts prompts",
    ]


def test_warnings_are_told_above_the_screen_while_it_is_there() -> None:
    shown, file = console()
    with one_line_notices(), watching(QUESTION, LIMITS, shown):
        LOG.warning("the server cuts %s prompts", 4)
    assert "note       warning: the server cuts 4 prompts" in file.getvalue()


def test_nothing_is_written_while_nothing_changes_but_the_seconds() -> None:
    shown, file = console()
    now = [100.0]
    with watching(QUESTION, LIMITS, shown, clock=lambda: now[0]) as watch:
        watch.on_event(CallEvent("model", "searcher", "started"))
        wait_for(lambda: "thinking" in file.getvalue())
        time.sleep(0.2)
        before = file.tell()
        time.sleep(0.5)
        assert file.tell() == before
        now[0] += 1.0
        wait_for(lambda: file.tell() > before)
        written = file.getvalue()[before:]
    assert "thinking about the next step 1 s" in written
    assert QUESTION not in written, "a line that did not change was written again"


def test_a_terminal_that_is_gone_does_not_end_the_run() -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise OSError(5, "Input/output error")

    shown = Console(file=Gone(), force_terminal=True, width=80, height=24, legacy_windows=False)
    with watching(QUESTION, LIMITS, shown) as watch:
        watch.on_event(spend())
        time.sleep(0.3)
        watch.on_event(spend())


def test_time_in_which_somebody_is_asked_is_not_the_runs() -> None:
    shown, _ = console(terminal=False)
    now = [0.0]
    with watching(QUESTION, LIMITS, shown, clock=lambda: now[0]) as watch:
        now[0] = 8.0
        watch.on_event(spend())
        assert watch.view.elapsed == 8.0
    now[0] = 500.0
    with watching(QUESTION, LIMITS, shown, clock=lambda: now[0], view=watch.view) as again:
        now[0] = 501.0
        again.on_event(plan_of("born in Wick"))
        assert again.view.elapsed == pytest.approx(9.0)
        assert again.view.regime == "MEDIUM"


def test_troubles_are_told_once_each_and_many_as_a_number() -> None:
    keeper = Keeper(View(QUESTION, LIMITS))
    refused = CallEvent("search", "alder", "refused", "0 searches left")
    assert keeper.lines(refused) == [("search", "yellow", "refused: 0 searches left (alder)")]
    assert keeper.lines(CallEvent("search", "bridge", "refused", "0 searches left")) == []
    told = [keeper.lines(CallEvent("browse", f"https://x/{number}", "failed", "404")) for number in range(MOST + 4)]
    assert sum(map(len, told)) == MOST - 1
    assert [text for _, _, text in keeper.rest()] == ["5 more calls failed or were refused"]
    assert keeper.rest() == []


def test_decisions_to_go_on_stay_with_their_reasons_and_ends_do_not() -> None:
    keeper = Keeper(View(QUESTION, LIMITS))
    assert [text for _, _, text in keeper.lines(decision("c1 is open", "CONTINUE"))] == ["c1 is open"]
    assert keeper.lines(decision("all proven", "SUCCESS")) == []
    assert keeper.lines(decision("nothing left", "EXHAUSTED")) == []


def test_a_run_that_is_stopped_to_ask_leaves_the_terminal_and_goes_on_where_it_was() -> None:
    with running(WORKER, "topped_up") as terminal:
        terminal.read_until(lambda text: "add how much?" in text)
        assert terminal.lines[:2] == ["pivot      'Bo Reed' is contradicted on c1", "add how much?"]
        terminal.type("5 searches\n")
        terminal.read_until(lambda text: "failed: busy  alder" in text)
        terminal.read_all()
        lines = [line for line in terminal.lines if line]
    assert terminal.process.returncode == 0
    assert lines == [
        "pivot      'Bo Reed' is contradicted on c1",
        "add how much? 5 searches",
        "search     failed: busy (alder)",
        "said 5 searches elapsed 0",
    ]


def only_one_screen(lines: Sequence[str]) -> bool:
    """Whether each part of the screen is there once, and it is drawn to its end."""
    text = "\n".join(lines)
    parts = ("Who built the Alder", "under way", "searching", "searches  ", "enough for", "] open ")
    return [text.count(part) for part in parts] == [1, 1, 1, 1, 1, 3]


def test_a_terminal_of_another_width_is_filled_anew_and_what_is_typed_is_not_shown() -> None:
    with running(WORKER, "slow", width=100, height=40) as terminal:
        terminal.read_until(lambda text: "under way" in text)
        terminal.type("typed ahead\n")
        for width in (80, 62, 120, 45):
            terminal.resize(width, 40)
            time.sleep(0.4)
            terminal.read_until(lambda text: only_one_screen(text.splitlines()))
            assert terminal.lines[0] == "> earlier line"
        assert "typed" not in terminal.text
        os.kill(terminal.process.pid, signal.SIGINT)
        terminal.read_all()
    assert b"\x1b[?25h" in terminal.written[-4_000:], "the cursor stayed hidden"


Tmux = Callable[..., str]


@pytest.fixture
def tmux(tmp_path: Path) -> Generator[Tmux]:
    """tmux, which wraps its lines again and keeps those that were scrolled away, with a slow run on 80x24."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")

    def command(*words: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null", *words],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        ).stdout

    command("new-session", "-d", "-x", "80", "-y", "24", f"seq 40; exec {sys.executable} {WORKER} slow")
    try:
        wait_for(lambda: only_one_screen(command("capture-pane", "-p").splitlines()))
        yield command
    finally:
        command("kill-server")


@pytest.mark.integration
def test_a_terminal_that_wraps_its_lines_again_is_left_without_debris(tmux: Tmux) -> None:
    for width, height in ((100, 40), (90, 40), (70, 40), (110, 30), (62, 30), (100, 24), (45, 24)):
        tmux("resize-window", "-x", str(width), "-y", str(height))
        time.sleep(0.7)
        wait_for(lambda: only_one_screen(tmux("capture-pane", "-p").splitlines()))


@pytest.mark.integration
def test_a_window_that_is_dragged_leaves_no_copies_of_the_screen_among_the_lines_above(tmux: Tmux) -> None:
    for width in range(79, 59, -1):
        tmux("resize-window", "-x", str(width), "-y", "24")
        time.sleep(0.05)
    time.sleep(0.7)
    wait_for(lambda: only_one_screen(tmux("capture-pane", "-p").splitlines()))
    kept = tmux("capture-pane", "-p", "-S", "-")
    # A line at the top may be pushed out where the machine is slow and the window seems to rest in between.
    assert [kept.count(part) for part in ("searching", "searches  ", "enough for")] == [1, 1, 1]


def test_terminals_that_do_not_wrap_again_are_known() -> None:
    assert wraps_again({"TERM": "xterm-256color"})
    assert wraps_again({"TERM": "screen-256color", "TMUX": "/tmp/x"})
    assert not wraps_again({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"})
    assert not wraps_again({"TERM": "linux"})


def test_where_lines_wrap_again_the_painter_climbs_over_all_of_their_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "XTERM_VERSION"):
        monkeypatch.delenv(name, raising=False)
    shown, file = console(width=40)
    painter = Painter(shown)
    painter.paint([Text("x" * 40), Text("y" * 15), Text("z" * 40)])
    before = file.tell()
    shown.size = ConsoleDimensions(20, 24)
    painter.paint([Text("x" * 20)])
    assert file.getvalue()[before:].startswith("\x1b[?25l\r\x1b[3A\x1b[K\r\n\x1b[J\r\x1b[1A")


def test_the_thread_of_the_screen_is_gone_with_it() -> None:
    shown, _ = console()
    with watching(QUESTION, LIMITS, shown):
        names = {thread.name for thread in threading.enumerate()}
    assert "spadework-screen" in names
    assert "spadework-screen" not in {thread.name for thread in threading.enumerate()}
