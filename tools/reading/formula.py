"""Formulas, raised and lowered signs as plain text: `10^6`, `x_i`, `(a+b)/c`, or the TeX that a page carries along."""

import re

from bs4.element import Tag

_MAX_DEPTH = 40
_MAX_CHARS = 2_000
_DISPLAY_STYLE = re.compile(r"\{\\(?:display|text)style\s*(.*)\}", re.DOTALL)
_EXPONENT = re.compile(r"[+\-−–]?(?:\d{1,3}(?:[.,]\d+)?|[nmkxi])?[+\-−–]?")
_NUMBER_MARK = re.compile(r"\d{1,3}|[a-z]")
_PRICE = re.compile(r"[$€£¥]\s?\d[\d.,' ]*$")


def plain_tex(alt: str) -> str:
    """TeX without the wrapper that MediaWiki puts around it."""
    match = _DISPLAY_STYLE.fullmatch(alt.strip())
    return match[1].strip() if match else alt.strip()


def raised(before: str, text: str, is_note: bool) -> str:
    """How a superscript `text` is written after `before`; `is_note`: it is a link within the page.

    >>> raised("10", "6", False), raised("1", "st", False), raised("£49", "90", False), raised("in 1742.", "3", True)
    ('^6', 'st', '.90', '[3]')
    """
    text = text.strip()
    if is_note:
        return f"[{text}]" if _NUMBER_MARK.fullmatch(text) else text
    if len(text) == 2 and text.isdigit() and _PRICE.search(before):
        return "." + text
    last = before[-1:]
    return "^" + text if text and (last.isalnum() or last in ")]") and _EXPONENT.fullmatch(text) else text


def formula(math: Tag) -> str:
    """A MathML element on one line: its own TeX where it has some, else its parts in reading order."""
    alt = math.attrs.get("alttext")
    if isinstance(alt, str) and alt.strip():
        return plain_tex(alt)
    note = math.find("annotation", attrs={"encoding": "application/x-tex"})
    text = note.get_text() if note is not None else _written(math, 0)
    return plain_tex(" ".join(text.split()))[:_MAX_CHARS]


def _written(tag: Tag, depth: int) -> str:
    parts: list[str] = []
    for child in tag.contents:
        if isinstance(child, str):
            parts.append(child.strip())
        elif isinstance(child, Tag) and not child.name.startswith("annotation"):
            parts.append(_written(child, depth + 1) if depth < _MAX_DEPTH else "".join(child.get_text().split()))
    return _joined(tag.name, [part for part in parts if part])


def _joined(name: str, parts: list[str]) -> str:
    match name, parts:
        case "mfrac", [above, below]:
            return f"{_grouped(above)}/{_grouped(below)}"
        case "msup" | "mover", [base, above]:
            return f"{base}^{_grouped(above)}"
        case "msub" | "munder", [base, below]:
            return f"{base}_{_grouped(below)}"
        case "msubsup" | "munderover", [base, below, above]:
            return f"{base}_{_grouped(below)}^{_grouped(above)}"
        case "msqrt", _:
            return f"√({''.join(parts)})"
        case "mtr", _:
            return " ".join(parts) + "; "
        case _:
            return "".join(parts)


def _grouped(part: str) -> str:
    return part if len(part) == 1 or part.isalnum() else f"({part})"
