"""Who holds a run: alive or dead for certain, and never taken for another process that has the same number."""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spadework.agent.storage.owner import Owner, this_process

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells of other processes")
CHILD = "from spadework.agent.storage.owner import this_process; print(this_process().to_json(), flush=True); input()"
OWNERS = st.builds(Owner, st.text(max_size=9), st.integers(0, 2**22), st.integers(0, 2**40))


@contextmanager
def child(program: str = sys.executable) -> Generator[tuple["subprocess.Popen[str]", Owner]]:
    """Another process, and who it says that it is."""
    process = subprocess.Popen([program, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, Owner.from_json(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def test_this_process_is_alive_and_named_by_its_number() -> None:
    owner = this_process()
    assert not owner.is_dead()
    assert str(owner) == f"process {os.getpid()}"
    assert this_process() == owner


def test_another_process_is_alive_until_it_is_killed_and_dead_before_anybody_waited_for_it() -> None:
    with child() as (process, owner):
        assert owner.pid == process.pid
        assert not owner.is_dead()
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert Path(f"/proc/{process.pid}").exists(), "what is left of it until its parent asks"
        assert owner.is_dead()
        process.wait()
        assert owner.is_dead()


def test_a_number_that_another_process_has_now_is_not_the_same_owner() -> None:
    owner = this_process()
    before = replace(owner, started=owner.started - 1)
    assert before.is_dead()
    assert before != owner


@pytest.mark.parametrize("name", ["two words", "a) R 1 1 (b", ")", "Z 1"])
def test_whatever_a_program_is_called_it_is_found_alive(name: str, tmp_path: Path) -> None:
    sleep = shutil.which("sleep")
    assert sleep is not None
    (tmp_path / name).symlink_to(sleep)
    process = subprocess.Popen([str(tmp_path / name), "60"])
    try:
        assert name in Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8")
        ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").split()[-31]
        assert not replace(this_process(), pid=process.pid, started=int(ticks)).is_dead()
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("part", [0, 1, 2])
def test_of_another_machine_or_start_or_container_nobody_can_tell(part: int) -> None:
    with child() as (process, owner):
        process.kill()
        process.wait()
        parts = owner.host.split("/")
        assert len(parts) == 3
        parts[part] = "elsewhere"
        far = replace(owner, host="/".join(parts))
        assert not far.is_dead()
        assert str(far) == f"process {owner.pid} on {parts[0]}"


def test_a_system_that_does_not_tell_when_a_process_began_leaves_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: int) -> int:
        return 0

    unknown_start = replace(this_process(), started=0)
    assert not unknown_start.is_dead()
    monkeypatch.setattr("spadework.agent.storage.owner._started", unknown)
    assert this_process().started == 0
    assert not this_process().is_dead()


@given(owner=OWNERS)
def test_an_owner_survives_its_row(owner: Owner) -> None:
    assert Owner.from_json(owner.to_json()) == owner


@pytest.mark.parametrize(
    "text", ["", "torn", "null", "[]", "7", '{"host": "a"}', '{"host": "a", "pid": "x", "started": 1}']
)
def test_a_row_that_cannot_be_read_names_nobody_and_is_not_taken_for_dead(text: str) -> None:
    owner = Owner.from_json(text)
    assert str(owner) == "another process"
    assert not owner.is_dead()
