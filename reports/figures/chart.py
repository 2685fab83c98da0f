"""A chart of lines over a frame: what a design's curves and bounds are drawn with."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.figures.scale import Scale
from reports.figures.svg import Anchor, Canvas

TOP = 10.0
PLOT = 180.0
LEFT = 15.0
RIGHT = 97.0
AT_EDGE = 92.0  # percent from which a tick's label ends near its tick

Point = tuple[float, float]
Tick = tuple[float, str]


@dataclass(frozen=True, slots=True)
class Series:
    """`kind` is the colour (candidate, soc or chance), `shape` a mark at each point, or none."""

    kind: str
    shape: str
    points: tuple[Point, ...]

    @property
    def line(self) -> str:
        """Its class in the style sheet."""
        return "chance" if self.kind == "chance" else f"curve {self.kind}"

    @property
    def mark(self) -> str:
        """The class of its marks; dotted lines have grey ones."""
        return "soc" if self.kind == "chance" else self.kind


@dataclass(frozen=True, slots=True)
class Chart:
    """Scales go from values to percent of the width and to pixels.

    `levels` and `verticals` are lines as (place, class in the style sheet); what is drawn upwards
    stands in the panel's own text.
    """

    series: tuple[Series, ...]
    across: Scale
    upward: Scale
    ticks_across: tuple[Tick, ...]
    ticks_upward: tuple[Tick, ...]
    title_across: str
    levels: tuple[tuple[float, str], ...] = ()
    verticals: tuple[tuple[float, str], ...] = ()


def upwards(low: float, high: float, *, logarithmic: bool = False, down: bool = False) -> Scale:
    """A vertical scale of the frame; `down` puts the low end on top."""
    ends = (TOP, TOP + PLOT) if down else (TOP + PLOT, TOP)
    return Scale(low, high, *ends, logarithmic=logarithmic)


def draw_chart(number: int, panel: int | None, chart: Chart, *, title: str, finding: str) -> str:
    """The chart as SVG."""
    canvas = Canvas(number, panel)
    _frame(canvas, chart)
    for y, kind in chart.levels:
        canvas.line((LEFT, chart.upward(y)), (RIGHT, chart.upward(y)), kind)
    for x, kind in chart.verticals:
        canvas.line((chart.across(x), TOP), (chart.across(x), TOP + PLOT), kind)
    for series in chart.series:
        _series(canvas, chart, series)
    return canvas.svg(TOP + PLOT + 44, title, finding)


def _frame(canvas: Canvas, chart: Chart) -> None:
    bottom = TOP + PLOT
    for value, label in chart.ticks_upward:
        y = chart.upward(value)
        canvas.line((LEFT, y), (RIGHT, y), "grid")
        canvas.text(LEFT, y + 4, label, kind="small muted", anchor="end", dx=-5)
    canvas.line((LEFT, bottom), (RIGHT, bottom), "axis")
    for value, label in chart.ticks_across:
        x = chart.across(value)
        canvas.line((x, bottom), (x, bottom + 4), "axis")
        anchor: Anchor = "end" if x > AT_EDGE else "middle"
        canvas.text(
            x,
            bottom + 17,
            label,
            kind="small muted",
            anchor=anchor,
            dx=6 if anchor == "end" else 0,
        )
    canvas.text(RIGHT, bottom + 35, chart.title_across, kind="small muted", anchor="end")


def _series(canvas: Canvas, chart: Chart, series: Series) -> None:
    if len(series.points) > 1:
        canvas.curve(
            [_placed(chart, point) for point in series.points],
            (LEFT, TOP, RIGHT - LEFT, PLOT),
            series.line,
        )
    if series.shape:
        for x, y in series.points:
            canvas.mark(chart.across(x), chart.upward(y), series.shape, series.mark)


def _placed(chart: Chart, point: Point) -> Point:
    """A point in the unit square of the frame."""
    x, y = point
    share = (chart.across(x) - LEFT) / (RIGHT - LEFT)
    return share, (TOP + PLOT - chart.upward(y)) / PLOT


def across(low: float, high: float) -> Scale:
    """A horizontal scale of the frame."""
    return Scale(low, high, LEFT, RIGHT)


def labelled(places: Sequence[float], labels: Sequence[str]) -> tuple[Tick, ...]:
    """Ticks from places and their labels."""
    return tuple(zip(places, labels, strict=True))
