"""Commands that keep, find and end conversations, and those that every chat has: `/help`, `/quit`."""

from pathlib import Path
from typing import TYPE_CHECKING

from ....tools.clean import one_line
from ....tools.errors import ConfigError
from ....tools.replacing import write_whole
from ..stored import delete_saved, find_saved, list_saved, saved_text
from .looking import last_of
from .registry import COMMANDS, command

if TYPE_CHECKING:
    from ..chat import Chat

FORCE = "--force"
"""Behind the name of a file that may be written over."""


@command(
    "save",
    "FILE [--force]",
    "write it all to FILE.md or FILE.json",
    lambda _: [FORCE],
    more="JSON holds all proof. A file that is there is written over with --force only.",
)
def save(chat: "Chat", rest: str) -> None:
    """Write the conversation, over a file that is there only where that is said. Raises ConfigError."""
    from ..written import conversation_json, conversation_markdown

    last_of(chat, "save")
    name = rest.removesuffix(f" {FORCE}").rstrip()
    if name in ("", FORCE):
        raise ConfigError("/save: name a file, such as /save answer.md or /save answer.json")
    try:
        path = Path(name).expanduser()
        taken = path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, a home that nobody has
        why = getattr(error, "strerror", None) or error
        raise ConfigError(f"/save: {one_line(name, 200)} cannot be written: {why}") from error
    if taken and name == rest:
        shown = one_line(str(path), 200)
        raise ConfigError(f"/save: {shown} is there already: give another name, or say /save {shown} {FORCE}")
    as_json = path.suffix.lower() == ".json"
    text = conversation_json(chat.conversation) if as_json else conversation_markdown(chat.conversation)
    try:
        write_whole(path, text.encode("utf-8", "replace"), private=True)
    except OSError as error:
        raise ConfigError(f"/save: {one_line(str(path), 200)} cannot be written: {error.strerror or error}") from error
    chat.say(f"saved to {one_line(str(path), 300)}")


@command("sessions", "[delete ID]", "list the conversations kept, or delete one", lambda _: ["delete"])
def sessions(chat: "Chat", rest: str) -> None:
    """List the conversations, or delete one. Raises ConfigError for one that there is not, or that goes on."""
    from ..chat import kept_in

    store = kept_in(chat)
    word, _, name = rest.partition(" ")
    if word == "delete" and name.strip():
        found = find_saved(store, name.strip())
        if found.run == chat.conversation.run:
            raise ConfigError("/sessions delete: that is this conversation; /clear begins another one first")
        delete_saved(store, found.run)
        chat.say(f"deleted {found.run} ({one_line(found.title, 60)})")
        return
    if rest:
        raise ConfigError(f"/sessions {one_line(rest, 60)}: say /sessions, or /sessions delete ID")
    chat.say(saved_text(list_saved(store), chat.width, here=chat.conversation.run) or "no conversation is kept yet")


def _ids(chat: "Chat") -> list[str]:
    if chat.conversation.store is None:
        return []
    return [saved.run for saved in list_saved(chat.conversation.store)]


@command(
    "resume",
    "[ID]",
    "go on with the last conversation, or that one",
    _ids,
    more="The first letters of its id are enough.",
)
def resume(chat: "Chat", rest: str) -> None:
    """Leave this conversation for another one. Raises ConfigError where there is none."""
    chat.resume_named(rest)


@command(
    "retry",
    "",
    "go on with the last question, or ask it again",
    more="It goes on where the question was cut short or failed: what was found is not paid for again.",
)
def retry(chat: "Chat", rest: str) -> None:
    """Go on with, or ask again, the last question. Raises ConfigError where nothing was asked."""
    talk = chat.conversation
    result = talk.result
    if talk.unasked:
        chat.ask(talk.unasked)
    elif not talk.message:
        raise ConfigError("/retry: nothing was asked yet")
    elif result is None or result.stop_reason in ("cancelled", "error") or result.paused:
        chat.go_on()
    else:
        chat.ask(talk.message)


@command("clear", "", "begin another conversation; this one is kept")
def clear(chat: "Chat", rest: str) -> None:
    """Begin anew, with the same settings."""
    chat.begin()


@command("help", "[COMMAND]", "show this list, or more of one command", lambda _: [*COMMANDS])
def help_(chat: "Chat", rest: str) -> None:
    """List the commands."""
    from .every import HELP, help_text

    chat.say(help_text(rest, chat.width))
    if not rest:
        chat.say(f"{HELP} {chat.keys()}".rstrip())


@command("quit", "", "leave; `spadework chat --resume` comes back")
def quit_(chat: "Chat", rest: str) -> None:
    """Leave the chat."""
    chat.leaving = True
