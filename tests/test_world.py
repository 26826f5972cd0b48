"""The bundled web: the same each time, linked throughout, untidy on purpose, and true where it has to be."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from spadework.evals.world.base import Value
from spadework.evals.world.ink import prose_of, slots
from spadework.evals.world.lists import PLURALS
from spadework.evals.world.making import BASE, SEED, World, make_world, move_world, questions_jsonl, write_corpus
from spadework.evals.world.names import MONTHS
from spadework.evals.world.pages import look_alikes
from spadework.evals.world.text import lines, sections
from spadework.tools.backends.corpus import load_corpus
from spadework.tools.errors import ConfigError
from spadework.tools.reading.extract import extract_page

PAGES_DIGEST = "68a55ade3e67e05a"


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(questions=4)


def _digest(world: World) -> str:
    pages = "".join(f"{page.url}{page.html}{page.text}" for page in world.pages)
    return hashlib.sha256((pages + questions_jsonl(world)).encode()).hexdigest()


def test_a_seed_makes_the_same_bytes_every_time(world: World) -> None:
    assert _digest(make_world(SEED, questions=4)) == _digest(world)


def test_the_bundled_world_is_the_one_that_runs_were_recorded_in(world: World) -> None:
    """When this fails on purpose: record the runs in the bundled world anew, then put the new digest here."""
    pages = "".join(f"{page.url}{page.html}{page.text}" for page in world.pages)
    assert hashlib.sha256(pages.encode()).hexdigest()[:16] == PAGES_DIGEST


def test_another_seed_makes_another_world(world: World) -> None:
    other = make_world(SEED + 1, questions=0)
    assert _digest(other) != _digest(world)
    assert {page.title for page in other.pages} != {page.title for page in world.pages}


@pytest.mark.parametrize("pages", [200, 300, 700])
def test_a_world_has_at_least_the_pages_asked_for(pages: int) -> None:
    made = make_world(3, pages, questions=0)
    assert pages <= len(made.pages) <= 2 * pages
    assert len({page.url for page in made.pages}) == len(made.pages)


@pytest.mark.parametrize(("pages", "base"), [(199, BASE), (20_001, BASE), (300, "127.0.0.1:80"), (300, f"{BASE}/")])
def test_a_size_or_base_that_cannot_be_is_refused(pages: int, base: str) -> None:
    with pytest.raises(ConfigError):
        make_world(SEED, pages, base)


def test_every_link_leads_somewhere_and_every_page_is_reached_from_the_front(world: World) -> None:
    links = {page.path: set(re.findall(r'href="(/[^"]*)"', page.html)) for page in world.pages}
    assert {target for targets in links.values() for target in targets} <= links.keys()
    seen, waiting = {"/"}, ["/"]
    while waiting:
        fresh = links[waiting.pop()] - seen
        seen |= fresh
        waiting.extend(fresh)
    assert seen == links.keys()


def test_pages_are_of_many_kinds(world: World) -> None:
    kinds = {page.path.split("/")[1] for page in world.pages}
    assert set(PLURALS) <= kinds
    assert {"lists", "which", "tattle", "tourist", "board"} <= kinds
    assert sum("<table>" in page.html for page in world.pages) > 50


def test_the_content_of_a_page_is_what_extraction_finds_and_the_frame_is_not(world: World) -> None:
    for page in world.pages[:: len(world.pages) // 60]:
        found = extract_page(page.html, page.url).text
        assert "cookies" not in found
        assert "Most read" not in found
        assert page.text.splitlines()[-1] in found


def test_names_are_confusable(world: World) -> None:
    alike = look_alikes(world.facts)
    full_names = [name for name, ids in alike.items() if " " in name and ids[0].startswith(("person", "ship"))]
    assert len(full_names) >= 3
    for name in full_names:
        page = next(page for page in world.pages if page.title == f"{name}: which one?")
        assert page.text.count(name) > 2


def test_gossip_is_wrong_where_two_other_pages_are_right(world: World) -> None:
    gossip = [untruth for untruth in world.untruths if untruth.kind == "gossip"]
    assert len(gossip) >= 10
    for untruth in gossip:
        page = world.page(untruth.path)
        assert page is not None
        assert untruth.sentence in page.text
        assert str(untruth.truth.value) not in untruth.sentence
        right = {path for path, line in world.proofs[untruth.truth] if str(untruth.truth.value) in line.text}
        assert len(right) >= 2
        assert untruth.path not in right


def test_leaflets_say_how_old_they_are_and_what_they_say_is_superseded(world: World) -> None:
    outdated = [untruth for untruth in world.untruths if untruth.kind == "outdated"]
    assert len(outdated) >= 5
    for untruth in outdated:
        page = world.page(untruth.path)
        assert page is not None
        assert "1974" in page.title
        assert untruth.sentence in page.text
        assert page.date == "1974-04-01"
        assert world.proofs[untruth.truth]


def test_every_fact_with_a_page_of_its_own_is_stated_somewhere(world: World) -> None:
    silent = {fact.relation for fact in world.facts.told if fact not in world.proofs}
    assert silent == {"sex"}


def test_a_page_never_states_a_fact_with_another_value(world: World) -> None:
    for fact, proofs in world.proofs.items():
        if isinstance(fact.value, int):
            shown = _shown(fact.relation, fact.value)
            assert all(shown in line.text for _, line in proofs), fact


def _shown(relation: str, value: Value) -> str:
    if relation == "month":
        return MONTHS[int(value) - 1]
    return f"{value:,}" if relation == "people" else str(value)


def test_phrasings_of_a_group_tell_the_same_facts() -> None:
    for kind in PLURALS:
        for group in prose_of(kind).groups:
            assert len({tuple(sorted(slots(phrasing))) for phrasing in group}) == 1, group
        assert not any(slots(remark) for remark in prose_of(kind).remarks)


def test_every_wording_a_clue_names_is_there() -> None:
    known = {line.partition(":")[0] for line in lines("clues", "wordings")}
    used = {name for body in sections("clues").values() for name in re.findall(r"<(\w+)>", body)}
    assert used == known


def test_lives_and_works_fit(world: World) -> None:
    facts = world.facts
    for book in facts.of_kind("book"):
        author = facts.ref(book.id, "author")
        assert facts.number(author, "born") + 20 < facts.number(book.id, "published") < facts.number(author, "died")
    for ship in facts.of_kind("ship"):
        assert facts.number(ship.id, "launched") >= facts.number(facts.ref(ship.id, "yard"), "founded")


def test_a_moved_world_differs_in_its_addresses_only(world: World) -> None:
    base = "http://127.0.0.1:4000"
    moved = move_world(world, base)
    assert questions_jsonl(moved) == questions_jsonl(world).replace(BASE, base)
    assert moved.pages[5].url == base + world.pages[5].path
    made_there = make_world(SEED, base=base, questions=0)
    assert made_there.pages == moved.pages


async def test_the_corpus_file_can_be_searched(world: World, tmp_path: Path) -> None:
    file = tmp_path / "world.jsonl"
    write_corpus(world, file)
    corpus = load_corpus(str(file))
    assert len(corpus) == len(world.pages)
    ship = world.facts.of_kind("ship")[0]
    hits = await corpus.search(ship.name, limit=10, timeout=1)
    assert f"{BASE}/{ship.id}" in [hit.url for hit in hits]


def test_questions_are_written_as_one_json_object_a_line(world: World) -> None:
    rows = [json.loads(line) for line in questions_jsonl(world).splitlines()]
    assert [row["id"] for row in rows] == [question.id for question in world.questions]
    assert all(row["constraints"][0]["proving"][0][0].startswith(BASE) for row in rows)
