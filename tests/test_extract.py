import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from spadework.evals.bench.extract import measure, read_samples
from spadework.tools.reading.extract import extract_page

ARTICLES = Path(__file__).parents[1].parent / "shared" / "data" / "articles"

PROSE = "".join(
    f"<p>On day {n} the expedition crossed the ridge above the valley, and the guide counted {n * 3} birds there.</p>"
    for n in range(8)
)
NAV = "<nav><ul><li><a href='/home'>Front page</a></li><li><a href='/shop'>Our shop</a></li></ul></nav>"
FOOTER = "<footer><p>Copyright the publisher. All rights reserved.</p></footer>"

# A case: its name, then indented the page, what must be in its text (+), what must not (-); \n is a line feed.
CASES = r"""
a data table keeps its head and its rows
    <NAV><table><thead><tr><th>City</th><th>People</th></tr></thead><tbody><tr><td>Lund</td><td>91,940</td></tr>
    <tr><td>Malmö</td><td></td></tr><tr><td></td><td>7</td></tr><tr><td>In all of the province</td>
    <td>1,402,425</td></tr><tr><td>In all of the kingdom then</td><td>10,548,336</td></tr></tbody></table><FOOTER>
    + City | People\nLund | 91,940\nMalmö\n7\nIn all
    - Front page
    - Copyright
a cell over several rows stands in each of them
    <table><tr><th>Year<th>Prize<th>Result<tr><td rowspan=2>1935<td>Scheele Medal<td>won<tr><td>Berzelius Prize
    <td>lost<tr><td>1936<td colspan=2>none</table>
    + 1935 | Scheele Medal | won\n1935 | Berzelius Prize | lost\n1936 | none
an infobox is kept beside long prose
    <main><h1>Otto Lind</h1><table class=infobox><tr><th>Born</th><td>3 May 1901<br>(<a href=/t>Turku</a>)</td></tr>
    <tr><th>Work</th><td><ul><li><a href=a>Chemist</a></li>
    <li><a href=b>Poet</a></li></ul></td></tr></table><PROSE></main>
    + Born | 3 May 1901 (Turku)\nWork | Chemist, Poet
    + counted 21 birds
an infobox in an aside, outside of the article, is kept too
    <aside class=portable-infobox><h2>Otto</h2><dl><dt>Height</dt><dd>181 cm</dd><dt>Eyes</dt>
    <dd>grey</dd></dl></aside><aside><p>Buy our mugs today.</p></aside><article><PROSE></article>
    + Height: 181 cm\nEyes: grey
    + counted 0 birds
    - mugs
definitions are term and meaning
    <dl><dt>timeout</dt><dd>Seconds, default 30.</dd><dt>tries:</dt><dt>retries</dt><dd><p>How often.</p>
    <p>At most 9.</p></dd><dt>alone</dt></dl>
    + timeout: Seconds, default 30.\ntries\nretries: How often.
    + At most 9.\n\nalone
documentation keeps headings, signatures and code as it was written
    <NAV><div role=main><h1>sleep<a class=headerlink href='#s'>¶</a></h1><dl><dt>sleep(<em>seconds</em>)</dt>
    <dd>Waits.</dd></dl><h2>Example</h2><pre><span>for</span> i in x:&#10;    <b>sleep</b>(i)<br>    done()</pre></div>
    + # sleep\n
    + sleep(seconds): Waits.\n\n## Example\n\n```\nfor i in x:\n    sleep(i)\n    done()\n```
    - ¶
    - Our shop
nested lists keep their depth
    <ul><li>Fruit<ul><li>Apple</li><li>Pear</li></ul></li><li>Bread</li></ul>
    + - Fruit\n  - Apple\n  - Pear\n- Bread
a page that is a list of links keeps them
    <NAV><main><h1>Museums</h1><ul><li><a href=/a>Glass Museum</a></li>
    <li><a href=/b>Tram Museum</a></li></ul></main>
    + # Museums\n\n- Glass Museum\n- Tram Museum
    - Front page
a page that is nothing but navigation is still shown
    <nav><ul><li><a href=/a>Apples</a></li><li><a href=/b>Pears</a></li></ul></nav>
    + - Apples\n- Pears
lists of links inside a long article are facts
    <article><PROSE><h2>Works</h2><ul><li><a href=/1>Salt and Stone</a></li>
    <li><a href=/2>The Furnace</a></li></ul></article>
    + ## Works\n\n- Salt and Stone\n- The Furnace
an article comes without what stands around it
    <NAV><div class=sidebar><p>Ten recipes for a better breakfast every day.</p></div><article><h1>Ridge</h1><PROSE>
    <figure><img src=x><figcaption>The ridge at dawn. Photo: A. Berg</figcaption></figure><h3>Related stories</h3>
    <ul><li><a href=/q>Quarry reopens after years</a></li></ul></article>
    <div id=comments><p>First comment, I was there too and saw it.</p></div><FOOTER>
    + On day 0 the expedition
    + counted 21 birds
    - Front page
    - breakfast
    - Photo
    - Quarry
    - First comment
    - Copyright
a price between the title and the description of a product is kept
    <div class=info><h1>Kettle K-20<a href="#k">#</a></h1><b>€ 49.90</b></div><div><div class=desc><PROSE></div></div>
    + # Kettle K-20\n\n€ 49.90
    + counted 21 birds
    - 20#
an article cut in two bodies comes whole
    <main><div><div class=article__body><PROSE></div><p>Ad</p><div class=article__body><p>Then at last they
    came home
    again, and the guide was paid for nine days of work.</p></div></div></main>
    + counted 21 birds
    + Then at last they came home
all posts of a forum thread are kept
    <div class=top><a href=/>Board</a></div><div class=comment><b>ann</b><p>My boiler leaked until I turned
    the small valve
    twice to the left, then it stopped for good.</p></div><div class=comment><b>bob</b><p>Thank you, that
    worked for my own
    boiler too, but I had to turn it five times.</p></div><div class=comment><b>cem</b><p>Never do that while
    it is hot, you
    will burn your hands as I did last winter.</p></div>
    + twice to the left
    + turn it five times
    + while it is hot
a layout table is no data
    <table><tr><td><a href=/x>Menu</a></td><td><PROSE></td></tr></table>
    + counted 3 birds there.\n\nOn day 2
    - |
Chinese prose counts as prose
    <NAV><div><div><p>这座博物馆建于一九三五年，每天有三百名游客参观。</p><p>馆内收藏了四千多件瓷器，最古老的来自唐代。</p>
    <p>每周一闭馆，门票为二十元，学生免费。夏天开放时间会延长到晚上九点，节假日也照常开放，欢迎大家前来参观。</p></div></div>
    + 建于一九三五年
    + 门票为二十元
    - shop
Arabic is kept in its order
    <html dir=rtl><p>عاصمة السويد هي ستوكهولم.</p>
    + عاصمة السويد هي ستوكهولم.
missing end tags do no harm
    <p>One fact<p>Two facts<ul><li>three<li>four
    + One fact\n\nTwo facts\n\n- three\n- four
an empty page is empty
    <html><head></head><body></body></html>
scripts, styles and drawings are no text
    <script>var a='<p>no</p>'</script><STYLE>p{}</STYLE><svg><text>no</text></svg>x
    + x
    - no
    - p{}
an unclosed comment hides no more than it must
    <p>seen</p><!-- <script> a <style> b
    + seen
    - style
what is hidden is not read
    <div style="display: none">secret one</div><p hidden>secret two</p><i aria-hidden=true>*</i><p>The museum
    is open on all
    days of the week but Monday, from nine in the morning to five, and in summer until eight in
    the evening, except holidays.
    <span class=sr-only>secret three</span></p>
    + open on all
    - secret
    - *
a page that is hidden as a whole is read
    <body style="display:none"><div hidden><p>Nothing else is here.</p></div>
    + Nothing else is here.
without scripts, the noscript part is the page
    <div id=app></div><noscript><p>Open from 9 to 17.</p></noscript>
    + Open from 9 to 17.
line breaks part lines, two of them paragraphs
    <p>12 High Street<br>Lund<br/>Sweden<br><br>Open daily</p>
    + 12 High Street\nLund\nSweden\n\nOpen daily
a label and its value stand apart, the pieces of a word do not
    <div><span class=k>Weight</span><span class=v>two kilos</span></div><div><b>Colour</b><i>red</i></div>
    <p><span class=a>Hel</span><span class=b>sinki</span></p>
    <div><span class=dropcap>O</span><span class=x>nce</span></div>
    + Weight two kilos\n\nColour red\n\nHelsinki\n\nOnce
raised signs are exponents, marks of notes, cents or parts of words
    <p>10<sup>6</sup> m<sup>2</sup> on the 21<sup>st</sup>, <sup>14</sup>C, for $19<sup>95</sup><sup><a href="#n">3</a>
    </sup>
    + 10^6 m^2 on the 21st, 14C, for $19.95[3]
formulas are one line, in TeX where the page has it
    <p>A <math><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo>
    <mfrac><mi>a</mi><mrow><mi>b</mi><mo>-</mo><mn>1</mn></mrow></mfrac>
    </math> and <math alttext="\alpha"><mi>a</mi></math> and <script type="math/tex">\beta < 1</script></p>
    + A x^2+a/(b-1) and \alpha and \beta < 1
the answers that a click unfolds are read, other hidden text is not
    <h3><button aria-expanded=false>Is it open?</button></h3><div class=accordion-body hidden>Yes, it is.</div>
    <div hidden>Never seen.</div><div style="position:absolute;left:-9999px">Nor this.</div>
    <p>Prices are on the door.</p>
    + ### Is it open?\n\nYes, it is.\n\nPrices
    - Never
    - Nor
collapsed parts are read
    <details><summary>Price</summary><p>It costs 40 kronor.</p></details>
    + Price\n\nIt costs 40 kronor.
formulas and pictures in cells speak by their alternative text
    <table><tr><td>Vegan<td><img alt=yes></table><p><img class=math alt="E=mc^2">
    + Vegan | yes
    + E=mc^2
"""
PARTS = {"<PROSE>": PROSE, "<NAV>": NAV, "<FOOTER>": FOOTER}


def read_case(case: str) -> tuple[str, list[str], list[str]]:
    lines = [line.strip() for line in case.splitlines()[1:]]
    html = "\n".join(line for line in lines if line[:2] not in ("+ ", "- "))
    for name, part in PARTS.items():
        html = html.replace(name, part)
    kept, gone = ([line[2:].replace("\\n", "\n") for line in lines if line[:2] == mark] for mark in ("+ ", "- "))
    return html, kept, gone


@pytest.mark.parametrize("case", re.split(r"\n(?=\S)", CASES.strip()), ids=lambda case: str(case).partition("\n")[0])
def test_text(case: str) -> None:
    html, kept, gone = read_case(case)
    text = extract_page(html, "https://example.org/").text
    assert [part for part in kept if part not in text] == []
    assert [part for part in gone if part in text] == []
    assert text or not kept


def test_text_without_markup_is_taken_as_it_is_and_invisible_characters_are_removed() -> None:
    assert extract_page("Just words\nand lines").text == "Just words\nand lines"
    assert extract_page("<p>pay&#x202e;\u200b &#27;[31mnow \ud800</p>").text == "pay [31mnow"


def test_the_article_in_the_data_stands_in_for_a_page_without_text() -> None:
    data = json.dumps({"@type": "NewsArticle", "articleBody": "The bridge was opened by the mayor in May."})
    assert extract_page(f'<div id=app></div><script type="application/ld+json">{data}</script>').text == (
        "The bridge was opened by the mayor in May."
    )


def test_the_digest_is_that_of_the_text() -> None:
    one, two = extract_page("<p>a</p>", "https://x.org"), extract_page("<div>a</div>", "https://y.org")
    assert one.digest == two.digest != extract_page("<p>b</p>").digest
    assert len(one.digest) == 64


def test_the_parser_is_imported_only_when_a_page_is_read() -> None:
    code = "import sys, spadework.tools.reading.extract; sys.exit(any(name in sys.modules for name in ('bs4', 'lxml')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.skipif(not ARTICLES.is_dir(), reason="the shared pages are not here")
def test_real_articles_keep_their_score() -> None:
    score = measure(
        "extract_page", lambda sample: extract_page(sample.html, sample.url).text, list(read_samples(ARTICLES))
    )
    assert score.f1 >= 0.96
    assert score.tokens <= 1600
