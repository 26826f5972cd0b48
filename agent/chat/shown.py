"""A result as the chat shows it: the answer, what proves it, its sources, and one line on what it took.

Lines that begin in the first column are ours. What comes from outside stands behind a mark of ours, or is indented.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..terminal.show import proof_text, receipt, sources_text, status_text, stopped_text, verdict_text
from ..words import SOURCES
from .screen.cells import columns, cut, folded, shown, shown_lines
from .screen.found import ANSWER
from .spent import not_looked_up, receipt_line, standing

if TYPE_CHECKING:
    from rich.text import Text

    from ..result import Result, Source
    from ..state import Finding

WIDEST = 100
INDENT = "  "
DEEP = "     "
MOST_LINES = 3
"""Lines that a quote or a reason takes at most."""
MARKS = {"page": ("[x]", "green"), "snippet": ("[~]", "yellow"), "inference": ("[~]", "yellow"), "none": ("[ ]", "")}
PLAIN = str.maketrans("·…", "-~")
TITLE = 0.6
"""The part of a line that a title takes at most, where its address is on the same line."""


def answer_lines(
    result: "Result", width: int = WIDEST, *, full: bool = False, ascii_only: bool = False
) -> "list[Text]":
    """The result on lines of at most `width` columns. In `full` with all quotes, whole addresses, and the receipt."""
    width = max(20, min(width, WIDEST))
    if not_looked_up(result):
        parts = [_answer(result, width)]
    elif full:
        parts = [_answer(result, width), _stands(result, width), *_in_full(result, width)]
    else:
        parts = [_answer(result, width), _stands(result, width), _proof(result, width), _sources(result, width)]
    lines = [line for part in [*parts, _receipt(result, width)] if part for line in (*part, _text())][:-1]
    if ascii_only:
        for line in lines:
            line.plain = line.plain.translate(PLAIN)
    return lines


def _answer(result: "Result", width: int) -> "list[Text]":
    return list(_behind(INDENT, result.answer.strip("\n"), width)) if result.answer.strip() else []


def _stands(result: "Result", width: int) -> "list[Text]":
    """How far the answer can be trusted and why the run ended, where the receipt alone does not say it."""
    lines: list[Text] = []
    if result.assumption:
        lines += _hanging("taken as: ", result.assumption, width, "", MOST_LINES)
    if result.status != "verified":
        lines += _hanging(status_text(result), "", width, "yellow")
    if result.stop_reason not in ("answered", "no_search_needed"):
        lines += _hanging(stopped_text(result), "", width)
    return [*lines, *(_hanging("last failure: ", result.fault, width) if result.fault else ())]


def _proof(result: "Result", width: int) -> "list[Text]":
    """A line a constraint; more where it is not proven by pages."""
    from ..fresh import ASKED
    from ..proof.matrix import cell_key

    findings = {cell_key(item["candidate"], item["constraint"]): item for item in result.findings}
    lines: list[Text] = []
    for constraint in result.constraints if result.answer else ():
        name = cut(shown(constraint["id"]), 8)
        text = ANSWER if constraint["text"] == ASKED else constraint["text"]
        if why := constraint.get("dropped"):
            lines += _hanging(f"[-] {name} dropped as a misreading  ", f"{text} ({why})", width)
            continue
        finding = findings.get(cell_key(result.answer, constraint["id"]))
        if finding is not None and finding["verdict"] == "satisfied" and finding["proof"] == "page":
            lines.append(_proven(result, finding, f"{name} proven", text, width))
        else:
            lines += _unproven(result, finding, name, text, width)
    return lines


def _proven(result: "Result", finding: "Finding", head: str, text: str, width: int) -> "Text":
    numbers = " ".join(dict.fromkeys(_number(result, item["url"]) for item in finding["evidence"]))
    line = _text("[x] ", "green").append(cut(f"{head} {numbers}  ", width - 4))
    room = width - columns(line.plain)
    quote = f'  "{shown(finding["evidence"][0]["quote"])}"' if finding["evidence"] else ""
    said = cut(shown(text), max(room // 3, room - columns(quote)))
    return line.append(said).append(cut(quote, max(0, room - columns(said))), "dim")


def _unproven(result: "Result", finding: "Finding | None", name: str, text: str, width: int) -> "Iterator[Text]":
    """A constraint that needs a closer look: how it stands, the words there are for it, and why they do not do."""
    mark, style = MARKS["none" if finding is None else finding["proof"]]
    if finding is None or finding["verdict"] == "unverifiable":
        yield from _hanging(f"{mark} {name} open  ", text, width, style, 1)
        return
    if finding["verdict"] in ("contradicted", "disputed"):
        mark, style = "[!]", "red"
    yield from _hanging(f"{mark} {name} {verdict_text(finding)}  ", text, width, style)
    for item in finding["evidence"]:
        yield from _hanging(f"    {_number(result, item['url'])} ", f'"{shown(item["quote"])}"', width, "", MOST_LINES)
    for word, told in (("because", finding["inference"]), ("note:", finding.get("note", ""))):
        if told:
            yield from _hanging(f"    {word} ", told, width, "", MOST_LINES)


def _sources(result: "Result", width: int) -> "list[Text]":
    """The numbered sources, a line each; a long address is cut, and stands whole in the full text."""
    lines: list[Text] = []
    for number, source in enumerate(result.sources, start=1):
        head = f"[{number}] "
        line = _text(head, "cyan").append(cut(_kind(source), width - len(head)))
        room = width - columns(line.plain)
        title = cut(shown(source.title) or "untitled", int(room * TITLE))
        address = shown(source.url)
        line.append(title)
        lines.append(line.append(cut(f"  {address}", max(0, room - columns(title))), "dim"))
    return lines


def _kind(source: "Source") -> str:
    return f"({SOURCES[source.kind]}) " if source.kind in SOURCES else ""


def _in_full(result: "Result", width: int) -> "Iterator[list[Text]]":
    """What `ask` shows; a line that would go on in the first column of the next one goes on indented."""
    for part in (proof_text(result, width), sources_text(result, width), receipt(result, width, full=True)):
        lines = (_deep(line, width) for line in shown_lines(part) if line)
        yield [_text(line) for deep in lines for line in deep]


def _deep(line: str, width: int) -> list[str]:
    if columns(line) <= width:
        return [line]
    first, *rest = folded(line, width - len(DEEP))
    return [first, *(DEEP + part for part in rest)]


def _receipt(result: "Result", width: int) -> "list[Text]":
    lines = list(_hanging(receipt_line(result), "", width, "dim"))
    style = {"verified": "green", "supported": "yellow"}.get(result.status, "bold")
    if not not_looked_up(result):
        lines[0] = _text(word := standing(result), style).append(lines[0].plain[len(word) :], "dim")
    return lines


def _number(result: "Result", url: str) -> str:
    return next((f"[{number}]" for number, source in enumerate(result.sources, 1) if source.url == url), "[?]")


def _behind(lead: str, text: str, width: int) -> "Iterator[Text]":
    """Text whose line breaks are kept, every line of it indented."""
    for line in shown_lines(text):
        for part in folded(line, width - len(lead)):
            yield _text(f"{lead}{part}".rstrip())


def _hanging(lead: str, text: str, width: int, style: str = "", most: int = 0) -> "Iterator[Text]":
    """Our words and then text from outside, on `most` lines or as many as it takes; all but the first are indented."""
    whole = lead + shown(text)
    lines = [whole] if columns(whole) <= width else folded(whole, width - len(DEEP))
    if most and len(lines) > most:
        lines = [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width - len(DEEP))]
    for index, line in enumerate(lines):
        yield _text(DEEP + line, "" if text else style) if index else _lead(line, len(lead), style)


def _lead(line: str, end: int, style: str) -> "Text":
    return _text(line[:end], style).append(line[end:])


def _text(text: str = "", style: str = "") -> "Text":
    from rich.text import Text

    return Text().append(text, style)
