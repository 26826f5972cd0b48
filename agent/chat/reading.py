"""Where the chat's lines come from: a person at a terminal, or a pipe."""

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from ...tools.clean import clean
from .commands.every import COMMANDS

if TYPE_CHECKING:
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    from .chat import Chat

PROMPT = "> "
MORE = "  "
"""What stands before the further lines of a message."""
KEYS = "Alt-Enter, or \\ at the end, begins a new line."


class Reader(Protocol):
    """Gives lines. Raises EOFError where there are no more, KeyboardInterrupt for Ctrl-C."""

    interactive: bool

    def line(self) -> str:
        """A message or a command, which may have several lines."""
        ...

    def reply(self, prompt: str) -> str:
        """What somebody says to a question of ours, on one line."""
        ...


class PipeReader:
    """Lines of standard input, each a message of its own. Nobody is there to be asked anything."""

    interactive = False

    def line(self) -> str:
        """The next line that is not empty. Raises EOFError."""
        while True:
            read = sys.stdin.buffer.readline() if sys.stdin else b""
            if not read:
                raise EOFError
            if text := clean(read.decode(errors="replace")).strip():
                return text

    def reply(self, prompt: str) -> str:
        """Raises EOFError: there is nobody."""
        raise EOFError


class PromptReader:
    """A line editor with history, several lines, and completion of commands."""

    interactive = True

    def __init__(self, chat: "Chat", history: "History", told: Callable[[], str]) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.output import ColorDepth
        from prompt_toolkit.styles import Style

        plain = bool(os.environ.get("NO_COLOR"))
        self._session: PromptSession[str] = PromptSession(
            PROMPT,
            history=history,
            completer=_completer(chat),
            complete_while_typing=True,
            complete_in_thread=True,
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation=MORE,
            bottom_toolbar=lambda: told(),
            style=Style.from_dict({"bottom-toolbar": "noreverse", "prompt": "" if plain else "bold"}),
            color_depth=ColorDepth.DEPTH_1_BIT if plain else None,
            enable_suspend=True,
            reserve_space_for_menu=4,
        )
        self._short: PromptSession[str] = PromptSession(
            color_depth=ColorDepth.DEPTH_1_BIT if plain else None, key_bindings=_no_mouse(), erase_when_done=False
        )

    def line(self) -> str:
        """The next message. Raises EOFError for Ctrl-D, KeyboardInterrupt for Ctrl-C where nothing was typed."""
        return _read(self._session.prompt())

    def reply(self, prompt: str) -> str:
        """One line, of what is typed from now on: what was typed before, unasked, is kept for the next message.

        Raises EOFError, KeyboardInterrupt.
        """
        from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead

        source = self._short.input
        early = get_typeahead(source)
        with source.raw_mode():
            while keys := source.read_keys():
                early += keys
        try:
            return _read(self._short.prompt(prompt))
        finally:
            store_typeahead(source, early)


def _read(typed: str) -> str:
    """What was typed; bytes that the terminal's encoding does not know are mostly UTF-8."""
    return clean(typed.encode(errors="surrogateescape").decode(errors="replace")).strip()


def _no_mouse() -> "KeyBindings":
    """Take no notice of the mouse, which was not asked for: other bytes that look like it end prompt_toolkit."""
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.keys import Keys

    keys = KeyBindings()

    @keys.add(Keys.Vt100MouseEvent)
    def _(event: "KeyPressEvent") -> None:
        """Nothing."""

    return keys


def _keys() -> "KeyBindings":
    keys = _no_mouse()

    @keys.add("enter")
    @keys.add("c-j")  # what was typed while the chat was busy ends with this
    def _(event: "KeyPressEvent") -> None:
        buffer = event.current_buffer
        if buffer.complete_state is not None and buffer.complete_state.current_completion is not None:
            buffer.complete_state = None
        elif buffer.document.current_line_before_cursor.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: "KeyPressEvent") -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def _(event: "KeyPressEvent") -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt)

    return keys


def _completer(chat: "Chat") -> Any:
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    class Commands(Completer):
        """Names of commands, and the words that may follow them."""

        def get_completions(self, document: Document, complete_event: object) -> Iterable[Completion]:
            text = document.text_before_cursor
            if not text.startswith("/") or "\n" in text:
                return
            for word, typed in completions(chat, text):
                yield Completion(word, start_position=-len(typed))

    return Commands()


def completions(chat: "Chat", text: str) -> list[tuple[str, str]]:
    """What may stand at the end of a command line, each with what of it is typed already."""
    name, space, rest = text[1:].partition(" ")
    if not space:
        return [(f"/{known} ", text) for known in COMMANDS if known.startswith(name.lower())]
    if name not in COMMANDS:
        return []
    typed = rest.rpartition(" ")[2].rpartition(",")[2]
    return [(word, typed) for word in COMMANDS[name].words(chat) if word.startswith(typed) and word != typed]
