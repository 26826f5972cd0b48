"""Whole pages of many kinds: which facts of each must survive as text, and what must not come along.

`pages/NAME.html` is the page, `pages/NAME.toml` what is known of it: `keep` are parts of the text in their order,
`gone` is what must not be in it, `links` must be among its links and `unlinked` addresses must not. A title, site,
date or canonical address is compared where it is named; the date "" stands for none.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from spadework.tools.reading.extract import Page, extract_page

PAGES = Path(__file__).with_name("pages")
NAMES = sorted(path.stem for path in PAGES.glob("*.html"))


def read(name: str) -> tuple[Page, dict[str, Any]]:
    facts = tomllib.loads((PAGES / f"{name}.toml").read_text(encoding="utf-8"))
    return extract_page((PAGES / f"{name}.html").read_text(encoding="utf-8"), facts["url"]), facts


@pytest.mark.parametrize("name", NAMES)
def test_facts_of_a_page_survive_in_their_order(name: str) -> None:
    page, facts = read(name)
    lost: list[str] = []
    place = 0
    for part in facts["keep"]:
        found = page.text.find(part, place)
        if found < 0:
            lost.append(part)
        else:
            place = found + len(part)
    assert lost == [], page.text


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_around_the_content_does_not_come_along(name: str) -> None:
    page, facts = read(name)
    assert [part for part in facts["gone"] if part in page.text] == [], page.text


@pytest.mark.parametrize("name", NAMES)
def test_title_site_date_address_and_links(name: str) -> None:
    page, facts = read(name)
    known = {key: facts[key] for key in ("title", "site", "date", "canonical") if key in facts}
    assert {key: getattr(page, key) or "" for key in known} == known
    assert [link for link in facts.get("links", []) if tuple(link) not in page.links] == []
    assert [url for url in facts.get("unlinked", []) if url in [target for _, target in page.links]] == []
    assert all(target.startswith(("http://", "https://")) for _, target in page.links)


def test_every_page_has_its_facts_and_a_real_size() -> None:
    assert len(NAMES) >= 48
    assert sorted(path.stem for path in PAGES.glob("*.toml")) == NAMES
    sizes = {name: len((PAGES / f"{name}.html").read_bytes()) for name in NAMES}
    assert {name: size for name, size in sizes.items() if not 2_000 <= size <= 20_480} == {}
