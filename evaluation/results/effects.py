"""What a look found of each hypothesis."""

from evaluation.results.base import Result
from evaluation.results.sequential import (
    FutilityReading,
    HarmReading,
    SequentialInference,
    SharedAlpha,
    Unweighted,
)
from protocols.methods.measures import Measure
from protocols.vocabulary import Direction, Framework, Role, Verdict


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
    unweighted: Unweighted | None = None  # of all pairs, where `statistic` combines stages


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
    planned_information: float | None  # None for a look that is not in the plan
    information_fraction: float  # actual, on the spending clock
    statistical_information: float | None  # 1 / SE^2 at this look
    alpha_spent: float  # cumulative, one-sided
    nominal_alpha: float  # of this look
    z: float | None  # the bound
    statistic: float | None  # what was observed
    crossed: bool | None
    level: float | None = None  # one-sided, of all looks together: the alpha held at this look
    spending_time: float | None = None  # where the registered clock stood, in [0, 1]
    clock_reading: float | None = None  # events or days, where one of them is the clock
    futility: tuple[FutilityReading, ...] = ()
    harm: tuple[HarmReading, ...] = ()
    unweighted: Unweighted | None = None  # then information and statistic are the weighted ones


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
    sequential: SequentialInference | None = None
    shared: SharedAlpha | None = None  # where one alpha is shared between hypotheses
    reason: str | None
