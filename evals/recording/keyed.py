"""A cassette of ours played by vcrpy itself, for code that does not take a transport: tests that use requests, say.

vcrpy compares a request with every recorded one, twice, and deep-copies it each time; by default it leaves the body out
of the comparison. Here a request is looked up by its key, body and all, as the transport of replay.py does. vcrpy's
patch is global: one block at a time in a process; runs that are to play side by side use the transport.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from .cassettes import Cassette, load_cassette
from .entries import body_bytes
from .replay import request_key


@contextmanager
def played_by_vcrpy(path: Path) -> Generator[Any]:
    """Answer whatever HTTP libraries send inside from the cassette at `path`; gives vcrpy's cassette.

    A request that it does not hold raises vcrpy's CannotOverwriteExistingCassetteException. Raises CassetteError.
    """
    loaded = _Loaded(load_cassette(path))
    none = _vcrpy("vcr").mode.NONE
    tape = _keyed_class().use(path=str(path), persister=loaded, record_mode=none, allow_playback_repeats=True)
    with tape as played:
        yield played


class _Loaded:
    """Hands a cassette that was read and checked over to vcrpy, and never writes."""

    def __init__(self, cassette: Cassette) -> None:
        self._cassette = cassette

    def load_cassette(self, cassette_path: str, serializer: object) -> tuple[list[Any], list[dict[str, Any]]]:
        make = _vcrpy("vcr.request").Request
        asked = (event["request"] for event in self._cassette.interactions)
        requests = [make(item["method"], item["uri"], body_bytes(item.get("body")), item["headers"]) for item in asked]
        replies = (event["response"] for event in self._cassette.interactions)
        return requests, [reply | {"body": {"string": body_bytes(reply["body"])}} for reply in replies]

    def save_cassette(self, cassette_path: str, cassette_dict: object, serializer: object) -> None:
        """Nothing was recorded."""


class _ByKey:
    """What is other in a cassette of vcrpy: where an interaction is put, and how one is found."""

    data: list[tuple[Any, dict[str, Any]]]
    play_counts: dict[int, int]

    def append(self, request: Any, response: dict[str, Any]) -> None:
        """See vcrpy. The key is made once, here."""
        _vcrpy("vcr.cassette").Cassette.append(self, request, response)
        self.__dict__.setdefault("by_key", {}).setdefault(_key(request), []).append(len(self.data) - 1)

    def _responses(self, request: Any) -> Iterator[tuple[int, dict[str, Any]]]:
        """Those not played yet, in their order; once all were, the last again."""
        places: list[int] = self.__dict__.get("by_key", {}).get(_key(request), [])
        for place in [place for place in places if not self.play_counts[place]] or places[-1:]:
            yield place, self.data[place][1]


def _key(request: Any) -> str:
    body = request.body or b""
    return request_key(request.method, request.uri, body if isinstance(body, bytes) else b"")


@cache
def _keyed_class() -> Any:
    return type("KeyedCassette", (_ByKey, _vcrpy("vcr.cassette").Cassette), {})


def _vcrpy(module: str) -> Any:
    """A module of vcrpy, which has no types; imported where it is needed."""
    return import_module(module)
