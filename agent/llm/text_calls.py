"""Tool calls that a model wrote into its text: between its template's marks, as JSON, in Python's form, or as in ReAct.

Servers that take no tools, or drop them silently, leave a model no other way. Only tools that were offered are called.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from ...tools.shapes import is_list, is_mapping

Offered = Mapping[str, Sequence[str]]
"""The tools that may be called, and the names of their parameters in order."""
Call = tuple[str, object]
"""A name and what was given to it: an object, or what should have been one."""

MOST_CHARS = 60_000
"""Longer texts are not searched: no call is that long."""
MOST_MENDED = 20_000
MOST_STARTS = 8
NAMES = ("name", "tool", "tool_name", "function", "action", "recipient_name")
ARGUMENTS = ("arguments", "parameters", "args", "action_input", "tool_input", "input", "params")
_MARKED = re.compile(
    r"<tool_call>(?P<hermes>.*?)(?:</tool_call>|(?=<tool_call>)|\Z)"
    r"|(?P<function><function=.*?)(?:</function>|\Z)"
    r"|<\|?tool_call\|?>(?P<granite>.*?)(?:<\|?/tool_call\|?>|\Z)"
    r"|\[TOOL_CALLS\](?P<mistral>.*?)(?=\[TOOL_CALLS\]|\Z)"
    r"|<\|python_tag\|>(?P<llama>.*?)(?:<\|e(?:om|ot)_id\|>|\Z)"
    r"|<｜tool▁call▁begin｜>(?P<deepseek>.*?)(?:<｜tool▁call▁end｜>|\Z)"
    r"|```(?:json|tool_call|tool_code|python|xml)?[ \t]*\n(?P<fence>.*?)(?:```|\Z)",
    re.DOTALL,
)
_REACT = re.compile(r"^[^\w\n]*Action[^\w\n]*:\s*`?(\w+)`?\s*\n[^\w\n]*Action[ _]Input[^\w\n]*:\s*", re.MULTILINE)
_PARAMETER = re.compile(
    r"<parameter=(\w+)>(.*?)</parameter>|<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL
)
_GAP = re.compile(r"\[ARGS\]|[^\w{(]*(?:json)?\s*(?=[{<])")
"""What stands between a name and what is given to it."""
_TRAILING_COMMA = re.compile(r",\s*([}\]])")
_START = re.compile(r"^[ \t]*[{\[]|(?<=\s)[{\[](?=\s*[{\[\"'])", re.MULTILINE)
_DECODER = json.JSONDecoder(strict=False)


def text_calls(text: str, offered: Offered) -> tuple[str, list[Call]]:
    """What a text says before its calls, and the calls; none where there is none that can be made out."""
    for read in (_marked, _react, _bare, _pythonic_end) if len(text) <= MOST_CHARS else ():
        start, calls = read(text, offered)
        if calls:
            return text[:start].strip(), calls
    return text, []


def mended_object(raw: str) -> dict[str, Any] | None:
    """An object with commas too many, or written as Python writes it; None for what is none, and for what was cut off.

    What had to be mended may ask for something. It must not prove anything.
    """
    if len(raw) > MOST_MENDED:
        return None
    for form in (raw, _TRAILING_COMMA.sub(r"\1", raw)):
        for loads in (_DECODER.decode, ast.literal_eval):
            try:
                value: object = loads(form.strip())
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
            if is_mapping(value):
                return {str(key): item for key, item in value.items()}
    return None


def _marked(text: str, offered: Offered) -> tuple[int, list[Call]]:
    """Calls between marks. What a model makes up behind them, such as results, is left alone."""
    start, calls = len(text), list[Call]()
    for found in _MARKED.finditer(text):
        body = next(part for part in found.groups() if part is not None)
        read = _from_body(body.strip(), offered)
        if read:
            start = min(start, found.start())
            calls += read
    return start, calls


def _react(text: str, offered: Offered) -> tuple[int, list[Call]]:
    found = _REACT.search(text)
    if found is None or found[1] not in offered:
        return 0, []
    given = text[found.end() :].strip()
    values = _values(given)[0]
    whole: object = values[0] if values else given.partition("\n")[0].strip(" `\"'")
    if isinstance(whole, str) and offered[found[1]]:
        whole = {offered[found[1]][0]: whole}
    return found.start(), [(found[1], whole)]


def _bare(text: str, offered: Offered) -> tuple[int, list[Call]]:
    """JSON that ends the text."""
    for found in islice(_START.finditer(text), MOST_STARTS):
        if calls := _from_json(text[found.start() :].strip(), offered):
            return found.start(), calls
    return 0, []


def _pythonic_end(text: str, offered: Offered) -> tuple[int, list[Call]]:
    """Calls in Python's form, in the lines that end the text."""
    names = "|".join(map(re.escape, offered))
    starts = re.finditer(rf"^[ \t]*\[?[ \t]*(?:\w+\.)?(?:{names})\(", text, re.MULTILINE) if names else ()
    for found in islice(starts, MOST_STARTS):
        if calls := _from_python(text[found.start() :], offered):
            return found.start(), calls
    return 0, []


def _from_body(body: str, offered: Offered) -> list[Call]:
    """The calls that stand between marks, in whatever form."""
    names = "|".join(map(re.escape, offered))
    led = re.match(rf"(?:<function=|function<｜tool▁sep｜>)?({names})\b", body)
    gap = _GAP.match(body, led.end()) if led else None
    if led and gap:
        given = body[gap.end() :]
        if pairs := _PARAMETER.findall(body):
            return [(led[1], {name or key.strip(): _value(one or other) for name, one, key, other in pairs})]
        values, _ = _values(given)
        return [(led[1], values[0] if values else given)]
    return _from_json(body, offered, whole=False) or _from_python(body, offered)


def _from_json(text: str, offered: Offered, *, whole: bool = True) -> list[Call]:
    """The calls of JSON values; with `whole`, only where nothing else follows them."""
    values, alone = _values(text)
    if values and (alone or not whole):
        return [call for value in values for call in _calls_in(value, offered)]
    return [(name, json.dumps(given, default=str)) for name, given in _calls_in(mended_object(text), offered)]


def _values(text: str) -> tuple[list[object], bool]:
    """The JSON values at the start of a text, one after the other, and whether nothing else follows."""
    values: list[object] = []
    place = 0
    while place < len(text):
        if text[place].isspace() or (values and text[place] in ";,"):
            place += 1
            continue
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
    return values, True


def _calls_in(value: object, offered: Offered) -> Iterator[Call]:
    if is_list(value):
        for item in value:
            yield from _calls_in(item, offered)
        return
    if not is_mapping(value):
        return
    for many in ("calls", "tool_calls"):
        if is_list(value.get(many)):
            yield from _calls_in(value[many], offered)
            return
    if is_mapping(value.get("function")):
        yield from _calls_in(value["function"], offered)
        return
    name = next((known for key in NAMES if (known := _known(value.get(key), offered))), "")
    if name:
        yield name, _given(value)
    elif len(value) == 1 and (name := _known(next(iter(value)), offered)):
        given = next(iter(value.values()))
        yield name, dict(given) if is_mapping(given) else {offered[name][0]: given} if offered[name] else given


def _known(name: object, offered: Offered) -> str:
    last = name.strip().rpartition(".")[2] if isinstance(name, str) else ""
    return last if last in offered else ""


def _given(call: Mapping[str, Any]) -> object:
    """What a call is given: under its usual names, as JSON within a string, or beside the call's name."""
    for key in ARGUMENTS:
        if key in call:
            given = call[key]
            return _value(given) if isinstance(given, str) else given
    return {key: value for key, value in call.items() if key not in (*NAMES, "id", "type")}


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


def _from_python(text: str, offered: Offered) -> list[Call]:
    """Calls such as `[search(queries=["a"])]`: literals only, and nothing else in the text."""
    if len(text) > MOST_MENDED:
        return []
    try:
        tree = ast.parse(text.strip())
        return [call for statement in tree.body for call in _python_calls(statement, offered)]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return []


def _python_calls(node: ast.AST, offered: Offered) -> Iterator[Call]:
    """The calls of one statement. Raises ValueError for anything that is no call of a tool."""
    if isinstance(node, ast.Expr):
        yield from _python_calls(node.value, offered)
    elif isinstance(node, ast.List | ast.Tuple) and node.elts:
        for item in node.elts:
            yield from _python_calls(item, offered)
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "print" and name not in offered and len(node.args) == 1:
            yield from _python_calls(node.args[0], offered)
            return
        if name not in offered:
            raise ValueError(name)
        given = dict(zip(offered[name], map(ast.literal_eval, node.args), strict=False))
        yield name, given | {str(item.arg): ast.literal_eval(item.value) for item in node.keywords}
    else:
        raise ValueError("no call")
