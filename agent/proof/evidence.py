"""From what a model claims to what code could check: a claim becomes a finding, with its proof or why it has none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..state import Evidence, Finding, Proof, Verdict
from .forms import YES_NO, holds_form
from .inference import recompute
from .quotes import contains, long_enough, normalise, stands_in


class Texts(Protocol):
    """Where quotes are looked up: texts of pages really fetched, and of search results."""

    def page(self, url: str) -> tuple[str, str, str] | None:
        """(text, digest, when fetched) of a page that was read, else None."""
        ...

    def snippets(self, url: str) -> Sequence[str]:
        """Titles and snippets that search results showed for this address."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """What a model says: this constraint holds, or not, for this candidate, because of these quotes."""

    candidate: str
    constraint: str
    verdict: Verdict
    quotes: tuple[tuple[str, str], ...] = ()
    """(url, quote) pairs."""
    inference: str = ""


@dataclass(frozen=True, slots=True)
class Demand:
    """What is known of a constraint beforehand: the question's own words, which need no quote in an inference, and the
    form that is expected."""

    given: str = ""
    form: str = ""


def check_claim(claim: Claim, texts: Texts, *, by: str, demand: Demand = Demand()) -> tuple[Finding, list[str]]:
    """Check a claim's quotes against the stored texts. Returns the finding and one line for each quote that failed."""
    evidence: list[Evidence] = []
    problems: list[str] = []
    for url, quote in claim.quotes:
        found, problem = _locate(url, quote, texts)
        if found is None:
            problems.append(f"{claim.constraint}: {problem}")
        else:
            evidence.append(found)
    proof, note = _proof(claim, evidence, demand)
    verdict = claim.verdict
    if verdict == "contradicted" and not evidence:
        # A refutation without any evidence must not throw a lead away.
        verdict, note = "unverifiable", "said to be contradicted, without a quote that could be found"
        problems.append(f"{claim.constraint}: contradicted needs a quote; kept as unverifiable")
    elif note and verdict == "satisfied":
        problems.append(f"{claim.constraint}: {note}")
    finding = Finding(
        candidate=claim.candidate,
        constraint=claim.constraint,
        verdict=verdict,
        proof=proof,
        evidence=evidence,
        inference=claim.inference,
        by=by,
    )
    if note:
        finding["note"] = note
    return finding, problems


def taken_at_word(claim: Claim, *, by: str) -> Finding:
    """A claim that nobody checked, for comparisons without our checks: an inference from the words that it quotes."""
    said = "; ".join(quote for _, quote in claim.quotes)
    return Finding(
        candidate=claim.candidate,
        constraint=claim.constraint,
        verdict=claim.verdict,
        proof="none" if claim.verdict == "unverifiable" else "inference",
        evidence=[],
        inference=claim.inference or said or "taken at its word",
        by=by,
    )


def _locate(url: str, quote: str, texts: Texts) -> tuple[Evidence | None, str]:
    page = texts.page(url)
    if page is not None:
        text, digest, fetched = page
        if stands_in(quote, text):
            return Evidence(kind="page", url=url, quote=quote, fetched=fetched, digest=digest), ""
    if any(normalise(quote) in normalise(snippet) for snippet in texts.snippets(url)) and long_enough(quote):
        return Evidence(kind="snippet", url=url, quote=quote, fetched="", digest=""), ""
    shown = quote if len(quote) <= 60 else quote[:57] + "..."
    if not long_enough(quote):
        cell = "" if page is None else ", or a whole table cell or row"
        return None, f"quote {shown!r} is too short: give at least 20 characters{cell}"
    if page is None:
        return None, f"quote {shown!r}: {url} was not read, and no search result for it says so"
    return None, f"quote {shown!r} does not stand on {url}: copy it word for word"


def _proof(claim: Claim, evidence: list[Evidence], demand: Demand) -> tuple[Proof, str]:
    """How well the evidence proves the claim, and a note where it falls short.

    A claim is as strong as its weakest quote: what it needs from a page that nobody read is not proven by another page.
    """
    if not evidence and claim.verdict == "unverifiable":
        return "none", ""
    if not evidence:
        note = "its quotes were not found" if claim.quotes else "no quote was given"
        return ("inference", note) if claim.inference else ("none", note)
    quotes = [item["quote"] for item in evidence]
    base: Proof = "page" if all(item["kind"] == "page" for item in evidence) else "snippet"
    result = ""
    if claim.inference:
        computed = recompute(claim.inference, quotes, demand.given)
        if not computed.holds:
            return "inference", f"the inference counts as unchecked: {computed.why}"
        result = computed.result
    lacking = _lacking(claim, quotes, demand.form, result) if claim.verdict == "satisfied" else ""
    return ("inference", lacking) if lacking else (base, "")


def _lacking(claim: Claim, quotes: list[str], form: str, result: str) -> str:
    """What the quotes do not show although they stand there; `result` is what an inference from them came to."""
    held = [claim.candidate] if claim.constraint == "c0" else [*quotes, claim.inference]
    if not any(holds_form(form, text) for text in held):
        return f"the answer is no {form}" if claim.constraint == "c0" else f"the quotes hold no {form}"
    if claim.constraint != "c0":
        return ""
    if normalise(claim.candidate).strip(" .") in YES_NO:
        needs = "a yes/no answer needs an inference that compares quoted operands, such as `1862 < 1871`"
        return "" if claim.inference else needs
    if "!=" in claim.inference:
        return "`!=` shows that two things differ, not which of them is asked for"
    named = any(contains(quote, claim.candidate) for quote in quotes)
    computed = bool(result) and contains(claim.candidate, result)
    return "" if named or computed else f"no c0 quote contains the answer {claim.candidate!r}"


def merge_finding(old: Finding | None, new: Finding) -> Finding:
    """One cell after a new finding: support against contradiction is disputed, and evidence is never lost.

    A verdict of the verifier with page quotes settles a dispute, since it was shown both sides.
    """
    if old is None:
        return new
    evidence = _union(old["evidence"], new["evidence"])
    if "doubt" in old and new["verdict"] == old["verdict"] and _words(evidence) == _words(old["evidence"]):
        return {**old, "evidence": evidence}  # the same words again do not lift a doubt
    if new["verdict"] == "unverifiable":
        return {**old, "evidence": evidence} if old["verdict"] != "unverifiable" else {**new, "evidence": evidence}
    if old["verdict"] in ("unverifiable", new["verdict"]):
        better = new if _rank(new) >= _rank(old) or old["verdict"] == "unverifiable" else old
        return {**better, "evidence": evidence}
    if old["verdict"] == "disputed":
        settles = new["by"] == "verifier" and new["proof"] == "page"
        return {**new, "evidence": evidence} if settles else {**old, "evidence": evidence}
    if old["proof"] == "none" and not old["evidence"]:
        return {**new, "evidence": evidence}
    note = f"{old['verdict']} by {old['by']}, {new['verdict']} by {new['by']}"
    return {**new, "verdict": "disputed", "evidence": evidence, "note": note}


def _words(evidence: list[Evidence]) -> set[tuple[str, str]]:
    return {(item["url"], item["quote"]) for item in evidence}


def _rank(finding: Finding) -> int:
    return ("none", "inference", "snippet", "page").index(finding["proof"])


def _union(old: list[Evidence], new: list[Evidence]) -> list[Evidence]:
    """All evidence once: of a quote in a search result and on the page the page, of two that overlap the longer one."""
    kept: list[Evidence] = []
    for item in sorted((*old, *new), key=lambda item: (item["kind"] == "page", len(item["quote"])), reverse=True):
        quote = normalise(item["quote"])
        if not any(known["url"] == item["url"] and quote in normalise(known["quote"]) for known in kept):
            kept.append(item)
    return kept


def promoted(finding: Finding, texts: Texts, demand: Demand = Demand()) -> Finding:
    """The finding after its pages may have been read: a quote from a search result may turn out to stand there."""
    if all(item["kind"] == "page" for item in finding["evidence"]):
        return finding
    quotes = tuple((item["url"], item["quote"]) for item in finding["evidence"])
    claim = Claim(finding["candidate"], finding["constraint"], finding["verdict"], quotes, finding["inference"])
    if claim.verdict == "disputed":
        return finding
    checked, _ = check_claim(claim, texts, by=finding["by"], demand=demand)
    return checked if _rank(checked) > _rank(finding) else finding


def as_read(finding: Finding, texts: Texts) -> Finding:
    """The finding with quotes from search results taken from their pages, where they stand there: the proof stays."""
    moved = [_locate(item["url"], item["quote"], texts)[0] or item for item in finding["evidence"]]
    pairs = zip(finding["evidence"], moved, strict=True)
    return {**finding, "evidence": [new if old["kind"] == "snippet" else old for old, new in pairs]}
