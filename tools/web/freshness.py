"""How long a reply may be used again, by its HTTP headers (RFC 9111, for a private cache)."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

USUAL_HOURS = 24.0
"""For how long a reply that says nothing counts as fresh, and one that says more."""
MOST_DAYS = 30
"""After which nothing is kept any more."""
_SECONDS = re.compile(r"max-age\s*=\s*\"?(\d{1,10})")


def lifetime(headers: Mapping[str, str], usual_s: float, now: float | None = None) -> float | None:
    """Seconds for which a reply is fresh from now on: as its headers say, `usual_s` at most; that where they say
    nothing, 0 where it must be asked for anew each time, None where it may not be kept at all.

    `headers` have lower-case names.
    """
    control = headers.get("cache-control", "").lower()
    if "no-store" in control or headers.get("vary", "").strip() == "*":
        return None
    if "no-cache" in control or (not control and "no-cache" in headers.get("pragma", "").lower()):
        return 0.0
    stated = _stated(control, headers, time.time() if now is None else now)
    return usual_s if stated is None else max(0.0, min(usual_s, stated))


def validators(headers: Mapping[str, str]) -> dict[str, str]:
    """The request headers that ask whether a kept reply still holds; empty where the server gave nothing to ask by."""
    asked = {"if-none-match": headers.get("etag", ""), "if-modified-since": headers.get("last-modified", "")}
    return {name: value for name, value in asked.items() if value and value.isascii() and value.isprintable()}


def _stated(control: str, headers: Mapping[str, str], now: float) -> float | None:
    if found := _SECONDS.search(re.sub(r"s-maxage\s*=\s*\d+", "", control)):
        age = headers.get("age", "").strip()
        return float(found[1]) - (float(age[:10]) if age.isascii() and age.isdecimal() else 0.0)
    if "expires" not in headers:
        return None
    expires = _moment(headers["expires"])
    # A date that cannot be read, such as the usual "0" or "-1", means: already over.
    return 0.0 if expires is None else expires - (_moment(headers.get("date", "")) or now)


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
