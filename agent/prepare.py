"""From what a caller says to a run that is ready to go: all arguments are checked before anything is spent."""

import os
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from uuid import uuid4

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from ..tools.backends.names import with_whole_place
from ..tools.browse import Browse
from ..tools.clean import clean
from ..tools.errors import ConfigError
from ..tools.search import Search
from ..tools.shapes import is_mapping
from .deps import Clarify, Deps
from .events import Event
from .graph import Graph, build_graph
from .llm.models import Server, make_chat
from .llm.wire import Chat
from .money.budget import Budget
from .money.prices import Prices, load_prices, missing_price
from .nodes.further import read_tools
from .outside import Outside
from .roles import LATE, ROLES
from .settings import Settings
from .storage.purse import Lease, Purse
from .storage.savers import Saver
from .strategies import get_strategy
from .topup import Said, TopUp

if TYPE_CHECKING:
    from .result import Result

ModelLike = Any
"""A name, a langchain chat model, a Chat, or a dict of these by role."""
SearchLike = str | Search | Callable[[str], Any] | None
BrowseLike = Browse | Callable[[str], Any] | None
OnSpent = Callable[["Result"], Said | Awaitable[Said]] | Literal["pause"] | None
MAX_QUESTION = 20_000


class Options(TypedDict, total=False):
    """What `run_agent` takes besides the question and the budget.

    model: "openai:NAME", another name that `make_chat` knows, a langchain chat model, or a dict of these by role
    (planner, searcher, verifier, judge, default); without it SPADEWORK_MODEL. In such a dict a regime (MEDIUM, LOW,
    CRITICAL) names the model that takes over all roles once so little is left. temperature: for all roles, or a dict by
    role; without it the verifier and the judge have 0, and the others what their model has. search: "searxng",
    "wikipedia", "corpus:FILE", "frozen:FILE", or a function from a query to results. browse: a function from an address
    to a page; without it the web is read. tools: further tools for the model, as functions with type hints or langchain
    tools; the budget limits each by its name. strategy: a name that `get_strategy` knows, "bats-early" without one.
    clarify: a function, async or not, that is asked once when the question cannot be understood: it is told how the
    model would take it, and gives what is meant, or nothing. output: a pydantic model; `result.data` is the answer in
    that form. thread_id, checkpointer: as in LangGraph; a thread that was stopped goes on with the same question.
    store: a file, or the address of a Postgres database, in place of a checkpointer: the run can be resumed, and its
    spend is written there before it is made. ledger: a file for the spend where the checkpointer is neither SQLite nor
    Postgres. purse: a budget that several runs share. on_spent: asked when a limit is gone, with the result so far: a
    function, async or not, that gives what to add ({"searches": 5}), "take" or "stop"; or "pause", which comes back
    with what there is (`result.paused`) and waits for `resume_agent(run, top_up=...)`. conversation: makes the
    questions of a thread a conversation, in which small talk takes one call and follow-ups know what was found; a
    Budget whose limits hold for all of its questions together, {} for none. With a strategy that runs several at once
    (parallel-...) nobody is asked for more, as the runs share the budget out once, and each question stands by itself.
    notes: plain data kept in the store with
    the run. settings: how the outside is reached, where the environment does not say it. on_event: told each event as
    it happens, on the thread of the run. stream: whether models are asked to send their replies piece by piece, which
    events then tell; the result is the same, and a slow model that keeps writing is not given up.
    """

    model: ModelLike
    temperature: float | Mapping[str, float] | None
    search: SearchLike
    browse: BrowseLike
    tools: Sequence[Any]
    strategy: str
    clarify: Clarify | None
    output: type[BaseModel] | None
    thread_id: str | None
    checkpointer: Saver | None
    store: str | Path | None
    ledger: str | Path | None
    purse: Purse | None
    on_spent: OnSpent
    conversation: Budget | Mapping[str, object] | None
    notes: Mapping[str, Any]
    settings: Settings | None
    on_event: Callable[[Event], None] | None
    stream: bool


@dataclass(slots=True)
class Prepared:
    """A run that is ready to go. `last` is the latest state that it reached."""

    question: str
    budget: Budget
    run: str
    deps: Deps
    built: Graph
    about: dict[str, Any]
    """What a resume needs to know that is not in the state."""
    saver: Saver | None = None
    store: str | Path | None = None
    ledger: str | Path | None = None
    purse: Purse | None = None
    lease: Lease | None = None
    """The part of the purse that this run may spend."""
    resuming: bool = False
    """Only a run that was stored before is meant, not a new question."""
    top_up: TopUp | None = None
    on_spent: OnSpent = None
    conversation: Budget | None = None
    """The limits of all questions of the thread together."""
    outside: Outside | None = None
    last: dict[str, Any] = field(default_factory=dict[str, Any])
    result: "Result | None" = None
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def output(self) -> type[BaseModel] | None:
        return self.deps.output

    async def aclose(self) -> None:
        """Close what was opened for this run; what the caller handed in stays open."""
        if self.outside is not None:
            await self.outside.aclose()


def prepare(question: str, budget: Budget, options: Options) -> Prepared:
    """Check everything and build the run. Raises ConfigError with one clear line; nothing is opened or spent."""
    for name in options:
        if name not in Options.__annotations__:
            near = get_close_matches(name, Options.__annotations__, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(Options.__annotations__)}"
            raise ConfigError(f"there is no argument {name!r}: {hint}")
    text = _question(question)
    output = options.get("output")
    if output is not None and not _is_model(output):
        raise ConfigError(f"output={output!r}: give a pydantic model class")
    _check_kinds(options)
    strategy = get_strategy(options.get("strategy") or "bats-early")
    settings = options.get("settings") or Settings.from_environment()
    chats = _chats(options.get("model"), settings)
    purse = options.get("purse")
    conversation = None if options.get("conversation") is None else Budget.of(options.get("conversation"))
    outside = Outside(settings)
    search = outside.search(options.get("search"))
    browse = outside.browse(options.get("browse"), search)
    deps = Deps(
        chats,
        search,
        browse,
        strategy,
        _prices(
            [budget, *([purse.budget] if purse else []), *([conversation] if conversation else [])], chats, settings
        ),
        clock=settings.clock,
        model_timeout=settings.model_timeout,
        first_token_timeout=settings.first_token_timeout,
        stream=bool(options.get("stream")),
        tool_timeout=settings.tool_timeout,
        output=output,
        further=read_tools(options.get("tools") or (), budget),
        temperatures=_temperatures(options.get("temperature")),
        clarify=options.get("clarify"),
        asks=options.get("on_spent") is not None,
        converses=conversation is not None,
    )
    saver = options.get("checkpointer")
    if deps.asks and saver is None and options.get("store") is None:
        saver = InMemorySaver()  # LangGraph keeps a question that waits for an answer in a checkpoint
    run = options.get("thread_id") or uuid4().hex[:12]
    if listener := options.get("on_event"):
        deps.listen(run, listener)
    return Prepared(
        text,
        budget,
        run,
        deps,
        build_graph(deps),
        _about(text, budget, strategy.name, options),
        saver=saver,
        store=options.get("store"),
        ledger=options.get("ledger"),
        purse=purse,
        on_spent=options.get("on_spent"),
        conversation=conversation,
        outside=outside,
    )


def _about(question: str, budget: Budget, strategy: str, options: Options) -> dict[str, Any]:
    """What can be said of the run in plain data: objects that were handed in must be handed in again."""
    settings = options.get("settings")
    named = {name: value for name in ("model", "search", "temperature") if _plain(value := options.get(name))}
    environment = {"model": os.environ.get("SPADEWORK_MODEL"), "search": os.environ.get("SPADEWORK_SEARCH")}
    base_url = (settings and settings.base_url) or os.environ.get("SPADEWORK_BASE_URL")
    about = {"question": question, "budget": budget.to_dict(), "strategy": strategy, "base_url": base_url}
    usual = {name: value for name, value in environment.items() if options.get(name) is None}
    notes = dict(options.get("notes") or {})
    known = {name: value for name, value in (about | usual | named | notes).items() if value is not None}
    if isinstance(search := known.get("search"), str):
        known["search"] = with_whole_place(search, Path.cwd())  # it may be gone on with from another folder
    return known


def _plain(value: object) -> bool:
    """Whether an option can be noted in the store: a name, a number, or these by role."""
    if is_mapping(value):
        return all(isinstance(item, str | int | float) for item in value.values())
    return isinstance(value, str | int | float)


def _check_kinds(options: Options) -> None:
    """Options that are used only later, where a wrong kind would raise something unreadable."""
    for name, kind, wanted in (
        ("strategy", str, "the name of a strategy"),
        ("settings", Settings, "a Settings"),
        ("checkpointer", BaseCheckpointSaver, "a LangGraph checkpoint saver"),
        ("thread_id", str, "a text that is not empty"),
        ("store", str | Path, "a file, or postgresql://..."),
        ("ledger", str | Path, "a file"),
        ("stream", bool, "True or False"),
        ("purse", Purse, "a Purse"),
        ("notes", Mapping, "a dict of plain data"),
    ):
        value: object = options.get(name)
        if value is not None and (not isinstance(value, kind) or value == ""):
            raise ConfigError(f"{name}={value!r}: give {wanted}")
    on_spent = options.get("on_spent")
    if on_spent is not None and on_spent != "pause" and not callable(on_spent):
        raise ConfigError(f"on_spent={on_spent!r}: give a function that is told the result so far, or 'pause'")
    if options.get("store") is not None and options.get("checkpointer") is not None:
        raise ConfigError("store and checkpointer are two places for one run: give one of them")


def _is_model(output: object) -> bool:
    return isinstance(output, type) and issubclass(output, BaseModel)


def _prices(budgets: Sequence[Budget], chats: Mapping[str, Chat], settings: Settings) -> Prices:
    """The prices; with a dollar limit every model must have one, or the limit could not be kept."""
    prices = load_prices(settings.prices)
    for chat in chats.values() if any(budget.usd is not None for budget in budgets) else ():
        if prices.bound(chat.name, 1_000, 1_000, local=chat.local) is None:
            raise missing_price(chat.name)
    return prices


def _question(question: object) -> str:
    text = clean(question).strip() if isinstance(question, str) else ""
    if not text:
        raise ConfigError(f"question={question!r}: give a question as text")
    if len(text) > MAX_QUESTION:
        raise ConfigError(f"the question has {len(text):,} characters: give at most {MAX_QUESTION:,}")
    return text


def _chats(model: ModelLike, settings: Settings) -> dict[str, Chat]:
    server = Server(settings.base_url, settings.proxy, settings.ca, settings.transport)
    if not is_mapping(model):
        return {"default": make_chat(model, context=settings.context, server=server)}
    for role in model:
        if role not in (*ROLES, *LATE, "default"):
            known = ", ".join((*ROLES, "default", *LATE))
            raise ConfigError(f"model has no role {role!r}: known are {known}")
    chats = {role: make_chat(value, context=settings.context, server=server) for role, value in model.items()}
    if "default" not in chats and any(role not in chats for role in ROLES):
        chats["default"] = make_chat(None, context=settings.context, server=server)
    return chats


def _temperatures(given: object) -> dict[str, float]:
    """The temperatures by role. Raises ConfigError for one that cannot be used."""
    each: Mapping[str, Any] = given if is_mapping(given) else {} if given is None else dict.fromkeys(ROLES, given)
    for role, value in each.items():
        if role not in ROLES:
            raise ConfigError(f"temperature has no role {role!r}: known are {', '.join(ROLES)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
            raise ConfigError(f"temperature {role}={value!r}: give a number from 0 to 2")
    return dict(each)
