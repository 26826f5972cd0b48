"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest
from spadework.tools.replacing import replacing, write_whole


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in (b"one", b"two"):
        write_whole(path, text)
        assert path.read_bytes() == text
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_what_breaks_off_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_whole(path, b"older")

    def cut_short() -> None:
        with replacing(path) as fresh:
            fresh.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_short()
    assert path.read_bytes() == b"older"
    assert [item.name for item in tmp_path.iterdir()] == ["a.txt"]


def test_where_nothing_can_be_written_the_reason_is_raised(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none" / "a.txt", b"x")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match="not a regular file"):
            write_whole(path, b"x")
    assert [item.name for item in tmp_path.iterdir()] == ["pipe"]
    assert (tmp_path / "pipe").is_fifo()
