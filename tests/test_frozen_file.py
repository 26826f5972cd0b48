"""The file of a frozen web: where it may lie, and what becomes of one that is damaged, of another kind or hostile."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from freezing import HOST, frozen_web
from spadework.tools.backends.frozen import FrozenWeb, load_frozen
from spadework.tools.backends.frozen_file import MOST_BYTES, packed
from spadework.tools.errors import ConfigError, ToolError


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return frozen_web(tmp_path_factory.mktemp("frozen"))


async def fails(web: FrozenWeb) -> ToolError:
    """How reading a page fails."""
    with pytest.raises(ToolError) as caught:
        await web.read(f"{HOST}/bridge", timeout=1)
    return caught.value


def test_a_folder_that_cannot_be_written_to_and_odd_names_do(file: Path, tmp_path: Path) -> None:
    odd = tmp_path / "50% a#b?c"
    odd.mkdir()
    copy = Path(shutil.copy(file, odd / "my web.db"))
    copy.chmod(0o400)
    odd.chmod(0o500)
    try:
        assert len(load_frozen(str(copy))) == len(load_frozen(str(file)))
    finally:
        odd.chmod(0o700)


def _spoilt(file: Path, folder: Path, how: str) -> Path:
    """A copy with something wrong."""
    copy = Path(shutil.copy(file, folder / "web.db"))
    data = copy.read_bytes()
    if how == "cut":
        copy.write_bytes(data[:-4_096])
    elif how == "no database":
        copy.write_bytes(b"{}")
    elif how == "noise":
        copy.write_bytes(data[:100] + b"\xff" * (len(data) - 100))
    else:
        with closing(sqlite3.connect(copy)) as database:
            database.executescript(how)
    return copy


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ("cut", "is damaged"),
        ("noise", "is damaged"),
        ("no database", "is no frozen web"),
        ("DROP TABLE meta", "is a database of something else"),
        ("UPDATE meta SET value = '99' WHERE name = 'schema'", "it has version 99, this Spadework reads version 1"),
        ("DROP TABLE common", "is damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(file: Path, how: str, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=fault) as caught:
        load_frozen(str(_spoilt(file, tmp_path, how)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "fault"), [("none.db", "No such file"), ("", "frozen:FILE"), (".", "directory")])
def test_a_file_that_is_not_there_is_refused(
    name: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=fault):
        load_frozen(name)


async def test_what_a_stranger_wrote_into_a_file_is_cleaned(file: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(file, tmp_path / "web.db"))
    links = packed(json.dumps([["Click\x1b[31m", f"{HOST}/ok"], ["Bad", "javascript:alert(1)"]]))
    with closing(sqlite3.connect(copy)) as database:
        values = ("Alder\n\u202eBridge", packed("Built\u200b by Mara.\x1b[2J"), links)
        database.execute("UPDATE pages SET title = ?, text = ?, links = ? WHERE title = 'Alder Bridge'", values)
        database.commit()
    read = await load_frozen(str(copy)).read(f"{HOST}/bridge", timeout=1)
    assert (read.title, read.text) == ("Alder Bridge", "Built by Mara.[2J")
    assert read.links == (("Click[31m", f"{HOST}/ok"),)


async def test_a_text_that_would_fill_the_memory_is_refused(file: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(file, tmp_path / "web.db"))
    with closing(sqlite3.connect(copy)) as database:
        database.execute("UPDATE pages SET text = ? WHERE text IS NOT NULL", (packed("a" * (MOST_BYTES + 1)),))
        database.commit()
    assert "cut off or too long" in str(await fails(load_frozen(str(copy))))


async def test_damage_that_shows_later_is_an_error_the_model_can_read(file: Path, tmp_path: Path) -> None:
    web = load_frozen(str(_spoilt(file, tmp_path, "UPDATE pages SET text = x'00' WHERE text IS NOT NULL")))
    with pytest.raises(ToolError, match="is damaged"):
        await web.search("bridge", limit=3, timeout=1)
    assert (await fails(web)).kind == "bad_reply"
