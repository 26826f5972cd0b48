"""PDF documents as pages, by way of pypdf (the extra `pdf`), which is imported when one is read.

Broken and hostile files are the rule on the web. pypdf is given tight limits, and what it does not limit is counted
here in bytes of drawing instructions and not in seconds, so that a file is cut at the same place on every machine.
"""

import logging
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from itertools import islice
from typing import Any

from ..clean import clean, one_line
from ..errors import ToolError
from .extract import MAX_LINKS, Page, read_date
from .links import host_of
from .paragraphs import join_pages
from .plain import file_name
from .targets import bare_links, linked

MAX_PAGES = 200
MAX_CHARS = 2_000_000
MAX_INSTRUCTIONS = 4_000_000
"""Bytes of drawing instructions that are read, a quarter of them on one page; 1 MB takes pypdf one to two seconds."""

_LIMITS: dict[str, Any] = {
    "zlib_maximum_output_length": 10_000_000,
    "lzw_maximum_output_length": 2_000_000,
    "run_length_maximum_output_length": 5_000_000,
    "array_based_stream_maximum_output_length": 10_000_000,
    "stream_decoding_work_maximum_length": 60_000_000,
    "stream_parsing_work_maximum_count": 1_000_000,
    "xform_maximum_invocations_per_extraction": 500,
    "page_tree_maximum_entries": 20_000,
    "jbig2dec_binary": None,  # a program that it would start
}
_POOR_TITLE = re.compile(
    r"untitled|no ?title|document\d*|title|microsoft word\b.*|powerpoint\b.*|slide \d+"
    r"|.*\.(?:docx?|indd|pptx?|xlsx?|tex|dvi|qxp|pdf|rtf|cdr|pmd|html?|fm)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Read:
    """What was read of a document. `cut` says what is missing."""

    pages: list[str] = field(default_factory=list[str])
    links: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    title: str = ""
    date: str | None = None
    skipped: int = 0
    cut: str = ""


def pdf_page(body: bytes, url: str) -> Page:
    """The text of a PDF: its paragraphs with their lines joined, `[page 2]` where a page begins.

    At most MAX_PAGES pages and MAX_CHARS characters; a last line says so where there is more. Raises ToolError (kind
    "unreadable") where pypdf is missing, and for files that are locked, broken or pictures only.
    """
    try:
        import_module("pypdf")
    except ImportError:
        raise _unreadable("reading a PDF takes the package pypdf: pip install 'spadework[pdf]'", url) from None
    with _quiet():
        read = _read(body, url)
    text = clean(join_pages(read.pages))
    if not re.search(r"\w{2}", re.sub(r"^\[page \d+\]$", "", text, flags=re.MULTILINE)):
        raise _unreadable("PDF holds no text, only pictures of pages (scanned?)", url)
    text = text[:MAX_CHARS]
    heading = next((line for line in text.splitlines() if line and not line.startswith("[page ")), "")
    return Page(
        url=url,
        title=one_line(read.title or (heading if 4 <= len(heading) <= 150 else "") or file_name(url), 300),
        text=f"{text}\n\n[{read.cut}]" if read.cut else text,
        links=linked([*bare_links(text), *read.links], url),
        date=read.date,
        site=host_of(url),
    )


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """pypdf's limits set, and its complaints about the file kept off the user's screen."""
    from pypdf import Configuration, apply_configuration

    log = logging.getLogger("pypdf")
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        with apply_configuration(Configuration(**_LIMITS)):
            yield
    finally:
        log.setLevel(level)


def _read(body: bytes, url: str) -> _Read:
    """Whatever pypdf raises on a broken file (many kinds of errors, as it says itself) is one ToolError."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    try:
        document = PdfReader(BytesIO(body))
        pages = document.pages
        total = len(pages)
        read = _Read()
        read.title, read.date = _described(document)
        _read_pages(islice(pages, MAX_PAGES), read)
    except MemoryError:
        raise
    except FileNotDecryptedError:
        raise _unreadable("PDF is locked with a password", url) from None
    except DependencyError:
        raise _unreadable("PDF is encrypted, and reading it takes: pip install cryptography", url) from None
    except Exception as error:
        raise _unreadable("PDF is broken or too complex to read", url) from error
    if not read.pages or read.skipped == len(read.pages):
        raise _unreadable("PDF is broken or too complex to read", url)
    notes = [f"{len(read.pages)} of {total} pages were read"] if len(read.pages) < total else []
    notes += [f"{read.skipped} of {total} pages could not be read"] if read.skipped else []
    read.cut = ", ".join(notes)
    return read


def _read_pages(pages: Iterator[Any], read: _Read) -> None:
    from pypdf.errors import DependencyError

    chars = instructions = 0
    for page in pages:
        text = None
        try:
            weight = _weight(page)
            if weight <= MAX_INSTRUCTIONS // 4:
                instructions += weight
                if instructions > MAX_INSTRUCTIONS:
                    return
                text = str(page.extract_text())
                read.links += _links(page)
        except (MemoryError, DependencyError):
            raise
        except Exception:  # one bad page does not spoil the others
            text = None
        read.skipped += text is None
        read.pages.append(text or "")
        chars += len(read.pages[-1])
        if chars > MAX_CHARS:
            return


def _weight(page: Any) -> int:
    """Bytes of a page's drawing instructions, with those of the forms that it draws."""
    contents = page.get_contents()
    data: bytes = contents.get_data() if contents is not None else b""
    resources: Any = page.get("/Resources")
    objects: Any = resources.get_object().get("/XObject") if resources is not None else None
    named: Any = objects.get_object() if objects is not None else {}
    drawn: list[Any] = [named[name] for name in named if name.encode() in data]
    return len(data) + sum(len(form.get_data()) for form in drawn if form.get("/Subtype") == "/Form")


def _links(page: Any) -> list[tuple[str, str]]:
    """The addresses behind the links of a page; what they are called is only known by their place on it."""
    found: list[tuple[str, str]] = []
    for entry in islice(page.get("/Annots") or (), MAX_LINKS):
        action = entry.get_object().get("/A")
        address: Any = action.get_object().get("/URI") if action else None
        if isinstance(address, str):
            found.append((address, address))
    return found


def _described(document: Any) -> tuple[str, str | None]:
    """Title and day as the file's own description has them, where they make sense: most titles are left-overs."""
    try:
        info: Any = document.metadata or {}
        title, made = (str(info.get(name) or "") for name in ("/Title", "/CreationDate"))
    except MemoryError:
        raise
    except Exception:
        return "", None
    title = one_line(title, 300)
    if _POOR_TITLE.fullmatch(title) or "\ufffd" in title or sum(char.isalpha() for char in title) < 4:
        title = ""
    return title, read_date(made.removeprefix("D:")[:8])


def _unreadable(text: str, url: str) -> ToolError:
    return ToolError(f"{text}; read another page", kind="unreadable", sent=True, url=url)
