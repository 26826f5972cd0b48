"""Asking the verifier: one call whose reply is one JSON object, and at most one more to repair what cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...prompts import render
from ...tools.clean import clean
from ..llm.verdicts import read_object
from ..session import Session
from ..state import AgentState
from .calls import call_model
from .fitting import Ask, Build

MAX_OUT = 1_500
REPAIR_CHARS = 4_500
REPAIR_ROOM = 1_800
"""Tokens that the reply that could not be read takes in the prompt of its repair."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a verifier replied. What had to be repaired is not `trusted`: it may refute or doubt, never satisfy."""

    data: Mapping[str, Any]
    trusted: bool = True
    fault: str = ""
    """Why there is no reply, where a model failed."""


async def ask_verifier(
    state: AgentState, session: Session, build: Build, *, repair: bool = True, max_out: int = MAX_OUT
) -> Checked:
    """The object of the verifier's reply; an empty one where it could not be asked or wrote nothing usable."""

    def ask(build: Build) -> Ask:
        return Ask(
            role="verifier",
            node="verifier",
            build=build,
            attempt=state["attempt"],
            keep=session.keep_for("verify", answer_due=session.deps.output is not None),
            json_reply=True,
            temperature=0.0,
            max_out=max_out,
        )

    asked = await call_model(session, ask(build))
    if asked.reply is None:
        return Checked({}, fault=asked.fault)
    parsed = read_object(asked.reply)
    if not parsed.fault or not repair:
        return Checked(parsed.data)
    written = {"role": "assistant", "content": clean(asked.reply.text)[:REPAIR_CHARS]}
    mend = [written, {"role": "user", "content": render("repair", fault=parsed.fault)}]
    again = await call_model(session, ask(lambda room: [*build(room - REPAIR_ROOM), *mend]))
    return Checked(read_object(again.reply).data if again.reply is not None else {}, trusted=False)
