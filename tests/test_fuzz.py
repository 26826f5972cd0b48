"""Whatever a server sends becomes a page or a ToolError, soon and within bounded memory."""

import asyncio
import resource
import time

import httpx
import pytest
from fuzzed import Drawn, markup, replies
from hypothesis import HealthCheck, given, seed, settings
from spadework.tools.browse import WebBrowse
from spadework.tools.clean import clean, one_line
from spadework.tools.errors import ToolError
from spadework.tools.reading.extract import Page, extract_page
from spadework.tools.reading.passages import choose_passages, estimate_tokens
from spadework.tools.web.http import SafeClient

URL = "https://a.example/x"
LONGEST_S = 2.0
MOST_CHARS = 300_000
MOST_MB = 400
"""By which the process may grow over all cases."""
ALL_CHECKS = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
QUICK = 250
ROUNDS, A_ROUND = 14, 750
"""Rounds, as hypothesis remembers all that it drew in one."""


class Canned(httpx.AsyncBaseTransport):
    """Answers with what was drawn."""

    def __init__(self, drawn: Drawn) -> None:
        self._drawn = drawn

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = [(name.encode(), value.encode("latin-1", "replace")) for name, value in self._drawn.headers.items()]
        return httpx.Response(self._drawn.status, headers=headers, stream=httpx.ByteStream(self._drawn.body))


async def read(drawn: Drawn) -> Page | ToolError:
    client = SafeClient(transport=Canned(drawn), max_bytes=200_000)
    try:
        return await WebBrowse(client, live=False).read(URL, timeout=20)
    except ToolError as error:
        return error


def check(page: Page | ToolError) -> None:
    if isinstance(page, ToolError):
        assert str(page)
        assert "\n" not in str(page)
        return
    for text in (page.text, page.title, page.site):
        assert clean(text) == text
    for text, target in page.links:
        assert clean(text) == text
        assert target.startswith(("http://", "https://"))
        assert one_line(target) == target
    assert estimate_tokens(choose_passages(page.text, "the bridge", max_tokens=400).text) <= 800


def run_replies(examples: int, number: int = 0) -> None:
    with asyncio.Runner() as runner:

        @seed(number)
        @settings(database=None, max_examples=examples, deadline=None, suppress_health_check=ALL_CHECKS)
        @given(replies)
        def every_reply_is_read(drawn: Drawn) -> None:
            started = time.process_time()
            check(runner.run(read(drawn)))
            assert time.process_time() - started < LONGEST_S

        every_reply_is_read()


def run_markup(examples: int, number: int = 0) -> None:
    @seed(number)
    @settings(database=None, max_examples=examples, deadline=None, suppress_health_check=ALL_CHECKS)
    @given(markup)
    def every_text_is_a_page(html: str) -> None:
        started = time.process_time()
        check(extract_page(html[:MOST_CHARS], URL))
        assert time.process_time() - started < LONGEST_S

    every_text_is_a_page()


def test_replies() -> None:
    run_replies(QUICK)


def test_markup() -> None:
    run_markup(QUICK)


@pytest.mark.integration
def test_twenty_one_thousand_more() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(ROUNDS):
        run_replies(A_ROUND, number)
        run_markup(A_ROUND, number)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MOST_MB, f"grew by {grown:.0f} MB"
