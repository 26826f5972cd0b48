"""Where two pieces of a line stand apart on the screen although nothing stands between them in the markup.

Labels and values are often two elements side by side, parted by the style sheet alone: `<span>Weight</span><span>2 kg`.
"""

import re
from typing import Literal

from bs4.element import Tag

from .blocks import UNSPACED

Apart = Literal["", "maybe", "surely"]

_BOX_NAMES = "div td th dd dt li a button section header label body slot"
_BOXES = frozenset(_BOX_NAMES.split())
_PIECE_NAMES = "a abbr b bdi code data em i s small span strong time"
_PIECES = frozenset(_PIECE_NAMES.split())
_INITIAL = re.compile(r"cap|letter|initial|first", re.IGNORECASE)


def stand_apart(tag: Tag, parent: str) -> Apart:
    """Whether an inline element follows another one directly, in an element that is a box and not running text.

    It surely stands apart where the two differ by tag or class: one is the label, the other the value.
    """
    if parent not in _BOXES or tag.name not in _PIECES:
        return ""
    before = tag.previous_sibling
    if not isinstance(before, Tag) or before.name not in _PIECES:
        return ""
    classes = tag.attrs.get("class"), before.attrs.get("class")
    differ = tag.name != before.name or (None not in classes and classes[0] != classes[1])
    if parent == "li" and differ and tag.name == before.name:  # word processors cut words in pieces there
        return "maybe"
    initial = classes[1] is not None and _INITIAL.search(str(classes[1]))
    return "surely" if differ and not initial else "maybe"


def needs_space(before: str, after: str, apart: Apart) -> bool:
    """Whether two pieces that stand apart would run into one word.

    >>> needs_space("Founded", "1987", "maybe"), needs_space("hel", "lo", "maybe"), needs_space("a ", "b", "surely")
    (True, False, False)
    """
    left, right = before[-1:], after[:1]
    if not left or not right or left.isspace() or right.isspace():
        return False
    if right in ".,;:!?)]}%°'’\"”»/" or left in "([{/«“#@-–" or UNSPACED.match(left) or UNSPACED.match(right):
        return False
    return apart == "surely" or not (left.isalpha() and right.isalpha() and right.islower())
