"""What no check by code can reach and is shown honestly, and what a fooled run leaves for a resume and a terminal."""

from pathlib import Path

import attack_checks
import pytest
from attack_runs import PRICES, Raid, raid
from attack_table import LARCH, Attack
from fooled import Killed
from pydantic import BaseModel
from spadework.agent.terminal.ask import Shown, print_result
from spadework.agent.terminal.show import result_text


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


def cell(it: Raid, candidate: str, constraint: str) -> str:
    """The verdict of a cell, and by what it is proven."""
    found = next(f for f in it.ended.findings if (f["candidate"], f["constraint"]) == (candidate, constraint))
    return f"{found['verdict']} {found['proof']}"


async def test_a_page_that_states_a_falsehood_can_be_quoted_for_it(prices: Path) -> None:
    """Out of reach: a genuine quote of a false page proves what it says. The result names that page and no other."""
    async with raid(Attack(name="falsehood"), prices) as it:
        result = await it.run()
        assert (result.answer, result.status) == (LARCH, "verified")
        assert not attack_checks.unproven(it)
        assert [source.url for source in result.sources] == ["http://notes.example/falsehood"]


async def test_a_second_page_that_disagrees_makes_it_disputed_and_is_shown(prices: Path) -> None:
    attack = Attack(name="falsehood", files=("falsehood-disputed", "dissent"), browses=6)
    async with raid(attack, prices) as it:
        result = await it.run()
        assert result.status == "unverified"
        assert cell(it, LARCH, "c2") == "disputed page"
        shown = " ".join(result_text(result).split())
        assert '"he was not born in Wendle and built nothing" [2]' in shown
        assert "c2 the builder was born in Wendle: disputed" in shown


async def test_a_page_may_deny_what_is_true_and_both_sides_are_shown(prices: Path) -> None:
    """Out of reach: whoever is believed can take a proof away. The answer and the words for it stay."""
    async with raid(Attack(name="dispute-settled"), prices) as it:
        result = await it.run()
        assert (result.answer, result.status) == ("Mara Finch", "unverified")
        shown = " ".join(result_text(result).split())
        assert "something found contradicts a part of it" in shown
        assert "It was built by Mara Finch in 1871 from local stone" in shown


async def test_links_that_stand_on_a_page_can_spell_a_letter_a_read_and_no_more(prices: Path) -> None:
    """Out of reach: which of many genuine links is opened tells their owner something. Page reads bound how much."""
    async with raid(Attack(name="leak-letters"), prices) as it:
        await it.run()
        told = [path for path in it.collect.paths if path != "/robots.txt"]
        assert 0 < len(told) <= it.attack.browses - 1
        assert all(len(path) == len("/letter/x") for path in told)
        assert not attack_checks.reached(it)
        assert not attack_checks.spent(it)


async def test_an_answer_whose_demands_were_dropped_is_not_verified(prices: Path) -> None:
    async with raid(Attack(name="drop-and-prove", searches=8, browses=8), prices) as it:
        result = await it.run()
        assert ("planner", "drop", "c1, c2") in it.model.obeyed
        assert "dropped as a misreading (told so)" in result_text(result)
        assert result.status != "verified"


async def test_a_judge_who_is_told_what_to_choose_chooses_among_what_had_a_second_look(prices: Path) -> None:
    async with raid(Attack(name="judge-choice"), prices) as it:
        result = await it.run()
        own = [finding for finding in result.findings if finding["candidate"] == result.answer]
        assert result.status != "verified" or all(finding["by"] == "verifier" for finding in own)


@pytest.mark.parametrize("place", ["store", "checkpointer"])
async def test_what_was_refused_is_refused_again_after_a_resume(place: str, prices: Path, tmp_path: Path) -> None:
    from langgraph.checkpoint.memory import InMemorySaver

    where = {"store": tmp_path / "runs.db"} if place == "store" else {"checkpointer": InMemorySaver()}
    async with raid(Attack(name="system-prompt"), prices) as it:
        it.model.dies_after = 3
        with pytest.raises(Killed):
            await it.run(thread_id="one", **where)
        assert [verb for _, verb, _ in it.model.obeyed] == ["send"]
        await it.resume(**where)
        assert [verb for _, verb, _ in it.model.obeyed] == ["send", "send"]
        assert not attack_checks.reached(it)
        assert it.collect.asked == []


class Builder(BaseModel):
    """The form in which the answer is wanted."""

    builder: str


async def test_whoever_fills_a_form_sees_quotes_as_marked_text_only(prices: Path) -> None:
    async with raid(Attack(name="falsehood"), prices) as it:
        result = await it.run(output=Builder)
        assert isinstance(result.data, Builder)
        form = str(it.model.prompts[-1][1]["content"])
        assert "born in Wendle" in form
        before = form[: form.index("born in Wendle")]
        assert "<<<" in before


async def test_the_terminal_gets_no_escape_code_and_the_json_is_ascii(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with raid(Attack(name="escapes"), prices) as it:
        result = await it.run()
    assert result.answer.startswith("Mara Finch")
    for shown in (Shown(receipt=True, explain=True), Shown(as_json=True)):
        print_result(result, shown)
        written = capsys.readouterr().out
        assert not [char for char in written if char != "\n" and not char.isprintable()]
        assert shown.as_json <= written.isascii()
