"""From journal rows to the trial store, in plain types: the store does not know the journal.

One batch is one transaction: encounters, the standard of care's observations, the candidate fates
that are known without asking, booked gaps, deviations and the epoch's progress. Shipping a batch
again changes nothing, so a mirror that was killed at any instant ships again from `shipped_seq`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from gateway.store.engine import Store
from gateway.store.inserts import Row, as_row, insert_new
from gateway.store.sequence import holes_in
from gateway.store.tables import Deviation, Encounter, Epoch, Gap, Observation, Registration
from protocols.errors import StoreError
from protocols.vocabulary import Arm, Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenAnswer:
    """What the standard of care gave, as the registered protocol reads it."""

    fate: Fate
    score: float | None = None
    flag: bool | None = None
    detail: str | None = None
    http_status: int | None = None
    duration_ms: float
    model_name: str | None = None
    model_version: str | None = None
    model_digest: str | None = None
    reply_sha256: str | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipRow:
    """One accepted request. `inputs` is canonical JSON text of the stored fields only.

    `candidate` is the fate that is known without asking (not_sampled, ineligible,
    lost_at_shutdown), or None: the pair is pending.
    """

    seq: int
    pair_id: str
    arrived_at_us: int
    subject: str
    encounter: str
    inputs: str
    inputs_sha256: str
    eligible: bool
    ineligible_reason: str | None = None
    sampled: bool
    idempotency_token: str | None = None
    client_disconnected: bool = False
    standard_of_care: SeenAnswer
    candidate: Fate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipGap:
    """One request that was answered before the journal had confirmed it."""

    seq: int
    pair_id: str
    at_us: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipBatch:
    """A run of one epoch's rows. Every journal row up to `shipped_seq` is in this batch or before.

    `accepted_seq` is the highest number known to have been given out; it is final when `closed`.
    """

    trial: str
    epoch: str
    protocol_digest: str
    started_at_us: int
    shipped_seq: int
    accepted_seq: int
    closed: bool = False
    at_us: int
    rows: tuple[ShipRow, ...] = ()
    gaps: tuple[ShipGap, ...] = ()
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipReceipt:
    """What a batch added. `duplicates` maps a pair to the first pair with its idempotency key."""

    n_recorded: int
    n_gaps: int
    duplicates: dict[str, str]
    unaccounted: tuple[str, ...]  # runs of numbers that nothing accounts for, "epoch:first-last"


def ship(store: Store, batch: ShipBatch) -> ShipReceipt:
    """Ship one batch.

    Raises
    ------
    StoreError
        The store cannot be used, or a sequence number or pair id came with another content.
    """
    with store.transaction() as session:
        store.serialise(session, batch.trial)
        before = session.get(Epoch, batch.epoch)
        shipped_before = 0 if before is None else before.shipped_seq
        fresh = _fresh_rows(session, batch)
        duplicates = _duplicates(session, batch.trial, fresh)
        n_recorded = insert_new(
            session, Encounter, [_encounter(batch, row, duplicates) for row in fresh]
        )
        insert_new(session, Observation, list(_observations(fresh, duplicates)))
        n_gaps = insert_new(session, Gap, [_gap(batch, gap) for gap in batch.gaps])
        progress = _progress(batch, before)
        holes = holes_in(session, progress, after=shipped_before)
        deviations = [*batch.deviations, *_deviations(session, batch, holes)]
        insert_new(session, Deviation, [as_row(deviation) for deviation in deviations])
        session.merge(progress)
    return ShipReceipt(n_recorded, n_gaps, duplicates, tuple(holes))


def _fresh_rows(session: Session, batch: ShipBatch) -> list[ShipRow]:
    """Leave out what an earlier shipping of the same rows has stored."""
    if not batch.rows:
        return []
    query = select(Encounter.seq, Encounter.pair_id).where(
        Encounter.epoch == batch.epoch,
        Encounter.seq >= min(row.seq for row in batch.rows),
        Encounter.seq <= max(row.seq for row in batch.rows),
    )
    stored = dict(session.exec(query).all())
    fresh = []
    for row in batch.rows:
        known = stored.setdefault(row.seq, row.pair_id)
        if known != row.pair_id:
            raise StoreError(
                "SEQUENCE_REUSED",
                f"number {row.seq} of epoch {batch.epoch} names two pairs; keep the journal file"
                " and look for a second gateway that writes to it",
            )
        fresh.append(row)
    taken = _stored_places(session, [row.pair_id for row in fresh])
    places = dict(taken)
    for row in fresh:
        # Rows of this batch count too: the insert would drop the second of them without a word.
        if places.setdefault(row.pair_id, (batch.epoch, row.seq)) != (batch.epoch, row.seq):
            raise StoreError(
                "PAIR_REUSED", f"pair {row.pair_id} is on record under another sequence number"
            )
    return [row for row in fresh if row.pair_id not in taken]


def _stored_places(session: Session, pair_ids: list[str]) -> dict[str, tuple[str, int]]:
    query = select(Encounter.pair_id, Encounter.epoch, Encounter.seq).where(
        col(Encounter.pair_id).in_(pair_ids)
    )
    return {pair_id: (epoch, seq) for pair_id, epoch, seq in session.exec(query)}


def _duplicates(session: Session, trial: str, rows: Sequence[ShipRow]) -> dict[str, str]:
    """Find the rows whose idempotency key an earlier, answered pair of the trial brought.

    A request that the standard of care left without an answer is asked again under its key: the
    second is the encounter's one answered pair, and no duplicate.
    """
    tokens = {row.idempotency_token for row in rows if row.idempotency_token is not None}
    if not tokens:
        return {}
    query = (
        select(Encounter.idempotency_token, Encounter.pair_id)
        .join(Observation, col(Observation.pair_id) == Encounter.pair_id)
        .where(
            Encounter.trial == trial,
            col(Encounter.idempotency_token).in_(tokens),
            col(Encounter.duplicate_of).is_(None),
            Observation.arm == Arm.STANDARD_OF_CARE,
            Observation.fate == Fate.ANSWERED,
        )
    )
    first = dict(session.exec(query).all())
    duplicates = {}
    for row in sorted(rows, key=lambda row: row.seq):
        if row.idempotency_token is None:
            continue
        if row.standard_of_care.fate is Fate.ANSWERED:
            first.setdefault(row.idempotency_token, row.pair_id)
        original = first.get(row.idempotency_token, row.pair_id)
        if original != row.pair_id:
            duplicates[row.pair_id] = original
    return duplicates


def _encounter(batch: ShipBatch, row: ShipRow, duplicates: dict[str, str]) -> Row:
    return {
        "pair_id": row.pair_id,
        "trial": batch.trial,
        "protocol_digest": batch.protocol_digest,
        "epoch": batch.epoch,
        "seq": row.seq,
        "arrived_at_us": row.arrived_at_us,
        "subject": row.subject,
        "encounter": row.encounter,
        "inputs": row.inputs,
        "inputs_sha256": row.inputs_sha256,
        "eligible": row.eligible,
        "ineligible_reason": row.ineligible_reason,
        "sampled": row.sampled,
        "duplicate_of": duplicates.get(row.pair_id),
        "idempotency_token": row.idempotency_token,
        "client_disconnected": row.client_disconnected,
    }


def _observations(rows: Sequence[ShipRow], duplicates: dict[str, str]) -> Iterable[Row]:
    for row in rows:
        yield _standard_of_care(row)
        fate = Fate.DUPLICATE if row.pair_id in duplicates else row.candidate
        if fate is not None:
            yield _not_asked(row, fate)


def _standard_of_care(row: ShipRow) -> Row:
    seen = row.standard_of_care
    return {
        "pair_id": row.pair_id,
        "arm": Arm.STANDARD_OF_CARE.value,
        "fate": seen.fate.value,
        "score": seen.score,
        "flag": seen.flag,
        "detail": seen.detail,
        "http_status": seen.http_status,
        "started_at_us": row.arrived_at_us,
        "duration_ms": seen.duration_ms,
        "lag_ms": 0.0,
        "model_name": seen.model_name,
        "model_version": seen.model_version,
        "model_digest": seen.model_digest,
        "reply_sha256": seen.reply_sha256,
        "reply": seen.reply,
    }


def _not_asked(row: ShipRow, fate: Fate) -> Row:
    nothing = dict.fromkeys(
        (
            "score",
            "flag",
            "detail",
            "http_status",
            "model_name",
            "model_version",
            "model_digest",
            "reply_sha256",
            "reply",
        )
    )
    return {
        **nothing,
        "pair_id": row.pair_id,
        "arm": Arm.CANDIDATE.value,
        "fate": fate.value,
        "started_at_us": row.arrived_at_us,
        "duration_ms": 0.0,
        "lag_ms": 0.0,
    }


def _gap(batch: ShipBatch, gap: ShipGap) -> Row:
    return {
        "trial": batch.trial,
        "epoch": batch.epoch,
        "seq": gap.seq,
        "pair_id": gap.pair_id,
        "at_us": gap.at_us,
        "cause": gap.cause,
    }


def _progress(batch: ShipBatch, before: Epoch | None) -> Epoch:
    """Move the epoch forward; nothing in it ever goes back."""
    numbers = [row.seq for row in batch.rows] + [gap.seq for gap in batch.gaps]
    shipped = [batch.shipped_seq, *([] if before is None else [before.shipped_seq])]
    accepted = [batch.accepted_seq, *shipped, *numbers]
    if before is not None:
        accepted.append(before.accepted_seq)
    return Epoch(
        epoch=batch.epoch,
        trial=batch.trial,
        started_at_us=batch.started_at_us if before is None else before.started_at_us,
        shipped_seq=max(shipped),
        accepted_seq=max(accepted),
        closed=batch.closed or (before is not None and before.closed),
    )


def _deviations(session: Session, batch: ShipBatch, holes: list[str]) -> Iterable[Deviation]:
    for gap in batch.gaps:
        yield Deviation(
            trial=batch.trial,
            code="CAPTURE_GAP",
            key=f"{batch.epoch}:{gap.seq}",
            pair_id=gap.pair_id,
            severity="minor",
            detail="a request was answered before the journal had confirmed it",
            at_us=gap.at_us,
        )
    for hole in holes:
        yield Deviation(
            trial=batch.trial,
            code="SEQUENCE_GAP",
            key=hole,
            severity="major",
            detail="accepted requests that neither the record nor a booked gap accounts for",
            at_us=batch.at_us,
        )
    first = _first_registered_at(session, batch.trial)
    early = [row for row in batch.rows if first is not None and row.arrived_at_us < first]
    if early:
        yield retrospective_start(batch.trial, batch.at_us)


def retrospective_start(trial: str, at_us: int) -> Deviation:
    """Say that the trial began before its protocol was registered; one per trial."""
    return Deviation(
        trial=trial,
        code="RETROSPECTIVE_START",
        key=trial,
        severity="major",
        detail="the first request predates the registration of the protocol",
        at_us=at_us,
    )


def _first_registered_at(session: Session, trial: str) -> int | None:
    query = (
        select(Registration.registered_at_us)
        .where(Registration.trial == trial)
        .order_by(col(Registration.registered_at_us))
        .limit(1)
    )
    return session.exec(query).first()
