"""The page of a run of more than sixty calls in a real browser, as wide as a screen and as a telephone."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from chromium import Tab, browsing
from click.testing import CliRunner
from simulated_server import simulated
from spadework.agent.terminal.cli import cli
from spadework.agent.trace.reader import read_trace
from spadework.agent.trace.story import calls_of
from test_report_browser import CONTRAST
from traces import header, written

pytestmark = pytest.mark.integration
WIDTHS = (1280, 390)
LIMITS = ["--searches", "40", "--browses", "30", "--tokens", "400000", "--strategy", "bats", "--no-store"]
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd"
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
LATER = "new Promise((done) => setTimeout(done, 100))"
LONG = "supercalifragilistic" * 20
ATTACK = "</details><script>document.title = 'taken'</script><img src=https://evil.example/x onerror=alert(1)>"


@dataclass(frozen=True)
class Made:
    """A page, and how many calls its run had."""

    file: Path
    all: int


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Asked, traced and made into a page with the real commands."""
    folder = tmp_path_factory.mktemp("trace")
    trace = folder / "run.jsonl"
    with simulated(folder, 4, skill=0.2, failing=5) as asked:
        line = ["ask", asked.question, *asked.options, *LIMITS, "--trace", str(trace)]
        assert CliRunner().invoke(cli, line, env={"SPADEWORK_STORE": "none"}).exit_code == 0
    assert CliRunner().invoke(cli, ["trace", str(trace)]).exit_code == 0
    return Made(folder / "run.html", len(calls_of(read_trace(trace).questions[0])))


@pytest.fixture(scope="module")
def browser() -> Generator[Tab]:
    with browsing() as tab:
        yield tab


@pytest.fixture(params=WIDTHS)
def tab(request: pytest.FixtureRequest, browser: Tab, made: Made) -> Generator[Tab]:
    """The page, freshly opened; afterwards nothing may have gone wrong in it, and nothing may have been asked for."""
    browser.requests.clear()
    browser.open(made.file, request.param)
    yield browser
    assert browser.problems == []
    assert {url.partition("#")[0] for url in browser.requests} == {made.file.absolute().as_uri()}


def test_the_page_of_sixty_calls_is_small_and_quick(tab: Tab, made: Made) -> None:
    assert made.all >= 60
    assert made.file.stat().st_size < 2_000_000
    assert tab.run(LOADED) < 1_000, "milliseconds"


def test_nothing_is_wider_than_the_window(tab: Tab) -> None:
    tab.run(OPEN_ALL)
    assert tab.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    inside = "[...document.querySelectorAll('figure text')].every((one) => { const box = one.getBoundingClientRect();"
    assert tab.run(f"{inside} return box.left >= 0 && box.right <= innerWidth + 1; }})"), "a label is cut off"
    smallest = "Math.min(...[...document.querySelectorAll('main *')].map(size))"
    assert (
        tab.run(f"(() => {{ const size = (one) => parseFloat(getComputedStyle(one).fontSize); return {smallest}; }})()")
        >= 11
    )


def test_every_call_has_a_bar_that_leads_to_it(tab: Tab, made: Made) -> None:
    assert tab.run("document.querySelectorAll('.call').length") == made.all
    assert tab.run("document.querySelectorAll('.timeline .bar rect').length") == made.all + 5, (
        "with those of the legend"
    )
    bar = "document.querySelector('.timeline a.bar[href=\"#c8\"]')"
    tab.run(f"{bar}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    tab.run(LATER)
    assert tab.run("location.hash") == "#c8"
    box = tab.run("(({ top, bottom }) => [top, bottom])(document.querySelector('#c8').getBoundingClientRect())")
    assert -1 <= box[0] < 800
    assert tab.run("document.querySelector('#c8 details')?.open ?? true")


def test_bars_at_the_same_time_are_below_each_other(tab: Tab) -> None:
    apart = """[...document.querySelectorAll('.timeline svg:not(.key) .bar rect')].every((one, at, all) => {
      const a = one.getBoundingClientRect();
      return all.slice(at + 1).every((other) => {
        const b = other.getBoundingClientRect();
        return a.right <= b.left + 0.5 || b.right <= a.left + 0.5 || a.bottom <= b.top || b.bottom <= a.top;
      });
    })"""
    assert tab.run(apart)


def test_a_link_to_a_message_opens_what_it_is_in(tab: Tab) -> None:
    name = tab.run("document.querySelector('.messages a').getAttribute('href').slice(1)")
    tab.run(f"location.hash = '{name}'")
    tab.run(LATER)
    assert tab.run(f"document.getElementById('{name}').querySelector('pre').checkVisibility()")


def test_the_filter_leaves_what_fits_and_all_can_be_opened(tab: Tab, made: Made) -> None:
    def chosen(name: str, value: str, event: str = "change") -> list[str]:
        field = f"document.querySelector('.filters [name={name}]')"
        tab.run(f"{field}.value = {value!r}; {field}.dispatchEvent(new Event('{event}'))")
        return tab.run("[...document.querySelectorAll('.call:not([hidden])')].map((one) => one.dataset.tool)")

    assert set(chosen("tool", "planner")) == {"planner"}
    chosen("tool", "")
    assert chosen("state", "failed") == ["searcher"]
    assert tab.run("document.querySelector('.filters output').textContent") == f"1 of {made.all} calls"
    chosen("state", "")
    assert chosen("text", "zyzzyva nowhere", "input") == []
    assert len(chosen("text", "", "input")) == made.all
    tab.run("document.querySelector('.filters button').click()")
    assert tab.run("[...document.querySelectorAll('.call details')].every((one) => one.open)")
    tab.run("document.querySelector('.filters button').click()")
    assert not tab.run("document.querySelector('.call details[open]')")


def test_the_timeline_is_walked_with_the_arrow_keys(tab: Tab) -> None:
    assert tab.run("document.querySelectorAll('.timeline a[tabindex=\"0\"]').length") == 1
    key = "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}))"
    tab.run(f"document.querySelector('.timeline a').focus(); {key}; {key}")
    told = tab.run("document.activeElement.dataset.told")
    assert tab.run("document.querySelector('.timeline .pointed').textContent") == told
    assert told


def test_all_text_can_be_selected_and_is_text(tab: Tab) -> None:
    tab.run(OPEN_ALL)
    assert tab.run(
        "[...document.querySelectorAll('body *')].every((one) => getComputedStyle(one).userSelect !== 'none')"
    )
    tab.run("getSelection().selectAllChildren(document.querySelector('main'))")
    selected = tab.run("getSelection().toString()")
    for part in ("Timeline", "planner", "You find the answer to one question on the web", "searches:", "[budget]"):
        assert part in selected
    assert tab.run("document.querySelector('path, canvas, image')") is None


@pytest.mark.parametrize("width", WIDTHS)
def test_without_its_script_all_of_it_can_be_read(browser: Tab, made: Made, width: int) -> None:
    browser.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(made.file, width)
        browser.send("Emulation.setScriptExecutionDisabled", value=False)
        assert not browser.run("document.querySelector('.filters').checkVisibility()")
        browser.run(
            "document.querySelector('#c1 summary').click(); document.querySelector('#c1 .messages summary').click()"
        )
        assert browser.run("document.querySelector('#c1 pre').checkVisibility()")
    finally:
        browser.send("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_what_is_behind_them(browser: Tab, made: Made, dark: bool) -> None:
    """WCAG AA for text: a contrast of 4.5 to 1."""
    browser.open(made.file, 1280, dark=dark)
    browser.run(OPEN_ALL)
    found: dict[str, float] = browser.run(CONTRAST)
    assert len(found) > 20
    assert {name: ratio for name, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("width", WIDTHS)
def test_attacks_and_endless_words_stay_words(browser: Tab, tmp_path: Path, width: int) -> None:
    text = f"{ATTACK} {LONG}"
    finding = {
        "candidate": text,
        "constraint": "c0",
        "verdict": "satisfied",
        "evidence": [{"url": LONG, "quote": text}],
    }
    result = {"answer": text, "constraints": [{"id": "c0", "text": text}], "findings": [finding], "fault": text}
    page = written(
        tmp_path / "x.jsonl",
        header(question=text, models={text: text}),
        {"t": 0, "kind": "message", "id": "m1", "message": {"role": text, "content": text}},
        {"t": 0, "kind": "call", "tool": "model", "what": text, "state": "started"},
        {"t": 0, "kind": "prompt", "charge": text, "role": text, "node": text, "messages": ["m1", "m1"]},
        {"t": 1, "kind": "call", "tool": "search", "what": text, "state": "refused", "detail": text},
        {"t": 1, "kind": "call", "tool": "tool", "what": LONG, "state": "failed", "detail": text},
        {"t": 1, "kind": "spend", "limits": {f"tools.{LONG}": 3}, "gone": {f"tools.{LONG}": 2}},
        {"t": 2, "kind": "end", "result": result},
    )
    assert CliRunner().invoke(cli, ["trace", str(page)]).exit_code == 0
    browser.requests.clear()
    browser.open(page.with_suffix(".html"), width)
    browser.run(OPEN_ALL)
    assert browser.run("document.title") == "Trace: x.jsonl"
    assert browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert len(browser.requests) == 1
    assert browser.problems == []
