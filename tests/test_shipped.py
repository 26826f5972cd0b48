"""What comes with the package for evaluations: recorded runs on the bundled web, and the web frozen of them."""

from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from scripted import ScriptedChat, answer, browse, search
from spadework.agent import Budget, Result, arun_agent
from spadework.evals.frozen.freeze import freeze
from spadework.evals.frozen.tables import content_digest
from spadework.evals.recording.cassettes import EVALUATED, Cassette, cassettes_in, load_cassette, shipped
from spadework.evals.world.making import SEED, make_world
from spadework.tools.backends.frozen import load_frozen
from spadework.tools.backends.frozen_file import about, open_frozen


@pytest.fixture(scope="module")
def recorded() -> list[Cassette]:
    return [load_cassette(item) for item in cassettes_in(shipped() / EVALUATED)]


def test_at_least_sixteen_questions_of_both_tiers_are_recorded_and_six_also_on_react(recorded: list[Cassette]) -> None:
    by_strategy: dict[str, Counter[str]] = {}
    for cassette in recorded:
        by_strategy.setdefault(cassette.meta["strategy"], Counter())[cassette.meta["case"]["tier"]] += 1
    assert by_strategy["bats-early"].total() >= 16
    assert min(by_strategy["bats-early"].values()) >= 8
    assert by_strategy["react"].total() >= 6


def test_each_is_a_question_of_the_bundled_web_with_its_own_answer(recorded: list[Cassette]) -> None:
    questions = {question.id: question for question in make_world(SEED).questions}
    for cassette in recorded:
        question = questions[cassette.meta["case"]["id"]]
        case: dict[str, Any] = cassette.meta["case"]
        assert (cassette.question, case["answer"]) == (question.text, question.answer)
        assert case["aliases"] == [*question.aliases]
        assert cassette.meta["replies"] == "replies written by hand from the prompt alone"


def test_what_was_served_in_them_is_what_the_bundled_web_serves(recorded: list[Cassette]) -> None:
    world = make_world(SEED, questions=0)
    pages = {page.url: page for page in world.pages}
    for cassette in recorded:
        for event in cassette.interactions:
            if page := pages.get(event["request"]["uri"]):
                assert event["response"]["body"]["string"] == page.html, page.url


def test_the_shipped_web_is_what_the_recordings_saw(tmp_path: Path) -> None:
    file = Path(str(shipped())) / "bundled.db"
    with closing(open_frozen(file)) as database:
        told = about(database)
        assert content_digest(database) == told["digest"]
    freeze([Path(str(shipped() / EVALUATED))], tmp_path / "again.db")
    with closing(open_frozen(tmp_path / "again.db")) as database:
        again = about(database)
    assert again["digest"] == told["digest"]
    assert int(told["pages"]) >= 90


async def test_it_is_searched_and_read_under_its_name_for_queries_that_were_never_recorded() -> None:
    hits = await load_frozen("bundled").search("lighthouse harbour museum", limit=5, timeout=1)
    page = next(hit.url for hit in hits if hit.url.startswith("http://127.0.0.1:8931/"))
    chat = ScriptedChat([[search("a museum in an old lighthouse")], [browse(page)], [answer("It is not known")]])
    budget = Budget(searches=2, browses=2)
    result: Result = await arun_agent("Which museum?", budget, model=chat, search="frozen:bundled", strategy="react")
    assert result.spend.searches == 1
    assert "<<<results" in str(chat.prompts[1])
