"""The result: plain data that says how far the answer can be trusted, and a receipt whose rows add up."""

import json
import re
from decimal import Decimal

import pytest
from scripted import ALDER, FINCH, QUESTION, ScriptedChat, browse, call, good_script, search, small_web
from spadework.agent import Budget, Result, run_agent
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.charges import Charge
from spadework.agent.result import SCHEMA_VERSION, sources_of, spend_of
from spadework.agent.state import Evidence, Finding


@pytest.fixture(scope="module")
def result() -> Result:
    web = small_web()
    return run_agent(QUESTION, Budget(searches=4, browses=4), model=ScriptedChat(good_script()), search=web, browse=web)


def test_the_result_is_fit_for_json_and_names_its_schema(result: Result) -> None:
    data = json.loads(json.dumps(result.to_dict()))
    assert data["schema_version"] == SCHEMA_VERSION
    assert (data["answer"], data["status"]) == ("Mara Finch", "verified")
    assert data["spend"]["usd"] == "0"
    assert "tools" not in data["spend"], "recordings made before there were further tools still say the same"
    assert data["budget"]["searches"] == 4
    assert {source["url"] for source in data["sources"]} == {ALDER, FINCH}
    assert all(source["title"] for source in data["sources"])
    assert [decision["outcome"] for decision in data["decisions"]] == ["SUCCESS"]


def test_every_quote_has_its_address_its_digest_and_its_time(result: Result) -> None:
    for item in (item for finding in result.findings for item in finding["evidence"]):
        assert item["url"].startswith("http://x.example/")
        assert re.fullmatch("[0-9a-f]{64}", item["digest"])
        assert re.match(r"\d{4}-\d\d-\d\dT", item["fetched"])


def test_the_rows_of_the_receipt_add_up_to_its_total(result: Result) -> None:
    rows = {line.split("  ")[0]: re.findall(r"[\d,.]+", line) for line in result.receipt().splitlines()}
    nodes = [rows[name] for name in rows if name in ("planner", "searcher", "act", "verifier", "finish")]
    assert len(nodes) >= 2
    for column, total in enumerate(rows["total"]):
        parts = [Decimal(row[column].replace(",", "")) for row in nodes]
        assert sum(parts) == Decimal(total.replace(",", ""))
    spend = result.spend
    assert [int(value.replace(",", "")) for value in rows["total"][:6]] == [
        spend.searches,
        spend.browses,
        spend.model_calls,
        spend.tokens_in,
        spend.tokens_cached,
        spend.tokens_out,
    ]


def test_a_receipt_has_a_row_for_each_attempt_when_there_are_several() -> None:
    web = small_web()
    script = ["{}", [search("Alder")], [browse(ALDER)], *(["ANSWER: nobody"] * 9)]
    result = run_agent(QUESTION, Budget(searches=9, browses=9), model=ScriptedChat(script), search=web, browse=web)
    assert len(result.attempts) > 1
    assert "attempt 2" in result.receipt()


def charge(kind: str, amounts: Amounts, status: str = "settled", marks: tuple[str, ...] = ()) -> Charge:
    data = {"id": f"r/1/{kind}/0/1", "kind": kind, "node": kind, "status": status, "amounts": amounts.to_dict()}
    return Charge.from_dict({**data, "attempt": 1, "what": "", "marks": marks})


def test_seconds_are_those_of_the_clock_and_one_unknown_price_makes_the_sum_unknown() -> None:
    clock = charge("clock", Amounts(ms=1_500))
    model = charge("model", Amounts(tokens_in=5, tokens_out=3, picousd=10**10, ms=9_000, model_calls=1))
    spend = spend_of([clock, model])
    assert spend.seconds == 1.5
    assert spend.usd == Decimal("0.01")
    assert spend_of([clock, model, charge("model", Amounts(model_calls=1), marks=("unpriced",))]).usd is None


def test_further_tools_are_in_the_spend_and_the_receipt_of_a_result() -> None:
    def translate(text: str) -> str:
        """Translate a text."""
        return f"{text} in English"

    script = good_script()
    script.insert(1, [call("translate", text="Brücke"), call("translate", text="Stein")])
    web, budget = small_web(), Budget(searches=4, browses=4, tools={"translate": 1})
    result = run_agent(QUESTION, budget, model=ScriptedChat(script), search=web, browse=web, tools=[translate])
    assert result.spend.tools == {"translate": 1}
    assert "translate calls: 1 of 1" in result.receipt().splitlines()
    data = json.loads(json.dumps(result.to_dict()))
    assert data["spend"]["tools"] == data["receipt"]["total"]["tools"] == {"translate": 1}
    assert {row["name"]: row["tools"] for row in data["receipt"]["by_tool"]}["translate"] == {"translate": 1}


def test_the_receipt_in_full_has_every_split_and_each_call_by_its_words(result: Result) -> None:
    full = result.receipt(full=True)
    assert [line for line in full.splitlines() if line.startswith("by ")] == [
        "by node",
        "by tool",
        "by attempt",
        "by constraint",
    ]
    assert f"browse {ALDER}: c0 c1" in full
    assert "search Mara Finch: c2" in full
    assert "by tool" not in result.receipt()
    assert max(map(len, full.splitlines())) <= 80


def test_a_source_seen_on_a_page_and_in_a_result_counts_as_a_page() -> None:
    def finding(kind: str, url: str) -> Finding:
        item = Evidence(kind="page" if kind == "page" else "snippet", url=url, quote="q", fetched="", digest="")
        return Finding(candidate="a", constraint="c0", verdict="satisfied", proof="page", evidence=[item], inference="",
                       by="searcher")  # fmt: skip

    found = sources_of([finding("snippet", "b"), finding("snippet", "a"), finding("page", "a")], {"a": "Title"}, ["c"])
    assert [(item.url, item.kind, item.title) for item in found] == [("a", "page", "Title"), ("b", "snippet", "")]
    assert [(item.url, item.kind) for item in sources_of([], {}, ["c"])] == [("c", "read")]
