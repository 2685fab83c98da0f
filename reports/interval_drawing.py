"""The non-inferiority figure as a block: one panel per hypothesis, one row per population."""

from collections.abc import Sequence
from itertools import pairwise

from evaluation.results import HypothesisResult, TestResult
from reports import numbers
from reports.blocks import Cell, Column, Figure, Key, Panel, Row, Table, cell
from reports.cells import value_cell
from reports.effects import RATIO
from reports.figures.interval import IntervalPanel, IntervalRow, draw_interval, draw_key
from reports.reading import Reading
from reports.sentences import (
    as_clause,
    capital,
    claim_interval,
    edges_of,
    effect_sentence,
    level_words,
    verdict_words,
)


def intervals_figure(
    reading: Reading, hypotheses: Sequence[HypothesisResult], *, title: str, supporting: bool
) -> Figure:
    """One panel per hypothesis; with `supporting`, every analysis population is a row."""
    number = next(reading.figures)
    held = [(h, (h.primary, *h.supporting) if supporting else (h.primary,)) for h in hypotheses]
    following = [_alike(h, after) for h, after in pairwise(hypotheses)]
    return Figure(
        number=number,
        title=title,
        finding=" ".join(_finding(h) for h in hypotheses),
        description=" ".join(_description(reading, h) for h in hypotheses),
        table=_intervals_table(reading, number, [(h, t) for h, tests in held for t in tests]),
        panels=tuple(
            _panel(reading, (number, place), h, tests=tests, favours=not same)
            for place, ((h, tests), same) in enumerate(
                zip(held, [*following, False], strict=True), 1
            )
        ),
    )


def _alike(one: HypothesisResult, other: HypothesisResult) -> bool:
    return (one.direction, one.scale) == (other.direction, other.scale)


def _finding(hypothesis: HypothesisResult) -> str:
    return f"{_title(hypothesis)}: {verdict_words(hypothesis.verdict)}."


def _description(reading: Reading, hypothesis: HypothesisResult) -> str:
    return f"{_title(hypothesis)}: {effect_sentence(hypothesis, reading.format(hypothesis))}"


def _title(hypothesis: HypothesisResult) -> str:
    return f"{hypothesis.id}, {hypothesis.endpoint_title}"


def _panel(
    reading: Reading,
    place: tuple[int, int],
    hypothesis: HypothesisResult,
    *,
    tests: Sequence[TestResult],
    favours: bool,
) -> Panel:
    """`place`: the figure's number and the panel's in it.

    `favours`: which way is good stands under the last panel of a direction.
    """
    primary = hypothesis.primary
    drawn = IntervalPanel(
        place=place,
        finding=_finding(hypothesis),
        description=_description(reading, hypothesis),
        direction=hypothesis.direction,
        edges=edges_of(hypothesis),
        format=reading.format(hypothesis),
        rows=tuple(_interval_row(t, primary=t is primary) for t in tests),
        favours=favours,
    )
    return Panel(
        title=f"{hypothesis.id}: {hypothesis.endpoint_title}",
        subtitle=_subtitle(hypothesis),
        keys=tuple(
            Key(draw_key(primary=t is primary), _key_words(reading, hypothesis, t)) for t in tests
        ),
        svg=draw_interval(drawn),
    )


def _subtitle(hypothesis: HypothesisResult) -> str:
    """The verdict and which interval the figure shows."""
    interval = claim_interval(hypothesis.primary)
    words = verdict_words(hypothesis.verdict)
    return f"{words}." if interval is None else f"{words}. {level_words(interval)}:"


def _key_words(reading: Reading, hypothesis: HypothesisResult, test: TestResult) -> str:
    """'All mirrored requests: −6.9 points (−9.1 to −4.8)'."""
    name, interval = reading.population(test.population), claim_interval(test)
    if test.estimate is None:
        return f"{name}: not evaluable: {as_clause(test.not_evaluable or 'no estimate')}"
    form = reading.format(hypothesis)
    words = f"{name}: {_named(form.scale, hypothesis)}{form.with_unit(test.estimate)}"
    return words if interval is None else f"{words} ({form.interval(interval.low, interval.high)})"


def _named(scale: str, hypothesis: HypothesisResult) -> str:
    """A difference has its sign, a ratio must be called one: of a time, it is that of hazards."""
    if scale != RATIO:
        return ""
    return "hazard ratio " if hypothesis.measure == "hazard" else "ratio "


def _interval_row(test: TestResult, *, primary: bool) -> IntervalRow:
    interval = claim_interval(test)
    return IntervalRow(
        estimate=test.estimate,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        primary=primary,
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
            Column(_effect_title(tests), numeric=True),
            Column("Low", numeric=True),
            Column("High", numeric=True),
            Column("Level", numeric=True),
            Column("Margin", numeric=True),
            Column("Verdict"),
        ),
        rows=tuple(_intervals_row(reading, h, test) for h, test in tests),
    )


def _effect_title(tests: Sequence[tuple[HypothesisResult, TestResult]]) -> str:
    scales = {hypothesis.scale for hypothesis, _ in tests}
    return capital(scales.pop()) if len(scales) == 1 else "Effect"


def _intervals_row(reading: Reading, hypothesis: HypothesisResult, test: TestResult) -> Row:
    form, interval = reading.format(hypothesis), claim_interval(test)

    def effect(value: float | None) -> Cell:
        return value_cell(value, form.number)

    return Row(
        (
            cell(hypothesis.id),
            cell(reading.population(test.population)),
            effect(test.estimate),
            effect(None if interval is None else interval.low),
            effect(None if interval is None else interval.high),
            value_cell(None if interval is None else interval.level, numbers.plain_percent),
            effect(hypothesis.margin),
            # A verdict is the primary population's; beside another's interval it would mislead.
            cell(verdict_words(hypothesis.verdict) if test is hypothesis.primary else "–"),
        )
    )
