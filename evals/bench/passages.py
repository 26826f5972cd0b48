"""Measures whether the answering sentence of a long page is among the passages that a model is shown first:
`python -m spadework.evals.bench.passages [--hotpot FOLDER] [--seed N] [--words N]`.

Pages of the bundled web, and of a folder with `questions.jsonl` and `corpus.jsonl` (--hotpot), are made long with text
of others (long_pages.py says how, and what the answering sentence is). Two simple ways run over the same pages:
the first tokens of the text, and its paragraphs ranked by plain BM25. The bundled web of --seed and every second
question are measured. Passages were tuned on the other questions (--tuning) and on the bundled webs of seeds 1 to 8.
"""

import argparse
import math
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ...tools.errors import ConfigError
from ...tools.reading.passages import choose_passages, estimate_tokens
from ..world.making import SEED
from .long_pages import PLACES, Proof, Shelf, hotpot_shelf, lengthen, world_shelf

LENGTHS = (4_000, 12_000, 40_000)
"""Words of the long pages."""
LIMITS = (1_500, 800, 400)
"""Tokens of passages; the first one is what most pages are shown with."""
CASES = 40
"""Proofs of each web that are measured at each length and place."""
_WORD = re.compile(r"\w+")

Way = Callable[[str, str, int], str]
"""Text, goal and limit in tokens to what is shown."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One page, goal and limit, and for each way whether it showed an answering sentence, and its CPU time in ms."""

    web: str
    words: int
    place: str
    goal: str
    limit: int
    shown: dict[str, bool]
    ms: dict[str, float]


def ours(text: str, goal: str, limit: int) -> str:
    """The first page of passages."""
    return choose_passages(text, goal, max_tokens=limit).text


def opening(text: str, goal: str, limit: int) -> str:
    """As much of the text's beginning as fits."""
    return text[: math.floor(len(text) * limit / estimate_tokens(text))]


def plain_bm25(text: str, goal: str, limit: int) -> str:
    """The paragraphs that score best for the goal's words, without context or neighbours, while they fit."""
    paragraphs, bags = _paragraphs(text)
    mean = statistics.fmean(bag.total() for bag in bags)
    scores = [0.0] * len(bags)
    for word in dict.fromkeys(_WORD.findall(goal.lower())):
        having = sum(word in bag for bag in bags)
        weight = math.log(1 + (len(bags) - having + 0.5) / (having + 0.5))
        for i, bag in enumerate(bags):
            if bag[word]:
                scores[i] += weight * bag[word] * 2.2 / (bag[word] + 1.2 * (0.25 + 0.75 * bag.total() / mean))
    shown: list[str] = []
    for i in sorted(range(len(bags)), key=lambda i: -scores[i]):
        size = estimate_tokens(paragraphs[i])
        if size > limit:
            break
        shown.append(paragraphs[i])
        limit -= size
    return "\n\n".join(shown)


@lru_cache(maxsize=1)
def _paragraphs(text: str) -> tuple[list[str], list[Counter[str]]]:
    paragraphs = text.split("\n\n")
    return paragraphs, [Counter(_WORD.findall(paragraph.lower())) for paragraph in paragraphs]


WAYS: dict[str, Way] = {"passages": ours, "opening": opening, "plain BM25": plain_bm25}


def holds(shown: str, answers: Sequence[str]) -> bool:
    """Whether one of the sentences stands there, whole."""
    flat = " ".join(shown.split())
    return any(" ".join(answer.split()) in flat for answer in answers)


def trials(shelf: Shelf, lengths: Sequence[int], *, seed: int, cases: int, limits: Sequence[int]) -> Iterator[Trial]:
    """Each way on each page, goal and limit; the pages depend on the seed and the proof alone."""
    proofs = random.Random(seed).sample(shelf.proofs, min(cases, len(shelf.proofs)))
    for words in lengths:
        for place in PLACES:
            for number, proof in enumerate(proofs):
                chance = random.Random(f"{seed} {number} {words} {place}")
                text = lengthen(proof, shelf.prose, words=words, place=place, chance=chance)
                for goal, asked in proof.goals:
                    for limit in limits:
                        shown, ms = _all_ways(text, asked, limit, proof)
                        yield Trial(shelf.name, words, place, goal, limit, shown, ms)


def _all_ways(text: str, goal: str, limit: int, proof: Proof) -> tuple[dict[str, bool], dict[str, float]]:
    shown: dict[str, bool] = {}
    ms: dict[str, float] = {}
    for name, way in WAYS.items():
        start = time.process_time()
        found = way(text, goal, limit)
        ms[name] = (time.process_time() - start) * 1000
        shown[name] = holds(found, proof.answers)
    return shown, ms


def share(found: Sequence[Trial], way: str = "passages") -> float:
    """How many of the trials showed the sentence, 0..1."""
    return sum(trial.shown[way] for trial in found) / len(found)


def table(found: Sequence[Trial]) -> str:
    """The shares in percent, and the mean time, by web and limit: in all, by length, by place and by goal."""
    lines = [f"{'':38}{'cases':>7}{''.join(f'{way:>12}' for way in WAYS)}{'ms':>8}"]
    for web, limit in dict.fromkeys((trial.web, trial.limit) for trial in found):
        part = [trial for trial in found if (trial.web, trial.limit) == (web, limit)]
        lines.append(_row(f"{web}, {limit} tokens", part))
        if limit != found[0].limit:
            continue
        keys: list[Callable[[Trial], str]] = [lambda t: f"{t.words} words", lambda t: t.place, lambda t: t.goal]
        for key in keys:
            lines += [_row(f"  {name}", [t for t in part if key(t) == name]) for name in dict.fromkeys(map(key, part))]
    return "\n".join(lines) + "\n"


def _row(name: str, found: Sequence[Trial]) -> str:
    ms = statistics.fmean(trial.ms["passages"] for trial in found)
    return f"{name:38}{len(found):7}{''.join(f'{share(found, way):12.1%}' for way in WAYS)}{ms:8.1f}"


def main(arguments: Sequence[str]) -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spadework.evals.bench.passages")
    parser.add_argument("--hotpot", type=Path, help="a folder with questions.jsonl and corpus.jsonl")
    parser.add_argument("--seed", type=int, default=SEED, help="of the bundled web and of the pages (%(default)s)")
    parser.add_argument("--words", type=int, help="only pages of so many words")
    parser.add_argument("--cases", type=int, default=CASES, help="proofs of each web (%(default)s)")
    parser.add_argument("--tuning", action="store_true", help="the questions that passages were tuned on")
    asked = parser.parse_args(arguments)
    if min(asked.cases, asked.words or 1) < 1 or asked.words == 0:
        sys.stderr.write(f"error: --words and --cases are at least 1, not {asked.words} and {asked.cases}\n")
        return 2
    try:
        shelves = [hotpot_shelf(asked.hotpot, tuning=asked.tuning)] if asked.hotpot else []
        shelves.append(world_shelf(asked.seed))
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    lengths = [asked.words] if asked.words else LENGTHS
    found = [t for shelf in shelves for t in trials(shelf, lengths, seed=asked.seed, cases=asked.cases, limits=LIMITS)]
    sys.stdout.write(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
