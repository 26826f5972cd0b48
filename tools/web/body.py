"""The body of a reply: inflated within a limit, and decoded without surprises.

Both answer for bytes that a stranger chose. A library that inflates chunk by chunk hands out hundreds of megabytes for
one chunk, and Python knows codecs (hex, zlib, rot13, idna, utf-7) that are no charset of any page.
"""

import codecs
import re
import zlib

from ..errors import ToolError

# A gzip body may have many members, and each hands back a copy of the rest of its slice.
_SLICE = 16_384

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LABEL = r"""\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})"""
_IN_HEADER = re.compile("charset" + _LABEL, re.IGNORECASE)
_IN_MARKUP = re.compile(
    (r"(?:<meta\b[^>]{0,400}?charset|<\?xml\b[^>]{0,100}?encoding)" + _LABEL).encode(), re.IGNORECASE
)
_MARKUP_START = 2048

# Names that Python does not know, or knows as something narrower than browsers do.
_AS_BROWSERS_DO = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso-8859-8-i": "iso8859-8",
    "iso8859-11": "cp874",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "x-euc-jp": "euc_jp",
    "ks_c_5601-1987": "cp949",
    "windows-949": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "utf-16": "utf-16-le",
    "unicode": "utf-16-le",
    "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
}
_CHARSETS = frozenset(
    ["utf-8", "utf-16-le", "utf-16-be", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"]
    + ["gb18030", "big5hkscs", "euc_jp", "iso2022_jp", "cp866", "cp874", "cp932", "cp949"]
    + [f"cp125{n}" for n in range(9)]
    + [f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
)


def inflate(body: bytes, encoding: str, limit: int) -> bytes:
    """Undo the content encoding, to at most `limit` bytes.

    Raises ToolError (kind "too_large", or "unreadable" for stacked, unknown or broken encodings).
    """
    names = [name for part in encoding.lower().split(",") if (name := part.strip()) not in ("", "identity")]
    if not names or not body:
        return body
    if len(names) > 1:
        raise _unreadable(f"sent a body encoded {len(names)} times over")
    if names[0] in ("gzip", "x-gzip"):
        window = 16 + zlib.MAX_WBITS
    elif names[0] == "deflate":
        window = zlib.MAX_WBITS if _has_zlib_header(body) else -zlib.MAX_WBITS
    else:
        raise _unreadable("sent a body in an encoding that was not asked for")
    try:
        return _inflated(body, window, limit)
    except zlib.error as exc:
        raise _unreadable(f"sent {names[0]} data that cannot be read") from exc


def _inflated(body: bytes, window: int, limit: int) -> bytes:
    text = bytearray()
    inflater = zlib.decompressobj(window)
    for start in range(0, len(body), _SLICE):
        rest = body[start : start + _SLICE]
        while rest:
            text += inflater.decompress(rest, limit + 1 - len(text))
            if len(text) > limit:
                raise ToolError(
                    f"inflates to more than {limit:,} bytes; read another page", kind="too_large", sent=True
                )
            rest = inflater.unconsumed_tail
            if inflater.eof:
                rest = inflater.unused_data
                # Servers pad; only another gzip member is more of the body.
                if rest and (window < 16 or not rest.startswith(b"\x1f")):
                    return bytes(text)
                inflater = zlib.decompressobj(window) if rest else inflater
    if not inflater.eof:
        raise _unreadable("sent a body that breaks off")
    return bytes(text)


def _has_zlib_header(body: bytes) -> bool:
    return body[0] & 0x0F == 8 and len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0


def _unreadable(text: str) -> ToolError:
    return ToolError(f"{text}; read another page", kind="unreadable", sent=True)


def decode(body: bytes, content_type: str = "") -> str:
    """Bytes as text: by byte order mark, by `content_type`, by the first 2 KB of markup, else UTF-8. Never raises.

    A byte order mark wins over the header, as in browsers. What cannot be decoded becomes U+FFFD, but where no charset
    is declared and little of what is not ASCII is UTF-8, it is taken for windows-1252, as browsers do.
    """
    for bom, charset in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(charset, "replace")
    if charset := _declared(body, content_type):
        return body.decode(charset, "replace")
    text = body.decode("utf-8", "replace")
    faults = text.count("\ufffd")
    others = len(text) - len(text.encode("ascii", "ignore")) if faults else 0
    # Text in a Western language is mostly ASCII; what is not may be anything, and is better seen to be unreadable.
    western = faults > others // 2 and 3 * others < len(text)
    return body.decode("cp1252", "replace") if western else text


def _declared(body: bytes, content_type: str) -> str | None:
    if (found := _IN_HEADER.search(content_type)) and (charset := _charset(found[1])):
        return charset
    media = content_type.partition(";")[0].lower()
    if (not media.strip() or "html" in media or "xml" in media) and (found := _IN_MARKUP.search(body[:_MARKUP_START])):
        charset = _charset(found[1].decode("ascii"))
        # Markup that could be read as ASCII is not UTF-16, whatever it says.
        if charset and not charset.startswith("utf-16"):
            return charset
    return None


def _charset(label: str) -> str | None:
    """Python's codec for a charset name that a page may use; None for any other."""
    label = label.lower()
    if label not in _AS_BROWSERS_DO:
        try:
            label = codecs.lookup(label).name
        except (LookupError, ValueError):
            return None
    charset = _AS_BROWSERS_DO.get(label, label)
    return charset if charset in _CHARSETS else None
