"""A comparison of two ways as text: figures with intervals, what they mean, and the questions that went differently."""

from collections.abc import Generator, Sequence

from ...tools.clean import one_line
from ..statistics.paired import Difference
from ..statistics.proportions import wilson
from .compare import Comparison, Runs, Way

SPEND = (("searches", 2), ("browses", 2), ("model_calls", 2), ("tokens_in", 0), ("tokens_out", 0), ("usd", 5))
"""What is compared of the spend, with so many digits."""
CLEAR = 0.05
LEAST_P = 0.0005
_ANSWER = 40


def told(first: Way, second: Way, comparisons: Sequence[Comparison]) -> Generator[str]:
    """The comparisons as lines of text, the questions in which the two differ last."""
    names = _names(first, second)
    for number, comparison in enumerate(comparisons):
        if number:
            yield ""
        asked = f"{len(comparison.pairs)} question{'s' * (len(comparison.pairs) != 1)}"
        yield f"{comparison.suite}, budget {comparison.budget}: {names[0]} against {names[1]}, {asked}"
        yield from _figures(comparison, names)
        yield f"  {verdict(comparison, names, len(comparisons))}"
        yield from _changed(comparison, names)
    alone = [len(way.runs) - sum(len(comparison.pairs) for comparison in comparisons) for way in (first, second)]
    if any(alone):
        yield ""
        yield f"left out, as only one of the two was asked: {alone[0]} of {names[0]}, {alone[1]} of {names[1]}"
    if first.unscored or second.unscored:
        yield ""
        yield f"left out, as not scored: {first.unscored} runs of {names[0]}, {second.unscored} of {names[1]}"


def _names(first: Way, second: Way) -> tuple[str, str]:
    """What sets the two apart: strategy, else model, else which was named first."""
    if first.strategy != second.strategy:
        return first.strategy, second.strategy
    return (first.model, second.model) if first.model != second.model else ("the first", "the second")


def _figures(comparison: Comparison, names: tuple[str, str]) -> Generator[str]:
    one, two, gap = comparison.right()
    count = len(comparison.pairs)
    shares = [f"{share:.0%} ({low:.0%} to {high:.0%})" for share in (one, two) for low, high in (wilson(share, count),)]
    rows = [("", *names, "difference"), ("right", *shares, signed(gap, 100, 1, "%"))]
    for name, digits in SPEND:
        found = comparison.spent(name)
        if found and any(found[:2]):
            means = [f"{mean:,.{digits}f}" for mean in found[:2]]
            rows.append((name.replace("_", " "), *means, signed(found[2], 1, digits, "")))
    widths = [max(len(row[at]) for row in rows) for at in range(4)]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def verdict(comparison: Comparison, names: tuple[str, str], tests: int) -> str:
    """What a comparison means, in a line; it is one of so many that were made together."""
    better, worse = comparison.better
    counts = f"{names[0]} did better in {better} question{'s' * (better != 1)}, {names[1]} in {worse}"
    if better == worse:
        return f"{counts}: no difference"
    together = f"; {comparison.p_of_all:.3f} as one of {tests} comparisons" if tests > 1 else ""
    clear = "a clear" if comparison.p_of_all < CLEAR else "no clear"
    p = "p < 0.001" if comparison.p < LEAST_P else f"p = {comparison.p:.3f}"
    return f"{counts}, {p} (McNemar{together}): {clear} difference"


def _changed(comparison: Comparison, names: tuple[str, str]) -> Generator[str]:
    changed = {name: pair for name, pair in comparison.pairs.items() if pair[0].share != pair[1].share}
    width = max((len(name) for name in changed), default=0)
    for question, pair in changed.items():
        sides = (f"{name} {_how(runs)}" for name, runs in zip(names, pair, strict=True))
        yield f"  {question.ljust(width)}  {'; '.join(sides)}"


def _how(runs: Runs) -> str:
    answer = one_line(runs.answer, _ANSWER) or "nothing"
    if len(runs.right) > 1:
        return f"{sum(runs.right)} of {len(runs.right)} right ({answer})"
    return f"{'right' if runs.right[0] else 'wrong'} ({answer})"


def signed(gap: Difference, scale: float, digits: int, unit: str) -> str:
    """A difference with its interval, in so many digits."""
    mean, low, high = (f"{scale * value:+,.{digits}f}{unit}" for value in (gap.mean, gap.low, gap.high))
    return f"{mean} ({low} to {high})"
