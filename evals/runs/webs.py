"""The recorded webs of a sweep: a cassette for each question, shared by all of its runs (see recording/web.py)."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from ...agent.outside import Outside
from ...agent.settings import Settings
from ...tools.clean import one_line
from ...tools.errors import CassetteError, ConfigError
from ...tools.search import Search
from ...tools.web.http import SafeClient
from ..recording.backends import recorded_search, search_facts
from ..recording.cassettes import load_cassette
from ..recording.web import Mode, WebCassette
from .runs_file import Json

RECORDED_SEARCH = "recorded"
"""What is searched where nothing may be fetched: whatever the recordings say."""


def cassette_path(folder: str, case: str) -> Path:
    """The file of a case: its id, or what can be a name of it with a digest, so that no two share one."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}", case):
        return Path(folder) / f"{case}.json.gz"
    plain = re.sub(r"[^A-Za-z0-9]+", "-", case).strip("-")[:60] or "case"
    return Path(folder) / f"{plain}-{sha256(case.encode()).hexdigest()[:8]}.json.gz"


def check_recorded(folder: str, cases: Sequence[str]) -> None:
    """Raises ConfigError where a case has no recording: nothing would be fetched for it."""
    lacking = [case for case in cases if not cassette_path(folder, case).is_file()]
    if lacking:
        told = f"{len(lacking)} of {len(cases)} cases have no recording in {folder}, such as {one_line(lacking[0], 60)}"
        raise ConfigError(f"{told}: the same command with --record new records them")


def web_of_task(task: Json) -> WebCassette | None:
    """The recorded web of a run, the same object for all runs of its question. Raises ConfigError, CassetteError."""
    given = task.get("cassettes")
    if given is None:
        return None
    return _opened(str(cassette_path(given[0], task["id"])), given[1], task["question"], task["search"])


def settings_with(web: WebCassette | None, settings: Settings) -> Settings:
    """The settings of a run that is to see the web through a cassette, if there is one. Nothing else is remembered."""
    if web is None:
        return replace(settings, cache=None)
    if web.mode == "none":
        return replace(settings, cache=None, transport=web.alone())
    return replace(settings, cache=None, around=web.around)


def search_of(web: WebCassette | None, spec: str, outside: Outside) -> Search:
    """What is searched with: as recorded, without any key, where nothing may be fetched."""
    if web is None or web.mode != "none":
        return outside.search(spec)
    return recorded_search(load_cassette(web.path), SafeClient(transport=web.alone()))


@lru_cache(maxsize=64)
def _opened(path: str, mode: Mode, question: str, search: str) -> WebCassette:
    facts = {"question": question, **({} if mode == "none" else search_facts(search))}
    try:
        return WebCassette(Path(path), facts, mode)
    except CassetteError as error:
        raise ConfigError(str(error)) from error
