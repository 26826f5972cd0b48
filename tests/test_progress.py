"""The live display: what it tells, what it shows, and that it is quiet where nobody looks."""

import contextlib
import io
import logging
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alder import ANSWER, QUESTION, alder_model, write_corpus
from rich.console import Console
from spadework.agent.events import BestEvent, CallEvent, DecisionEvent, Event, FindingEvent, PlanEvent, SpendEvent
from spadework.agent.state import Constraint, DecisionEntry, Step
from spadework.agent.terminal.gauges import amount
from spadework.agent.terminal.notices import one_line_notices
from spadework.agent.terminal.progress import Display, Teller, progress

LIMITS = {"searches": 4, "picousd": 10**11, "ms": 60_000}
DECISION = DecisionEntry(
    outcome="PIVOT",
    rule="stuck",
    reason="it is [red]stuck[/]",
    proposed="",
    attempt=1,
    lead="",
    findings={},
    regime="HIGH",
    budget={},
)


def plan(*texts: str) -> PlanEvent:
    constraints = [Constraint(id="c0", text="what is asked", kind="asked")]
    constraints += [Constraint(id=f"c{n}", text=text, kind="verification") for n, text in enumerate(texts, 1)]
    return PlanEvent(constraints, [Step(id="1", text="look", state="todo")])


def display(width: int = 80, *, encoding: str = "utf-8") -> tuple[Display, io.BytesIO]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    console = Console(file=file, width=width, height=24, force_terminal=True, color_system=None, legacy_windows=False)
    return Display("Who built [bold]it[/]?", LIMITS, console), raw


def drawn(shown: Display) -> str:
    with shown.console.capture() as capture:
        shown.console.print(shown.render())
    return capture.get()


def test_constraints_and_steps_are_told_once_and_drops_with_their_reason() -> None:
    teller = Teller()
    assert teller.lines(plan("born in Wick")) == [("c1", "born in Wick"), ("plan", "look")]
    again = plan("born in Wick", "built it")
    assert teller.lines(again) == [("c2", "built it")]
    again.constraints[1]["dropped"] = "a misreading"
    assert teller.lines(again) == [("c1", "dropped: a misreading")]
    assert teller.lines(again) == []


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (CallEvent("search", "alder", "done", "3 results"), ("search", "alder: 3 results")),
        (CallEvent("search", "alder", "refused", "0 left"), ("search", "alder: refused: 0 left")),
        (CallEvent("browse", "https://x/", "done", "Alder"), ("read", "Alder https://x/")),
        (CallEvent("browse", "https://x/", "failed", "404"), ("read", "https://x/ failed: 404")),
        (CallEvent("model", "searcher", "failed", "busy"), ("model", "searcher failed: busy")),
        (CallEvent("model", "searcher", "failed", "asking in text", again=True), ("note", "asking in text")),
        (FindingEvent("Mara", "c1", "satisfied", "page", "born"), ("found", 'Mara: c1 satisfied (page) "born"')),
        (DecisionEvent(DECISION), ("decide", "PIVOT: it is [red]stuck[/]")),
    ],
)
def test_events_are_told_in_a_line_each(event: Event, line: tuple[str, str]) -> None:
    assert Teller().lines(event) == [line]


def test_what_every_role_finds_out_anew_is_told_once() -> None:
    teller = Teller()
    told = [teller.lines(CallEvent("model", role, "failed", "asking in text", again=True)) for role in ("a", "b")]
    assert told == [[("note", "asking in text")], []]


def test_gauges_show_what_is_gone_of_each_limit() -> None:
    shown, _ = display()
    assert "Who built [bold]it[/]?" in drawn(shown)
    shown.on_event(CallEvent("search", "alder", "started"))
    shown.on_event(CallEvent("search", "bridge", "started"))
    shown.on_event(SpendEvent(LIMITS, {"searches": 2, "picousd": 25 * 10**9, "ms": 1}, "MEDIUM"))
    first, *gauges = drawn(shown).splitlines()
    assert "MEDIUM searching bridge and 1 more" in first
    assert gauges[0].split() == ["searches", "█" * 12 + "░" * 12, "2", "of", "4"]
    assert gauges[1].endswith("$0.025 of $0.1")
    shown.on_event(CallEvent("search", "bridge", "done", "1 results"))
    assert "searching alder" in drawn(shown)


@pytest.mark.parametrize(
    ("width", "name"), [(100, "translate_old_letters_into_plain_english calls"), (60, "translate_old_")]
)
def test_a_further_tool_has_a_gauge_in_line_with_the_others(width: int, name: str) -> None:
    shown, _ = display(width)
    tool = "tools.translate_old_letters_into_plain_english"
    limits = {"searches": 4, tool: 2}
    shown.on_event(SpendEvent(limits, {"searches": 2, tool: 1}, "MEDIUM"))
    _, first, second = drawn(shown).splitlines()
    assert second.startswith(name)
    assert (first.endswith("2 of 4"), second.endswith("1 of 2")) == (True, True)
    assert first.index("█") == second.index("█")


def test_how_long_it_lasts_is_shown_under_the_gauges_as_it_was_told_last() -> None:
    shown, _ = display()
    for left in (5, 4):
        told = f"enough for {left} to 9 more rounds like the last ones (tokens may end first)"
        shown.on_event(SpendEvent(LIMITS, {"searches": 2}, "MEDIUM", told))
    assert drawn(shown).splitlines()[-1] == "enough for 4 to 9 more rounds like the last ones (tokens may end first)"
    shown.on_event(SpendEvent(LIMITS, {"searches": 2}, "MEDIUM"))
    assert "enough" not in drawn(shown)


@pytest.mark.parametrize("width", [80, 40, 30])
def test_all_of_the_forecast_is_shown_and_a_terminal_has_room_to_write_what_was_typed(width: int) -> None:
    shown, _ = display(width)
    told = "enough for 1 to 2 more rounds like the last ones (page reads may end first)"
    shown.on_event(SpendEvent(LIMITS, {"searches": 2}, "MEDIUM", told))
    lines = drawn(shown).splitlines()
    assert " ".join(lines[1 + len(LIMITS) :]) == told
    shown.on_event(SpendEvent(LIMITS, {"searches": 2}, "MEDIUM"))
    assert max(len(lines[-1]), len(drawn(shown).splitlines()[-1])) + len("^C^C") <= width


def test_the_best_answer_and_decisions_are_not_cut_in_a_narrow_terminal() -> None:
    shown, raw = display(40)
    with shown.shown():
        shown.on_event(BestEvent("Mara Finch", "unverified", ("c0",), ("c1",)))
        shown.on_event(DecisionEvent(DECISION))
    told = " ".join(raw.getvalue().decode().split())
    assert "best Mara Finch (unverified), proven: c0" in told
    assert "decide PIVOT: it is [red]stuck[/]" in told


@pytest.mark.parametrize("width", [80, 40, 20])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    shown, _ = display(width)
    shown.on_event(CallEvent("browse", "https://x/" + "y" * 200, "started"))
    assert len(drawn(shown).splitlines()) == 2 + len(LIMITS)
    assert max(map(len, drawn(shown).splitlines())) <= width


def test_a_terminal_without_unicode_gets_plain_gauges() -> None:
    shown, _ = display(encoding="ascii")
    shown.on_event(SpendEvent(LIMITS, {"searches": 2}, "HIGH"))
    assert "############............ 2 of 4" in drawn(shown)
    assert drawn(shown).isascii()


def test_lines_stay_and_warnings_are_shown_whole_without_markup_or_controls(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "spadework")
    shown, raw = display(60)
    with one_line_notices(), shown.shown():
        shown.on_event(DecisionEvent(DECISION))
        shown.on_event(CallEvent("search", "\x1b[31m" + "long " * 40, "done", "1 results"))
        logging.getLogger("spadework").warning("the server cuts %s prompts " * 5, *range(5))
    told = raw.getvalue().decode()
    assert "decide PIVOT: it is [red]stuck[/]" in told
    assert "\x1b[31m" not in told
    assert "cuts 4 prompts" in " ".join(told.split())


def test_the_display_goes_on_while_events_come_from_another_thread() -> None:
    shown, raw = display()
    with shown.shown():
        end = time.monotonic() + 5
        while raw.getvalue().count(b"starting") < 3 and time.monotonic() < end:
            time.sleep(0.02)
    assert raw.getvalue().count(b"starting") >= 3


def test_nothing_is_shown_where_stderr_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with progress("Who?", LIMITS) as on_event:
        tell: Callable[[Event], None] = on_event
        tell(CallEvent("search", "alder", "done", "3 results"))
    assert capsys.readouterr() == ("", "")


def test_a_user_at_a_terminal_sees_gauges_and_then_the_answer(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path)
    ours, theirs = pty.openpty()
    with alder_model("https://alder.example") as model:
        command = [sys.executable, "-m", "spadework.agent", "ask", QUESTION, "--budget", "4", "--model", "fake"]
        running = subprocess.Popen(
            [*command, "--base-url", model.base_url, "--search", f"corpus:{corpus}"],
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
            text=True,
        )
        os.close(theirs)
        seen = read_all(ours)
        stdout, _ = running.communicate(timeout=20)
    assert running.returncode == 0
    assert stdout.startswith(ANSWER)
    assert "page reads" in seen
    assert "search" in seen
    assert "decide" in seen
    assert ANSWER in seen


def read_all(terminal: int) -> str:
    """All that was written to a terminal until its other end was closed."""
    parts: list[bytes] = []
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 65_536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


def test_amounts_are_written_as_people_write_them() -> None:
    told = [amount("tokens", 12_345), amount("ms", 61_900), amount("picousd", 0), amount("picousd", 12 * 10**10)]
    assert told == ["12,345", "62", "$0", "$0.12"]
