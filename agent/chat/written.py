"""A conversation as a file: Markdown to read and to pass on, JSON with all proof."""

import json
from typing import TYPE_CHECKING

from ...tools.clean import one_line
from ..nodes.past import standing
from .markdown import as_markdown, escaped

if TYPE_CHECKING:
    from ..state import Exchange
    from .conversation import Conversation


def conversation_markdown(talk: "Conversation") -> str:
    """Every question with its answer, proof and sources; of questions of an earlier chat what is kept of them."""
    parts = ["# A conversation with Spadework", *map(_exchange, talk.earlier)]
    parts += [as_markdown(result, level=2).strip("\n") for result in talk.results]
    return "\n\n".join(parts) + "\n"


def conversation_json(talk: "Conversation") -> str:
    """One document: the whole result of each question, as `Result.to_dict` gives it."""
    document = {
        "conversation": talk.run,
        "title": talk.title,
        "earlier": [dict(exchange) for exchange in talk.earlier],
        "results": [result.to_dict() for result in talk.results],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _exchange(exchange: "Exchange") -> str:
    lines = [f"## {escaped(one_line(exchange['question']))}", ""]
    if exchange["taken"]:
        lines += [f"Taken as: {escaped(one_line(exchange['taken']))}", ""]
    if not exchange["answer"]:
        return "\n".join([*lines, "No answer was found."])
    lines.append(f"{escaped(one_line(exchange['answer']))} ({standing(exchange)})")
    for fact in exchange["facts"]:
        lines += ["", f"- {escaped(one_line(fact['demand']))}: {fact['verdict']} ({fact['proof']})"]
        lines += [f'  - "{escaped(one_line(item["quote"]))}" <{one_line(item["url"])}>' for item in fact["quotes"]]
    return "\n".join(lines)
