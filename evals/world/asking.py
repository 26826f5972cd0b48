"""The questions of a bundled web: made one by one, of each tier as many as are wanted or can be found."""

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...tools.errors import ConfigError
from .balanced import Maker
from .choosing import Option, choose, length, longest, options
from .clues import kinds
from .difficulty import TIERS, USUAL, Difficulty, Tier, span_text, within
from .measuring import measured
from .questions import Question, Web

log = logging.getLogger("spadework")


def make_questions(
    web: Web, rng: random.Random, each_tier: int, difficulty: Difficulty = USUAL, *, balance: bool = False
) -> list[Question]:
    """As many questions of each tier as are wanted or can be found, hard ones first; no answer is asked for twice.

    When fewer than asked for are found, that is a warning. Raises ConfigError when none is, unless the world is as
    usual.
    """
    each: dict[Tier, int] = {tier: each_tier if difficulty.tier in (None, tier) else 0 for tier in TIERS}
    if not each_tier:
        return []
    found = Maker(web, rng, each, difficulty).run() if balance else _usual(web, rng, each, difficulty)
    if balance or difficulty != USUAL:
        _tell(found, each, difficulty)
    return [replace(q, id=f"{tier}-{n:02}") for tier in found for n, q in enumerate(found[tier], start=1)]


def _tell(found: Mapping[Tier, Sequence[Question]], each: Mapping[Tier, int], difficulty: Difficulty) -> None:
    wanted = f"constraints {span_text(difficulty.constraints)}, hops {span_text(difficulty.hops)}"
    wanted += f", candidates {span_text(difficulty.candidates)}"
    if not any(found.values()):
        tier = f"{difficulty.tier} " if difficulty.tier else ""
        raise ConfigError(f"this world has no {tier}question with {wanted}: ask for less, or for other pages")
    if any(len(found[tier]) < number for tier, number in each.items()):
        told = " and ".join(f"{len(found[tier])} of {number} {tier}" for tier, number in each.items() if number)
        log.warning("found %s questions with %s", told, wanted)


def _usual(
    web: Web, rng: random.Random, each: Mapping[Tier, int], difficulty: Difficulty
) -> dict[Tier, list[Question]]:
    most = max(each.values())
    room = {(tier, kind): -(-each[tier] // 5) for tier in TIERS for kind in kinds()}
    found: dict[Tier, list[Question]] = {"hard": [], "plain": []}
    answers: set[str] = set()
    given = {kind: options(web.facts, kind, difficulty) for kind in kinds()}
    for kind in [kind for _ in range(most * 10) for kind in kinds()]:
        if all(len(found[tier]) >= each[tier] for tier in TIERS):
            break
        if not room["hard", kind] + room["plain", kind]:
            continue
        question = _attempt(web, rng, given[kind], kind, difficulty)
        if question is None or question.answer_id in answers or not room[question.tier, kind]:
            continue
        if len(found[question.tier]) < each[question.tier]:
            room[question.tier, kind] -= 1
            answers.add(question.answer_id)
            found[question.tier].append(question)
    return found


def _attempt(
    web: Web, rng: random.Random, given: Sequence[Option], kind: str, difficulty: Difficulty
) -> Question | None:
    """One try at a question for a random answer: clues as they come, most of them indirect."""
    target = rng.choice(web.facts.of_kind(kind)).id
    if target not in web.unmistakable:
        return None
    fit = [(clue, members) for clue, members in given if target in members]
    wanted = length(rng, difficulty)
    rng.shuffle(fit)
    direct = wanted if difficulty.hops[1] == 1 else wanted // 2 - 1
    chosen = choose(fit, target, wanted, direct=direct)
    if chosen is None or not within(difficulty.hops, longest(chosen)):
        return None
    return measured(web, rng, target, chosen)
