"""What the simulated model writes where a prompt offers no tools: plans, checks, verdicts, choices and last answers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ...prompts import render
from ...tools.errors import ModelError
from ..world.questions import Question
from .findings import checks, noted, stated
from .mind import Mind
from .notes import Notes

Json = dict[str, Any]
NOTHING = "unknown"
"""The answer of somebody who found no candidate at all."""
_ANSWERS = re.compile(r"^\[answer \d+\]\n(.*)$", re.MULTILINE)
_PARTS = re.compile(r"^\[answer \d+\]\n", re.MULTILINE)
SUMMARY_CHARS = 1_400


@dataclass(frozen=True, slots=True)
class Role:
    """Somebody who was given one prompt. `order` is the order of the constraints, `slips` whether a mistake is made."""

    question: Question
    notes: Notes
    mind: Mind
    text: str
    order: Sequence[int]
    slips: bool

    def write(self, system: str) -> Json:
        """The JSON object that a prompt asks for. Raises ModelError for a prompt that is none of ours."""
        roles: dict[str, Callable[[], Json]] = {
            "planner": self._plan,
            "verifier": self._checks,
            "verdict": self._verdict,
            "confirm": self._doubts,
            "judge": self._choice,
            "answer": self._answer,
            "last": lambda: {"answer": self.mind.best_name or NOTHING},
        }
        for name, role in roles.items():
            if system == render(name):
                return role()
        raise ModelError(f"the simulated model does not know the prompt {system[:60]!r}", kind="rejected", sent=True)

    def _plan(self) -> Json:
        constraints = self.question.constraints
        wanted = [constraints[number].text for number in self.order if constraints[number].kind == "exploration"]
        share = 100 // max(1, len(wanted))
        steps = [{"text": f"Find what fits: {text}", "share": share} for text in wanted]
        return {"constraints": self._missing(), "drop": [], "steps": [] if self.notes.earlier else steps, "marks": []}

    def _answer(self) -> Json:
        name = self.mind.best_name or NOTHING
        made = checks(self.mind, self.notes, self.question, name)
        return {"answer": name, "constraints": self._missing(), "checks": made}

    def _missing(self) -> list[Json]:
        return stated(self.question) if len(self.notes.constraints) <= 1 else []

    def _checks(self) -> Json:
        name = self.notes.proposed
        made = checks(self.mind, self.notes, self.question, name)
        decision, reason = self._decision([item["verdict"] for item in made])
        gaps = [f"{item['constraint']} is not shown" for item in made if item["verdict"] == "unverifiable"]
        leads = [item.name for item in self.mind.candidates if item.name != name and len(item.met) >= 2]
        told = {"decision": decision, "reason": reason, "facts": [], "gaps": gaps[:5], "leads": leads[:5]}
        return {"constraints": self._missing(), "checks": made, **told}

    def _verdict(self) -> Json:
        """A verdict over the course of a search. Whoever slips calls everything satisfied."""
        made = checks(self.mind, self.notes, self.question, self.notes.proposed)
        verdicts = ["satisfied" if self.slips else item["verdict"] for item in made]
        decision, reason = self._decision(verdicts)
        texts = ["what is asked", *(item.text for item in self.question.constraints)]
        said = [{"constraint": text, "verdict": verdict} for text, verdict in zip(texts, verdicts, strict=False)]
        summary = noted(self.mind, self.notes, SUMMARY_CHARS)
        details: Json = {"failed": "" if decision == "SUCCESS" else reason, "useful": [], "next": []}
        told: Json = {"decision": decision, "justification": reason, "summary": summary, "details": details}
        return {"verification": said, **told}

    def _decision(self, verdicts: Sequence[str]) -> tuple[str, str]:
        name = self.notes.proposed
        if "contradicted" in verdicts:
            return "PIVOT", f"{name} does not meet every demand."
        if "unverifiable" in verdicts:
            return "CONTINUE", f"Not all is shown for {name} yet."
        return "SUCCESS", f"The texts show each demand met by {name}."

    def _doubts(self) -> Json:
        """Whoever slips doubts what is shown."""
        return {
            "doubts": [{"constraint": "c0", "why": "This might be another one of that name."}] if self.slips else []
        }

    def _choice(self) -> Json:
        """The answer that meets most demands by all that is shown, and of equals the one most is said for."""
        names = _ANSWERS.findall(self.text)
        parts = _PARTS.split(self.text)[1:]
        known = {item.name: len(item.met) for item in self.mind.candidates}

        def weight(number: int) -> tuple[int, int]:
            said = parts[number]
            return known.get(names[number].strip(), 0), said.count("satisfied") + 5 * said.count("SUCCESS")

        best = max(range(len(names)), key=weight, default=0)
        return {"choice": best + 1, "reason": "More is shown for it."}
