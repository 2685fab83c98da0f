"""Observations as the store keeps them: what an asking gave, without a word of the arm's own."""

import hashlib

from gateway.journal_record import JournalRecord
from gateway.mirror.interpret import IDENTITY_MISMATCH, Interpreted, Interpreter
from gateway.mirror.pairs import Asked, Waiting
from gateway.store.shipping import SeenAnswer
from gateway.store.tables import Deviation, Observation
from protocols.schema import Protocol
from protocols.vocabulary import Arm, Fate

LATE = "after_deadline"

_MISMATCH = {
    Arm.STANDARD_OF_CARE: "STANDARD_OF_CARE_IDENTITY_MISMATCH",
    Arm.CANDIDATE: "CANDIDATE_IDENTITY_MISMATCH",
}
_MISMATCH_SENTENCE = "the model that answered is not the one registered for this arm"
_LAG_SENTENCE = "the candidate was asked later after the request's arrival than the mirror may lag"
_HOUR_US = 3_600_000_000


class Recorder:
    """Writes observations under one protocol."""

    def __init__(self, protocol: Protocol, *, lag_deviation_s: float) -> None:
        self._trial = protocol.protocol.id
        self._deadline_ms = protocol.setting.mirror.deadline_ms
        self._lag_deviation_ms = lag_deviation_s * 1000
        self._candidate = Interpreter(protocol.arms.candidate)
        self._standard_of_care = Interpreter(protocol.arms.standard_of_care)

    def standard_of_care(self, record: JournalRecord) -> tuple[SeenAnswer, Deviation | None]:
        """Say what the standard of care answered, from its bytes in the journal."""
        meaning = Interpreted(record.soc_fate, record.soc_detail)
        if record.soc_fate is Fate.ANSWERED:
            meaning = self._standard_of_care.interpret(record.soc_reply or b"")
        elif record.soc_fate is Fate.INVALID and record.soc_reply is not None:
            # The gateway says that it is invalid; the word for it is the same for both arms.
            word = self._standard_of_care.interpret(record.soc_reply).detail
            meaning = Interpreted(Fate.INVALID, word or record.soc_detail)
        seen = SeenAnswer(
            fate=meaning.fate,
            score=meaning.score,
            flag=meaning.flag,
            detail=meaning.detail,
            http_status=record.soc_http_status,
            duration_ms=record.soc_duration_ms,
            model_name=meaning.name,
            model_version=meaning.version,
            model_digest=meaning.digest,
            reply_sha256=_digest(record.soc_reply),
        )
        if meaning.detail != IDENTITY_MISMATCH:
            return seen, None
        return seen, self._mismatch(Arm.STANDARD_OF_CARE, record.pair_id, record.arrived_at_us)

    def asked(
        self, pair: Waiting, asked: Asked, started_at_us: int
    ) -> tuple[Observation, Deviation | None]:
        """Write what asking the candidate gave."""
        meaning = Interpreted(asked.fate, asked.detail)
        if asked.fate is Fate.ANSWERED:
            meaning = self._candidate.interpret(asked.reply or b"")
        observation = _observation(pair.pair_id, meaning)
        if meaning.fate is Fate.ANSWERED and asked.duration_ms > self._deadline_ms:
            observation.fate, observation.detail = Fate.LATE.value, LATE
        observation.http_status = asked.http_status
        observation.started_at_us = started_at_us
        observation.duration_ms = asked.duration_ms
        observation.lag_ms = _lag_ms(pair, started_at_us)
        observation.reply_sha256 = _digest(asked.reply)
        if meaning.detail == IDENTITY_MISMATCH:
            return observation, self._mismatch(Arm.CANDIDATE, pair.pair_id, started_at_us)
        return observation, self._lag(observation)

    def not_asked(
        self, pair: Waiting, fate: Fate, detail: str, at_us: int
    ) -> tuple[Observation, Deviation | None]:
        """Write why the candidate was not asked."""
        observation = _observation(pair.pair_id, Interpreted(fate, detail))
        observation.started_at_us = at_us
        observation.lag_ms = _lag_ms(pair, at_us)
        return observation, None

    def _mismatch(self, arm: Arm, pair_id: str, at_us: int) -> Deviation:
        return Deviation(
            trial=self._trial,
            code=_MISMATCH[arm],
            key=pair_id,
            pair_id=pair_id,
            severity="major",
            detail=_MISMATCH_SENTENCE,
            at_us=at_us,
        )

    def _lag(self, observation: Observation) -> Deviation | None:
        if observation.lag_ms <= self._lag_deviation_ms:
            return None
        return Deviation(
            trial=self._trial,
            code="MIRROR_LAG",
            key=f"hour:{observation.started_at_us // _HOUR_US}",
            severity="minor",
            detail=_LAG_SENTENCE,
            at_us=observation.started_at_us,
        )


def _observation(pair_id: str, meaning: Interpreted) -> Observation:
    return Observation(
        pair_id=pair_id,
        arm=Arm.CANDIDATE.value,
        fate=meaning.fate.value,
        score=meaning.score,
        flag=meaning.flag,
        detail=meaning.detail,
        started_at_us=0,
        duration_ms=0.0,
        model_name=meaning.name,
        model_version=meaning.version,
        model_digest=meaning.digest,
    )


def _digest(reply: bytes | None) -> str | None:
    return None if reply is None else hashlib.sha256(reply).hexdigest()


def _lag_ms(pair: Waiting, at_us: int) -> float:
    return max(0, at_us - pair.arrived_at_us) / 1000
