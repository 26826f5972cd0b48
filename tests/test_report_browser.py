"""The page of a report in a real browser, as wide as a screen and as a telephone."""

from collections.abc import Generator
from pathlib import Path

import pytest
from chromium import Tab, browsing
from reported import DETAILS, failed, line, written
from spadework.evals.report.chart import WIDTH
from spadework.evals.report.chosen import Wanted
from spadework.evals.report.write import Files, write_report

pytestmark = pytest.mark.integration
WIDTHS = (1280, 390)
OPEN = "document.querySelector('.group > summary').click(); document.querySelector('.run > summary').click()"
LONG = "supercalifragilistic" * 12
CONTRAST = """(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v <= 10.3 ? v / 3295 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    const found = parse(getComputedStyle(node).backgroundColor);
    return found.length === 3 ? found : behind(node.parentElement);
  };
  const ratios = {};
  for (const node of document.querySelectorAll("body *:not(script, title)")) {
    if (![...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())) continue;
    const style = getComputedStyle(node), svg = node.ownerSVGElement;
    const pair = [parse(svg ? style.fill : style.color), behind(svg ? svg.parentElement : node)].map(light);
    const name = `${node.tagName} ${node.getAttribute("class") ?? ""}`;
    ratios[name] = Math.min(ratios[name] ?? 99, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05));
  }
  return ratios;
})()"""
"""The least contrast between the words of each kind of element and what is behind them."""
ATTACK = "</details><script>document.title = 'taken'</script><img src=https://evil.example/x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with all that can be in one: several strategies and budgets, failures, attacks, and endless words."""
    ways = ("bats-early", "react", "react-full-and-a-very-long-name")
    lines = [
        line(
            n,
            way,
            budget=budget,
            repeat=repeat,
            right=(n + len(way)) % 3 == 0,
            answer=f"{n} {LONG if n == 2 else ATTACK}",
        )
        for n in range(8)
        for way in ways
        for budget in ("3", "10", "usd=0.05")
        for repeat in (1, 2)
    ]
    lines += [failed(8, fault=f"{ATTACK} {LONG}", violations=["searches: 4 of 3"])]
    details = {**DETAILS, "question": f"{DETAILS['question']} {LONG} {ATTACK}"}
    folder = written(tmp_path_factory.mktemp("sweep"), lines, details)
    write_report([folder], Files(), Wanted())
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Generator[Tab]:
    with browsing() as tab:
        yield tab


@pytest.fixture(params=WIDTHS)
def tab(request: pytest.FixtureRequest, browser: Tab, page: Path) -> Generator[Tab]:
    """The page, freshly opened; afterwards nothing may have gone wrong in it, and nothing may have been asked for."""
    browser.requests.clear()
    browser.open(page, request.param)
    yield browser
    assert browser.problems == []
    assert set(browser.requests) == {page.absolute().as_uri()}
    assert browser.run("document.title") != "taken"


def test_nothing_is_wider_than_the_window(tab: Tab) -> None:
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide = tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
    # Wide tables scroll within their own box.
    assert tab.run("[...document.querySelectorAll('.scroll')].some((box) => box.scrollWidth > box.clientWidth)")


def test_all_sections_and_charts_are_to_be_seen(tab: Tab) -> None:
    titles = tab.run("[...document.querySelectorAll('h3')].map((one) => one.textContent)")
    assert titles[:4] == ["Right answers", "Strategies side by side", "What a run spends", "What right answers cost"]
    assert titles[-3:] == ["Questions", "Runs", "How this was worked out"]
    seen = tab.run("[...document.querySelectorAll('.chart')].map((one) => one.getBoundingClientRect().width)")
    assert len(seen) == 2
    assert min(seen) > 300
    inside = "[...document.querySelectorAll('.chart text')].every((text) => { const box = text.getBoundingClientRect();"
    inside += " const own = text.ownerSVGElement.getBoundingClientRect(); return box.left >= own.left - 1"
    assert tab.run(f"{inside} && box.right <= own.right + 1; }})"), "a label is cut off"
    size = tab.run("parseFloat(getComputedStyle(document.querySelector('.chart .tick')).fontSize)")
    assert size * min(seen) / WIDTH > 10, "pixels on the screen"


def test_a_run_opens_with_all_that_it_did(tab: Tab) -> None:
    tab.run(OPEN)
    inside = tab.run("document.querySelector('.run .inside').innerText")
    for part in ("Plan", "Calls", "refused", "Findings", "built by Mara Finch in 1871", "Decisions", "Receipt"):
        assert part in inside


def test_the_filter_leaves_what_fits(tab: Tab) -> None:
    def chosen(name: str, value: str, event: str = "change") -> list[str]:
        field = f"document.querySelector('.filters [name={name}]')"
        tab.run(f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('{event}'))")
        return tab.run(
            "[...document.querySelectorAll('.run')].filter((run) => run.checkVisibility())"
            ".map((run) => [run.dataset.way, run.dataset.budget, run.dataset.outcome].join(' '))"
        )

    assert tab.run("document.querySelector('.filters').checkVisibility()")
    assert set(chosen("way", "react")) == {
        f"react {b} {o}" for b in ("3", "10", "usd=0.05") for o in ("right", "wrong")
    }
    assert set(chosen("budget", "10")) == {"react 10 right", "react 10 wrong"}
    assert set(chosen("outcome", "wrong")) == {"react 10 wrong"}
    assert chosen("text", "wick nowhere", "input") == []
    assert tab.run("document.querySelector('.filters output').textContent") == "0 of 145 runs"
    chosen("text", "", "input")
    chosen("outcome", "failed")
    chosen("way", "")
    assert chosen("budget", "") == ["bats-early 5 failed"]


def test_a_link_to_a_question_opens_it(tab: Tab) -> None:
    tab.run("document.querySelector('.map tbody tr:nth-child(4) a').click()")
    tab.run("new Promise((done) => setTimeout(done, 50))")
    assert tab.run("document.querySelectorAll('.group')[3].open")


def test_without_its_script_the_page_shows_and_opens_everything_else(browser: Tab, page: Path, tmp_path: Path) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(page, 390)
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
        assert not browser.run("document.querySelector('.filters').checkVisibility()")
        browser.run(
            "document.querySelector('.group > summary').click(); document.querySelector('.run > summary').click()"
        )
        assert browser.run("document.querySelector('.run .inside').checkVisibility()")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_what_is_behind_them(browser: Tab, page: Path, dark: bool) -> None:
    """WCAG AA for text: a contrast of 4.5 to 1."""
    browser.open(page, 1280, dark=dark)
    browser.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found: dict[str, float] = browser.run(CONTRAST)
    assert len(found) > 20
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}
