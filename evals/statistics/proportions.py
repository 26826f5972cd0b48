"""How sure a share is."""

from math import sqrt
from statistics import NormalDist

LEVEL = 0.95


def wilson(share: float, questions: int, level: float = LEVEL) -> tuple[float, float]:
    """The Wilson score interval of a share that was seen in so many independent questions, both ends in 0..1.

    Runs of one question are not independent of each other: where questions were run several times, `share` is the mean
    over the questions and `questions` their number, not that of the runs. That is never too narrow. No questions give
    (0, 1). Raises ValueError for a share outside 0..1 (Wilson 1927; Brown, Cai and DasGupta 2001 for its coverage).

    >>> [round(end, 4) for end in wilson(0.8, 10)]
    [0.4902, 0.9433]
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share is between 0 and 1, not {share!r}")
    if questions < 1:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    scale = 1 + z * z / questions
    middle = (share + z * z / (2 * questions)) / scale
    half = z / scale * sqrt(share * (1 - share) / questions + z * z / (4 * questions * questions))
    # Rounding must not push the ends of a sure share past it.
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))
