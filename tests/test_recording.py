"""Findings taken in: the calls that brought them are credited, so that the receipt can tell what each part cost."""

from typing import Any

from scripted import (
    ALDER,
    BORN,
    BUILT,
    CONSTRAINTS,
    FINCH,
    QUESTION,
    SPANS,
    Script,
    ScriptedChat,
    SmallWeb,
    answer,
    browse,
    finding,
    good_script,
    record,
    search,
    small_web,
)
from spadework.agent import Budget, Result, run_agent


def play(script: Script, web: SmallWeb | None = None) -> Result:
    web = web or small_web()
    return run_agent(QUESTION, Budget(searches=4, browses=4), model=ScriptedChat(script), search=web, browse=web)


def by_constraint(result: Result) -> dict[str, tuple[int, int, int]]:
    """Searches, page reads and model calls by constraint, as the receipt has them."""
    rows = result.to_dict()["receipt"]["by_constraint"]
    return {row["name"]: (row["searches"], row["browses"], row["model_calls"]) for row in rows}


def test_the_receipt_of_a_good_run_says_what_each_constraint_cost() -> None:
    result = play(good_script())
    assert by_constraint(result) == {
        "c0 c1": (1, 1, 0),  # the search and the page that say who built it and where
        "c0 c1 c2": (0, 0, 1),  # the reply that told all findings
        "c2": (1, 1, 0),
        "nothing proven": (0, 0, 3),  # the turns that only asked for these, and the second look
    }


def test_calls_that_brought_nothing_are_in_the_row_for_it() -> None:
    web = SmallWeb({ALDER: f"{SPANS} {BUILT}", FINCH: BORN, "http://x.example/larch": "The Larch Mill grinds rye."})
    script = good_script()
    script[1:1] = [[search("Larch")], [browse("http://x.example/larch")]]
    result = play(script, web)
    assert by_constraint(result)["nothing proven"] == (1, 1, 5)


def test_a_finding_that_is_told_again_credits_nobody() -> None:
    told = record(finding("Mara Finch", "c0", (ALDER, BUILT)))
    script = [
        [record(constraints=CONSTRAINTS), search("Alder Bridge")],
        [browse(ALDER)],
        [told, search("Torve")],
        [told, browse(FINCH)],
        [answer("Mara Finch")],
    ]
    models = [charge for charge in play(script).charges if charge.kind == "model" and charge.node == "searcher"]
    assert [charge.constraints for charge in models[:4]] == [(), (), ("c0",), ()]


def test_a_quote_from_a_result_credits_the_search_and_later_the_page_that_proves_it() -> None:
    script = [
        [record(constraints=CONSTRAINTS), search("Alder Bridge", "Mara Finch")],
        [record(finding("Mara Finch", "c1", (ALDER, SPANS))), browse(FINCH)],
        [browse(ALDER)],
        [answer("Mara Finch")],
    ]
    result = play(script)
    credited = {charge.what: charge.constraints for charge in result.charges if charge.kind != "model"}
    assert credited["Alder Bridge"] == ("c1",)
    assert credited[ALDER] == ("c1",), "the page was read after the finding was told, and promoted it"
    assert credited[FINCH] == ()


def test_the_call_of_the_verifier_is_credited_with_what_it_found() -> None:
    checks = [finding("", "c0", (ALDER, BUILT)), finding("", "c1", (ALDER, SPANS))]

    def script(messages: list[dict[str, Any]]) -> Any:
        if "checks" in messages[0]["content"]:
            return f'{{"checks": {checks!r}}}'.replace("'", '"')
        return turns.pop(0) if turns else ""

    turns = [[record(constraints=CONSTRAINTS), search("Alder Bridge")], [browse(ALDER)], [answer("Mara Finch")]]
    verifier = [charge for charge in play(script).charges if charge.node == "verifier"]
    assert verifier[0].constraints == ("c0", "c1")
