"""JSON that is still being written."""

import json
import time

from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.llm.partial import values_so_far

WHOLE = {
    "queries": ['who built the "Alder" bridge', "Alder Bridge {1871}"],
    "findings": [{"constraint": "c0", "quotes": [{"url": "https://x.example", "quote": "built\nby Mara Finch"}]}],
    "sure": True,
    "number": 7,
    "note": "Grüße \U0001f600",
}
SAID = ['who built the "Alder" bridge', "Alder Bridge {1871}", "built\nby Mara Finch", "Grüße \U0001f600"]


@given(st.booleans(), st.sampled_from([None, 2]), st.data())
def test_the_values_so_far_are_those_of_the_whole_up_to_there(
    plain: bool, indent: int | None, data: st.DataObject
) -> None:
    whole = json.dumps(WHOLE, ensure_ascii=plain, indent=indent)
    end = data.draw(st.integers(0, len(whole)))
    said = values_so_far(whole[:end], but=("constraint", "url"))
    assert said[:-1] == SAID[: max(0, len(said) - 1)]
    assert not said or SAID[len(said) - 1].startswith(said[-1])
    assert values_so_far(whole, but=("constraint", "url")) == SAID


@given(st.text(alphabet='{}[]:,"\\ux0 \n', max_size=60))
def test_what_is_no_json_breaks_nothing(text: str) -> None:
    values_so_far(text)


def test_a_long_reply_is_read_in_a_moment() -> None:
    for text in (json.dumps([WHOLE] * 200), '"' * 20_000, "\\" * 20_000, '"\\u' * 10_000):
        start = time.perf_counter()
        values_so_far(text)
        assert time.perf_counter() - start < 1
