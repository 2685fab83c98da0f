"""A small ward for the store's tests: registers the example protocol and ships made-up requests."""

from pathlib import Path

from gateway.store.capture import (
    SeenAnswer,
    ShipBatch,
    ShipGap,
    ShipReceipt,
    ShipRow,
    register,
    ship,
)
from gateway.store.capture import record_observations as record
from gateway.store.engine import Store, open_store
from gateway.store.tables import Observation
from protocols.canonical import digest_of
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate
from tests.support.example_protocol import example_protocol

START_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000
TRIAL = "example-shadow-01"
OUTCOME = example_protocol().outcome.name


def new_store(folder: Path, protocol: Protocol | None = None) -> Store:
    """Make a store with a registered protocol."""
    return new_store_at(f"sqlite:///{folder / 'trial.sqlite'}", protocol)


def new_store_at(url: str, protocol: Protocol | None = None) -> Store:
    """Make a store with a registered protocol anywhere."""
    store = open_store(url, create=True)
    register(store, protocol or example_protocol(), "source", actor="pi", at_us=START_US)
    return store


def request(
    seq: int,
    *,
    pair_id: str | None = None,
    token: str | None = None,
    subject: str | None = None,
    eligible: bool = True,
    sampled: bool = True,
    soc: Fate = Fate.ANSWERED,
    at_us: int | None = None,
) -> ShipRow:
    """One request, a minute after the one before."""
    answered = soc is Fate.ANSWERED
    return ShipRow(
        seq=seq,
        pair_id=pair_id or f"pair-{seq:06d}",
        arrived_at_us=START_US + seq * MINUTE_US if at_us is None else at_us,
        subject=subject or f"subject-{seq}",
        encounter=f"encounter-{seq}",
        inputs=f'{{"age":{40 + seq % 50}}}',
        inputs_sha256="0" * 64,
        eligible=eligible,
        ineligible_reason=None if eligible else "adult",
        sampled=sampled,
        idempotency_token=token,
        standard_of_care=SeenAnswer(
            fate=soc,
            score=seq % 7 / 7 if answered else None,
            flag=seq % 7 > 3 if answered else None,
            duration_ms=1.25,
        ),
        candidate=_known_fate(eligible=eligible, sampled=sampled),
    )


def _known_fate(*, eligible: bool, sampled: bool) -> Fate | None:
    if not eligible:
        return Fate.INELIGIBLE
    return None if sampled else Fate.NOT_SAMPLED


def batch(
    *rows: ShipRow,
    epoch: str = "e1",
    gaps: tuple[ShipGap, ...] = (),
    shipped_seq: int | None = None,
    accepted_seq: int | None = None,
    closed: bool = False,
) -> ShipBatch:
    """A batch that ends where its rows end."""
    last = max((row.seq for row in rows), default=0) if shipped_seq is None else shipped_seq
    return ShipBatch(
        trial=TRIAL,
        epoch=epoch,
        protocol_digest=digest_of(example_protocol()),
        started_at_us=START_US,
        shipped_seq=last,
        accepted_seq=last if accepted_seq is None else accepted_seq,
        closed=closed,
        at_us=START_US + 1_000_000 * MINUTE_US,
        rows=rows,
        gaps=gaps,
    )


def ship_requests(store: Store, *rows: ShipRow) -> ShipReceipt:
    return ship(store, batch(*rows))


def candidate(
    pair_id: str, *, fate: Fate = Fate.ANSWERED, score: float | None = 0.5
) -> Observation:
    """What the candidate gave."""
    return Observation(
        pair_id=pair_id,
        arm=Arm.CANDIDATE,
        fate=fate,
        score=score,
        flag=None if score is None else score > 0.5,
        started_at_us=START_US,
        duration_ms=2.5,
        lag_ms=10.0,
    )


def answer_all(store: Store, *pair_ids: str, score: float = 0.5) -> None:
    record(store, [candidate(pair_id, score=score) for pair_id in pair_ids])
