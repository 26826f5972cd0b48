"""Measures how long the bundled web takes to make, and how much memory: `python -m spadework.evals.bench.world`.

Each size is made in a process of its own, without questions and with `--questions` of each tier in a balanced set, so
that the peak is that of one world: what the process held at most, above what it held before. Seconds are CPU time.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ..world.recipe import Recipe

SIZES = (300, 2_000, 5_000, 20_000)
_MB = 1024 if sys.platform != "darwin" else 1024 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """A world that was made: pages and questions asked for and had, CPU seconds, and peak memory in MB."""

    wanted: int
    pages: int
    asked: int
    questions: int
    seconds: float
    peak_mb: float

    @property
    def line(self) -> str:
        speed = self.pages / max(self.seconds, 1e-6)  # a clock of CPU time can stand still for a small world
        return (
            f"{self.wanted:>8,}{self.pages:>8,}{self.asked:>7}{self.questions:>11}"
            f"{self.seconds:>10.2f}{speed:>10,.0f}{self.peak_mb:>10,.0f}"
        )


def measure(recipe: Recipe) -> Made:
    """Make one world in this process."""
    before = _peak()
    started = time.process_time()
    world = recipe.make()
    seconds = time.process_time() - started
    asked = 2 * recipe.questions
    return Made(recipe.pages, len(world.pages), asked, len(world.questions), seconds, _peak() - before)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB


def apart(seed: int, pages: int, questions: int) -> Made:
    """Make one world in a process of its own. Raises subprocess.CalledProcessError where that fails."""
    given = ["--seed", str(seed), "--one", str(pages), "--questions", str(questions)]
    run = subprocess.run([sys.executable, "-m", __spec__.name, *given], stdout=subprocess.PIPE, text=True, check=True)
    return Made(**json.loads(run.stdout))


def main(arguments: Sequence[str]) -> int:
    """Print a line for each size, without and with questions; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spadework.evals.bench.world")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="pages, separated by commas")
    parser.add_argument("--questions", type=int, default=16, help="of each tier")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    out = sys.stdout
    if given.one:
        out.write(json.dumps(asdict(measure(Recipe(given.seed, given.questions, given.one, balance=True)))) + "\n")
        return 0
    out.write(f"{'wanted':>8}{'pages':>8}{'asked':>7}{'questions':>11}{'CPU s':>10}{'pages/s':>10}{'peak MB':>10}\n")
    for size in given.sizes.split(","):
        for questions in (0, given.questions) if given.questions else (0,):
            out.write(apart(given.seed, int(size), questions).line + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
