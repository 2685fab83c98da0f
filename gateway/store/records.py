"""What leaves the store: frozen records, ready for analysis."""

from dataclasses import dataclass

from protocols.vocabulary import Fate, OutcomeState


@dataclass(frozen=True, slots=True)
class ArmRecord:
    """What one arm made of one pair. `score` and `flag` are None unless the fate is answered.

    `duration_ms` is the arm's own time, `lag_ms` the time from arrival to the asking.
    """

    fate: Fate
    score: float | None
    flag: bool | None
    detail: str | None
    duration_ms: float | None
    lag_ms: float | None


@dataclass(frozen=True, slots=True)
class PairRecord:
    """One encounter at a lock: both arms and the outcome. `ordinal` is its place in arrival order.

    `subject` is the unit of clustering (a token); `inputs` holds the stored fields only. `further`
    holds the further outcomes that are ascertained, mature and not contradicted, under flat keys:
    `dose`, `harm.candidate`, `relapse.time`, `relapse.event`, `ttd.candidate.time`. Its numbers are
    as JSON has them, so that 5.0 is the integer 5.
    """

    ordinal: int
    pair_id: str
    subject: str
    encounter: str
    arrived_at_us: int
    eligible: bool
    ineligible_reason: str | None
    sampled: bool
    duplicate_of: str | None
    inputs: dict[str, float | int | str | bool | None]
    standard_of_care: ArmRecord
    candidate: ArmRecord
    outcome_state: OutcomeState
    outcome: bool | None
    further: dict[str, float | int | str | bool]


@dataclass(frozen=True, slots=True)
class Completeness:
    """The completeness contract: accepted = recorded + booked gaps + unexplained + in flight.

    In flight: given out by a running gateway and not yet read from its journal.
    """

    accepted: int
    recorded: int
    booked_gaps: int
    unexplained: tuple[str, ...]  # "epoch:seq" of accepted requests that nothing accounts for
    fates: dict[str, dict[str, int]]  # arm -> fate -> count, pending included
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class LockedFacts:
    """What a look sees beside the pairs, frozen with them."""

    trial: str
    look: str
    protocol_digest: str
    locked_at_us: int
    accrual_closed: bool
    completeness: Completeness
    deviations: tuple[dict[str, str], ...]  # code, severity, detail, n (as text), sorted
    refusals: tuple[dict[str, str], ...]  # code, detail, sorted
    outcome_conflicts: int
    alarms: tuple[dict[str, str], ...] = ()  # of safety rules between looks, by time
    resumptions: tuple[dict[str, str], ...] = ()  # of pauses, by time

    @property
    def held(self) -> bool:
        """Whether at the lock an alarm kept the candidate from being asked: a stop or a pause."""
        resumed = {row["rule"] for row in self.resumptions}
        return any(
            row["action"] == "stop" or (row["action"] == "pause" and row["rule"] not in resumed)
            for row in self.alarms
        )


@dataclass(frozen=True, slots=True)
class LockedData:
    """A lock read back: `lock_id` is the SHA-256 over its parts and facts."""

    lock_id: str
    facts: LockedFacts
    pairs: tuple[PairRecord, ...]
