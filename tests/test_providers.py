"""The providers that search with a key, against a loopback server: hand-written replies, and what was asked."""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from provider_server import Asked, ProviderServer, provider_server, written
from spadework.tools.backends.brave import make_brave
from spadework.tools.backends.google import make_google
from spadework.tools.backends.serper import make_serper
from spadework.tools.backends.tavily import make_tavily
from spadework.tools.errors import ToolError
from spadework.tools.search import Hit, Search
from spadework.tools.web.http import SafeClient

SECRET = "tvly-5ecret0key-not-to-be-told"
VARIABLES = ("BRAVE_API_KEY", "TAVILY_API_KEY", "SERPER_API_KEY", "GOOGLE_API_KEY")
TODAY = "(today)"


@dataclass(frozen=True)
class Provider:
    """What a request to a provider has to be for "demon dice" with a limit of 7."""

    name: str
    make: Callable[..., Search]
    method: str
    path: str
    header: str
    value: str
    asks: dict[str, object]


PROVIDERS = [
    Provider(
        "brave",
        make_brave,
        "GET",
        "/res/v1/web/search",
        "x-subscription-token",
        SECRET,
        {"q": "demon dice", "count": "7", "result_filter": "web", "text_decorations": "false"},
    ),
    Provider(
        "tavily",
        make_tavily,
        "POST",
        "/search",
        "authorization",
        f"Bearer {SECRET}",
        {"query": "demon dice", "max_results": 7, "search_depth": "basic"},
    ),
    Provider("serper", make_serper, "POST", "/search", "x-api-key", SECRET, {"q": "demon dice", "num": 7}),
    Provider(
        "google",
        make_google,
        "GET",
        "/customsearch/v1",
        "x-goog-api-key",
        SECRET,
        {"q": "demon dice", "num": "7", "cx": "an-engine"},
    ),
]
every_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
BY_NAME = {provider.name: provider for provider in PROVIDERS}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderServer]:
    for variable in VARIABLES:
        monkeypatch.setenv(variable, SECRET)
    monkeypatch.setenv("GOOGLE_CSE_ID", "an-engine")
    with provider_server() as server:
        yield server


@pytest.fixture
async def client(server: ProviderServer) -> AsyncIterator[SafeClient]:
    client = SafeClient(allow_hosts=["127.0.0.1"])
    yield client
    await client.aclose()


@dataclass(frozen=True)
class Asking:
    """Searches with a provider at the server."""

    server: ProviderServer
    client: SafeClient

    async def search(self, provider: Provider, query: str = "demon dice", *, limit: int = 7) -> list[Hit]:
        return await provider.make(self.client, base=self.server.url).search(query, limit=limit, timeout=5)

    async def failure(self, provider: Provider) -> ToolError:
        with pytest.raises(ToolError) as caught:
            await self.search(provider)
        text = str(caught.value)
        assert "\n" not in text
        assert SECRET not in f"{text} {caught.value!r} {caught.value.url} {caught.value.__cause__}"
        return caught.value

    async def asks(self, provider: Provider, query: str) -> dict[str, object]:
        await self.search(provider, query)
        asked = self.server.asked[-1]
        return asked.body or dict(asked.params)


@pytest.fixture
def asking(server: ProviderServer, client: SafeClient) -> Asking:
    return Asking(server, client)


def check(asked: Asked, provider: Provider) -> None:
    assert (asked.method, asked.path) == (provider.method, provider.path)
    assert asked.headers[provider.header] == provider.value
    assert (asked.body or asked.params) == provider.asks
    assert SECRET not in f"{asked.params} {asked.body}"


@every_provider
async def test_a_documented_reply_becomes_hits(asking: Asking, provider: Provider) -> None:
    asking.server.answer(written(f"{provider.name}_results"))
    first, second = await asking.search(provider)
    check(asking.server.asked[0], provider)
    snippet = "A collectible dice game of 1995, 3 < 4."
    url = "https://dice.example/demon?utm_source=x"
    assert first == Hit("Demon Dice & more", url, snippet, provider.name, 1, "1995-06-01")
    assert (second.title, second.rank, second.date) == ("Dragon Dice", 2, None)
    assert len(await asking.search(provider, limit=1)) == 1


@every_provider
async def test_only_results_of_the_wanted_site_are_kept(asking: Asking, provider: Provider) -> None:
    asking.server.answer(written(f"{provider.name}_results"))
    hits = await asking.search(provider, "dice site:games.example")
    assert [(hit.url, hit.rank) for hit in hits] == [("https://games.example/dragon", 1)]


FILTERED = {
    "brave": {"q": "dice site:a.example", "freshness": "2020-05-01to2021-12-31"},
    "tavily": {
        "query": "dice",
        "include_domains": ["a.example"],
        "start_date": "2020-05-01",
        "end_date": "2021-12-31",
    },
    "serper": {"q": "dice site:a.example after:2020-04-30 before:2022-01-01"},
    "google": {"q": "dice", "siteSearch": "a.example", "siteSearchFilter": "i", "sort": "date:r:20200501:20211231"},
}


@every_provider
async def test_operators_become_the_filters_of_the_provider(asking: Asking, provider: Provider) -> None:
    asked = await asking.asks(provider, "dice site:a.example after:2020-05 before:2022")
    assert asked == provider.asks | FILTERED[provider.name]


@pytest.mark.parametrize(
    ("name", "query", "field", "value"),
    [
        ("brave", "dice after:2020", "freshness", f"2020-01-01to{TODAY}"),
        ("brave", "dice before:2020", "freshness", "1990-01-01to2019-12-31"),
        ("brave", "dice before:1980", "freshness", "1979-12-31to1979-12-31"),
        ("tavily", "dice site:gov", "include_domains", None),
        ("tavily", "dice after:2020-05-01 before:2020-05-02", "end_date", "2020-05-02"),
        ("serper", "dice before:2020", "q", "dice before:2020-01-01"),
        ("google", "dice after:2020", "sort", "date:r:20200101:21001231"),
        ("google", "dice before:2020", "sort", "date:r:10000101:20191231"),
    ],
)
async def test_half_open_and_narrow_filters(asking: Asking, name: str, query: str, field: str, value: object) -> None:
    days = [datetime.now(UTC).date().isoformat()]
    asked = await asking.asks(BY_NAME[name], query)
    # Midnight may have passed meanwhile.
    days.append(datetime.now(UTC).date().isoformat())
    wanted = [value.replace(TODAY, day) if isinstance(value, str) else value for day in days]
    assert asked.get(field) in wanted


@every_provider
async def test_more_than_the_provider_takes_is_not_asked_for(asking: Asking, provider: Provider) -> None:
    await asking.search(provider, "word " * 400, limit=5_000)
    asked = asking.server.asked[-1]
    sent = asked.body or asked.params
    words = str(sent.get("q") or sent.get("query"))
    assert 100 < len(words) <= 400
    assert len(words.split()) <= 80
    assert str(sent.get("count") or sent.get("num") or sent.get("max_results")) in ("10", "20", "100")


@every_provider
async def test_an_empty_query_asks_nobody(asking: Asking, provider: Provider) -> None:
    assert await asking.search(provider, " \n") == []
    assert await asking.search(provider, limit=0) == []
    assert asking.server.asked == []


@every_provider
@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_names_its_variable(asking: Asking, provider: Provider, status: int) -> None:
    asking.server.answer({"message": SECRET}, status=status)
    error = await asking.failure(provider)
    assert f"answered {status}; {provider.name.upper()}_API_KEY is wrong, or not allowed" in str(error)
    assert (error.kind, error.status, error.sent, error.attempts) == ("status", status, True, 1)
    assert error.url.startswith(asking.server.url)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("brave", 422, "BRAVE_API_KEY is probably wrong"),
        ("google", 400, "GOOGLE_API_KEY or GOOGLE_CSE_ID is probably wrong"),
        ("tavily", 432, "used up"),
        ("tavily", 433, "used up"),
        ("tavily", 500, "500 Internal Server Error"),
        ("serper", 400, "400 Bad Request"),
    ],
)
async def test_other_refusals_say_what_is_known(asking: Asking, name: str, status: int, said: str) -> None:
    asking.server.answer({}, status=status)
    error = await asking.failure(BY_NAME[name])
    assert said in str(error)
    assert (error.kind, error.status) == ("status", status)


@every_provider
async def test_too_many_requests_are_told_apart(asking: Asking, provider: Provider) -> None:
    # A wait that does not fit keeps the client from trying again.
    asking.server.answer({}, status=429, retry_after="3600")
    error = await asking.failure(provider)
    assert "answered 429; too many requests" in str(error)
    assert (error.kind, error.status, error.sent, error.attempts) == ("status", 429, True, 1)


@every_provider
async def test_a_redirect_is_not_followed_and_the_key_stays_here(asking: Asking, provider: Provider) -> None:
    with provider_server() as elsewhere:
        asking.server.answer(b"", status=307, location=f"{elsewhere.url}/search")
        error = await asking.failure(provider)
        assert elsewhere.asked == []
    assert "a redirect, which is not followed" in str(error)
    assert (error.kind, error.status) == ("status", 307)


@every_provider
async def test_an_error_in_place_of_results_is_shown_on_one_line(asking: Asking, provider: Provider) -> None:
    asking.server.answer(written(f"{provider.name}_error"))
    error = await asking.failure(provider)
    assert str(error).endswith("refused the search: The query is not readable.")
    assert (error.kind, error.status, error.sent, error.attempts) == ("bad_reply", 200, True, 1)


@every_provider
async def test_a_provider_that_repeats_the_key_does_not_give_it_away(asking: Asking, provider: Provider) -> None:
    for before in range(0, 600, 5):
        asking.server.answer({"error": f"{'x' * before} {SECRET}"})
        assert SECRET[:4] not in str(await asking.failure(provider))


@every_provider
async def test_a_page_in_place_of_json_is_a_bad_reply(asking: Asking, provider: Provider) -> None:
    asking.server.answer(b"<html>Log in to this network</html>", kind="text/html")
    error = await asking.failure(provider)
    assert "answered text/html instead of a JSON object" in str(error)
    assert error.kind == "bad_reply"


@every_provider
async def test_a_silent_provider_is_a_timeout(asking: Asking, provider: Provider) -> None:
    asking.server.silent = True
    backend = provider.make(asking.client, base=asking.server.url)
    with pytest.raises(ToolError, match=r"did not answer within 0\.2 s") as caught:
        await backend.search("dice", limit=5, timeout=0.2)
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)
