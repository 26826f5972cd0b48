"""No model, however it misbehaves, passes a limit or keeps a run from its end; the fakes count for themselves."""

import json
import logging
import random
import sys
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from rogue import LIMITS, PRICES, Clock, Rogue
from scripted import PAGES, QUESTION
from spadework.agent import Budget, Result, arun_agent, graph
from spadework.agent.nodes import calls
from spadework.agent.settings import Settings
from spadework.agent.strategies import STRATEGIES, parts_of

PLAYED = (
    *["bats-early"] * 12,
    *STRATEGIES,
    *(f"bats-early:no-{part}" for part in parts_of(STRATEGIES["bats-early"])),
    "bats:no-policy",
    "bats-paper-early:no-planning",
)
STEPS_A_CALL = 8
"""More supersteps than this to a call of the model mean that the graph turned without one."""


async def play(seed: int, prices: Path) -> tuple[Rogue, Result]:
    """One run with everything drawn from the seed."""
    chance = random.Random(seed)
    limited = chance.sample(sorted(LIMITS), k=chance.randint(0, 4))
    budget = Budget(**{name: chance.choice(LIMITS[name]) for name in limited})
    rogue = Rogue(chance, Clock(), budget, takes_tools=chance.random() < 0.8)
    settings = Settings(prices=str(prices), clock=rogue.clock)
    strategy = chance.choice(PLAYED)
    counted = rogue.counting_steps(graph._run)  # pyright: ignore[reportPrivateUsage]
    with patch.object(graph, "_run", counted):
        result = await _run(rogue, budget, strategy, settings, stored=seed % 10 == 0)
    return rogue, result


async def _run(rogue: Rogue, budget: Budget, strategy: str, settings: Settings, *, stored: bool) -> Result:
    return await arun_agent(
        QUESTION,
        budget,
        model=rogue,
        search=rogue,
        browse=rogue,
        tools=[rogue.dig],
        strategy=strategy,
        settings=settings,
        checkpointer=InMemorySaver() if stored else None,
    )


def broken(rogue: Rogue, result: Result) -> list[str]:
    """Everything that a run did which it must not do, by the fakes' own counts."""
    found = [*rogue.faults, *_passed(rogue), *_miscounted(rogue, result)]
    if result.status == "verified":
        found += [f"{item['id']} has no proof" for item in result.constraints if not _proven(result, item)]
    if rogue.steps > STEPS_A_CALL * rogue.calls_tried + 40:
        found.append(f"{rogue.steps} steps of the graph for {rogue.calls_tried} calls of the model")
    if any(item["verdict"] == "satisfied" for item in result.findings if _refuted(item)):
        found.append("a contradicted cell was dropped")
    if result.stop_reason == "error" and not result.fault:
        found.append("an error without a fault line")
    if "Error:" in result.fault:
        found.append(f"crashed: {result.fault}")
    if result.stop_reason == "budget" and not result.resource:
        found.append("the budget ended it, but which limit is not said")
    json.dumps(result.to_dict())
    return [*found, *([] if result.receipt() else ["no receipt"])]


def _refuted(finding: Any) -> bool:
    """Whether a cell was contradicted on some page and nobody who saw both sides has settled it since."""
    return "contradicted by" in finding.get("note", "") and finding["by"] != "verifier"


def _passed(rogue: Rogue) -> list[str]:
    """Limits that were passed. After a report of more than was held, what it concerns is over its limit."""
    found: list[str] = []
    for name in ("searches", "browses", "model_calls", "tokens"):
        limit, real = getattr(rogue.budget, name), rogue.seen[name]
        if limit is not None and real > limit and not (name == "tokens" and rogue.overran):
            found.append(f"{real} {name} of {limit}")
    for name, limit in rogue.budget.tools.items():
        if rogue.seen[f"tools.{name}"] > limit:
            found.append(f"{rogue.seen[f'tools.{name}']} calls of {name}, of {limit}")
    if rogue.budget.usd is not None and rogue.usd > Decimal(str(rogue.budget.usd)) and not rogue.overran:
        found.append(f"${rogue.usd} of ${rogue.budget.usd}")
    return found


def _miscounted(rogue: Rogue, result: Result) -> list[str]:
    found: list[str] = []
    for name in ("searches", "browses", "model_calls"):
        if getattr(result.spend, name) != rogue.seen[name]:
            found.append(f"the receipt says {getattr(result.spend, name)} {name}, really {rogue.seen[name]}")
    dug = sum(charge.amounts.tools.get("dig", 0) for charge in result.charges)
    # A call whose arguments do not fit the function is charged and never reaches it.
    if dug < rogue.seen["tools.dig"]:
        found.append(f"the receipt says {dug} calls of dig, really {rogue.seen['tools.dig']}")
    if result.spend.tokens_in + result.spend.tokens_out < rogue.seen["tokens"]:
        found.append("the receipt forgets tokens")
    if result.spend.usd is None or result.spend.usd < rogue.usd:
        found.append(f"the receipt says ${result.spend.usd}, really ${rogue.usd}")
    return found


def _proven(result: Result, constraint: dict[str, Any]) -> bool:
    if constraint.get("dropped"):
        return True
    return any(
        item["kind"] == "page" and item["quote"] in PAGES.get(item["url"], "")
        for found in result.findings
        if found["constraint"] == constraint["id"] and found["candidate"] == result.answer
        for item in found["evidence"]
    )


async def many(seeds: range, prices: Path) -> tuple[Counter[str], dict[str, float]]:
    ends: Counter[str] = Counter()
    used: dict[str, list[float]] = defaultdict(list)
    for seed in seeds:
        started = time.monotonic()
        rogue, result = await play(seed, prices)
        assert not broken(rogue, result), f"seed {seed}, {rogue.budget}: {broken(rogue, result)}"
        assert time.monotonic() - started < 5, f"seed {seed} took {time.monotonic() - started:.1f} s"
        ends[f"{result.stop_reason}, {result.status}"] += 1
        ends["model calls"] += rogue.seen["model_calls"]
        if limit := getattr(rogue.budget, result.resource, 0) if result.stop_reason == "budget" else 0:
            used[result.resource].append(_spent(result) / float(limit))
    return ends, {name: mean(shares) for name, shares in used.items()}


def _spent(result: Result) -> float:
    spend = result.spend
    return float(spend.tokens_in + spend.tokens_out if result.resource == "tokens" else getattr(spend, result.resource))


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Path:
    monkeypatch.setattr(calls, "BACKOFF_S", (0.0, 0.0))
    caplog.set_level(logging.CRITICAL, "spadework")
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


async def test_no_limit_is_passed_in_three_hundred_runs(prices: Path) -> None:
    ends, _ = await many(range(300), prices)
    assert {end.split(",")[0] for end in ends} >= {"answered", "budget", "no_leads", "error", "no_search_needed"}
    assert ends["answered, verified"], "runs that prove nothing would not test the proof"


@pytest.mark.integration
async def test_no_limit_is_passed_in_the_rest_of_ten_thousand(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started = time.monotonic()
    ends, used = await many(range(300, 10_000), prices)
    with capsys.disabled():
        sys.stderr.write(f"\n9,700 runs in {time.monotonic() - started:.1f} s: {dict(ends.most_common())}\n")
        shares = ", ".join(f"{name} {share:.0%}" for name, share in sorted(used.items()))
        sys.stderr.write(f"used of the limit that ended a run, on average: {shares}\n")
