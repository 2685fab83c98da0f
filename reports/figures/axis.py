"""The axis under a drawing of effects: round ticks in the reader's unit, and which way is good."""

from protocols.vocabulary import Direction
from reports import numbers
from reports.figures.scale import Scale, tick_decimals
from reports.figures.svg import Canvas


def draw_axis(canvas: Canvas, scale: Scale, y: float, *, factor: float) -> None:
    """`factor` turns the effect's scale into the unit of the labels."""
    canvas.line((0, y), (100, y), "axis")
    places = scale.ticks(factor)
    decimals = tick_decimals(places)
    for place in places:
        x = scale(place / factor)
        canvas.line((x, y), (x, y + 4), "axis")
        if 4 <= x <= 96:
            text = numbers.fixed(place, decimals)
            canvas.text(x, y + 16, text, kind="small muted", anchor="middle")


def draw_favours(canvas: Canvas, direction: Direction, y: float) -> None:
    """Say at both ends whom an effect on that side favours."""
    worse, better = "← favours standard of care", "favours candidate →"
    if direction is Direction.LOWER_IS_BETTER:
        worse, better = "← favours candidate", "favours standard of care →"
    canvas.text(0, y, worse, kind="small muted")
    canvas.text(100, y, better, kind="small muted", anchor="end")
