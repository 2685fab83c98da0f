"""What a look found: the only thing that reports read, and the content of `results.json`.

Effects are candidate minus standard of care, or candidate over standard of care where `scale` is
`ratio`. Shares lie in [0, 1]. `level` of an interval is
two-sided. A missing number is None together with a reason; it is never zero and never NaN.
"""

from pydantic import BaseModel, ConfigDict

from protocols.methods.measures import Measure
from protocols.vocabulary import Direction, Framework, Role, SafetyVerdict, Verdict


class Result(BaseModel):
    """A part of the results: frozen, nothing unknown, no NaN and no infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Interval(Result):
    """On the effect's scale; `level` in (0, 1), two-sided; `kind` is repeated or naive.

    A repeated interval holds its level over all looks at once, so it is wider at each look; the
    one-sided level spent on it at this look is the boundary's `nominal_alpha`.
    """

    low: float
    high: float
    level: float
    kind: str


class ArmValue(Result):
    """One arm's own value on the endpoint with a two-sided interval where the method has one."""

    value: float
    low: float | None
    high: float | None


class PairedTable(Result):
    """Both right, candidate only, standard of care only, neither."""

    n11: int
    n10: int
    n01: int
    n00: int


class TestResult(Result):
    """One estimator applied to one analysis population.

    `statistic` is the z (or t) of the registered hypothesis, sign already turned so that large
    favours the alternative; `p_value` is one-sided from the same statistic; `information` is
    1 / SE^2. `not_evaluable` carries the reason when `estimate` is None.
    """

    population: str
    test: str
    method: str  # sentence
    citation: str
    n_pairs: int
    n_subjects: int
    n_events: int
    scale: str  # difference | ratio
    estimate: float | None
    standard_error: float | None
    statistic: float | None
    df: float | None
    p_value: float | None
    information: float | None
    intervals: tuple[Interval, ...]
    standard_of_care: ArmValue | None
    candidate: ArmValue | None
    table: PairedTable | None
    warnings: tuple[str, ...]
    not_evaluable: str | None


class MissingBounds(Result):
    """Every unascertained outcome set against the candidate, then in its favour.

    Where lower is better, worst is the larger estimate; `worst_low` is then the upper limit of the
    worst case and `best_high` the lower limit of the best case.
    """

    n_unascertained: int
    n_unresolved_discordant: int | None
    worst_estimate: float | None
    worst_low: float | None  # lower limit of the look's interval in the worst case
    best_estimate: float | None
    best_high: float | None
    verdict_survives_worst_case: bool | None
    method: str
    reason: str | None  # why there is no bound, where there is none


class Boundary(Result):
    """The efficacy bound of one hypothesis at one look, from the spending function.

    `z` is None at a look that spends no alpha: it can claim nothing. `statistic` is on the normal
    scale, so that it can be held against `z` whatever the estimator's reference distribution.
    """

    look: str
    number: int
    planned_information: float
    information_fraction: float  # actual, on the spending clock
    statistical_information: float | None  # 1 / SE^2 at this look
    alpha_spent: float  # cumulative, one-sided
    nominal_alpha: float  # of this look
    z: float | None  # the bound
    statistic: float | None  # what was observed
    crossed: bool | None


class HypothesisResult(Result):
    """One registered hypothesis: the primary population decides, the others must agree."""

    id: str
    endpoint: str
    endpoint_title: str
    role: Role
    measure: Measure
    direction: Direction
    framework: Framework
    scale: str  # difference | ratio
    margin: float | None  # a ratio as written, where the scale is ratio
    margin_clinical_basis: str | None
    alpha: float
    null_hypothesis: str  # generated sentence
    alternative: str
    verdict: Verdict
    verdict_sentence: str
    shown: bool
    shown_at: str | None = None  # the look at which it was first shown; shown once, shown for good
    claimed: bool  # shown, and so is all of its group: inside a group each is tested at full alpha
    primary: TestResult
    supporting: tuple[TestResult, ...]
    sensitivity: tuple[TestResult, ...]
    boundaries: tuple[Boundary, ...]  # this look and the looks before it, in order
    missing: MissingBounds
    reason: str | None


class QuantityResult(Result):
    """One number of a registered analysis: `p_value` is two-sided unless the title says otherwise.

    A pure test has no estimate; `reason` says why a number is missing that should be there.
    """

    name: str
    title: str
    estimate: float | None
    standard_error: float | None
    low: float | None
    high: float | None
    statistic: float | None
    df: float | None
    p_value: float | None
    reason: str | None


class AnalysisResult(Result):
    """A registered analysis without a verdict; intervals are two-sided at `level`, for this look.

    `quantities` is empty where `not_evaluable` carries a reason.
    """

    id: str
    title: str
    role: str
    group: str  # the family of the method
    endpoint: str
    endpoint_title: str
    population: str
    estimator: str
    interval: str
    level: float
    method: str  # sentence
    citation: str
    n_pairs: int
    n_subjects: int
    quantities: tuple[QuantityResult, ...]
    warnings: tuple[str, ...]
    not_evaluable: str | None


class SafetyResult(Result):
    """One safety rule: `n_events` among `n_among` pairs, held against `limit`."""

    id: str
    title: str
    severity: str
    action: str
    n_events: int
    n_among: int
    share: float | None
    low: float | None  # one-sided bound at `confidence`
    high: float | None  # one-sided bound at `confidence`
    confidence: float
    limit: float
    limit_basis: str
    verdict: SafetyVerdict
    sentence: str
    net_discordant: PairedTable | None  # among the pairs of the rule: who flagged
    reason: str | None


class SubgroupCell(Result):
    """One level of a subgroup, with a naive 95 % interval."""

    level: str
    title: str
    n_pairs: int | None  # None when suppressed, or withheld to guard a suppressed level
    n_events: int | None
    estimate: float | None
    low: float | None
    high: float | None
    suppressed: bool
    withheld: bool  # large enough, but with the total it would give a suppressed level away
    reason: str | None


class SubgroupResult(Result):
    """One endpoint over the levels of one subgroup; descriptive."""

    id: str
    title: str
    endpoint: str
    endpoint_title: str
    cells: tuple[SubgroupCell, ...]


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


class ArmCalibration(Result):
    """Events observed over events expected, for an arm whose output is a probability.

    Over the evaluable pairs of the primary population with that arm's answer; None when the
    expected number is zero.
    """

    arm: str
    n_pairs: int
    observed: int
    expected: float
    observed_over_expected: float | None


class MissingPattern(Result):
    """Does it matter who is missing? Event share with and without an arm's answer."""

    arm: str
    n_answered: int
    n_unanswered: int
    event_share_answered: float | None
    event_share_unanswered: float | None
    low: float | None  # 95 % interval of the difference unanswered - answered
    high: float | None
    p_value: float | None
    informative: bool | None  # p < 0.05, two-sided; None when not evaluable
    sentence: str


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


class NaturalFrequencies(Result):
    """What the rates mean for 1,000 like encounters, rounded to whole numbers by the reports."""

    endpoint: str
    per: int
    standard_of_care_missed: float | None
    candidate_missed: float | None
    standard_of_care_flagged: float | None
    candidate_flagged: float | None


class CurvePoint(Result):
    """False-positive share across, true-positive share upwards."""

    x: float
    y: float


class RocCurve(Result):
    """At most 200 points, thinned by a fixed rule; the operating point is the threshold."""

    arm: str
    auc: float | None
    points: tuple[CurvePoint, ...]
    operating_false_positive_share: float | None
    operating_true_positive_share: float | None


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
    deviations: tuple[DeviationCount, ...]
    refusals: tuple[RefusalEntry, ...]
    limits: tuple[str, ...]  # what this trial cannot show, generated from facts
    protocol: dict[str, object]  # the canonical protocol, for the report's own text
