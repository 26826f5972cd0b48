"""Feeds, sitemaps and other XML: their entries and facts as text, and nothing that hostile XML asks for."""

from pathlib import Path

import pytest
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page
from spadework.tools.reading.formats import read_body

URL = "https://news.example/feed.xml"


def read(text: str | bytes, content_type: str = "application/xml") -> Page:
    return read_body(text.encode() if isinstance(text, str) else text, content_type, URL)


RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Lund News</title><link>https://news.example/</link><description>All of &amp; about Lund</description>
<lastBuildDate>Thu, 02 May 2024 08:00:00 GMT</lastBuildDate>
<item><title>Bridge opens</title><link>https://news.example/bridge?a=1&amp;b=2</link>
  <pubDate>Wed, 01 May 2024 10:00:00 GMT</pubDate>
  <description>&lt;p&gt;It is &lt;b&gt;300&amp;nbsp;m&lt;/b&gt; long.&lt;/p&gt;&lt;script&gt;x&lt;/script&gt;
  </description>
  <content:encoded><![CDATA[<p>It is <b>300 m</b> long.</p>
  <p>It cost 4&euro; a metre &amp; more.</p>]]></content:encoded>
  <media:thumbnail url="https://news.example/t.jpg"/></item>
<item><title><![CDATA[Rain & wind]]></title><guid>https://news.example/rain</guid>
  <description>Much&nbsp;rain.</description></item>
<item><description>No title, a sound</description><enclosure url="/sound.mp3" type="audio/mpeg"/></item>
</channel></rss>"""


@pytest.mark.parametrize(
    "content_type", ["application/rss+xml", "text/xml; charset=utf-8", "text/html", "", "application/x-rss"]
)
def test_rss_is_a_list_of_entries_with_date_address_and_text(content_type: str) -> None:
    page = read(RSS, content_type)
    assert page.text == (
        "# Lund News\n\nAll of & about Lund\n\n"
        "## Bridge opens\n\nWed, 01 May 2024 10:00:00 GMT https://news.example/bridge?a=1&b=2\n\n"
        "It is 300 m long.\nIt cost 4€ a metre & more.\n\n"
        "## Rain & wind\n\nhttps://news.example/rain\n\nMuch\xa0rain.\n\n"
        "https://news.example/sound.mp3\n\nNo title, a sound"
    )
    assert (page.title, page.date, page.site) == ("Lund News", "2024-05-02", "news.example")
    assert page.links == (
        ("Bridge opens", "https://news.example/bridge?a=1&b=2"),
        ("Rain & wind", "https://news.example/rain"),
        ("", "https://news.example/sound.mp3"),
    )


def test_atom_with_html_inside_is_read_and_dated_by_its_newest_entry() -> None:
    page = read(
        """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"
        xml:base="https://b.example/x/">
        <title type="html">Notes &amp;amp; more</title>
        <entry><title>First</title><link rel="self" href="self"/><link rel="alternate" href="first"/>
        <published>2023-02-01T00:00:00Z</published><updated>2023-03-01T00:00:00Z</updated>
        <author><name>Ann</name></author>
        <content type="xhtml">
        <div xmlns="http://www.w3.org/1999/xhtml"><p>One <em>fine</em> day.</p><p>Two.</p></div></content>
        </entry>
        <entry><title>Film</title><id>tag:1</id><link href="https://v.example/w"/><published>2023-05-09</published>
        <media:group><media:title>Film</media:title>
        <media:description>What is seen.</media:description></media:group></entry>
        </feed>""",
        "application/atom+xml",
    )
    assert "## First\n\n2023-02-01T00:00:00Z https://b.example/x/first\n\nOne fine day.\nTwo." in page.text
    assert "## Film\n\n2023-05-09 https://v.example/w\n\nWhat is seen." in page.text
    assert page.date == "2023-05-09"
    assert [url for _, url in page.links] == ["https://b.example/x/first", "https://v.example/w"]


def test_rdf_feeds_are_read_and_other_rdf_is_xml() -> None:
    head = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    feed = read(
        f"{head}<channel><title>Old</title></channel><item><title>A</title><link>https://o.example/a</link>"
        f'<dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2009-01-02</dc:date></item></rdf:RDF>'
    )
    assert feed.text == "# Old\n\n## A\n\n2009-01-02 https://o.example/a"
    other = read(f'{head}<Description rdf:about="https://o.example/thing"><label>Thing</label></Description></rdf:RDF>')
    assert other.text == "RDF\n  Description (about: https://o.example/thing)\n    label: Thing"
    assert other.links == (("Thing", "https://o.example/thing"),)


def test_sitemaps_are_links() -> None:
    page = read(
        """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
        <url><loc> https://news.example/a </loc><lastmod>2024-01-05</lastmod></url>
        <url><loc>https://news.example/b</loc><news:news><news:publication_date>2024-02-01</news:publication_date>
        <news:title>Bridge</news:title></news:news></url></urlset>"""
    )
    assert page.text == "- https://news.example/a 2024-01-05\n- https://news.example/b 2024-02-01 Bridge"
    assert [url for _, url in page.links] == ["https://news.example/a", "https://news.example/b"]
    assert page.title == "Sitemap of news.example"
    index = read("<sitemapindex><sitemap><loc>https://news.example/s1.xml</loc></sitemap></sitemapindex>")
    assert index.links == (("https://news.example/s1.xml", "https://news.example/s1.xml"),)


def test_other_xml_is_names_and_values_with_the_facts_in_attributes() -> None:
    page = read(
        """<?xml version="1.0"?><!-- rates --><?style x?>
        <Envelope xmlns="http://www.ecb.example/" xmlns:x="http://x" x:schemaLocation="a b"><title>Rates</title>
        <Cube time="2024-05-02"><Cube currency="USD" rate="1.0704"/><Cube currency="SEK" rate="11.6795"/></Cube>
        <note lang="en">Set <b>at 14:15</b> each day.</note><empty/><more href="https://ecb.example/more">More</more>
        </Envelope>"""
    )
    assert page.text == (
        "Envelope\n  title: Rates\n  Cube (time: 2024-05-02)\n    Cube (currency: USD, rate: 1.0704)\n"
        "    Cube (currency: SEK, rate: 11.6795)\n  note (lang: en): Set at 14:15 each day.\n"
        "  more (href: https://ecb.example/more): More"
    )
    assert page.title == "Rates"
    assert page.links == (("More", "https://ecb.example/more"),)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<feed><entry><title>One & two</title></entry><entry><title>Two", "## One & two\n\n## Two"),
        ("<a>x &nbsp; &eacute; &unknown; &amp; &#233; & &lt;</a>", "a: x é &unknown; & é & <"),
        ("\ufeff \n<?xml version='1.0' encoding='latin-1'?><a>ü</a>", "a: ü"),
        ("no markup", "no markup"),
        ("<a b='1'", "a (b: 1)"),
    ],
)
def test_faults_are_mended(text: str, shown: str) -> None:
    assert read(text).text == shown


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PARAMETERS = "".join(f'<!ENTITY % p{n} "{f"&#37;p{n - 1};" * 10}">' for n in range(1, 9))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]><r a="&l9;">&l9; end</r>',
        f'<!DOCTYPE r [<!ENTITY % p0 "<!---->">{PARAMETERS} %p8;]><r>end</r>',
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{LAUGHS}]><rss><channel><title>&l9;</title><item><title>end</title></item>'
        "</channel></rss>",
        f'<!DOCTYPE r [<!ENTITY a "{"a" * 50_000}">]><r>{"&a;" * 20_000} end</r>',
        '<!DOCTYPE r [<!ENTITY x SYSTEM "FILE">]><r a="&x;">&x; end</r>',
        '<!DOCTYPE r [<!ENTITY % x SYSTEM "FILE"> %x;]><r>end</r>',
        '<!DOCTYPE r SYSTEM "FILE"><r>&x; end</r>',
        '<!DOCTYPE a [<!ENTITY q "]>"> ]><!DOCTYPE r [<!ENTITY x SYSTEM "FILE">]><r>&x; end</r>',
        '<!doctype r [<!ENTITY x SYSTEM "FILE">]><r>&x; end</r>',
        '<r xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="FILE" parse="text"/>end</r>',
        '<?xml-stylesheet href="FILE"?><r>end</r>',
        '<!DOCTYPE html [<!ENTITY x SYSTEM "FILE">]><html xmlns="http://www.w3.org/1999/xhtml"><p>&x; end</p></html>',
        f'<!DOCTYPE html [<!ENTITY l0 "ha">{LAUGHS}]><html><p>&l9; end</p></html>',
    ],
)
@pytest.mark.parametrize("content_type", ["text/xml", "application/xhtml+xml", "application/rss+xml", "text/html", ""])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_hostile_xml_reads_no_file_and_does_not_blow_up(
    text: str, content_type: str, charset: str, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the-secret-of-this-machine")
    page = read(text.replace("FILE", secret.as_uri()).encode(charset), content_type)
    assert "the-secret" not in page.text + page.title
    assert "haha" not in page.text + page.title
    assert "end" in page.text
    assert len(page.text) < 2 * len(text) + 200


def test_ten_thousands_of_attributes_are_no_matter() -> None:
    assert "a0: 1" in read("<r " + " ".join(f"a{n}='1'" for n in range(30_000)) + ">x</r>").text


def test_xml_without_any_text_is_unreadable() -> None:
    with pytest.raises(ToolError, match="no readable text"):
        read("<rss><channel/></rss>")
