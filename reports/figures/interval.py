"""The interval figure: intervals against no effect and the margin, one panel per endpoint.

No effect (zero, or one for a ratio) is a solid line, the margin a dashed one that carries its
value; the region beyond it is shaded, on both sides where equivalence is meant. Every panel has its
own scale, so that each endpoint is read in its own unit, and no panel leaves its margin outside.
Titles and numbers are the page's text, not the drawing's: they wrap at any width.
"""

from dataclasses import dataclass

from protocols.vocabulary import Direction
from reports.effects import RATIO, EffectFormat
from reports.figures.axis import draw_axis, draw_favours
from reports.figures.scale import Scale, scale_over
from reports.figures.svg import Anchor, Canvas, key_mark

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
    """`place`: the figure's number and the panel's in it; `favours`: say which way is good.

    `edges`: where the margin stands on the effect's scale; none, one, or both of an equivalence.
    """

    place: tuple[int, int]
    finding: str
    description: str
    direction: Direction
    edges: tuple[float, ...]
    format: EffectFormat
    rows: tuple[IntervalRow, ...]
    favours: bool = True


def draw_interval(panel: IntervalPanel) -> str:
    """The panel as SVG; empty where no row has an estimate."""
    if all(row.estimate is None for row in panel.rows):
        return ""
    canvas = Canvas(*panel.place)
    scale = _scale(panel)
    top = 4.0 + (LINE if panel.edges else 0)
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
    if panel.format.scale == RATIO:
        held += [edge**power for edge in panel.edges for power in (-1.3, 1.3)]
        return scale_over(held, logarithmic=True)
    held += [edge * times for edge in panel.edges for times in (-1.3, 1.3)]
    return scale_over(held)


def _ground(canvas: Canvas, panel: IntervalPanel, scale: Scale, span: tuple[float, float]) -> None:
    top, bottom = span
    for side, edge in _sides(panel):
        x = scale(edge)
        if side == "below":
            canvas.rect((0, top), (x, bottom - top), "beyond")
        else:
            canvas.rect((x, top), (100 - x, bottom - top), "beyond")
        canvas.line((x, top - 4), (x, bottom), "margin")
    if panel.edges:
        _margin_label(canvas, panel, scale, top - 8)
    canvas.line((scale(panel.format.none), top), (scale(panel.format.none), bottom), "zero")


def _sides(panel: IntervalPanel) -> list[tuple[str, float]]:
    """On which side of each margin the effects lie that the protocol does not accept."""
    if len(panel.edges) > 1:
        return list(zip(("below", "above"), sorted(panel.edges), strict=True))
    worse = "below" if panel.direction is Direction.HIGHER_IS_BETTER else "above"
    return [(worse, edge) for edge in panel.edges]


def _margin_label(canvas: Canvas, panel: IntervalPanel, scale: Scale, y: float) -> None:
    """One label for all: two would not fit above margins that lie close together."""
    form, edges = panel.format, sorted(panel.edges)
    words = f"margin {form.with_unit(edges[0])}"
    if len(edges) > 1:
        words = f"margins {form.number(edges[0])} and {form.with_unit(edges[1])}"
    x = sum(scale(edge) for edge in edges) / len(edges)
    anchor: Anchor = "start" if x < 30 else "end" if x > 70 else "middle"
    canvas.text(x, y, words, kind="small", anchor=anchor)


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
