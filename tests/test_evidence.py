"""A claim becomes a proof only by what code finds in the texts; nothing a model writes can stand in for that."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.proof.evidence import Claim, as_read, check_claim, merge_finding
from spadework.agent.proof.matrix import cell_key, row_of
from spadework.agent.proof.quotes import normalise, stands_in
from spadework.agent.state import Constraint, Finding, Proof, Verdict

READ, FOUND, ELSEWHERE = "http://x.example/read", "http://x.example/found", "http://x.example/elsewhere"
TEXT = (
    "The Alder Bridge was built by Mara Finch in 1871. It is older than the Birch Bridge, built by Bo Larch in 1880.\n"
    "| Bridge | Year |\n| Alder | 1871 |"
)
SNIPPET = "Mara Finch, who built the Alder Bridge, came from Wendle"
BUILT = "was built by Mara Finch in 1871"
BIRCH = "Birch Bridge, built by Bo Larch in 1880"
CONSTRAINTS = [
    Constraint(id="c0", text="who built it", kind="asked"),
    Constraint(id="c1", text="it is old", kind="verification"),
    Constraint(id="c2", text="from Wendle", kind="exploration"),
]


@dataclass
class Library:
    """One page that was read, and one search result."""

    pages: dict[str, str] = field(default_factory=lambda: {READ: TEXT})
    results: dict[str, list[str]] = field(default_factory=lambda: {FOUND: [SNIPPET]})

    def page(self, url: str) -> tuple[str, str, str] | None:
        return (self.pages[url], "digest", "2026-01-01T00:00:00") if url in self.pages else None

    def snippets(self, url: str) -> Sequence[str]:
        return self.results.get(url, [])


def check(
    candidate: str, constraint: str, *quotes: tuple[str, str], verdict: Verdict = "satisfied", inference: str = ""
) -> tuple[Finding, list[str]]:
    return check_claim(Claim(candidate, constraint, verdict, quotes, inference), Library(), by="searcher")


@pytest.mark.parametrize(
    ("candidate", "constraint", "quotes", "inference", "proof"),
    [
        ("Mara Finch", "c0", [(READ, BUILT)], "", "page"),
        ("Mara Finch", "c1", [(READ, BUILT)], "", "page"),
        ("the Mara Finch", "c0", [(READ, BUILT)], "", "page"),
        ("Mara Finch", "c0", [(FOUND, SNIPPET)], "", "snippet"),
        ("Mara Finch", "c0", [(FOUND, SNIPPET), (READ, BUILT)], "", "snippet"),
        ("Mara Finch", "c0", [(ELSEWHERE, BUILT)], "", "none"),
        ("Mara Finch", "c0", [(FOUND, BUILT)], "", "none"),
        ("Mara Finch", "c0", [(READ, SNIPPET)], "", "none"),
        ("Mara Finch", "c0", [(READ, "Mara Finch")], "", "none"),
        ("Mara Finch", "c0", [(READ, BUILT.replace("1871", "1872"))], "", "none"),
        ("Bo Larch", "c0", [(READ, BUILT)], "", "inference"),
        ("Finc", "c0", [(READ, BUILT)], "", "inference"),
        ("1871", "c0", [(READ, "1871")], "", "page"),
        ("187", "c0", [(READ, "187")], "", "none"),
        ("Mara Finch", "c0", [], "", "none"),
        ("Mara Finch", "c0", [], "I know it", "inference"),
        ("Mara Finch", "c1", [(READ, BUILT)], "I know it", "inference"),
        ("yes", "c0", [(READ, BUILT)], "", "inference"),
        ("Yes.", "c0", [(READ, BUILT), (READ, BIRCH)], "1871 < 1880", "page"),
        ("yes", "c0", [(READ, BUILT), (READ, BIRCH)], "1880 < 1871", "inference"),
        ("yes", "c0", [(READ, BUILT)], "1871 < 1880", "inference"),
        ("9 years", "c0", [(READ, BUILT), (READ, BIRCH)], "1880 - 1871 = 9", "page"),
        ("8 years", "c0", [(READ, BUILT), (READ, BIRCH)], "1880 - 1871 = 9", "inference"),
        ("9 years", "c0", [(READ, BUILT), (READ, BIRCH)], "", "inference"),
    ],
)
def test_the_proof_is_what_code_found(
    candidate: str, constraint: str, quotes: list[tuple[str, str]], inference: str, proof: Proof
) -> None:
    found, problems = check(candidate, constraint, *quotes, inference=inference)
    assert found["proof"] == proof
    assert problems or proof in ("page", "snippet"), "the model is told what is wrong"
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ((READ, "Mara Finch"), "is too short: give at least 20 characters, or a whole table cell"),
        ((ELSEWHERE, BUILT), "was not read, and no search result for it says so"),
        ((READ, "was built by Bo Larch in 1871"), "does not stand on http://x.example/read: copy it word for word"),
    ],
)
def test_a_quote_that_fails_is_explained(quote: tuple[str, str], words: str) -> None:
    assert words in " ".join(check("Mara Finch", "c0", quote)[1])


def test_a_contradiction_without_a_quote_that_stands_throws_no_lead_away() -> None:
    for quotes in ((), ((READ, "was built by somebody else in 1899"),), ((ELSEWHERE, BIRCH),)):
        found, problems = check("Mara Finch", "c1", *quotes, verdict="contradicted")
        assert found["verdict"] == "unverifiable"
        assert any("contradicted needs a quote" in problem for problem in problems)
    found, _ = check("Mara Finch", "c1", (READ, BIRCH), verdict="contradicted")
    assert found["verdict"] == "contradicted"


QUOTES = st.tuples(
    st.sampled_from([READ, FOUND, ELSEWHERE, ""]),
    st.sampled_from([BUILT, BIRCH, SNIPPET, TEXT, "1871", "Mara Finch", "was built by Bo Larch in 1900", ""])
    | st.text(),
)
CLAIMS = st.builds(
    Claim,
    candidate=st.sampled_from(["Mara Finch", "yes", "9"]),
    constraint=st.sampled_from(["c0", "c1", "c2"]),
    verdict=st.sampled_from(["satisfied", "contradicted", "unverifiable"]),
    quotes=st.lists(QUOTES, max_size=3).map(tuple),
    inference=st.sampled_from(["", "1871 < 1880", "1880 - 1871 = 9", "it is plain"]) | st.text(max_size=30),
)


@given(st.lists(st.tuples(CLAIMS, st.sampled_from(["searcher", "verifier"])), max_size=12))
def test_no_claims_verify_an_answer_without_page_quotes_for_every_constraint(claims: list[tuple[Claim, str]]) -> None:
    cells: dict[str, Finding] = {}
    for claim, by in claims:
        key = cell_key(claim.candidate, claim.constraint)
        cells[key] = merge_finding(cells.get(key), check_claim(claim, Library(), by=by)[0])
    for candidate in ("Mara Finch", "yes", "9"):
        if row_of(candidate, CONSTRAINTS, cells).status != "verified":
            continue
        for constraint in CONSTRAINTS:
            evidence = cells[cell_key(candidate, constraint["id"])]["evidence"]
            pages = [item for item in evidence if item["kind"] == "page"]
            assert pages
            assert all(item["url"] == READ and stands_in(item["quote"], TEXT) for item in pages)


@given(st.lists(CLAIMS, max_size=8))
def test_evidence_is_never_lost_by_a_later_claim(claims: list[Claim]) -> None:
    cell: Finding | None = None
    seen: set[tuple[str, str]] = set()
    for claim in claims:
        found = check_claim(claim, Library(), by="searcher")[0]
        seen |= {(item["url"], item["quote"]) for item in found["evidence"]}
        cell = merge_finding(cell, found)
        kept = [(item["url"], normalise(item["quote"])) for item in cell["evidence"]]
        for url, quote in seen:
            assert any(url == known and normalise(quote) in longer for known, longer in kept)


@given(st.lists(st.tuples(CLAIMS, st.sampled_from(["searcher", "verifier"])), max_size=12))
def test_a_refutation_goes_only_when_a_verifier_that_saw_both_sides_proves_the_contrary(
    claims: list[tuple[Claim, str]],
) -> None:
    merged: Finding | None = None
    for claim, by in claims:
        found = check_claim(claim, Library(), by=by)[0]
        before, merged = merged, merge_finding(merged, found)
        if before is not None and before["verdict"] in ("contradicted", "disputed"):
            settled = before["verdict"] == "disputed" and by == "verifier" and found["proof"] == "page"
            assert merged["verdict"] in ("contradicted", "disputed") or settled
            assert merged["evidence"], "what spoke against it stays on record"


def cell(verdict: Verdict, proof: Proof = "page", by: str = "searcher") -> Finding:
    quotes = {"page": [(READ, BUILT)], "snippet": [(FOUND, SNIPPET)]}.get(proof, [])
    found, _ = check_claim(Claim("Mara Finch", "c1", verdict, tuple(quotes)), Library(), by=by)
    found["verdict"], found["proof"] = verdict, proof
    return found


@pytest.mark.parametrize(
    ("old", "new", "verdict", "proof"),
    [
        (cell("satisfied"), cell("unverifiable", "none"), "satisfied", "page"),
        (cell("unverifiable", "none"), cell("satisfied", "snippet"), "satisfied", "snippet"),
        (cell("satisfied", "snippet"), cell("satisfied"), "satisfied", "page"),
        (cell("satisfied"), cell("satisfied", "snippet"), "satisfied", "page"),
        (cell("satisfied"), cell("contradicted"), "disputed", "page"),
        (cell("contradicted"), cell("satisfied"), "disputed", "page"),
        (cell("satisfied", "none"), cell("contradicted"), "contradicted", "page"),
        (cell("disputed"), cell("satisfied"), "disputed", "page"),
        (cell("disputed"), cell("satisfied", by="verifier"), "satisfied", "page"),
        (cell("disputed"), cell("contradicted", by="verifier"), "contradicted", "page"),
        (cell("disputed"), cell("satisfied", "snippet", by="verifier"), "disputed", "page"),
    ],
)
def test_what_two_findings_on_one_cell_come_to(old: Finding, new: Finding, verdict: str, proof: str) -> None:
    merged = merge_finding(old, new)
    assert (merged["verdict"], merged["proof"]) == (verdict, proof)


def test_a_dispute_names_both_sides() -> None:
    merged = merge_finding(cell("satisfied"), cell("contradicted", by="verifier"))
    assert merged.get("note") == "satisfied by searcher, contradicted by verifier"


def test_of_two_search_results_the_one_whose_page_was_read_is_quoted_from_its_page() -> None:
    texts = Library({}, {FOUND: [SNIPPET], READ: [TEXT]})
    claim = Claim("Mara Finch", "c1", "satisfied", ((FOUND, SNIPPET), (READ, BUILT)))
    finding, problems = check_claim(claim, texts, by="searcher")
    assert ([item["kind"] for item in finding["evidence"]], problems) == (["snippet", "snippet"], [])
    texts.pages = {READ: TEXT}
    shown = as_read(finding, texts)
    assert [item["kind"] for item in shown["evidence"]] == ["snippet", "page"]
    assert (shown["proof"], shown["verdict"]) == ("snippet", "satisfied"), "the other page was not read"
