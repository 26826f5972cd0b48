"""Page text taken out of what is written down: what stands between marks, quotes, and what repeats either.

Questions, queries, addresses, titles and a model's own words stay. A model may have copied a passage into its words,
and our prompts repeat quotes: so whatever was seen as page text is looked for in all the rest.
"""

import re
from typing import Any

from ...tools.shapes import is_list, is_mapping
from ..llm.wire import dump_json, is_object, load_json
from ..proof.marks import without_bodies
from ..proof.quotes import long_enough

RUN = 40
"""So many letters in a row that stood in a page text are a copy of it; fewer may be a name, or chance."""
KEPT = frozenset({"question", "queries", "urls", "url", "what", "title", "answer", "answers", "candidate", "lead"})
"""Fields that are no page text, whatever they hold."""

_ADDRESS = re.compile(r"https?://\S+")


class Redactor:
    """Takes page text out of plain data, and remembers it to know it again."""

    def __init__(self) -> None:
        self._runs: set[int] = set()
        """Digests of all runs of so many letters that stood in page texts and in quotes."""
        self._quotes: dict[str, None] = {}
        """Whole quotes, without white space: they may be shorter."""

    def plain(self, value: Any, name: str = "") -> Any:
        """Plain data without page text; `name` is the field that it is the value of."""
        if isinstance(value, str):
            return value if name in KEPT else self._text(value, name)
        if is_mapping(value):
            return {key: self.plain(item, str(key)) for key, item in value.items()}
        return [self.plain(item, name) for item in value] if is_list(value) else value

    def hidden(self, text: str) -> str:
        """What stands for a text that is page text as a whole."""
        # Addresses stay wherever they stand, so they must not be known again.
        letters, _ = _letters(_ADDRESS.sub("\0", text))
        self._runs.update(hash(letters[at : at + RUN]) for at in range(len(letters) - RUN + 1))
        return _instead(text)

    def _text(self, text: str, name: str) -> str:
        if name == "quote" and text:
            if long_enough(text):
                self._quotes[_letters(text)[0]] = None
            return self.hidden(text)
        if text.startswith("{") and (read := _object(text)) is not None:
            return dump_json(self.plain(read)).decode()
        return self._without_copies(without_bodies(text, self.hidden))

    def _without_copies(self, text: str) -> str:
        letters, places = _letters(text)
        found = [(at, at + RUN) for at in range(len(letters) - RUN + 1) if hash(letters[at : at + RUN]) in self._runs]
        found += [one.span() for quote in self._quotes for one in re.finditer(re.escape(quote), letters)]
        spans: list[tuple[int, int]] = []
        for first, after in sorted(found):
            if spans and first <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(after, spans[-1][1]))
            else:
                spans.append((first, after))
        for first, after in reversed(spans):
            begin, end = places[first], places[after - 1] + 1
            text = f"{text[:begin]}{_instead(text[begin:end])}{text[end:]}"
        return text


def _instead(text: str) -> str:
    return f"[page text, {len(text):,} characters]"


def _letters(text: str) -> tuple[str, list[int]]:
    """The text without its white space, which differs between a page and a quote, and where each letter stood."""
    places = [at for at, letter in enumerate(text) if not letter.isspace()]
    return "".join(text[at] for at in places), places


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = load_json(text)
    except ValueError:
        return None
    return found if is_object(found) else None
