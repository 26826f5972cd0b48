"""What a reader of the page does not see, and what a click would show."""

import re
from functools import lru_cache

from bs4.element import Tag

from .elements import MAX_CHARS, attribute

_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}", re.IGNORECASE
)
_NO_SIZE = re.compile(r"font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
_SHOWN_LATER = frozenset(["html", "body", "main"])  # by a script, once it has loaded
_UNSEEN = re.compile(
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-reader-text|mw-editsection|headerlink|hash-link|skip-?(?:link|nav|to)\S*"
    r"|mw-jump-link|mw-cite-backlink|footnote-backref|linenos?|lineno\S*|line-?numbers?|gutter|hljs-ln-numbers|blob-num)(?=\s|$)"
)
_FOLDED = re.compile(
    r"accordion|collaps|faq|answer|tab-?(?:panel|pane|content|item)(?![a-z])|toggle-?content|disclosure"
)
_SHADOW = ("shadowrootmode", "shadowroot")


@lru_cache(maxsize=2048)
def _is_unseen(label: str) -> bool:
    return _UNSEEN.search(label) is not None


def is_hidden(tag: Tag, label: str) -> bool:
    """Whether the element is not shown. What tabs and accordions fold away counts as shown: a click unfolds it."""
    if label and _is_unseen(label):
        return True
    attrs = tag.attrs
    style = attribute(tag, "style")[:MAX_CHARS] if "style" in attrs else ""
    if (style and _HIDDEN_STYLE.search(style)) or ("hidden" in attrs and attrs["hidden"] != "until-found"):
        return tag.name not in _SHOWN_LATER and not _FOLDED.search(label)
    if style and _NO_SIZE.search(style):  # mail programs need it around parts that have a size of their own
        return all(isinstance(child, str) for child in tag.contents)
    if "aria-hidden" in attrs and attrs["aria-hidden"] == "true":
        return not ((tag.name == "img" and "math" in label) or _FOLDED.search(label))
    return False


def unfolds(label: str) -> bool:
    """Whether an element of this label is, or belongs to, a part of the page that a click unfolds."""
    return bool(_FOLDED.search(label) or "question" in label)


def is_shadow_root(tag: Tag) -> bool:
    """Whether a template is one that browsers show: the declared inside of the element around it."""
    return tag.name == "template" and any(name in tag.attrs for name in _SHADOW)
