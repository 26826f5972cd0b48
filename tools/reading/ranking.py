"""How well each passage of a text answers a goal: BM25, and what a passage takes over from its heading and neighbours.

The words of the goal count, names and numbers more than others, and pairs of words that stand together in the goal. So
do the words of the page's title: what a page is about is seldom said again in the goal. Where most passages hold the
title's words they weigh next to nothing; in a page about many things they lead to the right ones. A period that is
named ("the eighteen-fifties") stands for its years.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .periods import periods_of, years_in

_K1, _B = 2.0, 0.3
_NAME = 1.5
_TITLE = 2.0  # where the goal has up to so many words; in proportion more where it has more, as each of them tells less
_SHORT_GOAL, _LONG_GOAL = 10, 40
_PAIR = 2.0
_PERIOD = 1.5
_HEADING = 1.0  # of what one mention weighs
# How much of a passage's score the next one takes over.
_NEXT, _PRONOUN, _SAME_TABLE = 0.6, 0.8, 0.9
_LOOK_FOR_REPEATS = 60  # passages; what comes later is hardly ever shown
_REPEAT = 0.9
_LEAST_WORDS = 8
_CELLS = " | "

_CHARS = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_UNSPACED = re.compile(f"[{_CHARS}]+")
_WORD = re.compile(f"[{_CHARS}]+|[^\\W_{_CHARS}]+")
_POINTS_BACK = re.compile(r"(?:He|She|It|They|His|Her|Its|Their|This|That|These|Those|There)\b")
_STOP_WORDS = (
    "a an and are as at be been both by can could did do does for from had has have he her his how in is it its of on "
    "or she that the their them they this to was were what when where which who whom whose why will with would you"
)
_STOP = frozenset(_STOP_WORDS.split())

Counts = Mapping[int, float]
"""Passages by number, and how often each holds a word."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage to rank. `heading` is what it stands under but does not hold: headings, without the title of the page,
    and the first row of a table that was begun before.
    """

    text: str
    heading: str


def rank(pieces: Sequence[Piece], goal: str, title: str) -> list[int]:
    """The numbers of the pieces, the best first; in their order where the goal has no words.

    A piece that says once more what a better one says, word for word or nearly so, goes to the end.
    """
    if not pieces or not words_of(goal):
        return list(range(len(pieces)))
    words = [words_of(piece.text) for piece in pieces]
    scores = _carried(pieces, _scores(pieces, words, goal, title))
    order = sorted(range(len(pieces)), key=lambda i: (-scores[i], i))
    return _repeats_last(order, words)


def _scores(pieces: Sequence[Piece], words: Sequence[Sequence[str]], goal: str, title: str) -> list[float]:
    """BM25 of each piece: of the words wanted, of pairs of them, and of those in its heading."""
    weights, pairs, periods = _wanted(goal, title)
    spots = _spots(words, weights)
    mean = max(1.0, sum(map(len, words)) / len(words))
    norms = [_K1 * (1 - _B + _B * len(found) / mean) for found in words]
    scores = [0.0] * len(pieces)

    def add(counts: Counts, weight: float) -> float:
        worth = weight * math.log(1 + (len(pieces) - len(counts) + 0.5) / (len(counts) + 0.5))
        for i, count in counts.items():
            scores[i] += worth * count * (_K1 + 1) / (count + norms[i])
        return worth

    under = _under(pieces)
    for word, places in spots.items():
        worth = add({i: len(found) for i, found in places.items()}, weights[word])
        for i in under.get(word, ()):
            scores[i] += _HEADING * worth
    for one, two in pairs:
        together = _together(spots.get(one, {}), spots.get(two, {}))
        add(together, _PAIR * min(weights[one], weights[two]))
    years = [years_in(piece.text) for piece in pieces] if periods else []
    for period, weight in periods.items():
        add({i: count for i, found in enumerate(years) if (count := sum(year in period for year in found))}, weight)
    return scores


def _wanted(goal: str, title: str) -> tuple[dict[str, float], Iterable[tuple[str, str]], dict[range, float]]:
    """The words of the goal and the title with their weights, the pairs that stand together there, and the periods
    that are named there with theirs."""
    asked, named = words_of(goal), words_of(title)
    weights = dict.fromkeys(asked, 1.0)
    weights.update({form: _NAME for form in names_of(goal) if form in weights})
    title_weight = _TITLE * min(max(len(weights), _SHORT_GOAL), _LONG_GOAL) / _SHORT_GOAL
    weights = dict.fromkeys(named, title_weight) | weights
    periods = dict.fromkeys(periods_of(title), title_weight) | dict.fromkeys(periods_of(goal), _PERIOD)
    return weights, dict.fromkeys([*pairwise(asked), *pairwise(named)]), periods


def _spots(words: Sequence[Sequence[str]], weights: Mapping[str, float]) -> dict[str, dict[int, list[int]]]:
    """Where each wanted word stands: in which pieces, and at which places there."""
    spots: dict[str, dict[int, list[int]]] = {}
    for i, found in enumerate(words):
        for place, word in enumerate(found):
            if word in weights:
                spots.setdefault(word, {}).setdefault(i, []).append(place)
    return spots


def _under(pieces: Sequence[Piece]) -> dict[str, list[int]]:
    """The pieces below each word of a heading."""
    by_heading: dict[str, list[int]] = {}
    for i, piece in enumerate(pieces):
        if piece.heading:
            by_heading.setdefault(piece.heading, []).append(i)
    under: dict[str, list[int]] = {}
    for heading, below in by_heading.items():
        for word in dict.fromkeys(words_of(heading)):
            under.setdefault(word, []).extend(below)
    return under


def _together(ones: Mapping[int, Sequence[int]], twos: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """How often each piece has the second word right after the first."""
    found = {i: len({place + 1 for place in ones[i]}.intersection(twos[i])) for i in ones if i in twos}
    return {i: count for i, count in found.items() if count}


def _carried(pieces: Sequence[Piece], scores: Sequence[float]) -> list[float]:
    """The scores with what each piece takes over from the one before, most where it opens with a pronoun or goes on
    with a table: a thing is named once and spoken of for a while, and what stands above a table is about all its rows.
    """
    carried: list[float] = []
    before = 0.0
    for piece, score in zip(pieces, scores, strict=True):
        back = _POINTS_BACK.match(piece.text)
        before = score + before * (_SAME_TABLE if _CELLS in piece.heading else _PRONOUN if back else _NEXT)
        carried.append(before)
    return carried


def _repeats_last(order: Sequence[int], words: Sequence[Sequence[str]]) -> list[int]:
    kept: list[int] = []
    repeats: list[int] = []
    bags: list[set[str]] = []
    for i in order[:_LOOK_FOR_REPEATS]:
        bag = set(words[i])
        if len(bag) >= _LEAST_WORDS and any(len(bag & other) >= _REPEAT * len(bag | other) for other in bags):
            repeats.append(i)
        else:
            kept.append(i)
            bags.append(bag)
    return [*kept, *order[_LOOK_FOR_REPEATS:], *repeats]


def words_of(text: str) -> list[str]:
    """The words that ranking compares: lower case, accents folded, plurals cut, stop words left out.

    Scripts that put no spaces between words give pairs of characters.

    >>> words_of("The Cities of Île-de-France"), words_of("東京都")
    (['city', 'ile', 'de', 'france'], ['東京', '京都'])
    """
    text = text.lower()
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
        text = unicodedata.normalize("NFC", text)
    words: list[str] = []
    for run in _WORD.findall(text):
        if not run.isascii() and _UNSPACED.match(run):
            words.extend([run[i : i + 2] for i in range(len(run) - 1)] or [run])
        elif run not in _STOP:
            words.append(_singular(run))
    return words


def names_of(text: str) -> set[str]:
    """The words of names and numbers, as `words_of` gives them: those that begin with a capital or a digit."""
    marked = (word for word in _WORD.findall(text) if word[0].isupper() or word[0].isdigit())
    return {form for word in marked for form in words_of(word)}


def _singular(word: str) -> str:
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("xes", "ches", "shes", "sses", "zes")) else word[:-1]
