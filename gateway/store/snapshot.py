"""The trial's record as one session sees it: every pair in arrival order, and the facts beside."""

from collections import Counter
from typing import Any

import orjson
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from gateway.store.maturity import TRUE, contradicts, outcome_at, reports_of_trial
from gateway.store.outcome_values import FlatValue, flat_values
from gateway.store.reads import completeness_in
from gateway.store.records import ArmRecord, LockedFacts, PairRecord
from gateway.store.tables import (
    AccrualClosure,
    Deviation,
    Encounter,
    Observation,
    Refusal,
    SafetyAlarm,
    SafetyResumption,
)
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate, OutcomeState

_NOT_ASKED_YET = ArmRecord(Fate.PENDING, None, None, None, None, None)

DURATION = 21
"""The place of the candidate's own time in a row of `rows_in`."""

_FATES = {fate.value: fate for fate in Fate}

# Long enough to spare round trips, short enough not to hold a second copy of a large trial.
_FETCH_ROWS = 10_000


def pairs_in(session: Session, protocol: Protocol, *, at_us: int) -> list[PairRecord]:
    """Read every pair of the trial, whatever its fate; ordinals count from 1."""
    reports = reports_of_trial(session, protocol.protocol.id, protocol.outcome.name)
    further = _Further(session, protocol, at_us)
    records = []
    for ordinal, row in enumerate(rows_in(session, protocol.protocol.id), start=1):
        state, value = outcome_at(
            reports.get(row.pair_id, ()), protocol.outcome, row.arrived_at_us, at_us=at_us
        )
        known = further.of(row.pair_id, row.arrived_at_us)
        records.append(record_of(ordinal, row, outcome=(state, value), further=known))
    return records


def rows_in(session: Session, trial: str) -> list[Any]:
    """Read each pair of the trial with both observations, in order of arrival."""
    rows = session.connection().execute(
        _pairs_query(trial), execution_options={"yield_per": _FETCH_ROWS}
    )
    # Sorted here and not by the database, whose text order depends on its collation.
    return sorted(rows, key=lambda row: (row.arrived_at_us, row.epoch, row.seq))


def record_of(
    ordinal: int,
    row: Any,
    *,
    outcome: tuple[OutcomeState, str | None],
    further: dict[str, FlatValue],
) -> PairRecord:
    """Make a record of one of `rows_in`, with what its outcomes amount to."""
    state, value = outcome
    return PairRecord(
        ordinal=ordinal,
        pair_id=row.pair_id,
        subject=row.subject,
        encounter=row.encounter,
        arrived_at_us=row.arrived_at_us,
        eligible=row.eligible,
        ineligible_reason=row.ineligible_reason,
        sampled=row.sampled,
        duplicate_of=row.duplicate_of,
        inputs=orjson.loads(row.inputs),
        standard_of_care=_arm(row[11:17]),
        candidate=_arm(row[17:23]),
        outcome_state=state,
        outcome=None if value is None else value == TRUE,
        further=further,
    )


def _pairs_query(trial: str) -> Any:  # SQLAlchemy types no select this wide
    soc, candidate = aliased(Observation), aliased(Observation)
    arms = [
        column
        for arm in (soc, candidate)
        for column in (arm.fate, arm.score, arm.flag, arm.detail, arm.duration_ms, arm.lag_ms)
    ]
    head = [
        Encounter.arrived_at_us,
        Encounter.epoch,
        Encounter.seq,
        Encounter.pair_id,
        Encounter.subject,
        Encounter.encounter,
        Encounter.eligible,
        Encounter.ineligible_reason,
        Encounter.sampled,
        Encounter.duplicate_of,
        Encounter.inputs,
    ]
    return (
        select(*[col(column) for column in (*head, *arms, candidate.started_at_us)])
        .select_from(Encounter)
        .outerjoin(
            soc,
            (col(soc.pair_id) == Encounter.pair_id) & (col(soc.arm) == Arm.STANDARD_OF_CARE.value),
        )
        .outerjoin(
            candidate,
            (col(candidate.pair_id) == Encounter.pair_id)
            & (col(candidate.arm) == Arm.CANDIDATE.value),
        )
        .where(Encounter.trial == trial)
    )


def _arm(columns: Any) -> ArmRecord:  # six columns of one row
    fate, score, flag, detail, duration_ms, lag_ms = columns
    if fate is None:
        return _NOT_ASKED_YET
    # A late answer stays in its observation row; here it must not look like one on time.
    answered = fate == Fate.ANSWERED
    return ArmRecord(
        fate=_FATES[fate],
        score=score if answered else None,
        flag=flag if answered else None,
        detail=detail,
        duration_ms=duration_ms,
        lag_ms=lag_ms,
    )


class _Further:
    """The further outcomes of one trial as one session sees them."""

    def __init__(self, session: Session, protocol: Protocol, at_us: int) -> None:
        self._rule = protocol.outcome
        self._at_us = at_us
        self._reports = [
            (plan, reports_of_trial(session, protocol.protocol.id, plan.name))
            for plan in protocol.further_outcomes
        ]

    def of(self, pair_id: str, arrived_at_us: int) -> dict[str, FlatValue]:
        """Everything that is ascertained, mature and not contradicted, under flat keys."""
        found: dict[str, FlatValue] = {}
        for plan, reports in self._reports:
            values = reports.get(pair_id, ())
            _, value = outcome_at(values, self._rule, arrived_at_us, at_us=self._at_us)
            if value is not None:
                found.update(flat_values(value, plan))
        return found


def facts_in(
    session: Session, protocol: Protocol, look: str, *, digest: str, at_us: int
) -> LockedFacts:
    """Read what a look sees beside the pairs."""
    trial = protocol.protocol.id
    reports = reports_of_trial(session, trial, protocol.outcome.name)
    return LockedFacts(
        trial=trial,
        look=look,
        protocol_digest=digest,
        locked_at_us=at_us,
        accrual_closed=session.get(AccrualClosure, trial) is not None,
        completeness=completeness_in(session, trial),
        deviations=_deviations(session, trial),
        refusals=_refusals(session, trial),
        outcome_conflicts=sum(contradicts(values) for values in reports.values()),
        alarms=_alarms(session, trial),
        resumptions=_resumptions(session, trial),
    )


def _deviations(session: Session, trial: str) -> tuple[dict[str, str], ...]:
    query = select(Deviation.code, Deviation.severity, Deviation.detail).where(
        Deviation.trial == trial
    )
    counted = Counter(session.exec(query))
    return tuple(
        {"code": code, "severity": severity, "detail": detail, "n": str(n)}
        for (code, severity, detail), n in sorted(counted.items())
    )


def _alarms(session: Session, trial: str) -> tuple[dict[str, str], ...]:
    query = select(SafetyAlarm).where(SafetyAlarm.trial == trial)
    return tuple(
        {
            "rule": alarm.rule,
            "action": alarm.action,
            "severity": alarm.severity,
            "detail": alarm.detail,
            "n_units": str(alarm.n_units),
            "entered_at_us": str(alarm.entered_at_us),
        }
        for alarm in sorted(session.exec(query), key=lambda row: (row.entered_at_us, row.rule))
    )


def _resumptions(session: Session, trial: str) -> tuple[dict[str, str], ...]:
    query = select(SafetyResumption).where(SafetyResumption.trial == trial)
    return tuple(
        {
            "rule": row.rule,
            "resumed_by": row.resumed_by,
            "reason": row.reason,
            "resumed_at_us": str(row.resumed_at_us),
        }
        for row in sorted(session.exec(query), key=lambda row: (row.resumed_at_us, row.rule))
    )


def _refusals(session: Session, trial: str) -> tuple[dict[str, str], ...]:
    query = select(Refusal.code, Refusal.detail).where(Refusal.trial == trial)
    return tuple({"code": code, "detail": detail} for code, detail in sorted(session.exec(query)))
