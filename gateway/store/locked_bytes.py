"""A lock's bytes: records to canonical JSON and back. What is written here is never reworded."""

from collections.abc import Mapping
from dataclasses import asdict

import orjson

from gateway.store.records import ArmRecord, Completeness, LockedFacts, PairRecord
from protocols.canonical import canonical_json
from protocols.vocabulary import Fate, OutcomeState

Value = float | int | str | bool | None

_EXACT = 2**53  # whole numbers below it are themselves as floats
_PLAIN = (1e-4, 1e15)  # sizes of fractions that RFC 8785 and orjson write alike


def line_of(pair: PairRecord) -> bytes:
    """Write one pair as one line of canonical JSON (RFC 8785).

    By orjson where both are known to write the same, which is in all but odd values.
    """
    try:
        row = {
            "ordinal": _plain(pair.ordinal),
            "pair_id": pair.pair_id,
            "subject": pair.subject,
            "encounter": pair.encounter,
            "arrived_at_us": _plain(pair.arrived_at_us),
            "eligible": pair.eligible,
            "ineligible_reason": pair.ineligible_reason,
            "sampled": pair.sampled,
            "duplicate_of": pair.duplicate_of,
            "inputs": _plain_object(pair.inputs),
            "standard_of_care": _arm_row(pair.standard_of_care),
            "candidate": _arm_row(pair.candidate),
            "outcome_state": pair.outcome_state.value,
            "outcome": pair.outcome,
            "further": _plain_object(pair.further),
        }
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    except (_OddError, orjson.JSONEncodeError):
        return canonical_json(asdict(pair)) + b"\n"


class _OddError(Exception):
    """A value that the two may write differently."""


def _arm_row(arm: ArmRecord) -> dict[str, Value]:
    return {
        "fate": arm.fate.value,
        "score": _plain(arm.score),
        "flag": arm.flag,
        "detail": arm.detail,
        "duration_ms": _plain(arm.duration_ms),
        "lag_ms": _plain(arm.lag_ms),
    }


def _plain_object(values: Mapping[str, Value]) -> dict[str, Value]:
    """Names in ASCII are in the same order by code units and by bytes."""
    if not all(map(str.isascii, values)):
        raise _OddError
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Value) -> Value:
    """The same value as orjson writes it canonically: 5.0 as 5; `_OddError` where it would not."""
    if value is None or isinstance(value, str | bool):
        return value
    size = abs(value)
    if size < _EXACT and (isinstance(value, int) or value.is_integer()):
        return int(value)
    if isinstance(value, float) and _PLAIN[0] <= size < _PLAIN[1]:
        return value
    raise _OddError


def pair_from(line: bytes) -> PairRecord:
    """Read one line back."""
    row = orjson.loads(line)
    return PairRecord(
        ordinal=row["ordinal"],
        pair_id=row["pair_id"],
        subject=row["subject"],
        encounter=row["encounter"],
        arrived_at_us=row["arrived_at_us"],
        eligible=row["eligible"],
        ineligible_reason=row["ineligible_reason"],
        sampled=row["sampled"],
        duplicate_of=row["duplicate_of"],
        inputs=row["inputs"],
        standard_of_care=_arm_from(row["standard_of_care"]),
        candidate=_arm_from(row["candidate"]),
        outcome_state=OutcomeState(row["outcome_state"]),
        outcome=row["outcome"],
        further=row["further"],
    )


def _arm_from(row: dict[str, str | float | bool | None]) -> ArmRecord:
    return ArmRecord(
        fate=Fate(str(row["fate"])),
        score=_float(row["score"]),
        flag=row["flag"],  # type: ignore[arg-type]  # written by line_of
        detail=row["detail"],  # type: ignore[arg-type]
        duration_ms=_float(row["duration_ms"]),
        lag_ms=_float(row["lag_ms"]),
    )


def _float(value: str | float | bool | None) -> float | None:
    """Canonical JSON writes 1.0 as 1; a score is a float all the same."""
    return None if value is None else float(value)


def facts_text(facts: LockedFacts) -> str:
    """Write the facts."""
    return canonical_json(asdict(facts)).decode()


def facts_from(text: str) -> LockedFacts:
    """Read the facts back."""
    row = orjson.loads(text)
    counted = row.pop("completeness")
    counted["unexplained"] = tuple(counted["unexplained"])
    return LockedFacts(
        completeness=Completeness(**counted),
        deviations=tuple(row.pop("deviations")),
        refusals=tuple(row.pop("refusals")),
        alarms=tuple(row.pop("alarms", ())),  # locks of schema 0001 have none
        resumptions=tuple(row.pop("resumptions", ())),  # those of schema 0002 neither
        **row,
    )
