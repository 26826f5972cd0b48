"""Worlds that recordings and published figures rest on: the same byte for byte, whatever else worlds learn to do."""

import hashlib

import pytest
from spadework.evals.world.making import make_world, questions_jsonl


def _digests(seed: int, pages: int) -> tuple[str, str]:
    made = make_world(seed, pages)
    texts = "".join(f"{page.url}{page.html}{page.text}" for page in made.pages)
    both = (texts, questions_jsonl(made))
    first, second = (hashlib.sha256(text.encode()).hexdigest()[:16] for text in both)
    return first, second


@pytest.mark.parametrize(
    ("seed", "pages", "digests"),
    [
        (20, 300, ("68a55ade3e67e05a", "32826d5dff041741")),
        (57, 300, ("9d86db9bc2b4c9df", "2f2cd548c62918ac")),
        pytest.param(3, 300, ("5de9641bf9a98a10", "b6321803be4757fe"), marks=pytest.mark.integration),
        pytest.param(3, 600, ("3d1373136f1f176b", "fb457d6c6ca54aec"), marks=pytest.mark.integration),
    ],
)
def test_a_usual_world_is_the_one_that_it_always_was(seed: int, pages: int, digests: tuple[str, str]) -> None:
    assert _digests(seed, pages) == digests
