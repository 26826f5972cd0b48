"""Links of documents that are not HTML: absolute, http or https, each once."""

import re
from collections.abc import Iterable
from itertools import islice

from ..clean import one_line
from .links import MAX_LINKS, absolute

_CLOSING = {")": "(", "]": "[", "}": "{"}
_BARE = re.compile(r"\bhttps?://[^\s<>\"'`|\\^{}\[\]“”‘’«»，。、；！？（）「」『』【】《》]{4,2000}")


def linked(found: Iterable[tuple[str, str]], base: str) -> tuple[tuple[str, str], ...]:
    """The first MAX_LINKS of `found` (text, address as written), made absolute; the page's own address is left out."""
    links: dict[str, str] = {}
    for text, href in found:
        target = absolute(base, href)
        if not target or target == base.partition("#")[0] or (target not in links and len(links) >= MAX_LINKS):
            continue
        links[target] = links.get(target) or one_line(text, 200)
    return tuple((text, target) for target, text in links.items())


def bare_links(text: str) -> list[tuple[str, str]]:
    """Addresses that stand in running text, as links that are called by their address.

    >>> bare_links("see https://a.example/x(1), or (https://b.example/y).")
    [('https://a.example/x(1)', 'https://a.example/x(1)'), ('https://b.example/y', 'https://b.example/y')]
    """
    return [(url, url) for match in islice(_BARE.finditer(text), 10 * MAX_LINKS) if (url := trimmed(match[0]))]


def trimmed(url: str) -> str:
    """Without the punctuation of the sentence around it; a bracket at its end goes if it was not opened in it."""
    while url and (url[-1] in ".,;:!?*_~…" or url.count(url[-1]) > url.count(_CLOSING.get(url[-1], url[-1]))):
        url = url[:-1]
    return url
