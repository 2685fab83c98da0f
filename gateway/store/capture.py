"""The few ways anything is written. Append only, idempotent, each in one transaction.

`ship` (shipping.py), `report_outcome(s)` (outcomes.py), `raise_alarm` and `resume` (alarms.py) are
written elsewhere and named here, so that this module is the whole list; a lock and a look's result
are written in lock.py.
"""

import math
from collections.abc import Sequence

from sqlmodel import Session, col, select

from gateway.store.alarms import raise_alarm, resume
from gateway.store.engine import Store
from gateway.store.inserts import as_row, insert_new
from gateway.store.outcomes import (
    OutcomeItem,
    OutcomeReceipt,
    ReportState,
    report_outcome,
    report_outcomes,
)
from gateway.store.reads import newest_registration
from gateway.store.shipping import (
    SeenAnswer,
    ShipBatch,
    ShipGap,
    ShipReceipt,
    ShipRow,
    retrospective_start,
    ship,
)
from gateway.store.tables import (
    AccrualClosure,
    Deviation,
    Encounter,
    Observation,
    Refusal,
    Registration,
)
from protocols.canonical import canonical_protocol, digest_of
from protocols.errors import RefusedError, StoreError
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate

__all__ = [
    "OutcomeItem",
    "OutcomeReceipt",
    "ReportState",
    "SeenAnswer",
    "ShipBatch",
    "ShipGap",
    "ShipReceipt",
    "ShipRow",
    "close_accrual",
    "raise_alarm",
    "record_deviation",
    "record_observations",
    "record_refusal",
    "register",
    "report_outcome",
    "report_outcomes",
    "resume",
    "ship",
]


def register(
    store: Store, protocol: Protocol, source: str, *, actor: str, at_us: int
) -> Registration:
    """Register a protocol version; the digest in force again is a no-op.

    Raises
    ------
    RefusedError
        AMENDMENT_REQUIRED: the trial has requests on record under another digest (the attempt is
        recorded). VERSION_SUPERSEDED: this version was registered before and then replaced.
    """
    trial, digest = protocol.protocol.id, digest_of(protocol)
    with store.transaction() as session:
        store.serialise(session, trial)
        in_force = newest_registration(session, trial)
        if in_force is not None and in_force.digest == digest:
            return in_force
        first_arrival = _first_arrival(session, trial)
        refusal = _registration_refusal(
            session, trial, digest, has_requests=first_arrival is not None
        )
        if in_force is None or refusal is None:
            registration = Registration(
                digest=digest,
                trial=trial,
                version=protocol.protocol.version,
                canonical=canonical_protocol(protocol).decode(),
                source=source,
                registered_at_us=at_us,
                registered_by=actor,
                retrospective=first_arrival is not None and first_arrival < at_us,
            )
            session.add(registration)
            if registration.retrospective:
                insert_new(session, Deviation, [as_row(retrospective_start(trial, at_us))])
            return registration
        code, sentence = refusal
        session.add(_refusal(trial, code, sentence, actor=actor, at_us=at_us))
    # Raised only now: an exception inside the transaction would take the refusal's row with it.
    raise RefusedError(code, sentence)


def _registration_refusal(
    session: Session, trial: str, digest: str, *, has_requests: bool
) -> tuple[str, str] | None:
    if has_requests:
        return (
            "AMENDMENT_REQUIRED",
            f"trial {trial} has requests on record under another protocol; a changed protocol"
            " needs a new trial id",
        )
    if session.get(Registration, digest) is not None:
        return (
            "VERSION_SUPERSEDED",
            "this version was registered before and then replaced; raise its version number",
        )
    return None


def _first_arrival(session: Session, trial: str) -> int | None:
    query = (
        select(Encounter.arrived_at_us)
        .where(Encounter.trial == trial)
        .order_by(col(Encounter.arrived_at_us))
        .limit(1)
    )
    return session.exec(query).first()


def record_observations(
    store: Store, observations: Sequence[Observation], deviations: Sequence[Deviation] = ()
) -> int:
    """Record what arms gave; a pair's first observation per arm stays. Return how many were new.

    Raises
    ------
    StoreError
        The store cannot be used, or an observation has a word or number that none may have.
    """
    for observation in observations:
        _check(observation)
    with store.transaction() as session:
        n_new = insert_new(session, Observation, [as_row(item) for item in observations])
        insert_new(session, Deviation, [as_row(item) for item in deviations])
    return n_new


def _check(observation: Observation) -> None:
    score = observation.score
    if (
        observation.fate not in set(Fate) - {Fate.PENDING}
        or observation.arm not in set(Arm)
        or (score is not None and not math.isfinite(score))
    ):
        raise StoreError(
            "OBSERVATION_INVALID",
            f"an observation of pair {observation.pair_id} has no fate of the closed list, no arm"
            " or no finite score; correct the program that made it",
        )


def record_deviation(store: Store, deviation: Deviation) -> None:
    """Record a deviation; the same occurrence (trial, code, key) again is a no-op."""
    with store.transaction() as session:
        insert_new(session, Deviation, [as_row(deviation)])


def record_refusal(
    store: Store, trial: str, code: str, detail: str, *, actor: str, at_us: int
) -> Refusal:
    """Record that something the protocol does not allow was asked for."""
    refusal = _refusal(trial, code, detail, actor=actor, at_us=at_us)
    with store.transaction() as session:
        session.add(refusal)
    return refusal


def _refusal(trial: str, code: str, detail: str, *, actor: str, at_us: int) -> Refusal:
    return Refusal(trial=trial, code=code, detail=detail, actor=actor, at_us=at_us)


def close_accrual(
    store: Store, trial: str, reason: str, *, actor: str, at_us: int
) -> AccrualClosure:
    """Declare accrual closed; a second declaration returns the first.

    Raises
    ------
    RefusedError
        NOT_REGISTERED: there is no such trial.
    """
    with store.transaction() as session:
        store.serialise(session, trial)
        closure = session.get(AccrualClosure, trial)
        if closure is not None:
            return closure
        if newest_registration(session, trial) is None:
            raise RefusedError(
                "NOT_REGISTERED", f"no protocol is registered for {trial}; register one first"
            )
        closure = AccrualClosure(trial=trial, reason=reason, actor=actor, at_us=at_us)
        session.add(closure)
    return closure
