"""What a page says about itself: its title, site, day, links and own address."""

import pytest
from spadework.tools.reading.extract import Page, extract_page

NAV = "<nav><ul><li><a href='/home'>Front page</a></li><li><a href='/shop'>Our shop</a></li></ul></nav>"


def test_links_are_absolute_once_each_and_those_of_the_content_come_first() -> None:
    html = (
        f"<base href='/deep/'>{NAV}<article><p>There is much more to read on how they came home, and what "
        "they found there: <a href='a.html#part'>the first</a>, <a href='a.html'>again</a>, "
        "<a href='//other.org/b?q=1&amp;r=2'>the <b>second</b></a>, <a href='mailto:x@y.z'>mail</a>, "
        "<a href='javascript:void(0)'>run</a>, <a href='http://[bad'>bad</a>, <a href='#top'>top</a>, "
        "<a href='../up\n.html'>up</a>.</p></article>"
    )
    assert extract_page(html, "https://example.org/x/y.html").links == (
        ("the first", "https://example.org/deep/a.html"),
        ("the second", "https://other.org/b?q=1&r=2"),
        ("up", "https://example.org/up.html"),
        ("Front page", "https://example.org/home"),
        ("Our shop", "https://example.org/shop"),
    )


@pytest.mark.parametrize(
    ("head", "title", "site"),
    [
        ("<title>Plain &amp; simple</title>", "Plain & simple", "example.org"),
        ("<meta property=og:title content=Og><title>T</title><meta property=og:site_name content=News>", "Og", "News"),
        ("<h1>Only a\n heading</h1>", "Only a heading", "example.org"),
    ],
)
def test_title_and_site(head: str, title: str, site: str) -> None:
    page = extract_page(f"<html>{head}<p>Some text.</p>", "https://www.example.org/2010/a")
    assert (page.title, page.site) == (title, site)


LINKED_DATA = """<script type="application/ld+json">{"@graph": [
{"x": [{"datePublished": "2001-01-01"}], "datePublished": "2018-07-09"}]}</script>
<script type="application/ld+json">{</script>"""


@pytest.mark.parametrize(
    ("head", "day"),
    [
        ("", None),
        ("<meta property='article:published_time' content='2019-11-18T23:59:00-05:00'>", "2019-11-18"),
        ("<meta name=citation_publication_date content='2020/1/5'>", "2020-01-05"),
        ("<meta name=date content='18 November 2019'>", "2019-11-18"),
        ("<meta name=date content='Nov. 3rd, 2019'>", "2019-11-03"),
        ("<meta name=date content='2019-02-31'><time datetime='2019-03-02'>", "2019-03-02"),
        ("<time datetime='20190302'>", "2019-03-02"),
        ("<time>2 March 2019</time>", "2019-03-02"),
        ("<h1>On tea</h1><p class=byline>Published on 3 March 2024 by A. Berg</p>", "2024-03-03"),
        ("<h1>On tea</h1><div>By Ann Berg, March 3, 2024</div>", "2024-03-03"),
        ("<h1>Tee</h1><p>Veröffentlicht am 3. März 2024</p>", "2024-03-03"),
        ("<h1>Té</h1><p>Publicado el 3 de marzo de 2024</p>", "2024-03-03"),
        ("<h1>茶</h1><p>发布时间：2024年3月3日</p>", "2024-03-03"),
        ("<h1>On tea</h1><p>The old tea house was opened on 3 March 2004 by the mayor.</p>", None),
        ("<h1>On tea</h1><p>Copyright 3 March 2004</p>", None),
        ("<h1>Tea fair</h1><time datetime='2098-03-02'>2 March 2098</time>", None),
        ("<meta name=date content='2098-01-01'><h1>On tea</h1><p>3 March 2024</p>", "2024-03-03"),
        ("<meta property='article:modified_time' content='2021-01-01'>", "2021-01-01"),
        (LINKED_DATA, "2018-07-09"),
    ],
)
def test_day_of_publication(head: str, day: str | None) -> None:
    assert extract_page(f"<html>{head}<p>Some text.</p>").date == day


@pytest.mark.parametrize(
    ("url", "head", "day"),
    [
        ("https://a.org/2023/04/05/tea/", "", "2023-04-05"),
        ("https://a.org/news/2023-04-05-tea", "", "2023-04-05"),
        ("https://a.org/2023/04/tea", "", None),
        ("https://a.org/2097/04/05/tea", "", None),
        ("https://a.org/1931/04/05/tea", "", None),
        ("https://a.org/2023/04/05/tea", "<meta name=date content=2022-01-01>", "2022-01-01"),
        ("https://a.org/2023/04/05/tea", "<meta property='article:modified_time' content=2024-01-01>", "2023-04-05"),
    ],
)
def test_the_day_in_the_address_is_the_last_resort(url: str, head: str, day: str | None) -> None:
    assert extract_page(f"{head}<p>Some text.</p>", url).date == day


@pytest.mark.parametrize("base", ["https://other.org/b/", "b/", "/b/", "//other.org/b/"])
def test_the_first_base_that_has_an_address_counts(base: str) -> None:
    html = f"<base target=_top><base href='{base}'><base href='/c/'><p><a href='d'>D</a></p>"
    host = "other.org" if "other" in base else "a.org"
    assert [target for _, target in extract_page(html, "https://a.org/x").links] == [f"https://{host}/b/d"]


@pytest.mark.parametrize("base", ["javascript:alert(1)//", "data:text/html,x", "http://[", "ftp://a.org/"])
def test_a_base_that_is_no_web_address_is_ignored(base: str) -> None:
    html = f"<base href='{base}'><p><a href='d'>D</a></p>"
    assert extract_page(html, "https://a.org/x/y").links == (("D", "https://a.org/x/d"),)


@pytest.mark.parametrize(
    ("said", "own"),
    [
        ("https://www.tea.example/cups?id=7", "https://www.tea.example/cups?id=7"),
        ("https://tea.example/cups#handle", "https://tea.example/cups"),
        ("https://m.tea.example/cups", "https://m.tea.example/cups"),
        ("https://amp.tea.example/cups", "https://amp.tea.example/cups"),
        ("http://WWW.TEA.example/cups", "http://WWW.TEA.example/cups"),
        ("/cups", "https://www.tea.example/cups"),
        ("cups", "https://www.tea.example/shop/cups"),
        ("https://tea.example.evil.org/cups", ""),
        ("https://eviltea.example/cups", ""),
        ("https://shop.tea.example/cups", ""),
        ("https://bank.example/", ""),
        ("https://www.tea.example@bank.example/", ""),
        ("https://user:word@www.tea.example/", ""),
        ("https://www.tea.example:8443/", ""),
        ("https://www.tea.example:x/", ""),
        ("javascript:alert(1)", ""),
        ("ftp://www.tea.example/cups", ""),
        ("http://[", ""),
        ("", ""),
    ],
)
def test_a_page_names_its_own_address_on_its_own_site_only(said: str, own: str) -> None:
    url = "https://www.tea.example/shop/cups?utm=1"
    by_link = extract_page(f"<link rel=canonical href='{said}'><p>Cups.", url)
    by_meta = extract_page(f"<meta property='og:url' content='{said}'><p>Cups.", url)
    assert (by_link.canonical, by_meta.canonical) == (own, own)


def test_where_the_first_own_address_is_another_sites_the_second_may_count() -> None:
    html = (
        "<link rel='alternate' href='/de'><link rel='canonical' href='https://bank.example/'>"
        "<meta property='og:url' content='https://tea.example/cups'>"
    )
    assert extract_page(html + "<p>Cups.", "https://tea.example/x").canonical == "https://tea.example/cups"
    assert extract_page(html + "<p>Cups.").canonical == ""


def test_two_sites_below_one_public_ending_are_not_the_same() -> None:
    html = "<link rel=canonical href='https://www.co.uk/'><p>Cups."
    assert extract_page(html, "https://m.co.uk/").canonical == ""


def test_a_page_can_be_made_without_its_own_address() -> None:
    assert Page("https://a.org/", "A", "text", (), None, "a.org").canonical == ""
