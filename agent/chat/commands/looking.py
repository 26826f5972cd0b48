"""Commands that look closer at the last answer: `/sources`, `/open`, `/why`, `/plan`, `/receipt`."""

import os
import sys
from typing import TYPE_CHECKING

from ....tools.clean import one_line
from ....tools.errors import ConfigError
from ...terminal.wrapping import wrapped
from ...words import SOURCES
from ..spent import not_looked_up
from .registry import command

if TYPE_CHECKING:
    from ...result import Result
    from ..chat import Chat


def newest_of(chat: "Chat", name: str) -> "Result":
    """The result of the last message, whatever it was. Raises ConfigError where there is none yet."""
    if chat.conversation.result is None:
        raise ConfigError(f"/{name}: nothing was asked yet")
    return chat.conversation.result


def last_of(chat: "Chat", name: str) -> "Result":
    """The last result that was searched for, else the last one. Raises ConfigError where there is none yet."""
    newest = newest_of(chat, name)
    searched = (result for result in reversed(chat.conversation.results) if not not_looked_up(result))
    return next(searched, newest)


@command("sources", "", "its sources, with what was quoted from each")
def sources(chat: "Chat", rest: str) -> None:
    """The numbered sources, and the quotes that stand on each."""
    result = last_of(chat, "sources")
    lines: list[str] = []
    for number, source in enumerate(result.sources, start=1):
        said = f" ({SOURCES[source.kind]})" if source.kind in SOURCES else ""
        lines += wrapped(f"[{number}] {source.title or 'untitled'}{said}", chat.width, "    ")
        lines.append(f"    {one_line(source.url)}")
        for quote in quotes_of(result, source.url):
            lines += wrapped(f'    "{quote}"', chat.width, "    ")
    chat.say("\n".join(lines) or "the last answer has no sources")


@command("proof", "", "the last answer, all quotes and addresses")
def proof(chat: "Chat", rest: str) -> None:
    """The last answer with all that proves it."""
    result = last_of(chat, "proof")
    chat.show(result, full=True)


@command("open", "N", "open source N of it in the browser")
def open_source(chat: "Chat", rest: str) -> None:
    """Open a source where there is a browser with a window; its address is printed in any case."""
    result = last_of(chat, "open")
    if not rest.isdecimal() or not 1 <= int(rest) <= len(result.sources):
        known = f"give a number from 1 to {len(result.sources)}" if result.sources else "the last answer has no sources"
        raise ConfigError(f"/open {rest}".rstrip() + f": {known}")
    url = one_line(result.sources[int(rest) - 1].url)
    opened = url.startswith(("http://", "https://")) and _in_a_window(url)
    chat.say(url if opened else f"{url}\n(no browser with a window was found here: copy the address)")


def _in_a_window(url: str) -> bool:
    """Whether a graphical browser took the address: one for the terminal would take the chat's screen away."""
    windows = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not windows or os.environ.get("SSH_CONNECTION"):
        return False
    import webbrowser

    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


@command("why", "", "why it dug deeper, pivoted or stopped")
def why(chat: "Chat", rest: str) -> None:
    """The plan and the log of decisions."""
    from ...terminal.explain import explanation

    result = last_of(chat, "why")
    talked = result.stop_reason == "no_search_needed" and not result.decisions
    chat.say("this was said without a search" if talked else explanation(result, chat.width))


@command("plan", "", "what was demanded, and the plan for it")
def plan(chat: "Chat", rest: str) -> None:
    """The constraints and the checklist."""
    from ...nodes.board import step_line
    from ...state import Step

    result = last_of(chat, "plan")
    lines: list[str] = []
    for constraint in result.constraints:
        dropped = f" (dropped: {constraint['dropped']})" if constraint.get("dropped") else ""
        lines += wrapped(f"{constraint['id']} {constraint['text']}{dropped}", chat.width, "   ")
    for step in result.plan:
        lines += wrapped(step_line(Step(**step)), chat.width, "    ")
    chat.say("\n".join(lines if result.plan else [*lines, "no plan was written for this question"]))


@command("receipt", "[full]", "what it cost, by node or call by call", lambda _: ["full"])
def receipt(chat: "Chat", rest: str) -> None:
    """The receipt of the last question. Raises ConfigError for another word than `full`."""
    if rest and rest != "full":
        raise ConfigError(f"/receipt {one_line(rest, 40)}: say /receipt, or /receipt full")
    chat.say(newest_of(chat, "receipt").receipt(full=rest == "full"))


def quotes_of(result: "Result", url: str) -> list[str]:
    """What was quoted from one address, each once."""
    quoted = [item for finding in result.findings for item in finding["evidence"] if item["url"] == url]
    return list(dict.fromkeys(item["quote"] for item in quoted))
