"""Text from anywhere on lines of a terminal."""

import textwrap

from ...tools.clean import one_line


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Text from anywhere, cleaned, on lines of at most `width` columns; leading spaces are kept."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    return textwrap.wrap(
        one_line(text),
        max(width, 20),
        initial_indent=lead,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
