"""A result as a Markdown document, to be saved. What comes from outside is text in it, never markup or a link."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ...tools.clean import clean, one_line
from ..terminal.show import status_text, stopped_text, verdict_text
from ..words import SOURCES
from .spent import not_looked_up, receipt_line

if TYPE_CHECKING:
    from ..result import Result, Source
    from ..state import Finding

# Addresses become links by themselves, by "://", "www." or an at sign.
_SIGNS = re.compile(r"([\\`*_\[\]<>|~&@$]|:(?=//))")
_FIRST = re.compile(r"^([-+=#]|\d+(?=[.)]))")
_WWW = re.compile(r"(?i)(www)(\.)")
_SAFE = "/:?#@!$&'*+,;=%-._~"


def as_markdown(result: "Result", level: int = 1) -> str:
    """The answer, how it stands, its proof, its sources with links (http and https only), and the receipt.

    Its heading is of this level, those of its parts of the next one.
    """
    head, deeper = f"{'#' * level} {escaped(result.question)}", "#" * (level + 1)
    if not_looked_up(result):
        return f"{head}\n\n{_answer(result.answer)}\n\n{escaped(receipt_line(result))}\n"
    sources = (f"{number}. {_source(one)}" for number, one in enumerate(result.sources, start=1))
    parts = [
        head,
        _answer(result.answer) or "No answer was found.",
        "\n".join(_stands(result)),
        _section(f"{deeper} Proof", _proof(result)),
        _section(f"{deeper} Sources", sources),
        f"{deeper} Receipt\n\n{escaped(receipt_line(result))}\n\n{_verbatim(result.receipt())}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Text from anywhere as one line of Markdown that shows it as it is."""
    line = _WWW.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", one_line(text)))
    return _FIRST.sub(_guarded, line)


def _guarded(found: re.Match[str]) -> str:
    """The start of what would be a list or a heading: a sign is escaped, a number by what follows it."""
    return f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}"


def _answer(text: str) -> str:
    """Text whose line breaks are kept: an empty line parts paragraphs."""
    paragraphs = re.split(r"\n\s*\n", clean(text).strip())
    return "\n\n".join(
        "\\\n".join(escaped(line) for line in paragraph.split("\n") if line.strip()) for paragraph in paragraphs
    )


def _section(title: str, lines: Iterator[str]) -> str:
    found = list(lines)
    return "\n".join([title, "", *found]) if found else ""


def _stands(result: "Result") -> Iterator[str]:
    yield f"**{escaped(status_text(result))}**"
    if result.stop_reason not in ("answered", "no_search_needed"):
        yield f"({escaped(stopped_text(result))})"
    if result.assumption:
        yield f"\nThe question was taken as: {escaped(result.assumption)}"


def _proof(result: "Result") -> Iterator[str]:
    from ..proof.matrix import cell_key

    findings = {cell_key(item["candidate"], item["constraint"]): item for item in result.findings}
    for constraint in result.constraints if result.answer else ():
        finding = findings.get(cell_key(result.answer, constraint["id"]))
        verdict = "open" if finding is None else verdict_text(finding)
        if why := constraint.get("dropped"):
            verdict = f"dropped as a misreading ({escaped(why)})"
        yield f"- **{escaped(constraint['id'])}** {escaped(constraint['text'])}: {verdict}"
        yield from _evidence(result, finding) if finding is not None else ()


def _evidence(result: "Result", finding: "Finding") -> Iterator[str]:
    numbers = {source.url: number for number, source in enumerate(result.sources, start=1)}
    for item in finding["evidence"]:
        yield f"  - “{escaped(item['quote'])}” \\[{numbers.get(item['url'], '?')}\\]"
    for word, told in (("because", finding["inference"]), ("note:", finding.get("note", ""))):
        if told:
            yield f"  - {word} {escaped(told)}"


def _source(source: "Source") -> str:
    title = escaped(source.title or source.url)
    kind = f" ({SOURCES[source.kind]})" if source.kind in SOURCES else ""
    address = one_line(source.url)
    try:
        web = urlsplit(address).scheme in ("http", "https")
    except ValueError:
        web = False
    return f"[{title}](<{quote(address, safe=_SAFE)}>){kind}" if web else f"{title} ({escaped(address)}){kind}"


def _verbatim(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in clean(text).split("\n"))
