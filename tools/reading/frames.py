"""How a page goes to the process that parses it, and what comes back: frames of JSON and bytes over a pipe."""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any

HEAD = struct.Struct(">II")
"""Bytes of the JSON and bytes of the body that follow."""


def read_frame(source: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None where the input has ended."""
    head = source.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    size, more = HEAD.unpack(head)
    fields, body = source.read(size), source.read(more)
    return (json.loads(fields), body) if len(fields) == size and len(body) == more else None


def write_frame(target: IO[bytes], fields: Mapping[str, object], body: bytes) -> None:
    """Send one frame."""
    packed = json.dumps(dict(fields)).encode()
    target.write(HEAD.pack(len(packed), len(body)) + packed)
    target.write(body)
    target.flush()
