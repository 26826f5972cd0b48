"""What a robots.txt means for us, and that a nasty one costs no time."""

import time

import httpx
import pytest
from spadework.tools.web.robots import MAX_BYTES, read_rules

BOTH = """User-agent: *
Disallow: /

User-agent: Spadework
User-agent: Otherbot
Disallow: /private
Crawl-delay: 3
"""
STARS = "User-agent: *\nDisallow: /*/print$\nDisallow: *.pdf\nAllow: /free/*.pdf\nDisallow: /*?sort="
FORMS = (
    "\ufeffUSER-AGENT : spadework/1.0 # that is us\r\n\r\nDisallow:/a#b\rDisallow: /caf%C3%A9\nSitemap: /s\ndisallow /c"
)


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/", True),
        ("User-agent: *\nDisallow:", "/", True),
        ("User-agent: *\nDisallow: /", "/", False),
        ("User-agent: *\nDisallow: /\nAllow: /open", "/open/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        ("Disallow: /", "/", True),
        ("User-agent: spade\nDisallow: /", "/", True),
        ("User-agent: Spadeworker\nDisallow: /", "/", True),
        ("User-agent: GPTBot\nDisallow: /", "/", True),
        ("User-agent: GPTBot\nUser-agent: *\nSitemap: /s\nUser-agent: X\nDisallow: /", "/", False),
        (BOTH, "/open", True),
        (BOTH, "/private/a", False),
        (STARS, "/a/print", False),
        (STARS, "/a/print/b", True),
        (STARS, "/a/b.pdf?x=1", False),
        (STARS, "/free/b.pdf", True),
        (STARS, "/list?sort=up", False),
        (STARS, "/list?page=2", True),
        (FORMS, "/abc", False),
        (FORMS, "/café/menu", False),
        (FORMS, "/c", False),
        (FORMS, "/open", True),
        ("User-agent: *\nDisallow: //hidden", "//hidden/a", False),
        ("<html><body>User-agent: *\nDisallow: nothing</body></html>", "/", True),
        ("User-agent: *\nDisallow: /" + "a" * 600 + "\nDisallow: /b", "/b", False),
    ],
)
def test_a_page_is_read_or_left_as_the_rules_say(text: str, path: str, allowed: bool) -> None:
    assert read_rules(text.encode()).allow(httpx.URL("http://site.test").join(f"http://site.test{path}")) is allowed


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (BOTH, 3.0),
        ("User-agent: *\nCrawl-delay: 1.5", 1.5),
        ("User-agent: *\nDisallow: /x", 0.0),
        ("User-agent: *\nCrawl-delay: -4", 0.0),
        ("User-agent: *\nCrawl-delay: soon", 0.0),
        ("User-agent: *\nCrawl-delay: inf", 0.0),
        ("User-agent: X\nCrawl-delay: 7", 0.0),
    ],
)
def test_the_delay_that_a_site_wants_is_known(text: str, seconds: float) -> None:
    assert read_rules(text.encode()).crawl_delay_s == seconds


def test_what_is_no_text_is_no_rule() -> None:
    assert read_rules(bytes(range(256)) * 50).allow(httpx.URL("http://site.test/"))


def many(line: str, head: str = "User-agent: *") -> str:
    """A file of the largest size; `#` in the line is its number."""
    lines = [line.replace("#", str(number)) for number in range(MAX_BYTES // len(line))]
    return "\n".join([head, *lines])


AGENTS = "\n".join(f"User-agent: a{number}" for number in range(17_000))
NASTY = {
    "many agents with many rules": many("Disallow: /#", head=AGENTS),
    "the same with ours among them": many("Disallow: /#", head=AGENTS + "\nUser-agent: *"),
    "many stars in a rule": "User-agent: *\nDisallow: /" + "*a" * 249_000,
    "stars that once took hours": "User-agent: *\nDisallow: /" + "*a" * 30 + "*b",
    "many rules with stars": many("Disallow: /" + "*a" * 45 + "*b#"),
    "many near misses": many("Disallow: *" + "a" * 80 + "b#"),
    "many short rules": many("Allow:*#z"),
    "many dollars": many("Allow: *" + "$" * 80 + "#$"),
    "blanks": "User-agent" + " " * MAX_BYTES,
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_a_nasty_file_costs_no_time(text: str) -> None:
    """Without limits the first one takes many minutes. What is far less than a second may be slow on a busy machine."""
    body = text.encode()[:MAX_BYTES]
    begin = time.process_time()
    rules = read_rules(body)
    for path in ("a" * 60_000, "a" * 1_900, "ab" * 900 + "?" + "$" * 100):
        rules.allow(httpx.URL(f"http://site.test/{path}"))
    assert time.process_time() - begin < 5


def test_a_normal_long_file_is_kept_in_full() -> None:
    body = "\n".join(["User-agent: *", *(f"Disallow: /section/{number}/" for number in range(3_000))]).encode()
    rules = read_rules(body)
    assert not rules.allow(httpx.URL("http://site.test/section/2999/a"))
    assert rules.allow(httpx.URL("http://site.test/section/3000/a"))
