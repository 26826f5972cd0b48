"""What one server said it does not take for one model, learnt from its refusals and left out from then on."""

import re
from dataclasses import dataclass, field
from typing import Any

from .replies import error_text
from .wire import as_object, is_array

FIXED = frozenset({"model", "messages"})
CAPS = ("max_tokens", "max_completion_tokens")
PLAIN_FIELDS = frozenset({"role", "content", "name", "tool_calls", "tool_call_id"})
REFUSING_STATUS = frozenset({400, 404, 413, 422, 500, 501})
LEAST_CONTEXT = 512
SHRINK = 0.85
"""Of a context that was kept and still refused: the server counts more than we do."""

_REFUSED = re.compile(
    r"not (?:be |currently |yet )?(?:support|allow|permit|accept|compatible|recogni|enabled|available|valid)"
    r"|n't support|un(?:supported|known|recogni|expected|available)|invalid|extra inputs|must be|only the default"
)
_TOO_LONG = re.compile(r"context (?:length|window|size)|too (?:large|long|many)|at most|exceed|maximum")
_CONTEXT = re.compile(
    r"(?:context (?:length|size|window)|n_ctx|prompt is too long|max_new_tokens` must be)\D{0,30}?"
    r"(?:\d[\d,]* tokens? > )?(\d[\d,]{2,9})"
)
"""How vLLM, llama.cpp, SGLang, LM Studio, TGI, OpenAI and Anthropic say how long a prompt may be."""
_NO_TOOLS = re.compile(
    r"(?:does not|doesn't|not|n't) support (?:the use of )?(?:tool|function)|support tool use|tools param requires"
    r"|tools? (?:use |calls? |calling )?(?:is|are) not (?:supported|enabled)|tool choice requires"
)


@dataclass(slots=True)
class Adaptations:
    """The memory for one server and model. `cap` is the name under which it takes the limit of output tokens."""

    cap: str = CAPS[0]
    left_out: set[str] = field(default_factory=set[str])
    message_fields: set[str] = field(default_factory=set[str])
    context: int | None = None
    """Tokens that prompt and reply may have together, once the server said so in a refusal."""
    thinks_first: bool = False
    """Replies of this model begin within a thought that nothing opens."""
    _cap_was_renamed: bool = False

    @property
    def takes_tools(self) -> bool:
        """Whether tool definitions have not been refused."""
        return "tools" not in self.left_out

    @property
    def streams(self) -> bool:
        """Whether streaming has not been refused."""
        return "stream" not in self.left_out

    def fit(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body as this server takes it. Messages are copied only if one of their fields was refused."""
        for name in CAPS:
            if name in body:
                body[self.cap] = body.pop(name)
        for name in self.left_out:
            body.pop(name, None)
        if not body.get("stream"):
            body.pop("stream_options", None)
        if not self.takes_tools or not body.get("tools"):
            for name in ("tools", "tool_choice", "parallel_tool_calls"):
                body.pop(name, None)
        if self.message_fields:
            body["messages"] = [
                {name: value for name, value in message.items() if name not in self.message_fields}
                for message in body["messages"]
            ]
        return body

    def learn(self, status: int, reply: object, body: dict[str, Any]) -> str | None:
        """Take in a refusal of `body` and return the name of what will change, None if nothing will.

        The limit of output tokens may be renamed, once, and is never left out: without it spend has no bound.
        """
        if status not in REFUSING_STATUS:
            return None
        text = error_text(reply).lower()[:500]
        named = _named(reply)
        if body.get("stream") and (named == "stream" or _refuses_stream(text)):
            self.left_out.add("stream")  # before tools: some servers take both, and not together
            return "stream"
        no_tools = refuses_tools(text) or (named == "tools" and not _TOO_LONG.search(text))
        if limit := _context_of(reply, text):
            self.context = limit if self.context is None else min(limit, int(SHRINK * self.context))
            return "context"
        if "tools" in body and no_tools:
            self.left_out.add("tools")
            return "tools"
        if status >= 500 or not (named or _REFUSED.search(text)):
            return None
        return self._learn_field(named, text, body)

    def _learn_field(self, named: str, text: str, body: dict[str, Any]) -> str | None:
        adaptable = [name for name in body if name not in FIXED and name != "tools"]
        root = re.split(r"[.\[]", named)[0]
        blamed = [name for name in adaptable if name == root] or _found(adaptable, text)
        for name in blamed:
            if name not in CAPS:
                self.left_out.add(name)
                return name
            if not self._cap_was_renamed and not _TOO_LONG.search(text):
                self.cap = CAPS[1 - CAPS.index(name)]
                self._cap_was_renamed = True
                return name
        fields = {name for message in body["messages"] for name in message} - PLAIN_FIELDS
        refused = _found(sorted(fields), f"{named} {text}")[:1]
        self.message_fields.update(refused)
        return refused[0] if refused else None


def _context_of(reply: object, text: str) -> int | None:
    """The limit of tokens that a refusal names: beside its text, as llama.cpp does, or in it."""
    told = as_object(as_object(reply).get("error")).get("n_ctx")
    found = _CONTEXT.search(text)
    limit = told if isinstance(told, int) else int(found[1].replace(",", "")) if found else 0
    return limit if limit >= LEAST_CONTEXT else None


def _refuses_stream(text: str) -> bool:
    said = re.search(r"\bstream(?:ing|ed|s)?\b", text) and not re.search(r"\bstream[_ ]options\b", text)
    return bool(said and (_REFUSED.search(text) or "cannot" in text))


def refuses_tools(text: str) -> bool:
    """Whether an error text says that the model takes no tools."""
    return bool(_NO_TOOLS.search(text.lower()))


def _named(reply: object) -> str:
    """The parameter that a server names apart from its text: `param` at OpenAI, `loc` where FastAPI answers."""
    if is_array(reply):
        return _named(reply[0]) if reply else ""
    body = as_object(reply)
    error = as_object(body.get("error")) or body
    param = error.get("param")
    if isinstance(param, str):
        return param.lower()
    detail = body.get("detail") or as_object(body.get("message")).get("detail")
    place = as_object(detail[0]).get("loc") if is_array(detail) and detail else None
    return ".".join(str(part) for part in place if part != "body").lower() if is_array(place) else ""


def _found(names: list[str], text: str) -> list[str]:
    """Those of `names` that stand in `text` as words, in the order in which the text has them."""
    places = [(match.start(), name) for name in names if (match := re.search(rf"\b{re.escape(name.lower())}\b", text))]
    return [name for _, name in sorted(places)]
