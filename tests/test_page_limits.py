"""Markup made to hold the reader up, to blow up its text, or to make it fail."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.tools.reading.extract import MAX_CHARS, MAX_TAGS, extract_page


def test_deep_nesting_and_pages_beyond_the_limit_are_read() -> None:
    assert extract_page("<div>" * 6000 + "deep fact" + "</div>" * 6000).text == "deep fact"
    assert extract_page("<table><tr><td>" * 3000 + "deep cell").text == "deep cell"
    assert extract_page("<p>start</p>" + " " * MAX_CHARS + "<p>beyond</p>").text == "start"


PILES = [
    "<pre>x",
    "<sup>1",
    "<time>x",
    "<table><tr><td>",
    "<td>x",
    "<math>",
    "<x-y>a",
    "<button>x",
    "<base href=x>",
    "<template shadowrootmode=open>",
    "<div class=comment>x",
    "<!-- x",
    "&amp;",
    "<frame src=x>",
]


@pytest.mark.parametrize(
    "markup", ["<script>", "<!--", '<link "', "<a href=x>", "<ul><li>x", "<dl><dt>a", "<", "> ", *PILES]
)
def test_work_grows_with_size_and_no_faster(markup: str) -> None:
    def seconds(times: int) -> float:
        start = time.process_time()
        extract_page("<p>x" + markup * times)
        return time.process_time() - start

    seconds(100)
    # Ten times the work on a machine that does other things, too; what was quadratic took minutes.
    assert seconds(10_000) < 60 * seconds(1_000) + 5


SCRAPS = (
    "<p> </p> <table> <tr> <td~rowspan=3> </table> <ul><li> </ul> <dt> <dd> <pre> </pre> <br> <script> </script> <!-- "
    "--> <a~href=' '> </a> <nav> </nav> <h1> &#0; & < ]]> <?xml~?> <meta~name=date~content=2019-13-44> "
    "<base~href='http://[x'> <sup> <math> <mfrac> <template~shadowrootmode=open> <x-y> <button> <time> "
    "<div~class=comment> <link~rel=canonical~href=http://[> \ud800 \x00 字。 ~word~ <svg> <img~alt=a> "
    '<script~type=application/ld+json>[{"@type":[],"a":1e999}]</script>'
)
BROKEN = st.lists(st.sampled_from([scrap.replace("~", " ") for scrap in SCRAPS.split()]), max_size=40).map("".join)


@settings(max_examples=150)
@given(st.one_of(st.text(), BROKEN), st.sampled_from(["", "x", "http://[", "https://a.b/c"]))
def test_no_text_makes_it_fail(html: str, url: str) -> None:
    page = extract_page(html, url)
    page.text.encode()
    assert all(target.startswith(("http://", "https://")) for _, target in page.links)


ROWS = "<tr>" + "<td rowspan=50>" * 8 + "<tr><td>y" * 49


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + ROWS.replace(">", ">" + "x" * 99, 9) * 200,
        "<table><tr>" + ("<th colspan=8>" + "x" * 99) * 5_000,
        "<ul><li>x" * 10_000,
        "<dl>" + "<dt>a" * 10_000,
        "<p>" + "x<sup>2" * 10_000,
        "<div class=accordion hidden>x" * 10_000,
        "<script type='application/ld+json'>" + '[{"a":"' * 20_000 + "</script>",
    ],
)
def test_a_small_page_makes_no_huge_text(html: str) -> None:
    assert len(extract_page(html).text) < 4 * len(html) + 250_000


def test_what_comes_after_very_many_tags_is_not_seen() -> None:
    page = extract_page("<p>start</p>" + "<b></b>" * (MAX_TAGS // 2) + "<p>beyond</p>")
    assert page.text == "start"


@pytest.mark.parametrize("name", ["a{}", "class", "data-{}"])
def test_a_tag_of_very_many_attributes_is_read(name: str) -> None:
    attributes = " ".join(f"{name.format(n)}='v{n}'" for n in range(20_000))
    assert extract_page(f"<p {attributes}>The fact is here.</p>").text == "The fact is here."


def test_labels_and_styles_of_any_length_are_searched_in_time() -> None:
    start = time.process_time()
    label, style = "caption" * 50_000 + "!", "display:" + " " * 300_000
    assert extract_page(f'<div class="{label}" style="{style}">The fact is here.</div>').text == "The fact is here."
    assert time.process_time() - start < 20


def test_ten_thousand_levels_are_read() -> None:
    for opening in ("<div>", "<span>", "<blockquote><p>", "<ul><li>", "<b><i>", "<section class=comment>"):
        assert "the deepest fact" in extract_page(opening * 10_000 + "the deepest fact").text
