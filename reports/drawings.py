"""Figures as blocks: the drawing, its two text alternatives and its data as a table."""

from collections.abc import Sequence

from evaluation.results import FlowStep, HypothesisResult, RocCurve
from protocols.vocabulary import Verdict
from reports import numbers
from reports.blocks import Column, Figure, FlowBox, Row, Table, blank, cell
from reports.cells import count_cell
from reports.figures.boundary import draw_boundaries
from reports.figures.roc import draw_roc
from reports.flow_words import step_in_words
from reports.reading import Reading
from reports.tables.conduct import arm_words
from reports.tables.endpoints import bound_words, boundaries_table


def boundaries_figure(reading: Reading, hypothesis: HypothesisResult) -> Figure:
    """The boundary of one hypothesis with what was observed at each look."""
    number = next(reading.figures)
    planned = [look.information for look in reading.protocol.monitoring.looks]
    last = hypothesis.boundaries[-1]
    untested = "not evaluable" if last.statistic is None else "not tested"
    crossed = {True: "crossed", False: "not crossed", None: untested}[last.crossed]
    finding = (
        f"{hypothesis.id} at look {last.number}: bound {bound_words(last)}, "
        f"efficacy boundary {crossed}."
    )
    if hypothesis.verdict is Verdict.NOT_TESTED:
        finding += " Not tested: no claim follows from it."
    made = numbers.plural(len(hypothesis.boundaries), "look")
    described = (
        f"Information fraction across, z upwards. {made} "
        f"made of {numbers.count(len(planned))} planned."
    )
    return Figure(
        number=number,
        title=f"{hypothesis.id}: {hypothesis.endpoint_title}, boundary and observed statistic",
        finding=finding,
        description=described,
        svg=draw_boundaries(
            number, hypothesis.boundaries, planned, title=finding, finding=described
        ),
        table=boundaries_table(hypothesis, number),
        unfolded=True,
    )


def flow_figure(reading: Reading) -> Figure:
    """What became of every accepted request, with all reasons."""
    number = next(reading.figures)
    final = reading.results.facts.final
    steps = [step_in_words(step, reading.protocol, final=final) for step in reading.results.flow]
    finding = (
        f"Of {numbers.count(steps[0].n)} ({steps[0].title.lower()}), {numbers.count(steps[-1].n)} "
        f"reached the last box ({steps[-1].title.lower()})."
    )
    rows: list[Row] = []
    for step in steps:
        n = count_cell(step.n)
        rows.append(Row((cell(step.title), blank(), n), strong=True))
        rows += [
            Row((cell(step.title), cell(reason), count_cell(left)))
            for reason, left in step.excluded
        ]
    return Figure(
        number=number,
        title="Flow of encounters. Every encounter meets both arms",
        finding=finding,
        description="Each box holds a count; all reasons for leaving stand below it, zeros too.",
        table=Table(
            id=f"figure-{number:02d}-flow",
            caption=f"Data of figure {number}",
            columns=(Column("Box"), Column("Reason for leaving"), Column("Count", numeric=True)),
            rows=tuple(rows),
        ),
        boxes=tuple(_box(step) for step in steps),
    )


def _box(step: FlowStep) -> FlowBox:
    leaving = tuple((reason, numbers.count(n), n == 0) for reason, n in step.excluded)
    return FlowBox(step.title, numbers.count(step.n), leaving)


def roc_figure(reading: Reading, curves: Sequence[RocCurve]) -> Figure:
    """Both arms' curves with the registered thresholds."""
    number = next(reading.figures)
    legend = [_legend(curve) for curve in curves]
    finding = "; ".join(legend) + "."
    rows = [
        Row(
            (
                cell(arm_words(c.arm)),
                cell(numbers.fixed(p.x, 3), p.x),
                cell(numbers.fixed(p.y, 3), p.y),
            )
        )
        for c in curves
        for p in c.points
    ]
    described = "False alerts across, events found upwards; marks are the registered thresholds."
    return Figure(
        number=number,
        title="ROC curves with the registered operating points",
        finding=finding,
        description=described,
        svg=draw_roc(number, curves, legend, title=finding, finding=described),
        table=Table(
            id=f"figure-{number:02d}-roc",
            caption=f"Data of figure {number}",
            columns=(
                Column("Arm"),
                Column("False-positive share", numeric=True),
                Column("True-positive share", numeric=True),
            ),
            rows=tuple(rows),
        ),
        narrow=True,
    )


def _legend(curve: RocCurve) -> str:
    auc = "not evaluable" if curve.auc is None else numbers.fixed(curve.auc, 3)
    return f"{arm_words(curve.arm)}: AUC {auc}"
