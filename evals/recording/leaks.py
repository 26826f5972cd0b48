"""The search for secrets in a cassette before it is written.

What is looked for: the values of environment variables that are named like keys, what the requests carried as
authorization, and texts that have the form of a well-known key.
"""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx

from ...tools.keys import LEAST_CHARS
from .cassettes import Cassette
from .entries import is_list, is_object

_CARRIERS = (
    *("authorization", "proxy-authorization", "x-api-key", "api-key", "x-auth-token"),
    *("x-subscription-token", "x-goog-api-key"),
)
_FORMS = {
    # A digit tells a key from a CSS class or a phrase ("sk-fading-circle", "bearer of good news").
    "a key like sk-...": re.compile(r"(?<![A-Za-z0-9])sk-(?=[\w-]*\d)[\w-]{20,}"),
    "a Bearer token": re.compile(r"\bBearer\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,}", re.IGNORECASE),
    "an AWS key": re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])"),
    "a GitHub token": re.compile(r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{30})"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}


def header_secrets(headers: httpx.Headers) -> dict[str, str]:
    """What a request carried as authorization, each with what to call it; short words such as "none" do not count."""
    found: dict[str, str] = {}
    for name in _CARRIERS:
        scheme, _, rest = headers.get(name, "").strip().rpartition(" ")
        for value in (rest, _password(rest) if scheme.lower() == "basic" else ""):
            if len(value) >= 16 or (len(value) >= LEAST_CHARS and any(map(str.isdigit, value))):
                found[value] = f"what was sent as {name}"
    return found


def find_secret(cassette: Cassette, secrets: dict[str, str]) -> str | None:
    """What the first secret in the cassette is and where it stands, never the secret itself; None if there is none."""
    forms = [(form, told) for secret, told in secrets.items() for form in _spellings(secret)]
    parts = {"meta": cassette.meta, "interactions": cassette.interactions, "failures": cassette.failures}
    for where, text in _texts(parts, ""):
        for form, told in forms:
            if form in text:
                return f"{told} stands in {where}"
        for told, pattern in _FORMS.items():
            if pattern.search(text):
                return f"what looks like {told} stands in {where}"
    return None


def _spellings(secret: str) -> set[str]:
    """As it is, in a URL, in JSON, and in JSON that escapes its slashes."""
    escaped = json.dumps(secret)[1:-1]
    return {secret, quote(secret, safe=""), escaped, escaped.replace("/", "\\/")}


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif is_list(value):
        for index, item in enumerate(value):
            yield from _texts(item, f"{where}[{index}]")
    elif is_object(value):
        for name, item in value.items():
            yield where, name
            yield from _texts(item, f"{where}.{name}" if where else name)
            if name == "base64":
                yield where, _readable(b64decode(item))


def _readable(raw: bytes) -> str:
    """Bytes as text to search, with what can be inflated of them (32 + 15: zlib or gzip, whichever it is)."""
    inflated = b""
    try:
        inflated = zlib.decompressobj(47).decompress(raw, 8_000_000)
    except zlib.error:
        inflated = b""
    return (raw + b"\n" + inflated).decode("latin-1")


def _password(basic: str) -> str:
    try:
        return b64decode(basic).decode("latin-1").partition(":")[2]
    except ValueError:
        return ""
