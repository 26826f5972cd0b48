"""Lines and details of made-up runs, and folders of them, for the tests of the report."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spadework.evals.report.cells import grids_of
from spadework.evals.report.study import Study, study
from spadework.evals.runs.details import DetailsFile
from spadework.evals.runs.runs_file import Json, RunsFile

SPEND = {
    **{"searches": 2, "browses": 3, "model_calls": 4, "seconds": 1.5},
    **{"tokens_in": 9_000, "tokens_out": 1_000, "tokens_cached": 500, "usd": "0.015"},
}
BRIDGE = "https://alder.example/bridge"
DETAILS: Json = {
    "question": "Who built the Alder Bridge?",
    "expected": ["Mara Finch", "M. Finch"],
    "constraints": [
        {"id": "c0", "kind": "asked", "text": "the answer to the question itself"},
        {"id": "c1", "kind": "verification", "text": "It stands in Wick.", "dropped": "misread"},
    ],
    "plan": [{"id": "1", "state": "done", "text": "Find the bridge", "used": 2}],
    "calls": [
        {"tool": "model", "what": "searcher", "state": "done", "tokens_in": 2_000, "tokens_out": 50},
        {"tool": "search", "what": "alder bridge", "state": "done", "detail": "7 results", "proved": ["c0"]},
        {"tool": "search", "what": "alder bridge", "state": "free", "detail": "searched before"},
        {"tool": "browse", "what": "https://alder.example/wick", "state": "failed", "detail": "404"},
        {"tool": "browse", "what": "https://alder.example/hope", "state": "refused", "detail": "refused: none left"},
    ],
    "findings": [
        {
            **{"candidate": "Mara Finch", "constraint": "c0", "verdict": "satisfied", "proof": "page"},
            **{"by": "verifier", "note": "said twice"},
            "evidence": [
                {"kind": "page", "url": "https://alder.example/bridge", "quote": "built by Mara Finch in 1871"}
            ],
        }
    ],
    "titles": {BRIDGE: "The Alder Bridge"},
    "decisions": [
        {
            **{"attempt": 1, "outcome": "SUCCESS", "rule": "complete", "reason": "every part is proven"},
            **{"proposed": "SUCCESS", "lead": "Mara Finch", "regime": "HIGH", "budget": {"searches": 3}},
        }
    ],
    "receipt": "searcher  2,050 tokens",
}


def line(case: int, strategy: str = "bats-early", *, right: bool | None = True, **changes: Any) -> Json:
    """A run; `right` None is one whose answer could not be judged."""
    plain = {"suite": "s", "id": f"q{case}", "strategy": strategy, "budget": "5", "repeat": 1, "model": "m"}
    plain |= {"search": "x", "seed": 0, "answer": "Mara Finch" if right else "Tom Reed", "status": "verified"}
    plain |= {"stop_reason": "answered", "resource": "", "correct": right, "spend": SPEND, "violations": []}
    return {**plain, "decisions": {}, "attempts": 1, "fault": "", "claims": {"page": 3, "open": 1}, **changes}


def failed(case: int, strategy: str = "bats-early", **changes: Any) -> Json:
    """A run that failed."""
    told = {"stop_reason": "error", "status": "none", "answer": "", "fault": "the model is gone"}
    return line(case, strategy, right=None, **{**told, **changes})


def told(lines: Iterable[Json]) -> Study:
    """What a report says of the lines of one suite."""
    (grid,) = grids_of(lines)
    return study(grid)


def written(folder: Path, lines: Iterable[Json], details: Json | None = None) -> Path:
    """A folder of these runs, each with the same details where there are any."""
    runs, kept = RunsFile(folder), DetailsFile(folder)
    for item in lines:
        kept.keep(item if details is None else {**item, "details": details})
        runs.append(item)
    kept.close()
    runs.close()
    return folder
