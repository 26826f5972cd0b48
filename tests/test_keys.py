"""Keys of search providers: where they come from, and that nothing shows them."""

import pytest
from spadework.tools.backends.api import read_key
from spadework.tools.backends.choice import make_search
from spadework.tools.errors import ConfigError
from spadework.tools.web.http import SafeClient

SECRET = "5ecret0key-not-to-be-told"
VARIABLES = {
    "brave": ["BRAVE_API_KEY"],
    "tavily": ["TAVILY_API_KEY"],
    "serper": ["SERPER_API_KEY"],
    "google": ["GOOGLE_API_KEY", "GOOGLE_CSE_ID"],
}
EACH = [(name, variable) for name, variables in VARIABLES.items() for variable in variables]


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for _, variable in EACH:
        monkeypatch.setenv(variable, SECRET)


@pytest.mark.parametrize(("name", "variable"), EACH)
def test_a_key_that_is_not_set_is_named(name: str, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigError, match=rf"^{variable} is not set: "):
        make_search(name, SafeClient())
    monkeypatch.setenv(variable, "  ")
    with pytest.raises(ConfigError, match=rf"^{variable} is not set: "):
        make_search(name, SafeClient())


@pytest.mark.parametrize("value", ["two words", "line\nbreak", "schlüssel", "nul\x7f"])
@pytest.mark.parametrize(("name", "variable"), EACH)
def test_what_cannot_be_a_key_is_refused_and_not_repeated(
    name: str, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=rf"^{variable} holds ") as caught:
        make_search(name, SafeClient())
    assert value not in str(caught.value)


def test_white_space_around_a_key_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAVE_API_KEY", f" {SECRET}\n")
    assert read_key("BRAVE_API_KEY", "Brave").value == SECRET


@pytest.mark.parametrize("name", VARIABLES)
async def test_neither_a_backend_nor_a_key_shows_it(name: str) -> None:
    backend = make_search(name, SafeClient())
    key = read_key(VARIABLES[name][0], name)
    assert backend.name == name
    assert SECRET not in f"{backend} {backend!r} {key} {key!r}"
    await backend.aclose()
