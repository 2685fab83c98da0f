"""Pairs in the order in which their outcomes began to count: what safety between looks is read in.

A pair enters once three things are there: an answer or a silence of the candidate on record, a
report of the outcome, and, under `maturity: elapsed`, the end of its waiting time. Its value is
what the reports received by then amount to; later ones take nothing back, because what has been
bet on is settled. A clock that was set back hides nothing and takes nothing back either.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.maturity import current_outcome, matures_at_us
from gateway.store.outcome_values import FlatValue, flat_values
from gateway.store.reads import protocol_of
from gateway.store.records import PairRecord
from gateway.store.snapshot import DURATION, record_of, rows_in
from gateway.store.tables import Encounter, Observation, OutcomeReport
from protocols.schema import FurtherOutcome, OutcomePlan
from protocols.vocabulary import OutcomeState

Report = tuple[int, str]  # received_at_us, value

_EVER = 2**63 - 1


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


def arrivals(store: Store, trial: str, *, at_us: int, past: bool = True) -> list[Arrival]:
    """Read every pair of the trial in order of arrival, and when its outcome began to count.

    `past`: what is stamped later than `at_us` has not come yet. Without it everything on record
    has, whatever a clock said of it, and `at_us` settles only which waiting times have ended.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    with store.session() as session:
        protocol = protocol_of(session, trial)
        rows = rows_in(session, trial)
        reports = _reports(session, trial, protocol.outcome.name)
        further = [(f, _reports(session, trial, f.name)) for f in protocol.further_outcomes]
    heard_us = at_us if past else _EVER
    found: list[Arrival] = []
    rows.reverse()
    while rows:  # given back one by one: two copies of a large trial are never held whole
        ordinal, row = len(found) + 1, rows.pop()
        known_at_us = _known_at_us(row)
        own = reports.get(row.pair_id, [])
        entered, outcome = _entering(
            row, own, known_at_us, plan=protocol.outcome, at_us=(at_us, heard_us)
        )
        others = [(plan, by_pair.get(row.pair_id, [])) for plan, by_pair in further]
        values, moments = _further(row, others, plan=protocol.outcome, at_us=(at_us, heard_us))
        record = record_of(ordinal, row, outcome=outcome, further=values)
        asked_at_us = None if known_at_us is None else row.started_at_us
        found.append(Arrival(record, known_at_us, entered, asked_at_us, moments))
    return found


def _known_at_us(row: Any) -> int | None:
    """When the candidate's fate was known."""
    if row.started_at_us is None:
        return None
    return int(row.started_at_us) + round(1000 * float(row[DURATION]))


def _further(
    row: Any,
    reports: list[tuple[FurtherOutcome, list[Report]]],
    *,
    plan: OutcomePlan,
    at_us: tuple[int, int],
) -> tuple[dict[str, FlatValue], dict[str, int]]:
    """Each further outcome as it was when it began to count, and when that was."""
    values: dict[str, FlatValue] = {}
    moments: dict[str, int] = {}
    for outcome, known in reports:
        if not known:
            continue
        matures = matures_at_us(row.arrived_at_us, plan)
        entered = max(known[0][0], matures)
        by_then = [report[1] for report in known if report[0] <= entered]
        _, value = current_outcome(by_then, plan.conflict)
        if matures <= at_us[0] and entered <= at_us[1] and value is not None:
            values.update(flat_values(value, outcome))
            moments[outcome.name] = entered
    return values, moments


def news_of(store: Store) -> tuple[int, int]:
    """Two numbers that grow whenever an outcome or an observation has come; cheap to ask."""
    with store.session() as session:
        reports = session.exec(select(func.max(OutcomeReport.id))).one()
        observations = session.exec(select(func.max(Observation.id))).one()
    return reports or 0, observations or 0


def _entering(
    row: Any,
    reports: list[Report],
    candidate_at_us: int | None,
    *,
    plan: OutcomePlan,
    at_us: tuple[int, int],
) -> tuple[int | None, tuple[OutcomeState, str | None]]:
    """When the pair entered, None where it has not, and what its outcome was then."""
    entered = None
    state, value = OutcomeState.MISSING, None
    matures = matures_at_us(row.arrived_at_us, plan)
    if reports and candidate_at_us is not None:
        entered = max(reports[0][0], candidate_at_us, matures)
        by_then = [report[1] for report in reports if report[0] <= entered]
        state, value = current_outcome(by_then, plan.conflict)
    if entered is None or value is None or matures > at_us[0] or entered > at_us[1]:
        state = OutcomeState.CONFLICT if state is OutcomeState.CONFLICT else OutcomeState.MISSING
        return None, (state, None)
    return entered, (state, value)


def _reports(session: Session, trial: str, name: str) -> dict[str, list[Report]]:
    query = (
        select(OutcomeReport.pair_id, OutcomeReport.received_at_us, OutcomeReport.value)
        .join(Encounter, col(Encounter.pair_id) == OutcomeReport.pair_id)
        .where(Encounter.trial == trial, OutcomeReport.name == name)
        .order_by(col(OutcomeReport.pair_id), col(OutcomeReport.number))
    )
    found: defaultdict[str, list[Report]] = defaultdict(list)
    for pair_id, received_at_us, value in session.exec(query):
        before = found[pair_id][-1][0] if found[pair_id] else received_at_us
        # Stamped before the one that it follows: a clock was set back in between, it came later.
        came_us = received_at_us if received_at_us >= before else before + 1
        found[pair_id].append((came_us, value))
    return found
