"""Subgroup forest: descriptive intervals; the point's area follows the number of pairs.

A suppressed cell keeps its row and says so.
"""

import math
from dataclasses import dataclass

from protocols.vocabulary import Direction
from reports.effects import RATIO, EffectFormat
from reports.figures.axis import draw_axis, draw_favours
from reports.figures.scale import Scale, scale_over
from reports.figures.svg import NARROWEST_PX, Canvas, characters, wrapped

LINE = 16
BAR = 16
SHORTEST = 8  # characters that a title keeps beside long numbers


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One level, or a heading when `heading` is true. `words` is what stands on the right."""

    title: str
    words: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    weight: float = 0.0  # share of the largest cell, for the point's area
    heading: bool = False
    overall: bool = False


@dataclass(frozen=True, slots=True)
class Forest:
    """All rows of one drawing on one scale."""

    rows: tuple[ForestRow, ...]
    format: EffectFormat
    direction: Direction


def draw_forest(number: int, forest: Forest, *, title: str, finding: str) -> str:
    """The forest as SVG."""
    canvas = Canvas(number)
    scale = _scale(forest)
    height = 4 + sum(_height(row) for row in forest.rows)
    none = scale(forest.format.none)
    canvas.line((none, 2), (none, height), "zero")
    y = 4.0
    for row in forest.rows:
        _row(canvas, scale, row, y)
        y += _height(row)
    draw_axis(canvas, scale, height, factor=forest.format.factor)
    draw_favours(canvas, forest.direction, height + 32)
    return canvas.svg(height + 40, title, finding)


def _scale(forest: Forest) -> Scale:
    held = [v for r in forest.rows for v in (r.estimate, r.low, r.high) if v is not None]
    return scale_over(held, logarithmic=forest.format.scale == RATIO)


def _room(row: ForestRow) -> int:
    strong = row.heading or row.overall
    return max(characters(NARROWEST_PX, strong=strong) - len(row.words) - 2, SHORTEST)


def _height(row: ForestRow) -> float:
    lines = len(wrapped(row.title, _room(row)))
    return LINE * lines + (8 if row.heading else BAR if row.estimate is not None else 6)


def _row(canvas: Canvas, scale: Scale, row: ForestRow, y: float) -> None:
    kind = "strong halo" if row.heading or row.overall else "halo"
    lines = wrapped(row.title, _room(row))
    first = y + (18 if row.heading else 13)
    for place, text in enumerate(lines):
        canvas.text(0, first + LINE * place, text, kind=kind)
    if row.words:
        muted = "" if row.estimate is not None else " muted"
        canvas.text(100, first, row.words, kind=f"halo{muted}", anchor="end")
    if row.estimate is None:
        return
    bar = y + LINE * len(lines) + 7
    if row.low is not None and row.high is not None:
        canvas.line((scale(row.low), bar), (scale(row.high), bar), "interval")
    shape = "diamond" if row.overall else "circle"
    if row.overall:
        canvas.mark(scale(row.estimate), bar, shape, "candidate")
    else:
        _sized_point(canvas, scale(row.estimate), bar, row.weight)


def _sized_point(canvas: Canvas, x: float, y: float, weight: float) -> None:
    radius = 2.5 + 3.5 * math.sqrt(max(weight, 0.0))
    canvas.parts.append(f'<circle class="candidate" cx="{x:.2f}%" cy="{y:.2f}" r="{radius:.2f}"/>')
