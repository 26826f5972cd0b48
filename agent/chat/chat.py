"""The chat itself: what is typed is asked or obeyed, and what came of it is shown."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from ...tools.clean import one_line
from ...tools.errors import ConfigError, SpadeworkError
from ..money.budget import Budget
from ..terminal.ask import exit_code
from ..terminal.notices import as_a_bug, debugging
from ..terminal.usual import usual_strategy
from .commands.registry import is_command, run_command
from .conversation import Conversation, OnEvent
from .reading import KEYS, PipeReader, Reader
from .stopped import how_to_go_on
from .stored import find_saved, load_saved
from .waiting import asked_for_more

if TYPE_CHECKING:
    from rich.console import Console

    from ..result import Result
    from ..topup import Said
    from .screen.view import View

ENDED = ("answered", "budget", "no_leads", "no_search_needed")
AGAIN = "press Ctrl-C once more, or Ctrl-D, to leave"
WAITING = "the question waits: /retry goes on with it, /topup adds to it"
WIDEST = 100


class Chat:
    """A chat at a terminal, or with a pipe. `leaving` ends it; `conversation` is the one that is going on."""

    def __init__(self, conversation: Conversation, console: "Console") -> None:
        self.conversation = conversation
        self.console = console
        self.leaving = False
        self.code = 0
        """With which a chat that reads a pipe ends: that of its last line."""
        self.reader: Reader = PipeReader()

    @property
    def width(self) -> int:
        """Columns that text may take."""
        return max(20, min(WIDEST, self.console.width - 1))

    def run(self) -> None:
        """Take in lines until there are no more, or until it is left. Ctrl-C twice with nothing typed leaves, too."""
        warned = False
        while not self.leaving:
            try:
                line = self.reader.line()
            except EOFError:
                return
            except KeyboardInterrupt:
                if warned or self.leaving or not self.reader.interactive:
                    return
                warned = True
                self.say(AGAIN)
                continue
            warned = False
            if line:
                self.take(line)

    def take(self, line: str) -> None:
        """Obey a command or ask a question; what goes wrong is told in one line, and the chat goes on."""
        try:
            if is_command(line):
                run_command(self, line)
            else:
                self.ask(line)
        except SpadeworkError as error:
            self.code = 2 if isinstance(error, ConfigError) and not self.conversation.questions else 1
            self.complain(str(error))
        except OSError as error:
            self.code = 1
            self.complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        except KeyboardInterrupt as stopped:
            self._stopped(twice=isinstance(stopped.__context__, KeyboardInterrupt))
        except Exception as error:
            if debugging():
                raise
            self.code = 1
            self.complain(as_a_bug(error))  # a bug in a command, say, is no reason to lose the conversation

    def ask(self, message: str) -> None:
        """Ask a question, and show what comes of it. Raises ConfigError before anything is spent."""
        talk = self.conversation
        if not self.reader.interactive:
            self.say(f"> {message}")
        self._answer(message, lambda on_event: talk.ask(message, on_event))

    def go_on(self, said: "Said" = None) -> None:
        """Go on with the last question, after a kill, a failure, or with more."""
        talk = self.conversation
        view = None if talk.result is None else seen_before(talk.message, talk.result)
        self._answer(talk.message, lambda on_event: talk.go_on(said, on_event), view)

    def add(self, more: Budget) -> None:
        """Go on with the last question with more; the conversation's budget is raised where that is in the way."""
        self._make_room(more)
        self.go_on(more)

    def begin(self) -> None:
        """Begin another conversation with the same settings."""
        talk = self.conversation
        self.conversation = Conversation(
            talk.asked, talk.budget, talk.whole, talk.store, asks=talk.asks, trace=talk.trace
        )
        self.say("a new conversation" + ("; /sessions lists the ones before" if talk.store else ""))

    def resume_named(self, name: str) -> None:
        """Go on with a conversation that is kept, of which the first letters are enough; without a name the last one.

        What was said is shown, and where its last question stands. Raises ConfigError and StoreError.
        """
        from ..nodes.past import standing

        talk = self.conversation
        found = find_saved(kept_in(self), name, but=talk.run)
        loaded = load_saved(kept_in(self), found.run)
        self.conversation = Conversation.of(loaded, found.run, talk)
        for exchange in loaded.exchanges:
            self.say(f"> {exchange['question']}")
            if exchange["taken"]:
                self.say(f"taken as: {one_line(exchange['taken'])}")
            self.say(f"{exchange['answer']} ({standing(exchange)})" if exchange["answer"] else "no answer", "  ")
        if not loaded.exchanges and not self.conversation.message:
            return
        if found.state == "open":
            self.say("its last question is being answered now, in another chat")
        elif loaded.outcome.get("paused"):
            self.go_on()
        elif loaded.outcome.get("stop_reason") in ENDED:
            self.conversation.look_again()
        else:
            self.say(f"this question was cut short: {one_line(self.conversation.message, 200)}\n{WAITING}")

    def say(self, text: str, indent: str = "") -> None:
        """Print lines of ours; what they hold of others' words is cleaned, and long lines are folded."""
        from rich.text import Text

        from .screen.cells import columns, folded, shown_lines

        room = self.width - len(indent)
        for line in shown_lines(text):
            lead = line[: len(line) - len(line.lstrip(" "))]
            fits = columns(line) <= room
            first, *rest = [line] if fits else folded(line, max(20, room - len(lead) - 2))
            for part in (first, *(f"{lead}  {more}" for more in rest)):
                self.console.print(Text(indent + part), soft_wrap=True)

    def complain(self, text: str) -> None:
        """What went wrong, in one line; where nobody watches, on stderr."""
        if not self.reader.interactive:
            click.echo(f"error: {one_line(text)}", err=True)
            return
        from rich.text import Text

        from .screen.cells import folded, shown

        first, *rest = folded(f"error: {shown(text)}", self.width - 2)
        self.console.print(Text(first[:6], "red").append(first[6:]), soft_wrap=True)
        for part in rest:
            self.console.print(Text(f"  {part}"), soft_wrap=True)

    def keys(self) -> str:
        """What the keys do, where there are any."""
        return KEYS if self.reader.interactive else ""

    def _answer(self, question: str, work: "Callable[[OnEvent], Result]", view: "View | None" = None) -> None:
        """Run, show the answer, and ask what to do where a limit is gone."""
        talk = self.conversation
        result, view = self._watched(question, work, view)
        if result.stop_reason == "cancelled" and not self.reader.interactive:
            self.leaving = True  # whoever stops a command means all of its questions
        while result.paused and not self.leaving:
            said = asked_for_more(self, result)
            if said is None:
                return
            if isinstance(said, Budget):
                self._make_room(said)
            try:
                result, view = self._watched(question, partial(talk.go_on, said), view)
            except SpadeworkError as error:
                if not isinstance(said, Budget):
                    raise
                self.complain(str(error))  # the day's purse has no more, say: what there is can still be taken

    def _make_room(self, more: Budget) -> None:
        if self.conversation.make_room(more) is not None:
            self.say("the budget of the conversation was raised for it: /budget shows it")

    def _watched(
        self, question: str, work: "Callable[[OnEvent], Result]", view: "View | None"
    ) -> "tuple[Result, View]":
        from .screen.live import watching

        limits = self.conversation.budget.limits()
        with watching(question, limits, self.console, view=view) as watch:
            result = work(watch.on_event)
        self.code = exit_code(result)
        self.console.print()
        self.show(result)
        self._say_what_next(result)
        return result, watch.view

    def show(self, result: "Result", *, full: bool = False) -> None:
        """Print an answer with its proof, in full or in a line for each demand."""
        from .shown import answer_lines

        ascii_only = not self.console.encoding.lower().startswith("utf")
        for line in answer_lines(result, self.width, full=full, ascii_only=ascii_only):
            self.console.print(line, soft_wrap=True)

    def _say_what_next(self, result: "Result") -> None:
        if self.conversation.ended_by:
            self.say(self.conversation.ended_by)
        strategy = self.conversation.asked.strategy or usual_strategy()
        if self.reader.interactive and (hint := how_to_go_on(result, strategy)):
            self.say(hint)
        self.console.print()

    def _stopped(self, *, twice: bool) -> None:
        """Ctrl-C where there is no question that it would end; a second one, while one is ended, leaves."""
        if not self.reader.interactive:
            raise KeyboardInterrupt
        self.leaving = self.leaving or twice
        if not self.leaving:
            self.say("stopped")


def seen_before(question: str, result: "Result") -> "View":
    """The screen of a question that goes on, with what its last result says of it."""
    from ..events import PlanEvent, SpendEvent
    from ..money.budget import Remaining, counted
    from ..state import Constraint, Step
    from .conversation import spent_of
    from .screen.view import View

    left = Remaining(Budget.of(result.budget).limits(), counted(spent_of(result)))
    view = View(question, dict(left.limits))
    view.take(PlanEvent([Constraint(**one) for one in result.constraints], [Step(**one) for one in result.plan]), 0.0)
    view.take(SpendEvent(dict(left.limits), dict(left.gone), left.regime), 0.0)
    return view


def kept_in(chat: Chat) -> str:
    """The store of a chat. Raises ConfigError where it keeps nothing."""
    if chat.conversation.store is None:
        raise ConfigError("this chat keeps nothing (--no-store, SPADEWORK_STORE=none, or a place that is not writable)")
    return chat.conversation.store
