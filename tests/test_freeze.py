"""What a web is frozen from, and what of it gets into the file."""

import gzip
import json
import random
import resource
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from freezing import SEARX, WIKI, failure, looked_up, page, reply, searched, tape
from spadework.evals.frozen.freeze import Frozen, freeze
from spadework.evals.frozen.tables import content_digest
from spadework.evals.recording.cassettes import Cassette, save_cassette
from spadework.tools.backends.frozen import FrozenWeb, load_frozen
from spadework.tools.backends.frozen_file import about, open_frozen
from spadework.tools.errors import CassetteError, ConfigError, ToolError
from written_pdf import paragraphs, pdf, placed

A = "https://a.example"
TALE = "The Gannet sailed from Wick with salt and came home with herring, as it did each year until 1901. "
OTHER = "Nobody remembers why the ferry at Turku was painted green, and the harbour office does not say. "


def told(file: Path) -> dict[str, str]:
    with closing(open_frozen(file)) as database:
        return about(database)


async def read(web: FrozenWeb, url: str) -> str:
    return (await web.read(url, timeout=1)).text


async def test_the_newest_reading_of_a_page_wins_and_those_that_differ_are_counted(tmp_path: Path) -> None:
    new = tape(tmp_path / "b.json", page(f"{A}/ship", TALE + "Newer."), page(f"{A}/same", OTHER), created="2026-11-09")
    old = tape(tmp_path / "c.json", page(f"{A}/ship", TALE + "Older."), page(f"{A}/same", OTHER), created="2026-10-02")
    failed = tape(tmp_path / "d.json", reply(f"{A}/ship", "", status=503), created="2026-11-20")
    out = tmp_path / "web.db"
    assert freeze([failed, new, old], out) == Frozen(pages=2, results=0, failures=0, differing=1)
    assert (await read(load_frozen(str(out)), f"{A}/ship")).endswith("Newer.")
    assert told(out)["created"] == "2026-11-20"


async def test_a_page_that_came_at_the_second_try_is_a_page(tmp_path: Path) -> None:
    tried = (reply(f"{A}/ship", "", status=503), failure(f"{A}/ship", "ReadTimeout"), page(f"{A}/ship", TALE))
    assert freeze([tape(tmp_path / "a.json", *tried)], tmp_path / "web.db") == Frozen(1, 0, 0, 0)


async def test_what_failed_for_any_reason_keeps_its_reason(tmp_path: Path) -> None:
    events = [
        page(f"{A}/ship", TALE),
        failure(f"{A}/late", "Cancelled", "the caller stopped waiting", sent=True),
        failure(f"{A}/inside", "ToolError", "not public", failure="blocked", sent=False),
        reply(f"{A}/lost", "", status=302, location="/never-recorded"),
        reply(f"{A}/photo", b"\x89PNG\r\n\x1a\n\x00\x00", "image/png"),
    ]
    freeze([tape(tmp_path / "a.json", *events)], tmp_path / "web.db")
    web = load_frozen(str(tmp_path / "web.db"))
    found: dict[str, str] = {}
    for path in ("late", "inside", "lost", "photo"):
        with pytest.raises(ToolError) as caught:
            await web.read(f"{A}/{path}", timeout=1)
        found[path] = caught.value.kind
    assert found == {"late": "timeout", "inside": "blocked", "lost": "not_found", "photo": "unreadable"}


async def test_other_kinds_of_documents_are_read_as_a_live_run_reads_them(tmp_path: Path) -> None:
    events = [
        reply(f"{A}/data", '{"ship": "Gannet", "port": "Wick"}', "application/json"),
        reply(f"{A}/note.txt", "Plain words about a ship.", "text/plain"),
        reply(f"{A}/robots.txt", "User-agent: *", "text/plain"),
    ]
    assert freeze([tape(tmp_path / "a.json", *events)], tmp_path / "web.db").pages == 2
    web = load_frozen(str(tmp_path / "web.db"))
    assert await read(web, f"{A}/data") == "ship: Gannet\nport: Wick"
    assert [hit.url for hit in await web.search("plain words", limit=3, timeout=1)] == [f"{A}/note.txt"]


async def test_a_pdf_is_read_too_and_never_frozen_as_a_failure_for_want_of_pypdf(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = pdf([placed(paragraphs("The Gannet carried salt from Wick."))])
    taped = tape(tmp_path / "a.json", reply(f"{A}/log.pdf", body, "application/pdf"))
    freeze([taped], tmp_path / "web.db")
    assert "carried salt" in await read(load_frozen(str(tmp_path / "web.db")), f"{A}/log.pdf")
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(ConfigError, match=r"pip install 'spadework\[pdf\]'"):
        freeze([taped], tmp_path / "web.db")


async def test_search_replies_are_told_from_pages_by_the_adapter_of_each_backend(tmp_path: Path) -> None:
    rows = [
        {"url": f"{A}/ship", "title": "Gannet", "content": "A ship.", "publishedDate": "2024-02-03"},
        {"url": f"{A}/crew", "title": "Crew", "content": "Nine sailors."},
        {"url": "mailto:x", "title": "no page"},
    ]
    again = [{"url": f"{A}/crew", "title": "The crew", "content": "A cook and a carpenter."}]
    searx = tape(
        tmp_path / "searx.json",
        searched("ship site:a.example", rows),
        searched("crew", again),
        reply(f"{SEARX}/search?q=down&format=json", "{}", "application/json", status=429),
        page(f"{A}/ship", TALE),
        page(f"{SEARX}/about", OTHER),
    )
    wiki = tape(tmp_path / "wiki.json", looked_up("ships", ["Gannet (ship)"]), search="wikipedia", search_url=WIKI)
    assert freeze([searx, wiki], tmp_path / "web.db") == Frozen(pages=2, results=2, failures=0, differing=0)
    web = load_frozen(str(tmp_path / "web.db"))
    by_url = {hit.url: hit for hit in await web.search("gannet crew carpenter sailors", limit=9, timeout=1)}
    assert by_url[f"{A}/ship"].date == "2024-02-03"
    assert by_url[f"{A}/crew"].title == "The crew"
    assert by_url[f"{A}/crew"].snippet == "Nine sailors. A cook and a carpenter."
    assert by_url[f"{WIKI}/wiki/Gannet_(ship)"].snippet == "About Gannet (ship)"


def test_a_search_that_no_adapter_knows_is_refused(tmp_path: Path) -> None:
    file = tape(tmp_path / "a.json", page(f"{A}/ship", TALE), search="oracle")
    with pytest.raises(CassetteError, match="cassette a searched with 'oracle'"):
        freeze([file], tmp_path / "web.db")
    assert not (tmp_path / "web.db").exists()


HOTPOT: list[dict[str, Any]] = [
    {
        "_id": "1",
        "question": "?",
        "answer": "x",
        "context": [["Gannet", ["A ship. ", " It sank."]], ["Wick", ["A town."]]],
    },
    {"_id": "2", "question": "?", "answer": "x", "context": [["Gannet", ["A bird."]], ["Wick", ["A town."]]]},
]
MUSIQUE: list[dict[str, Any]] = [
    {
        "id": "m1",
        "question": "?",
        "answer": "x",
        "paragraphs": [{"idx": 0, "title": "Wick", "paragraph_text": "A town."}],
    },
    {"id": "m2", "question": "?", "answer": "x", "paragraphs": [{"title": "Gannet", "paragraph_text": "A comic."}]},
]


async def test_paragraphs_of_question_sets_become_pages_each_once(tmp_path: Path) -> None:
    hotpot, musique = tmp_path / "hotpot.json", tmp_path / "musique.jsonl"
    hotpot.write_bytes(b"\xef\xbb\xbf" + json.dumps(HOTPOT).encode())
    musique.write_text("\n".join(map(json.dumps, MUSIQUE)) + "\n\n", encoding="utf-8")
    assert freeze([hotpot, musique], tmp_path / "web.db").pages == 4
    web = load_frozen(str(tmp_path / "web.db"))
    assert await read(web, "corpus://gannet") == "A ship. It sank."
    assert await read(web, "corpus://gannet-2") == "A bird."
    assert await read(web, "corpus://gannet-3") == "A comic."
    assert await read(web, "corpus://wick") == "A town."


async def test_a_recording_counts_for_more_than_a_corpus_and_corpora_without_addresses_keep_both(
    tmp_path: Path,
) -> None:
    for name, text in (("one", "First text."), ("two", "Second text.")):
        rows = [{"title": "Gannet", "text": text}, {"title": "Ship", "text": text, "url": f"{A}/ship"}]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    taped = tape(tmp_path / "z.json", page(f"{A}/ship", TALE))
    made = freeze([tmp_path / "one.jsonl", tmp_path / "two.jsonl", taped], tmp_path / "web.db")
    assert (made.pages, made.differing) == (3, 1)
    web = load_frozen(str(tmp_path / "web.db"))
    assert await read(web, f"{A}/ship") == TALE.strip()
    assert {await read(web, "corpus://gannet"), await read(web, "corpus://gannet-2")} == {"First text.", "Second text."}


def test_the_same_sources_give_the_same_bytes_wherever_they_lie_and_in_any_order(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second" / "deeper"
    first.mkdir()
    tape(first / "a.json", page(f"{A}/ship", TALE), searched("x", [{"url": f"{A}/y", "title": "Y", "content": "Z"}]))
    tape(first / "b.json", page(f"{A}/ship", OTHER), page(f"{A}/crew", TALE))
    (first / "pages.jsonl").write_text(json.dumps({"title": "Wick", "text": "A town."}), encoding="utf-8")
    shutil.copytree(first, second)
    freeze([first, first / "pages.jsonl"], tmp_path / "1.db")
    freeze([second / "pages.jsonl", second / "b.json", second.parent, second / "a.json"], tmp_path / "2.db")
    assert (tmp_path / "1.db").read_bytes() == (tmp_path / "2.db").read_bytes()
    tape(first / "a.json", page(f"{A}/ship", TALE + "More."))
    freeze([first], tmp_path / "3.db")
    assert told(tmp_path / "3.db")["digest"] != told(tmp_path / "1.db")["digest"]


def test_the_digest_does_not_depend_on_how_sqlite_laid_it_out(tmp_path: Path) -> None:
    out = tmp_path / "web.db"
    freeze([tape(tmp_path / "a.json", page(f"{A}/ship", TALE))], out)
    with closing(sqlite3.connect(out)) as database:
        database.executescript("PRAGMA page_size = 8192; VACUUM")
        assert content_digest(database) == told(out)["digest"]


def test_the_file_says_what_it_was_made_from(tmp_path: Path) -> None:
    taped = tape(tmp_path / "a.json", page(f"{A}/ship", TALE), reply(f"{A}/gone", "", status=410))
    freeze([taped], tmp_path / "web.db")
    facts = told(tmp_path / "web.db")
    assert (facts["pages"], facts["failures"], facts["created"]) == ("1", "1", "2026-11-01")
    (source,) = json.loads(facts["sources"])
    assert (source["name"], source["kind"], source["pages"], len(source["sha256"])) == ("a.json", "cassette", 1, 64)


def test_a_write_that_is_interrupted_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "web.db"
    freeze([tape(tmp_path / "a.json", page(f"{A}/ship", TALE))], out)
    before = out.read_bytes()
    chance = random.Random(1)
    noise = [{"title": str(n), "text": chance.randbytes(2_000).hex()} for n in range(100)]
    (tmp_path / "big.jsonl").write_text("\n".join(map(json.dumps, noise)), encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (80_000, hard))
    try:
        with pytest.raises(ConfigError, match="was not written"):
            freeze([tmp_path / "big.jsonl"], out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert out.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "big.jsonl", "web.db"]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("x.txt", "", r"x\.txt: give recordings"),
        ("x.jsonl", "", "holds no pages"),
        ("x.jsonl", '{"title": "A"}', "'text' is missing"),
        ("x.jsonl", '{"id": "1", "question": "?", "paragraphs": []}', "without paragraphs"),
        ("x.jsonl", '{"paragraphs": [3]}', "line 1: a paragraph is not an object"),
        ("x.jsonl", '{"paragraphs": [{"title": "A"}]}', "line 1: a paragraph has no title or no text"),
        ("x.jsonl", '{"context": {}}\n', "line 1: context has to be a list"),
        ("x.jsonl", '{"paragraphs": []}\n{', "line 2: this is no JSON"),
        ("x.json", "[1]", "item 1: give one object a question"),
        ("x.json", '[{"context": [["A"]]}]', "item 1: a paragraph of the context is not"),
        ("x.json", "[", "this is no JSON"),
        ("x.json", "{}", "cassette .* cannot be used"),
    ],
)
def test_a_source_that_cannot_be_used_is_named_with_its_fault(
    name: str, content: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises((ConfigError, CassetteError), match=fault) as caught:
        freeze([tmp_path / name], tmp_path / "web.db")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "web.db").exists()


def test_nothing_to_freeze_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="holds no recordings"):
        freeze([tmp_path / "empty"], tmp_path / "web.db")
    with pytest.raises(ConfigError, match="hold no page and no search result"):
        freeze([tape(tmp_path / "a.json")], tmp_path / "web.db")
    with pytest.raises(ConfigError, match="is one of the sources"):
        freeze([tmp_path / "a.json"], tmp_path / "a.json")


def test_a_folder_is_searched_for_compressed_recordings_too(tmp_path: Path) -> None:
    taped = tape(tmp_path / "a.json", page(f"{A}/ship", TALE))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(taped.read_bytes()))
    taped.unlink()
    assert freeze([tmp_path], tmp_path / "web.db").pages == 1


async def test_results_of_a_search_that_is_posted_are_frozen_too(tmp_path: Path) -> None:
    hits = {"organic": [{"title": "The Gannet", "link": f"{A}/ship", "snippet": TALE}]}
    event: dict[str, Any] = {
        "order": 1,
        "request": {
            "method": "POST",
            "uri": "https://google.serper.dev/search",
            "body": json.dumps({"q": "gannet", "num": 10}),
            "headers": {},
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": ["application/json"]},
            "body": {"string": json.dumps(hits)},
        },
    }
    save_cassette(Cassette({"question": "?", "search": "serper,wikipedia"}, [event], [], []), tmp_path / "a.json.gz")
    made = freeze([tmp_path / "a.json.gz"], tmp_path / "web.db")
    assert (made.pages, made.results) == (0, 1)
    (hit,) = await load_frozen(str(tmp_path / "web.db")).search("salt from Wick", limit=5, timeout=1)
    assert (hit.url, hit.title) == (f"{A}/ship", "The Gannet")
