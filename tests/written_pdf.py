"""PDF files for tests, written by hand: pages of placed lines of text, nothing more than what a reader needs."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

Line = tuple[float, float, str]
"""A text with its place: from the left and from the bottom of the page, in points."""


@dataclass(frozen=True, slots=True)
class Content:
    """The drawing instructions of a page, as they stand in the file."""

    data: bytes
    entries: str = ""


def placed(lines: Sequence[Line]) -> Content:
    parts = [f"1 0 0 1 {x:g} {y:g} Tm ({_escaped(text)}) Tj" for x, y, text in lines]
    return Content(("BT /F1 11 Tf\n" + "\n".join(parts) + "\nET").encode("cp1252"))


def paragraphs(text: str, top: float = 740) -> list[Line]:
    """The lines of a text, one below the other."""
    return [(72, top - 14 * n, line) for n, line in enumerate(text.splitlines()) if line]


def deflated(content: Content) -> Content:
    return Content(zlib.compress(content.data), "/Filter/FlateDecode")


def pdf(pages: Sequence[Content], info: str = "", annotations: str = "") -> bytes:
    """A whole file. `info` is the inside of its description, `annotations` that of each page's /Annots."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    for n, content in enumerate(pages):
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * n} 0 R/Annots[{annotations}]"
        objects.append(f"{page}/Resources<</Font<</F1 3 0 R>>>>>>".encode())
        head = f"<</Length {len(content.data)}{content.entries}>>stream\n".encode()
        objects.append(head + content.data + b"\nendstream")
    objects.append(f"<<{info}>>".encode("cp1252"))
    return _file(objects)


def locked(document: bytes, password: str) -> bytes:
    """The file encrypted; with an empty password it opens without one."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(document)))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def _file(objects: list[bytes]) -> bytes:
    body = b"%PDF-1.4\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, len(objects), len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, trailer)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
