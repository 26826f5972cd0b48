"""`demo` and `cassette`: recorded runs, played offline through the real graph."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_socket
from alder import ANSWER, QUESTION, alder_model, alder_web, options
from click.testing import CliRunner, Result
from spadework.agent.terminal.cli import cli
from spadework.evals.recording import demo
from spadework.evals.recording.cassettes import Cassette, load_cassette, save_cassette


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cassettes")
    with alder_web() as base, alder_model(base) as model, pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEARXNG_URL", base)
        command = [
            "record",
            "alder",
            QUESTION,
            "--out",
            str(folder),
            "--note",
            "written by hand",
            *options(model, base),
        ]
        assert CliRunner().invoke(cli, command).exit_code == 0
    return folder / "alder.json.gz"


def offline(*command: str) -> Result:
    """Run a command where not even a server on this machine can be reached; event loops need their unix sockets."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    try:
        return CliRunner().invoke(cli, command)
    finally:
        pytest_socket.enable_socket()


def changed(recorded: Path, folder: Path, **meta: Any) -> Path:
    """A copy of the recording with other facts in its meta; None removes one."""
    cassette = load_cassette(recorded)
    facts = {name: value for name, value in (cassette.meta | meta).items() if value is not None}
    save_cassette(replace(cassette, meta=facts), folder / "changed.json")
    return folder / "changed.json"


def test_a_recording_is_shown_with_its_plan_decisions_answer_quotes_and_receipt(recorded: Path) -> None:
    told = offline("demo", str(recorded))
    assert (told.exit_code, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert lines[0].startswith("Recorded runs, played again on this machine: no network, no key.")
    assert lines[1] == "The model's replies in them: written by hand"
    assert QUESTION in lines
    for start in ("c1     built", "plan   find who", "decide SUCCESS: ", ANSWER, "verified: ", "receipt", "time: "):
        assert any(line.startswith(start) for line in lines), start
    assert '   "It was built by Mara Finch in 1871" [1]' in lines
    assert len(lines) < 45


def test_all_that_come_with_the_package_are_played_and_one_that_fails_does_not_stop_the_others(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = changed(recorded, tmp_path, search="gogle")
    shelf: dict[str, Cassette] = {"a": load_cassette(broken), "b": load_cassette(recorded)}
    monkeypatch.setattr(demo, "cassette_names", lambda: sorted(shelf))
    monkeypatch.setattr(demo, "open_bundled", shelf.__getitem__)
    told = offline("demo")
    assert told.exit_code == 1
    assert told.stderr == "error: cassette changed searched with 'gogle', which cannot be played\n"
    assert f"\n{ANSWER}\n" in told.stdout


def test_a_prompt_that_differs_is_warned_of_and_the_check_shows_how(recorded: Path, tmp_path: Path) -> None:
    other = changed(recorded, tmp_path, question=QUESTION.replace("Wick", "Leith"))
    told = offline("demo", str(other))
    assert told.exit_code == 0
    assert told.stderr.startswith("warning: changed: model turns 1, 2, 3, 4 were asked something else")
    told = offline("cassette", "check", str(recorded), str(other))
    assert told.exit_code == 1
    assert told.stdout.splitlines()[:3] == [
        f"{recorded}: as recorded",
        f"{other}: differs",
        "  turn 1 was asked something else:",
    ]
    assert "born in Leith?" in told.stdout


def test_an_outcome_that_differs_is_listed(recorded: Path, tmp_path: Path) -> None:
    outcome = load_cassette(recorded).meta["outcome"] | {"answer": "Bo Reed", "status": "supported"}
    told = offline("cassette", "check", str(changed(recorded, tmp_path, outcome=outcome)))
    assert told.exit_code == 1
    assert told.stdout.splitlines()[1:] == [
        '  answer: "Mara Finch", recorded "Bo Reed"',
        '  status: "verified", recorded "supported"',
    ]


def test_requests_that_were_not_made_and_pages_that_are_missing_are_told(recorded: Path, tmp_path: Path) -> None:
    cassette = load_cassette(recorded)
    extra = [event for event in cassette.interactions if event["request"]["uri"].endswith("/finch")]
    more = [{**event, "request": {**event["request"], "uri": "http://127.0.0.1/other"}} for event in extra]
    save_cassette(replace(cassette, interactions=[*cassette.interactions, *more]), tmp_path / "more.json")
    told = offline("cassette", "check", str(tmp_path / "more.json"))
    assert "  recorded, but not asked for: GET http://127.0.0.1/other" in told.stdout
    fewer = [event for event in cassette.interactions if event not in extra]
    save_cassette(replace(cassette, interactions=fewer), tmp_path / "fewer.json")
    told = offline("cassette", "check", str(tmp_path / "fewer.json"))
    assert told.exit_code == 1
    assert "does not hold GET" in told.stdout


@pytest.mark.parametrize("missing", ["model", "base_url", "run", "search"])
def test_a_cassette_that_does_not_say_how_it_was_made_cannot_be_played(
    recorded: Path, tmp_path: Path, missing: str
) -> None:
    told = offline("cassette", "check", str(changed(recorded, tmp_path, **{missing: None})))
    assert told.exit_code == 1
    assert f"does not say its {missing}" in told.stdout


def test_a_cassette_is_shown_by_file(recorded: Path) -> None:
    told = offline("cassette", "show", str(recorded))
    assert told.stdout.startswith(f"cassette: alder\nquestion: {QUESTION}\n")
    assert "search 'alder bridge engineer'" in told.stdout
