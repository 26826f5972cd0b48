"""HTML as text, before it is parsed: what costs the parser time and holds no words of the page is taken out."""

import re
from html import escape

# Both cases spelled out: with IGNORECASE the search is several times slower.
_NAMES = {
    "script": "[sS][cC][rR][iI][pP][tT]",
    "style": "[sS][tT][yY][lL][eE]",
    "svg": "[sS][vV][gG]",
}
_RAW = re.compile(rf"<(?:({'|'.join(_NAMES.values())})\b|!--)")
_RAW_ENDS = {name: re.compile(rf"</{letters}\s*>") for name, letters in _NAMES.items()}
_IDLE_SPACE = re.compile(
    r">\s+(?=</?(?:article|aside|body|div|figure|footer|h[1-6]|head|header|html|li|link|main|meta|nav|ol|p|section|table|tbody"
    r"|td|th|thead|title|tr|ul)[\s>])"
)
_IDLE_NAME = r"(?:al:|apple-|fb:|google|msapplication|og:image|og:locale|robots|theme|twitter:|viewport)"
_IDLE_META = (
    rf"""meta\s+(?:charset|http-equiv|(?:name|property)=(?:"{_IDLE_NAME}[^"<>]*"|'{_IDLE_NAME}[^'<>]*'"""
    rf"""|{_IDLE_NAME}[^\s"'<>]*))"""
)
_IDLE_TAG = re.compile(
    rf"""<(?:(?:source|input|link(?![^<>]{{0,300}}canonical))\b|{_IDLE_META})(?:[^<>"']|"[^"<>]*"|'[^'<>]*')*>"""
)
_NO_FRAMES = re.compile(r"<(/?)noframes\b", re.IGNORECASE)  # whose content the parser would leave as it is
_XML_DECLARATION = re.compile(r"\s*(?:<\?[^>]*(?:>|\Z)\s*)+")
_KIND_CHARS = 200  # of a script's tag, in which its type stands


def strip(html: str) -> tuple[str, list[str]]:
    """The markup without comments, scripts, styles and drawings; and the JSON-LD scripts that were in it.

    Formulas that a page leaves to a script to draw stay, as TeX.
    """
    pieces: list[str] = []
    data: list[str] = []
    unclosed: set[str] = set()
    position = search_from = 0
    while start := _RAW.search(html, search_from):
        name = (start[1] or "").lower()
        end = -1 if name in unclosed else _end_of(html, start, name)
        if end < 0:
            unclosed.add(name)
            search_from = start.end()
            continue
        pieces.append(html[position : start.start()])
        if name == "script":
            kind = html[start.end() : start.end() + _KIND_CHARS].partition(">")[0]
            if "ld+json" in kind:
                data.append(_inside(html[start.end() : end]))
            elif "math/tex" in kind:
                pieces.append(escape(_inside(html[start.end() : end])))
        position = search_from = end
    pieces.append(html[position:])
    markup = "".join(pieces).replace("\0", "").encode("utf-8", "ignore").decode()
    markup = _NO_FRAMES.sub(r"<\1div", markup)
    markup = _IDLE_SPACE.sub(">", _IDLE_TAG.sub("", markup))
    declaration = _XML_DECLARATION.match(markup)  # bs4 would warn that this may be XML
    return markup[declaration.end() :] if declaration else markup, data


def _inside(script: str) -> str:
    return script[script.find(">") + 1 : script.rfind("<")]


def _end_of(html: str, start: re.Match[str], name: str) -> int:
    if not name:
        end = html.find("-->", start.start() + 2)
        return end + 3 if end >= 0 else -1
    match = _RAW_ENDS[name].search(html, start.end())
    return match.end() if match else -1
