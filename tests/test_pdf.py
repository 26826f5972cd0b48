"""PDF documents: text that a quote of matches, and one clear line for a file that holds none."""

import logging
import random
import subprocess
import sys
from importlib.util import find_spec

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.agent.proof.quotes import stands_in
from spadework.tools.errors import ToolError
from spadework.tools.reading import pdf as reading
from spadework.tools.reading.extract import Page
from spadework.tools.reading.formats import read_body
from written_pdf import Content, deflated, locked, paragraphs, pdf, placed

URL = "https://www.a.example/papers/ridge%20walk.pdf"
TEXT = """Birds of the ridge
The expedition crossed the ridge above the valley in May, and the guide coun-
ted many birds there, among them a well-known eagle, which was seen by all who
came along.
They rested for two days.
City Birds 1990 Birds 2000
Lund 1,204 1,377
Malmö 88 95
The well-
known eagle (Aquila) was still there."""


def read(body: bytes, content_type: str = "application/pdf") -> Page:
    return read_body(body, content_type, URL)


def refusal(body: bytes) -> str:
    with pytest.raises(ToolError) as caught:
        read(body)
    assert caught.value.kind == "unreadable"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def written(*texts: str, info: str = "") -> bytes:
    return pdf([placed(paragraphs(text)) for text in texts], info)


@pytest.mark.parametrize("content_type", ["application/pdf", "application/octet-stream", "text/html", ""])
@pytest.mark.parametrize("content", [placed(paragraphs(TEXT)), deflated(placed(paragraphs(TEXT)))])
def test_lines_become_paragraphs_and_tables_stay_rows(content_type: str, content: Content) -> None:
    page = read(pdf([content]), content_type)
    assert page.text == (
        "Birds of the ridge\n\n"
        "The expedition crossed the ridge above the valley in May, and the guide counted many birds there, among them a"
        " well-known eagle, which was seen by all who came along.\n\n"
        "They rested for two days.\nCity Birds 1990 Birds 2000\nLund 1,204 1,377\nMalmö 88 95\n\n"
        "The well-known eagle (Aquila) was still there."
    )
    assert page.title == "Birds of the ridge"
    assert page.site == "a.example"


def test_cells_placed_apart_are_words_apart() -> None:
    cells = [
        (72.0, 700.0, "Lund"),
        (200.0, 700.0, "1,204"),
        (300.0, 700.0, "1,377"),
        (72.0, 680.0, "Ystad"),
        (200.0, 680.0, "9"),
    ]
    assert read(pdf([placed(cells)])).text == "Lund 1,204 1,377\nYstad 9"


@pytest.mark.parametrize(
    ("info", "title", "date"),
    [
        ("/Title(A walk on the ridge)/CreationDate(D:20240131120000+01'00')", "A walk on the ridge", "2024-01-31"),
        ("/Title(Microsoft Word - draft3.docx)/CreationDate(D:20241399)", "Birds of the ridge", None),
        ("/Title(report_v2.indd)/CreationDate(yesterday)", "Birds of the ridge", None),
        ("/Title(untitled)", "Birds of the ridge", None),
        ("/Title 5/CreationDate[1 2]", "Birds of the ridge", None),
        ("", "Birds of the ridge", None),
    ],
)
def test_title_and_date_come_from_the_description_where_it_makes_sense(info: str, title: str, date: str | None) -> None:
    page = read(written(TEXT, info=info))
    assert (page.title, page.date) == (title, date)


def test_pages_are_marked_without_breaking_a_sentence_that_runs_over() -> None:
    first = """The guide said that the path had been closed for the whole of the winter, and
that nobody but Lester Smith had walked it since the"""
    second = """great storm of 1987. The huts were empty when the expedition came by, as the
map had said.
Huts"""
    third = "A new chapter begins on a page of its own."
    page = read(written(first, second, third))
    assert stands_in("nobody but Lester Smith had walked it since the great storm of 1987.", page.text)
    assert stands_in("The huts were empty when the expedition came by, as the map had said.", page.text)
    assert page.text.index("storm of 1987.") < page.text.index("\n\n[page 2]\n\nThe huts were empty")
    assert page.text.endswith("\n\n[page 3]\n\nA new chapter begins on a page of its own.")
    assert "[page 1]" not in page.text


def test_running_heads_and_page_numbers_are_shown_once_or_not_at_all() -> None:
    texts = [
        f"""Ridge Studies {n + 12}
On walk number {n} of the long summer the guide wrote down what the others had
seen on the way, and it was {n * 7}
- {n} -"""
        for n in range(1, 6)
    ]
    text = read(written(*texts)).text
    assert text.count("Ridge Studies") == 1
    assert "- 3 -" not in text
    assert all(f"and it was {n * 7}" in text for n in range(1, 6))


def test_ligatures_are_letters() -> None:
    figures = b"<</Type/Encoding/BaseEncoding/WinAnsiEncoding/Differences[1/fi/fl/ffi]>>"
    body = written("The \x01rst \x02ight was su\x03cient for everyone on board.").replace(
        b"/WinAnsiEncoding>>", figures + b">>"
    )
    assert read(body).text == "The first flight was sufficient for everyone on board."


def test_addresses_in_the_text_and_behind_links_are_links() -> None:
    link = "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://b.example/data)>>>>"
    page = read(pdf([placed(paragraphs("See https://c.example/x."))], annotations=link))
    assert [url for _, url in page.links] == ["https://c.example/x", "https://b.example/data"]


def test_a_long_document_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PAGES", 3)
    page = read(written(*(f"This is page number {n} of five." for n in range(1, 6))))
    assert "page number 3" in page.text
    assert "page number 4" not in page.text
    assert page.text.endswith("[3 of 5 pages were read]")


def test_a_document_of_too_much_text_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_CHARS", 100)
    page = read(written(*(f"This is page number {n}. " + "word " * 15 for n in range(1, 6))))
    assert page.text.endswith("[2 of 5 pages were read]")
    assert len(page.text) < 150


def test_a_page_that_is_too_heavy_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_INSTRUCTIONS", 4_000)
    heavy = Content(b"0 0 m 9 9 l S " * 100)
    page = read(pdf([placed(paragraphs("The first page.")), heavy, placed(paragraphs("The last page."))]))
    assert page.text == "The first page.\n\n[page 3]\n\nThe last page.\n\n[1 of 3 pages could not be read]"


def test_what_a_page_draws_by_way_of_a_form_counts_as_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>"
    form = Content(b"BT /F1 11 Tf (Drawn by a form.) Tj ET" + b" " * 600, entries)
    pages = [Content(b"/X1 Do"), form, placed(paragraphs("The last page."))]
    body = pdf(pages).replace(b"/Font<</F1 3 0 R>>>>>>", b"/XObject<</X1 7 0 R>>>>>>", 1)
    assert read(body).text.startswith("Drawn by a form.\n\n[page 2]")
    monkeypatch.setattr(reading, "MAX_INSTRUCTIONS", 2_000)
    assert read(body).text == "[page 3]\n\nThe last page.\n\n[2 of 3 pages could not be read]"


@pytest.mark.parametrize("password", ["", "secret"])
def test_a_locked_document_is_read_where_it_opens_without_a_password(password: str) -> None:
    body = locked(written(TEXT), password)
    if password:
        assert refusal(body) == "PDF is locked with a password; read another page"
    else:
        assert "guide counted many birds" in read(body).text


@pytest.mark.skipif(find_spec("cryptography") is not None, reason="what is missing here is installed")
def test_a_document_encrypted_with_aes_says_what_to_install() -> None:
    strong = b"/V 4 /CF <</StdCF <</CFM /AESV2 /Length 16>>>> /StmF /StdCF /StrF /StdCF"
    body = locked(written(TEXT), "").replace(b"/V 2", strong).replace(b"/R 3", b"/R 4")
    assert "pip install cryptography" in refusal(body)


def test_pictures_of_pages_are_no_text() -> None:
    assert "holds no text, only pictures" in refusal(pdf([Content(b"q 100 0 0 100 0 0 cm Q")] * 3))


def test_a_stream_that_inflates_without_end_is_not_inflated() -> None:
    bomb = deflated(Content(b"BT (x) Tj ET " + b" " * 60_000_000))
    assert len(bomb.data) < 100_000
    assert "too complex" in refusal(pdf([bomb]))
    twice = Content(deflated(bomb).data, "/Filter[/FlateDecode/FlateDecode]")
    assert read(pdf([twice, placed(paragraphs("The last page."))])).text.startswith("[page 2]\n\nThe last page.")


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.7",
        b"%PDF-1.7 ...",
        written(TEXT)[:200],
        b"%PDF-1.4\n" + b"1 0 obj\n" * 1000,
        pdf([]),
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 1 0 R/Kids[1 0 R]>>endobj\n"
        b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.4\n1 0 obj" + b"[" * 50_000,
    ],
)
def test_a_broken_file_is_one_clear_line(body: bytes) -> None:
    assert refusal(body).startswith("PDF ")


@pytest.mark.parametrize(
    "wrong",
    [(b"0000000", b"0000009"), (b"%PDF-1.4\n", b"\n\n%PDF-1.4\n"), (b"/Length ", b"/Length 9")],
)
def test_a_file_with_wrong_places_in_it_is_mended(wrong: tuple[bytes, bytes]) -> None:
    assert "guide counted many birds" in read(written(TEXT).replace(*wrong)).text


def test_nothing_is_logged_or_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    level = logging.getLogger("pypdf").level
    read(written(TEXT).replace(b"startxref\n", b"startxref\n7"))
    assert not caplog.records
    assert logging.getLogger("pypdf").level == level


def test_without_pypdf_the_reader_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    assert "pip install 'spadework[pdf]'" in refusal(written(TEXT))


def test_pypdf_is_imported_only_for_a_pdf() -> None:
    code = """
import sys
from spadework.tools.reading.formats import read_body
read_body(b"<p>x", "", "")
print("pypdf" in sys.modules)"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@settings(max_examples=150)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from([written(TEXT, "More."), pdf([deflated(placed(paragraphs(TEXT)))])]),
)
def test_a_damaged_document_gives_a_page_or_one_clear_line(chance: random.Random, document: bytes) -> None:
    body = bytearray(document)
    for _ in range(chance.randint(1, 10)):
        start = chance.randrange(5, len(body))
        body[start : start + chance.choice((0, 1, 4, 60))] = chance.choice(
            (b"", b"<<", b"\xff", b"9", b" 0 R", b"]", b"/")
        )
    found: Page | ToolError
    try:
        found = read(bytes(body))
    except ToolError as error:
        found = error
    assert found.text if isinstance(found, Page) else found.kind == "unreadable"
