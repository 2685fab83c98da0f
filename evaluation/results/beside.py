"""What a look found beside its hypotheses: analyses, safety, subgroups, missingness, curves."""

from evaluation.results.base import Result
from evaluation.results.effects import PairedTable
from protocols.vocabulary import SafetyVerdict


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
