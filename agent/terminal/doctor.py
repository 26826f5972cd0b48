"""The work of `doctor`: what is configured, what is missing, and what to do about it. Keys are never printed."""

import asyncio
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import get_terminal_size
from typing import Literal

import click
import httpx

from ...tools.backends.choice import default_backend
from ...tools.backends.corpus import Corpus
from ...tools.backends.frozen import FrozenWeb
from ...tools.backends.several import stages_of
from ...tools.clean import one_line
from ...tools.errors import ConfigError, ModelError, ToolError
from ...tools.search import Search
from ..llm.connections import Connections, Route, is_loopback, read_base_url
from ..llm.model import OpenAICompatible
from ..llm.models import NO_MODEL, Server, make_chat, probe_context
from ..llm.told_context import learn_context
from ..llm.wire import Chat
from ..money.prices import load_prices, missing_price
from ..nodes.context import DEFAULT_CONTEXT
from ..outside import Outside
from ..settings import Settings
from .configuration import VARIABLE, config_file
from .notices import one_line_notices
from .wrapping import wrapped

TIMEOUT = 10.0
"""Seconds that a server has to answer."""
PACKAGES = ("langgraph", "langchain-core", "httpx", "genai-prices", "vcrpy", "click", "rich")

TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2")

OTHER_SEARCH = (
    "without a key there are also SPADEWORK_SEARCH=wikipedia, searxng (a server of yours, SEARXNG_URL) and corpus:FILE"
    " (pages on this machine)"
)

Mark = Literal["ok", "note", "fix"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `fix` means that a run would fail or be worse for it."""

    mark: Mark
    name: str
    text: str


@one_line_notices()
def examine(*, probe: bool, model: str | None, base_url: str | None, search: str | None) -> int:
    """Print a line a check, and what to do next. Returns 0, or 1 where something has to be fixed."""
    checks = asyncio.run(_checks(probe, model, base_url, search))
    for check in checks:
        line = f"{check.mark:<5} {check.name:<10} {one_line(check.text, 1_000)}"
        # In a terminal a long line goes on below its own beginning; elsewhere a check is a line.
        click.echo("\n".join(_hanging(line, get_terminal_size().columns)) if sys.stdout.isatty() else line)
    wrong = [check.name for check in checks if check.mark == "fix"]
    click.echo(f"\nto fix: {', '.join(wrong)}" if wrong else '\nready: spadework ask "..." --budget 5')
    return int(bool(wrong))


def _hanging(line: str, columns: int) -> list[str]:
    head, text = line[:17], line[17:]
    first, *rest = wrapped(text, columns - len(head)) or [""]
    return [head + first, *(" " * len(head) + more for more in rest)]


async def _checks(probe: bool, model: str | None, base_url: str | None, search: str | None) -> list[Check]:
    checks = [Check("ok", "versions", ", ".join(_versions())), _config()]
    try:
        settings = replace(Settings.from_environment(), base_url=base_url)
    except ConfigError as error:
        return [*checks, Check("fix", "settings", str(error))]
    checks += _surroundings(settings)
    checks += await _model(settings, model, probe=probe)
    checks += await _search(settings, search)
    return checks


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in ("spadework", *PACKAGES):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} missing"


def _config() -> Check:
    """The file itself was read before this; one that is broken was told then."""
    path = config_file()
    if path is None:
        return Check("note", "config", f"no file is used, as {VARIABLE}=none says")
    told = f"{path}; `spadework config` shows what is set where"
    return Check("ok", "config", told if path.exists() else f"no file yet; `spadework config set` makes {path}")


def _surroundings(settings: Settings) -> Iterator[Check]:
    yield _proxy(settings.proxy)
    if settings.ca:
        found = Path(settings.ca).is_file()
        yield Check(
            "ok" if found else "fix", "CA file", settings.ca + ("" if found else ": no such file (SPADEWORK_CA)")
        )
    if settings.allow_hosts:
        yield Check("note", "hosts", f"may be read although not public: {', '.join(settings.allow_hosts)}")
    for name in TRACING:
        if os.environ.get(name, "").strip().lower() in ("true", "1"):
            yield Check("note", "tracing", f"{name} is set: langchain sends questions, prompts and pages to LangSmith")


def _proxy(proxy: str | None) -> Check:
    if not proxy:
        return Check("ok", "proxy", "none is set; pages are read from public addresses")
    try:
        url = httpx.URL(proxy)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if not url.host:
        # The value is not shown: it may hold a password.
        return Check("fix", "proxy", "SPADEWORK_PROXY cannot be read: write http://HOST:PORT")
    shown = url.copy_with(userinfo=b"")
    text = f"{shown} (SPADEWORK_PROXY): it looks names up and connects, so which addresses may be reached is up to it"
    return Check("note", "proxy", text)


async def _model(settings: Settings, name: str | None, *, probe: bool) -> list[Check]:
    server = Server(settings.base_url, settings.proxy, settings.ca)
    if name is None and not os.environ.get("SPADEWORK_MODEL", "").strip():
        return [await _without_model(settings)]
    try:
        chat = make_chat(name, context=settings.context, server=server)
    except ConfigError as error:
        return [Check("fix", "model", str(error))]
    checks = [Check("ok", "model", f"{chat.name}{' on this machine' if chat.local else ''}")]
    if isinstance(chat, OpenAICompatible):
        key = chat.api_key.get_secret_value().strip()
        none = "OPENAI_API_KEY is not set, so none is sent; a server on this machine mostly wants none"
        checks.append(Check("ok", "key", "OPENAI_API_KEY is set" if key else none))
        checks.append(await _server(chat, key, settings))
    else:
        checks.append(Check("note", "server", "reached through langchain, so it is not asked here"))
    checks.append(await _probe(chat) if probe else await _context(chat))
    return [*checks, _price(chat, settings)]


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
        return Check("fix", "server", f"{url} answers, but does not list the model {model}; it has {_some(names)}")
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


async def _search(settings: Settings, spec: str | None) -> list[Check]:
    try:
        outside = Outside(replace(settings, cache=None))
    except ConfigError as error:
        return [Check("fix", "search", str(error))]
    try:
        wanted = spec or os.environ.get("SPADEWORK_SEARCH") or default_backend()
        return [await _one_search(part) for stage in stages_of(outside.search(wanted)) for part in stage]
    except ConfigError as error:
        return [Check("fix", "search", str(error))]
    finally:
        await outside.aclose()


async def _one_search(backend: Search) -> Check:
    if isinstance(backend, Corpus):
        return Check("ok", "search", f"corpus with {len(backend):,} pages")
    if isinstance(backend, FrozenWeb):
        return Check("ok", "search", f"frozen web with {len(backend):,} pages")
    other = "" if os.environ.get("SPADEWORK_SEARCH") else f"; {OTHER_SEARCH}"
    try:
        hits = await backend.search("history of the bicycle", limit=3, timeout=TIMEOUT)
    except ToolError as error:
        return Check("fix", "search", f"{backend.name}: {one_line(str(error), 200)}{other}")
    return Check("ok" if hits else "note", "search", f"{backend.name} answers, {len(hits)} results for a test query")
