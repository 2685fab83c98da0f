"""A journal row as the trial store keeps it: read under the protocol, stored fields only."""

import orjson

from gateway.journal_record import JournalRecord
from gateway.mirror.observations import Recorder
from gateway.store.shipping import ShipRow
from gateway.store.tables import Deviation
from protocols.canonical import canonical_json
from protocols.eligibility import EligibilityCheck, stored_inputs
from protocols.sampling import is_sampled
from protocols.schema import Protocol
from protocols.vocabulary import Fate


class RowReader:
    """Reads journal rows under one protocol version."""

    def __init__(self, protocol: Protocol, recorder: Recorder) -> None:
        self._protocol = protocol
        self._recorder = recorder
        self._eligibility = EligibilityCheck(protocol)

    def read(self, record: JournalRecord) -> tuple[ShipRow, Deviation | None]:
        """Judge one row: the standard of care's answer, eligibility, sampling."""
        inputs = _inputs_of(record)
        reason = self._eligibility.check(inputs)
        sampled = is_sampled(
            record.subject, self._protocol.protocol.id, self._protocol.setting.mirror.share
        )
        seen, deviation = self._recorder.standard_of_care(record)
        row = ShipRow(
            seq=record.seq,
            pair_id=record.pair_id,
            arrived_at_us=record.arrived_at_us,
            subject=record.subject,
            encounter=record.encounter,
            inputs=canonical_json(stored_inputs(self._protocol, inputs)).decode(),
            inputs_sha256=record.inputs_sha256,
            eligible=reason is None,
            ineligible_reason=reason,
            sampled=sampled,
            idempotency_token=record.idempotency_token,
            client_disconnected=record.client_disconnected,
            standard_of_care=seen,
            candidate=_known_fate(eligible=reason is None, sampled=sampled),
        )
        return row, deviation


def _known_fate(*, eligible: bool, sampled: bool) -> Fate | None:
    if not eligible:
        return Fate.INELIGIBLE
    return None if sampled else Fate.NOT_SAMPLED


def _inputs_of(record: JournalRecord) -> dict[str, object]:
    # The gateway took only an object here; anything else is a row without inputs: ineligible.
    try:
        inputs = orjson.loads(record.inputs)["inputs"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return {}
    return inputs if isinstance(inputs, dict) else {}
