"""ROC curves of both arms on the same axes, each with its registered operating point."""

from collections.abc import Sequence

from evaluation.results import RocCurve
from protocols.vocabulary import Arm
from reports.figures.scale import Scale
from reports.figures.svg import Canvas

TOP = 10.0
PLOT = 280.0
LEFT = 12.0
RIGHT = 97.0


def draw_roc(
    number: int, curves: Sequence[RocCurve], legend: Sequence[str], *, title: str, finding: str
) -> str:
    """The curves as SVG."""
    canvas = Canvas(number)
    across = Scale(0, 1, LEFT, RIGHT)
    upward = Scale(0, 1, TOP + PLOT, TOP)
    _axes(canvas, across, upward)
    for curve in curves:
        name = "soc" if curve.arm == Arm.STANDARD_OF_CARE else "candidate"
        points = [(p.x, p.y) for p in curve.points]
        canvas.curve(points, (LEFT, TOP, RIGHT - LEFT, PLOT), f"curve {name}")
    for curve in curves:
        x, y = curve.operating_false_positive_share, curve.operating_true_positive_share
        if x is not None and y is not None:
            is_soc = curve.arm == Arm.STANDARD_OF_CARE
            canvas.mark(
                across(x),
                upward(y),
                "square" if is_soc else "circle",
                "soc" if is_soc else "candidate",
            )
    y = TOP + PLOT + 58
    for curve, text in zip(curves, legend, strict=True):
        is_soc = curve.arm == Arm.STANDARD_OF_CARE
        name = "soc" if is_soc else "candidate"
        canvas.line((1, y - 4), (9, y - 4), f"curve {name}")
        canvas.mark(5, y - 4, "square" if is_soc else "circle", name)
        canvas.text(LEFT, y, text)
        y += 20
    return canvas.svg(y - 10, title, finding)


def _axes(canvas: Canvas, across: Scale, upward: Scale) -> None:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        canvas.line((LEFT, upward(share)), (RIGHT, upward(share)), "grid")
        canvas.line((across(share), TOP), (across(share), TOP + PLOT), "grid")
        label = f"{share * 100:.0f}%"
        canvas.text(LEFT, upward(share) + 4, label, kind="small muted", anchor="end", dx=-5)
        canvas.text(
            across(share),
            TOP + PLOT + 16,
            label,
            kind="small muted",
            anchor="end" if share == 1 else "middle",
            dx=6 if share == 1 else 0,
        )
    canvas.curve([(0, 0), (1, 1)], (LEFT, TOP, RIGHT - LEFT, PLOT), "chance")
    canvas.text(
        54,
        TOP + PLOT + 34,
        "false alerts among those without the event",
        kind="small muted",
        anchor="middle",
    )
    canvas.text(LEFT, TOP + 14, "events found", kind="small muted halo", dx=6)
