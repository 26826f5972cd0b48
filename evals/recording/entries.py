"""How requests, replies and bodies stand in a cassette, and the check of a whole file, entry by entry."""

import hashlib
import math
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any, TypeGuard, get_args
from urllib.parse import urlsplit

import orjson

from ...tools.errors import ToolFailure

VERSION = 1
REDACTED = "REDACTED"

TRANSPORT_FAILURES = frozenset(
    name + "Error" for name in ("Connect", "Read", "Write", "Close", "Proxy", "LocalProtocol", "RemoteProtocol")
) | {"ConnectTimeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "UnsupportedProtocol"}
"""The httpx errors that a recording holds by name; `Cancelled` and `ToolError` come on top."""

HEADERS_LEAVE = "send_request_headers.started"
"""How httpcore's trace event is called from which on a request counts as sent."""

_USERINFO = re.compile(r"^((?:[A-Za-z][A-Za-z0-9+.-]*:)?//)[^/?#]*@")
_SECRET_PARAMETER = re.compile(
    r"([?&;#](?:(?:x-)?(?:api|auth|access|subscription|client)?[-_]?(?:key|token|secret)|auth|password|passwd|pwd|"
    r"sig|signature|x-amz-(?:signature|credential|security-token))=)[^&;#]*",
    re.IGNORECASE,
)


def redact_url(url: str) -> str:
    """The URL without user name, password and the values of key-like parameters; all else to the letter."""
    return _SECRET_PARAMETER.sub(rf"\1{REDACTED}", _USERINFO.sub(rf"\1{REDACTED}@", url))


def pack_body(raw: bytes) -> str | dict[str, str]:
    """How bytes stand in the file: as text where they are UTF-8, else as base64."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def body_bytes(body: str | dict[str, str] | None) -> bytes:
    """The bytes of a request or response body of the file."""
    if isinstance(body, dict):
        return b64decode(body["base64"]) if "base64" in body else body["string"].encode()
    return (body or "").encode()


def is_chat(method: str, url: str) -> bool:
    """Whether a request is a turn of the chat model."""
    return method == "POST" and urlsplit(url).path.endswith("/chat/completions")


def chat_digest(body: bytes) -> str:
    """sha256 of a chat request, whatever the order of its keys; how long the client would wait is left out."""
    try:
        wanted = orjson.loads(body)
    except orjson.JSONDecodeError:
        return hashlib.sha256(body).hexdigest()
    if is_object(wanted):
        wanted = {key: value for key, value in wanted.items() if "timeout" not in key}
    return hashlib.sha256(orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)).hexdigest()


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a value out of JSON is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a value out of JSON is a list."""
    return isinstance(value, list)


def checked(document: object) -> dict[str, Any]:
    """The document itself when it is a cassette of this version; ValueError that names the place otherwise."""
    if not is_object(document):
        raise ValueError("it is not a JSON object")
    version = document.get("version")
    _need(type(version) is int, f"version {version!r} is not a number")
    _need(version == VERSION, f"it has version {version}, this Spadework reads version {VERSION}")
    meta = document.get("meta")
    _need(is_object(meta) and isinstance(meta.get("question"), str), "meta.question is not text")
    for name, event in _events(document):
        _need(type(event.get("order")) is int, f"{name}.order is not a number")
        _check_request(event.get("request"), f"{name}.request")
    clock = document.get("clock")
    _need(is_list(clock) and all(map(_is_seconds, clock)), "clock is not a list of numbers")
    return document


def _events(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for group, part, check in (("interactions", "response", _check_response), ("failures", "error", _check_error)):
        events = document.get(group)
        if not is_list(events):
            raise ValueError(f"{group} is not a list")
        for index, event in enumerate(events):
            if not is_object(event):
                raise ValueError(f"{group}[{index}] is not an object")
            check(event.get(part), f"{group}[{index}].{part}")
            yield f"{group}[{index}]", event


def _check_request(request: object, where: str) -> None:
    if not is_object(request):
        raise ValueError(f"{where} is not an object")
    _need(isinstance(request.get("method"), str), f"{where}.method is not text")
    _need(_is_url(request.get("uri")), f"{where}.uri is not a URL")
    body = request.get("body")
    _need(body is None or isinstance(body, str) or _is_base64(body), f"{where}.body is neither text nor base64")
    _check_headers(request.get("headers"), where)


def _check_response(response: object, where: str) -> None:
    status, body = (response.get("status"), response.get("body")) if is_object(response) else (None, None)
    if not (is_object(response) and is_object(status) and is_object(body)):
        raise ValueError(f"{where} is not an object with status and body")
    code = status.get("code")
    _need(type(code) is int and 100 <= code <= 599, f"{where}.status.code {code!r} is not an HTTP status")
    _need(isinstance(status.get("message"), str | None), f"{where}.status.message is not text")
    _need(isinstance(body.get("string"), str) or _is_base64(body), f"{where}.body is neither text nor base64")
    _check_headers(response.get("headers"), where)


def _check_headers(headers: object, where: str) -> None:
    fine = is_object(headers) and all(
        is_list(values) and all(isinstance(value, str) for value in values) for values in headers.values()
    )
    _need(fine, f"{where}.headers is not an object of lists of text")


def _check_error(error: object, where: str) -> None:
    if not (is_object(error) and isinstance(error.get("text"), str)):
        raise ValueError(f"{where}.text is not text")
    kind = error.get("kind")
    _need(kind in TRANSPORT_FAILURES | {"Cancelled", "ToolError"}, f"{where}.kind {kind!r} is not known")
    if kind == "ToolError":
        failure = error.get("failure")
        _need(failure in get_args(ToolFailure), f"{where}.failure {failure!r} is not known")
    if kind in ("ToolError", "Cancelled"):
        _need(isinstance(error.get("sent"), bool), f"{where}.sent is not true or false")


def _is_base64(body: object) -> bool:
    if not (is_object(body) and isinstance(body.get("base64"), str)):
        return False
    try:
        b64decode(body["base64"], validate=True)
    except ValueError:
        return False
    return True


def _is_url(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(urlsplit(value).hostname)
    except ValueError:
        return False


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _need(fine: bool, fault: str) -> None:
    if not fine:
        raise ValueError(fault)
