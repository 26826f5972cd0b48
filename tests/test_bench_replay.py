"""The replay benchmark, tiny: every way plays every interaction, or it is no comparison."""

from pathlib import Path

import pytest
from spadework.evals.bench import replay


@pytest.mark.parametrize("way", replay.WAYS)
def test_each_way_plays_what_was_written(way: str, tmp_path: Path) -> None:
    pytest.importorskip("vcr")
    replay.write(tmp_path, cassettes=3, count=4, size=500)
    told = replay.play(way, tmp_path, 4)
    assert told["load"] > 0
    assert told["play"] > 0


def test_no_two_pages_are_alike() -> None:
    made = [item["response"]["body"]["string"] for number in range(3) for item in replay.interactions(number, 4, 500)]
    assert len(set(made)) == len(made)
