"""What a user should know but not be told twice: warnings on the `spadework` logger, each once in a process."""

import logging

log = logging.getLogger("spadework")
_said: set[str] = set()


def say_once(key: str, text: str) -> None:
    """Warn with `text` unless something was already said under this key."""
    if key not in _said:
        _said.add(key)
        log.warning(text)
