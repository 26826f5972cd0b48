"""Table rows as lines of text: `cell | cell`, with the cells that span rows and columns where they belong."""

from dataclasses import dataclass, field

from .blocks import Block, count_words

_MAX_CARRIED = 8, 100  # cells a row, characters a cell, that are repeated in the rows or columns that a cell spans
_MAX_ADDED = 60  # columns a row
_MAX_REPEATED = 200_000  # characters of such repetitions in a page
_MAX_ALT = 200
_PROSE_CELL = 400


@dataclass(slots=True)
class Cell:
    """A cell of the row being read: its first block, and how many columns and rows it spans."""

    start: int
    columns: int
    rows: int
    is_head: bool


@dataclass(slots=True)
class Repeats:
    """How many more characters a page may repeat: a small one with large spans would make a huge text."""

    left: int = _MAX_REPEATED


@dataclass(slots=True)
class _Placed:
    column: int
    rows: int
    text: str


@dataclass(slots=True)
class Table:
    """The row being read: where its cells start, and the cells of rows above that reach into it."""

    repeats: Repeats
    cells: list[Cell] = field(default_factory=list[Cell])
    above: list[_Placed] = field(default_factory=list[_Placed])
    nested: bool = False
    alt: str = ""

    def begin_cell(self, cell: Cell) -> None:
        """A cell begins: what follows, up to the next one, is its content."""
        self.cells.append(cell)
        self.alt = ""

    def see_image(self, alt: str) -> None:
        """What a picture in the cell shows; it counts where the cell has no text."""
        if alt and len(self.alt) < _MAX_ALT:
            self.alt = f"{self.alt} {alt}".strip()

    def join_row(self, blocks: list[Block], first: int) -> Block | None:
        """The blocks from `first` on as one `cell | cell` block; None where the table only lays out the page."""
        cells, self.cells, above, self.above, nested, self.nested = self.cells, [], self.above, [], self.nested, False
        if nested or not cells or cells[0].start != first:
            return None
        ends = [*(cell.start for cell in cells[1:]), len(blocks)]
        parts = [blocks[cell.start : end] for cell, end in zip(cells, ends, strict=True)]
        if any(_is_prose(part) for part in parts):
            return None
        row = _place(cells, [_cell_text(part) for part in parts], above if self.repeats.left > 0 else [])
        self.repeats.left -= sum(len(cell.text) for cell in row) - sum(len(b.text) for part in parts for b in part)
        count, chars = _MAX_CARRIED if self.repeats.left > 0 else (0, 0)
        self.above = [cell for cell in row if cell.rows > 0 and len(cell.text) <= chars][:count]
        full = [cell.text for cell in row if cell.text]
        text = " | ".join(cell.text for cell in row).strip(" ") if len(full) > 1 else "".join(full)
        text = text.rstrip(" |") if any(parts) else ""
        return Block(text, "row", 0, sum(block.link_chars for part in parts for block in part), count_words(text))


def _place(cells: list[Cell], texts: list[str], above: list[_Placed]) -> list[_Placed]:
    """The cells of a row with those that reach into it from above, in the order of their columns.

    The head of a group of columns stands over each of them, so that the columns below keep their heads.
    """
    row = [_Placed(cell.column, cell.rows - 1, cell.text) for cell in above]
    taken = {cell.column for cell in above}
    groups = sum(cell.columns > 1 for cell in cells)
    room = _MAX_ADDED
    column = 0
    for n, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        while column in taken:
            column += 1
        row.append(_Placed(column, cell.rows - 1, text))
        if 1 < cell.columns <= min(room, _MAX_CARRIED[0]) and (groups > 1 or n + 1 < len(cells)):
            room -= cell.columns
            again = text if cell.is_head and len(text) <= _MAX_CARRIED[1] else ""
            row += [_Placed(column + more, cell.rows - 1, again) for more in range(1, cell.columns)]
        column += cell.columns
    row.sort(key=lambda cell: cell.column)
    return row


def _is_prose(part: list[Block]) -> bool:
    return any(b.kind == "code" for b in part) or (len(part) > 2 and sum(len(b.text) for b in part) > _PROSE_CELL)


def _cell_text(part: list[Block]) -> str:
    text = ""
    for block in part:
        comma = block.kind == "item" and text and text[-1] not in ".,;:"
        text += (", " if comma else " ") + block.text
    return text.strip()
