"""How the words of a frozen web stand in its index, and how a query asks for them.

SQLite's FTS5 does the ranking (BM25 with its fixed k1 = 1.2 and b = 0.75), and what it is given is chosen here: words
as `words_of` cuts them, without stop words; of the query its rarest ones, for common ones cost time and tell little;
each pair of words that stands together in it, as a phrase; and words of names twice. The weights were chosen on the
bundled webs of seeds 1 to 4 among 20,000 pages; `python -m spadework.evals.bench.frozen` measures others.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from ..reading.ranking import names_of, words_of

TOKENIZER = "ascii"
"""FTS5's simplest one: text comes to it as words with spaces between, and everything that is not ASCII is a letter."""
TITLE_WEIGHT = 3.0
MOST_PLACES = 5_000
"""Pages that the words of a query may stand on, all counts added: that bounds the time of a search."""
COMMON = 50
"""A word on so many pages is common: the file says on how many it stands."""
MAX_WORDS = 48
_ANY_WORD = re.compile(r"[^\W_]+")


def indexed(text: str) -> str:
    """`text` as it goes into the index."""
    return " ".join(_words(text))


def matching(query: str, common: Mapping[str, int], most: int = MOST_PLACES) -> str:
    """`query` as an FTS5 expression; empty where it has no words. `common` has the counts of common words.

    >>> matching("Who built the Alder Bridge?", {"bridge": 9_000})
    '"built" OR "alder" OR "alder" OR "built alder" OR "alder bridge"'
    """
    words = _words(query)[:MAX_WORDS]
    kept = _rarest(list(dict.fromkeys(words)), common, most)
    names = names_of(query)
    pairs = [(one, two) for one, two in dict.fromkeys(pairwise(words)) if one in kept or two in kept]
    terms = [*kept, *(word for word in kept if word in names), *(f"{one} {two}" for one, two in pairs)]
    return " OR ".join(f'"{term}"' for term in terms)


def _rarest(words: Sequence[str], common: Mapping[str, int], most: int) -> list[str]:
    """The rarest of the words, in their order: as many as stand on `most` pages together, one at least."""
    kept: set[str] = set()
    places = 0
    for word in sorted(words, key=lambda word: common.get(word, 0)):
        places += common.get(word, 0)
        if kept and places > most:
            break
        kept.add(word)
    return [word for word in words if word in kept]


def _words(text: str) -> list[str]:
    """The words that tell something; where there are none (a band called The Who), all of them."""
    return words_of(text) or _ANY_WORD.findall(text.casefold())
