"""What judging came to, in a line for each judge: kept apart from what the runs spent."""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from decimal import Decimal

from ...tools.clean import one_line
from .runs_file import Json


@dataclass(slots=True)
class Sums:
    """Over all that one judge was asked, what was asked again included."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: Decimal | None = Decimal(0)
    judged: int = 0
    matching: int = 0
    agreed: int = 0

    def add(self, line: Json) -> None:
        """Take in the line of a run that was judged."""
        told = line["judge"]
        self.calls += told["calls"]
        self.tokens_in += told["tokens_in"]
        self.tokens_out += told["tokens_out"]
        self.usd = None if self.usd is None or told["usd"] is None else self.usd + Decimal(told["usd"])
        if told["fault"] or not told["verdicts"]:
            return
        self.judged += 1
        if line["graded"] == "match":
            self.matching += 1
            self.agreed += told["verdicts"][-1]["correct"]

    def text(self) -> str:
        """The sums in words; how often it calls right what matches says how far it can be trusted."""
        dollars = "an unknown price" if self.usd is None else f"${self.usd:,.4f}"
        told = f"{self.judged:,} runs judged in {self.calls:,} calls, "
        told += f"{self.tokens_in:,} tokens in, {self.tokens_out:,} out, {dollars}"
        if self.matching:
            told += f"; calls {self.agreed:,} of {self.matching:,} that match right"
        return told


def judges(lines: Iterable[Json]) -> Generator[str]:
    """A line for each judge; nothing where none was asked. `lines` are all that were written: no call is forgotten."""
    sums: dict[str, Sums] = {}
    for line in lines:
        if line.get("judge"):
            sums.setdefault(line["judge"]["model"], Sums()).add(line)
    for name, found in sums.items():
        yield f"judge {one_line(name, 60)}: {found.text()}"
