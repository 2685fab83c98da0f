"""The flow of encounters: one stream, because every encounter meets both arms.

Each box holds a count; between two boxes stand all reasons for leaving, those with zero too.
"""

from collections.abc import Sequence

from evaluation.results import FlowStep
from reports import numbers
from reports.figures.svg import NARROWEST_PX, Canvas, characters, wrapped

LINE = 17
STEM = 8.0  # percent from the left at which the stream runs
TITLE_CHARACTERS = characters(NARROWEST_PX - 80, strong=True)
REASON_CHARACTERS = characters(NARROWEST_PX - 100)


def draw_flow(number: int, steps: Sequence[FlowStep], *, title: str, finding: str) -> str:
    canvas = Canvas(number)
    y = 1.0
    for place, step in enumerate(steps):
        y = _box(canvas, step, y)
        if place < len(steps) - 1 or step.excluded:
            y = _leaving(canvas, step, y, last=place == len(steps) - 1)
    return canvas.svg(y + 2, title, finding)


def _box(canvas: Canvas, step: FlowStep, y: float) -> float:
    lines = wrapped(step.title, TITLE_CHARACTERS)
    height = LINE * len(lines) + 14
    canvas.rect((0.2, y), (99.6, height), "box")
    for place, text in enumerate(lines):
        canvas.text(0, y + 19 + LINE * place, text, kind="strong", dx=12)
    canvas.text(100, y + 19, numbers.count(step.n), kind="strong", anchor="end", dx=-12)
    return y + height


def _leaving(canvas: Canvas, step: FlowStep, y: float, *, last: bool) -> float:
    start = y
    y += 8
    for reason, n in step.excluded:
        lines = wrapped(reason, REASON_CHARACTERS)
        canvas.line((STEM, y + 10), (STEM + 4, y + 10), "stream")
        kind = "muted" if n == 0 else ""
        for place, text in enumerate(lines):
            canvas.text(STEM + 4, y + 14 + LINE * place, text, kind=kind, dx=6)
        canvas.text(100, y + 14, numbers.count(n), kind=kind, anchor="end", dx=-12)
        y += LINE * len(lines) + 1
    y += 10
    canvas.line((STEM, start), (STEM, y - (10 if last else 1)), "stream")
    if not last:
        canvas.mark(STEM, y - 3, "down", "arrow")
    return y
