"""Simulated pairs written into a real trial store, by the ways the product itself writes."""

import hashlib
import json
from collections.abc import Sequence

from gateway.store.capture import (
    OutcomeItem,
    SeenAnswer,
    ShipBatch,
    ShipRow,
    record_observations,
    register,
    report_outcomes,
    ship,
)
from gateway.store.engine import Store
from gateway.store.records import PairRecord
from gateway.store.tables import Observation
from protocols.canonical import digest_of
from protocols.schema import Protocol
from protocols.vocabulary import Fate
from tests.support.simulator import START_US

EPOCH = "epoch-1"


def register_trial(store: Store, protocol: Protocol) -> None:
    register(store, protocol, "source", actor="ada", at_us=START_US - 1)


def store_pairs(
    store: Store,
    protocol: Protocol,
    pairs: Sequence[PairRecord],
    *,
    in_flight: int = 0,
    after: int = 0,
) -> None:
    """Ship every pair, then the candidate's observations and the outcomes that are known.

    `after`: how many pairs were shipped before these.
    """
    trial = protocol.protocol.id
    last = max((pair.arrived_at_us for pair in pairs), default=START_US)
    rows = tuple(_row(seq, pair) for seq, pair in enumerate(pairs, start=after + 1))
    batch = ShipBatch(
        trial=trial,
        epoch=EPOCH,
        protocol_digest=digest_of(protocol),
        started_at_us=START_US,
        shipped_seq=after + len(rows),
        accepted_seq=after + len(rows) + in_flight,
        closed=False,
        at_us=last,
        rows=rows,
    )
    ship(store, batch)
    record_observations(store, [_observation(p) for p in pairs if _was_asked(p)])
    items = [_outcome(protocol, pair) for pair in pairs if pair.outcome is not None]
    report_outcomes(store, items, trial=trial, received_at_us=last)


def _was_asked(pair: PairRecord) -> bool:
    known = (Fate.PENDING, Fate.INELIGIBLE, Fate.NOT_SAMPLED, Fate.DUPLICATE)
    return pair.candidate.fate not in known


def _row(seq: int, pair: PairRecord) -> ShipRow:
    inputs = json.dumps(pair.inputs)
    soc = pair.standard_of_care
    untold = pair.candidate.fate in (Fate.INELIGIBLE, Fate.NOT_SAMPLED)
    return ShipRow(
        seq=seq,
        pair_id=pair.pair_id,
        arrived_at_us=pair.arrived_at_us,
        subject=pair.subject,
        encounter=pair.encounter,
        inputs=inputs,
        inputs_sha256=hashlib.sha256(inputs.encode()).hexdigest(),
        eligible=pair.eligible,
        ineligible_reason=pair.ineligible_reason,
        sampled=pair.sampled,
        standard_of_care=SeenAnswer(
            fate=soc.fate, score=soc.score, flag=soc.flag, duration_ms=soc.duration_ms or 0.0
        ),
        candidate=pair.candidate.fate if untold else None,
    )


def _observation(pair: PairRecord) -> Observation:
    arm = pair.candidate
    return Observation(
        pair_id=pair.pair_id,
        arm="candidate",
        fate=arm.fate,
        score=arm.score,
        flag=arm.flag,
        started_at_us=pair.arrived_at_us,
        duration_ms=arm.duration_ms or 0.0,
        lag_ms=arm.lag_ms or 0.0,
    )


def _outcome(protocol: Protocol, pair: PairRecord) -> OutcomeItem:
    return OutcomeItem(
        pair_id=pair.pair_id,
        name=protocol.outcome.name,
        value=pair.outcome,
        ascertained_at_us=pair.arrived_at_us,
        source="registry",
    )
