"""Question sets of any size, difficulty and balance: each question proven by trying every entity over the facts."""

from collections import Counter

import pytest
from spadework.evals.world.clues import kinds
from spadework.evals.world.difficulty import within
from spadework.evals.world.making import World, questions_jsonl
from spadework.evals.world.recipe import Recipe, recipe_of
from spadework.evals.world.show import distribution
from spadework.tools.reading.extract import extract_page
from world_solver import Solver, demands_of, rumours

NAMES = (
    "20:9,balance=on",
    "3:6,pages=600,hops=3,tier=hard",
    "8:5,pages=200,constraints=2-3,candidates=5-20",
    "5:5,constraints=8,contradictions=120,outdated=20",
    "20:4,constraints=3-5,hops=2,contradictions=0,outdated=0,balance=off",
    pytest.param("1,pages=2000", marks=pytest.mark.integration),
    pytest.param("7:1,pages=20000", marks=pytest.mark.integration),
)


def recipe(name: str) -> Recipe:
    parts = recipe_of(name)
    assert parts is not None
    return Recipe(**parts)


@pytest.fixture(scope="module", params=NAMES)
def made(request: pytest.FixtureRequest) -> tuple[Recipe, World]:
    asked = recipe(request.param)
    return asked, asked.make()


def test_every_question_has_one_answer_and_each_constraint_as_many_candidates_as_wanted(
    made: tuple[Recipe, World],
) -> None:
    asked, world = made
    solver = Solver(world)
    assert world.questions
    for question in world.questions:
        demands = demands_of(question)
        assert solver.fitting(question.kind, demands) == {question.answer_id}
        alone = [len(solver.fitting(question.kind, [demand])) for demand in demands]
        assert alone == [constraint.candidates_alone for constraint in question.constraints]
        assert all(within(asked.difficulty.candidates, number) for number in alone)


def test_nothing_else_fits_for_somebody_who_believes_every_untruth(made: tuple[Recipe, World]) -> None:
    _, world = made
    credulous = Solver(world, rumours(world))
    assert all(credulous.fitting(q.kind, demands_of(q)) == {q.answer_id} for q in world.questions)


def test_questions_are_as_difficult_as_was_asked(made: tuple[Recipe, World]) -> None:
    asked, world = made
    wanted = asked.difficulty
    for question in world.questions:
        ways = [way for demand in demands_of(question) for way in (demand.path, demand.other)]
        assert within(wanted.constraints, len(question.constraints))
        assert within(wanted.hops, max(way.count(".") + 1 for way in ways))
        assert wanted.tier in (None, question.tier)


def test_what_is_wrong_is_as_much_as_was_asked_and_never_proves_anything(made: tuple[Recipe, World]) -> None:
    asked, world = made
    for wanted, kind in ((asked.difficulty.contradictions, "gossip"), (asked.difficulty.outdated, "outdated")):
        paths = {untruth.path for untruth in world.untruths if untruth.kind == kind}
        assert wanted is None or len(paths) == wanted
    for untruth in world.untruths:
        assert untruth.path not in {path for path, _ in world.proofs.get(untruth.truth, ())}
    assert all(untruth.said != untruth.truth.value for untruth in world.untruths)


def test_every_proof_stands_on_its_page(made: tuple[Recipe, World]) -> None:
    _, world = made
    texts: dict[str, str] = {}
    for question in world.questions:
        for url, words in (pair for constraint in question.constraints for pair in constraint.proving):
            page = world.page(url.removeprefix(world.base))
            assert page is not None
            texts.setdefault(url, extract_page(page.html, url).text)
            assert words in texts[url], (question.id, url, words)


def test_no_answer_shares_its_name_or_is_asked_for_twice(made: tuple[Recipe, World]) -> None:
    _, world = made
    names = Counter(entity.name for entity in world.facts.entities.values())
    assert all(names[question.answer] == 1 for question in world.questions)
    assert len({question.answer_id for question in world.questions}) == len(world.questions)
    assert len({page.path for page in world.pages}) == len(world.pages)


def test_a_balanced_set_has_of_each_about_as_many() -> None:
    spread = distribution(recipe("20:14,balance=on").make().questions)
    assert spread["tier"] == {"hard": 14, "plain": 14}
    assert set(spread["kind"]) == set(kinds())
    for name in ("kind", "constraints", "hops"):
        assert max(spread[name].values()) - min(spread[name].values()) <= 3, (name, spread[name])


def test_the_usual_set_is_less_even_than_a_balanced_one() -> None:
    usual, even = (distribution(recipe(name).make().questions) for name in ("20", "20,balance=on"))
    assert max(usual["hops"].values()) > max(even["hops"].values())


def test_a_balanced_set_is_the_same_every_time() -> None:
    name = "4:3,hops=2"
    assert questions_jsonl(recipe(name).make()) == questions_jsonl(recipe(name).make())


def test_the_pages_do_not_depend_on_the_questions() -> None:
    asked = recipe("9:2,constraints=3,contradictions=5")
    assert asked.make().pages == asked.make_pages().pages
