"""Sections on how the trial went: flow, safety, subgroups, missing data, deviations."""

from evaluation.results import LookResults, PairedTable, RocCurve
from reports import numbers
from reports.blocks import Block, Facts, Points, Section, Text
from reports.drawings import flow_figure, roc_figure
from reports.forest_drawing import LEVEL, subgroups_figure
from reports.reading import Reading
from reports.sentences import (
    as_clause,
    listed,
    missing_outcomes_sentence,
    safety_words,
)
from reports.tables import conduct


def flow_section(reading: Reading) -> Section:
    """Where encounters went, and who is in each population."""
    results = reading.results
    blocks: list[Block] = []
    if results.flow:
        blocks.append(flow_figure(reading))
        blocks.append(
            Text("The counts of all boxes reconcile; otherwise this page does not exist.")
        )
    else:
        blocks.append(Text("The results hold no flow."))
    if results.populations:
        blocks.append(conduct.populations_table(results))
    return Section("flow", "Flow of encounters", tuple(blocks))


def discrimination_section(reading: Reading) -> Section | None:
    """ROC curves and calibration; None where the look has neither."""
    results = reading.results
    curves: tuple[RocCurve, ...] = tuple(c for c in results.curves if c.points)
    blocks: list[Block] = []
    if curves:
        blocks.append(
            Text(
                "A curve shows every threshold; care uses one. The marks are the registered "
                "thresholds, frozen before the first request."
            )
        )
        blocks.append(roc_figure(reading, curves))
    if results.calibration:
        blocks.append(conduct.calibration_table(results))
    if not blocks:
        return None
    return Section("discrimination", "Discrimination and calibration", tuple(blocks))


def safety_section(reading: Reading) -> Section:
    """Every safety rule against its limit."""
    results = reading.results
    blocks: list[Block] = [
        Text(f"{as_clause(rule.title)}: {safety_words(rule.verdict).lower()}. {rule.sentence}")
        for rule in results.safety
    ]
    blocks.append(conduct.safety_table(results))
    discordant = [_discordance(rule.title, rule.net_discordant) for rule in results.safety]
    blocks += [Text(sentence) for sentence in discordant if sentence]
    bases = tuple((rule.title, rule.limit_basis) for rule in results.safety)
    if bases:
        blocks.append(Text("Why each limit is where it is:"))
        blocks.append(Facts(bases))
    return Section("safety", "Safety", tuple(blocks))


def _discordance(title: str, table: PairedTable | None) -> str:
    if table is None:
        return ""
    return (
        f"{title}: among its pairs both arms flagged {numbers.count(table.n11)}, only the "
        f"candidate {numbers.count(table.n10)}, only the standard of care "
        f"{numbers.count(table.n01)}, neither {numbers.count(table.n00)}."
    )


def subgroups_section(reading: Reading) -> Section | None:
    """Subgroups of every endpoint; None where there are none."""
    results = reading.results
    if not results.subgroups:
        return None
    endpoints = list(dict.fromkeys(group.endpoint for group in results.subgroups))
    blocks: list[Block] = [
        Text(
            f"Descriptive: {LEVEL} intervals without verdict and without p, not adjusted for their "
            "number. A small cell is suppressed and keeps its row; where the total would give it "
            "away, the next smallest is withheld with it."
        )
    ]
    for endpoint in endpoints:
        groups = [g for g in results.subgroups if g.endpoint == endpoint]
        blocks.append(subgroups_figure(reading, endpoint, groups))
    return Section("subgroups", "Subgroups", tuple(blocks))


def missing_section(reading: Reading) -> Section:
    """Who is missing, and whether it matters."""
    results, plan = reading.results, reading.protocol.missing_data
    unknown = missing_outcomes_sentence(results)
    blocks: list[Block] = [
        Text(f"Primary population: {unknown}" if unknown else "Every outcome is known."),
        *(Text(sentence) for sentence in (_worst_case(results),) if unknown and sentence),
        *(Text(pattern.sentence) for pattern in results.missing_patterns),
    ]
    if results.missing_patterns:
        blocks.append(conduct.missing_table(results))
    blocks.append(
        Facts(
            (
                ("Outcomes with contradicting reports", numbers.count(results.outcome_conflicts)),
                ("Registered assumption on outcomes", plan.outcome_assumption),
                ("Registered handling of missing answers", plan.prediction),
            )
        )
    )
    return Section("missing-data", "Missing data", tuple(blocks))


def _worst_case(results: LookResults) -> str:
    """Which claims the missing outcomes could undo; empty where nothing was shown."""
    shown = [h for h in results.hypotheses if h.missing.verdict_survives_worst_case is not None]
    lost = [h.id for h in shown if not h.missing.verdict_survives_worst_case]
    if not shown:
        return ""
    if not lost:
        return (
            "Were every missing outcome to speak against the candidate, what is shown for "
            f"{listed([h.id for h in shown])} would still be shown."
        )
    return (
        "Were every missing outcome to speak against the candidate, what is shown for "
        f"{listed(lost)} would no longer be shown."
    )


def deviations_section(reading: Reading) -> Section:
    """Where conduct departed from the protocol."""
    results = reading.results
    if not results.deviations:
        none = Text("No deviation is on record at this lock.")
        return Section("deviations", "Deviations", (none,))
    return Section("deviations", "Deviations", (conduct.deviations_table(results),))


def refusals_section(reading: Reading) -> Section:
    """What was asked for and refused."""
    results = reading.results
    facts = results.facts
    made = (
        f"{numbers.plural(facts.looks_made, 'look')} made, {numbers.count(facts.looks_planned)} "
        f"planned; {numbers.plural(facts.looks_refused, 'look')} refused."
    )
    if not results.refusals:
        return Section("refusals", "Refusals", (Text(made), Text("No refusal is on record.")))
    return Section("refusals", "Refusals", (Text(made), conduct.refusals_table(results)))


def limits_section(reading: Reading) -> Section:
    """What this trial cannot show."""
    limits = tuple(f"{as_clause(limit)}." for limit in reading.results.limits)
    body: Block = Points(limits) if limits else Text("The results name no limits.")
    return Section("limits", "What this trial cannot show", (body,))
