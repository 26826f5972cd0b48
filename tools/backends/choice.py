"""How a search backend is chosen by name."""

import difflib
import os

from ..errors import ConfigError
from ..search import ClientFor, FunctionSearch, Search, UserFunction
from ..web.http import SafeClient
from .corpus import load_corpus
from .searxng import make_searxng
from .wikipedia import make_wikipedia

BACKENDS = ("searxng", "wikipedia", "corpus:FILE")


def make_search(
    spec: "str | Search | UserFunction | None", client: SafeClient, *, client_for: ClientFor | None = None
) -> Search:
    """The backend that `spec` names; None means the setting SPADEWORK_SEARCH, else wikipedia.

    A function is wrapped; a ready backend is returned as it is. `client` stays the caller's to close.
    The server in SEARXNG_URL is the user's own choice and often on loopback, which `client` refuses, and which page
    reads must not reach all the same. So that backend gets a client of its own, `client_for([host])`: pass one that
    shares your proxy or replay transport; without it a plain SafeClient is made. Raises ConfigError.
    """
    if isinstance(spec, Search):
        return spec
    if callable(spec):
        return FunctionSearch(spec)
    chosen = str(spec or os.environ.get("SPADEWORK_SEARCH") or "wikipedia").strip()
    name, _, argument = chosen.partition(":")
    if chosen == "searxng":
        return make_searxng(client_for)
    if chosen == "wikipedia":
        return make_wikipedia(client)
    if name == "corpus":
        return load_corpus(argument)
    near = difflib.get_close_matches(name.lower(), [known.partition(":")[0] for known in BACKENDS], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise ConfigError(f"unknown search backend {chosen!r}: use one of {', '.join(BACKENDS)}{hint}")
