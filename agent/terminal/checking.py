"""Whether a value can be used, by what reads it: the same code that a run would refuse it with.

What reads a setting is imported when that one is looked at.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager

from ...tools.errors import ConfigError
from ...tools.home import with_home
from .setting import SETTINGS, Setting


def problem(setting: Setting, text: str) -> str:
    """What is wrong with a value, in one line; empty where nothing is. Keys and servers are not looked at."""
    with _alone(setting.variable, text):
        try:
            _READERS.get(setting.name, _settings)()
        except ConfigError as error:
            return str(error)
    return ""


@contextmanager
def _alone(variable: str, text: str) -> Generator[None]:
    """An environment in which this is the only setting, as another one may be wrong, too."""
    names = [setting.variable for setting in SETTINGS.values()]
    before = {name: os.environ.pop(name) for name in names if name in os.environ}
    os.environ[variable] = text
    try:
        yield
    finally:
        os.environ.pop(variable, None)
        os.environ.update(before)


def _settings() -> None:
    from ..settings import Settings

    Settings.from_environment()


def _model() -> None:
    from ..llm.models import check_name

    check_name(os.environ["SPADEWORK_MODEL"].strip())


def _base_url() -> None:
    from ..llm.connections import read_base_url

    read_base_url(os.environ["SPADEWORK_BASE_URL"])


def _context() -> None:
    from ..llm.models import read_context

    read_context(None)


def _prices() -> None:
    from ..money.prices import load_prices

    load_prices(os.environ["SPADEWORK_PRICES"])


def _search() -> None:
    from ...tools.backends.choice import check_names

    check_names(os.environ["SPADEWORK_SEARCH"].strip())


def _searxng_url() -> None:
    from ...tools.backends.searxng import make_searxng

    make_searxng()


def _wikipedia_lang() -> None:
    from ...tools.backends.wikipedia import make_wikipedia
    from ...tools.web.http import SafeClient

    make_wikipedia(SafeClient())


def _google_cse_id() -> None:
    from ...tools.backends.api import read_key

    read_key("GOOGLE_CSE_ID", "Google Custom Search")


def _budget() -> None:
    from .usual import usual_budget

    usual_budget()


def _conversation() -> None:
    from .usual import conversation_limits

    conversation_limits()


def _daily() -> None:
    from .daily import daily_of

    daily_of(None)


def _strategy() -> None:
    from ..strategies import get_strategy
    from .usual import usual_strategy

    get_strategy(usual_strategy())


def _store() -> None:
    from ..storage.store import store_place, stores_nothing

    if not stores_nothing():
        store_place()


def _keep_days() -> None:
    from ..storage.retention import keep_days

    keep_days()


def _cache() -> None:
    """Opening a cache would make it; one that is there is looked at."""
    from ...tools.cache import Cache

    file = with_home(os.environ["SPADEWORK_CACHE"])
    if file.exists():
        Cache(file)


def _reader() -> None:
    from ...tools.reader import make_reader
    from ...tools.web.http import SafeClient

    make_reader(os.environ["SPADEWORK_READER"], lambda hosts: SafeClient(allow_hosts=hosts))


def _proxy() -> None:
    from ..llm.connections import Connections, Route

    Connections("http", Route(os.environ["SPADEWORK_PROXY"]))


def _ca() -> None:
    from ...tools.web.certificates import trust

    trust(os.environ["SPADEWORK_CA"])


def _anything() -> None:
    """Whatever is not off is on."""


_READERS: dict[str, Callable[[], None]] = {
    "model": _model,
    "base_url": _base_url,
    "context": _context,
    "prices": _prices,
    "search": _search,
    "searxng_url": _searxng_url,
    "wikipedia_lang": _wikipedia_lang,
    "google_cse_id": _google_cse_id,
    "budget": _budget,
    "conversation": _conversation,
    "daily": _daily,
    "strategy": _strategy,
    "store": _store,
    "keep_days": _keep_days,
    "cache": _cache,
    "reader": _reader,
    "proxy": _proxy,
    "ca": _ca,
    "debug": _anything,
}
"""By setting; the others are read by `Settings.from_environment`."""
