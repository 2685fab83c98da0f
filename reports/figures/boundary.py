"""Boundaries of one hypothesis: information fraction against the test statistic.

Planned looks are grey ticks; at each look made, the bound is a square on a dashed line and the
observed statistic a filled circle. A futility bound is an open triangle, a bound for harm a
diamond, where the estimate that lies on it has this z.
"""

import itertools
from collections.abc import Sequence

from evaluation.results import Boundary
from reports import numbers
from reports.figures.scale import Scale, tick_decimals, ticks
from reports.figures.svg import Anchor, Canvas

TOP = 22.0
PLOT = 200.0
LEFT = 9.0
AT_EDGE = 92.0  # percent from which a tick's label must end, not centre, near its tick
LEFTWARDS = 30.0  # percent from which words stand left of their mark
APART = 46.0  # pixels between two marks from which words of both fit between them
MOST_WORDY = 4  # looks up to which there is room for words beside the numbers


def draw_boundaries(
    number: int,
    boundaries: Sequence[Boundary],
    planned: Sequence[float],
    *,
    title: str,
    finding: str,
) -> str:
    """Boundary and observed z over information, as SVG."""
    canvas = Canvas(number)
    across = Scale(0.0, max(1.0, *(b.information_fraction for b in boundaries)), LEFT, 97.0)
    held = [0.0] + [b.z for b in boundaries if b.z is not None]
    held += [b.statistic for b in boundaries if b.statistic is not None]
    held += [z for b in boundaries for z, _, _ in _below(b)]
    span = max(held) - min(held) or 1.0
    upward = Scale(min(held) - span * 0.15, max(held) + span * 0.18, TOP + PLOT, TOP)
    _axes(canvas, across, upward, planned)
    _bounds(canvas, across, upward, boundaries)
    wordy = len(boundaries) <= MOST_WORDY
    for boundary in boundaries:
        _others(canvas, across, upward, boundary, wordy=wordy)
    for place, boundary in enumerate(boundaries):
        _look(canvas, across, upward, boundary, wordy=wordy, first=place == 0)
    return canvas.svg(TOP + PLOT + 44, title, finding)


def _axes(canvas: Canvas, across: Scale, upward: Scale, planned: Sequence[float]) -> None:
    bottom = TOP + PLOT
    places = ticks(upward.low, upward.high)
    decimals = tick_decimals(places)
    for place in places:
        y = upward(place)
        canvas.line((LEFT, y), (97, y), "zero thin" if place == 0 else "grid")
        canvas.text(
            LEFT, y + 4, numbers.fixed(place, decimals), kind="small muted", anchor="end", dx=-6
        )
    canvas.line((LEFT, bottom), (97, bottom), "axis")
    for fraction in planned:
        x = across(fraction)
        canvas.line((x, bottom - 8), (x, bottom + 5), "planned")
        label = numbers.plain_percent(fraction, 0)
        anchor: Anchor = "end" if x > AT_EDGE else "middle"
        dx = 8 if anchor == "end" else 0
        canvas.text(x, bottom + 18, label, kind="small muted", anchor=anchor, dx=dx)
    canvas.text(
        97, bottom + 36, "information (ticks: planned looks)", kind="small muted", anchor="end"
    )
    canvas.text(0, 12, "z of the registered hypothesis", kind="small muted")


def _bounds(canvas: Canvas, across: Scale, upward: Scale, boundaries: Sequence[Boundary]) -> None:
    for before, after in itertools.pairwise(boundaries):
        if before.z is None or after.z is None:
            continue
        canvas.line(
            (across(before.information_fraction), upward(before.z)),
            (across(after.information_fraction), upward(after.z)),
            "margin",
        )


def _below(boundary: Boundary) -> list[tuple[float, str, str]]:
    """(z, mark, word) of the first futility and harm bound that a falling z would meet."""
    futility = [f.z for f in boundary.futility if f.z is not None]
    harm = [h.z_of_hypothesis for h in boundary.harm if h.z_of_hypothesis is not None]
    found = ((futility, "down", "futility"), (harm, "diamond", "harm"))
    return [(max(bounds), mark, word) for bounds, mark, word in found if bounds]


def _others(
    canvas: Canvas, across: Scale, upward: Scale, boundary: Boundary, *, wordy: bool
) -> None:
    x = across(boundary.information_fraction)
    for z, mark, word in _below(boundary):
        canvas.mark(x, upward(z), mark, "soc open")
        number = numbers.statistic(z)
        right = x <= LEFTWARDS or x < AT_EDGE
        anchor: Anchor = "start" if right else "end"
        text = f"{word} {number}" if wordy else number
        kind = "small muted halo"
        canvas.text(x, upward(z) + 4, text, kind=kind, anchor=anchor, dx=10 if right else -10)


def _look(
    canvas: Canvas, across: Scale, upward: Scale, boundary: Boundary, *, wordy: bool, first: bool
) -> None:
    """The bound and the observed value, their words on opposite sides of them.

    After the first look the line of bounds comes down from the left: where the observed value is
    far enough, the bound's words stand under it.
    """
    x = across(boundary.information_fraction)
    z, observed = boundary.z, boundary.statistic
    below = z is None or (observed is not None and observed <= z)
    if z is not None:
        canvas.mark(x, upward(z), "square", "soc open")
        far = observed is None or abs(upward(observed) - upward(z)) > APART
        under = (far and not first) or not (below or observed is None)
        y = upward(z) + (16 if under else -6)
        _words(canvas, x, y, f"bound {numbers.statistic(z)}" if wordy else numbers.statistic(z))
    if observed is not None:
        canvas.mark(x, upward(observed), "circle", "candidate")
        number = numbers.statistic(observed)
        y = upward(observed) + (16 if below else -6)
        _words(canvas, x, y, f"observed {number}" if wordy else number)


def _words(canvas: Canvas, x: float, y: float, text: str) -> None:
    left = x > LEFTWARDS
    anchor: Anchor = "end" if left else "start"
    canvas.text(x, y, text, kind="small halo", anchor=anchor, dx=-10 if left else 10)
