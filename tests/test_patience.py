"""What a slow model is given time for, and what ends the wait."""

import time
from typing import Any

import pytest
from fake_openai import text
from slow_server import Habits, SlowServer
from spadework.agent.llm import patience
from spadework.agent.llm.model import OpenAICompatible
from spadework.agent.llm.wire import Reply, Stream
from spadework.tools.errors import ModelError

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello"}]


async def reply(habits: Habits, *, first: float, silence: float, patient: bool = True, timeout: float = 5.0) -> Reply:
    stream = Stream(lambda part, text: None, first, silence, patient)
    with SlowServer(text("It is Paris, I think."), habits=habits) as server:
        chat = OpenAICompatible(model="m", base_url=server.base_url)
        return await chat.complete(HELLO, stream=stream, timeout=timeout)


async def given_up(habits: Habits, **limits: Any) -> tuple[str, float]:
    """What is said, and after how many seconds."""
    started = time.monotonic()
    with pytest.raises(ModelError) as caught:
        await reply(habits, **limits)
    assert (caught.value.kind, caught.value.sent, caught.value.retryable) == ("timeout", True, True)
    assert "\n" not in str(caught.value)
    assert "SPADEWORK" not in str(caught.value), "whoever calls may have set the times itself"
    return str(caught.value), time.monotonic() - started


async def test_a_model_may_write_for_much_longer_than_any_silence() -> None:
    started = time.monotonic()
    got = await reply(Habits(piece_s=0.08, piece_chars=2), first=0.3, silence=0.3)
    assert got.text == "It is Paris, I think."
    assert time.monotonic() - started > 0.8


async def test_a_reply_may_begin_late_where_it_is_given_the_time() -> None:
    assert (await reply(Habits(read_s=0.5), first=2, silence=0.2)).text
    said, seconds = await given_up(Habits(read_s=3), first=0.2, silence=2)
    assert "did not begin to reply within 0.2 s" in said
    assert seconds < 1


async def test_silence_in_the_middle_ends_the_call() -> None:
    said, seconds = await given_up(Habits(hang_after=2, hang_s=3), first=2, silence=0.2)
    assert "fell silent for 0.2 s" in said
    assert seconds < 1


@pytest.mark.parametrize("habits", [Habits(read_s=0.6, ping_s=0.1), Habits(hang_after=2, hang_s=0.6, ping_s=0.1)])
async def test_a_server_that_says_it_is_there_is_waited_for(habits: Habits) -> None:
    assert (await reply(habits, first=0.3, silence=0.3)).text


@pytest.mark.parametrize("habits", [Habits(read_s=3, ping_s=0.05), Habits(hang_after=2, hang_s=3, ping_s=0.05)])
async def test_but_not_for_ever(habits: Habits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "KEPT_ALIVE_S", 0.5)
    said, seconds = await given_up(habits, first=0.2, silence=0.2)
    assert "within 0.5 s" in said or "silent for 0.5 s" in said
    assert 0.4 < seconds < 1.5


async def test_where_the_user_set_the_wait_signs_of_life_do_not_stretch_it() -> None:
    said, seconds = await given_up(Habits(read_s=3, ping_s=0.05), first=0.3, silence=0.3, patient=False)
    assert "within 0.3 s" in said
    assert seconds < 1


async def test_the_whole_call_has_its_limit_however_lively_it_is() -> None:
    said, seconds = await given_up(Habits(piece_s=0.1, piece_chars=1), first=2, silence=2, timeout=0.4)
    assert "0.4 s" in said
    assert seconds < 1


async def test_a_server_that_ignores_the_wish_to_stream_is_given_the_time_until_its_first_piece() -> None:
    assert (await reply(Habits(streams="ignores", read_s=0.4), first=1, silence=0.1)).text
