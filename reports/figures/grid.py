"""Guesses of discordance and effect as a grid of cells: pairs needed, and power at the plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.svg import Canvas

TOP = 44.0
ROW = 44.0
LEFT = 17.0
RIGHT = 100.0


@dataclass(frozen=True, slots=True)
class GridBox:
    """`strong` is the number above, `small` the one below; `beyond` shades, `registered` frames."""

    strong: str
    small: str
    beyond: bool
    registered: bool


@dataclass(frozen=True, slots=True)
class GridWords:
    """Titles of both axes and the labels of columns and rows."""

    across: str
    down: str
    columns: Sequence[str]
    rows: Sequence[str]


def draw_grid(
    number: int, words: GridWords, boxes: Sequence[Sequence[GridBox]], *, title: str, finding: str
) -> str:
    """The grid as SVG."""
    canvas = Canvas(number)
    width = (RIGHT - LEFT) / len(words.columns)
    canvas.text(0, 12, words.down, kind="small muted")
    canvas.text(RIGHT, 12, words.across, kind="small muted", anchor="end")
    for place, label in enumerate(words.columns):
        middle = LEFT + width * (place + 0.5)
        canvas.text(middle, TOP - 10, label, kind="small muted", anchor="middle")
    for row, (label, held) in enumerate(zip(words.rows, boxes, strict=True)):
        y = TOP + row * ROW
        canvas.text(LEFT, y + ROW / 2 + 4, label, kind="small muted", anchor="end", dx=-6)
        for column, box in enumerate(held):
            _box(canvas, (LEFT + column * width, y), width, box)
    return canvas.svg(TOP + len(boxes) * ROW + 6, title, finding)


def _box(canvas: Canvas, corner: tuple[float, float], width: float, box: GridBox) -> None:
    x, y = corner
    middle = x + width / 2
    canvas.rect((x + 0.4, y + 1), (width - 0.8, ROW - 2), "beyond" if box.beyond else "cell")
    if box.registered:
        canvas.rect((x + 0.4, y + 1), (width - 0.8, ROW - 2), "frame-registered")
    canvas.text(middle, y + 19, box.strong, kind="strong", anchor="middle")
    canvas.text(middle, y + 35, box.small, kind="small muted", anchor="middle")
