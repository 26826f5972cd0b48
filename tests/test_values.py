"""JSON and tables: values that can be found and quoted as they were written."""

import json

import pytest
from spadework.tools.reading.values import json_page, table_page

URL = "https://a.example/api/towns.json"


def shown(text: str) -> str:
    page = json_page(URL, text)
    assert page is not None
    return page.text


def test_each_value_stands_on_a_line_under_its_names() -> None:
    value = {
        "title": "Towns",
        "ok": True,
        "none": None,
        "empty": [],
        "towns": [
            {"name": "Lund", "size": {"people": 91940, "km2": 25.750}, "tags": ["old", "flat"]},
            {"name": "Malm\u00f6"},
            ["a", ["b"]],
        ],
    }
    assert shown(json.dumps(value).replace("25.75", "25.750")) == (
        "title: Towns\nok: true\nnone: null\nempty: []\ntowns:\n"
        "  - name: Lund\n    size:\n      people: 91940\n      km2: 25.750\n    tags:\n      - old\n      - flat\n"
        "  - name: Malmö\n"
        "  - - a\n    - - b"
    )


def test_text_and_numbers_stand_as_they_were_written() -> None:
    assert shown(r'{"say": "He said \"no\",\nand left.", "n": 1.10, "big": 12345678901234567890123, "e": 1e400}') == (
        'say: He said "no",\nand left.\nn: 1.10\nbig: 12345678901234567890123\ne: 1e400'
    )


def test_a_long_list_is_kept_whole() -> None:
    assert shown(json.dumps(list(range(20_000)))).count("\n") == 19_999


def test_json_lines_are_read_one_after_the_other() -> None:
    assert shown('{"a": 1}\n{"a": 2}\n\n{"a":') == 'a: 1\n\na: 2\n\n{"a":'


def test_linked_data_gives_title_date_and_links() -> None:
    page = json_page(
        URL,
        '{"@graph": [{"headline": "Bridge opens", "datePublished": "2024-05-01T10:00:00Z",'
        ' "url": "https://a.example/bridge", "image": {"src": "https://a.example/p.jpg"}}]}',
    )
    assert page is not None
    assert (page.title, page.date, page.site) == ("Bridge opens", "2024-05-01", "a.example")
    assert page.links == (("url", "https://a.example/bridge"), ("src", "https://a.example/p.jpg"))


@pytest.mark.parametrize(
    "text", ["", "words", '"text"', '{"broken": ', "[1] is a footnote", "{a}\n{b}\n{c}", "[" * 100_000]
)
def test_other_text_is_not_taken_for_json(text: str) -> None:
    assert json_page(URL, text) is None


def test_json_that_nests_deep_is_read_without_a_flood_of_indentation() -> None:
    text = shown('{"a":' * 900 + '"end"' + "}" * 900)
    assert text.endswith("a: end")
    assert len(text) < 60_000


@pytest.mark.parametrize(
    "text",
    [
        'City,Note\nLund,"old, flat"\nMalmö,\n',
        "City;Note\r\nLund;old, flat\r\nMalmö;\r\n",
        "City\tNote\nLund\told, flat\n\nMalmö\t",
        'City|Note\nLund|"old,\n flat"\nMalmö|',
    ],
)
def test_a_table_is_rows_of_cells_whatever_divides_them(text: str) -> None:
    page = table_page("https://a.example/towns.csv", text)
    assert page.text == "City | Note\nLund | old, flat\nMalmö"
    assert page.title == "towns.csv"


def test_a_table_that_cannot_be_read_is_kept_as_text() -> None:
    text = 'a,"' + "x" * 200_000
    assert table_page(URL, text).text == text


def test_addresses_in_a_table_are_links() -> None:
    assert table_page(URL, "name,url\nLund,https://lund.example/a").links == (
        ("https://lund.example/a", "https://lund.example/a"),
    )


def test_data_without_end_is_cut_and_says_so() -> None:
    text = shown("[" + "7," * 1_200_000 + "7]")
    assert text.endswith("- 7\n[cut: there is more]")
    assert len(text) < 2_001_000
