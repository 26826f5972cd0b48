"""Every example of the README runs, offline: shell lines as a user would type them, Python blocks as scripts."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alder import ANSWER, BRIDGE, alder_web, write_corpus
from conftest import SETTINGS
from fake_openai import Answer, FakeOpenAI, calls, text

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"^    (spadework(?: [^#\n]*?)?) *(?:#.*)?$", README, re.MULTILINE)))
EVALUATING = [line for line in COMMANDS if line.startswith(("spadework eval", "spadework web"))]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def reply(body: dict[str, object]) -> Answer:
    """A model that searches, reads the page, and answers with its quote; it fills any form that it is asked for."""
    prompt = json.dumps(body["messages"])
    if "Put the answer into the form" in prompt:
        return text('{"name": "Mara Finch", "year": 1871}')
    if "really show what they are quoted for" in prompt:
        return text('{"doubts": []}')
    if "You plan the search" in prompt:
        return text('{"constraints": [{"text": "it is a bridge", "kind": "exploration"}], "steps": []}')
    if "web_search" in json.dumps(body.get("tools")):
        return text(ANSWER) if "Results for" in prompt else calls(("web_search", {"query": "Alder Bridge builder"}))
    if BRIDGE not in prompt:
        search = ("search", {"queries": ["Alder Bridge builder"]})
        return calls(("record", {"constraints": [{"text": "it is a bridge", "kind": "exploration"}]}), search)
    url = re.findall(r"http://[\d.:]+/bridge", prompt)[0]
    if "<<<page " not in prompt:
        return calls(("browse", {"urls": [url], "goal": "who built it"}))
    quotes = [{"url": url, "quote": BRIDGE}]
    findings = [
        {"candidate": ANSWER, "constraint": name, "verdict": "satisfied", "quotes": quotes} for name in ("c0", "c1")
    ]
    return calls(("record", {"findings": findings}), ("answer", {"answer": ANSWER}))


Place = tuple[Path, dict[str, str]]


@contextmanager
def made_ready(folder: Path) -> Generator[Place]:
    """What the README tells a user to have: a model, a search server and a corpus, in an otherwise empty folder."""
    with FakeOpenAI(otherwise=reply) as server, alder_web() as web:
        write_corpus(folder, web)
        case = {"id": "alder", "question": "Who built the Alder Bridge?", "answer": ANSWER}
        (folder / "questions.jsonl").write_text(json.dumps(case) + "\n")
        settings = {
            "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
            "SPADEWORK_MODEL": "openai:fake",
            "SPADEWORK_BASE_URL": server.base_url,
            "SPADEWORK_SEARCH": "searxng",
            "SEARXNG_URL": web,
            "SPADEWORK_ALLOW_HOSTS": web.removeprefix("http://"),
        }
        own = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
        kept = {"SPADEWORK_STORE": str(folder / "runs.db"), "SPADEWORK_CONFIG": str(folder / "config.toml")}
        (folder / "config.toml").touch()
        yield folder, {**own, **kept, **settings}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Such a folder for one test."""
    with made_ready(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, set[str]]]:
    """One for all commands that evaluate, and those of them that ran: some work on what others made."""
    with made_ready(tmp_path_factory.mktemp("evaluated")) as found:
        yield found, set()


def earlier_of(command: str) -> list[str]:
    """The commands of the README that have to come before this one: those that make what it works on."""
    made = {"results": "--model simulated --limit 2", "eval-bundled": "run bundled", "frozen.db": "web freeze"}
    made |= {"tapes": "--record new", "floors.toml": "--pin"}
    before = [
        next(line for line in COMMANDS if maker in line)
        for name, maker in made.items()
        if name in re.split(r"[ :]", command) and maker not in command
    ]
    return [first for line in before for first in (*earlier_of(line), line)]


def with_a_run(command: str, place: Place) -> str:
    """The command with the name of a run that is there, where the README says RUN; a trace to look at is made."""
    folder, environment = place
    if command.startswith("spadework trace "):
        run(next(line for line in COMMANDS if "--trace run.jsonl" in line), place)
    if " RUN" not in command:
        return command
    ask = ["spadework", "ask", "Who built the Alder Bridge?", "--budget", "1", "--usd", "0.10", "--json"]
    done = subprocess.run(ask, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return command.replace("RUN", json.loads(done.stdout)["run"])


def run(command: str, place: Place) -> None:
    """Type it; it ends well, and says something."""
    folder, environment = place
    given = shlex.split(command)
    # A chat without a terminal takes its questions from a pipe.
    said = "Who built the Alder Bridge?\n" if given in (["spadework"], ["spadework", "chat"]) else None
    done = subprocess.run(
        given, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False, input=said
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("command", [line for line in COMMANDS if line not in EVALUATING and "world serve" not in line])
def test_a_command_of_the_readme_runs(command: str, place: Place) -> None:
    run(with_a_run(command, place), place)


@pytest.mark.parametrize("command", EVALUATING)
def test_a_command_of_the_readme_that_evaluates_runs(command: str, evaluated: tuple[Place, set[str]]) -> None:
    place, ran = evaluated
    for line in (*earlier_of(command), command):
        if line not in ran:
            run(line, place)
            ran.add(line)


def test_the_bundled_web_is_served_as_the_readme_says(place: Place) -> None:
    folder, environment = place
    line = next(line for line in COMMANDS if "world serve" in line)
    serving = subprocess.Popen(
        [*shlex.split(line), "--port", "0"], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert serving.stdout is not None
        told = serving.stdout.readline()
        url = next(iter(re.findall(r"http://[\w.:]+", told)))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{url}/search?q=ship&format=json", timeout=5) as response:
                    assert json.load(response)["results"]
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"nothing answered at {url}")
    finally:
        serving.terminate()
        serving.wait()
        if serving.stdout:
            serving.stdout.close()


@pytest.mark.parametrize("code", [code for language, code in BLOCKS if language == "python"])
def test_a_python_example_runs(code: str, place: Place) -> None:
    if "langchain" in code:
        pytest.importorskip("langchain", reason="an extra")
    folder, environment = place
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ANSWER in done.stdout or "answer" in done.stdout


def test_the_price_table_of_the_readme_is_one(tmp_path: Path) -> None:
    from spadework.agent.llm.wire import Usage
    from spadework.agent.money.prices import load_prices

    table = next(code for language, code in BLOCKS if language == "toml")
    assert tomllib.loads(table)
    path = tmp_path / "prices.toml"
    path.write_text(table, encoding="utf-8")
    assert load_prices(path).picousd("my-model", Usage(1_000_000, 1_000_000, 0)) == 2_250_000_000_000


def test_the_output_that_the_readme_shows_is_what_the_demo_prints(place: tuple[Path, dict[str, str]]) -> None:
    folder, environment = place
    command = ["spadework", "demo"]
    printed = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    shown = README[README.index("    -- at-once") : README.index("## What it promises")]
    parts = [part.strip("\n") for part in re.sub(r"^    ", "", shown, flags=re.MULTILINE).split("[...]")]
    assert len(parts) > 3
    places = [printed.find(part) for part in parts if part]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)


def test_the_first_screen_has_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:20])
    assert "\n    pip install . && spadework demo\n" in first_screen
    assert "\n    pip install -e '.[test]' && pytest -n auto\n" in first_screen


def test_models_that_the_readme_names_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    from spadework.agent.llm.models import make_chat

    lines = re.findall(r"^    export (SPADEWORK_MODEL=.*?)(?:\s+#.*)?$", README, re.MULTILINE)
    assert len(lines) >= 3
    for line in lines:
        with monkeypatch.context() as patch:
            for setting in shlex.split(line):
                name, _, value = setting.partition("=")
                patch.setenv(name, value)
            assert make_chat().name


def test_the_daily_limits_of_the_readme_are_read() -> None:
    from spadework.agent.terminal.daily import daily_of

    (text,) = re.findall(r"^    export SPADEWORK_DAILY=(\S+)", README, re.MULTILINE)
    daily = daily_of(text)
    assert daily is not None
    assert daily.limits.limits() == {"searches": 200, "picousd": 10**12}
    assert f"--daily {text} " in README
