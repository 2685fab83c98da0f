"""The tables of one hypothesis, in the order in which its part of the page shows them."""

from evaluation.results import ArmValue, Boundary, HypothesisResult, TestResult
from protocols.vocabulary import Direction
from reports import numbers
from reports.blocks import Cell, Column, Row, Table, blank, cell
from reports.cells import count_cell, value_cell
from reports.effects import EffectFormat
from reports.reading import Reading
from reports.sentences import (
    as_clause,
    capital,
    claim_interval,
    operation_words,
    test_words,
)
from reports.tables.silence import COUNTS_AS


def values_table(reading: Reading, hypothesis: HypothesisResult) -> Table:
    """Each arm's own value, the primary population first, the supporting ones adjacent."""
    form = reading.format(hypothesis)
    return Table(
        id=f"{hypothesis.id}-values",
        caption=f"{hypothesis.id}: each arm's own value, by analysis population",
        columns=(
            Column("Population"),
            Column("Pairs", numeric=True),
            Column("Events", numeric=True),
            Column("Subjects", numeric=True),
            Column("Standard of care", numeric=True, parts=_own("Standard of care")),
            Column("Candidate", numeric=True, parts=_own("Candidate")),
        ),
        rows=tuple(
            Row(
                (
                    _population(reading, hypothesis, test),
                    count_cell(test.n_pairs),
                    count_cell(test.n_events),
                    count_cell(test.n_subjects),
                    _arm(test.standard_of_care, form),
                    _arm(test.candidate, form),
                ),
                strong=test is hypothesis.primary,
            )
            for test in (hypothesis.primary, *hypothesis.supporting)
        ),
        note=" ".join(
            ["Brackets hold an arm's own interval.", *_without_answer(reading, hypothesis)]
        ),
    )


def _without_answer(reading: Reading, hypothesis: HypothesisResult) -> list[str]:
    """Where a candidate without an answer counts, and as what: it may decide the verdict."""
    return [
        f"{reading.population(p.id)}: a candidate without an answer "
        f"{COUNTS_AS[hypothesis.measure]}."
        for p in reading.protocol.analysis_populations
        if p.candidate_without_answer == "counts_as_failure"
    ]


def _own(arm: str) -> tuple[str, ...]:
    return (arm, f"{arm}, low", f"{arm}, high")


def _population(reading: Reading, hypothesis: HypothesisResult, test: TestResult) -> Cell:
    decides = " (primary)" if test is hypothesis.primary else ""
    return cell(reading.population(test.population) + decides)


def differences_table(reading: Reading, hypothesis: HypothesisResult) -> Table:
    """The paired difference or ratio in the same order of populations."""
    form = reading.format(hypothesis)
    return Table(
        id=f"{hypothesis.id}-differences",
        caption=f"{hypothesis.id}: {hypothesis.scale} {operation_words(hypothesis.scale)}",
        columns=(
            Column("Population"),
            Column(capital(hypothesis.scale), numeric=True),
            Column("Interval", numeric=True, parts=("Interval, low", "Interval, high")),
            Column("Level", numeric=True),
            Column("z or t", numeric=True),
            Column("p, one-sided", numeric=True),
        ),
        rows=tuple(
            _difference_row(reading, hypothesis, test, form)
            for test in (hypothesis.primary, *hypothesis.supporting)
        ),
        note=" ".join(
            [
                "The primary population decides; the others must agree.",
                *_reasons(reading, hypothesis),
            ]
        ),
    )


def _reasons(reading: Reading, hypothesis: HypothesisResult) -> list[str]:
    return [
        f"{reading.population(test.population)}: not evaluable, {as_clause(test.not_evaluable)}."
        for test in (hypothesis.primary, *hypothesis.supporting)
        if test.not_evaluable
    ]


def _difference_row(
    reading: Reading, hypothesis: HypothesisResult, test: TestResult, form: EffectFormat
) -> Row:
    interval = claim_interval(test)
    limits = blank()
    if interval is not None:
        words = form.interval(interval.low, interval.high)
        limits = Cell(words, (interval.low, interval.high))
    return Row(
        (
            _population(reading, hypothesis, test),
            value_cell(test.estimate, form.with_unit, "not evaluable"),
            limits,
            blank() if interval is None else level(interval.level, interval.kind),
            statistic(test),
            value_cell(test.p_value, numbers.p_value),
        ),
        strong=test is hypothesis.primary,
    )


def level(share: float, kind: str) -> Cell:
    """An interval's level and kind."""
    return cell(f"{numbers.plain_percent(share)} {kind}")


def statistic(test: TestResult) -> Cell:
    """z, or t with its degrees of freedom."""
    if test.statistic is None:
        return blank()
    words = numbers.statistic(test.statistic)
    if test.df is not None:
        words += f" (df {numbers.trimmed(test.df, 1)})"
    return cell(words, test.statistic)


def _arm(value: ArmValue | None, form: EffectFormat) -> Cell:
    if value is None:
        return blank()
    words = form.value(value.value)
    if value.low is not None and value.high is not None:
        words += f" [{form.own.interval(value.low, value.high)}]"
    return Cell(words, (value.value, value.low, value.high))


def paired_table(hypothesis: HypothesisResult) -> Table | None:
    """The 2×2 of both arms on the same encounters; only the discordant cells tell them apart."""
    table = hypothesis.primary.table
    if table is None:
        return None

    def line(title: str, right: int, wrong: int) -> Row:
        cells = (right, wrong, right + wrong)
        return Row((cell(title), *(count_cell(n) for n in cells)))

    right = line("Standard of care right", table.n11, table.n01)
    wrong = line("Standard of care wrong", table.n10, table.n00)
    total = line("Total", table.n11 + table.n10, table.n01 + table.n00)
    return Table(
        id=f"{hypothesis.id}-paired",
        caption=f"{hypothesis.id}: both arms on the same encounters, primary population",
        columns=(
            Column("Paired result"),
            Column("Candidate right", numeric=True),
            Column("Candidate wrong", numeric=True),
            Column("Total", numeric=True),
        ),
        rows=(right, wrong, total),
        note=f"Discordant pairs: {numbers.count(table.n10)} only the candidate right, "
        f"{numbers.count(table.n01)} only the standard of care right.",
    )


def sensitivity_table(reading: Reading, hypothesis: HypothesisResult) -> Table | None:
    """The registered sensitivity tests; None where there are none."""
    if not hypothesis.sensitivity:
        return None
    form = reading.format(hypothesis)
    return Table(
        id=f"{hypothesis.id}-sensitivity",
        caption=f"{hypothesis.id}: registered sensitivity tests",
        columns=(
            Column("Test"),
            Column("Population"),
            Column("Pairs", numeric=True),
            Column(capital(hypothesis.scale), numeric=True),
            Column("p, one-sided", numeric=True),
            Column("Method"),
        ),
        rows=tuple(_sensitivity_row(reading, test, form) for test in hypothesis.sensitivity),
        note="These tests do not decide; they show how far the answer depends on the method. "
        "McNemar's tests ask about zero, not about the margin.",
    )


def _sensitivity_row(reading: Reading, test: TestResult, form: EffectFormat) -> Row:
    return Row(
        (
            cell(test_words(test.test)),
            cell(reading.population(test.population)),
            count_cell(test.n_pairs),
            value_cell(test.estimate, form.with_unit, test.not_evaluable or ""),
            value_cell(test.p_value, numbers.p_value),
            cell(test.method),
        )
    )


def bounds_table(reading: Reading, hypothesis: HypothesisResult) -> Table:
    """What the unascertained outcomes could do to the answer."""
    form, held = reading.format(hypothesis), hypothesis.missing
    nothing = "not evaluable" if held.reason else "does not apply: nothing is shown"
    survives = {True: "yes", False: "no", None: nothing}[held.verdict_survives_worst_case]
    higher = hypothesis.direction is Direction.HIGHER_IS_BETTER
    worst, best = ("Lower", "Upper") if higher else ("Upper", "Lower")

    def effect(title: str, value: float | None) -> Row:
        return Row((cell(title), value_cell(value, form.with_unit, "not evaluable")))

    missing, name = "not evaluable" if held.reason else "does not apply", capital(hypothesis.scale)

    def number(title: str, n: int | None) -> Row:
        return Row((cell(title), value_cell(n, numbers.count, missing)))

    return Table(
        id=f"{hypothesis.id}-missing-outcomes",
        caption=f"{hypothesis.id}: missing outcomes, worst and best case",
        columns=(Column("Bound"), Column("Value", numeric=True)),
        rows=(
            number("Pairs without an ascertained outcome", held.n_unascertained),
            number("of these, pairs in which the arms differ", held.n_unresolved_discordant),
            effect(f"{name}, worst case for the candidate", held.worst_estimate),
            effect(f"{worst} limit of the look's interval, worst case", held.worst_low),
            effect(f"{name}, best case for the candidate", held.best_estimate),
            effect(f"{best} limit of the look's interval, best case", held.best_high),
            Row((cell("Verdict survives the worst case"), cell(survives))),
        ),
        note=f"{held.method} No bound: {as_clause(held.reason)}." if held.reason else held.method,
    )


BOUNDARIES = (
    Column("Look"),
    Column("Planned information", numeric=True),
    Column("Actual information", numeric=True),
    Column("Alpha spent", numeric=True),
    Column("Nominal alpha", numeric=True),
    Column("Bound, z", numeric=True),
    Column("Observed, z", numeric=True),
    Column("Crossed"),
)


CLOCK = Column("Spending clock", numeric=True)
SPENT_BY_CLOCK = (
    "Alpha follows the spending clock, here another one than the share of planned pairs."
)
SAME_CLOCK = 5e-4  # a share that is printed alike


def boundaries_table(hypothesis: HypothesisResult, number: int) -> Table:
    """The data of the boundary figure, look by look; its clock too where that is not the pairs."""
    boundaries = hypothesis.boundaries
    last = len(boundaries) - 1
    clocked = any(_another_clock(b, last=i == last) for i, b in enumerate(boundaries))
    note = "Alpha is one-sided and cumulative where it is said to be spent."
    return Table(
        id=f"figure-{number:02d}-boundaries",
        caption=f"{hypothesis.id}: boundaries by look",
        columns=(*BOUNDARIES[:3], CLOCK, *BOUNDARIES[3:]) if clocked else BOUNDARIES,
        rows=tuple(_boundary_row(boundary, clocked=clocked) for boundary in boundaries),
        note=f"{note} {SPENT_BY_CLOCK}" if clocked else note,
    )


def _another_clock(boundary: Boundary, *, last: bool) -> bool:
    time, share = boundary.spending_time, min(1.0, boundary.information_fraction)
    if time is None or (last and time >= 1):  # a last look takes all alpha, however short it is
        return False
    return abs(time - share) > SAME_CLOCK


def bound_words(boundary: Boundary) -> str:
    """A look's bound, or why it has none."""
    return "none, no alpha spent" if boundary.z is None else numbers.statistic(boundary.z)


def _boundary_row(boundary: Boundary, *, clocked: bool) -> Row:
    untested = "not evaluable" if boundary.statistic is None else "not tested"
    crossed = {True: "yes", False: "no", None: untested}[boundary.crossed]
    planned, actual = boundary.planned_information, boundary.information_fraction
    return Row(
        (
            cell(f"{boundary.number}: {boundary.look}"),
            blank("not planned") if planned is None else _share(planned),
            _share(actual),
            *((value_cell(boundary.spending_time, _percent, "not stored"),) if clocked else ()),
            cell(numbers.alpha(boundary.alpha_spent), boundary.alpha_spent),
            cell(numbers.alpha(boundary.nominal_alpha), boundary.nominal_alpha),
            cell(bound_words(boundary), boundary.z),
            value_cell(boundary.statistic, numbers.statistic, "not evaluable"),
            cell(crossed),
        )
    )


def _percent(value: float) -> str:
    return numbers.plain_percent(value, 1)


def _share(value: float) -> Cell:
    return cell(_percent(value), value)
