"""Traces without page text: what is taken out of plain data, and what stays."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.proof.marks import bodies, marked, without_bodies
from spadework.agent.trace.redact import RUN, Redactor

PAGE = (
    "The Alder Bridge crosses the Thurle.\nIt was built by Mara Finch in 1871 and widened in 1902.\nhttps://a.example/b"
)
SHOWN = marked("page", "https://a.example/bridge 'Alder Bridge'", PAGE)


def test_what_stands_between_marks_goes_and_the_words_around_it_stay() -> None:
    told = Redactor().plain({"content": f"before\n{SHOWN}\nafter"})["content"]
    assert told.startswith("before\n<<<page ")
    assert "https://a.example/bridge 'Alder Bridge'\n[page text, 112 characters]\n" in told
    assert told.endswith("\nafter")
    assert "Thurle" not in told


def test_quotes_go_and_are_known_again_wherever_they_stand() -> None:
    redactor = Redactor()
    made = {
        "findings": [
            {"candidate": "Mara Finch", "quotes": [{"url": "https://a.example", "quote": "built in 1871 by her"}]}
        ]
    }
    call = {"function": {"name": "record", "arguments": json.dumps(made)}}
    arguments = json.loads(redactor.plain(call)["function"]["arguments"])
    assert arguments["findings"][0]["quotes"] == [{"url": "https://a.example", "quote": "[page text, 20 characters]"}]
    assert arguments["findings"][0]["candidate"] == "Mara Finch"
    assert redactor.plain('c1: "built in 1871\n by her" and "built in 1871 by her"') == (
        'c1: "[page text, 21 characters]" and "[page text, 20 characters]"'
    )


def test_a_passage_that_a_model_copies_into_its_own_words_goes_too() -> None:
    redactor = Redactor()
    redactor.plain(SHOWN)
    told = redactor.plain("I read that this was built by Mara Finch in 1871 and widened in 1902. So it is her.")
    assert told == "I read that this [page text, 52 characters] So it is her."


def test_names_queries_and_addresses_stay_though_pages_hold_them() -> None:
    redactor = Redactor()
    page = f"{'a word ' * 20}https://a.example/{'long' * 20} Mara Finch built it"
    redactor.plain(marked("results", "search 'x'", page))
    for kept in ("Mara Finch built it", f"read https://a.example/{'long' * 20}"):
        assert redactor.plain(kept) == kept
    assert redactor.plain({"queries": ["a word " * 20]}) == {"queries": ["a word " * 20]}


@given(st.text(alphabet="abcdefg hij\n", min_size=RUN * 2, max_size=400), st.data())
def test_no_long_run_of_a_page_is_left_anywhere(page: str, data: st.DataObject) -> None:
    redactor = Redactor()
    shown = redactor.plain(marked("page", "p", page))
    first = data.draw(st.integers(0, len(page)))
    copied = redactor.plain(f"1{page[first:]}2")
    letters = "".join(page.split())
    for told in (shown, copied):
        left = "".join(str(told).split())
        assert not any(letters[at : at + RUN] in left for at in range(len(letters) - RUN + 1))


@given(st.text("ab>< \n", max_size=60), st.text("ab>< \n", max_size=60))
def test_marks_without_their_text_are_still_marks(head: str, body: str) -> None:
    text = marked("page", head.replace("\n", " "), body)
    assert len(bodies(text)) == 1
    assert bodies(without_bodies(text, lambda _: "gone")) == ["gone"]


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30).filter(lambda text: not text.startswith("{")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
)


@given(PLAIN)
def test_without_any_page_nothing_changes(value: Any) -> None:
    assert Redactor().plain({"value": value}) == {"value": value}
