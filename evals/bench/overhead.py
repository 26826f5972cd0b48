"""What our machine costs on top of a bare loop: `python -m spadework.evals.bench.overhead`.

The same simulated model answers the questions of the bundled web under each strategy and budget, so that what differs
is what the prompts ask for. Each budget is so many searches and as many page reads. The same arguments print the same
figures on every machine. Tokens are estimated from the prompts' text.
"""

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ...agent.money.budget import Budget
from ...agent.result import Result
from ...agent.run import arun_agent
from ...agent.strategies import get_strategy
from ...tools.errors import ConfigError
from ..simulated.chat import CONTEXT, SimulatedChat
from ..simulated.meter import PARTS, STANDING, Metered
from ..simulated.web import SimulatedWeb
from ..world.making import SEED, make_world
from ..world.questions import Question

BASELINE, STRATEGIES = "react", ("react", "bats-early")
BUDGETS = (3, 5, 10)
SPENT = ("model_calls", "tokens_in", "tokens_out", "searches", "browses")
NODES = ("planner", "searcher", "verifier", "finish")
HEAD = (
    "strategy     budget right verified supported  calls tokens in   again    out searches reads"
    "  x calls  x in x out x new"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is measured: a strategy, so many searches and page reads, and the model's seed and skill."""

    strategy: str
    budget: int
    seed: int = 0
    skill: float = 1.0
    context: int = CONTEXT


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over some questions; `mean` divides them."""

    setting: Setting
    questions: int
    right: int
    statuses: Counter[str]
    spend: Counter[str]
    parts: Counter[str]
    """Tokens of the prompts, by part."""
    calls: Counter[str]
    """Model calls by node."""

    def mean(self, name: str) -> float:
        return self.spend[name] / self.questions

    def fixed(self) -> dict[str, float]:
        """Tokens a searcher's call has for the rules, the tools, and where things stand."""
        turns = max(1, self.calls["searcher"])
        standing = sum(self.parts[name] for name in STANDING)
        return {
            "rules": self.parts["rules"] / turns,
            "tools": self.parts["tools"] / turns,
            "standing text": standing / turns,
        }


async def measure(web: SimulatedWeb, questions: Sequence[Question], setting: Setting) -> Figures:
    """Answer the questions one after the other."""
    found = Figures(setting, len(questions), 0, Counter(), Counter(), Counter(), Counter())
    right = 0
    for question in questions:
        chat = Metered(SimulatedChat(web, question, seed=setting.seed, skill=setting.skill, context=setting.context))
        result = await arun_agent(
            question.text,
            Budget(searches=setting.budget, browses=setting.budget),
            model=chat,
            search=web.search,
            browse=web.browse,
            strategy=setting.strategy,
        )
        if result.stop_reason == "error":
            raise RuntimeError(f"{question.id} with {setting.strategy}: {result.fault}")
        right += is_right(result, question)
        found.statuses[result.status] += 1
        found.parts.update(chat.tokens)
        found.calls.update(chat.calls)
        spend = result.spend
        sums = {
            name: getattr(spend, name) for name in ("model_calls", "tokens_in", "tokens_out", "searches", "browses")
        }
        found.spend.update(sums | {"again": chat.again})
    return Figures(setting, len(questions), right, found.statuses, found.spend, found.parts, found.calls)


def is_right(result: Result, question: Question) -> bool:
    """Whether the answer is one of the names of what was asked for."""
    return result.answer.casefold() in {name.casefold() for name in (question.answer, *question.aliases)}


def report(found: Sequence[Figures]) -> Generator[str, None, None]:
    """The lines of the report."""
    yield f"{found[0].questions} questions, a question on average; 'again' is what a provider's cache can serve"
    yield HEAD
    bare = {item.setting.budget: item for item in found if item.setting.strategy == BASELINE}
    for item in found:
        yield _row(item, bare.get(item.setting.budget))
    yield "\nmodel calls by node, a question"
    yield _head(found)
    yield from (_line(node, [item.calls[node] / item.questions for item in found], 2) for node in NODES)
    yield "\ntokens of prompts by part, a question"
    yield _head(found)
    yield from (_line(part, [item.parts[part] / item.questions for item in found]) for part in PARTS)
    yield "\nfixed parts of each call of the searcher, tokens"
    yield _head(found)
    fixed = [item.fixed() for item in found]
    yield from (_line(part, [parts[part] for parts in fixed]) for part in fixed[0])


def _row(item: Figures, bare: Figures | None) -> str:
    mean = item.mean
    ratios = ""
    if bare is not None:
        for name, width in (("model_calls", 9), ("tokens_in", 6), ("tokens_out", 6)):
            ratios += f"{mean(name) / bare.mean(name):{width}.2f}"
        new, old = (figures.mean("tokens_in") - figures.mean("again") for figures in (item, bare))
        ratios += f"{new / old:6.2f}"
    return (
        f"{item.setting.strategy:12}{item.setting.budget:7}{item.right:6}{item.statuses['verified']:9}"
        f"{item.statuses['supported']:10}{mean('model_calls'):7.2f}{mean('tokens_in'):10,.0f}{mean('again'):8,.0f}"
        f"{mean('tokens_out'):7,.0f}{mean('searches'):9.2f}{mean('browses'):6.2f}{ratios}"
    )


def _head(found: Sequence[Figures]) -> str:
    return " " * 14 + "".join(f"{item.setting.strategy + ' ' + str(item.setting.budget):>14}" for item in found)


def _line(name: str, values: Sequence[float], digits: int = 0) -> str:
    return f"{name:14}" + "".join(f"{value:14,.{digits}f}" for value in values)


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}: give numbers from 1 on, such as 3,5,10")
    return [int(part) for part in parts]


def _names(text: str) -> list[str]:
    try:
        return [get_strategy(name).name for name in text.split(",")]
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


async def run(options: argparse.Namespace) -> list[Figures]:
    """Measure all settings that were asked for."""
    world = make_world(options.world)
    questions = world.questions[: options.questions]
    found: list[Figures] = []
    with SimulatedWeb(world) as web:
        for budget in options.budgets:
            for strategy in options.strategies:
                setting = Setting(
                    strategy=strategy,
                    budget=budget,
                    seed=options.seed,
                    skill=options.skill,
                    context=options.context,
                )
                found.append(await measure(web, questions, setting))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="overhead", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=32, help="how many questions of the bundled web (default 32)")
    parser.add_argument("--budgets", type=_numbers, default=BUDGETS, help="searches, and page reads, of a run: 3,5,10")
    parser.add_argument("--strategies", type=_names, default=STRATEGIES, help="by default react,bats-early")
    parser.add_argument("--seed", type=int, default=0, help="of the model: its first queries, what it overlooks")
    parser.add_argument("--skill", type=float, default=1.0, help="share of sentences that it takes in (default 1)")
    parser.add_argument("--context", type=int, default=CONTEXT, help=f"tokens of context (default {CONTEXT:,})")
    parser.add_argument("--world", type=int, default=SEED, help=argparse.SUPPRESS)
    for line in report(asyncio.run(run(parser.parse_args(arguments)))):
        sys.stdout.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
