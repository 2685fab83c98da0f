"""The non-inferiority figure: intervals against zero and the margin, one panel per endpoint.

Zero is a solid line, the margin a dashed one that carries its value; the region beyond the margin
is shaded. Every panel has its own scale, so that each endpoint is read in its own unit, and no
panel leaves its margin outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocols.vocabulary import Direction
from reports import numbers
from reports.figures.scale import Scale, scale_over, tick_decimals, ticks
from reports.figures.svg import NARROWEST_PX, Anchor, Canvas, characters, wrapped
from reports.numbers import EffectFormat

LINE = 16
ROW = 20
AXIS = 18
GAP = 16
LEGEND_PX = 18


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One population's interval; `reason` stands in for it where there is none."""

    label: str
    short: str  # stands in where the label leaves no room
    estimate: float | None
    low: float | None
    high: float | None
    primary: bool
    reason: str | None


@dataclass(frozen=True, slots=True)
class IntervalPanel:
    title: str
    subtitle: str
    direction: Direction
    margin: float | None
    format: EffectFormat
    rows: tuple[IntervalRow, ...]


def draw_intervals(number: int, panels: Sequence[IntervalPanel], title: str, finding: str) -> str:
    canvas = Canvas(number)
    y = 2.0
    for panel, after in zip(panels, [*panels[1:], None], strict=True):
        same = after is not None and after.direction is panel.direction
        y = _panel(canvas, panel, y, favours=not same) + GAP
    return canvas.svg(y - GAP + 2, title, finding)


def _panel(canvas: Canvas, panel: IntervalPanel, y: float, *, favours: bool) -> float:
    """`favours`: which way is good stands under the last panel of a direction."""
    for text in wrapped(panel.title, characters(NARROWEST_PX, strong=True)):
        y += LINE
        canvas.text(0, y, text, kind="strong")
    for text in wrapped(panel.subtitle, characters(NARROWEST_PX)):
        y += LINE
        canvas.text(0, y, text, kind="muted")
    if all(row.estimate is None for row in panel.rows):
        return _without_interval(canvas, panel, y)
    for row, text in zip(panel.rows, _legends(panel), strict=True):
        y += LINE + 2
        _legend(canvas, row, text, y)
    scale = _scale(panel)
    top = y + 12 + (LINE if panel.margin is not None else 0)
    bottom = top + ROW * len(panel.rows) + 8
    _ground(canvas, panel, scale, (top, bottom))
    for place, row in enumerate(panel.rows):
        _row(canvas, scale, row, top + 4 + ROW * (place + 0.5))
    _axis(canvas, panel, scale, bottom)
    if favours:
        _favours(canvas, panel, bottom + AXIS + LINE)
    return bottom + AXIS + (LINE + 4 if favours else 0)


def _without_interval(canvas: Canvas, panel: IntervalPanel, y: float) -> float:
    for row in panel.rows:
        words = f"{row.label}: not evaluable: {row.reason or 'no estimate'}"
        for text in wrapped(words, characters(NARROWEST_PX)):
            y += LINE
            canvas.text(0, y, text)
    return y + 4


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


def _legend(canvas: Canvas, row: IntervalRow, text: str, y: float) -> None:
    """The population's mark and its numbers in words."""
    canvas.mark(0, y - 4, *_mark(row), dx=6)
    canvas.text(0, y, text, dx=LEGEND_PX)


def _legends(panel: IntervalPanel) -> list[str]:
    """Populations by title where all titles fit, else all by their short names."""
    said = [_numbers(panel, row) for row in panel.rows]
    full = [f"{row.label}: {words}" for row, words in zip(panel.rows, said, strict=True)]
    if max(map(len, full)) <= characters(NARROWEST_PX - LEGEND_PX):
        return full
    return [f"{row.short}: {words}" for row, words in zip(panel.rows, said, strict=True)]


def _mark(row: IntervalRow) -> tuple[str, str]:
    return ("circle", "candidate") if row.primary else ("diamond", "candidate open")


def _row(canvas: Canvas, scale: Scale, row: IntervalRow, y: float) -> None:
    if row.low is not None and row.high is not None:
        kind = "interval" if row.primary else "interval supporting"
        canvas.line((scale(row.low), y), (scale(row.high), y), kind)
        for end in (row.low, row.high):
            canvas.mark(scale(end), y, "tick", "candidate")
    if row.estimate is not None:
        canvas.mark(scale(row.estimate), y, *_mark(row))


def _numbers(panel: IntervalPanel, row: IntervalRow) -> str:
    if row.estimate is None or row.low is None or row.high is None:
        return "not evaluable"
    form = panel.format
    return f"{form.number(row.estimate)} ({form.interval(row.low, row.high)})"


def _axis(canvas: Canvas, panel: IntervalPanel, scale: Scale, y: float) -> None:
    factor = panel.format.factor
    canvas.line((0, y), (100, y), "axis")
    places = ticks(scale.low * factor, scale.high * factor)
    decimals = tick_decimals(places)
    for place in places:
        x = scale(place / factor)
        canvas.line((x, y), (x, y + 4), "axis")
        if 4 <= x <= 96:
            text = numbers.fixed(place, decimals)
            canvas.text(x, y + 16, text, kind="small muted", anchor="middle")


def _favours(canvas: Canvas, panel: IntervalPanel, y: float) -> None:
    worse, better = "← favours standard of care", "favours candidate →"
    if panel.direction is Direction.LOWER_IS_BETTER:
        worse, better = "← favours candidate", "favours standard of care →"
    canvas.text(0, y, worse, kind="small muted")
    canvas.text(100, y, better, kind="small muted", anchor="end")
