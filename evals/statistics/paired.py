"""Whether two ways to answer the same questions differ: McNemar's test, and a bootstrap over the questions."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

from .proportions import LEVEL

RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over questions, and the interval that holds it."""

    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided p-value of McNemar's test, from how many questions only one of the two got right.

    Under the null hypothesis either is as likely to be the one, so the smaller count is binomial with one half
    (McNemar 1947; the exact form is in Agresti, Categorical Data Analysis, 10.1). Raises ValueError for a negative one.

    >>> mcnemar(1, 9)
    0.021484375
    """
    if min(only_first, only_second) < 0:
        raise ValueError(f"counts are 0 or more, not {only_first} and {only_second}")
    differing = only_first + only_second
    tail = sum(comb(differing, k) for k in range(min(only_first, only_second) + 1))
    return min(1.0, 2 * tail / 2**differing)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests made together, in their order, so that any below a level stays rare (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def paired_bootstrap(
    differences: Sequence[float], *, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """The mean of the questions' differences, with the bootstrap's percentile interval (Efron and Tibshirani 1993).

    One difference a question: the first way's value minus the second's, each averaged over its repetitions. The same
    for the same seed. Raises ValueError without any, and for fewer than 100 resamples.
    """
    if not differences:
        raise ValueError("there is no question that both were asked")
    if resamples < 100:
        raise ValueError(f"{resamples} resamples are too few: give 100 or more")
    size = len(differences)
    mean = sum(differences) / size
    if len(set(differences)) == 1:
        return Difference(mean, mean, mean)
    chance = random.Random(seed)
    means = sorted(sum(chance.choices(differences, k=size)) / size for _ in range(resamples))
    cut = round((1 - level) / 2 * resamples)
    return Difference(mean, means[cut], means[resamples - 1 - cut])
