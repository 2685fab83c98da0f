"""Rate ratios of counts whose variation is taken from the data: Poisson and negative binomial.

With one covariate, the arm, both models have one equation an arm: the score of an arm's rate is a
sum over its pairs. Influences on the log ratio are summed by subject, so that both arms of a pair
and all pairs of a subject stay together.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaluation.inference.arrays import (
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
    n_distinct,
)
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.events.counts import checked_counts
from evaluation.inference.events.ratios import LogRatio
from evaluation.inference.refusals import ONE_CLUSTER
from protocols.errors import UsageError

POISSON = Method(
    "poisson_rate_ratio",
    "Ratio of event rates from estimating equations with a log link and exposure as offset, "
    "working independence; variance between subjects with K/(K-1); t with K-1 degrees of freedom "
    "on the log scale.",
    "Liang & Zeger 1986, Biometrika 73:13",
)
NEGATIVE_BINOMIAL = Method(
    "negative_binomial_rate_ratio",
    "Ratio of event rates from a negative binomial model (variance mu + alpha mu^2) by maximum "
    "likelihood with exposure as offset; variance between subjects with K/(K-1); t with K-1 "
    "degrees of freedom on the log scale.",
    "Lawless 1987, Canadian Journal of Statistics 15:209; Liang & Zeger 1986, Biometrika 73:13",
)
LARGEST_ALPHA = 1e6


@dataclass(frozen=True, slots=True)
class PairedCountsOverTime:
    """Events of each arm on each pair, the pair's exposure in each arm, and the subject."""

    candidate: FloatArray
    standard_of_care: FloatArray
    candidate_exposure: FloatArray
    standard_of_care_exposure: FloatArray
    cluster: IntArray

    @classmethod
    def of(
        cls,
        candidate: FloatArray,
        standard_of_care: FloatArray,
        cluster: IntArray,
        exposure: FloatArray | None = None,
    ) -> "PairedCountsOverTime":
        """The same exposure in both arms; 1 for every pair where none is given."""
        time = np.ones(len(candidate)) if exposure is None else exposure
        return cls(candidate, standard_of_care, time, time, cluster)

    def refused(self) -> NotEvaluable | None:
        """Refuses no counts, exposures not above 0, one subject, an arm without events.

        None where all can be used; raises `UsageError` for columns of different length.
        """
        counts = checked_counts(self.candidate, self.standard_of_care)
        if counts is not None:
            return counts
        exposures = np.concatenate((self.candidate_exposure, self.standard_of_care_exposure))
        if len(exposures) != 2 * len(self.cluster) or len(self.cluster) != len(self.candidate):
            raise UsageError("LENGTHS_DIFFER", "Every column must have one value for each pair.")
        if not np.isfinite(exposures).all() or (exposures <= 0).any():
            return NotEvaluable("exposure_missing", "A pair has no positive exposure.")
        totals = self.candidate.sum(), self.standard_of_care.sum()
        if max(totals) == 0:
            return NotEvaluable("too_few_events", "Neither arm has an event.")
        if min(totals) == 0:
            reason = "An arm has no event, so the ratio is zero or infinite."
            return NotEvaluable("ratio_undefined", reason)
        if n_distinct(self.cluster) < 2:
            return ONE_CLUSTER
        return None


@dataclass(frozen=True, slots=True)
class Cells:
    """One arm's pairs with equal count and exposure taken together, sorted: no order of rows."""

    counts: FloatArray
    exposure: FloatArray
    n: FloatArray

    @classmethod
    def of(cls, counts: FloatArray, exposure: FloatArray) -> "Cells":
        """Distinct (count, exposure) with how many pairs have them."""
        order = np.lexsort((exposure, counts))
        y, t = counts[order], exposure[order]
        first = np.flatnonzero(np.r_[True, (np.diff(y) != 0) | (np.diff(t) != 0)])
        return cls(y[first], t[first], np.diff(np.r_[first, len(y)]).astype(np.float64))

    def total(self, values: FloatArray) -> float:
        """Sum over the pairs of a value for each cell."""
        return float((self.n * values).sum())


@dataclass(frozen=True, slots=True)
class ArmFit:
    """One arm's log rate, its information, and each pair's residual, its part of the score."""

    log_rate: float
    weight: float
    residual: FloatArray


@dataclass(frozen=True, slots=True)
class RateRatio:
    """`robust` varies between subjects, `model_error` trusts the model and ignores pairing.

    `alpha` is the dispersion of the negative binomial (theta = 1/alpha), 0 for Poisson.
    """

    robust: LogRatio
    model_error: float
    alpha: float
    log_likelihood: float


def poisson_rate_ratio(data: PairedCountsOverTime) -> RateRatio | NotEvaluable:
    """Ratio of events per exposure; an exposure that both arms share cancels.

    Refuses what `PairedCountsOverTime.refused` names and totals that vary alike in every subject.
    """
    return _fitted(data, 0.0)


def negative_binomial_rate_ratio(data: PairedCountsOverTime) -> RateRatio | NotEvaluable:
    """Ratio of rates in a negative binomial model with one dispersion for both arms.

    The model's standard error is that of a fixed dispersion with expected information. Counts
    that vary no more than Poisson have alpha 0 and leave a warning. Refuses as
    `poisson_rate_ratio`, and a dispersion without a finite estimate.
    """
    refused = data.refused()
    if refused is not None:
        return refused
    alpha = _dispersion(data)
    if isinstance(alpha, NotEvaluable):
        return alpha
    warnings: tuple[str, ...] = ()
    if alpha == 0:
        warnings = ("Counts vary no more than Poisson: the dispersion is 0.",)
    return _fitted(data, alpha, warnings)


def _fitted(
    data: PairedCountsOverTime, alpha: float, warnings: tuple[str, ...] = ()
) -> RateRatio | NotEvaluable:
    refused = data.refused()
    if refused is not None:
        return refused
    candidate = fitted_arm(data.candidate, data.candidate_exposure, alpha)
    soc = fitted_arm(data.standard_of_care, data.standard_of_care_exposure, alpha)
    index, k = cluster_index(data.cluster)
    influence = candidate.residual / candidate.weight - soc.residual / soc.weight
    sums = cluster_sums(influence, index, k)
    variance = k / (k - 1) * exact_sum(sums**2)
    if variance <= 1e-24:
        return NotEvaluable("zero_variance", "The ratio is the same in every subject.")
    robust = LogRatio(
        candidate.log_rate - soc.log_rate,
        math.sqrt(variance),
        float(k - 1),
        len(data.cluster),
        k,
        standard_of_care=math.exp(soc.log_rate),
        candidate=math.exp(candidate.log_rate),
        warnings=warnings,
    )
    model_error = math.sqrt(1 / candidate.weight + 1 / soc.weight)
    return RateRatio(robust, model_error, alpha, log_likelihood(data, alpha))


def log_rate_of(cells: Cells, alpha: float) -> float:
    """The log rate that solves sum (y - mu) / (1 + alpha mu) = 0, by Newton's steps.

    Counts hold one event at least; the left side falls in the rate, so the root is one.
    """
    log_rate = math.log(cells.total(cells.counts) / cells.total(cells.exposure))
    for _ in range(100 if alpha > 0 else 0):
        mean = cells.exposure * math.exp(log_rate)
        slope = cells.total(mean * (1 + alpha * cells.counts) / (1 + alpha * mean) ** 2)
        step = cells.total((cells.counts - mean) / (1 + alpha * mean)) / slope
        log_rate += max(-1.0, min(1.0, step))
        if abs(step) < 1e-14:
            break
    return log_rate


def fitted_arm(counts: FloatArray, exposure: FloatArray, alpha: float) -> ArmFit:
    """One arm's rate under a given dispersion; counts hold one event at least."""
    cells = Cells.of(counts, exposure)
    log_rate = log_rate_of(cells, alpha)
    mean = cells.exposure * math.exp(log_rate)
    of_pair = exposure * math.exp(log_rate)
    residual = (counts - of_pair) / (1 + alpha * of_pair)
    return ArmFit(log_rate, cells.total(mean / (1 + alpha * mean)), residual)


def log_likelihood(data: PairedCountsOverTime, alpha: float) -> float:
    """Of both arms at their rates under this dispersion; Poisson's where `alpha` is 0."""
    return sum(_arm_likelihood(cells, alpha) for cells in _arms(data))


def _arms(data: PairedCountsOverTime) -> tuple[Cells, Cells]:
    return (
        Cells.of(data.candidate, data.candidate_exposure),
        Cells.of(data.standard_of_care, data.standard_of_care_exposure),
    )


def _arm_likelihood(cells: Cells, alpha: float) -> float:
    counts, mean = cells.counts, cells.exposure * math.exp(log_rate_of(cells, alpha))
    terms = counts * np.log(mean) - special.gammaln(counts + 1)
    if alpha == 0:
        return cells.total(terms - mean)
    steps = np.log1p(alpha * np.arange(counts.max()))
    rising = _table(steps, counts)
    return cells.total(terms + rising - (counts + 1 / alpha) * np.log1p(alpha * mean))


def _table(steps: FloatArray, counts: FloatArray) -> FloatArray:
    """Sum of the first y steps, for each count y; no gamma function of a huge argument."""
    sums = np.concatenate(([0.0], np.cumsum(steps)))
    return np.asarray(sums[counts.astype(np.int64)], dtype=np.float64)


def _dispersion(data: PairedCountsOverTime) -> float | NotEvaluable:
    """The maximum of the profile likelihood in alpha: 0 where its slope is not positive there."""
    arms = _arms(data)
    if sum(_excess(cells) for cells in arms) <= 0:
        return 0.0
    low, high = -30.0, 0.0
    while _profile_slope(arms, math.exp(high)) > 0:
        low, high = high, high + 2
        if high > math.log(LARGEST_ALPHA):
            return NotEvaluable("dispersion_unbounded", "The dispersion has no finite estimate.")
    if _profile_slope(arms, math.exp(low)) <= 0:
        return 0.0
    root = optimize.brentq(lambda a: _profile_slope(arms, math.exp(a)), low, high, xtol=1e-12)
    return math.exp(float(root))


def _excess(cells: Cells) -> float:
    """Twice the slope of an arm's profile likelihood at alpha 0."""
    mean = cells.exposure * math.exp(log_rate_of(cells, 0.0))
    return cells.total((cells.counts - mean) ** 2 - cells.counts)


def _profile_slope(arms: tuple[Cells, Cells], alpha: float) -> float:
    """Derivative of the profile likelihood; that of the rates is zero at their maximum."""
    total = 0.0
    for cells in arms:
        counts, mean = cells.counts, cells.exposure * math.exp(log_rate_of(cells, alpha))
        steps = np.arange(counts.max())
        scaled = alpha * mean
        bend = np.where(scaled > 1e-4, _bend(scaled), 0.5 - 2 * scaled / 3 + 0.75 * scaled**2)
        rising = _table(steps / (1 + alpha * steps), counts)
        total += cells.total(rising + mean**2 * bend - counts * mean / (1 + scaled))
    return total


def _bend(scaled: FloatArray) -> FloatArray:
    """(log(1 + x) - x / (1 + x)) / x^2, unstable below 1e-4 where the caller takes its series."""
    x = np.maximum(scaled, 1e-4)
    return np.asarray((np.log1p(x) - x / (1 + x)) / x**2, dtype=np.float64)
