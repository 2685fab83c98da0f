"""Decision curves: net benefit of both arms over the registered thresholds.

Treating all is dotted, treating none the solid zero. Where treating all falls far below both arms
its line ends at the frame, so that the arms keep their room.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports import numbers
from reports.figures.scale import Scale, tick_decimals
from reports.figures.svg import Canvas

TOP = 22.0
PLOT = 220.0
LEFT = 14.0
RIGHT = 97.0
FLOOR = 0.25  # the share of the largest net benefit to which the frame goes below zero
ROOM = 0.05  # of the range of thresholds, on either side
MOST_MARKED = 12  # thresholds up to which each point has its mark
LEGEND = ("Candidate", "Standard of care", "Treating all (dotted)", "Treating none (zero)")


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """Net benefits at one threshold, a probability in (0, 1)."""

    threshold: float
    candidate: float
    standard_of_care: float
    treat_all: float


def draw_decision(number: int, points: Sequence[DecisionPoint], *, title: str, finding: str) -> str:
    """The curves as SVG; thresholds ascend."""
    canvas = Canvas(number)
    first, last = points[0].threshold, points[-1].threshold
    room = (last - first) * ROOM
    across = Scale(first - room, last + room, LEFT, RIGHT)
    upward = _upward(points)
    _axes(canvas, across, upward)
    everyone = [(p.threshold, p.treat_all) for p in points]
    _curve(canvas, across, upward, _above(everyone, upward.low), "chance")
    for kind, shape, line in _arms(points):
        _curve(canvas, across, upward, line, f"curve {kind}")
        if len(points) <= MOST_MARKED:
            for x, y in line:
                canvas.mark(across(x), upward(y), shape, kind)
    return canvas.svg(_legend(canvas), title, finding)


Line = list[tuple[float, float]]


def _arms(points: Sequence[DecisionPoint]) -> tuple[tuple[str, str, Line], ...]:
    return (
        ("soc", "square", [(p.threshold, p.standard_of_care) for p in points]),
        ("candidate", "circle", [(p.threshold, p.candidate) for p in points]),
    )


def _upward(points: Sequence[DecisionPoint]) -> Scale:
    arms = [v for p in points for v in (p.candidate, p.standard_of_care)]
    high = max([*arms, *(p.treat_all for p in points), 0.0]) or 0.01
    low = min([*arms, 0.0]) - FLOOR * high
    return Scale(low, high * 1.08, TOP + PLOT, TOP)


def _above(line: Line, floor: float) -> Line:
    """The line down to the floor, with the place where it crosses it."""
    kept: Line = []
    for x, y in line:
        if y >= floor:
            kept.append((x, y))
            continue
        if kept:
            x0, y0 = kept[-1]
            kept.append((x0 + (x - x0) * (y0 - floor) / (y0 - y), floor))
        break
    return kept


def _curve(canvas: Canvas, across: Scale, upward: Scale, line: Line, kind: str) -> None:
    if len(line) < 2:
        return
    placed = [
        ((across(x) - LEFT) / (RIGHT - LEFT), (TOP + PLOT - upward(y)) / PLOT) for x, y in line
    ]
    canvas.curve(placed, (LEFT, TOP, RIGHT - LEFT, PLOT), kind)


def _axes(canvas: Canvas, across: Scale, upward: Scale) -> None:
    bottom = TOP + PLOT
    places = upward.ticks(1)
    decimals = tick_decimals(places)
    for place in places:
        y = upward(place)
        canvas.line((LEFT, y), (RIGHT, y), "zero thin" if place == 0 else "grid")
        label = numbers.fixed(place, decimals)
        canvas.text(LEFT, y + 4, label, kind="small muted", anchor="end", dx=-5)
    canvas.line((LEFT, bottom), (RIGHT, bottom), "axis")
    shares = across.ticks(100)
    decimals = tick_decimals(shares)
    for place in shares:
        x, last = across(place / 100), place == shares[-1]
        canvas.line((x, bottom), (x, bottom + 4), "axis")
        label = f"{numbers.fixed(place, decimals)}%"
        end = last and x > 92
        canvas.text(
            x,
            bottom + 16,
            label,
            kind="small muted",
            anchor="end" if end else "middle",
            dx=6 if end else 0,
        )
    canvas.text(0, 12, "net benefit", kind="small muted")
    canvas.text(RIGHT, bottom + 34, "threshold", kind="small muted", anchor="end")


def _legend(canvas: Canvas) -> float:
    """Below the axis, one line each; returns where the drawing ends."""
    y = TOP + PLOT + 54
    kinds = (("curve candidate", "circle"), ("curve soc", "square"), ("chance", ""), ("zero", ""))
    for (kind, shape), text in zip(kinds, LEGEND, strict=True):
        canvas.line((1, y - 4), (9, y - 4), kind)
        if shape:
            canvas.mark(5, y - 4, shape, kind.removeprefix("curve "))
        canvas.text(LEFT, y, text)
        y += 20
    return y - 10
