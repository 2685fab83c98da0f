"""The counts of a look must agree with each other, or there is no report.

1. Flow: what a box holds less what leaves it is what the next box holds.
2. Completeness: accepted = recorded + booked gaps + unexplained + still on their way.
3. Fates: both arms have one fate for each of the same encounters.
4. Populations: evaluable pairs are at most the pairs, events at most the evaluable pairs.
5. Paired tables: the four cells hold no more than the pairs of their result.
6. Analyses: no more pairs than their population holds.
"""

from evaluation.results import HypothesisResult, LookResults
from reports.errors import ReportError
from reports.numbers import count

ON_ITS_WAY = "on_its_way"  # the flow's code for accepted requests not yet in the trial store


def require_reconciled(results: LookResults) -> None:
    """Raise `ReportError` REPORT_UNRECONCILED with every disagreement at once."""
    problems = [
        *_flow(results),
        *_completeness(results),
        *_fates(results),
        *_populations(results),
        *_paired_tables(results),
        *_analyses(results),
    ]
    if problems:
        message = (
            f"The counts of look {results.facts.look} do not reconcile: {'; '.join(problems)}. "
            "Nothing was written. Run the look again from its lock and report the fault."
        )
        raise ReportError("REPORT_UNRECONCILED", message)


def _flow(results: LookResults) -> list[str]:
    problems: list[str] = []
    for step, after in zip(results.flow, results.flow[1:], strict=False):
        left = step.n - sum(n for _, n in step.excluded)
        if left != after.n:
            problems.append(
                f"flow box '{step.id}' leaves {count(left)} but '{after.id}' holds {count(after.n)}"
            )
    negative = [s.id for s in results.flow if min(s.n, *(n for _, n in s.excluded), 0) < 0]
    return [*problems, *(f"flow box '{box}' has a negative count" for box in negative)]


def _completeness(results: LookResults) -> list[str]:
    held = results.completeness
    on_its_way = sum(n for step in results.flow for code, n in step.excluded if code == ON_ITS_WAY)
    explained = held.recorded + held.booked_gaps + len(held.unexplained) + on_its_way
    if held.accepted == explained:
        return []
    return [f"{count(held.accepted)} accepted requests but {count(explained)} accounted for"]


def _fates(results: LookResults) -> list[str]:
    totals = {arm.arm: sum(arm.fates.values()) for arm in results.operations}
    if len(set(totals.values())) <= 1:
        return []
    said = ", ".join(f"{arm} {count(total)}" for arm, total in sorted(totals.items()))
    return [f"the arms have different numbers of fates ({said})"]


def _populations(results: LookResults) -> list[str]:
    return [
        f"population '{p.id}' counts {count(p.n_events)} events, {count(p.n_evaluable)} evaluable "
        f"among {count(p.n_pairs)} pairs"
        for p in results.populations
        if not 0 <= p.n_events <= p.n_evaluable <= p.n_pairs
    ]


def _paired_tables(results: LookResults) -> list[str]:
    return [problem for hypothesis in results.hypotheses for problem in _tables_of(hypothesis)]


def _analyses(results: LookResults) -> list[str]:
    held = {p.id: p.n_pairs for p in results.populations}
    return [
        f"analysis '{a.id}' counts {count(a.n_subjects)} subjects and {count(a.n_pairs)} pairs, "
        f"population '{a.population}' {count(held.get(a.population, 0))}"
        for a in results.analyses
        if a.n_pairs > held.get(a.population, 0)
    ]


def _tables_of(hypothesis: HypothesisResult) -> list[str]:
    problems: list[str] = []
    for test in (hypothesis.primary, *hypothesis.supporting, *hypothesis.sensitivity):
        if test.table is None:
            continue
        cells = (test.table.n11, test.table.n10, test.table.n01, test.table.n00)
        if min(cells) < 0 or sum(cells) > test.n_pairs:
            problems.append(
                f"the paired table of {hypothesis.id} in {test.population} holds "
                f"{count(sum(cells))} of {count(test.n_pairs)} pairs"
            )
    return problems
