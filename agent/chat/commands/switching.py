"""Commands that set with what is answered: `/model`, `/search`, `/strategy`."""

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from ....tools.clean import one_line
from ...strategies import STRATEGIES, get_strategy
from ...terminal.usual import usual_strategy
from ..stopped import ONCE
from .registry import command

if TYPE_CHECKING:
    from ..chat import Chat


@command(
    "model",
    "[NAME [URL]]",
    "show the model, or take another one",
    more="/model ollama:NAME, /model openai:NAME, or /model NAME with the address of its server.",
)
def model(chat: "Chat", rest: str) -> None:
    """Show or set the model. Raises ConfigError for one that cannot be used."""
    talk = chat.conversation
    if rest:
        from ...llm.models import Server, make_chat

        name, _, url = rest.partition(" ")
        base_url = url.strip() or talk.asked.base_url
        made = make_chat(name, context=talk.asked.context, server=Server(base_url))
        talk.asked = replace(talk.asked, model=name, base_url=base_url)
        where = " on this machine" if made.local else ""
        chat.say(f"model: {one_line(name, 200)}{where}, from the next question on")
        return
    roles = "".join(f", {role}" for role in talk.asked.roles)
    chat.say(f"model: {model_name(chat) or 'none is set; say /model NAME'}{roles}")


def model_name(chat: "Chat") -> str:
    """The name of the model as it was given; empty where there is none."""
    return one_line(chat.conversation.asked.model or os.environ.get("SPADEWORK_MODEL", ""), 200)


def _backends(_: "Chat") -> list[str]:
    from ....tools.backends.choice import BACKENDS

    return list(BACKENDS)


@command(
    "search",
    "[NAME]",
    "show the search backend, or take another one",
    _backends,
    more="/search searxng, /search wikipedia, /search corpus:FILE and others.",
)
def search(chat: "Chat", rest: str) -> None:
    """Show or set the search backend. Raises ConfigError for one that cannot be used."""
    talk = chat.conversation
    if rest:
        from ...loop import start
        from ...outside import Outside

        outside = Outside(talk.asked.settings())
        try:
            outside.search(rest)
        finally:
            start(outside.aclose()).result()
        talk.asked = replace(talk.asked, search=rest)
    chat.say(f"search: {search_name(chat)}{', from the next question on' if rest else ''}")


def search_name(chat: "Chat") -> str:
    """The name of the search backend that is used."""
    from ....tools.backends.choice import default_backend

    named = chat.conversation.asked.search or os.environ.get("SPADEWORK_SEARCH")
    return one_line(named or f"{default_backend()} (the usual one)", 200)


@command(
    "strategy",
    "[NAME]",
    "show the strategy, or take another one",
    lambda _: [*STRATEGIES],
    more="/strategy bats-early is the usual one; the others are there to compare it with.",
)
def strategy(chat: "Chat", rest: str) -> None:
    """Show or set the strategy. Raises ConfigError for one that there is not."""
    talk = chat.conversation
    if rest:
        get_strategy(rest)
        talk.asked = replace(talk.asked, strategy=rest)
    named = talk.asked.strategy or usual_strategy()
    chat.say(f"strategy: {named}{', from the next question on' if rest else ''}")
    if get_strategy(named).runs > 1:
        chat.say(ONCE)
