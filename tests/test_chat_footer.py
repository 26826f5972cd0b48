"""The line below the input, on terminals of any width."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent import Budget
from spadework.agent.chat.footer import told_below

MANY = Budget(searches=10, browses=10, tokens=100_000, usd="0.05", seconds=600, model_calls=40)
WHOLE = Budget(searches=1, usd="1.5")
TOLD = (
    "a question: 10 searches, 10 page reads, 100,000 tokens, $0.05, 600 seconds, 40 model calls"
    " | left of the conversation: 1 search, $1.5"
)


def below(width: int, budget: Budget, left: Budget) -> str:
    talk = SimpleNamespace(budget=budget, left=left.limits)
    chat: Any = SimpleNamespace(conversation=talk, console=SimpleNamespace(width=width))
    return told_below(chat)


def test_all_is_told_where_there_is_room() -> None:
    assert below(150, MANY, WHOLE) == TOLD
    assert below(80, Budget(), Budget()) == "a question: no limit"


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (120, TOLD.replace("left of the conversation", "left")),
        (80, "a question: 10 searches, 10 page reads, 100,000 tokens | left: 1 search, $1.5"),
        (60, "a question: 10 searches | left: 1 search, $1.5"),
        (40, "left: 1 search, $1.5"),
        (20, "left: 1 search"),
        (10, ""),
    ],
)
def test_what_matters_least_is_left_out_first(width: int, told: str) -> None:
    assert below(width, MANY, WHOLE) == told


@given(st.integers(1, 200), st.sampled_from([MANY, WHOLE, Budget()]), st.sampled_from([MANY, WHOLE, Budget()]))
def test_no_line_is_too_wide_and_none_has_half_a_word(width: int, budget: Budget, left: Budget) -> None:
    told = below(width, budget, left)
    assert len(told) < width
    words = re.compile(r", |: | \| ")
    assert set(words.split(told)) <= {*words.split(below(1_000, budget, left)), "left", ""}
