"""A result saved as Markdown."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from spadework.agent.chat.markdown import as_markdown, escaped
from spadework.agent.result import Source
from test_show import PAGE, finding, result

RENDERER = MarkdownIt("gfm-like", {"linkify": False})
EVIL = [
    "# heading",
    "- a list",
    "12. a list",
    "=====",
    "---",
    "> a quote",
    "<script>alert(1)</script>",
    "![x](http://evil.example/x.png)",
    "[verified](javascript:alert(1))",
    "<http://evil.example>",
    "**bold** _it_ `code` ~~gone~~ &lt;",
    "a | b",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
]


def tokens(text: str) -> Iterator[Token]:
    for token in RENDERER.parse(text):
        yield token
        yield from token.children or ()


def visible(text: str) -> str:
    return "".join(token.content for token in tokens(text) if token.type == "text")


def test_a_saved_answer_has_its_status_proof_links_and_receipt() -> None:
    text = as_markdown(result())
    assert text.startswith("# Who built it?\n\nMara Finch\n\n**unverified: ")
    assert "(stopped: the budget ran out (model calls))" in text
    assert "- **c0** what is asked: who built it: satisfied (page)\n" in text
    assert "“It was built by Mara Finch in 1871” \\[1\\]" in text
    assert "- **c1** born in Wick: open\n" in text
    assert "- **c2** a misreading: dropped as a misreading (not asked)" in text
    assert f"1. [Alder Bridge](<{PAGE}>)" in text
    assert "## Receipt\n\nunverified" in text


def test_an_answer_keeps_its_lines_and_its_lists_stay_text() -> None:
    text = as_markdown(result(answer="Two of them:\n- Mara\n2. Bo\n\nBoth."))
    assert "Two of them:\\\n\\- Mara\\\n2\\. Bo\n\nBoth." in text
    assert not [token for token in tokens(text.partition("## Proof")[0]) if "list" in token.type]


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_from_outside_is_markup(evil: str) -> None:
    plain = as_markdown(result())
    marked = as_markdown(
        result(
            question=evil,
            answer=f"{evil}\n{evil}",
            fault=evil,
            assumption=evil,
            constraints=[{"id": "c0", "text": evil, "kind": "asked"}],
            findings=[finding(f"{evil}\n{evil}", "c0", "satisfied", "page", evil, inference=evil, note=evil)],
            sources=[Source(url=PAGE, title=evil, kind="page")],
        )
    )
    assert {token.type for token in tokens(marked)} <= {token.type for token in tokens(plain)} | {"hardbreak"}
    assert [token.attrs["href"] for token in tokens(marked) if token.type == "link_open"] == [PAGE]
    assert "\x1b" not in marked


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http://[bad"])
def test_only_web_addresses_become_links(url: str) -> None:
    text = as_markdown(result(sources=[Source(url=url, title="Alder", kind="page")]))
    assert not [token for token in tokens(text) if token.type == "link_open"]


def test_an_address_cannot_end_its_link_early() -> None:
    url = "https://alder.example/a>)[b](<javascript:x b\\"
    text = as_markdown(result(sources=[Source(url=url, title="Alder", kind="page")]))
    links = [str(token.attrs["href"]) for token in tokens(text) if token.type == "link_open"]
    assert len(links) == 1
    assert links[0].startswith("https://alder.example/a%3E")


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    found = list(tokens(f"x {escaped(text)}"))
    assert {token.type for token in found} <= {"paragraph_open", "paragraph_close", "inline", "text", "text_special"}
    shown = "".join(token.content for token in found if token.type in ("text", "text_special"))
    assert shown.split() == ["x", *text.split()]


def test_bare_addresses_are_broken_up_so_that_no_reader_makes_links_of_them() -> None:
    text = escaped("see https://evil.example or www.evil.example or a@b.example")
    assert text == "see https\\://evil.example or www\\.evil.example or a\\@b.example"
    assert visible(text) == "see https://evil.example or www.evil.example or a@b.example"
