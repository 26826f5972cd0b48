"""The addresses in a page: where its links lead, and which address it gives as its own."""

import re
from urllib.parse import urljoin, urlsplit

from ..clean import clean, one_line
from .blocks import Flat

MAX_LINKS = 1_000
"""Links that a page keeps."""

_MAX_URL = 2_000
_PLAIN_URL = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+/[\w/?&=%#-]{0,500}")  # needs no resolving
_ROOT = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?=[/?#]|$)")
_PLAIN_PATH = re.compile(r"(/\w(?:[\w/?&=%-]|\.(?!\.|/)){0,500}(?<!\?))(?:#\S{0,200})?", re.ASCII)
_PREFIX = re.compile(r"(?:www|m|mobile|amp)\.(?=[^.]+\.)")
_SHORT_SUFFIX = re.compile(r"[a-z]{2,3}\.[a-z]{2}")  # such as co.uk, which many own parts of


def host_of(url: str) -> str:
    """The host without "www.", "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def page_links(flat: Flat, kept: set[int], url: str) -> tuple[tuple[str, str], ...]:
    """(text, address) of the page's links, those in the blocks `kept` first; links within the page are left out."""
    base = absolute(url, flat.base) or url
    root = _ROOT.match(base)
    texts: dict[str, str] = {}
    for link in sorted(flat.links, key=lambda link: link.block not in kept):
        if not link.href.startswith("#"):
            texts[link.href] = texts.get(link.href) or link.text
    found: dict[str, str] = {}
    own = url.partition("#")[0]
    for href, text in texts.items():
        if len(found) >= MAX_LINKS:
            break
        plain = root and _PLAIN_PATH.fullmatch(href)
        target = root[0] + plain[1] if root and plain else absolute(base, href)
        if target and target != own:
            found[target] = found.get(target) or one_line(text, 200)
    return tuple((text, target) for target, text in found.items())


def absolute(base: str, href: str) -> str:
    """The http(s) address that a link names, without its fragment; "" where it names none."""
    if _PLAIN_URL.fullmatch(href):
        return href.partition("#")[0]
    if len(href) > 2 * _MAX_URL:
        return ""
    try:
        target = urljoin(base, "".join(clean(href).split())).partition("#")[0]
        parts = urlsplit(target)
        return target if parts.scheme in ("http", "https") and parts.hostname and len(target) <= _MAX_URL else ""
    except ValueError:
        return ""


def canonical(flat: Flat, url: str) -> str:
    """The address that the page at `url` gives as its own, "" where it gives none on its own site.

    A page could name any address; one on another host would let it pass for a page that it is not.
    """
    for said in (flat.canonical, flat.meta.get("og:url", "")):
        target = absolute(url, said) if said else ""
        if target and _is_same_site(target, url):
            return one_line(target)
    return ""


def _is_same_site(target: str, url: str) -> bool:
    try:
        theirs, ours = urlsplit(target), urlsplit(url)
        ports = theirs.port, ours.port
    except ValueError:
        return False
    if theirs.username is not None or ports[0] not in (None, ports[1]):
        return False
    names = [(parts.hostname or "").rstrip(".") for parts in (theirs, ours)]
    plain = [_PREFIX.sub("", name, count=1) if _PREFIX.match(name) else name for name in names]
    if not names[1] or plain[0] != plain[1]:
        return False
    return plain[0] in names or not _SHORT_SUFFIX.fullmatch(plain[0])
