"""The passages benchmark on small data, and floors for what it must find: pages that passages were not tuned on."""

import json
import random
from pathlib import Path

import pytest
from spadework.evals.bench import passages as bench_passages
from spadework.evals.bench.long_pages import PLACES, Proof, Shelf, hotpot_shelf, keywords, lengthen, world_shelf
from spadework.evals.bench.passages import Trial, holds, opening, ours, plain_bm25, share, table, trials
from spadework.evals.world.making import SEED
from spadework.tools.reading.passages import estimate_tokens

HOTPOT = Path(__file__).parents[1].parent / "shared" / "data" / "hotpot100"
PROOF = Proof(
    "Gannet",
    "The Gannet was built at Turku.\n\n## Notes\n\nShe carried salt. Nobody paid.",
    ("She carried salt.",),
    (("question", "What did the Gannet carry?"),),
    frozenset({"Salt list"}),
)
SHIPS = {f"Ship {n}": f"Ship {n} was built at Lund.\n\n## More\n\n{'It rained for days. ' * 20}" for n in range(30)}
PROSE = SHIPS | {"Salt list": "The Gannet carried salt.", "Tern": "The Tern was once rammed by the Gannet. " * 3}


@pytest.fixture(scope="module")
def bundled() -> Shelf:
    return world_shelf(SEED)


def long_page(place: str, words: int = 1_000, seed: int = 1) -> str:
    return lengthen(PROOF, PROSE, words=words, place=place, chance=random.Random(seed))


@pytest.mark.parametrize("place", PLACES)
def test_a_long_page_holds_the_page_under_its_title_and_no_other_that_states_the_fact(place: str) -> None:
    text = long_page(place)
    assert text.startswith("# Gannet\n\n")
    assert text.count("She carried salt.") == 1
    assert "Gannet carried salt" not in text
    assert "rammed by the Gannet" in text
    assert 1_000 <= len(text.split()) < 1_200
    assert text == long_page(place)


@pytest.mark.parametrize(("place", "low", "high"), [("start", 0.0, 0.05), ("middle", 0.4, 0.6), ("end", 0.95, 1.0)])
def test_the_text_stands_where_it_should(place: str, low: float, high: float) -> None:
    text = long_page(place)
    assert low <= text.index("The Gannet was built at Turku.") / len(text) <= high
    assert "## " not in text


def test_as_a_section_it_stands_under_a_heading_and_so_do_the_others() -> None:
    text = long_page("section")
    assert "## Gannet\n\nThe Gannet was built at Turku.\n\n### Notes\n\nShe carried salt." in text
    assert text.count("\n## Ship ") > 5


def test_a_page_is_no_longer_than_there_is_prose_for() -> None:
    assert len(long_page("middle", words=10**6).split()) < 4_000


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Who directed the film that was shot in Leland, North Carolina in 1986",
            "directed film shot Leland North Carolina 1986",
        ),
        ("Is it what it was?", ""),
    ],
)
def test_keywords_are_the_names_numbers_and_long_words_in_order(question: str, expected: str) -> None:
    assert keywords(question) == expected


def test_the_proofs_of_questions_are_sentences_with_the_answer_or_with_the_bridge(tmp_path: Path) -> None:
    pages = {
        "Gannet (ship)": "The Gannet is a ship. It was built by Ada Quill.",
        "Ada Quill": "She died in Lund. So it is.",
    }
    asked = [
        {"question": "left out", "answer": "x", "supporting_titles": ["Ada Quill"]},
        {"question": "Where did the builder of the Gannet die?", "answer": "lund", "supporting_titles": [*pages, "?"]},
        {"question": "left out", "answer": "x", "supporting_titles": ["Ada Quill"]},
        {"question": "Did she die?", "answer": "yes", "supporting_titles": ["Ada Quill"]},
    ]
    rows = [json.dumps({"title": title, "text": text}) for title, text in pages.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), encoding="utf-8")
    found = hotpot_shelf(tmp_path).proofs
    assert [proof.answers for proof in found] == [("It was built by Ada Quill.",), ("She died in Lund.",)]
    assert dict(found[0].goals)["named"].startswith("Gannet (ship): Where did")
    assert hotpot_shelf(tmp_path, tuning=True).proofs == ()


def test_the_proofs_of_the_bundled_web_stand_on_their_pages(bundled: Shelf) -> None:
    assert len(bundled.proofs) > 400
    assert all(holds(proof.text, [answer]) for proof in bundled.proofs for answer in proof.answers)
    assert all(set(dict(proof.goals)) == {"constraint", "question", "named"} for proof in bundled.proofs)


@pytest.mark.parametrize("way", [ours, opening, plain_bm25])
@pytest.mark.parametrize("limit", [150, 400])
def test_each_way_keeps_to_the_limit(way: bench_passages.Way, limit: int) -> None:
    shown = way(long_page("middle"), "What did the Gannet carry?", limit)
    assert 0 < estimate_tokens(shown) <= limit


def test_plain_bm25_shows_the_paragraphs_with_the_words_and_not_those_beside_them() -> None:
    shown = plain_bm25("She rowed.\n\nThe gannet flew.\n\nIt ate.", "Gannet?", 5)
    assert shown == "The gannet flew."


def test_the_table_has_a_row_for_each_limit_length_place_and_goal() -> None:
    found = list(trials(Shelf("ships", PROSE, (PROOF,)), (800, 1_600), seed=1, cases=9, limits=(300, 150)))
    assert len(found) == 2 * 4 * 1 * 2
    lines = table(found).splitlines()
    heads = [line[:38].strip() for line in lines[1:]]
    assert heads == ["ships, 300 tokens", "800 words", "1600 words", *PLACES, "question", "ships, 150 tokens"]
    assert lines[1].split()[3:6] == ["8", f"{share(found[::2]):.1%}", f"{share(found[::2], 'opening'):.1%}"]


def test_the_command_prints_the_table(
    bundled: Shelf, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_passages, "world_shelf", {SEED: bundled}.__getitem__)
    assert bench_passages.main(["--cases", "1", "--words", "900"]) == 0
    assert "bundled web, 1500 tokens" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--words", "0"], ["--cases", "-1"], ["--hotpot", "no-such-folder"]])
def test_bad_options_get_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_passages.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def _measured(shelf: Shelf, cases: int) -> list[Trial]:
    return list(trials(shelf, (12_000,), seed=SEED, cases=cases, limits=(1_500,)))


def test_the_answering_sentence_of_long_pages_of_the_bundled_web_is_shown(bundled: Shelf) -> None:
    found = _measured(bundled, 8)
    assert share([trial for trial in found if trial.goal == "named"]) >= 0.95
    assert share(found) >= 0.9


@pytest.mark.skipif(not HOTPOT.is_dir(), reason="the shared question set is not here")
def test_the_answering_sentence_of_real_questions_is_shown() -> None:
    assert share(_measured(hotpot_shelf(HOTPOT), 10)) >= 0.95
