"""Tables of how the trial went: populations, safety, missing data, deviations, operations."""

from evaluation.results import (
    ArmCalibration,
    ArmOperations,
    LookResults,
    MissingPattern,
    SafetyResult,
)
from protocols.vocabulary import Arm, Fate
from reports import numbers
from reports.blocks import Cell, Column, Row, Table, blank, cell
from reports.cells import count_cell, value_cell
from reports.sentences import fate_words, safety_words


def arm_words(arm: str) -> str:
    """An arm by name."""
    return "Standard of care" if arm == Arm.STANDARD_OF_CARE else "Candidate"


def populations_table(results: LookResults) -> Table:
    """Who counts in each population."""
    return Table(
        id="populations",
        caption="Analysis populations",
        columns=(
            Column("Population"),
            Column("Code"),
            Column("Role"),
            Column("Pairs", numeric=True),
            Column("Evaluable", numeric=True),
            Column("Events", numeric=True),
            Column("Subjects", numeric=True),
            Column("Who counts"),
        ),
        rows=tuple(
            Row(
                (
                    cell(p.title),
                    cell(p.id),
                    cell(p.role),
                    count_cell(p.n_pairs),
                    count_cell(p.n_evaluable),
                    count_cell(p.n_events),
                    count_cell(p.n_subjects),
                    cell(p.definition),
                )
            )
            for p in results.populations
        ),
    )


def safety_table(results: LookResults) -> Table:
    """One row per registered rule; a rule without events keeps its row."""
    return Table(
        id="safety",
        caption="Safety rules: potential harm of the shadow candidate",
        columns=(
            Column("Rule"),
            Column("Verdict"),
            Column("Events", numeric=True),
            Column("Among", numeric=True),
            Column("Share", numeric=True),
            Column("One-sided bounds", numeric=True, parts=("Bound, low", "Bound, high")),
            Column("Confidence", numeric=True),
            Column("Limit", numeric=True),
            Column("Severity, action"),
        ),
        rows=tuple(_safety_row(rule) for rule in results.safety),
        note="Each bound is one-sided at the stated confidence. A rule is exceeded when its lower "
        "bound lies above the limit. The candidate treated nobody.",
    )


def bounds_words(rule: SafetyResult) -> str:
    """Both one-sided bounds of a safety share, in percent."""
    if rule.low is None or rule.high is None:
        return "not evaluable"
    low, high = (numbers.percent(v, rule.n_among) for v in (rule.low, rule.high))
    return numbers.interval(low, high)


def _safety_row(rule: SafetyResult) -> Row:
    return Row(
        (
            cell(rule.title),
            cell(safety_words(rule.verdict)),
            count_cell(rule.n_events),
            count_cell(rule.n_among),
            _share(rule.share, rule.n_among, rule.reason or ""),
            Cell(bounds_words(rule), (rule.low, rule.high)),
            cell(numbers.plain_percent(rule.confidence), rule.confidence),
            cell(numbers.plain_percent(rule.limit), rule.limit),
            cell(f"{rule.severity.replace('_', '-')}; {rule.action}"),
        )
    )


def calibration_table(results: LookResults) -> Table:
    """Observed over expected events, by arm."""
    return Table(
        id="calibration",
        caption="Calibration: events observed over events expected",
        columns=(
            Column("Arm"),
            Column("Pairs", numeric=True),
            Column("Observed", numeric=True),
            Column("Expected", numeric=True),
            Column("Observed / expected", numeric=True),
        ),
        rows=tuple(_calibration_row(arm) for arm in results.calibration),
        note="1 is ideal; below 1 an arm expects more events than happen. Only arms whose output "
        "is a probability.",
    )


def _calibration_row(arm: ArmCalibration) -> Row:
    return Row(
        (
            cell(arm_words(arm.arm)),
            count_cell(arm.n_pairs),
            count_cell(arm.observed),
            cell(numbers.fixed(arm.expected, 1), arm.expected),
            value_cell(
                arm.observed_over_expected, lambda ratio: numbers.fixed(ratio, 2), "not evaluable"
            ),
        )
    )


def missing_table(results: LookResults) -> Table:
    """Outcomes of the pairs with and without an arm's answer."""
    return Table(
        id="missing-answers",
        caption="Does it matter who is missing? Events with and without an arm's answer",
        columns=(
            Column("Arm"),
            Column("Answered", numeric=True),
            Column("Without answer", numeric=True),
            Column("Events, answered", numeric=True),
            Column("Events, without answer", numeric=True),
            Column(
                "Difference, 95% interval",
                numeric=True,
                parts=("Difference, 95% low", "Difference, 95% high"),
            ),
            Column("p, two-sided", numeric=True),
            Column("Informative"),
        ),
        rows=tuple(_missing_row(pattern) for pattern in results.missing_patterns),
        note="Difference: event share without answer less event share with answer, in points.",
    )


def _missing_row(pattern: MissingPattern) -> Row:
    low, high = pattern.low, pattern.high
    decimals = int(pattern.n_unanswered >= numbers.LARGE_SAMPLE)
    informative = {True: "yes", False: "not shown", None: "not evaluable"}
    return Row(
        (
            cell(arm_words(pattern.arm)),
            count_cell(pattern.n_answered),
            count_cell(pattern.n_unanswered),
            _share(pattern.event_share_answered, pattern.n_answered),
            _share(pattern.event_share_unanswered, pattern.n_unanswered),
            blank("not evaluable")
            if low is None or high is None
            else Cell(
                numbers.interval(*(numbers.fixed(v * 100, decimals) for v in (low, high))),
                (low, high),
            ),
            value_cell(pattern.p_value, numbers.p_value),
            cell(informative[pattern.informative]),
        )
    )


def _share(value: float | None, n: int, absent: str = "not evaluable") -> Cell:
    return value_cell(value, lambda share: numbers.percent(share, n), absent)


def deviations_table(results: LookResults) -> Table:
    """Each deviation code once, with its count."""
    return Table(
        id="deviations",
        caption="Deviations: conduct that departed from the protocol",
        columns=(
            Column("Code"),
            Column("Severity"),
            Column("Count", numeric=True),
            Column("Detail"),
        ),
        rows=tuple(
            Row((cell(d.code), cell(d.severity), count_cell(d.n), cell(d.detail)))
            for d in results.deviations
        ),
    )


def refusals_table(results: LookResults) -> Table:
    """Each refusal with its reason."""
    return Table(
        id="refusals",
        caption="Refusals: what was asked for and the registered plan does not allow",
        columns=(Column("Code"), Column("Detail")),
        rows=tuple(Row((cell(r.code), cell(r.detail))) for r in results.refusals),
    )


def fates_table(results: LookResults) -> Table:
    """Every fate of the closed list, zeros kept: each accepted request has one per arm."""

    def row(fate: Fate) -> Row:
        held = [arm.fates.get(fate.value, 0) for arm in results.operations]
        return Row((cell(fate_words(fate)), *(count_cell(n) for n in held)))

    totals = [sum(arm.fates.values()) for arm in results.operations]
    total = Row((cell("Total"), *(count_cell(n) for n in totals)), strong=True)
    return Table(
        id="fates",
        caption="What became of each request, by arm",
        columns=(
            Column("Fate"),
            *(Column(arm_words(arm.arm), numeric=True) for arm in results.operations),
        ),
        rows=(*(row(fate) for fate in Fate), total),
    )


def times_table(results: LookResults) -> Table:
    """Response times and lag, in milliseconds."""
    return Table(
        id="times",
        caption="Response times over answered requests, and the mirror's lag",
        columns=(
            Column("Arm"),
            Column("Median", numeric=True),
            Column("99th percentile", numeric=True),
            Column("Longest", numeric=True),
            Column("Lag, median", numeric=True),
            Column("Lag, 99th percentile", numeric=True),
        ),
        rows=tuple(_times_row(arm) for arm in results.operations),
        note="Lag: from the request's arrival to the asking of the arm. Care waits for the "
        "standard of care alone.",
    )


def _times_row(arm: ArmOperations) -> Row:
    times = (arm.p50_ms, arm.p99_ms, arm.max_ms, arm.lag_p50_ms, arm.lag_p99_ms)
    shown = (value_cell(t, numbers.milliseconds) for t in times)
    return Row((cell(arm_words(arm.arm)), *shown))


def completeness_table(results: LookResults) -> Table:
    """Accepted requests against the record."""
    held = results.completeness
    within = "yes" if held.within_protocol else "no"
    return Table(
        id="completeness",
        caption="Completeness of the record",
        columns=(Column("What"), Column("Value", numeric=True)),
        rows=(
            _count_row("Accepted requests", held.accepted),
            _count_row("Recorded", held.recorded),
            _count_row("Gaps booked when they happened", held.booked_gaps),
            _count_row("Unexplained", len(held.unexplained)),
            Row(
                (cell("Share lost"), cell(numbers.plain_percent(held.gap_share, 4), held.gap_share))
            ),
            Row(
                (
                    cell("Largest share the protocol accepts"),
                    cell(numbers.plain_percent(held.largest_gap_share, 4), held.largest_gap_share),
                )
            ),
            Row((cell("Within the protocol"), cell(within))),
        ),
        note="Accepted = recorded + gaps booked + unexplained + still on their way (see the flow).",
    )


def _count_row(title: str, n: int) -> Row:
    return Row((cell(title), count_cell(n)))
