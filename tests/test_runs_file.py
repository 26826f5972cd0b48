"""The file of a sweep keeps every run that ended, and is mended where a process was killed while it wrote."""

import sys
from pathlib import Path
from typing import Any

import pytest
from spadework.evals.runs.runs_file import KEY, NAME, RunsFile, has_failed, key_of, read_lines
from spadework.tools.errors import ConfigError


def line(number: int, stop_reason: str = "answered") -> dict[str, Any]:
    return dict.fromkeys(KEY, "x") | {"id": str(number), "stop_reason": stop_reason}


def written(folder: Path, *lines: dict[str, Any]) -> Path:
    file = RunsFile(folder)
    for item in lines:
        file.append(item)
    file.close()
    return folder / NAME


def test_lines_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    file = RunsFile(tmp_path / "new" / "folder")
    assert file.done == set()
    for number in range(3):
        file.append(line(number))
        assert [item["id"] for item in read_lines(tmp_path / "new" / "folder")] == [*map(str, range(number + 1))]
    file.close()


def test_runs_that_ended_are_done_and_those_that_failed_are_not(tmp_path: Path) -> None:
    written(tmp_path, line(1), line(2, "error"), line(3, "budget"))
    file = RunsFile(tmp_path)
    file.close()
    assert file.done == {key_of(line(1)), key_of(line(3))}
    assert has_failed(line(2, "error"))


def test_a_run_is_read_as_it_was_graded_last_and_as_failed_only_until_it_was_made(tmp_path: Path) -> None:
    grades = [(1, None), (2, "no match"), (1, "no match"), (1, "judge"), (3, None), (2, None)]
    written(tmp_path, *(line(n, "answered" if graded else "error") | {"graded": graded} for n, graded in grades))
    assert [(item["id"], item["graded"]) for item in read_lines(tmp_path)] == [
        ("2", "no match"),
        ("1", "judge"),
        ("3", None),
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="a lock there would keep others from reading")
def test_a_folder_has_one_sweep_at_a_time_and_can_be_read_meanwhile(tmp_path: Path) -> None:
    file = RunsFile(tmp_path)
    file.append(line(1))
    with pytest.raises(ConfigError, match=r"another process is making the runs in .*--out"):
        RunsFile(tmp_path)
    assert [item["id"] for item in read_lines(tmp_path)] == ["1"]
    file.close()
    RunsFile(tmp_path).close()


def test_a_torn_last_line_is_dropped_and_the_next_one_stands_alone(tmp_path: Path) -> None:
    path = written(tmp_path, line(1), line(2))
    whole = path.read_bytes()
    for cut in range(len(whole) // 2 + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert [item["id"] for item in read_lines(tmp_path)] == ["1"]
        file = RunsFile(tmp_path)
        assert file.done == {key_of(line(1))}
        file.append(line(2))
        file.close()
        assert path.read_bytes() == whole


def test_a_last_line_without_its_line_break_is_kept(tmp_path: Path) -> None:
    path = written(tmp_path, line(1), line(2))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    file = RunsFile(tmp_path)
    file.close()
    assert len(file.done) == 2
    assert path.read_bytes() == whole


def test_a_folder_or_file_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ConfigError, match=r"the folder .*file/below cannot be written to: Not a directory; name another"
    ):
        RunsFile(tmp_path / "file" / "below")
    with pytest.raises(ConfigError, match=r"cannot read .*nowhere.*: No such file"):
        list(read_lines(tmp_path / "nowhere"))
    path = written(tmp_path, line(1))
    path.write_bytes(b"something else\n" + path.read_bytes())
    with pytest.raises(ConfigError, match=r"runs.jsonl, line 1: this is no run"):
        RunsFile(tmp_path)
