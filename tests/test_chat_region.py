"""The screen of a run on any number of lines and columns."""

import pytest
from chat_events import EVIL, LIMITS, decision, events_of, plan_of, prompt, spend
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text
from spadework.agent.chat.screen.region import lay_out
from spadework.agent.chat.screen.view import View
from spadework.agent.events import BestEvent, CallEvent, DeltaEvent, Event, FindingEvent, PauseEvent, PromptEvent
from spadework.agent.llm.wire import Part
from wcwidth import wcswidth

SIZES = [(80, 24), (120, 40), (40, 10), (60, 6), (20, 4)]
TOOL = {"tools.translate_old_letters_into_plain_english": 3}


def drawn(view: View, width: int = 79, height: int = 23, *, ascii_only: bool = False) -> list[str]:
    return [line.plain.rstrip() for line in lay_out(view, width, height, ascii_only=ascii_only)]


def view_of(*events: Event, limits: dict[str, int] | None = None) -> View:
    view = View("Who built the Alder Bridge?", dict(LIMITS if limits is None else limits))
    view.tick(0.0)
    for event in events:
        view.take(event, view.at + 1.0)
    return view


TEXT = st.sampled_from(EVIL) | st.text(max_size=200)


@st.composite
def views(draw: st.DrawFn) -> View:
    """Any part of a run with any text, any limits, any number of constraints and steps."""
    events = events_of(draw(TEXT))
    view = View(draw(TEXT), draw(st.sampled_from([LIMITS, {}, {"searches": 0}, LIMITS | TOOL])))
    view.tick(0.0)
    for event in draw(st.lists(st.sampled_from(events), max_size=30)):
        view.take(event, view.at + draw(st.floats(0, 10_000)))
    if draw(st.booleans()):
        view.take(plan_of(draw(TEXT), draw(st.integers(1, 30))), view.at)
    return view


@settings(max_examples=400, deadline=None)
@given(views(), st.integers(20, 200), st.integers(4, 60), st.booleans())
def test_no_line_is_wider_and_no_screen_is_higher_than_the_terminal(
    view: View, width: int, height: int, ascii_only: bool
) -> None:
    lines = lay_out(view, width, height, ascii_only=ascii_only)
    assert len(lines) <= height
    for line in lines:
        assert line.cell_len <= width
        assert wcswidth(line.plain) <= width, "a character that takes no place, or too many"
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line.plain)


def test_everything_that_matters_is_on_a_small_screen() -> None:
    lines = drawn(view_of(*events_of("alder")), 79, 23)
    labels = [line.split()[0] for line in lines if line and line[0] != " "]
    assert labels == ["question", "best", "proof", "plan", "calls", "decided", "now", "thinks", "budget"]
    assert len([line for line in lines if " of " in line and ("░" in line or "█" in line)]) == 3


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_being_done_is_on_a_screen_of_any_size(width: int, height: int) -> None:
    view = view_of(spend(), CallEvent("search", "alder", "started"))
    view.tick(view.at + 7)
    text = " ".join(drawn(view, width, height))
    assert f"{view.elapsed:.0f} s  searching" in text
    if width > 20:
        assert "searching 7 s" in text
        assert "searches" in text


def test_the_tightest_gauges_are_shown_where_not_all_fit() -> None:
    text = "\n".join(drawn(view_of(spend(model_calls=8, tokens=80_000)), 39, 4))
    assert "model calls" in text
    assert "tokens" in text
    assert "searches" not in text


def test_a_gauge_has_the_colour_of_its_own_regime() -> None:
    styles: dict[str, str] = {}
    for gone in (0, 3, 6, 8, 9):
        for line in lay_out(view_of(spend(model_calls=gone), limits={"model_calls": 9}), 79, 23):
            styles |= {str(gone): str(span.style) for span in line.spans if "█" in line.plain[span.start : span.end]}
    assert styles["3"] == "yellow"
    assert (styles["8"], styles["9"]) == ("red", "bold red")


def test_each_constraint_has_its_verdict_and_the_words_that_show_it() -> None:
    lines = drawn(
        view_of(
            plan_of("born in Wick"),
            FindingEvent("Mara Finch", "c0", "satisfied", "page", "built by Mara Finch in 1871"),
            FindingEvent("Mara Finch", "c1", "contradicted", "page", "born in Leith"),
            BestEvent("Mara Finch", "unverified", ("c0",), ("c1", "c2")),
        )
    )
    assert "best     unverified, 1 of 3 proven  Mara Finch" in lines
    assert 'proof    [x] proven        what is asked  "built by Mara Finch in 1871"' in lines
    assert '         [!] contradicted  born in Wick  "born in Leith"' in lines
    assert "         [ ] open          born in Wick" in lines


def test_where_not_all_constraints_fit_the_open_ones_are_shown() -> None:
    proven = [FindingEvent("Mara", f"c{number}", "satisfied", "page", "words") for number in range(6)]
    view = view_of(plan_of("born in Wick", 8), *proven)
    text = "\n".join(drawn(view, 79, 16))
    assert text.count("[ ] open") == 2
    assert "more" in text
    assert f"proof    6 of 8 proven{'  [x]' * 6}{'  [ ]' * 2}" in drawn(view, 79, 8)


def test_a_step_tells_the_calls_that_it_took() -> None:
    lines = drawn(view_of(plan_of("find the builder")))
    assert "plan     [ ] 1. 1 of 2 calls  find the builder - find the builder" in lines


def test_calls_are_told_apart_in_words() -> None:
    view = view_of(
        CallEvent("search", "alder", "started"),
        CallEvent("search", "alder", "done", "3 results"),
        CallEvent("browse", "https://x.example/a", "failed", "404"),
        CallEvent("browse", "https://x.example/b", "free", "cached"),
        CallEvent("search", "more", "refused", "0 searches left"),
        CallEvent("browse", "https://x.example/c", "started"),
        plan_of("born in Wick"),
    )
    view.tick(view.at + 2)
    lines = drawn(view, 79, 39)
    first = next(index for index, line in enumerate(lines) if line.startswith("calls"))
    assert [line[9:] for line in lines[first : first + 5]] == [
        "✓ search  1.0 s  3 results  alder",
        "✗ read    0.0 s  failed: 404  x.example/a",
        "= read    0.0 s  cached  x.example/b",
        "– search  0.0 s  refused: 0 searches left  more",
        "• read    3.0 s  under way  x.example/c",
    ]


def test_a_slow_model_is_seen_to_read_and_then_to_write() -> None:
    view = view_of(CallEvent("model", "verifier", "started"), prompt("x" * 23_456, "verifier"))
    view.tick(view.at + 30)
    assert "checking the proof 31 s · a prompt of 23,456 characters" in "\n".join(drawn(view, 100))
    view.take(DeltaEvent("verifier", "The quote stands on the page."), view.at)
    text = "\n".join(drawn(view, 100))
    assert "29 characters written" in text
    assert "writes   The quote stands on the page." in text


@pytest.mark.parametrize(
    ("part", "text", "told"),
    [
        ("call", 'search {"queries": ["alder bridge", "wh', "asks     for a search: alder bridge · wh"),
        ("call", 'search {"queries": ["x"]}\nbrowse {"urls": ["https://a.exa', "asks     to read: https://a.exa"),
        ("call", 'record {"findings": [{"constraint": "c0", "candidate": "Mara', "asks     to note: Mara"),
        ("call", 'answer {"answer": "Mara Finch"}', "asks     to answer: Mara Finch"),
        ("call", "translate ", "asks     for translate"),
        ("call", '{"queries": [', "asks     for a tool"),
        ("text", '{"checks": [{"constraint": "c0", "quotes": [{"quote": "built by', "writes   built by"),
        ("text", 'Let me see.\n```json\n{"', "writes   Let me see."),
        ("text", 'Let me see.\n```json\n{"calls": [{"name": "search"', "writes   search"),
        ("text", '{"', "writes"),
        ("text", "The year is [1] 1871 {so}", "writes   The year is [1] 1871 {so}"),
    ],
)
def test_what_is_written_for_a_program_is_shown_in_its_words(part: Part, text: str, told: str) -> None:
    view = view_of(CallEvent("model", "searcher", "started"), DeltaEvent("searcher", text, part))
    assert told in drawn(view)


def test_what_is_written_fills_a_line_with_whole_words_and_goes_on_in_the_next() -> None:
    view = view_of(CallEvent("model", "searcher", "started"))
    seen: list[str] = []
    for word in ("Who built", " the Alder", " Bridge?", " I should", " look"):
        view.take(DeltaEvent("searcher", word, "thought"), view.at)
        seen.append(next(line for line in drawn(view, 30, 23) if line.startswith("> "))[2:])
    assert seen == ["Who built", "Who built the Alder", "Who built the Alder Bridge?", "I should", "I should look"]


def test_rows_keep_their_places_while_a_run_goes_on() -> None:
    view = view_of(CallEvent("model", "planner", "started"), DeltaEvent("planner", "so"), plan_of("born in Wick"))
    places: set[tuple[int, ...]] = set()
    for event in events_of("alder"):
        if event.kind != "plan":
            view.take(event, view.at + 1)
        lines = drawn(view)
        labels = ("best", "proof", "plan", "calls", "decided", "now", "budget")
        places.add(tuple(next(i for i, line in enumerate(lines) if line.startswith(label)) for label in labels))
    assert len(places) == 1


def test_a_decision_is_told_with_its_reason_in_plain_words() -> None:
    assert "decided  dig deeper: c1 is still open" in drawn(view_of(decision("c1 is still open", "CONTINUE")))


def test_in_a_reason_constraints_are_named_by_what_they_say() -> None:
    reason = "weakly proven: c0, c1; c9 is not known"
    assert "decided  dig deeper: weakly proven: the answer, 'born in Wick'; c9 is not known" in drawn(
        view_of(plan_of("born in Wick"), decision(reason, "CONTINUE")), 100
    )


def test_the_proof_that_is_counted_is_that_which_is_shown() -> None:
    view = view_of(
        plan_of("born in Wick"),
        BestEvent("Mara Finch", "supported", (), ()),
        FindingEvent("Mara Finch", "c1", "satisfied", "page", "born in Wick"),
    )
    assert "best     supported, 1 of 3 proven  Mara Finch" in drawn(view)


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (100, "now      ⠋ 10 s  little left  checking the proof 9 s · a prompt of 23,456 characters · small-model"),
        (79, "now      ⠋ 10 s  little left  checking the proof 9 s"),
        (59, "  ⠋ 10 s  little left  checking the proof 9 s"),
        (45, "  ⠋ 10 s  little left  checking the proof 9 s"),
        (41, "  ⠋ 10 s  little left  checking the proof"),
        (38, "  ⠋ 10 s  little left  checking the…"),
    ],
)
def test_what_is_being_done_loses_its_least_important_parts_first(width: int, told: str) -> None:
    asked = PromptEvent("r", "verifier", "verifier", "small-model", 1, [{"content": "x" * 23_456}], (), 9)
    view = view_of(CallEvent("model", "verifier", "started"), asked, spend("LOW"))
    view.tick(10.0)
    assert told in drawn(view, width)


def test_the_forecast_is_shortened_before_it_is_cut() -> None:
    view = view_of(spend(outlook="enough for 4 to 9 more rounds like the last ones (page reads may end first)"))
    assert "         enough for 4 to 9 more rounds (page reads may end first)" in drawn(view, 79)
    assert "like the last ones" in drawn(view, 100)[-1]


def test_who_waits_for_an_answer_of_the_user_says_so() -> None:
    assert "waiting for you: no page reads left" in "\n".join(
        drawn(view_of(PauseEvent("browses", "Mara", "unverified")))
    )


def test_a_terminal_without_unicode_gets_ascii() -> None:
    lines = drawn(view_of(*events_of("alder bridge " * 20)), ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert any("####" in line for line in lines)


def test_no_text_is_black_or_white() -> None:
    for ascii_only in (False, True):
        for line in lay_out(view_of(*events_of("alder")), 119, 39, ascii_only=ascii_only):
            styles = " ".join(str(span.style) for span in line.spans)
            assert not {"black", "white", "on"} & set(styles.split())


def test_parts_that_hold_text_from_outside_never_begin_with_it() -> None:
    view = view_of(*events_of("now      99 s  HIGH  done"))
    view.question = "budget   searches 0 of 0"
    for width in (39, 79):
        lines = drawn(view, width, 23)
        assert sum(line.startswith("now ") for line in lines) == (width == 79)
        assert not any(line.startswith("budget   searches 0") for line in lines)


def styles_of(line: Text, part: str) -> set[str]:
    start = line.plain.index(part)
    return {str(span.style) for span in line.spans if span.start <= start < span.end} | {str(line.style)} - {""}


def test_a_colour_ends_with_the_words_it_is_for() -> None:
    lines = lay_out(view_of(*events_of("alder"), spend(searches=1)), 79, 23)
    demand = next(line for line in lines if "[x] proven" in line.plain)
    assert styles_of(demand, "[x]") == {"green"}
    assert styles_of(demand, "alder") == set()
    gauge = next(line for line in lines if "█" in line.plain)
    assert styles_of(gauge, "░") == {"dim"}
    assert styles_of(next(line for line in lines if line.plain.startswith("question")), "Who") == {"bold"}
