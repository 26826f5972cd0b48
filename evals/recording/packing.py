"""How an exchange goes into a cassette: what is kept of request, reply and failure. Headers by an allow-list."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ...tools.errors import ToolError
from ...tools.web.body import inflate
from .entries import TRANSPORT_FAILURES, chat_digest, is_chat, pack_body, redact_url

MAX_BODY_BYTES = 8_000_000
"""A longer reply is kept up to here: past what any client of ours reads of one."""
KEPT_RESPONSE_HEADERS = (
    "content-type",
    "content-language",
    "date",
    "last-modified",
    "location",
    "retry-after",
    "retry-after-ms",
)
KEPT_REQUEST_HEADERS = ("accept", "content-type")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left, keys and all."""

    method: str
    url: str
    body: bytes
    headers: httpx.Headers


def asked(request: httpx.Request, body: bytes) -> Sent:
    """A request of httpx."""
    return Sent(request.method, str(request.url), body, request.headers)


def event(order: int, seconds: float, sent: Sent) -> dict[str, Any]:
    """A request as it is stored: in which place of the order of sending, and how long its reply took."""
    kept = {name: [sent.headers[name]] for name in KEPT_REQUEST_HEADERS if name in sent.headers}
    request = {"method": sent.method, "uri": redact_url(sent.url), "body": pack_body(sent.body), "headers": kept}
    digest = {"digest": chat_digest(sent.body)} if is_chat(sent.method, sent.url) else {}
    return {"order": order, "seconds": round(seconds, 6), "request": request} | digest


def packed_reply(sent: Sent, status: Mapping[str, Any], headers: httpx.Headers, raw: bytes) -> dict[str, Any]:
    """A reply as it is stored: `response`, without its compression, and `cut` where it was longer than is kept."""
    body = decoded(raw, headers.get("content-encoding", ""), sent.headers.get("accept-encoding", ""))
    kept = {name: headers.get_list(name) for name in KEPT_RESPONSE_HEADERS if name in headers}
    if body is None:
        kept["content-encoding"] = headers.get_list("content-encoding")
    if "location" in kept:
        kept["location"] = [redact_url(place) for place in kept["location"]]
    told = body if body is not None else raw
    packed = pack_body(told[:MAX_BODY_BYTES])
    stored = {
        "status": dict(status),
        "headers": kept,
        "body": packed if isinstance(packed, dict) else {"string": packed},
    }
    return {"response": stored} | ({"cut": True} if len(told) > MAX_BODY_BYTES else {})


def decoded(raw: bytes, encoding: str, accepted: str) -> bytes | None:
    """A reply's body without its compression.

    None when it must stay as it came, to be refused on replay as it was: broken, too large or never asked for.
    """
    try:
        return inflate(raw, encoding, MAX_BODY_BYTES)
    except ToolError:
        name = encoding.strip().lower()
    if name not in ("br", "zstd") or name not in accepted.lower():
        return None
    # Only httpx's own clients ask for these. Small pieces, as one piece of a bomb must not fill the memory.
    pieces = (raw[start : start + 1024] for start in range(0, len(raw), 1024))
    body = bytearray()
    try:
        for piece in httpx.Response(200, headers={"content-encoding": name}, content=pieces).iter_bytes():
            body += piece
            if len(body) > MAX_BODY_BYTES:
                return None
    except httpx.DecodingError:
        return None
    return bytes(body)


def packed_failure(error: BaseException, left: bool) -> dict[str, Any]:
    """Why a request got no reply, as it is stored; `left` says that it was on its way."""
    if isinstance(error, ToolError):
        return {"kind": "ToolError", "text": str(error), "failure": error.kind, "sent": error.sent, "url": error.url}
    kind = next((base.__name__ for base in type(error).__mro__ if base.__name__ in TRANSPORT_FAILURES), None)
    if kind is None:
        return {"kind": "Cancelled", "text": "the caller stopped waiting", "sent": left}
    causes = error.__cause__.args if error.__cause__ else ()
    certificate = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes)
    return {"kind": kind, "text": str(error)} | ({"certificate": True} if certificate else {})
