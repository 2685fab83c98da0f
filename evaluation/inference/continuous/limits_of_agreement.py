"""Bland and Altman's limits of agreement, with one pair a subject or several."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.continuous.differences import finite_pairs
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import ONE_CLUSTER
from protocols.errors import UsageError

METHOD = Method(
    name="limits_of_agreement",
    sentence=(
        "Mean difference and limits of agreement around it; with several pairs a subject the "
        "variance is the sum of its components between and within subjects, every subject "
        "counting alike."
    ),
    citation=(
        "Bland & Altman 1986, Lancet i:307; 1999, Statistical Methods in Medical Research 8:135; "
        "Carkeet 2015, Optometry and Vision Science 92:e71; "
        "Zou 2013, Statistical Methods in Medical Research 22:630"
    ),
)
LimitInterval = Literal["exact", "mover", "approximate", "approximate_1986"]
Replicates = Literal["none", "constant", "varying"]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class VarianceComponent:
    """A variance estimate on `df` degrees of freedom that enters the total with `weight`."""

    variance: float
    df: float
    weight: float

    @property
    def part(self) -> float:
        """What the component adds to the total variance."""
        return self.weight * self.variance


@dataclass(frozen=True, slots=True)
class Agreement:
    """Bias, standard deviation of a single difference, and the limits with their intervals.

    `sd` includes variation within subjects; `bias_interval` is Student's t over subjects;
    `lower_interval` and `upper_interval` are None where the interval asked for does not exist.
    """

    bias: float
    bias_error: float
    bias_interval: Interval
    sd: float
    lower: float
    upper: float
    lower_interval: Interval | None
    upper_interval: Interval | None
    n_pairs: int
    n_subjects: int
    components: tuple[VarianceComponent, ...]


def normal_multiplier(coverage: float) -> float:
    """How many standard deviations hold a share `coverage` in (0, 1) of normal differences.

    Raises `UsageError` for another coverage.
    """
    if not 0 < coverage < 1:
        raise UsageError("COVERAGE_RANGE", f"A coverage lies between 0 and 1, not {coverage}.")
    return critical_value(coverage)


def limits_of_agreement(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    multiplier: float,
    interval: LimitInterval,
    level: float,
) -> Agreement | NotEvaluable:
    """Limits of agreement of candidate - standard of care, one pair a subject.

    `multiplier` > 0 is how many standard deviations the limits stand off (`normal_multiplier`).
    Intervals at `level` of each limit: `exact` from noncentral t (Carkeet 2015), `mover` (Zou
    2013), `approximate` with s^2 (1/n + m^2 / (2(n-1))) (Bland & Altman 1999) and
    `approximate_1986` with 3 s^2 / n, both with Student's t. Refuses fewer than two pairs and
    differences without variance.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    difference = candidate - standard_of_care
    n = difference.size
    if n < 2:
        return NotEvaluable("too_few_pairs", "Limits of agreement need two pairs.")
    bias = exact_sum(difference) / n
    variance = exact_sum((difference - bias) ** 2) / (n - 1)
    if math.sqrt(variance) <= 1e-12 * float(np.abs(difference).max()):
        reason = f"The difference is {bias:g} on every pair, so there are no limits around it."
        return NotEvaluable("constant_differences", reason)
    parts = (VarianceComponent(variance, n - 1.0, 1.0),)
    return _agreement(parts, bias, (n, n), multiplier=multiplier, interval=interval, level=level)


def replicated_limits(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    replicates: Replicates,
    multiplier: float,
    interval: LimitInterval,
    level: float,
) -> Agreement | NotEvaluable:
    """Limits of agreement with several pairs a subject, every subject counting alike.

    `constant`: the quantity stays the same within a subject, so each arm has its own error there
    (pairs are not linked); `varying`: it changes from pair to pair, so only differences within a
    pair are compared. The variance of one difference is that of the subjects' means plus
    (1 - 1/m) of the variance within, m the harmonic mean of the pairs a subject. Intervals
    `mover` and `approximate` only. Refuses one subject, and subjects with one pair each.
    Bland & Altman 1999, section 5; Zou 2013.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    index, k = cluster_index(cluster)
    if k < 2:
        return ONE_CLUSTER
    size = np.bincount(index, minlength=k).astype(np.float64)
    if len(index) == k:
        return NotEvaluable(
            "no_variation_within", "No subject has two pairs; ask for no replicates."
        )
    within: tuple[FloatArray, ...] = (candidate, standard_of_care)
    if replicates == "varying":
        within = (candidate - standard_of_care,)
    means = cluster_sums(candidate - standard_of_care, index, k) / size
    bias = exact_sum(means) / k
    share = 1 - exact_sum(1 / size) / k
    pooled = [_within(values, index, size) for values in within]
    between = exact_sum((means - bias) ** 2) / (k - 1)
    parts = (
        VarianceComponent(between, k - 1.0, 1.0),
        *(VarianceComponent(v, float(len(index) - k), share) for v in pooled),
    )
    if math.sqrt(between) <= 1e-12 * float(np.abs(candidate - standard_of_care).max()):
        return NotEvaluable("constant_differences", "Differences do not vary between subjects.")
    counts = (len(index), k)
    return _agreement(parts, bias, counts, multiplier=multiplier, interval=interval, level=level)


def _within(values: FloatArray, index: IntArray, size: FloatArray) -> float:
    """The variance within subjects, pooled over them."""
    k = len(size)
    means = cluster_sums(values, index, k) / size
    return exact_sum((values - means[index]) ** 2) / (len(values) - k)


def _agreement(
    parts: tuple[VarianceComponent, ...],
    bias: float,
    counts: tuple[int, int],
    *,
    multiplier: float,
    interval: LimitInterval,
    level: float,
) -> Agreement:
    n_pairs, n_subjects = counts
    sd = math.sqrt(math.fsum(part.part for part in parts))
    error = math.sqrt(parts[0].variance / n_subjects)
    half = critical_value(level, n_subjects - 1) * error
    found = _offsets(parts, n_subjects, multiplier=multiplier, interval=interval, level=level)
    lower, upper = bias - multiplier * sd, bias + multiplier * sd
    return Agreement(
        bias=bias,
        bias_error=error,
        bias_interval=(bias - half, bias + half),
        sd=sd,
        lower=lower,
        upper=upper,
        lower_interval=None if found is None else (bias - found[1], bias - found[0]),
        upper_interval=None if found is None else (bias + found[0], bias + found[1]),
        n_pairs=n_pairs,
        n_subjects=n_subjects,
        components=parts,
    )


def _offsets(
    parts: tuple[VarianceComponent, ...],
    n: int,
    *,
    multiplier: float,
    interval: LimitInterval,
    level: float,
) -> Interval | None:
    """How far from the bias the upper limit may lie; None where no such interval exists."""
    if len(parts) > 1 and interval in ("exact", "approximate_1986"):
        return None
    method: Callable[..., Interval] = {
        "exact": _exact,
        "mover": _mover,
        "approximate": _approximate,
        "approximate_1986": _approximate_1986,
    }[interval]
    return method(parts, n, multiplier, (1 - level) / 2)


def _exact(parts: tuple[VarianceComponent, ...], n: int, m: float, tail: float) -> Interval:
    from scipy import stats  # costs half a second: only where it is used

    scale = math.sqrt(parts[0].variance / n)
    low, high = (float(stats.nct.ppf(p, n - 1, m * math.sqrt(n))) for p in (tail, 1 - tail))
    return low * scale, high * scale


def _mover(parts: tuple[VarianceComponent, ...], n: int, m: float, tail: float) -> Interval:
    """Zou 2013: limits of the mean and of the standard deviation, joined by their squares."""
    total = math.fsum(part.part for part in parts)
    bias = critical_value(1 - 2 * tail) ** 2 * parts[0].variance / n

    def variance_limit(quantile: float, sign: int) -> float:
        squares = (
            (part.part * (1 - part.df / float(special.chdtri(part.df, 1 - quantile)))) ** 2
            for part in parts
        )
        return max(total + sign * math.sqrt(math.fsum(squares)), 0.0)

    def distance(limit: float) -> float:
        return math.sqrt(bias + m**2 * (math.sqrt(limit) - math.sqrt(total)) ** 2)

    middle = m * math.sqrt(total)
    inner = distance(variance_limit(1 - tail, -1))
    return middle - inner, middle + distance(variance_limit(tail, 1))


def _approximate(parts: tuple[VarianceComponent, ...], n: int, m: float, tail: float) -> Interval:
    """Student's t for one pair a subject, normal for several."""
    total = math.fsum(part.part for part in parts)
    spread = math.fsum(part.part**2 / part.df for part in parts)
    error = math.sqrt(parts[0].variance / n + m**2 / (2 * total) * spread)
    half = critical_value(1 - 2 * tail, n - 1 if len(parts) == 1 else None) * error
    return m * math.sqrt(total) - half, m * math.sqrt(total) + half


def _approximate_1986(
    parts: tuple[VarianceComponent, ...], n: int, m: float, tail: float
) -> Interval:
    sd = math.sqrt(parts[0].variance)
    half = critical_value(1 - 2 * tail, n - 1) * sd * math.sqrt(3 / n)
    return m * sd - half, m * sd + half
