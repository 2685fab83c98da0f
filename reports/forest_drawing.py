"""The subgroup forest as a block: descriptive intervals, suppressed cells kept and named."""

from collections.abc import Sequence

from evaluation.results import HypothesisResult, SubgroupCell, SubgroupResult
from protocols.vocabulary import Direction
from reports import numbers
from reports.blocks import Cell, Column, Figure, Row, Table, blank, cell
from reports.cells import value_cell
from reports.effects import EffectFormat, effect_format
from reports.figures.subgroup import Forest, ForestRow, draw_forest
from reports.reading import Reading, unit_of
from reports.sentences import as_clause, capital, claim_interval, operation_words

LEVEL = "95%"  # the engine's for every subgroup; a test holds the two together


def subgroups_figure(reading: Reading, endpoint: str, groups: Sequence[SubgroupResult]) -> Figure:
    """All subgroups of one endpoint with the overall effect at the foot."""
    number = next(reading.figures)
    overall = next((h for h in reading.results.hypotheses if h.endpoint == endpoint), None)
    form = _forest_format(reading, groups, overall)
    minimum = _minimum_cells(reading, groups)
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
    )
    described = (
        f"Point: {operation_words(form.scale)}; line: {LEVEL} interval, for the diamond (overall) "
        "that of the look; larger point: more pairs."
    )
    return Figure(
        number=number,
        title=title,
        finding=finding,
        description=described,
        svg=draw_forest(number, forest, title=finding, finding=described),
        table=_forest_table(number, groups, form, minimum),
        unfolded=True,
    )


def _minimum_cells(reading: Reading, groups: Sequence[SubgroupResult]) -> dict[str, int]:
    """What suppressed a cell: the larger of its subgroup's minimum and the trial's small cell."""
    plan = reading.protocol
    small = plan.governance.small_cell
    registered = {s.id: s.minimum_cell for s in plan.subgroups}
    return {g.id: max(registered.get(g.id, small), small) for g in groups}


def _forest_format(
    reading: Reading, groups: Sequence[SubgroupResult], overall: HypothesisResult | None
) -> EffectFormat:
    held = [c for g in groups for c in g.cells]
    limits = [v for c in held for v in (c.low, c.high) if v is not None]
    fewest = min((c.n_pairs for c in held if c.n_pairs is not None), default=0)
    if overall is None:
        return effect_format("sensitivity", fewest, limits, None)
    unit = unit_of(reading.protocol, overall)
    return effect_format(overall.measure, fewest, limits, None, scale=overall.scale, unit=unit)


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
            words = cell_words(c, form, minimum[group.id])
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


def cell_words(held: SubgroupCell, form: EffectFormat, minimum: int) -> str:
    """The interval of one level, or why there is none."""
    if held.suppressed:
        return f"suppressed (<{minimum})"
    if held.withheld:
        return "withheld"
    if held.estimate is None or held.low is None or held.high is None:
        return "not evaluable"
    return f"{form.number(held.estimate)} ({form.interval(held.low, held.high)})"


def _forest_table(
    number: int, groups: Sequence[SubgroupResult], form: EffectFormat, minimum: dict[str, int]
) -> Table:
    def row(group: SubgroupResult, c: SubgroupCell) -> Row:
        words = cell_words(c, form, minimum[group.id])
        why = f": {as_clause(c.reason)}" if c.reason and c.estimate is None else ""
        hidden = "suppressed" if c.suppressed else "withheld" if c.withheld else ""
        return Row(
            (
                cell(c.title),
                cell(group.title),
                value_cell(c.n_pairs, numbers.count, hidden),
                value_cell(c.n_events, numbers.count, hidden),
                blank(words + why)
                if c.estimate is None
                else Cell(words, (c.estimate, c.low, c.high)),
            )
        )

    name = capital(form.scale)
    return Table(
        id=f"figure-{number:02d}-subgroups",
        caption=f"Data of figure {number}",
        columns=(
            Column("Level"),
            Column("Subgroup"),
            Column("Pairs", numeric=True),
            Column("Events", numeric=True),
            Column(f"{name}, {LEVEL} interval", numeric=True, parts=(name, "Low", "High")),
        ),
        rows=tuple(row(group, c) for group in groups for c in group.cells),
    )
