"""The few SVG elements that our figures need.

Horizontal places are percentages of the figure's width, vertical ones pixels, and text keeps the
page's size: the same drawing is legible on a phone, on a desk and on paper, where a scaled
`viewBox` would shrink its words. Ids come from the figure's number; coordinates have two decimals.
"""

from html import escape
from typing import Literal

Anchor = Literal["start", "middle", "end"]

NARROWEST_PX = 272  # the room a figure has in a viewport of 320 px
CHARACTER_PX = 6.2  # a cautious mean advance at 12 px
STRONG_CHARACTER_PX = 7.4

MARKS = {
    "circle": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "square": "M-4.5 -4.5h9v9h-9z",
    "diamond": "M0 -6.5l6.5 6.5l-6.5 6.5l-6.5 -6.5z",
    "tick": "M-1 -6h2v12h-2z",
    "down": "M-4.5 -5h9l-4.5 8z",
}


def coordinate(value: float) -> str:
    """Two decimals; never a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def share(value: float) -> str:
    """A place across, as a percentage of the width."""
    return f"{coordinate(value)}%"


class Canvas:
    """Collects elements; `svg` closes the drawing with its two text alternatives."""

    def __init__(self, number: int, panel: int | None = None) -> None:
        self.id = f"figure-{number}" if panel is None else f"figure-{number}-{panel}"
        self.parts: list[str] = []

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """A line; `kind` is its class in the style sheet."""
        (x1, y1), (x2, y2) = start, end
        self.parts.append(
            f'<line class="{kind}" x1="{share(x1)}" y1="{coordinate(y1)}" '
            f'x2="{share(x2)}" y2="{coordinate(y2)}"/>'
        )

    def rect(self, corner: tuple[float, float], size: tuple[float, float], kind: str) -> None:
        """A rectangle by its upper left corner."""
        (x, y), (width, height) = corner, size
        self.parts.append(
            f'<rect class="{kind}" x="{share(x)}" y="{coordinate(y)}" '
            f'width="{share(max(width, 0))}" height="{coordinate(height)}"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        kind: str = "",
        anchor: Anchor = "start",
        dx: float = 0,
    ) -> None:
        """`dx` moves the text by pixels from its place."""
        name = f' class="{kind}"' if kind else ""
        shift = f' dx="{coordinate(dx)}"' if dx else ""
        side = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.parts.append(
            f'<text{name} x="{share(x)}" y="{coordinate(y)}"{shift}{side}>{escape(text)}</text>'
        )

    def mark(self, x: float, y: float, shape: str, kind: str, *, dx: float = 0) -> None:
        """`dx` moves the mark by pixels from its place."""
        moved = f' transform="translate({coordinate(dx)} 0)"' if dx else ""
        self.parts.append(
            f'<svg x="{share(x)}" y="{coordinate(y)}" overflow="visible">'
            f'<path class="{kind}"{moved} d="{MARKS[shape]}"/></svg>'
        )

    def curve(
        self, points: list[tuple[float, float]], box: tuple[float, float, float, float], kind: str
    ) -> None:
        """A polyline through points in the unit square, drawn upwards into `box` (x, y, w, h)."""
        x, y, width, height = box
        path = " ".join(f"{coordinate(a * 100)},{coordinate(100 - b * 100)}" for a, b in points)
        self.parts.append(
            f'<svg x="{share(x)}" y="{coordinate(y)}" width="{share(width)}" '
            f'height="{coordinate(height)}" viewBox="0 0 100 100" preserveAspectRatio="none" '
            f'overflow="visible"><polyline class="{kind}" vector-effect="non-scaling-stroke" '
            f'points="{path}"/></svg>'
        )

    def svg(self, height: float, title: str, description: str) -> str:
        """The drawing with its title and description for who cannot see it."""
        return (
            f'<svg role="img" aria-labelledby="{self.id}-title {self.id}-desc" width="100%" '
            f'height="{coordinate(height)}" xmlns="http://www.w3.org/2000/svg">'
            f'<title id="{self.id}-title">{escape(title)}</title>'
            f'<desc id="{self.id}-desc">{escape(description)}</desc>{"".join(self.parts)}</svg>'
        )


def key_mark(shape: str, kind: str) -> str:
    """A mark in a line of text; the text beside it says what it means."""
    return (
        '<svg class="key" aria-hidden="true" width="16" height="14" viewBox="-8 -7 16 14">'
        f'<path class="{kind}" d="{MARKS[shape]}"/></svg>'
    )


def wrapped(text: str, most: int) -> list[str]:
    """Lines of at most so many characters, broken at spaces, long words cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if len(joined) <= most:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                lines.append(rest[:most])
                rest = rest[most:]
    return [*lines, line] if line else lines


def characters(room_px: float, *, strong: bool = False) -> int:
    """How many characters of figure text fit in so many pixels."""
    return max(int(room_px / (STRONG_CHARACTER_PX if strong else CHARACTER_PX)), 4)
