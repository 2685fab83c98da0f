"""Pairs in the order in which their outcomes began to count: what safety between looks is read in.

A pair enters once three things are there: an answer or a silence of the candidate on record, a
report of the outcome, and, under `maturity: elapsed`, the end of its waiting time. Its value is
what the reports received by then amount to; later ones take nothing back, because what has been
bet on is settled.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import func
from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.maturity import TRUE, current_outcome, matures_at_us
from gateway.store.outcome_values import FlatValue, flat_values
from gateway.store.reads import protocol_of
from gateway.store.records import PairRecord
from gateway.store.snapshot import pairs_in
from gateway.store.tables import Encounter, Observation, OutcomeReport
from protocols.schema import FurtherOutcome, OutcomePlan
from protocols.vocabulary import Arm, OutcomeState

Report = tuple[int, str]  # received_at_us, value


@dataclass(frozen=True, slots=True)
class Arrival:
    """One pair; `entered_at_us` is None while its outcome does not count yet.

    `candidate_at_us` is when the candidate's fate was known, None while it is pending. The
    record's outcome is that of the moment of entering, and so is each further outcome, whose
    moments `further_at_us` holds by name (None: they came with the outcome). `asked_at_us` is when
    the candidate's asking began (None: when its fate was known).
    """

    record: PairRecord
    candidate_at_us: int | None
    entered_at_us: int | None
    asked_at_us: int | None = None
    further_at_us: Mapping[str, int] | None = None


def arrivals(store: Store, trial: str, *, at_us: int) -> list[Arrival]:
    """Read every pair of the trial in order of arrival, and when its outcome began to count.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    with store.session() as session:
        protocol = protocol_of(session, trial)
        records = pairs_in(session, protocol, at_us=at_us)
        reports = _reports(session, trial, protocol.outcome.name)
        asked = _asked(session, trial)
        further = [(f, _reports(session, trial, f.name)) for f in protocol.further_outcomes]
    found = []
    for record in records:
        began_at_us, candidate_at_us = asked.get(record.pair_id, (None, None))
        own = reports.get(record.pair_id, [])
        came = _arrival(record, own, candidate_at_us, plan=protocol.outcome, at_us=at_us)
        others = [(plan, by_pair.get(record.pair_id, [])) for plan, by_pair in further]
        values, moments = _further(record, others, plan=protocol.outcome, at_us=at_us)
        found.append(
            replace(
                came,
                record=replace(came.record, further=values),
                asked_at_us=began_at_us,
                further_at_us=moments,
            )
        )
    return found


def _further(
    record: PairRecord,
    reports: list[tuple[FurtherOutcome, list[Report]]],
    *,
    plan: OutcomePlan,
    at_us: int,
) -> tuple[dict[str, FlatValue], dict[str, int]]:
    """Each further outcome as it was when it began to count, and when that was."""
    values: dict[str, FlatValue] = {}
    moments: dict[str, int] = {}
    for outcome, known in reports:
        if not known:
            continue
        entered = max(known[0][0], matures_at_us(record.arrived_at_us, plan))
        by_then = [report[1] for report in known if report[0] <= entered]
        _, value = current_outcome(by_then, plan.conflict)
        if entered <= at_us and value is not None:
            values.update(flat_values(value, outcome))
            moments[outcome.name] = entered
    return values, moments


def news_of(store: Store) -> tuple[int, int]:
    """Two numbers that grow whenever an outcome or an observation has come; cheap to ask."""
    with store.session() as session:
        reports = session.exec(select(func.max(OutcomeReport.id))).one()
        observations = session.exec(select(func.max(Observation.id))).one()
    return reports or 0, observations or 0


def _arrival(
    record: PairRecord,
    reports: list[Report],
    candidate_at_us: int | None,
    *,
    plan: OutcomePlan,
    at_us: int,
) -> Arrival:
    entered = None
    state, value = OutcomeState.MISSING, None
    if reports and candidate_at_us is not None:
        entered = max(reports[0][0], candidate_at_us, matures_at_us(record.arrived_at_us, plan))
        by_then = [report[1] for report in reports if report[0] <= entered]
        state, value = current_outcome(by_then, plan.conflict)
    if entered is None or entered > at_us or value is None:
        entered, value = None, None
        state = OutcomeState.CONFLICT if state is OutcomeState.CONFLICT else OutcomeState.MISSING
    outcome = None if value is None else value == TRUE
    record = replace(record, outcome_state=state, outcome=outcome)
    return Arrival(record, candidate_at_us, entered)


def _reports(session: Session, trial: str, name: str) -> dict[str, list[Report]]:
    query = (
        select(OutcomeReport.pair_id, OutcomeReport.received_at_us, OutcomeReport.value)
        .join(Encounter, col(Encounter.pair_id) == OutcomeReport.pair_id)
        .where(Encounter.trial == trial, OutcomeReport.name == name)
        .order_by(col(OutcomeReport.pair_id), col(OutcomeReport.number))
    )
    found: defaultdict[str, list[Report]] = defaultdict(list)
    for pair_id, received_at_us, value in session.exec(query):
        found[pair_id].append((received_at_us, value))
    return found


def _asked(session: Session, trial: str) -> dict[str, tuple[int, int]]:
    """When each asking of the candidate began and when its fate was known."""
    query = (
        select(Observation.pair_id, Observation.started_at_us, Observation.duration_ms)
        .join(Encounter, col(Encounter.pair_id) == Observation.pair_id)
        .where(Encounter.trial == trial, Observation.arm == Arm.CANDIDATE.value)
    )
    return {
        pair_id: (started_at_us, started_at_us + round(1000 * duration_ms))
        for pair_id, started_at_us, duration_ms in session.exec(query)
    }
