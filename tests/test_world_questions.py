"""Questions of the bundled web: one answer each, proven again here without the code that made them."""

import re
from collections import Counter

import pytest
from spadework.evals.world.base import Demand, Fact, Facts, Value, solve
from spadework.evals.world.making import BASE, SEED, Question, World, WorldPage, make_world, write_corpus
from spadework.evals.world.rank import Ranking
from spadework.evals.world.searcher import plain_queries, search_for
from spadework.tools.backends.corpus import load_corpus
from spadework.tools.reading.extract import extract_page

SEEDS = (SEED, 1)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return make_world(int(request.param))


def _reached(told: list[Fact], subject: Value, path: list[str]) -> list[Value]:
    """The values at the end of a path, by reading all facts from first to last at each step."""
    if not path:
        return [subject]
    step, rest = path[0], path[1:]
    if step.startswith("~"):
        ends = [fact.subject for fact in told if fact.relation == step[1:] and fact.value == subject]
    else:
        ends = [fact.value for fact in told if fact.relation == step and fact.subject == subject]
    return [value for end in ends for value in _reached(told, end, rest)]


def _meets(told: list[Fact], subject: str, demand: Demand) -> bool:
    values = _reached(told, subject, demand.path.split("."))
    if demand.test == "is":
        return demand.value in values
    if demand.test == "same":
        return bool(set(values) & set(_reached(told, subject, demand.other.split("."))))
    return any(isinstance(value, int) and demand.low <= value <= demand.high for value in values)


def test_there_are_enough_questions_of_both_tiers_about_many_kinds(world: World) -> None:
    tiers = Counter(question.tier for question in world.questions)
    assert min(tiers["hard"], tiers["plain"]) >= 12
    assert len({question.kind for question in world.questions}) >= 6
    assert len({question.answer_id for question in world.questions}) == len(world.questions)


def test_each_constraint_leaves_five_and_all_leave_one(world: World) -> None:
    for question in world.questions:
        everyone = [entity.id for entity in world.facts.entities.values() if entity.kind == question.kind]
        assert 4 <= len(question.constraints) <= 6
        left = set(everyone)
        for constraint in question.constraints:
            told = _of_use(world.facts, constraint.demand)
            alone = {entity for entity in everyone if _meets(told, entity, constraint.demand)}
            assert len(alone) == constraint.candidates_alone >= 5
            left &= alone
        assert left == {question.answer_id}


def _of_use(facts: Facts, demand: Demand) -> list[Fact]:
    relations = {step.removeprefix("~") for step in f"{demand.path}.{demand.other}".split(".")}
    return [fact for fact in facts.told if fact.relation in relations]


def test_most_constraints_lead_through_another_entity(world: World) -> None:
    for question in world.questions:
        indirect = [c for c in question.constraints if "." in c.demand.path or c.demand.test == "same"]
        assert len(indirect) * 2 > len(question.constraints)
        assert sum(c.kind == "exploration" for c in question.constraints) == 2


def test_questions_name_nothing_and_hold_every_constraint(world: World) -> None:
    names = [re.compile(rf"\b{re.escape(entity.name)}\b") for entity in world.facts.entities.values()]
    for question in world.questions:
        assert not [name.pattern for name in names if name.search(question.text)]
        for constraint in question.constraints:
            assert constraint.text[1:] in question.text
        assert "{" not in question.text
        assert "<" not in question.text


def test_the_proofs_stand_on_their_pages_as_they_are_read(world: World) -> None:
    pages = {page.url: page for page in world.pages}
    texts: dict[str, str] = {}
    for question in world.questions:
        for constraint in question.constraints:
            assert constraint.proving
            for url, words in constraint.proving:
                texts.setdefault(url, extract_page(pages[url].html, url).text)
                assert words in texts[url], (question.id, url, words)


def test_answers_are_not_ambiguous(world: World) -> None:
    names = Counter(entity.name for entity in world.facts.entities.values())
    for question in world.questions:
        assert names[question.answer] == 1
        assert world.facts.entities[question.answer_id].name == question.answer
        assert question.answer not in question.aliases


def _naming(world: World, name: str) -> list[WorldPage]:
    return [page for page in world.pages if re.search(rf"\b{re.escape(name)}\b", page.text)]


def test_hard_questions_hide_every_page_that_names_the_answer(world: World) -> None:
    ranking = Ranking((page.path, page.title, page.text) for page in world.pages)
    for question in world.questions:
        answer_pages = {page.path for page in _naming(world, question.answer)}
        assert answer_pages
        for rank, path in enumerate(ranking.paths(question.text), start=1):
            if path in answer_pages:
                assert question.bm25_ranks[BASE + path] <= rank
        if question.tier == "hard":
            assert not answer_pages.intersection(ranking.paths(question.text, 20))
            assert not answer_pages.intersection(ranking.paths(question.text, 20, every_word=True))
            assert not answer_pages.intersection(ranking.paths(question.text, 20, every_word=True, title_weight=1.0))
            assert len(question.solution) >= 5
            assert question.effort.searches + question.effort.reads >= 5
    ranking.close()


async def test_the_corpus_search_does_not_find_hard_answers_either(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("world") / "world.jsonl"
    write_corpus(world, file)
    corpus = load_corpus(str(file))
    for question in world.questions:
        if question.tier == "hard":
            answer_pages = {page.url for page in _naming(world, question.answer)}
            hits = await corpus.search(question.text, limit=20, timeout=1)
            assert not answer_pages.intersection(hit.url for hit in hits), question.id


def test_a_searcher_who_knows_no_more_than_the_question_gets_there(world: World) -> None:
    ranking = Ranking((page.path, page.title, page.text) for page in world.pages)
    seen = {page.path: page.lines for page in world.pages}
    for question in world.questions:
        demands = [constraint.demand for constraint in question.constraints]
        assert search_for(world.facts, seen, ranking, question.kind, demands) == question.effort
        assert question.effort.searches <= 10
        assert question.effort.reads <= 10
    ranking.close()


def test_a_searcher_does_not_get_there_when_a_page_that_proves_is_gone(world: World) -> None:
    question = world.questions[0]
    demands = [constraint.demand for constraint in question.constraints]
    proving = {url.removeprefix(BASE) for url, _ in question.constraints[0].proving}
    ranking = Ranking((page.path, page.title, page.text) for page in world.pages if page.path not in proving)
    seen = {page.path: () if page.path in proving else page.lines for page in world.pages}
    assert search_for(world.facts, seen, ranking, question.kind, demands) is None
    ranking.close()


def test_constraints_share_hardly_a_word_with_their_proofs(world: World) -> None:
    shared: list[int] = []
    for question in world.questions:
        for constraint in question.constraints:
            proofs = " ".join(words for _, words in constraint.proving)
            shared.append(len(_telling(constraint.text) & _telling(proofs)))
    assert max(shared) <= 2
    assert sum(shared) / len(shared) < 0.4


def _telling(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower())) - {"that", "with", "been", "from", "their", "where"}


def test_solutions_can_be_walked_and_prove_every_constraint(world: World) -> None:
    """Walk each solution as its model says: pages come from a search or a link, names from pages already read."""
    ranking = Ranking((page.path, page.title, page.text) for page in world.pages)
    links = {page.path: _content_links(page) for page in world.pages}
    for question in world.questions:
        own = {c.text for c in question.constraints}
        own |= {query for c in question.constraints for query in plain_queries(c.demand)}
        known, read = set[str](), list[str]()
        for step in question.solution:
            if step.call == "search":
                names = {world.facts.entities[p[1:]].name for p in known if p[1:] in world.facts.entities}
                assert step.what in own | names
                known |= set(ranking.paths(step.what, 10))
            else:
                path = step.what.removeprefix(BASE)
                assert path in known
                read.append(path)
                known |= links[path]
        _check_proven(world, question, set(read))
    ranking.close()


def _content_links(page: WorldPage) -> set[str]:
    article = page.html.partition("<article>")[2].partition("</article>")[0]
    return set(re.findall(r'href="(/[^"]*)"', article))


def _check_proven(world: World, question: Question, read: set[str]) -> None:
    for constraint in question.constraints:
        used = constraint.demand.witness(world.facts, question.answer_id)
        assert used
        for fact in used:
            assert read.intersection(path for path, _ in world.proofs[fact]), (question.id, fact)


def test_a_demand_that_nobody_meets_leaves_nobody(world: World) -> None:
    assert solve(world.facts, "ship", [Demand("launched", "between", low=1, high=2)]) == []
