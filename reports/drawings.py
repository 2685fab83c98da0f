"""Figures as blocks: the drawing, its two text alternatives and its data as a table."""

from collections.abc import Sequence

from evaluation.results import FlowStep, HypothesisResult, RocCurve, TestResult
from reports import numbers
from reports.blocks import Cell, Column, Figure, Row, Table, blank, cell
from reports.figures.boundary import draw_boundaries
from reports.figures.flow import draw_flow
from reports.figures.interval import IntervalPanel, IntervalRow, draw_intervals
from reports.figures.roc import draw_roc
from reports.flow_words import reason_words
from reports.reading import Reading, format_of
from reports.sentences import as_clause, claim_interval, effect_sentence, level_words, verdict_words
from reports.tables.conduct import arm_words
from reports.tables.endpoints import bound_words, boundaries_table


def intervals_figure(
    reading: Reading, hypotheses: Sequence[HypothesisResult], *, title: str, supporting: bool
) -> Figure:
    """One panel per hypothesis; with `supporting`, every analysis population is a row."""
    number = next(reading.figures)
    panels = [_panel(reading, h, supporting=supporting) for h in hypotheses]
    finding = " ".join(
        f"{h.id}, {h.endpoint_title}: {verdict_words(h.verdict)}." for h in hypotheses
    )
    described = " ".join(
        f"{h.id}, {h.endpoint_title}: {effect_sentence(h, format_of(h))}" for h in hypotheses
    )
    tests = [
        (h, test)
        for h in hypotheses
        for test in ((h.primary, *h.supporting) if supporting else (h.primary,))
    ]
    return Figure(
        number=number,
        title=title,
        finding=finding,
        description=described,
        svg=draw_intervals(number, panels, finding, described),
        table=_intervals_table(reading, number, tests),
    )


def _panel(reading: Reading, hypothesis: HypothesisResult, *, supporting: bool) -> IntervalPanel:
    tests = (hypothesis.primary, *hypothesis.supporting) if supporting else (hypothesis.primary,)
    return IntervalPanel(
        title=f"{hypothesis.id} {hypothesis.endpoint_title}",
        subtitle=_subtitle(hypothesis),
        direction=hypothesis.direction,
        margin=hypothesis.margin,
        format=format_of(hypothesis),
        rows=tuple(_interval_row(reading, t, primary=t is hypothesis.primary) for t in tests),
    )


def _subtitle(hypothesis: HypothesisResult) -> str:
    """The verdict and which interval the figure shows."""
    interval = claim_interval(hypothesis.primary)
    words = verdict_words(hypothesis.verdict)
    return words if interval is None else f"{words}. {level_words(interval)}"


def _interval_row(reading: Reading, test: TestResult, *, primary: bool) -> IntervalRow:
    interval = claim_interval(test)
    return IntervalRow(
        label=reading.population(test.population),
        short=test.population,
        estimate=test.estimate,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        primary=primary,
        reason=as_clause(test.not_evaluable) if test.not_evaluable else None,
    )


def _intervals_table(
    reading: Reading, number: int, tests: Sequence[tuple[HypothesisResult, TestResult]]
) -> Table:
    return Table(
        id=f"figure-{number:02d}-intervals",
        caption=f"Data of figure {number}",
        columns=(
            Column("Hypothesis"),
            Column("Population"),
            Column("Difference", numeric=True),
            Column("Low", numeric=True),
            Column("High", numeric=True),
            Column("Level", numeric=True),
            Column("Margin", numeric=True),
            Column("Verdict"),
        ),
        rows=tuple(_intervals_row(reading, h, test) for h, test in tests),
    )


def _intervals_row(reading: Reading, hypothesis: HypothesisResult, test: TestResult) -> Row:
    form, interval = format_of(hypothesis), claim_interval(test)

    def effect(value: float | None) -> Cell:
        return blank() if value is None else cell(form.number(value), value)

    return Row(
        (
            cell(hypothesis.id),
            cell(reading.population(test.population)),
            effect(test.estimate),
            effect(None if interval is None else interval.low),
            effect(None if interval is None else interval.high),
            blank()
            if interval is None
            else cell(numbers.plain_percent(interval.level), interval.level),
            effect(hypothesis.margin),
            cell(verdict_words(hypothesis.verdict)),
        )
    )


def boundaries_figure(reading: Reading, hypothesis: HypothesisResult) -> Figure:
    number = next(reading.figures)
    planned = [look.information for look in reading.protocol.monitoring.looks]
    last = hypothesis.boundaries[-1]
    crossed = {True: "crossed", False: "not crossed", None: "not evaluable"}[last.crossed]
    finding = (
        f"{hypothesis.id} at look {last.number}: bound {bound_words(last)}, "
        f"efficacy boundary {crossed}."
    )
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


def _in_words(step: FlowStep, reading: Reading) -> FlowStep:
    excluded = tuple((reason_words(code, reading.protocol), n) for code, n in step.excluded)
    return FlowStep(id=step.id, title=step.title, n=step.n, excluded=excluded)


def flow_figure(reading: Reading) -> Figure:
    number = next(reading.figures)
    steps = [_in_words(step, reading) for step in reading.results.flow]
    finding = (
        f"Of {numbers.count(steps[0].n)} ({steps[0].title.lower()}), {numbers.count(steps[-1].n)} "
        f"reached the last box ({steps[-1].title.lower()})."
    )
    rows: list[Row] = []
    for step in steps:
        n = cell(numbers.count(step.n), step.n)
        rows.append(Row((cell(step.title), blank(), n), strong=True))
        rows += [
            Row((cell(step.title), cell(reason), cell(numbers.count(left), left)))
            for reason, left in step.excluded
        ]
    return Figure(
        number=number,
        title="F1: flow of encounters. Every encounter meets both arms",
        finding=finding,
        description="Each box holds a count; reasons for leaving stand below it, zeros kept.",
        svg=draw_flow(number, steps, title=finding, finding="The counts are in the data table."),
        table=Table(
            id=f"figure-{number:02d}-flow",
            caption=f"Data of figure {number}",
            columns=(Column("Box"), Column("Reason for leaving"), Column("Count", numeric=True)),
            rows=tuple(rows),
        ),
        narrow=True,
    )


def roc_figure(reading: Reading, curves: Sequence[RocCurve]) -> Figure:
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
