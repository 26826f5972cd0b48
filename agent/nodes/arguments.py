"""Tool calls as models really make them, read into what was meant, or into one line that says what is wrong."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...tools.clean import neutralise, one_line
from ...tools.search import URL_CHARS
from ...tools.shapes import is_list, is_mapping
from ..proof.evidence import Claim
from .constraints import Stated, read_constraints
from .plan import Mark, read_marks

MAX_QUERIES = 5
MAX_URLS = 5
MAX_QUERY_CHARS = 400
MAX_ANSWER_CHARS = 2_000
MAX_ITEMS = 40
VERDICTS = ("satisfied", "contradicted", "unverifiable")


class Unusable(Exception):
    """The arguments of a call cannot be used; the text tells the model why."""


@dataclass(frozen=True, slots=True)
class Browsing:
    urls: tuple[str, ...]
    goal: str
    page: int


@dataclass(frozen=True, slots=True)
class Recording:
    claims: tuple[Claim, ...]
    constraints: tuple[Stated, ...] | None
    """None when none were given."""
    steps: tuple[Mark, ...]
    assumption: str
    problems: tuple[str, ...]


def read_queries(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """The queries of a search call, cleaned, repeats left out. A single string counts as one."""
    queries = tuple(map(neutralise, _strings(arguments.get("queries", arguments.get("query")), MAX_QUERY_CHARS)))
    if not queries:
        raise Unusable("search needs queries: a list of at least one string")
    return queries[:MAX_QUERIES]


def read_browse(arguments: Mapping[str, Any]) -> Browsing:
    urls = _strings(arguments.get("urls", arguments.get("url")), 2_000)
    if not urls:
        raise Unusable("browse needs urls: a list of at least one address")
    goal = arguments.get("goal")
    page = arguments.get("page", 1)
    number = page if isinstance(page, int) and not isinstance(page, bool) and 1 <= page <= 1_000 else 1
    return Browsing(urls[:MAX_URLS], one_line(goal, 400) if isinstance(goal, str) else "", number)


def read_answer(arguments: Mapping[str, Any]) -> str:
    answer = arguments.get("answer")
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        answer = str(answer)
    text = said(answer, MAX_ANSWER_CHARS) if isinstance(answer, str) else ""
    if not text:
        raise Unusable("answer needs answer: the name, date or number as a string")
    return text


def read_record(arguments: Mapping[str, Any]) -> Recording:
    """A record call. What cannot be used is named in `problems`; the rest is kept."""
    problems: list[str] = []
    claims = read_claims(_listed(arguments.get("findings")), "", problems)
    given, assumed = _listed(arguments.get("constraints")), arguments.get("assumption")
    return Recording(
        claims=claims,
        constraints=read_constraints(given) if is_list(given) else None,
        steps=tuple(read_marks(_listed(arguments.get("plan")), "step")),
        assumption=said(assumed, 500) if isinstance(assumed, str) else "",
        problems=tuple(problems),
    )


def read_claims(value: object, candidate: str, problems: list[str]) -> tuple[Claim, ...]:
    """Claims from a list of findings or checks. `candidate` stands in where an item names none."""
    claims: list[Claim] = []
    for item in value[:MAX_ITEMS] if is_list(value) else ():
        if not is_mapping(item):
            problems.append("a finding must be an object")
            continue
        named = item.get("candidate")
        name = candidate or (said(named, MAX_ANSWER_CHARS) if isinstance(named, str) else "")
        constraint = item.get("constraint")
        verdict = item.get("verdict")
        verdict = verdict.strip().lower() if isinstance(verdict, str) else ""
        if not name or not isinstance(constraint, str) or verdict not in VERDICTS:
            problems.append(f"a finding needs candidate, constraint and one verdict of {', '.join(VERDICTS)}")
            continue
        inference = item.get("inference")
        claims.append(
            Claim(
                candidate=name,
                constraint=constraint.strip().lower(),
                verdict=verdict,
                quotes=_quotes(_listed(item.get("quotes"))),
                inference=said(inference, 400) if isinstance(inference, str) else "",
            )
        )
    return tuple(claims)


def said(text: str, most: int) -> str:
    """What a model wrote, on one line. It may repeat a page's words, so it must not look like marks of ours."""
    return neutralise(one_line(text, most))


def _quotes(value: object) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for item in value[:12] if is_list(value) else ():
        if is_mapping(item):
            url, quote = item.get("url"), item.get("quote")
            if isinstance(url, str) and isinstance(quote, str) and quote.strip():
                pairs.append((one_line(url, URL_CHARS), one_line(quote, 1_000)))
    return tuple(pairs)


def _listed(value: object) -> object:
    """A list that a model wrote into a string, or of which it gave the one item; all else as it is."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        with contextlib.suppress(ValueError, RecursionError):
            value = json.loads(value)
    return [value] if is_mapping(value) else value


def _strings(value: object, max_chars: int) -> tuple[str, ...]:
    told = _listed(value)
    items = told if is_list(told) else [value]
    cleaned = [one_line(item, max_chars) for item in items if isinstance(item, str)]
    return tuple(dict.fromkeys(item for item in cleaned if item))
