"""Files that are there whole or not at all."""

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
