"""Backends by name: our own, those of other packages, and names that nobody knows."""

import importlib
import sys
from pathlib import Path

import pytest
from spadework.tools.backends.choice import make_backend, make_search
from spadework.tools.backends.names import BACKENDS
from spadework.tools.errors import ConfigError
from spadework.tools.search import Search
from spadework.tools.web.http import SafeClient

MODULE = """
class Shelf:
    name = "shelf"

    async def search(self, query, *, limit, timeout):
        return []

    async def aclose(self):
        pass

def make_function():
    return lambda query: [{"title": query, "url": "https://a.example/"}]

def make_nothing():
    return 7

def make_trouble():
    raise RuntimeError("no\\ndisk")
"""
OFFERS = """[spadework.search]
shelf = shelf_for_tests:Shelf
wire = shelf_for_tests:make_function
seven = shelf_for_tests:make_nothing
trouble = shelf_for_tests:make_trouble
missing = shelf_for_tests:nowhere
wikipedia = shelf_for_tests:make_trouble
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package that offers backends, as pip leaves one."""
    facts = tmp_path / "shelf_for_tests-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf-for-tests\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(OFFERS)
    (tmp_path / "shelf_for_tests.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "shelf_for_tests", raising=False)
    importlib.invalidate_caches()


@pytest.mark.usefixtures("package")
async def test_a_package_may_offer_a_backend_or_a_function() -> None:
    client = SafeClient()
    shelf, wire = make_search("shelf", client), make_backend("wire", client)
    assert isinstance(shelf, Search)
    assert (shelf.name, wire.name) == ("shelf", "wire")
    assert [hit.title for hit in await wire.search("dice", limit=3, timeout=1)] == ["dice"]


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("seven", "gave an object of type int"),
        ("trouble", "cannot be made: RuntimeError: no disk"),
        ("missing", "cannot be made: AttributeError"),
    ],
)
def test_an_offer_that_does_not_hold_is_named(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^the search backend '{name}' \(shelf_for_tests:\w+\) ") as caught:
        make_search(name, SafeClient())
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("package")
def test_a_package_does_not_take_over_a_name_of_ours() -> None:
    assert make_search("wikipedia", SafeClient()).name == "wikipedia"


@pytest.mark.usefixtures("package")
def test_an_unknown_name_lists_ours_and_theirs_and_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        make_search("shelff", SafeClient())
    text = str(caught.value)
    assert "unknown search backend 'shelff'" in text
    assert f"{', '.join(BACKENDS)}, missing, " in text
    assert text.endswith("did you mean shelf?")


@pytest.mark.parametrize(
    ("name", "near"), [("brav", "brave"), ("tavilly", "tavily"), ("Google", "google"), ("duckduck", "duckduckgo")]
)
def test_the_nearest_of_our_names_is_suggested(name: str, near: str) -> None:
    with pytest.raises(ConfigError, match=rf"did you mean {near}\?$"):
        make_backend(name, SafeClient())
