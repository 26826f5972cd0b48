"""The marks around text from outside."""

import hashlib
import re
from collections.abc import Callable

from ...tools.clean import neutralise

_BODY = re.compile(r"^<<<(\w+ [0-9a-f]{8}): [^\n]*\n(.*?)\n\1>>>$", re.MULTILINE | re.DOTALL)


def marked(kind: str, head: str, body: str) -> str:
    """Text from outside between marks that it cannot close: they carry the digest of the text itself."""
    tag = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:8]
    return f"<<<{kind} {tag}: {neutralise(head)}\n{body}\n{kind} {tag}>>>"


def bodies(text: str) -> list[str]:
    """The texts between the marks in a text of ours, without the heads: a model's words may stand in those."""
    return [match[2] for match in _BODY.finditer(text)]


def without_bodies(text: str, told: Callable[[str], str]) -> str:
    """A text of ours with what `told` says of each text between marks in its place."""
    return _BODY.sub(lambda found: f"{found[0][: found.start(2) - found.start()]}{told(found[2])}\n{found[1]}>>>", text)
