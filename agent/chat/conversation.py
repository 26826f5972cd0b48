"""A conversation: its questions, each within a budget, all together within another one, in one thread of a store."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from ...tools.clean import one_line
from ...tools.errors import ConfigError
from ..money.amounts import ZERO, Amounts
from ..money.budget import Budget, counted
from ..terminal.ask import Asked
from ..terminal.daily import daily_of, shared, why_ended
from ..terminal.tracing import Tracing
from ..terminal.usual import usual_strategy
from .stored import mark_in, mark_of

if TYPE_CHECKING:
    from ..events import Event
    from ..result import Result
    from ..state import Exchange
    from ..topup import Said
    from .stored import Loaded

TITLE = 80
OnEvent = Callable[["Event"], None]


@dataclass(slots=True)
class Conversation:
    """What is asked here goes into one thread, so that later questions know what was found, and what it came to.

    `asked` holds the model, the search and the rest as they stand on the command line; `budget` is that of each
    question, `whole` that of all of them. Without a `store` the conversation lives as long as this object.
    """

    asked: Asked
    budget: Budget
    whole: Budget
    store: str | None
    run: str = field(default_factory=lambda: uuid4().hex[:12])
    title: str = ""
    trace: Tracing = field(default_factory=Tracing)
    """Where all that happens is written, if anywhere."""
    asks: bool = True
    """Whether somebody is there who can be asked for more."""
    questions: int = 0
    before: Amounts = ZERO
    """What the questions before the last one came to."""
    begun: Amounts = ZERO
    """What the last one came to in an earlier chat, while it has no result here."""
    turn: int = 0
    """The number of the last one in the thread."""
    result: "Result | None" = None
    """That of the last question."""
    message: str = ""
    """The last question, in the words in which it was asked."""
    unasked: str = ""
    """What could not be asked, where that is the last that was tried: nothing was spent on it."""
    results: "list[Result]" = field(default_factory=list["Result"])
    """Those of all questions that were asked here."""
    earlier: "Sequence[Exchange]" = ()
    """What was said in earlier chats of this conversation."""
    ended_by: str = ""
    """What the day's purse had to do with the end of the last question; mostly nothing."""
    _left: "Exchange | None" = None
    """The last question of an earlier chat, while it has no result here."""
    _mark: str = ""
    _marks: set[str] = field(default_factory=set[str])
    """Marks that this chat left in the store, or found there; another one there is that of another chat."""
    _saver: Any = None
    _known: str | dict[str, str] | None = ""
    """The models whose servers were asked about themselves."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _learnt: bool = False
    """Whether the context is what a server said, and nobody else."""

    @classmethod
    def of(cls, loaded: "Loaded", run: str, like: "Conversation") -> Self:
        """A conversation that was kept, with its own budgets, model and search, and else set up `like` another one."""
        known = loaded.about["chat"]
        exchanges = loaded.exchanges
        question = exchanges[-1]["question"] if exchanges else str(loaded.about.get("question", ""))
        mark = mark_in(loaded.about)
        return cls(
            asked=_as_before(like.asked, loaded.about),
            budget=Budget.of(known.get("budget") or like.budget),
            whole=Budget.of(known.get("whole") or like.whole),
            store=like.store,
            run=run,
            title=str(known.get("title", "")),
            asks=like.asks,
            trace=like.trace,
            questions=int(known.get("questions", 0)),
            before=loaded.spent,
            begun=loaded.begun,
            turn=exchanges[-1]["turn"] if exchanges else 0,
            message=question,
            earlier=exchanges[:-1] if exchanges else (),
            _left=exchanges[-1] if exchanges else None,
            _mark=mark,
            _marks=set() if loaded.in_use else {mark},
        )

    def ask(self, message: str, on_event: OnEvent) -> "Result":
        """Answer a message. Raises ConfigError and StoreError before anything is spent."""
        self.unasked = message  # before anything that takes time: Ctrl-C may come at once
        from ..run import run_agent

        self.check_alone()
        self.get_acquainted()
        before, earlier = self.spent(), self.message
        self.message = message
        self.title = self.title or one_line(message, TITLE)
        self.questions += 1
        self._leave_mark()
        try:
            result = self._within_the_day(
                lambda options: run_agent(message, self._whole_day(), **options), on_event, new=self.questions == 1
            )
        except BaseException:  # Ctrl-C before it had begun is one
            self.questions, self.message = self.questions - 1, earlier
            raise
        self.unasked = ""
        turn = _turn(result)
        if turn and turn == self.turn:  # the same words went on with what was cut short
            self.results = self.results[:-1] if self.result is not None else self.results
        else:
            self.earlier = [*self.earlier, *([self._left] if self._left is not None and self.result is None else [])]
            self.before = before
        self.turn, self.result = turn, result
        self.results.append(result)
        return result

    def check_alone(self) -> None:
        """Raises ConfigError where another chat has gone on with this conversation since it was read here."""
        mark = None if self.store is None else mark_of(self.store, self.run)
        if mark is not None and mark not in self._marks:
            raise ConfigError(f"another chat went on with this conversation: /resume {self.run} takes it up from there")

    def _leave_mark(self) -> None:
        self._mark = uuid4().hex[:8]
        self._marks.add(self._mark)

    def get_acquainted(self) -> None:
        """Ask a model's server near by once how much it reads at a time, and give it time where it may be slow.

        The usual limit on time is lifted for models on this machine, as Ctrl-C is at hand; one that was set stays.
        Raises ConfigError for a model that cannot be used.
        """
        with self._lock:
            self._get_acquainted()

    def _get_acquainted(self) -> None:
        from ..llm.models import Server, make_chat
        from ..llm.told_context import learn_context
        from ..loop import start

        named = self.asked.models()
        if named == self._known:
            return
        if self._learnt:  # that of the model before
            self.asked, self._learnt = replace(self.asked, context=None), False
        server = Server(self.asked.base_url)
        names = list(named.values()) if isinstance(named, dict) else [named]
        chats = [make_chat(name, context=self.asked.context, server=server) for name in names]
        if self.asks and self.budget == Budget.of(None) and all(chat.local for chat in chats):
            self.budget = replace(self.budget, seconds=None)
        if len(chats) == 1 and chats[0].context is None:
            learnt = start(learn_context(chats[0])).result()
            self.asked, self._learnt = replace(self.asked, context=learnt), learnt is not None
        self._known = named

    def go_on(self, said: "Said", on_event: OnEvent) -> "Result":
        """Go on with the last question: with more, with a word, or where it was cut short. Raises as `ask` does."""
        from ..run import resume_agent

        self.check_alone()
        self._leave_mark()
        run, self.unasked = self.run, ""
        again = self.result is None
        self.result = self._within_the_day(lambda options: resume_agent(run, top_up=said, **options), on_event)
        self.results = [*(self.results if again else self.results[:-1]), self.result]
        return self.result

    def look_again(self) -> None:
        """Take in the result of a question that had ended before, so that it can be looked at; nothing is spent.

        Where the model or the search that it was asked with cannot be used now, there is none to look at.
        """
        from ..run import resume_agent

        run = self.run
        with suppress(ConfigError):
            self.result = self._within_the_day(lambda options: resume_agent(run, **options), lambda _: None)
            self.results = [self.result]

    def spent(self) -> Amounts:
        """What all questions came to so far; of time only that in which they were worked on."""
        if self.result is None:
            return self.before + self.begun
        return self.before + spent_of(self.result)

    def left(self) -> dict[str, int]:
        """What is left of the budget of the conversation, in the ledger's units."""
        gone = counted(self.spent())
        return {name: max(0, limit - gone[name]) for name, limit in self.whole.limits().items()}

    def make_room(self, more: Budget) -> Budget | None:
        """Raise the conversation's own limits where they would keep from a question what is added to it by hand.

        The limits as they are now, or None where nothing had to be raised.
        """
        limits, left = self.whole.limits(), self.left()
        short = {name: by - left[name] for name, by in more.limits().items() if name in left and by > left[name]}
        if not short:
            return None
        self.whole = Budget.from_limits({name: limit + short.get(name, 0) for name, limit in limits.items()})
        return self.whole

    def _within_the_day(self, run: "Callable[[Any], Result]", on_event: OnEvent, *, new: bool = False) -> "Result":
        """Run within today's purse, where there is one."""
        daily = daily_of(self.asked.daily)
        with shared(daily, self.store, self.budget, new=self.run if new else "") as purse:
            self.trace.begin(
                self.message,
                self.budget.to_dict(),
                self.run,
                {"model": self.asked.models(), "strategy": self.asked.strategy},
            )
            result = run({**self._options(), "on_event": self.trace.before(on_event), "purse": purse})
            self.trace.finish(result)
            self.ended_by = why_ended(purse, result)
        return result

    def _whole_day(self) -> Budget:
        daily = daily_of(self.asked.daily)
        return daily.within(self.budget) if daily is not None else self.budget

    def _options(self) -> dict[str, Any]:
        asked = self.asked
        return {
            "model": asked.models(),
            "temperature": asked.temperature(),
            "search": asked.search,
            "strategy": asked.strategy or usual_strategy(),
            "settings": asked.settings(),
            "thread_id": self.run,
            "conversation": self.whole,
            "on_spent": "pause" if self.asks else None,
            "notes": {"chat": self.about()},
            "stream": True,
            **self._kept(),
        }

    def about(self) -> dict[str, Any]:
        """What a later chat has to know that goes on with this one."""
        return {
            "title": self.title,
            "questions": self.questions,
            "budget": self.budget.to_dict(),
            "whole": self.whole.to_dict(),
            "mark": self._mark,
        }

    def _kept(self) -> dict[str, Any]:
        if self.store is not None:
            return {"store": self.store}
        if self._saver is None:
            from langgraph.checkpoint.memory import InMemorySaver

            self._saver = InMemorySaver()
        return {"checkpointer": self._saver}


def _as_before(asked: Asked, about: "Mapping[str, Any]") -> Asked:
    """The options of a chat, with model, search and strategy of the conversation where it names none itself."""
    known = {name: about.get(name) for name in ("model", "search", "strategy", "base_url")}
    return replace(
        asked, **{name: value for name, value in known.items() if isinstance(value, str) and not getattr(asked, name)}
    )


def _turn(result: "Result") -> int:
    """The number of a question in its thread; 0 for one without any charge."""
    return next((int(charge.id.split("/")[-4]) for charge in result.charges), 0)


def spent_of(result: "Result") -> Amounts:
    """What a question came to, as its charges say; of calls, which overlap, no time counts."""
    ms = sum(charge.amounts.ms for charge in result.charges if charge.kind == "clock")
    return replace(sum((charge.amounts for charge in result.charges), ZERO), ms=ms)
