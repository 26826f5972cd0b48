"""Gauges of what is gone of a limit."""

import pytest
from spadework.agent.terminal.gauges import bar, numbers


@pytest.mark.parametrize(("gone", "limit", "drawn"), [(0, 4, "░░░░"), (1, 4, "█░░░"), (9, 4, "████"), (0, 0, "████")])
def test_a_bar_is_full_of_what_is_gone(gone: int, limit: int, drawn: str) -> None:
    assert bar(gone, limit, 4, style="red", ascii_only=False).plain == drawn


def test_the_colour_of_a_bar_is_that_of_what_is_gone_alone() -> None:
    line = bar(1, 4, 4, style="red", ascii_only=True)
    assert line.plain == "#..."
    assert [(span.start, span.end, str(span.style)) for span in line.spans] == [(0, 1, "red"), (1, 4, "dim")]
    assert str(line.style) == ""


def test_numbers_say_what_is_gone_of_how_much() -> None:
    assert numbers("picousd", 41 * 10**8, 10**11) == "$0.0041 of $0.1"
