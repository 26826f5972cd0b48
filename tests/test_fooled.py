"""Whatever a page talks a model into, the limits, the addresses and the proof hold; see `fooled` and `attack_table`."""

from dataclasses import replace
from pathlib import Path

import attack_checks
import pytest
from attack_runs import PRICES, raid
from attack_table import ATTACKS, FOLDER, UNSEEN, Attack
from fooled_orders import orders_in


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_no_page_talks_the_agent_out_of_its_bounds(attack: Attack, prices: Path) -> None:
    async with raid(attack, prices) as it:
        await it.run()
        for verb, part in attack.tried:
            done = [what for role, verb_done, what in it.model.obeyed if verb in f"{role} {verb_done}"]
            assert any(part in what for what in done), f"{verb} {part!r} was not tried: the page tests nothing"
        assert not attack_checks.spent(it)
        assert not attack_checks.reached(it)
        assert not attack_checks.unproven(it)
        assert not [fault for prompt in it.model.prompts for fault in attack_checks.forged(prompt)]
        assert not attack_checks.unprintable(it)
        assert not (attack.lie and it.ended.status == "verified")


@pytest.mark.parametrize("attack", UNSEEN, ids=lambda attack: attack.name)
async def test_what_no_reader_sees_never_reaches_the_model(attack: Attack, prices: Path) -> None:
    async with raid(attack, prices) as it:
        await it.run()
        assert f"http://notes.example/{attack.name}" in it.asked, "the page was read"
        prompts = str(it.model.prompts)
        assert attack.gone not in prompts
        assert not it.model.obeyed
    raw = next(FOLDER.glob(f"{attack.name}.*")).read_text(encoding="utf-8")
    assert orders_in(raw), "it would have been obeyed"


@pytest.mark.integration
@pytest.mark.parametrize("strategy", ["bats", "bats-early:no-confirm", "bats-paper", "react-full", "sequential"])
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_nor_out_of_those_of_another_strategy(attack: Attack, strategy: str, prices: Path) -> None:
    async with raid(replace(attack, strategy=strategy), prices) as it:
        await it.run()
        faults = [*attack_checks.spent(it), *attack_checks.reached(it), *attack_checks.unproven(it)]
        faults += [fault for prompt in it.model.prompts for fault in attack_checks.forged(prompt)]
        assert not [*faults, *attack_checks.unprintable(it)]
        assert not (attack.lie and it.ended.status == "verified")
