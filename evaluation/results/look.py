"""How a look came about, and the root of `results.json`."""

from evaluation.results.base import Result
from evaluation.results.beside import (
    AnalysisResult,
    ArmCalibration,
    MissingPattern,
    NaturalFrequencies,
    RocCurve,
    SafetyResult,
    SubgroupResult,
)
from evaluation.results.effects import HypothesisResult
from evaluation.results.sequential import ReEstimationResult


class FlowStep(Result):
    """One box of the flow diagram with the reasons for what leaves before the next, zeros kept."""

    id: str
    title: str
    n: int
    excluded: tuple[tuple[str, int], ...]  # (reason, count)


class PopulationCount(Result):
    """Who is in an analysis population; `n_evaluable` have an ascertained outcome."""

    id: str
    title: str
    definition: str
    role: str
    n_pairs: int
    n_evaluable: int
    n_events: int
    n_subjects: int


class ArmOperations(Result):
    """Counts by fate and the arm's own response times in milliseconds over answered requests."""

    arm: str
    name: str
    version: str
    digest: str
    fates: dict[str, int]
    p50_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    lag_p50_ms: float | None
    lag_p99_ms: float | None


class DeviationCount(Result):
    """How often conduct departed from the protocol in one way."""

    code: str
    severity: str
    n: int
    detail: str


class RefusalEntry(Result):
    """Something asked for that the registered plan does not allow."""

    code: str
    detail: str


class AlarmEntry(Result):
    """What a safety rule raised between looks, before the lock."""

    rule: str
    action: str  # notify | pause | stop
    severity: str
    detail: str
    n_units: int  # that the rule had seen
    entered_at: str  # RFC 3339 UTC, of the outcome that raised it
    resumed_at: str | None = None  # of a pause that a person resumed before the lock
    resumed_by: str | None = None
    resumed_reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether at the lock it kept the candidate from being asked."""
        return self.action == "stop" or (self.action == "pause" and self.resumed_at is None)


class LateOutcomes(Result):
    """What came since an earlier look: outcomes of pairs arrived by its lock, and new pairs.

    `n_then` evaluable pairs were known at that look, `n_late` and `n_new` are evaluable since.
    """

    look: str
    n_then: int
    n_late: int
    n_new: int


class Recommendation(Result):
    """The first registered rule that was true; named people decide."""

    rule: str
    recommendation: str
    sentence: str
    decided_by: tuple[str, ...]


class Digests(Result):
    """`sha256:` digests of the registered protocol and of the locked data."""

    protocol: str
    lock: str


class LookFacts(Result):
    """Which look of which trial, when it was locked and how far the trial had come."""

    trial: str
    title: str
    acronym: str
    protocol_version: str
    protocol_date: str
    look: str
    look_number: int
    looks_planned: int
    final: bool
    status: str  # INTERIM | FINAL
    retrospective: bool
    locked_at: str  # RFC 3339 UTC
    information_fraction: float
    evaluable_pairs: int
    planned_pairs: int
    looks_made: int
    looks_refused: int

    @property
    def counted(self) -> str:
        """'2 of 3'; '4 (3 planned)' where looks were added or passed over."""
        at_end = self.look_number == self.looks_planned
        planned = self.look_number <= self.looks_planned and self.final == at_end
        if planned and not self.look.startswith("unplanned_"):
            return f"{self.look_number} of {self.looks_planned}"
        return f"{self.look_number} ({self.looks_planned} planned)"


class CompletenessResult(Result):
    """Accepted requests against recorded ones, and the share that was lost."""

    accepted: int
    recorded: int
    booked_gaps: int
    unexplained: tuple[str, ...]
    gap_share: float
    largest_gap_share: float
    within_protocol: bool


class LookResults(Result):
    """The root of `results.json`."""

    schema_version: str
    engine_version: str
    facts: LookFacts
    digests: Digests
    headline: str  # the verdict sentence of the look
    hypotheses: tuple[HypothesisResult, ...]
    re_estimation: ReEstimationResult | None = None  # at its look, and kept by those after it
    safety: tuple[SafetyResult, ...]
    analyses: tuple[AnalysisResult, ...]
    recommendation: Recommendation
    frequencies: tuple[NaturalFrequencies, ...]
    flow: tuple[FlowStep, ...]
    populations: tuple[PopulationCount, ...]
    subgroups: tuple[SubgroupResult, ...]
    curves: tuple[RocCurve, ...]
    calibration: tuple[ArmCalibration, ...]  # only arms whose output is a probability
    missing_patterns: tuple[MissingPattern, ...]
    operations: tuple[ArmOperations, ...]
    completeness: CompletenessResult
    outcome_conflicts: int
    alarms: tuple[AlarmEntry, ...] = ()
    late: tuple[LateOutcomes, ...] = ()  # of each look before, in order
    deviations: tuple[DeviationCount, ...]
    refusals: tuple[RefusalEntry, ...]
    limits: tuple[str, ...]  # what this trial cannot show, generated from facts
    protocol: dict[str, object]  # the canonical protocol, for the report's own text
