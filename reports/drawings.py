"""Figures as blocks: the drawing, its two text alternatives and its data as a table."""

from collections.abc import Sequence

from evaluation.results import HypothesisResult, RocCurve, SubgroupCell, SubgroupResult, TestResult
from protocols.vocabulary import Direction
from reports import numbers
from reports.blocks import Cell, Column, Figure, Row, Table, blank, cell
from reports.figures.boundary import draw_boundaries
from reports.figures.flow import draw_flow
from reports.figures.interval import IntervalPanel, IntervalRow, draw_intervals
from reports.figures.roc import draw_roc
from reports.figures.subgroup import Forest, ForestRow, draw_forest
from reports.numbers import EffectFormat, effect_format
from reports.reading import Reading, format_of
from reports.sentences import as_clause, claim_interval, effect_sentence, verdict_words
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
        subtitle=verdict_words(hypothesis.verdict),
        direction=hypothesis.direction,
        margin=hypothesis.margin,
        format=format_of(hypothesis),
        rows=tuple(_interval_row(reading, t, primary=t is hypothesis.primary) for t in tests),
    )


def _interval_row(reading: Reading, test: TestResult, *, primary: bool) -> IntervalRow:
    interval = claim_interval(test)
    label = (
        test.population
        if len(reading.population(test.population)) > 18
        else (reading.population(test.population))
    )
    return IntervalRow(
        label=label,
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
    )


def flow_figure(reading: Reading) -> Figure:
    number, steps = next(reading.figures), reading.results.flow
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


def subgroups_figure(reading: Reading, endpoint: str, groups: Sequence[SubgroupResult]) -> Figure:
    """All subgroups of one endpoint with the overall difference at the foot."""
    number = next(reading.figures)
    overall = next((h for h in reading.results.hypotheses if h.endpoint == endpoint), None)
    form = _forest_format(groups, overall)
    minimum = {s.id: s.minimum_cell for s in reading.protocol.subgroups}
    held = [c for g in groups for c in g.cells]
    hidden = sum(c.suppressed for c in held)
    title = f"{groups[0].endpoint_title} by subgroup"
    finding = (
        f"{title}: {numbers.plural(len(held), 'level')}, {numbers.count(hidden)} suppressed. "
        "Descriptive; no verdict."
    )
    forest = Forest(
        rows=_forest_rows(groups, overall, form, minimum),
        format=form,
        direction=Direction.HIGHER_IS_BETTER if overall is None else overall.direction,
        margin=None,
    )
    described = "Point: candidate − standard of care; line: interval; area of the point: pairs."
    return Figure(
        number=number,
        title=title,
        finding=finding,
        description=described,
        svg=draw_forest(number, forest, title=finding, finding=described),
        table=_forest_table(number, groups, form, minimum),
    )


def _forest_format(
    groups: Sequence[SubgroupResult], overall: HypothesisResult | None
) -> EffectFormat:
    held = [c for g in groups for c in g.cells]
    limits = [v for c in held for v in (c.low, c.high) if v is not None]
    fewest = min((c.n_pairs for c in held if c.n_pairs is not None), default=0)
    measure = overall.measure if overall is not None else "sensitivity"
    return effect_format(measure, fewest, limits, None)


def _forest_rows(
    groups: Sequence[SubgroupResult],
    overall: HypothesisResult | None,
    form: EffectFormat,
    minimum: dict[str, int],
) -> tuple[ForestRow, ...]:
    largest = max((c.n_pairs or 0 for g in groups for c in g.cells), default=0) or 1
    rows: list[ForestRow] = []
    for group in groups:
        rows.append(ForestRow(group.title, "", heading=True))
        for c in group.cells:
            words = cell_words(c, form, minimum.get(group.id))
            weight = (c.n_pairs or 0) / largest
            rows.append(ForestRow(c.title, words, c.estimate, c.low, c.high, weight))
    if overall is not None and overall.primary.estimate is not None:
        interval = claim_interval(overall.primary)
        low, high = (None, None) if interval is None else (interval.low, interval.high)
        estimate = overall.primary.estimate
        words = form.number(estimate)
        if low is not None and high is not None:
            words += f" ({form.interval(low, high)})"
        rows.append(ForestRow("Overall", words, estimate, low, high, overall=True))
    return tuple(rows)


def cell_words(held: SubgroupCell, form: EffectFormat, minimum: int | None) -> str:
    """The interval of one level, or why there is none."""
    if held.suppressed:
        return "suppressed" if minimum is None else f"suppressed (<{minimum})"
    if held.estimate is None or held.low is None or held.high is None:
        return "not evaluable"
    return f"{form.number(held.estimate)} ({form.interval(held.low, held.high)})"


def _forest_table(
    number: int, groups: Sequence[SubgroupResult], form: EffectFormat, minimum: dict[str, int]
) -> Table:
    def row(group: SubgroupResult, c: SubgroupCell) -> Row:
        words = cell_words(c, form, minimum.get(group.id))
        why = f": {as_clause(c.reason)}" if c.reason and c.estimate is None else ""
        hidden = "suppressed" if c.suppressed else ""
        return Row(
            (
                cell(c.title),
                cell(group.title),
                blank(hidden) if c.n_pairs is None else cell(numbers.count(c.n_pairs), c.n_pairs),
                blank(hidden)
                if c.n_events is None
                else cell(numbers.count(c.n_events), c.n_events),
                cell(words + why, c.estimate),
                blank() if c.low is None else cell(form.number(c.low), c.low),
                blank() if c.high is None else cell(form.number(c.high), c.high),
            )
        )

    return Table(
        id=f"figure-{number:02d}-subgroups",
        caption=f"Data of figure {number}",
        columns=(
            Column("Level"),
            Column("Subgroup"),
            Column("Pairs", numeric=True),
            Column("Events", numeric=True),
            Column("Difference", numeric=True),
            Column("Low", numeric=True),
            Column("High", numeric=True),
        ),
        rows=tuple(row(group, c) for group in groups for c in group.cells),
    )
