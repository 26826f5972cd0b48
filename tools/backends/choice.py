"""How a search backend is chosen by name."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import ConfigError
from ..search import ClientFor, FunctionSearch, Search, UserFunction
from ..web.http import SafeClient
from .brave import make_brave
from .corpus import load_corpus
from .duckduckgo import installed, make_duckduckgo
from .frozen import load_frozen
from .google import make_google
from .names import BACKENDS, LOCAL, with_whole_place
from .plugins import make_plugin, plugin_names
from .searxng import make_searxng
from .serper import make_serper
from .several import Several
from .tavily import make_tavily
from .wikipedia import make_wikipedia

_PUBLIC: dict[str, Callable[[SafeClient], Search]] = {
    "brave": make_brave,
    "tavily": make_tavily,
    "serper": make_serper,
    "google": make_google,
    "wikipedia": make_wikipedia,
}


def make_search(
    spec: "str | Search | UserFunction | None", client: SafeClient, *, client_for: ClientFor | None = None
) -> Search:
    """The backend that `spec` names; None means the setting SPADEWORK_SEARCH, else `default_backend`.

    `A,B` asks B where A failed, `A+B` asks both and fuses their rankings (see Several); a corpus or a frozen web
    comes last, as its file may be called anything. A function is wrapped; a ready backend is returned as it is. See
    `make_backend` for the clients. Raises ConfigError.
    """
    if isinstance(spec, Search):
        return spec
    if callable(spec):
        return FunctionSearch(spec)
    chosen = str(spec or os.environ.get("SPADEWORK_SEARCH") or default_backend()).strip()
    stages = read_stages(chosen)
    if len(stages) == len(stages[0]) == 1:
        return make_backend(chosen, client, client_for)
    return Several([[make_backend(name, client, client_for) for name in stage] for stage in stages])


def read_stages(spec: str) -> list[list[str]]:
    """The names in `A+B,C`: those of a stage are asked together, the next stage stands in. Raises ConfigError.

    >>> read_stages("brave+serper,corpus:my, own+pages.jsonl")
    [['brave', 'serper'], ['corpus:my, own+pages.jsonl']]
    """
    local = LOCAL.search(spec)
    names, file = (spec[: local.start()], spec[local.start() :]) if local else (spec, "")
    if local and names.rstrip()[-1:] not in ("", ",", "+"):
        raise ConfigError(f"search {spec!r}: write NAME,{local[0]}FILE or NAME+{local[0]}FILE")
    stages = [[name.strip() for name in stage.split("+")] for stage in names.split(",")]
    stages[-1][-1] += file
    named = [name for stage in stages for name in stage]
    if len(named) > 1 and (not all(named) or len(set(named)) < len(named)):
        raise ConfigError(f"search {spec!r}: give names with , or + between them, each once")
    return stages


def check_names(spec: str) -> None:
    """Raises ConfigError for a name that no backend has, or a file that is not there.

    Keys and packages are not looked at, and nothing is read.
    """
    known = {name.partition(":")[0] for name in (*BACKENDS, *plugin_names())}
    for name in (name for stage in read_stages(spec) for name in stage):
        kind = name.partition(":")[0]
        if kind not in known:
            raise _unknown(name)
        place = Path(with_whole_place(name, Path.cwd()).partition(":")[2])
        if LOCAL.match(name) and place.is_absolute() and not place.is_file():
            raise ConfigError(f"search {kind}: there is no file {place}; write {kind}:FILE")


def default_backend() -> str:
    """The name of the backend where nothing is set: duckduckgo if its package is installed, else wikipedia."""
    return "duckduckgo" if installed() else "wikipedia"


def make_backend(name: str, client: SafeClient, client_for: ClientFor | None = None) -> Search:
    """The backend of one name, our own or that of an installed package. `client` stays the caller's to close.

    The server in SEARXNG_URL is the user's own choice and often on loopback, which `client` refuses, and which page
    reads must not reach all the same. So that backend gets a client of its own, `client_for([host])`: pass one that
    shares your proxy or replay transport; without it a plain SafeClient is made. Raises ConfigError: an unknown name,
    a key that is not set, a package that is missing.
    """
    if make := _PUBLIC.get(name):
        return make(client)
    if name == "searxng":
        return make_searxng(client_for)
    if name == "duckduckgo":
        return make_duckduckgo()
    if name.startswith("corpus:") or name == "corpus":
        return load_corpus(name.partition(":")[2])
    if name.startswith("frozen:") or name == "frozen":
        return load_frozen(name.partition(":")[2])
    if plugin := make_plugin(name):
        return plugin
    raise _unknown(name)


def _unknown(name: str) -> ConfigError:
    names = [*BACKENDS, *plugin_names()]
    near = difflib.get_close_matches(name.partition(":")[0].lower(), [one.partition(":")[0] for one in names], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return ConfigError(f"unknown search backend {name!r}: use one of {', '.join(names)}{hint}")
