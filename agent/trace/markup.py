"""HTML and SVG as text. Plain text is escaped wherever it goes in; only `Html` is taken as it is."""

from html import escape
from urllib.parse import urlsplit

from ...tools.clean import clean, one_line

MOST_SHOWN = 90
VOID = ("meta", "input")
"""Elements without an end."""


class Html(str):
    """Text that is markup already, made by this module."""

    __slots__ = ()


def text(value: str) -> Html:
    """Text from anywhere, as text: what cannot be seen is gone, and nothing in it is markup.

    >>> text("<b>\\u202eon</b>")
    '&lt;b&gt;on&lt;/b&gt;'
    """
    return Html(escape(clean(value)))


def element(name: str, /, *children: str, **attributes: object) -> Html:
    """An element. `class_` is class, `data_way` is data-way; True is an attribute without a value, False and None none.

    >>> element("p", "1 < 2", class_="small", hidden=True)
    '<p class="small" hidden>1 &lt; 2</p>'
    """
    head = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        plain = key.rstrip("_").replace("_", "-")
        head.append(plain if value is True else f'{plain}="{text(str(value))}"')
    if name in VOID:
        return Html(f"<{' '.join(head)}>")
    inner = "".join(child if isinstance(child, Html) else text(child) for child in children)
    return Html(f"<{' '.join(head)}>{inner}</{name}>")


def joined(*parts: str) -> Html:
    """Several parts in a row."""
    return Html("".join(part if isinstance(part, Html) else text(part) for part in parts))


def outside(value: str, name: str = "span", /, **attributes: object) -> Html:
    """Words of a question, a page or a model: they keep to their own direction, whatever they are written in."""
    return element(name, one_line(value), dir="auto", **attributes)


def link(url: str) -> Html:
    """An address that can be opened where it is one of the web; anything else, and one with a name in it, is text."""
    shown = one_line(url, MOST_SHOWN)
    if not is_web(url):
        return element("span", shown, class_="address")
    return element("a", shown, href=url, rel="noreferrer noopener", target="_blank", class_="address")


def is_web(url: str) -> bool:
    """Whether an address is one of a page: http or https, with a host, and nothing that pretends to be one.

    >>> is_web("https://example.org/a"), is_web("javascript:alert(1)"), is_web("http://bank.example@evil.example/")
    (True, False, False)
    """
    if clean(url) != url or any(char.isspace() for char in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
