"""Counts of the look: the flow diagram, the populations, completeness and how the arms ran."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import numpy as np

from evaluation.populations import Pairs, Sample, answered
from evaluation.results import (
    AlarmEntry,
    ArmOperations,
    CompletenessResult,
    DeviationCount,
    FlowStep,
    PopulationCount,
    RefusalEntry,
)
from gateway.store.records import ArmRecord, LockedData, LockedFacts
from protocols.schema import Protocol
from protocols.schema.conduct import ArmPlan
from protocols.vocabulary import Arm, Fate, OutcomeState

UNANSWERED = tuple(
    fate
    for fate in Fate
    if fate not in (Fate.ANSWERED, Fate.NOT_SAMPLED, Fate.INELIGIBLE, Fate.DUPLICATE)
)


def rfc3339(at_us: int) -> str:
    """Microseconds since 1970 as RFC 3339 UTC, whole seconds."""
    at = datetime.fromtimestamp(at_us // 1_000_000, tz=UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def exact_moment(at_us: int) -> str:
    """The same to the microsecond where it has any: who had arrived at a lock is asked of it."""
    us = at_us % 1_000_000
    return rfc3339(at_us).replace("Z", f".{us:06d}Z") if us else rfc3339(at_us)


def flow_of(
    protocol: Protocol, data: LockedData, pairs: Pairs, asked: Sample
) -> tuple[FlowStep, ...]:
    """From accepted requests to evaluable pairs; every possible reason is there, also at zero."""
    facts, left = data.facts.completeness, pairs.left()
    lost = (
        ("gap_booked", facts.booked_gaps),
        ("unexplained", len(facts.unexplained)),
        (
            "on_its_way",
            facts.accepted - facts.recorded - facts.booked_gaps - len(facts.unexplained),
        ),
    )
    stays = asked.take(np.array([answered(r.standard_of_care) for r in asked.records], dtype=bool))
    both = stays.take(stays.candidate_answered)
    n_eligible = len(data.pairs) - left["ineligible"]
    n_sampled = n_eligible - left["not_sampled"]
    n_unique = n_sampled - left["duplicate"] - left["later_prediction_of_encounter"]
    return (
        _step("accepted", "Requests accepted", facts.accepted, lost),
        _step("recorded", "Requests on record", len(data.pairs), _ineligible(protocol, pairs)),
        _step("eligible", "Eligible", n_eligible, _reasons(left, "not_sampled")),
        _step(
            "sampled",
            "Sampled for the candidate",
            n_sampled,
            _reasons(left, "duplicate", "later_prediction_of_encounter"),
        ),
        _step(
            "counted",
            "Counted once",
            n_unique,
            _reasons(left, "standard_of_care_without_answer", "candidate_pending"),
        ),
        _step("standard_of_care_answered", "Standard of care answered", stays.n, _silent(stays)),
        _step("both_answered", "Both arms answered", both.n, _outcomes(both)),
        _step("evaluable", "Evaluable pairs", both.evaluable().n, ()),
    )


def _step(code: str, title: str, n: int, excluded: Iterable[tuple[str, int]]) -> FlowStep:
    return FlowStep(id=code, title=title, n=n, excluded=tuple(excluded))


def _reasons(left: dict[str, int], *reasons: str) -> tuple[tuple[str, int], ...]:
    return tuple((reason, left[reason]) for reason in reasons)


def _ineligible(protocol: Protocol, pairs: Pairs) -> tuple[tuple[str, int], ...]:
    """By the criterion that refused, those of the protocol first."""
    found = dict(pairs.ineligible_reasons())
    criteria = [*protocol.eligibility.participant, *protocol.eligibility.input]
    known = [(criterion.id, found.pop(criterion.id, 0)) for criterion in criteria]
    return (*known, *sorted(found.items()))


def _silent(sample: Sample) -> tuple[tuple[str, int], ...]:
    """Why the candidate gave no answer, by fate."""
    fates = Counter(record.candidate.fate for record in sample.records)
    return tuple((f"candidate_{fate.value}", fates[fate]) for fate in UNANSWERED)


def _outcomes(sample: Sample) -> tuple[tuple[str, int], ...]:
    states = Counter(record.outcome_state for record in sample.records)
    missing = ("outcome_missing", states[OutcomeState.MISSING])
    return (missing, ("outcome_conflict", states[OutcomeState.CONFLICT]))


def population_counts(samples: Sequence[Sample]) -> tuple[PopulationCount, ...]:
    """How many pairs, events and subjects each population holds."""
    return tuple(_population(sample, sample.evaluable()) for sample in samples)


def _population(sample: Sample, evaluable: Sample) -> PopulationCount:
    return PopulationCount(
        id=sample.population.id,
        title=sample.population.title,
        definition=sample.population.definition,
        role=sample.population.role,
        n_pairs=sample.n,
        n_evaluable=evaluable.n,
        n_events=evaluable.n_events,
        n_subjects=evaluable.n_subjects,
    )


def completeness_of(protocol: Protocol, facts: LockedFacts) -> CompletenessResult:
    """Gaps are booked losses and unexplained ones together, as a share of accepted requests."""
    found = facts.completeness
    largest = protocol.setting.capture.largest_gap_share
    lost = found.booked_gaps + len(found.unexplained)
    share = lost / found.accepted if found.accepted else 0.0
    return CompletenessResult(
        accepted=found.accepted,
        recorded=found.recorded,
        booked_gaps=found.booked_gaps,
        unexplained=found.unexplained,
        gap_share=share,
        largest_gap_share=largest,
        within_protocol=share <= largest,
    )


def operations_of(protocol: Protocol, data: LockedData) -> tuple[ArmOperations, ...]:
    """Fates and response times of both arms, over all locked pairs."""
    soc = [pair.standard_of_care for pair in data.pairs]
    candidate = [pair.candidate for pair in data.pairs]
    return (
        _operations(Arm.STANDARD_OF_CARE, protocol.arms.standard_of_care, soc),
        _operations(Arm.CANDIDATE, protocol.arms.candidate, candidate),
    )


def _operations(arm: Arm, plan: ArmPlan, records: Sequence[ArmRecord]) -> ArmOperations:
    fates = Counter(record.fate for record in records)
    durations = _times(r.duration_ms for r in records if answered(r))
    lags = _times(r.lag_ms for r in records if answered(r))
    return ArmOperations(
        arm=arm,
        name=plan.name,
        version=plan.version,
        digest=plan.digest,
        fates={fate.value: fates[fate] for fate in Fate},
        p50_ms=_quantile(durations, 50),
        p99_ms=_quantile(durations, 99),
        max_ms=max(durations, default=None),
        lag_p50_ms=_quantile(lags, 50),
        lag_p99_ms=_quantile(lags, 99),
    )


def _times(values: Iterable[float | None]) -> list[float]:
    return sorted(value for value in values if value is not None)


def _quantile(values: Sequence[float], percent: int) -> float | None:
    return float(np.percentile(values, percent)) if values else None


def deviations_of(facts: LockedFacts) -> tuple[DeviationCount, ...]:
    """The locked deviations, counted by code."""
    return tuple(
        DeviationCount(code=d["code"], severity=d["severity"], n=int(d["n"]), detail=d["detail"])
        for d in facts.deviations
    )


def alarms_of(facts: LockedFacts) -> tuple[AlarmEntry, ...]:
    """What safety rules raised between looks before the lock, in order of time."""
    resumed = {row["rule"]: row for row in facts.resumptions}
    return tuple(
        AlarmEntry(
            rule=alarm["rule"],
            action=alarm["action"],
            severity=alarm["severity"],
            detail=alarm["detail"],
            n_units=int(alarm["n_units"]),
            entered_at=rfc3339(int(alarm["entered_at_us"])),
            **_resumption(resumed.get(alarm["rule"])),
        )
        for alarm in facts.alarms
    )


def _resumption(row: dict[str, str] | None) -> dict[str, str | None]:
    if row is None:
        return {}
    return {
        "resumed_at": rfc3339(int(row["resumed_at_us"])),
        "resumed_by": row["resumed_by"],
        "resumed_reason": row["reason"],
    }


def refusals_of(facts: LockedFacts) -> tuple[RefusalEntry, ...]:
    """What the trial refused before the lock."""
    return tuple(RefusalEntry(code=r["code"], detail=r["detail"]) for r in facts.refusals)
