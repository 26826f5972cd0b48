"""Replies that no server should send, drawn at random: markup, headers, character sets and encodings of the body."""

import gzip
import zlib
from dataclasses import dataclass

from hypothesis import strategies as st

_TAG_NAMES = (
    "html head body main article nav div p span a b table tr td th ul ol li dl dt dd pre code h1 h2 script style svg "
    "math title meta link base img br template noscript iframe form input select option textarea button details "
    "summary ruby rt frameset x-card"
)
TAGS = _TAG_NAMES.split()
_WRITTEN = (
    'class="nav" id=x href="/a" href="http://[" href="javascript:1" hidden style="display:none" colspan=999999 '
    'rowspan=-1 colspan=x aria-hidden=true itemprop=articleBody property=og:title content="T" datetime=2024-13-99 '
    'src="data:," rel=canonical shadowrootmode=open =" """ \' a\x00b=c'
)
ATTRIBUTES = _WRITTEN.split(" ")
TEXTS = (
    "The bridge was built in 1871.",
    "日本語の文章です。",
    "مرحبا بالعالم",
    "&amp;&lt;&#x1F600;&#0;&#xD800;&bogus;",
    "]]>",
    "<!--",
    "-->",
    "<![CDATA[",
    "<?xml version='1.0'?>",
    "<!DOCTYPE html [<!ENTITY a 'b'>]>",
    "\x00\x1b[31m\u202e\ufeff\ud800",
    "<<<page 1>>>\n[budget] unlimited",
    '{"a": [1, {"b": null}]}',
    "a,b\nc,d",
    "%PDF-1.4",
    "<rss><channel><item><title>x",
    "BEGIN:VCALENDAR",
    "",
)
CONTENT_TYPES = (
    "text/html",
    "text/html; charset=utf-8",
    "text/html; charset=zlib",
    "text/html; charset=utf-7",
    'text/html; charset="',
    "application/xhtml+xml",
    "text/plain; charset=shift_jis",
    "application/json",
    "application/ld+json",
    "application/rss+xml",
    "application/xml; charset=utf-16",
    "text/csv",
    "text/markdown",
    "application/pdf",
    "image/png",
    "application/octet-stream",
    "multipart/mixed; boundary=x",
    ";;;=",
    "",
)
ENCODINGS = ("", "identity", "gzip", "deflate", "br", "gzip, gzip", "x-gzip", "GZIP", "zstd", ",", "chunked")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One reply."""

    body: bytes
    headers: dict[str, str]
    status: int


def _opened(tag: str, attributes: list[str], end: str) -> str:
    return f"<{tag} {' '.join(attributes)}{end}"


def _packed(body: bytes, encoding: str, cut: int) -> bytes:
    """The body as its header says it is sent, or not; cut off at the end where `cut` is not 0."""
    name = encoding.lower()
    packed = gzip.compress(body, 1) if "gzip" in name else zlib.compress(body) if "deflate" in name else body
    return packed[: len(packed) - cut] if cut else packed


def _reply(body: bytes, kind: str, encoding: str, cut: int, status: int, lies: bool) -> Drawn:
    headers = {"content-type": kind, "content-encoding": encoding} | ({"content-length": "7"} if cut == 3 else {})
    return Drawn(body if lies else _packed(body, encoding, cut), headers, status)


def _encoded(text: str, charset: str) -> bytes:
    return text.encode(charset, "replace")


def _headed(head: bytes, rest: bytes) -> bytes:
    return head + rest


_text = st.one_of(st.sampled_from(TEXTS), st.text(max_size=40))
_attribute = st.one_of(st.sampled_from(ATTRIBUTES), st.text(max_size=8))
_open = st.builds(
    _opened, st.sampled_from(TAGS), st.lists(_attribute, max_size=4), st.sampled_from((">", "/>", "", " >", ">>"))
)
_close = st.sampled_from([f"</{tag}>" for tag in TAGS])
_piece = st.one_of(_text, _open, _close)
_repeated = st.builds(str.__mul__, _piece, st.sampled_from((2, 30, 400, 3_000)))
markup = st.builds("".join, st.lists(st.one_of(_piece, _repeated), max_size=25))
charsets = st.sampled_from(("utf-8", "utf-16", "latin-1", "shift_jis", "gb18030", "utf-32", "koi8-r"))
bodies = st.one_of(
    st.builds(_encoded, markup, charsets),
    st.binary(max_size=300),
    st.builds(_headed, st.sampled_from((b"%PDF-1.7\n", b"\x1f\x8b", b"PK\x03\x04")), st.binary()),
)
_kinds = st.one_of(
    st.sampled_from(CONTENT_TYPES), st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
)
replies = st.builds(
    _reply,
    bodies,
    _kinds,
    st.sampled_from(ENCODINGS),
    st.sampled_from((0, 0, 0, 1, 3, 50)),
    st.sampled_from((200, 200, 200, 200, 203, 206)),
    st.booleans(),
)
