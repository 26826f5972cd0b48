"""Measures page-to-text extraction on real pages: `python -m spadework.evals.bench.extract ARTICLES`.

ARTICLES is a folder with `ground-truth.json` (id -> {articleBody, url}) and `html/<id>.html.gz`, the layout of the
public article-extraction-benchmark. Plain bs4 + lxml `get_text` runs over the same pages in the same run, to compare.
Scores are 4-word shingles: precision and recall per page, averaged over the pages, and F1 of the two averages.
Milliseconds are CPU time, parsing included. The tokens of the true texts stand in a last line, to compare.
"""

import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...tools.reading.extract import extract_page

_WORD = re.compile(r"\w+")
_SHINGLE = 4


@dataclass(frozen=True, slots=True)
class Sample:
    """One saved page, its address, and the text that a person called the article."""

    html: str
    url: str
    truth: str


@dataclass(frozen=True, slots=True)
class Score:
    """What one way of extracting reached: shingle scores 0..1; milliseconds and tokens (characters / 4) a page."""

    name: str
    f1: float
    precision: float
    recall: float
    ms: float
    tokens: float


def read_samples(folder: Path) -> Iterator[Sample]:
    """Yield the pages of a benchmark folder, in the order of their ids. Raises OSError where a file is missing."""
    truths: dict[str, dict[str, Any]] = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    for name, truth in sorted(truths.items()):
        html = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes()).decode("utf-8", "replace")
        yield Sample(html, str(truth["url"]), str(truth["articleBody"]))


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1)))


def shingle_score(found: str, truth: str) -> tuple[float, float]:
    """Precision and recall, 0..1, of the 4-word shingles of the text `found` against those of `truth`."""
    ours, theirs = _shingles(found), _shingles(truth)
    common = (ours & theirs).total()
    return common / ours.total(), common / theirs.total()


def measure(name: str, extract: Callable[[Sample], str], samples: list[Sample]) -> Score:
    """Run one way of extracting over all samples, after one page to warm up."""
    extract(samples[0])
    precisions: list[float] = []
    recalls: list[float] = []
    times: list[float] = []
    sizes: list[int] = []
    for sample in samples:
        start = time.process_time()
        text = extract(sample)
        times.append((time.process_time() - start) * 1000)
        precision, recall = shingle_score(text, sample.truth)
        precisions.append(precision)
        recalls.append(recall)
        sizes.append(len(text))
    p, r = statistics.fmean(precisions), statistics.fmean(recalls)
    f1 = 2 * p * r / (p + r) if p + r else 0.0
    return Score(name, f1, p, r, statistics.fmean(times), statistics.fmean(sizes) / 4)


def plain_text(sample: Sample) -> str:
    """All text of the page, as bs4 + lxml give it: what most agents do."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(sample.html, "lxml")
    for tag in soup(["script", "style", "noscript", "template"]):
        tag.decompose()
    return " ".join(soup.get_text(" ").split())


def main(arguments: list[str]) -> int:
    """Print one line a way; returns the exit code."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "ground-truth.json").is_file():
        sys.stderr.write("usage: python -m spadework.evals.bench.extract FOLDER (with ground-truth.json and html/)\n")
        return 2
    samples = list(read_samples(Path(arguments[0])))
    scores = [
        measure("bs4 + lxml get_text", plain_text, samples),
        measure("spadework extract_page", lambda sample: extract_page(sample.html, sample.url).text, samples),
    ]
    out = sys.stdout
    out.write(
        f"{len(samples)} pages\n{'way':24}{'F1':>8}{'precision':>11}{'recall':>8}{'ms/page':>9}{'tokens/page':>13}\n"
    )
    for s in scores:
        out.write(f"{s.name:24}{s.f1:8.3f}{s.precision:11.3f}{s.recall:8.3f}{s.ms:9.1f}{s.tokens:13.0f}\n")
    truth = statistics.fmean(len(sample.truth) for sample in samples) / 4
    out.write(f"{'true text':60}{truth:13.0f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
