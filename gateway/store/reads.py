"""What the store answers: one snapshot per call, frozen or detached results, never a change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.maturity import current_outcome, mature_by, reports_of_trial
from gateway.store.records import Completeness
from gateway.store.sequence import unaccounted
from gateway.store.tables import (
    AccrualClosure,
    Deviation,
    Encounter,
    Epoch,
    Gap,
    Lock,
    LookResult,
    Observation,
    Refusal,
    Registration,
    SafetyAlarm,
)
from protocols.canonical import from_canonical
from protocols.errors import RefusedError
from protocols.outcomes import outcomes_by_name
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate, OutcomeState


@dataclass(frozen=True, slots=True)
class PendingPair:
    """A pair that the candidate has yet to be asked about; the journal holds its inputs."""

    pair_id: str
    epoch: str
    seq: int
    arrived_at_us: int


def newest_registration(session: Session, trial: str) -> Registration | None:
    """Find the registration in force."""
    query = (
        select(Registration)
        .where(Registration.trial == trial)
        .order_by(col(Registration.registered_at_us).desc(), col(Registration.version).desc())
        .limit(1)
    )
    return session.exec(query).first()


def protocol_of(session: Session, trial: str) -> Protocol:
    """Read the protocol in force; RefusedError NOT_REGISTERED where there is none."""
    registration = newest_registration(session, trial)
    if registration is None:
        raise RefusedError(
            "NOT_REGISTERED", f"no protocol is registered for {trial}; register one first"
        )
    return from_canonical(registration.canonical)


def registration_in_force(store: Store, trial: str) -> Registration | None:
    """Find the newest registration of the trial."""
    with store.session() as session:
        return newest_registration(session, trial)


def registrations(store: Store, trial: str) -> list[Registration]:
    """List the trial's registrations, oldest first."""
    with store.session() as session:
        query = select(Registration).where(Registration.trial == trial)
        return sorted(session.exec(query), key=lambda row: (row.registered_at_us, row.version))


def trials(store: Store) -> list[str]:
    """List the registered trials."""
    with store.session() as session:
        return sorted(set(session.exec(select(Registration.trial))))


def protocol_in_force(store: Store, trial: str) -> Protocol:
    """Read the protocol in force.

    Raises
    ------
    RefusedError
        NOT_REGISTERED
    """
    with store.session() as session:
        return protocol_of(session, trial)


def epochs(store: Store, trial: str) -> list[Epoch]:
    """List the trial's epochs, oldest first."""
    with store.session() as session:
        query = select(Epoch).where(Epoch.trial == trial)
        return sorted(session.exec(query), key=lambda row: (row.started_at_us, row.epoch))


def pending_pairs(
    store: Store,
    trial: str,
    *,
    limit: int,
    after: tuple[str, int] | None = None,
    same_epoch: bool = False,
) -> list[PendingPair]:
    """List eligible, sampled, first-time pairs without a candidate observation, by epoch and seq.

    `after` continues behind an (epoch, seq) that a previous call returned; with `same_epoch` only
    within that epoch, which costs what is found and not what the trial holds.
    """
    observed = (
        select(Observation.id)
        .where(Observation.pair_id == Encounter.pair_id, Observation.arm == Arm.CANDIDATE)
        .exists()
    )
    query = (
        select(Encounter.pair_id, Encounter.epoch, Encounter.seq, Encounter.arrived_at_us)
        .where(
            Encounter.trial == trial,
            col(Encounter.eligible),
            col(Encounter.sampled),
            col(Encounter.duplicate_of).is_(None),
            ~observed,
        )
        .order_by(col(Encounter.epoch), col(Encounter.seq))
        .limit(limit)
    )
    if after is not None and same_epoch:
        query = query.where(Encounter.epoch == after[0], Encounter.seq > after[1])
    elif after is not None:
        query = query.where(tuple_(col(Encounter.epoch), col(Encounter.seq)) > after)
    with store.session() as session:
        return [PendingPair(*row) for row in session.exec(query)]


def completeness(store: Store, trial: str) -> Completeness:
    """Account for every accepted request of the trial."""
    with store.session() as session:
        return completeness_in(session, trial)


def completeness_in(session: Session, trial: str) -> Completeness:
    """Account for every accepted request as one session sees it."""
    rows = session.exec(select(Epoch).where(Epoch.trial == trial)).all()
    recorded = _count(session, Encounter, trial)
    booked = _count(session, Gap, trial) - _recorded_gaps(session, trial)
    accepted = sum(epoch.accepted_seq for epoch in rows)
    on_the_way = sum(epoch.accepted_seq - _final_seq(epoch) for epoch in rows)
    unexplained: list[str] = []
    if accepted - on_the_way != recorded + booked:
        for epoch in sorted(rows, key=lambda row: (row.started_at_us, row.epoch)):
            missing = unaccounted(session, epoch.epoch, 1, _final_seq(epoch))
            unexplained.extend(f"{epoch.epoch}:{number}" for number in missing)
    return Completeness(
        accepted=accepted,
        recorded=recorded,
        booked_gaps=booked,
        unexplained=tuple(unexplained),
        fates=_fates(session, trial, recorded),
        in_flight=accepted - recorded - booked - len(unexplained),
    )


def _final_seq(epoch: Epoch) -> int:
    """Up to here a number that is neither recorded nor booked is unexplained, not on its way."""
    return epoch.accepted_seq if epoch.closed else epoch.shipped_seq


def _count(session: Session, model: type[Encounter] | type[Gap], trial: str) -> int:
    query = select(func.count()).select_from(model).where(model.trial == trial)
    return session.exec(query).one()


def _recorded_gaps(session: Session, trial: str) -> int:
    query = (
        select(func.count())
        .select_from(Gap)
        .join(Encounter, (col(Encounter.epoch) == Gap.epoch) & (col(Encounter.seq) == Gap.seq))
        .where(Gap.trial == trial)
    )
    return session.exec(query).one()


def _fates(session: Session, trial: str, recorded: int) -> dict[str, dict[str, int]]:
    query = (
        select(Observation.arm, Observation.fate, func.count())
        .join(Encounter, col(Encounter.pair_id) == Observation.pair_id)
        .where(Encounter.trial == trial)
        .group_by(Observation.arm, Observation.fate)
    )
    fates: dict[str, dict[str, int]] = {arm.value: {} for arm in Arm}
    for arm, fate, n in sorted(session.exec(query)):
        fates[arm][fate] = n
    for counts in fates.values():
        pending = recorded - sum(counts.values())
        if pending:
            counts[Fate.PENDING.value] = pending
    return fates


def evaluable_count(store: Store, trial: str, *, at_us: int | None = None) -> int:
    """Count the evaluable pairs: eligible, sampled, first-time, both arms answered, outcome known.

    With `maturity: elapsed` an outcome counts once its time has passed at `at_us`; without
    `at_us` every reported outcome counts.
    """
    with store.session() as session:
        protocol = protocol_of(session, trial)
        arrivals = _both_answered(session, trial)
        reports = reports_of_trial(session, trial, protocol.outcome.name)
    n_evaluable = 0
    for pair_id, arrived_at_us in arrivals:
        if at_us is not None and not mature_by(at_us, arrived_at_us, protocol.outcome):
            continue
        state, _ = current_outcome(reports.get(pair_id, ()), protocol.outcome.conflict)
        n_evaluable += state is OutcomeState.ASCERTAINED
    return n_evaluable


def _both_answered(session: Session, trial: str) -> Sequence[tuple[str, int]]:
    query = (
        select(Encounter.pair_id, Encounter.arrived_at_us)
        .join(Observation, col(Observation.pair_id) == Encounter.pair_id)
        .where(
            Encounter.trial == trial,
            col(Encounter.eligible),
            col(Encounter.sampled),
            col(Encounter.duplicate_of).is_(None),
            Observation.fate == Fate.ANSWERED,
        )
        .group_by(col(Encounter.pair_id), col(Encounter.arrived_at_us))
        .having(func.count() == len(Arm))
    )
    return session.exec(query).all()


def outcome_counts(store: Store, trial: str) -> dict[OutcomeState, int]:
    """Count the trial's pairs by what is known of the protocol's outcome, never by its value."""
    return next(iter(outcome_counts_by_name(store, trial).values()))


def outcome_counts_by_name(store: Store, trial: str) -> dict[str, dict[OutcomeState, int]]:
    """Count the trial's pairs by what is known of each outcome; the protocol's own comes first."""
    found: dict[str, dict[OutcomeState, int]] = {}
    with store.session() as session:
        protocol = protocol_of(session, trial)
        n_pairs = _count(session, Encounter, trial)
        for name in outcomes_by_name(protocol):
            reports = reports_of_trial(session, trial, name)
            states = (
                current_outcome(known, protocol.outcome.conflict) for known in reports.values()
            )
            counts = Counter(state for state, _ in states)
            counts[OutcomeState.MISSING] = n_pairs - len(reports)
            found[name] = {state: counts[state] for state in OutcomeState}
    return found


def look_results(store: Store, trial: str) -> list[LookResult]:
    """List the looks that have been conducted, in order."""
    with store.session() as session:
        query = select(LookResult).where(LookResult.trial == trial)
        return sorted(session.exec(query), key=lambda row: row.number)


def look_result(store: Store, trial: str, look: str) -> LookResult | None:
    """Find what a look found."""
    with store.session() as session:
        query = select(LookResult).where(LookResult.trial == trial, LookResult.look == look)
        return session.exec(query).first()


def locks(store: Store, trial: str) -> list[Lock]:
    """List the trial's locks, oldest first."""
    with store.session() as session:
        query = select(Lock).where(Lock.trial == trial)
        return sorted(session.exec(query), key=lambda row: (row.locked_at_us, row.look))


def refusals(store: Store, trial: str) -> list[Refusal]:
    """List what was asked for and refused, oldest first."""
    with store.session() as session:
        query = select(Refusal).where(Refusal.trial == trial).order_by(col(Refusal.id))
        return list(session.exec(query))


def deviations(store: Store, trial: str) -> list[Deviation]:
    """List the trial's deviations in the order of their recording."""
    with store.session() as session:
        query = select(Deviation).where(Deviation.trial == trial).order_by(col(Deviation.id))
        return list(session.exec(query))


def safety_alarms(store: Store, trial: str) -> list[SafetyAlarm]:
    """List what the trial's safety rules raised between looks, in the order of raising."""
    with store.session() as session:
        query = select(SafetyAlarm).where(SafetyAlarm.trial == trial).order_by(col(SafetyAlarm.id))
        return list(session.exec(query))


def accrual_closed(store: Store, trial: str) -> AccrualClosure | None:
    """Find the declaration that accrual is closed."""
    with store.session() as session:
        return session.get(AccrualClosure, trial)
