"""What a page is made of. The templates know these kinds and nothing of a trial."""

from dataclasses import dataclass
from typing import ClassVar

Value = str | int | float | None
Several = tuple[Value, ...]

LONG_TEXT = 34  # characters from which a column is given room


@dataclass(frozen=True, slots=True)
class Cell:
    """One table cell: `text` for the page, `value` unrounded for the CSV, one per CSV column."""

    text: str
    value: Value | Several


def cell(text: str, value: Value = None) -> Cell:
    """A cell; without a value of its own the CSV holds the text."""
    return Cell(text, text if value is None else value)


def blank(reason: str = "") -> Cell:
    """There is no number here; the reason, if any, stands in its place."""
    return Cell(reason or "–", reason or None)


@dataclass(frozen=True, slots=True)
class Column:
    """`parts` are the CSV columns that one column of the page becomes, where it holds several."""

    title: str
    numeric: bool = False
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """The first cell heads the row."""

    cells: tuple[Cell, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One specification for the page's table and for its CSV file (`data/<id>.csv`)."""

    kind: ClassVar[str] = "table"
    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """How each column is set: n for numbers, w for long text, nothing for words."""
        longest = [max((len(c.text) for c in column), default=0) for column in self._columns()]
        return tuple(
            "n" if column.numeric else "w" if length > LONG_TEXT else ""
            for column, length in zip(self.columns, longest, strict=True)
        )

    def _columns(self) -> list[list[Cell]]:
        return [[row.cells[place] for row in self.rows] for place in range(len(self.columns))]


@dataclass(frozen=True, slots=True)
class Key:
    """A mark of a drawing (`svg`) and what it stands for."""

    svg: str
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One drawing of several in a figure, headed by the page's own text."""

    title: str
    subtitle: str
    keys: tuple[Key, ...]
    svg: str


@dataclass(frozen=True, slots=True)
class FlowBox:
    """One box of the flow and what leaves before the next, as (reason, count, is zero)."""

    title: str
    count: str
    leaving: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """`finding` is the short text alternative, `description` the long one, `table` the data.

    The drawing is `svg`, or one in each of `panels`, or a stream of `boxes`.
    """

    kind: ClassVar[str] = "figure"
    number: int
    title: str
    finding: str
    description: str
    table: Table
    svg: str = ""
    panels: tuple[Panel, ...] = ()
    boxes: tuple[FlowBox, ...] = ()
    narrow: bool = False
    unfolded: bool = False  # the data table is read with the figure

    @property
    def id(self) -> str:
        return f"figure-{self.number}"


@dataclass(frozen=True, slots=True)
class Text:
    """One paragraph."""

    kind: ClassVar[str] = "text"
    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    kind: ClassVar[str] = "points"
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what they mean or hold."""

    kind: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]
    code: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A set-off explanation."""

    kind: ClassVar[str] = "box"
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A titled part of a section."""

    kind: ClassVar[str] = "part"
    id: str
    title: str
    blocks: "tuple[Block, ...]"


Block = Table | Figure | Text | Points | Facts | Box | Part


@dataclass(frozen=True, slots=True)
class Section:
    """A titled section of the page."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Tile:
    """`number` is the large one; `against` what it is held against; `grave` asks for attention."""

    label: str
    title: str
    number: str
    against: str
    interval: str
    basis: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Leadership:
    """The first page; `alarm` is what stands before every verdict, where there is such a thing."""

    trial_line: str
    arms_line: str
    data_line: str
    stamps: tuple[str, ...]
    alarm: str
    verdict: str
    frequencies: str
    figure: Figure | None
    tiles: tuple[Tile, ...]
    safety: str
    unknown: tuple[str, ...]
    recommendation: str
    recommendation_sentence: str
    decided_by: str
    digests: tuple[tuple[str, str], ...]
    verify: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    title: str
    trial: str
    leadership: Leadership
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class DesignPage:
    """The page of a design before any data: `verdict` is its first sentence, `lines` go before."""

    title: str
    trial: str
    lines: tuple[str, ...]
    verdict: str
    digests: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def tables_of(page: Page | DesignPage) -> tuple[Table, ...]:
    """Every table of the page, figures' data included, in page order."""
    found: list[Table] = []
    if isinstance(page, Page) and page.leadership.figure is not None:
        found.append(page.leadership.figure.table)
    for section in page.sections:
        found.extend(_tables_in(section.blocks))
    return tuple(found)


def _tables_in(blocks: tuple[Block, ...]) -> list[Table]:
    found: list[Table] = []
    for block in blocks:
        match block:
            case Table():
                found.append(block)
            case Figure():
                found.append(block.table)
            case Part():
                found.extend(_tables_in(block.blocks))
            case _:
                pass
    return found
