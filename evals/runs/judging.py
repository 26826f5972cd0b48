"""Grading by a judge within a sweep: which runs need it, what is known already, and what is written of it.

Matching comes first, so that a judge is asked only about answers that are there and not an expected one. A run is
written before it is judged, and then once more with its grade: whatever happens to the judge, no run is made again.
"""

import asyncio
import logging
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..suites.grade import answers_of, graded
from ..suites.judge import Verdict, digest_of, shown
from ..suites.sealed import opened, sealed
from .judge import Judge, Judgement, Spent
from .runs_file import Json, Key, all_lines, has_failed, key_of

log = logging.getLogger("spadework")


@dataclass(slots=True)
class Judging:
    """The judge of a sweep, and what its folder holds. With `everything` it also grades answers that match."""

    judge: Judge
    everything: bool = False
    waiting: dict[Key, Json] = field(default_factory=dict[Key, Json])
    """Runs that are made and not judged yet, or could not be."""
    known: dict[str, Judgement] = field(default_factory=dict[str, Judgement])
    """By the digest of what was asked: nothing is asked twice."""
    locks: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    def read(self, folder: Path, keys: Set[Key]) -> None:
        """Take in what the folder holds: all verdicts, and which of these runs are to be graded. Raises ConfigError."""
        for line in all_lines(folder):
            self._learn(line)
            if key_of(line) not in keys:
                continue
            # A run that is there several times stands as it was graded last.
            if not has_failed(line):
                self.waiting.pop(key_of(line), None)
            if self.needs(line):
                self.waiting[key_of(line)] = line

    def needs(self, line: Json) -> bool:
        """Whether a run is to be graded here."""
        return not has_failed(line) and self._lacks(line)

    def unjudged(self, line: Json) -> Json:
        """The line of a run as it is written before it is judged: neither right nor wrong, unless matching said so."""
        waits = self.needs(line) and line["graded"] == "no match"
        return line | {"correct": None, "graded": "not judged"} if waits else line

    async def graded(self, task: Json, line: Json) -> Json:
        """The line of a run with its grade. A judge that fails leaves it unscored; this raises only when cancelled."""
        self.waiting[key_of(line)] = line
        given = answers_of(task["strategy"], *_answers(line))
        rule = graded(given, task["expected"])
        line = line | {"correct": rule == "match", "graded": rule}
        if self._lacks(line):
            line |= await self._judged(task, given, matched=rule == "match")
        del self.waiting[key_of(line)]
        return line

    def _lacks(self, line: Json) -> bool:
        """Whether there is something to ask of this judge: no verdict of its own settles the run."""
        rule = line.get("graded")
        if rule == "empty" or (rule == "match" and not self.everything):
            return False
        told: Json = line.get("judge", {})
        return told.get("model") != self.judge.name or not told.get("verdicts") or bool(told["fault"])

    async def _judged(self, task: Json, given: Sequence[str], *, matched: bool) -> Json:
        """What a judge makes of the answers of a run. One that is right is enough, as with matching."""
        spent, verdicts, last = Spent(), list[Json](), Judgement("judge")
        for answer in given:
            messages = shown(task["question"], task["expected"], answer)
            of = digest_of(self.judge.name, messages)
            found = await self._once(of, messages, answer, spent)
            if found.verdict is not None:
                verdicts.append(_told(of, found.verdict, task["canary"]))
            if found.verdict is None or found.verdict.correct:
                last = found
            if last.graded == "judge failed" or (last.verdict is not None and last.verdict.correct):
                break
        if last.fault:
            log.warning("the judge %s: %s", self.judge.name, last.fault)
        fault = sealed(last.fault, task["canary"]) if last.fault and task["canary"] else last.fault
        told = {"judge": {"model": self.judge.name, "verdicts": verdicts, "fault": fault} | spent.to_dict()}
        if matched:
            return told
        right = bool(last.verdict and last.verdict.correct)
        return told | {"correct": None if last.fault else right, "graded": last.graded}

    async def _once(self, of: str, messages: list[Json], answer: str, spent: Spent) -> Judgement:
        """Runs that gave the same answer wait for each other, and all but the first need not ask."""
        async with self.locks.setdefault(of, asyncio.Lock()):
            if of not in self.known:
                found = await self.judge.judge(messages, answer, spent)
                if found.graded == "judge failed":
                    return found
                self.known[of] = found
            return self.known[of]

    def _learn(self, line: Json) -> None:
        told: Json = line.get("judge", {})
        canary: str = line.get("canary", "")
        for item in told.get("verdicts", ()):
            with suppress(ValueError):  # what somebody changed by hand is asked again
                extracted, why = (opened(item[name], canary) if canary else item[name] for name in ("extracted", "why"))
                self.known[item["of"]] = Judgement("judge", Verdict(item["correct"], extracted, why))


def _answers(line: Json) -> tuple[str, list[str]]:
    """What a run answered, and all that its parallel runs did, in plain text."""
    canary, answer, answers = line.get("canary"), line["answer"], line.get("answers", [])
    return (opened(answer, canary), [opened(item, canary) for item in answers]) if canary else (answer, answers)


def _told(of: str, verdict: Verdict, canary: str) -> Json:
    """A verdict as it is written: of a set that is published encrypted, sealed as the answer is."""
    texts = {"extracted": verdict.extracted, "why": verdict.why}
    if canary:
        texts = {name: sealed(text, canary) for name, text in texts.items()}
    return {"of": of, "correct": verdict.correct, **texts}
