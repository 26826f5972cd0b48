"""Bodies of every kind: what a reader of the page gets to see, and one clear line where there is nothing to read."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.reading.formats import looks_like_html, read_body

URL = "https://www.a.example/docs/file"
PROSE = "The expedition crossed the ridge above the valley, and the guide counted many birds there. " * 6
HTML = f"<!doctype html><html><head><title>Ridge</title></head><body><p>{PROSE}</p></body></html>"


def read(body: bytes | str, content_type: str = "", url: str = URL) -> Page:
    return read_body(body.encode() if isinstance(body, str) else body, content_type, url)


def attempt(body: bytes, content_type: str, url: str = URL) -> Page | ToolError:
    try:
        return read_body(body, content_type, url)
    except ToolError as error:
        return error


def refusal(body: bytes | str, content_type: str = "", url: str = URL) -> str:
    with pytest.raises(ToolError) as caught:
        read(body, content_type, url)
    error = caught.value
    assert (error.kind, error.sent, error.url) == ("unreadable", True, url)
    assert "\n" not in str(error)
    assert "read another page" in str(error)
    return str(error)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (HTML, "text/html; charset=utf-8"),
        (HTML, "TEXT/HTML"),
        (f'<?xml version="1.0"?>{HTML}', "application/xhtml+xml"),
        (
            f'<?xml version="1.0"?><!-- x -->\n<html xmlns="http://www.w3.org/1999/xhtml"><p>{PROSE}</p></html>',
            "text/xml",
        ),
        (HTML, ""),
        (f"\n<!-- a comment --><p>{PROSE}</p>", ""),
        (HTML, "application/octet-stream"),
        (HTML, "application/pdf"),
    ],
)
def test_html_is_read_by_its_type_and_where_the_type_says_nothing_by_its_beginning(
    body: str, content_type: str
) -> None:
    text = read(body, content_type).text
    assert "the guide counted many birds" in text
    assert "<" not in text


def test_what_is_declared_plain_text_stays_text_even_where_it_is_html() -> None:
    page = read(HTML, "text/plain")
    assert page.text == HTML
    assert page.title == "file"


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "text/html", "", "application/vnd.api+json"]
)
def test_json_is_told_from_its_text_whatever_it_is_called(content_type: str) -> None:
    assert read('{"city": "Malm\\u00f6", "people": 1.50}', content_type).text == "city: Malmö\npeople: 1.50"


def test_a_feed_sent_as_html_is_a_feed() -> None:
    feed = (
        "<?xml version='1.0'?><rss><channel><title>News</title><item><title>Bridge opens</title></item></channel></rss>"
    )
    assert read(feed, "text/html").text == "# News\n\n## Bridge opens"


def test_the_charset_of_the_header_holds() -> None:
    assert read("Straße in München".encode("latin-1"), "text/plain; charset=iso-8859-1").text == "Straße in München"
    assert read("Straße".encode("utf-16-le"), "text/plain; charset=utf-16").text == "Straße"


@pytest.mark.parametrize(
    ("body", "content_type", "named"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png", "image/png"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1", "text/plain", "image/png"),
        (b"PK\x03\x04\x14\0\6\0" * 9, "text/html", "application/zip"),
        (b"PK\x03\x04\x14\0\6\0" * 9, "", "application/zip"),
        (
            b"PK\x03\x04\x14\0\6\0",
            "application/vnd.openxmlformats-officedocument",
            "application/zip (or an Office document)",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "application/vnd.ms-excel", "application/msword (or another old"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "application/x-gzip", "application/gzip"),
        (b"\0\0\0\x20ftypisom", "video/mp4", "video/mp4"),
        (b"ID3\4\0\0", "audio/mpeg", "audio/mpeg"),
        (rb"{\rtf1\ansi Hello}", "text/rtf", "application/rtf"),
        (b"\0\1", "application/octet-stream", "application/octet-stream"),
        (b"\0\1", "", "unknown"),
        (b"\0\1", "bad\ntype <script>" + "x" * 90, "bad type <script>"),
        ("Улица".encode("cp1251") * 30, "text/plain", "text/plain"),
    ],
)
def test_another_type_is_named(body: bytes, content_type: str, named: str) -> None:
    assert f"cannot read content of type {named}" in refusal(body, content_type)
    assert len(refusal(body, content_type)) < 200


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/json", "text/csv", "text/xml", ""])
def test_an_empty_body_has_no_text(content_type: str) -> None:
    assert "no readable text" in refusal("", content_type)
    assert "no readable text" in refusal(" \n ", content_type)


def test_a_stray_control_character_does_not_hide_a_text() -> None:
    assert read(f"one\x00two\x07 {PROSE}", "text/plain").text.startswith("onetwo The expedition")


def test_a_wall_is_named() -> None:
    body = '<body><div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript></body>'
    assert refusal(body, "text/html") == "page shows its text only with JavaScript; read another page"


@pytest.mark.parametrize(
    ("body", "content_type", "name", "title"),
    [
        ("intro\n# The *guide*\n\nText.", "text/markdown", "guide.md", "The *guide*"),
        ("Ridge walks\n===========\n\nText.", "text/plain", "walks.txt", "Ridge walks"),
        ("=====\nRidge\n=====\n\nText `with <https://b.example/x>`_.", "text/x-rst", "walks.rst", "Ridge"),
        ("---\nlayout: post\ntitle: 'The ridge'\n---\n# Other", "text/markdown", "x.md", "The ridge"),
        ("```\n# a comment\n```\n## Real", "text/plain", "x.md", "Real"),
        ("No heading here.", "text/plain", "some%20file.txt", "some file.txt"),
    ],
)
def test_text_stays_as_it_was_written_and_is_called_by_its_heading(
    body: str, content_type: str, name: str, title: str
) -> None:
    page = read(body, content_type, f"https://a.example/{name}")
    assert (page.title, page.text) == (title, body)


def test_links_of_markdown_are_found() -> None:
    text = """# Guide
See [the *map*](maps/ridge.html "Map"), ![picture](p.png), [birds][b], [Valley][] and <https://c.example/auto>.
[![badge](https://img.example/b.svg)](https://ci.example/run) [wiki](https://w.example/Ridge_(hill)#top)
[mail](mailto:x@y.example)
Bare: https://d.example/page. (https://e.example/q)
`[code](no)` is read too.

[b]: https://b.example/birds  "Birds"
[valley]: /valley
"""
    page = read(text, "text/markdown", "https://a.example/docs/guide.md")
    assert page.text == text
    assert page.links[:5] == (
        ("the *map", "https://a.example/docs/maps/ridge.html"),
        ("birds", "https://b.example/birds"),
        ("Valley", "https://a.example/valley"),
        ("badge", "https://ci.example/run"),
        ("wiki", "https://w.example/Ridge_(hill)"),
    )
    assert {"https://c.example/auto", "https://d.example/page", "https://e.example/q"} <= {url for _, url in page.links}
    assert not any(url.startswith(("https://img.example", "https://a.example/docs/p.png")) for _, url in page.links)


@settings(max_examples=300)
@given(
    st.binary(max_size=300) | st.text(alphabet='<>/![]{}"&;:,.-%# \nabPDF1\0é', max_size=300).map(str.encode),
    st.sampled_from(["", "text/html", "text/plain", "text/xml", "application/json", "text/csv", "text/markdown"])
    | st.text(max_size=40),
    st.sampled_from(
        [URL, "", "https://[", "https://a.example/x.md", "https://a.example/x.csv", "https://a.example/x.jsonl"]
    ),
)
def test_any_body_gives_a_page_or_one_clear_line(body: bytes, content_type: str, url: str) -> None:
    found = attempt(body, content_type, url)
    if isinstance(found, Page):
        assert found.text.strip()
        assert found.url == url
    else:
        assert found.kind == "unreadable"
        assert "\n" not in str(found)


DOCUMENTS = (
    (HTML, "text/html"),
    ("<rss><channel><title>A &amp; b</title><item><link>https://b.example/</link></item></channel></rss>", "text/xml"),
    (json.dumps([{"a": [1, {"b": None}], "c": 'd"e'}] * 3), "application/json"),
    ("# A\n[b](c) [d][e]\n\n[e]: f\n", "text/markdown"),
    ('a,b\n"c ""d""",e\n', "text/csv"),
)


@settings(max_examples=300)
@given(st.sampled_from(DOCUMENTS), st.randoms(use_true_random=False))
def test_a_damaged_document_gives_a_page_or_one_clear_line(document: tuple[str, str], chance: random.Random) -> None:
    body = bytearray(document[0].encode())
    for _ in range(chance.randint(1, 8)):
        start = chance.randrange(len(body) + 1)
        body[start : start + chance.choice((0, 1, 5, 50))] = chance.choice(
            (b"", b"<", b"\0", b"&x;", b"\xff", b"]]>", b'"')
        )
    found = attempt(bytes(body), document[1])
    assert found.text.strip() if isinstance(found, Page) else found.kind == "unreadable"


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<!--",
        "<a ",
        "<p>",
        "[",
        "[a](",
        "[![",
        "{",
        "&x",
        "<!DOCTYPE [",
        "](b",
        "# ",
        "```\n",
        '"',
        "https://a.b/(",
        "\n---",
        "[a]: ",
    ],
)
def test_text_made_to_be_slow_is_read_all_the_same(piece: str) -> None:
    """Patterns that go over the text again and again would not come to an end here."""
    for kind in ("text/markdown", "text/plain", "text/xml", "application/json", "text/csv", ""):
        found = attempt((piece * 20_000).encode(), kind)
        assert found.text if isinstance(found, Page) else found.kind == "unreadable"


@pytest.mark.parametrize("text", ["<p>x", "\n<!DOCTYPE html>", "<!-- <a> --><html>", "<?xml version='1.0'?><html/>"])
def test_html_is_known_by_its_beginning(text: str) -> None:
    assert looks_like_html(text)


@pytest.mark.parametrize("text", ["", "a <p> b", "<rss>", "<person>", "<!-- <html>", "a < b"])
def test_other_text_is_not_taken_for_html(text: str) -> None:
    assert not looks_like_html(text)
