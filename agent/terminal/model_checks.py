"""What `doctor` says of the model: its server, its key, its price, whether it replies, and how much it reads."""

import os
import sys
from collections.abc import AsyncGenerator
from difflib import get_close_matches

import click
import httpx

from ...tools.clean import one_line
from ...tools.errors import ConfigError, ModelError
from ..llm.connections import Connections, Route, is_loopback, read_base_url
from ..llm.model import OpenAICompatible
from ..llm.models import NO_MODEL, Server, make_chat, probe_context
from ..llm.told_context import learn_context
from ..llm.trial import Trial, try_model
from ..llm.wire import QUIET_S, Chat
from ..money.amounts import to_usd
from ..money.prices import load_prices, missing_price
from ..nodes.context import DEFAULT_CONTEXT
from ..nodes.streaming import NEAR_S
from ..settings import Settings
from .check import TIMEOUT, Check

NOT_ASKED = "not asked, as that may cost something: `spadework doctor --probe` sends a tiny message and a long prompt"
CALLS = {
    "made": "it makes tool calls",
    "in text": "it writes tool calls into its text, which is understood",
    "none": "it did not make the tool call that it was asked for, which small models may still do as text",
    "refused": "it takes no tool calls, so it is asked in text",
}


async def model_checks(settings: Settings, name: str | None, *, probe: bool) -> AsyncGenerator[Check]:
    """Look at the model of that name, or at the usual one.

    A model on this machine is sent a tiny message; another one only by a `probe`, which sends a long prompt as well.
    """
    server = Server(settings.base_url, settings.proxy, settings.ca)
    if name is None and not os.environ.get("SPADEWORK_MODEL", "").strip():
        yield await _without_model(settings)
        return
    try:
        chat = make_chat(name, context=settings.context, server=server)
    except ConfigError as error:
        yield Check("fix", "model", str(error))
        return
    yield Check("ok", "model", f"{chat.name}{' on this machine' if chat.local else ''}")
    found = Check("note", "server", "reached through langchain, so it is not asked what it has")
    if isinstance(chat, OpenAICompatible):
        key = chat.api_key.get_secret_value().strip()
        none = "OPENAI_API_KEY is not set, so none is sent; a server on this machine mostly wants none"
        yield Check("ok", "key", "OPENAI_API_KEY is set" if key else none)
        found = await _server(chat, key, settings)
    yield found
    replied = found.mark != "fix"
    if replied and (chat.local or probe):
        reply = await _reply(chat, settings)
        replied = reply.mark != "fix"
        yield reply
    elif replied:
        yield Check("note", "reply", NOT_ASKED)
    if replied or not probe:
        yield await _probe(chat) if probe else await _context(chat)
    yield _price(chat, settings)


async def _reply(chat: Chat, settings: Settings) -> Check:
    """Whether the model says anything at all, which a list of models does not tell."""
    near = bool(getattr(chat, "near", chat.local))
    first_s = settings.model_timeout or settings.first_token_timeout or (NEAR_S if near else QUIET_S)
    if sys.stderr.isatty():
        click.echo("      asking the model for a word; one that has to be loaded takes its time", err=True)
    try:
        trial = await try_model(chat, first_s=first_s)
    except ModelError as error:
        return Check("fix", "reply", f"there is none: {error}")
    if trial.pieces > 1:
        came = f"began after {trial.first_s:.1f} s, in {trial.pieces} pieces, and was whole after {trial.whole_s:.1f} s"
    else:
        came = f"came as a whole after {trial.whole_s:.1f} s, not in pieces"
    told = f"it {came}; {CALLS[trial.calls]}; {_cost(trial, chat, settings)}"
    if not trial.said:
        return Check("note", "reply", f"there was nothing in it, maybe but thoughts: {told}")
    return Check("ok", "reply", told)


def _cost(trial: Trial, chat: Chat, settings: Settings) -> str:
    """What the tiny message came to, as far as it was counted."""
    sent = "1 request" if trial.requests == 1 else f"{trial.requests} requests, {trial.requests - 1} of them refused"
    if trial.usage is None:
        return f"{sent}, of tokens that the server did not count"
    try:
        paid = load_prices(settings.prices).picousd(chat.name, trial.usage, local=chat.local)
    except ConfigError:  # the check of the price says so
        paid = None
    price = f", ${to_usd(paid):.6f}" if paid else ""
    return f"{sent}, {trial.usage.tokens_in:,} tokens in and {trial.usage.tokens_out:,} out{price}"


async def _without_model(settings: Settings) -> Check:
    """What to do where no model is named; a server that is named, and needs no key, says what it has."""
    base = settings.base_url or os.environ.get("SPADEWORK_BASE_URL")
    if not base:
        return Check("fix", "model", NO_MODEL)
    try:
        url = read_base_url(base)
        names = _model_names(await _asked(url, os.environ.get("OPENAI_API_KEY", "").strip(), settings))
    except (ConfigError, httpx.HTTPError) as error:
        why = one_line(str(error), 200) or type(error).__name__
        return Check("fix", "model", f"no model is set, and its server does not say which it has: {why}")
    has = f"{url} has {_some(names)}" if names else f"{url} does not say which it has"
    return Check("fix", "model", f"no model is set; {has}: spadework config set model {names[0] if names else 'NAME'}")


async def _context(chat: Chat) -> Check:
    """How much the model reads at once: what is set, what its server says, or what is taken where nobody says it."""
    probe = "`spadework doctor --probe` tests it with one long prompt"
    if chat.context:
        return Check("ok", "context", f"{chat.context:,} tokens (SPADEWORK_CONTEXT); {probe}")
    if told := await learn_context(chat):
        return Check("ok", "context", f"{told:,} tokens, as its server says; {probe}")
    told = f"not known, so prompts keep to {DEFAULT_CONTEXT:,} tokens; SPADEWORK_CONTEXT says what the model reads"
    return Check("ok", "context", f"{told}, and {probe}")


async def _asked(url: httpx.URL, key: str, settings: Settings) -> httpx.Response:
    """What the server says when it is asked for its models, by the same way that a run takes."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    extensions = {"timeout": httpx.Timeout(TIMEOUT).as_dict()}
    request = httpx.Request("GET", f"{str(url).rstrip('/')}/models", headers=headers, extensions=extensions)
    transport = await Connections(url.scheme, Route(settings.proxy, settings.ca)).transport()
    response = await transport.handle_async_request(request)
    await response.aread()
    return response


async def _server(chat: OpenAICompatible, key: str, settings: Settings) -> Check:
    """Whether the model's server answers, and has the model."""
    url = httpx.URL(chat.base_url.strip().rstrip("/"))
    try:
        response = await _asked(url, key, settings)
    except ConfigError as error:
        return Check("fix", "server", str(error))
    except httpx.HTTPError as error:
        start = (
            "start it, or set SPADEWORK_BASE_URL" if is_loopback(url) else "check SPADEWORK_BASE_URL and the network"
        )
        why = one_line(str(error), 200) or type(error).__name__
        return Check("fix", "server", f"{url} cannot be reached ({why}): {start}")
    return _answered(chat.model, url, response)


def _answered(model: str, url: httpx.URL, response: httpx.Response) -> Check:
    if response.status_code in (401, 403):
        return Check("fix", "server", f"{url} refuses the key (status {response.status_code}): check OPENAI_API_KEY")
    if response.status_code != 200:
        told = f"{url} answers, but gives no list of models (status {response.status_code})"
        wants = "" if url.path.endswith("/v1") else "; most servers want SPADEWORK_BASE_URL to end in /v1"
        return Check("note", "server", told + wants)
    names = _model_names(response)
    if names and model not in names and f"{model}:latest" not in names:
        near = get_close_matches(model, names, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else f"it has {_some(names)}"
        return Check("fix", "server", f"{url} answers, but does not list the model {model}: {meant}")
    return Check("ok", "server", f"{url} answers" + (f" and has {model}" if names else ""))


def _some(names: list[str]) -> str:
    return ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")


def _model_names(response: httpx.Response) -> list[str]:
    try:
        data = response.json()["data"]
        return [str(entry["id"]) for entry in data]
    except (ValueError, KeyError, TypeError):
        return []


async def _probe(chat: Chat) -> Check:
    try:
        found = await probe_context(chat)
    except ModelError as error:
        return Check("fix", "context", f"the probe failed: {error}")
    return Check("ok" if found.whole else "fix", "context", f"{found.text}. {found.mend}".strip())


def _price(chat: Chat, settings: Settings) -> Check:
    try:
        known = load_prices(settings.prices).bound(chat.name, 1_000, 1_000, local=chat.local)
    except ConfigError as error:
        return Check("fix", "price", str(error))
    if known is None:
        return Check("note", "price", str(missing_price(chat.name)))
    free = "free, as it runs on this machine" if chat.local and not known else "known, so a dollar limit can be kept"
    return Check("ok", "price", free)
