"""Strict reading of JSON replies: what was cut off or had to be mended is never trusted with a success."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...tools.shapes import is_mapping
from .wire import Reply

FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)
ANSWER_FIELD = re.compile(r'"answer"\s*:\s*("(?:[^"\\]|\\.)*")')
ANSWER_LINE = re.compile(r"^[^\w\n]*ANSWER\W*:\s*(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A reply's JSON object, or why there is none. `fault` is empty when it was read as it came."""

    data: Mapping[str, Any]
    fault: str = ""


def read_object(reply: Reply) -> Parsed:
    """The one JSON object of a reply: bare, in a fence, or the last balanced one in the text."""
    if reply.truncated:
        return Parsed({}, "it was cut off before its end")
    text = reply.text.strip()
    for part in (text, *reversed(FENCE.findall(text)), _last_object(text)):
        try:
            data = json.loads(part)
        except (ValueError, RecursionError):
            continue
        if is_mapping(data):
            return Parsed(data)
    return Parsed({}, "it holds no complete JSON object")


def answer_mark(text: str) -> str:
    """The answer of a prose reply that carries the answer mark, else an empty string."""
    found = ANSWER_LINE.findall(text)
    return found[-1].strip().strip("*` ") if found else ""


def answer_among(reply: Reply) -> str:
    """The answer in a reply that could not be read as a whole: a complete field of its JSON, or the answer mark."""
    for found in ANSWER_FIELD.findall(reply.text):
        try:
            return json.loads(found, strict=False)
        except ValueError:
            continue
    return "" if reply.truncated else answer_mark(reply.text)


def _last_object(text: str) -> str:
    """The last balanced {...} of a text; strings with braces in them may mislead it, and then nothing parses."""
    end = text.rfind("}")
    depth = 0
    for index in range(end, -1, -1):
        if text[index] == "}":
            depth += 1
        elif text[index] == "{":
            depth -= 1
            if depth == 0:
                return text[index : end + 1]
    return ""
