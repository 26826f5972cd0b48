"""Walls: pages that show a program something else than what a reader would see.

Many real pages are about captchas, cookies or JavaScript, and many more load the scripts of those who make such walls.
So a page is called a wall only where there is next to no text; a maker's own challenge markup, which no ordinary page
carries, counts up to a somewhat longer text.
"""

import re
from collections.abc import Callable

from . import signs
from .blocks import count_words
from .extract import Page
from .links import host_of

FEW_WORDS = 60
"""Words from which on no text is called a wall, but for the two below."""
CHALLENGE_WORDS = 200
"""The same where the markup of a challenge stands on the page."""
CONSENT_WORDS = 400
"""The same on a host that does nothing but ask for consent."""
_HARDLY_ANY = 25
_LOOKED_AT = 300_000  # characters; a wall is a small page

ROBOT = "page checks for robots and shows no text to a program"
SCRIPT = "page shows its text only with JavaScript"
CONSENT = "page asks about cookies in place of its text"
LOGIN = "page shows its text only after a login"
PAYWALL = "page shows its text only to subscribers"

_BODY_END = re.compile(r"<script|<noscript|</body", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_SENTENCE = re.compile(r"[^.!?\n|]+")


def wall(html: str, page: Page, status: int = 200) -> str | None:
    """Why `page`, read from `html`, is not what a reader sees, in plain words; None for a page like any other.

    `status` is that of the reply: a refusal (403, 429, 503) that also says so is a robot check.
    """
    words = count_words(page.text)
    html = html[:_LOOKED_AT]
    if words < CHALLENGE_WORDS and signs.CHALLENGE.search(html):
        return ROBOT
    if words < CONSENT_WORDS and signs.CONSENT_HOST.match(host_of(page.url)) and signs.CONSENT.search(page.text):
        return CONSENT
    if words >= FEW_WORDS:
        return None
    return next((reason for reason, test in _TESTS if test(html, page, status)), None)


def _checks_for_robots(html: str, page: Page, status: int) -> bool:
    said = page.text.replace("’", "'")
    if status in (403, 429, 503) and signs.REFUSED.search(said):
        return True
    rest = _rest(page, signs.ROBOT)
    if signs.ROBOT.search(said):
        return rest < FEW_WORDS - _HARDLY_ANY
    return rest < _HARDLY_ANY and signs.ROBOT_TITLE.fullmatch(page.title.replace("’", "'").strip()) is not None


def _asks_to_pay(html: str, page: Page, status: int) -> bool:
    return signs.PAYWALL.search(page.text) is not None


def _asks_to_log_in(html: str, page: Page, status: int) -> bool:
    return (signs.PASSWORD.search(html) is not None or signs.MUST_LOGIN.search(page.text) is not None) and _rest(
        page, signs.LOGIN
    ) < _HARDLY_ANY


def _asks_for_consent(html: str, page: Page, status: int) -> bool:
    """The buttons to agree with are not always part of the text."""
    asks = signs.CONSENT.search(page.text) is not None and signs.CONSENT_BUTTON.search(html) is not None
    return asks and _rest(page, signs.CONSENT, signs.AGREE) < _HARDLY_ANY // 2


def _needs_scripts(html: str, page: Page, status: int) -> bool:
    """What a page says of itself for search engines (a description, JSON-LD) is part of its text, and may be enough."""
    if not page.text.strip():
        return re.search(r"<script\b", html, re.IGNORECASE) is not None
    if _rest(page, signs.NEEDS_SCRIPT) >= _HARDLY_ANY:
        return False
    if any(_is_empty(html, mount) for mount in signs.MOUNT.finditer(html)):
        return True
    said = [page.text, *(match[1] for match in signs.NOSCRIPT.finditer(html))]
    return any(signs.NEEDS_SCRIPT.search(text) for text in said)


def _is_empty(html: str, mount: re.Match[str]) -> bool:
    """Whether nothing stands in the element that a script is to fill, but for a word such as "Loading"."""
    after = html[mount.end() : mount.end() + 2_000]
    if after.lstrip().lower().startswith(f"</{(mount[1] or mount[2]).lower()}"):
        return True
    end = _BODY_END.search(after)
    return end is not None and count_words(_TAG.sub(" ", after[: end.start()])) <= 3


_TESTS: tuple[tuple[str, Callable[[str, Page, int], bool]], ...] = (
    (ROBOT, _checks_for_robots),
    (PAYWALL, _asks_to_pay),
    (LOGIN, _asks_to_log_in),
    (CONSENT, _asks_for_consent),
    (SCRIPT, _needs_scripts),
)


def _rest(page: Page, *about: re.Pattern[str]) -> int:
    """Words of the text without the sentences that only speak of the wall."""
    sentences = (match[0] for match in _SENTENCE.finditer(page.text))
    return sum(count_words(said) for said in sentences if not any(pattern.search(said) for pattern in about))
