"""Each bundled web has one name, and what cannot be had is told in one line."""

import logging

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.terminal.cli import cli
from spadework.evals.suites.cases import Bundled, bundled_of
from spadework.evals.world.difficulty import USUAL, Difficulty, Span, span_of, span_text
from spadework.evals.world.making import make_world
from spadework.evals.world.recipe import Recipe, recipe_of
from spadework.tools.errors import ConfigError


def spans(floor: int, most: int) -> st.SearchStrategy[Span]:
    pairs = st.tuples(st.integers(floor, most), st.integers(floor, most))
    return pairs.map(lambda pair: (min(pair), max(pair))) | st.integers(floor, most).map(lambda least: (least, None))


DIFFICULTIES = st.builds(
    Difficulty,
    constraints=spans(2, 12),
    hops=spans(1, 4),
    candidates=spans(2, 5000),
    contradictions=st.none() | st.integers(0, 900),
    outdated=st.none() | st.integers(0, 900),
    tier=st.sampled_from((None, "hard", "plain")),
)
RECIPES = st.builds(
    Recipe,
    seed=st.integers(0, 999_999_999),
    questions=st.integers(0, 999),
    pages=st.just(300) | st.integers(200, 20_000),
    difficulty=st.just(USUAL) | DIFFICULTIES,
    balance=st.sampled_from((None, True, False)),
)


@given(RECIPES)
def test_a_recipe_is_told_by_its_name_and_has_no_other(recipe: Recipe) -> None:
    parts = recipe_of(recipe.name)
    assert parts is not None
    assert Recipe(**parts) == recipe
    assert Recipe(**parts).name == recipe.name


@given(spans(0, 99_999))
def test_a_span_is_read_as_it_is_written(span: Span) -> None:
    assert span_of(span_text(span), "hops") == span


@pytest.mark.parametrize(
    ("suite", "name"),
    [
        ("bundled:20,pages=300,constraints=4-6", "bundled:20"),
        ("bundled,pages=2000", "bundled:20,pages=2000"),
        ("bundled:20,questions=100", "bundled:20:100"),
        ("bundled:20,tier=hard,hops=3,questions=100,pages=2000", "bundled:20:100,pages=2000,hops=3,tier=hard"),
        ("bundled:7,balance=on", "bundled:7,balance=on"),
        ("bundled:7,hops=2,balance=on", "bundled:7,hops=2"),
        ("bundled:7,hops=2,balance=off", "bundled:7,hops=2,balance=off"),
    ],
)
def test_however_it_is_written_a_suite_has_one_name(suite: str, name: str) -> None:
    bundled = bundled_of(suite)
    assert isinstance(bundled, Bundled)
    assert bundled.suite == name


@pytest.mark.parametrize(
    ("suite", "told"),
    [
        ("bundled:20,size=3", "'size=3' is no part"),
        ("bundled:20,", "'' is no part"),
        ("bundled:20,hops=2,hops=3", "hops is given twice"),
        ("bundled:20:5,questions=6", "questions is given twice"),
        ("bundled:20,pages=199", "200 to 20,000 pages, not 199"),
        ("bundled:20,pages=20001", "200 to 20,000 pages, not 20001"),
        ("bundled:20,pages=many", "pages 'many': give a number"),
        ("bundled:20,questions=1000", "0 to 999 questions of each tier, not 1000"),
        ("bundled:20,questions=0", "write bundled, bundled:SEED"),
        ("bundled:20,hops=5", "hops 5: give the least first, and numbers that are within 1 to 4"),
        ("bundled:20,hops=3-2", "hops 3-2: give the least first"),
        ("bundled:20,constraints=few", "constraints 'few': give a number such as 4"),
        ("bundled:20,candidates=1", "candidates 1: give the least first, and numbers that are 2 or more"),
        ("bundled:20,tier=soft", "a tier is hard or plain, not 'soft'"),
        ("bundled:20,balance=yes", "balance 'yes': give on or off"),
    ],
)
def test_what_is_no_world_is_told_in_one_line(suite: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        bundled_of(suite)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_more_wrong_pages_than_there_are_things_is_refused() -> None:
    for wanted, told in (
        (Difficulty(contradictions=900), "contradictions 900: this world has room for 161 such pages"),
        (Difficulty(outdated=900), "outdated 900: this world has room for 26 such pages"),
    ):
        with pytest.raises(ConfigError, match=told):
            make_world(questions=0, difficulty=wanted)
    with pytest.raises(ConfigError, match="contradictions is a number of pages, 0 or more, not -1"):
        Difficulty(contradictions=-1)


def test_a_demand_that_no_question_meets_is_an_error_and_one_that_few_meet_a_warning(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ConfigError, match="no hard question with constraints 12, hops 1, candidates 5-: ask for less"):
        make_world(questions=1, difficulty=Difficulty(constraints=(12, 12), hops=(1, 1), tier="hard"), balance=True)
    with caplog.at_level(logging.WARNING, "spadework"):
        make_world(questions=9, difficulty=Difficulty(hops=(1, 1)), balance=True)
    assert "of 9 hard and " in caplog.text


def test_the_commands_take_the_parts_as_options(caplog: pytest.LogCaptureFixture) -> None:
    told = CliRunner().invoke(cli, ["world", "show", "--questions", "3", "--hops", "2", "--contradictions", "7"])
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert lines[0] == "bundled:20:3,hops=2,contradictions=7"
    assert "untrue         7 pages of gossip" in lines
    assert "  by tier        hard 3, plain 3" in lines
    assert "  by hops        2 6" in lines
    wrong = CliRunner().invoke(cli, ["world", "serve", "--constraints", "1"])
    assert wrong.exit_code == 2
    assert wrong.output.count("\n") == 1
    assert "constraints 1: give the least first" in wrong.output
