"""The redraw benchmark, short: the screen is really drawn, and costs little while a model thinks."""

import pytest
from spadework.evals.bench import redraw


def test_a_screen_that_waits_on_a_model_takes_less_than_a_twentieth_of_a_core() -> None:
    share, sent = redraw.measure(80, 24, 2.0, pieces=0)
    assert 0 < share < 0.05
    assert sent > 500, "nothing was drawn"


def test_a_screen_that_could_not_be_drawn_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(RuntimeError, match="was not drawn"):
        redraw.measure(80, 24, 0.1, pieces=0)
