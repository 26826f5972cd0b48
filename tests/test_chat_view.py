"""Events folded into what a screen shows."""

from chat_events import LIMITS, decision, plan_of, prompt, spend
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.chat.screen.view import MOST_CALLS, TAIL, View
from spadework.agent.events import (
    AnswerEvent,
    BestEvent,
    CallEvent,
    CallState,
    DeltaEvent,
    Event,
    FindingEvent,
    PauseEvent,
)


def view_of(*events: Event) -> View:
    view = View("Who built it?", dict(LIMITS))
    for at, event in enumerate(events):
        view.take(event, float(at))
    return view


def test_a_call_runs_until_it_is_told_to_have_ended() -> None:
    view = view_of(CallEvent("search", "alder", "started"), CallEvent("search", "bridge", "started"))
    assert [call.what for call in view.running] == ["alder", "bridge"]
    view.take(CallEvent("search", "alder", "done", "3 results"), 5.0)
    first = view.calls[0]
    assert [call.what for call in view.running] == ["bridge"]
    assert (first.state, first.detail, first.began, first.ended) == ("done", "3 results", 0.0, 5.0)


def test_the_same_query_asked_twice_ends_once_for_each() -> None:
    view = view_of(*[CallEvent("search", "alder", "started")] * 2, CallEvent("search", "alder", "done"))
    assert [call.state for call in view.calls] == ["done", "started"]


def test_calls_that_never_start_have_ended_at_once() -> None:
    view = view_of(
        CallEvent("search", "alder", "refused", "0 left"), CallEvent("browse", "https://x/", "free", "cached")
    )
    assert [(call.state, call.ended) for call in view.calls] == [("refused", 0.0), ("free", 1.0)]
    assert not view.running


def test_a_model_that_thinks_is_no_call_unless_it_fails() -> None:
    view = view_of(CallEvent("model", "searcher", "started"))
    assert [asked.role for asked in view.thinking] == ["searcher"]
    view.take(CallEvent("model", "searcher", "failed", "busy"), 3.0)
    assert not view.thinking
    assert [(call.tool, call.detail, call.began, call.ended) for call in view.calls] == [("model", "busy", 0.0, 3.0)]
    view.take(CallEvent("model", "searcher", "started"), 4.0)
    view.take(CallEvent("model", "searcher", "done"), 5.0)
    assert (len(view.calls), view.thinking) == (1, [])


def test_what_a_model_writes_is_counted_and_thoughts_are_told_apart() -> None:
    view = view_of(
        CallEvent("model", "searcher", "started"),
        prompt("twelve chars"),
        DeltaEvent("searcher", "I think ", "thought"),
        DeltaEvent("searcher", "so", "thought"),
    )
    asked = view.thinking[0]
    assert (asked.part, asked.tail, asked.written, asked.prompt_chars) == ("thought", "I think so", 10, 12)
    view.take(DeltaEvent("searcher", "The answer"), 9.0)
    assert (asked.part, asked.tail, asked.written) == ("text", "The answer", 20)
    assert view.streams


def test_a_next_attempt_starts_with_an_empty_page() -> None:
    view = view_of(
        CallEvent("model", "searcher", "started"),
        DeltaEvent("searcher", "half a"),
        CallEvent("model", "searcher", "failed", "cut off"),
        CallEvent("model", "searcher", "started"),
    )
    assert view.thinking[0].tail == ""


def test_only_the_end_of_a_long_text_is_kept() -> None:
    view = view_of(CallEvent("model", "searcher", "started"), *[DeltaEvent("searcher", "word ")] * 2_000)
    assert TAIL // 2 <= len(view.thinking[0].tail) <= TAIL
    assert view.thinking[0].written == 10_000


def test_constraints_stand_as_they_do_for_the_answer_that_leads() -> None:
    view = view_of(
        plan_of("born in Wick", 5),
        FindingEvent("Mara Finch", "c0", "satisfied", "page", "built by Mara Finch"),
        FindingEvent("Mara Finch", "c1", "satisfied", "snippet", "Wick"),
        FindingEvent("Bo Reed", "c1", "contradicted", "page", "Leith"),
    )
    assert view.standing("c1") == "contradicted"  # named last, and there is no best answer yet
    view.take(BestEvent("mara finch", "unverified", ("c0",), ("c1",)), 9.0)
    assert [view.standing(f"c{number}") for number in range(3)] == ["proven", "snippet", "open"]
    found = view.cell("c0")
    assert found is not None
    assert found.quote == "built by Mara Finch"


def test_claims_without_proof_are_open() -> None:
    view = view_of(
        plan_of("born in Wick"),
        FindingEvent("Mara", "c0", "satisfied", "none"),
        FindingEvent("Mara", "c1", "unverifiable", "none"),
        FindingEvent("Mara", "c2", "satisfied", "inference"),
    )
    assert [view.standing(f"c{number}") for number in range(3)] == ["open", "open", "inference"]


def test_a_dropped_constraint_is_demanded_no_more() -> None:
    plan = plan_of("born in Wick")
    plan.constraints[1]["dropped"] = "a misreading"
    assert [item["id"] for item in view_of(plan).demands] == ["c0", "c2"]


def test_seconds_go_on_between_the_events_that_tell_them() -> None:
    view = View("Who?", dict(LIMITS))
    view.tick(100.0)
    view.take(spend(ms=3_000), 104.0)
    view.tick(106.0)
    assert (view.elapsed, view.gone["ms"]) == (6.0, 5_000)


def test_limits_that_were_topped_up_are_taken_over() -> None:
    view = view_of(spend("LOW"), PauseEvent("searches", "Mara", "unverified"))
    assert view.pause is not None
    more = spend("HIGH")
    view.take(type(more)({**LIMITS, "searches": 9}, {"searches": 4}, "HIGH"), 5.0)
    assert view.pause is None
    assert (view.limits["searches"], view.gone["searches"], view.regime) == (9, 4, "HIGH")


def test_the_last_decision_and_the_end_are_known() -> None:
    view = view_of(decision("stuck"), decision("enough", "SUCCESS"), AnswerEvent("Mara", "verified"))
    assert view.decision is not None
    assert (view.decision["reason"], view.status) == ("enough", "verified")


def test_a_call_that_is_made_once_more_in_another_way_is_no_failure() -> None:
    view = view_of(
        CallEvent("model", "searcher", "started"),
        CallEvent("model", "searcher", "failed", "asking in text", again=True),
    )
    assert [(call.state, call.detail) for call in view.calls] == [("done", "asking in text")]
    assert view.thinking == []


STATES: list[CallState] = ["started", "done", "failed", "refused", "free"]


@given(st.lists(st.sampled_from(STATES), max_size=40))
def test_any_order_of_calls_is_taken(states: list[CallState]) -> None:
    view = view_of(*(CallEvent("search", "alder", state) for state in states))
    assert len(view.running) <= states.count("started")


def test_a_long_run_keeps_its_last_calls() -> None:
    view = view_of(*(CallEvent("search", str(number), "refused") for number in range(MOST_CALLS + 50)))
    assert (len(view.calls), view.calls[-1].what) == (MOST_CALLS, str(MOST_CALLS + 49))
