"""Signals that stop a command: one KeyboardInterrupt for each request, however often it is sent at once."""

import signal
from collections.abc import Iterator

import pytest
from spadework.agent.terminal.interrupts import AGAIN_S, Stopping, stop_on_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """What was set before a test is set after it."""
    before = [signal.getsignal(signum) for signum in SIGNALS]
    yield
    for signum, handler in zip(SIGNALS, before, strict=True):
        signal.signal(signum, handler)


def test_what_is_sent_twice_at_once_stops_once_and_a_second_request_stops_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = 100.0
    monkeypatch.setattr("spadework.agent.terminal.interrupts.time.monotonic", lambda: clock)
    stopping = Stopping()
    with pytest.raises(KeyboardInterrupt):
        stopping(signal.SIGINT, None)
    clock += AGAIN_S / 2
    stopping(signal.SIGTERM, None)
    clock += AGAIN_S
    with pytest.raises(KeyboardInterrupt):
        stopping(signal.SIGINT, None)


@pytest.mark.parametrize("signum", SIGNALS)
def test_both_signals_interrupt(signum: signal.Signals) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    stop_on_signals()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signum)


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_that_the_caller_ignores_stays_ignored(signum: signal.Signals) -> None:
    signal.signal(signum, signal.SIG_IGN)
    stop_on_signals()
    signal.raise_signal(signum)
    assert signal.getsignal(signum) is signal.SIG_IGN
