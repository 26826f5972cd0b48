"""Test sets that are published encrypted, so that no crawler learns their answers: read here, and never written plain.

BrowseComp's file is CSV with the columns problem, answer and canary (github.com/openai/simple-evals), BrowseComp-ZH's a
workbook with Topic, Question, Answer and canary (github.com/PALIN2018/BrowseComp-ZH). Each row is XORed with the
SHA-256 digest of its canary, over and over, and written in base64.
"""

import base64
import binascii
import csv
import hashlib
from collections.abc import Generator, Mapping
from importlib import import_module
from itertools import cycle
from pathlib import Path
from typing import Any

from ...tools.errors import ConfigError

Row = Mapping[str, str]


def sealed(text: str, canary: str) -> str:
    """The text as such a file would hold it.

    >>> opened(sealed("Mara Finch", "a canary"), "a canary")
    'Mara Finch'
    """
    return base64.b64encode(_mixed(text.encode(), canary)).decode()


def opened(text: str, canary: str) -> str:
    """The plain text. Raises ValueError for what was not encrypted with this canary."""
    try:
        return _mixed(base64.b64decode(text, validate=True), canary).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("it cannot be decrypted with its canary") from error


def csv_rows(file: Path) -> Generator[tuple[int, Row]]:
    """The rows of a CSV file by their numbers, from 1, with names in lower case. Raises OSError and ValueError."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        try:
            for number, row in enumerate(csv.DictReader(stream), start=1):
                cells = {str(name).strip().lower(): value for name, value in row.items() if isinstance(value, str)}
                yield number, cells
        except csv.Error as error:
            raise ValueError(f"this is no CSV: {error}") from error


def workbook_rows(file: Path) -> Generator[tuple[int, Row]]:
    """The rows of a workbook's first sheet by their numbers, from 1, with names in lower case.

    Raises OSError and ValueError for what cannot be read, and ConfigError without the package that reads it.
    """
    try:
        openpyxl: Any = import_module("openpyxl")
    except ImportError:
        raise ConfigError(f"{file}: a workbook needs its reader: pip install 'spadework[xlsx]'") from None
    with file.open("rb") as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            rows = book.worksheets[0].iter_rows(values_only=True)
            names = [str(name or "").strip().lower() for name in next(rows, ())]
            for number, row in enumerate(rows, start=1):
                cells = {name: str(value) for name, value in zip(names, row, strict=False) if value is not None}
                if cells:
                    yield number, cells
        except OSError:
            raise
        except Exception as error:  # whatever a damaged archive makes of its reader
            raise ValueError(f"this is no workbook that can be read ({type(error).__name__})") from error


def _mixed(data: bytes, canary: str) -> bytes:
    key = hashlib.sha256(canary.encode()).digest()
    return bytes(byte ^ other for byte, other in zip(data, cycle(key), strict=False))
