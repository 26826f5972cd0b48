"""Bodies: inflated within a limit, decoded without surprises."""

import codecs
import contextlib
import gzip
import time
import zlib
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.tools.errors import ToolError
from spadework.tools.web.body import decode, inflate

packed = partial(gzip.compress, mtime=0)
"""The time would be in the names of tests, and no two processes would have the same ones."""
TEXT = b"The quick brown fox. " * 500


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (packed(TEXT), "gzip"),
        (packed(TEXT), " X-GZIP "),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (packed(TEXT[:100]) + packed(TEXT[100:]), "gzip"),
        (packed(TEXT) + bytes(50), "gzip"),
    ],
)
def test_each_encoding_is_undone(body: bytes, encoding: str) -> None:
    assert inflate(body, encoding, len(TEXT)) == TEXT


def test_an_empty_body_is_empty_whatever_its_encoding() -> None:
    assert inflate(b"", "gzip", 10) == b""


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (packed(TEXT), "gzip", "too_large"),
        (raw_deflate(bytes(50_000_000)), "deflate", "too_large"),
        (packed(b"x") * 15 + packed(TEXT), "gzip", "too_large"),
        (packed(TEXT[:900])[:-20], "gzip", "unreadable"),
        (b"not gzip at all", "gzip", "unreadable"),
        (b"\xff\xff\xff", "deflate", "unreadable"),
        (b"x", "gzip, gzip", "unreadable"),
        (b"x", "br", "unreadable"),
        (b"x", "<<<end>>>", "unreadable"),
    ],
)
def test_what_is_too_large_or_broken_is_refused(body: bytes, encoding: str, kind: str) -> None:
    with pytest.raises(ToolError) as caught:
        inflate(body, encoding, 1000)
    assert caught.value.kind == kind
    assert "<<<" not in str(caught.value)


def test_very_many_empty_members_take_no_time() -> None:
    body = packed(b"") * 200_000
    start = time.perf_counter()
    assert inflate(body, "gzip", 1000) == b""
    assert time.perf_counter() - start < 10, "member by member it takes minutes"


@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate", "", "x"]))
def test_inflating_raises_tool_errors_only(body: bytes, encoding: str) -> None:
    with contextlib.suppress(ToolError):
        assert len(inflate(body, encoding, 500)) <= 500


HTML = "text/html"


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("é".encode(), "text/html; charset=utf-8", "é"),
        ("é".encode("latin-1"), "text/html; Charset='ISO-8859-1'", "é"),
        (b"\x93x\x94", "text/html;charset=iso-8859-1", "\u201cx\u201d"),
        ("я".encode("koi8-r"), 'text/html; charset="KOI8-R"', "я"),
        ("語".encode("shift_jis"), "text/html; charset=x-sjis", "語"),
        ("中".encode("gbk"), "text/html; charset=gb2312", "中"),
        ("中".encode("big5"), "text/plain; charset=big5", "中"),
        (codecs.BOM_UTF8 + "é".encode(), "text/html; charset=iso-8859-1", "é"),
        (codecs.BOM_UTF16_LE + "é".encode("utf-16-le"), HTML, "é"),
        (codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "", "é"),
        (b'<meta charset="windows-1251">' + "я".encode("cp1251"), HTML, '<meta charset="windows-1251">я'),
        (b"<meta content='text/html; charset=koi8-r'>\xd1", HTML, "<meta content='text/html; charset=koi8-r'>я"),
        (
            b'<?xml version="1.0" encoding="iso-8859-2"?>\xb1',
            "text/xml",
            '<?xml version="1.0" encoding="iso-8859-2"?>ą',
        ),
        (b"<meta charset=utf-16>ok", HTML, "<meta charset=utf-16>ok"),
        (b"<meta charset=koi8-r>\xc3\xa9", "application/json", "<meta charset=koi8-r>é"),
        (b"<meta charset=koi8-r>\xc3\xa9", "text/html; charset=utf-8", "<meta charset=koi8-r>é"),
        (b" " * 2048 + b"<meta charset=koi8-r>\xc3\xa9", HTML, " " * 2048 + "<meta charset=koi8-r>é"),
        (b"caf\xe9 \xff", HTML, "caf\ufffd \ufffd"),
    ],
)
def test_the_charset_is_found(body: bytes, content_type: str, expected: str) -> None:
    assert decode(body, content_type) == expected


BINARY = ["hex", "zlib", "bz2", "rot13", "base64", "uu", "quopri"]
ESCAPES = ["idna", "punycode", "utf-7", "unicode_escape", "raw_unicode_escape"]
OTHERS = ["undefined", "mbcs", "oem", "cp037", "nonsense", "../../etc"]


@pytest.mark.parametrize("name", BINARY + ESCAPES + OTHERS)
def test_a_codec_that_is_no_charset_is_never_used(name: str) -> None:
    body = f"<meta charset={name}>+ADw- 3c62 \\u0041 é".encode()
    assert decode(body, f"text/html; charset={name}") == body.decode()


@given(st.binary(max_size=300), st.text(max_size=40))
def test_decoding_never_raises(body: bytes, name: str) -> None:
    decode(body, f"text/html; charset={name}").encode()
    decode(b"<meta charset=" + name.encode("utf-8", "replace") + b">" + body).encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Größe – naïve".encode("cp1252"), "Größe – naïve"),
        ("Größe – naïve".encode(), "Größe – naïve"),
        ("日本語と漢字".encode() + b"\xe9 ", "日本語と漢字\ufffd "),
        (b"plain", "plain"),
    ],
)
def test_without_a_charset_it_is_utf_8_or_else_what_browsers_take_it_for(body: bytes, expected: str) -> None:
    assert decode(body) == expected
    assert decode(body, "text/html") == expected


def test_a_declared_charset_is_not_second_guessed() -> None:
    assert decode("Größe".encode("cp1252"), "text/html; charset=utf-8") == "Gr\ufffd\ufffde"
