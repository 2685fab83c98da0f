"""The non-inferiority figure: intervals against zero and the margin, one panel per endpoint.

Zero is a solid line, the margin a dashed one that carries its value; the region beyond the margin
is shaded. Every panel has its own scale, so that each endpoint is read in its own unit, and no
panel leaves its margin outside. Titles and numbers are the page's text, not the drawing's: they
wrap at any width.
"""

from dataclasses import dataclass

from protocols.vocabulary import Direction
from reports.figures.axis import draw_axis, draw_favours
from reports.figures.scale import Scale, scale_over
from reports.figures.svg import Anchor, Canvas, key_mark
from reports.numbers import EffectFormat

LINE = 16
ROW = 20
AXIS = 18


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One population's interval, where it has one."""

    estimate: float | None
    low: float | None
    high: float | None
    primary: bool


@dataclass(frozen=True, slots=True)
class IntervalPanel:
    """`place`: the figure's number and the panel's in it; `favours`: say which way is good."""

    place: tuple[int, int]
    finding: str
    description: str
    direction: Direction
    margin: float | None
    format: EffectFormat
    rows: tuple[IntervalRow, ...]
    favours: bool = True


def draw_interval(panel: IntervalPanel) -> str:
    """The panel as SVG; empty where no row has an estimate."""
    if all(row.estimate is None for row in panel.rows):
        return ""
    canvas = Canvas(*panel.place)
    scale = _scale(panel)
    top = 4.0 + (LINE if panel.margin is not None else 0)
    bottom = top + ROW * len(panel.rows) + 8
    _ground(canvas, panel, scale, (top, bottom))
    for place, row in enumerate(panel.rows):
        _row(canvas, scale, row, top + 4 + ROW * (place + 0.5))
    draw_axis(canvas, scale, bottom, factor=panel.format.factor)
    if panel.favours:
        draw_favours(canvas, panel.direction, bottom + AXIS + LINE)
    height = bottom + AXIS + (LINE + 4 if panel.favours else 0)
    return canvas.svg(height, panel.finding, panel.description)


def draw_key(*, primary: bool) -> str:
    """The mark by which a population is found in the drawing; its words stand beside it."""
    return key_mark(*_mark(primary=primary))


def _scale(panel: IntervalPanel) -> Scale:
    held = [v for r in panel.rows for v in (r.estimate, r.low, r.high) if v is not None]
    if panel.margin is not None:
        held += [panel.margin * 1.3, -panel.margin * 1.3]
    return scale_over(held)


def _edge(panel: IntervalPanel) -> float | None:
    """Where the margin line stands on the effect's scale."""
    if panel.margin is None:
        return None
    return -panel.margin if panel.direction is Direction.HIGHER_IS_BETTER else panel.margin


def _ground(canvas: Canvas, panel: IntervalPanel, scale: Scale, span: tuple[float, float]) -> None:
    top, bottom = span
    edge = _edge(panel)
    if edge is not None:
        x = scale(edge)
        if edge < 0:
            canvas.rect((0, top), (x, bottom - top), "beyond")
        else:
            canvas.rect((x, top), (100 - x, bottom - top), "beyond")
        canvas.line((x, top - 4), (x, bottom), "margin")
        anchor: Anchor = "start" if x < 30 else "end" if x > 70 else "middle"
        canvas.text(
            x, top - 8, f"margin {panel.format.with_unit(edge)}", kind="small", anchor=anchor
        )
    canvas.line((scale(0), top), (scale(0), bottom), "zero")


def _mark(*, primary: bool) -> tuple[str, str]:
    return ("circle", "candidate") if primary else ("diamond", "candidate open")


def _row(canvas: Canvas, scale: Scale, row: IntervalRow, y: float) -> None:
    if row.low is not None and row.high is not None:
        kind = "interval" if row.primary else "interval supporting"
        canvas.line((scale(row.low), y), (scale(row.high), y), kind)
        for end in (row.low, row.high):
            canvas.mark(scale(end), y, "tick", "candidate")
    if row.estimate is not None:
        canvas.mark(scale(row.estimate), y, *_mark(primary=row.primary))
