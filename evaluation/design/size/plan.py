"""What every sample size shares: target, error rates, what inflates it, and how it is rounded.

A size is first the number of evaluable, independent pairs that one look needs. Repeat
encounters, interim looks and unascertained outcomes then multiply it, each by its own factor.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import optimize, special

from evaluation.inference.orientation import null_effect, sign_of
from protocols.errors import UsageError
from protocols.vocabulary import Direction

WHOLE = 1e-9  # relative; a size this close above a whole number is that number
MOST_PAIRS = 1e12


@dataclass(frozen=True, slots=True)
class Clusters:
    """Repeat encounters: mean number a subject, its coefficient of variation, correlation.

    `icc` is the intra-subject correlation of what is tested - the discordance or the paired
    difference, not the outcome - in [0, 1]. Eliasziw & Donner 1991, Stat Med 10:1981; the term for
    unequal sizes is that of Eldridge, Ashby & Kerry 2006, Int J Epidemiol 35:1292.
    """

    mean_size: float
    size_variation: float
    icc: float

    def __post_init__(self) -> None:
        if not (1 <= self.mean_size < math.inf and 0 <= self.size_variation < math.inf):
            message = "A subject has one encounter at least, with a variation of 0 or more."
            raise UsageError("CLUSTER_SIZE", message)
        if not 0 <= self.icc <= 1:
            message = f"An intra-subject correlation lies in [0, 1], not {self.icc}."
            raise UsageError("CORRELATION_RANGE", message)

    @property
    def design_effect(self) -> float:
        """1 + (m (1 + cv^2) - 1) icc, 1 at least."""
        return 1 + (self.mean_size * (1 + self.size_variation**2) - 1) * self.icc


@dataclass(frozen=True, slots=True)
class Plan:
    """Error rates and what multiplies a size.

    `alpha` one-sided; `inflation` is the group sequential design's factor (its largest
    information over that of one look); `ascertainment` the share of pairs whose outcome will be
    known. Raises `UsageError` unless 0 < alpha < 0.5 and alpha < power < 1.
    """

    alpha: float
    power: float
    inflation: float = 1.0
    ascertainment: float = 1.0
    clusters: Clusters | None = None

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            message = f"A one-sided alpha lies in (0, 0.5), not {self.alpha}."
            raise UsageError("ALPHA_RANGE", message)
        if not self.alpha < self.power < 1:
            message = f"A power lies above alpha and below 1; {self.power} does not."
            raise UsageError("POWER_RANGE", message)
        if not 1 <= self.inflation < math.inf:
            raise UsageError("INFLATION_RANGE", "Looks never make a trial's largest size smaller.")
        if not 0 < self.ascertainment <= 1:
            raise UsageError("ASCERTAINMENT_RANGE", "The share of known outcomes lies in (0, 1].")

    @property
    def z_alpha(self) -> float:
        return -float(special.ndtri(self.alpha))

    @property
    def z_power(self) -> float:
        return float(special.ndtri(self.power))

    @property
    def factor(self) -> float:
        """Evaluable pairs of this trial for each independent pair of one look."""
        return self.inflation * (1.0 if self.clusters is None else self.clusters.design_effect)


@dataclass(frozen=True, slots=True)
class Target:
    """The signed effect on the edge of the null, and the one the trial is planned for.

    Both candidate minus standard of care. Raises `UsageError` unless the planned effect lies on
    the good side of the null.
    """

    null: float
    truth: float
    direction: Direction

    def __post_init__(self) -> None:
        if not (math.isfinite(self.null) and self.distance > 0):
            message = "The effect planned for lies on the good side of the null effect."
            raise UsageError("EFFECT_SIDE", message)

    @property
    def distance(self) -> float:
        return sign_of(self.direction) * (self.truth - self.null)


def against_margin(
    margin: float, truth: float, direction: Direction, *, justification: str = ""
) -> Target:
    """Non-inferiority: a positive margin on the endpoint's scale, and the true effect planned for.

    Raises `UsageError` for a margin that is not positive, and for a candidate planned to be
    better than standard of care without a reason in writing.
    """
    if not margin > 0:
        raise UsageError("MARGIN_RANGE", f"A margin is positive, not {margin}.")
    if sign_of(direction) * truth > 0 and not justification.strip():
        message = (
            "Planning for a candidate that is better makes the trial smaller than a candidate "
            "of equal worth needs: write down why."
        )
        raise UsageError("JUSTIFICATION_MISSING", message)
    return Target(null_effect(margin, direction), truth, direction)


def for_superiority(truth: float, direction: Direction) -> Target:
    """Superiority: the null is no effect."""
    return Target(0.0, truth, direction)


@dataclass(frozen=True, slots=True)
class SampleSize:
    """A size before and after rounding, and what the rounded one attains.

    `n_exact` are evaluable pairs with looks and clusters counted in, before rounding; `n_pairs`
    the same rounded up; `n_enrolled` divides by the share of known outcomes; `n_subjects` are
    the subjects they come from (None without clusters). `attained_power` belongs to `n_pairs`.
    `n_independent` is what a single look at independent pairs needs, before rounding.
    """

    n_independent: float
    n_exact: float
    n_pairs: int
    n_enrolled: int
    n_subjects: int | None
    attained_power: float
    alpha: float
    power: float
    method: str


def rounded_up(n: float) -> int:
    """The next whole number; a float that misses one by its last digits counts as that one."""
    nearest = round(n)
    return nearest if abs(n - nearest) <= WHOLE * max(1.0, n) else math.ceil(n)


def sized(
    n_independent: float, plan: Plan, power_at: Callable[[float], float], method: str
) -> SampleSize:
    """A size out of the pairs one look needs; `power_at` takes such a number.

    Raises `UsageError` beyond 1e12 pairs.
    """
    if not n_independent * plan.factor / plan.ascertainment < MOST_PAIRS:
        raise UsageError("SIZE_RANGE", "No trial is large enough for this target.")
    exact = n_independent * plan.factor
    pairs = max(1, rounded_up(exact))
    enrolled = rounded_up(pairs / plan.ascertainment)
    subjects = None
    if plan.clusters is not None:
        subjects = rounded_up(enrolled / plan.clusters.mean_size)
    return SampleSize(
        n_independent=n_independent,
        n_exact=exact,
        n_pairs=pairs,
        n_enrolled=enrolled,
        n_subjects=subjects,
        attained_power=power_at(pairs / plan.factor),
        alpha=plan.alpha,
        power=plan.power,
        method=method,
    )


def check_pairs(n: float) -> None:
    """Raises `UsageError` unless `n` is a number of pairs; parts of one are allowed."""
    if not 0 <= n < math.inf:
        raise UsageError("COUNT_RANGE", f"A number of pairs is finite and not negative, not {n}.")


@dataclass(frozen=True, slots=True)
class Normal:
    """An estimate with a variance of its own under the null and under the truth, for one pair."""

    distance: float
    variance_null: float
    variance_truth: float

    def __post_init__(self) -> None:
        if not (self.distance > 0 and math.isfinite(self.distance)):
            message = "The effect planned for lies on the good side of the null effect."
            raise UsageError("EFFECT_SIDE", message)
        if not (self.variance_truth >= 0 and self.variance_null >= 0):
            raise UsageError("VARIANCE_RANGE", "A variance is not negative.")
        if not self.variance_null + self.variance_truth > 0:
            raise UsageError("VARIANCE_RANGE", "A size needs an effect that varies.")

    def among(self, share: float) -> "Normal":
        """The same for one pair of a population of which this `share` counts for the endpoint.

        Sensitivity counts pairs with the event, specificity those without.
        """
        if not 0 < share <= 1:
            raise UsageError("SHARE_RANGE", "The share that counts lies in (0, 1].")
        return Normal(self.distance, self.variance_null / share, self.variance_truth / share)

    def deviate(self, n: float, plan: Plan) -> float:
        """Standardised distance beyond the critical value; its normal probability is the power."""
        check_pairs(n)
        short = math.sqrt(n) * self.distance - plan.z_alpha * math.sqrt(self.variance_null)
        if self.variance_truth == 0:
            return math.inf if short >= -WHOLE * self.distance else -math.inf
        return short / math.sqrt(self.variance_truth)

    def power(self, n: float, plan: Plan) -> float:
        return float(special.ndtr(self.deviate(n, plan)))

    def size(self, plan: Plan, method: str) -> SampleSize:
        """((z_alpha sqrt V0 + z_power sqrt V1) / distance)^2 pairs, then the plan's factors."""
        root = plan.z_alpha * math.sqrt(self.variance_null)
        root += plan.z_power * math.sqrt(self.variance_truth)
        n = (max(root, 0.0) / self.distance) ** 2
        return sized(n, plan, lambda pairs: self.power(pairs, plan), method)


def smallest(power_at: Callable[[float], float], power: float, start: float) -> float:
    """The real size at which a rising power reaches its target; `start` is a first guess > 0.

    Raises `UsageError` where it is not reached.
    """
    low = high = max(start, 1e-6)
    while power_at(high) < power:
        high *= 2
        if high > MOST_PAIRS:
            raise UsageError("SIZE_RANGE", "No trial is large enough for this target.")
    while power_at(low) > power and low > 1e-9:
        low /= 2
    if low >= high:
        return high
    return float(optimize.brentq(lambda n: power_at(n) - power, low, high, xtol=1e-10, rtol=1e-13))
