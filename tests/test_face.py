"""The public face of the tools: a search and a page in one call, guarded as in a run; importing it costs nothing."""

import subprocess
import sys

import pytest
from alder import BRIDGE, alder_web
from spadework import tools
from spadework.tools import Hit, Page, SpadeworkError, extract_page, fetch_page, search_web
from spadework.tools.errors import ConfigError, ToolError


async def test_a_search_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with alder_web() as base:
        monkeypatch.setenv("SEARXNG_URL", base)
        hits = await search_web("alder bridge", "searxng", limit=1)
    assert hits == [Hit("Alder Bridge", f"{base}/bridge", BRIDGE, "searxng", 1)]


async def test_a_page_in_one_call_where_its_host_is_allowed() -> None:
    with alder_web() as base:
        page = await fetch_page(f"{base}/bridge", allow_hosts=["127.0.0.1"])
        assert (page.title, page.text, page.site) == ("Alder Bridge", BRIDGE, "127.0.0.1")
        with pytest.raises(ToolError, match="loopback"):
            await fetch_page(f"{base}/bridge")
        with pytest.raises(ToolError, match="loopback"):
            await fetch_page(f"{base}/bridge", allow_hosts=["10.0.0.1"])
        with pytest.raises(ToolError, match="404"):
            await fetch_page(f"{base}/missing", allow_hosts=["127.0.0.1"])


@pytest.mark.parametrize("url", ["", "bridge", "file:///etc/passwd", "http://", "http://user:pw@a.example/", "\x00"])
async def test_what_is_no_web_address_is_one_line(url: str) -> None:
    with pytest.raises(ToolError) as caught:
        await fetch_page(url)
    assert "\n" not in str(caught.value)
    assert "pw" not in str(caught.value)


async def test_what_cannot_be_used_is_told_before_anything_is_asked() -> None:
    with pytest.raises(ConfigError, match=r"limit=0"):
        await search_web("alder", "wikipedia", limit=0)
    with pytest.raises(ConfigError, match=r"unknown search backend 'gogle'.*did you mean google\?"):
        await search_web("alder", "gogle")
    with pytest.raises(ConfigError, match="BRAVE_API_KEY"):
        await search_web("alder", "brave")
    with pytest.raises(ConfigError, match="allowed host"):
        await fetch_page("https://a.example/", allow_hosts=["http://a.example"])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("SPADEWORK_PROXY", "socks5://x", "proxy cannot be used"), ("SPADEWORK_CA", "/no/such/file", "/no/such/file")],
)
async def test_the_way_out_is_that_of_a_run(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=told):
        await fetch_page("https://a.example/")
    with pytest.raises(ConfigError, match=told):
        await search_web("alder", "wikipedia")


def test_html_as_a_page() -> None:
    page = extract_page("<title>Tea</title><p>Green tea is brewed at 80 degrees.", "https://tea.example/green")
    assert isinstance(page, Page)
    assert (page.title, page.text, page.url) == (
        "Tea",
        "Green tea is brewed at 80 degrees.",
        "https://tea.example/green",
    )
    assert issubclass(ToolError, SpadeworkError)


def test_every_public_name_is_there_and_no_other() -> None:
    assert all(getattr(tools, name) is not None for name in tools.__all__)
    with pytest.raises(AttributeError, match="no attribute 'fetch'"):
        tools.__getattr__("fetch")


def test_the_import_loads_nothing_heavy() -> None:
    program = (
        "import sys, spadework.tools\n"
        "print(sorted({'httpx', 'bs4', 'lxml', 'pypdf', 'ddgs', 'protego', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    assert done.stderr == ""
