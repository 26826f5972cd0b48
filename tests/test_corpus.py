"""A file of pages, searched and read."""

import asyncio
import json
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spadework.tools.backends.corpus import Corpus, Document, load_corpus, match_expression
from spadework.tools.errors import ConfigError, ToolError
from spadework.tools.search import Hit

HOTPOT = Path(__file__).parents[1].parent / "shared" / "data" / "hotpot100"
ROWS: list[Mapping[str, str]] = [
    {"title": "Demon Dice", "text": "Demon Dice is a collectible dice game created by Lester Smith and Tim Brown."},
    {"title": "Lilu (mythology)", "text": "A lilu is a masculine Akkadian word for a spirit, related to Alû."},
    {"title": "Alû", "text": "In Akkadian mythology, Alû is a vengeful spirit.", "url": "https://a.example/alu"},
    {"title": "Running", "text": "The runners ran and kept running. " * 40 + "A zeppelin passed. " + "More. " * 40},
]


def write(file: Path, rows: list[Mapping[str, str]]) -> Path:
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return load_corpus(str(write(tmp_path / "pages.jsonl", ROWS)))


async def search(corpus: Corpus, query: str, limit: int = 5) -> list[Hit]:
    return await corpus.search(query, limit=limit, timeout=1)


async def test_a_page_is_found_by_its_words_and_read_at_its_address(corpus: Corpus) -> None:
    first = (await search(corpus, "Who created the game Demon Dice?"))[0]
    assert (first.title, first.url, first.rank) == ("Demon Dice", "corpus://demon-dice", 1)
    assert "Lester Smith" in first.snippet
    page = await corpus.read(first.url, timeout=1)
    assert (page.url, page.title, page.text) == ("corpus://demon-dice", "Demon Dice", ROWS[0]["text"])
    assert page.links == ()


async def test_given_addresses_are_kept_and_read_in_any_spelling(corpus: Corpus) -> None:
    hits = await search(corpus, "vengeful")
    assert [h.url for h in hits] == ["https://a.example/alu"]
    assert (await corpus.read("https://A.example:443/alu/#top", timeout=1)).title == "Alû"


async def test_words_match_without_accents_case_and_endings(corpus: Corpus) -> None:
    assert (await search(corpus, "ALU"))[0].title == "Alû"
    assert (await search(corpus, "alû spirits"))[0].title == "Alû"
    assert (await search(corpus, "runs"))[0].title == "Running"


async def test_the_snippet_is_the_passage_with_the_words(corpus: Corpus) -> None:
    assert "zeppelin" in (await search(corpus, "zeppelin"))[0].snippet
    assert len((await search(corpus, "zeppelin"))[0].snippet) <= 400


async def test_the_limit_holds_and_nothing_found_is_an_empty_list(corpus: Corpus) -> None:
    assert len(await search(corpus, "spirit game running", limit=2)) == 2
    for query in ("", "?!", "xylophone", "\x00", '""'):
        assert await search(corpus, query) == []
    assert await search(corpus, "spirit", limit=0) == []


async def test_an_unknown_address_is_not_found_and_free(corpus: Corpus) -> None:
    with pytest.raises(ToolError, match=r"the corpus has no page https://a\.example/other") as caught:
        await corpus.read("https://a.example/other", timeout=1)
    assert caught.value.kind == "not_found"
    assert not caught.value.sent


def test_stop_words_are_dropped_unless_there_is_nothing_else() -> None:
    assert match_expression("Who is the Alû of the Alû?") == '"alû"'
    assert match_expression("The Who") == '"the" OR "who"'
    assert match_expression('a" OR NEAR("x*) AND title:b') == '"near" OR "x" OR "title" OR "b"'


SYNTAX = ['"', "*", "^", "NEAR(", "AND", "NOT", "title:", "{", "_", "x", "²"]
SHARED = Corpus([Document("corpus://a", "A title", "Some text, NEAR AND OR NOT title 2² ﬁ ß")])


@settings(max_examples=200)
@given(st.text(max_size=80) | st.lists(st.sampled_from(SYNTAX)).map(" ".join))
async def test_no_query_is_a_syntax_error(query: str) -> None:
    assert len(await search(SHARED, query)) <= 1


async def test_a_query_of_countless_words_is_searched_by_its_first_ones_soon(corpus: Corpus) -> None:
    begun = time.monotonic()
    hits = await search(corpus, "zeppelin " + " ".join(f"word{i}" for i in range(200_000)))
    assert hits[0].title == "Running"
    assert time.monotonic() - begun < 20


async def test_titles_that_repeat_or_have_no_letters_get_addresses_of_their_own(tmp_path: Path) -> None:
    rows: list[Mapping[str, str]] = [
        {"title": title, "text": f"text {i}"} for i, title in enumerate(["X y", "x-Y", "!!", "東京"])
    ]
    corpus = load_corpus(str(write(tmp_path / "c.jsonl", rows)))
    assert len(corpus) == 4
    for url, text in [("corpus://x-y", 0), ("corpus://x-y-2", 1), ("corpus://page", 2), ("corpus://東京", 3)]:
        assert (await corpus.read(url, timeout=1)).text == f"text {text}"


async def test_hidden_characters_of_the_file_do_not_reach_the_page(tmp_path: Path) -> None:
    corpus = load_corpus(str(write(tmp_path / "c.jsonl", [{"title": "T\u202e", "text": "in\x1b[31mfo\u200b\ud800"}])))
    page = await corpus.read("corpus://t", timeout=1)
    assert (page.title, page.text) == ("T", "in[31mfo")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"title": "A"', "line 2: Expecting"),
        ("[1]", "line 2: not a JSON object"),
        ('{"title": "A"}', "line 2: 'text' is missing or not a text: None"),
        ('{"title": 3, "text": "B"}', "line 2: 'title' is missing or not a text: 3"),
        ('{"title": "A", "text": " "}', "line 2: 'text' is missing"),
        ('{"title": "A", "text": "B", "url": "file:///x"}', "line 2: 'url' is not an http, https or corpus URL"),
        ('{"title": "A", "text": "B", "url": "corpus://one/"}', "'url' corpus://one/ is already that of line 1"),
        ("[" * 100_000, "line 2: "),
        ('{"title": "\udcff"}', "line 2: 'utf-8' codec"),
    ],
)
def test_a_broken_line_is_named_with_its_fault(line: str, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_text('{"title": "One", "text": "T"}\n' + line + "\n\n", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ConfigError) as caught:
        load_corpus(str(file))
    assert fault in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("name", "fault"), [("none.jsonl", "No such file"), ("", "corpus:FILE"), (".", "directory")])
def test_a_file_that_cannot_be_read_is_refused(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=fault):
        load_corpus(name)


def test_an_empty_file_is_refused_and_blank_lines_and_a_byte_order_mark_are_not(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    file.write_bytes(b"\n \n")
    with pytest.raises(ConfigError, match="holds no pages"):
        load_corpus(str(file))
    file.write_bytes(b'\xef\xbb\xbf{"title": "A", "text": "B"}\r\n\r\n')
    assert len(load_corpus(str(file))) == 1


def test_a_file_is_indexed_once_until_it_changes(tmp_path: Path) -> None:
    file = write(tmp_path / "c.jsonl", ROWS)
    corpus = load_corpus(str(file))
    assert load_corpus(os.path.relpath(file)) is corpus
    write(file, ROWS[:2])
    assert len(load_corpus(str(file))) == 2


async def test_threads_may_share_a_corpus(corpus: Corpus) -> None:
    def ask(_: int) -> str:
        return asyncio.run(search(corpus, "demon dice"))[0].title

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(ask, range(40))) == {"Demon Dice"}


@pytest.mark.skipif(not HOTPOT.is_dir(), reason="the shared question set is not here")
async def test_real_questions_find_a_supporting_page_among_the_first_five() -> None:
    corpus = load_corpus(str(HOTPOT / "corpus.jsonl"))
    lines = (HOTPOT / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions: list[dict[str, list[str]]] = [json.loads(line) for line in lines]
    assert len(corpus) == 994
    hit = 0
    for question in questions:
        titles = {h.title for h in await search(corpus, str(question["question"]))}
        hit += bool(titles & set(question["supporting_titles"]))
    assert hit >= 95
