"""The chat's screen in a process of its own, for tests in a real terminal: `chat_worker.py WHAT [NUMBER ...]`."""

import sys
import time

from chat_events import EVIL, LIMITS, decision, events_of, plan_of, spend
from rich.console import Console
from spadework.agent.chat.screen.live import watching
from spadework.agent.chat.shown import answer_lines
from spadework.agent.events import CallEvent
from spadework.agent.result import Source
from test_show import finding, result

CONSOLE = Console(highlight=False)
PAUSE_S = 0.15


def attack(text: str) -> None:
    """A run, its answer in both forms, and a notice, all of them full of this text."""
    with watching(text, LIMITS, CONSOLE) as watch:
        for event in events_of(text):
            watch.on_event(event)
        watch.notice(text)
        time.sleep(PAUSE_S)
    findings = [
        finding(text, "c0", "satisfied", "page", text, inference=text, note=text),
        finding(text, "c1", "disputed", "page", text, inference=text, note=text),
    ]
    made = result(
        question=text,
        answer=text,
        assumption=text,
        fault=text,
        findings=findings,
        constraints=[{"id": f"c{number}", "text": text, "kind": "verification"} for number in range(3)],
        sources=[Source(url=text, title=text, kind="snippet")],
    )
    for full in (False, True):
        for line in answer_lines(made, CONSOLE.width - 1, full=full):
            CONSOLE.print(line)


def slow() -> None:
    """A run that goes on until its terminal is closed."""
    sys.stdout.write("> earlier line\n")
    sys.stdout.flush()
    with watching("Who built the Alder Bridge?", LIMITS, CONSOLE) as watch:
        watch.on_event(plan_of("born in Wick"))
        watch.on_event(spend(outlook="enough for 4 more rounds"))
        watch.on_event(CallEvent("search", "alder", "started"))
        for _ in range(40):
            time.sleep(0.5)


def topped_up() -> None:
    """A run that is stopped in the middle to ask, and goes on."""
    with watching("Who built the Alder Bridge?", LIMITS, CONSOLE) as watch:
        watch.on_event(decision("'Bo Reed' is contradicted on c1"))
        watch.on_event(CallEvent("search", "alder", "started"))
        time.sleep(PAUSE_S)
    said = input("add how much? ")
    with watching("Who built the Alder Bridge?", LIMITS, CONSOLE, view=watch.view) as again:
        again.on_event(CallEvent("search", "alder", "failed", "busy"))
        time.sleep(PAUSE_S)
        sys.stdin.flush()
    sys.stdout.write(f"said {said} elapsed {again.view.elapsed:.0f}\n")


if __name__ == "__main__":
    if sys.argv[1] == "attack":
        for number in sys.argv[2:]:
            attack(EVIL[int(number)])
    else:
        {"slow": slow, "topped_up": topped_up}[sys.argv[1]]()
