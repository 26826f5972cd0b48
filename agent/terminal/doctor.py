"""The work of `doctor`: what is configured, what is missing, and what to do about it. Keys are never printed."""

import asyncio
import os
import platform
import sys
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import get_terminal_size

import click
import httpx

from ...tools.backends.choice import default_backend
from ...tools.backends.corpus import Corpus
from ...tools.backends.frozen import FrozenWeb
from ...tools.backends.several import stages_of
from ...tools.clean import one_line
from ...tools.errors import ConfigError, ToolError
from ...tools.search import Search
from ..outside import Outside
from ..settings import Settings
from .check import TIMEOUT, Check
from .configuration import VARIABLE, config_file
from .model_checks import model_checks
from .notices import one_line_notices
from .wrapping import wrapped

PACKAGES = ("langgraph", "langchain-core", "httpx", "genai-prices", "vcrpy", "click", "rich")

TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2")

OTHER_SEARCH = (
    "without a key there are also SPADEWORK_SEARCH=wikipedia, searxng (a server of yours, SEARXNG_URL) and corpus:FILE"
    " (pages on this machine)"
)


@one_line_notices()
def examine(*, probe: bool, model: str | None, base_url: str | None, search: str | None) -> int:
    """Print a line a check, and what to do next. Returns 0, or 1 where something has to be fixed."""
    return asyncio.run(_examine(_checks(probe, model, base_url, search)))


async def _examine(checks: AsyncGenerator[Check]) -> int:
    """A check is told as soon as it was made: some take their time."""
    wrong: list[str] = []
    async for check in checks:
        line = f"{check.mark:<5} {check.name:<10} {one_line(check.text, 1_000)}"
        # In a terminal a long line goes on below its own beginning; elsewhere a check is a line.
        click.echo("\n".join(_hanging(line, get_terminal_size().columns)) if sys.stdout.isatty() else line)
        wrong += [check.name] * (check.mark == "fix")
    click.echo(f"\nto fix: {', '.join(wrong)}" if wrong else '\nready: spadework ask "..." --budget 5')
    return int(bool(wrong))


def _hanging(line: str, columns: int) -> list[str]:
    head, text = line[:17], line[17:]
    first, *rest = wrapped(text, columns - len(head)) or [""]
    return [head + first, *(" " * len(head) + more for more in rest)]


async def _checks(probe: bool, model: str | None, base_url: str | None, search: str | None) -> AsyncGenerator[Check]:
    yield Check("ok", "versions", ", ".join(_versions()))
    yield _config()
    try:
        settings = replace(Settings.from_environment(), base_url=base_url)
    except ConfigError as error:
        yield Check("fix", "settings", str(error))
        return
    for check in _surroundings(settings):
        yield check
    async for check in model_checks(settings, model, probe=probe):
        yield check
    for check in await _search(settings, search):
        yield check


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
