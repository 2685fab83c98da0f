"""A lock's bytes: records to canonical JSON and back. What is written here is never reworded."""

from dataclasses import asdict

import orjson

from gateway.store.records import ArmRecord, Completeness, LockedFacts, PairRecord
from protocols.canonical import canonical_json
from protocols.vocabulary import Fate, OutcomeState


def line_of(pair: PairRecord) -> bytes:
    """Write one pair as one line."""
    return canonical_json(asdict(pair)) + b"\n"


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
