"""The marks around text from outside."""

import hashlib


def marked(kind: str, head: str, body: str) -> str:
    """Text from outside between marks that it cannot close: they carry the digest of the text itself."""
    tag = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:8]
    return f"<<<{kind} {tag}: {head}\n{body}\n{kind} {tag}>>>"
