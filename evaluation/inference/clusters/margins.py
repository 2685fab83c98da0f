"""The published clustered McNemar tests in the forms that know a margin: for comparison.

Both refer to the normal distribution and reject too often with few subjects; the registered
default is `clustered_score` or `clustered_difference`.
"""

import math

from evaluation.inference.arrays import exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.clusters.wald import (
    ZERO_VARIANCE,
    against_margin,
    no_spread,
    pooled_arms,
    pooled_difference,
    subject_arms,
    subject_differences,
)
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from protocols.vocabulary import Direction

DURKALSKI = Method(
    "durkalski_margin",
    "Unweighted mean of the subjects' own differences with its moment variance, normal reference.",
    "Durkalski, Palesch, Lipsitz & Rust 2003, Statistics in Medicine 22:279",
)
YANG = Method(
    "yang_margin",
    "Pooled difference; variance half way between the one centred at the margin and the one "
    "centred at the estimate, with the factor K/(K-1); normal reference.",
    "Yang, Sun & Hardin 2012, Computational Statistics & Data Analysis 56:1301",
)


def durkalski_margin(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """sum (d_k - D) / sqrt(sum (d_k - mean)^2) with d_k a subject's mean difference.

    `D` is the effect under the margin; normal reference. Refuses subjects whose mean differences
    are all the same. Durkalski et al. 2003, Stat Med 22:279.
    """
    own, k = subject_differences(totals), totals.n_clusters
    mean = exact_sum(own) / k
    error = math.sqrt(exact_sum((own - mean) ** 2)) / k
    if no_spread(error, totals):
        return ZERO_VARIANCE
    return against_margin(
        DURKALSKI,
        totals,
        mean,
        error,
        df=None,
        margin=margin,
        direction=direction,
        level=level,
        arms=subject_arms(totals),
    )


def yang_margin(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Yang's statistic against a margin; the interval solves it as a quadratic.

    `standard_error` is the one at the margin, which the statistic divides by. At margin 0 its
    square is the published chi-squared statistic. Refuses a level at which so few subjects bound
    nothing.
    """
    sums, n, k = totals.candidate - totals.standard_of_care, totals.n_pairs, totals.n_clusters
    mean = pooled_difference(totals)
    residual = sums - totals.n * mean
    squares = exact_sum(residual * residual)
    cross, sizes = exact_sum(residual * totals.n), exact_sum(totals.n * totals.n)
    factor = k / (k - 1)

    def variance(distance: float) -> float:
        """At the effect `mean - distance`."""
        spread = squares + distance * cross + distance * distance * sizes / 2
        return factor * spread / n**2

    distance = mean - null_effect(margin, direction)
    if no_spread(math.sqrt(squares) / n, totals):
        return ZERO_VARIANCE
    error = math.sqrt(variance(distance))
    z = critical_value(level)
    leading = n**2 - z * z * factor * sizes / 2
    if not leading > 0:
        reason = f"At level {level} the interval of {k} subjects has no end."
        return NotEvaluable("interval_unbounded", reason)
    half = z * z * factor * cross
    root = math.sqrt(max(half * half + 4 * leading * z * z * factor * squares, 0.0))
    statistic = turned(distance / error, direction)
    soc, candidate = pooled_arms(totals)
    return Estimate(
        method=YANG,
        estimate=mean,
        standard_error=error,
        low=mean - (half + root) / (2 * leading),
        high=mean - (half - root) / (2 * leading),
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, None),
        df=None,
        information=1 / math.pow(error, 2),
        n_pairs=n,
        n_clusters=k,
        standard_of_care=soc,
        candidate=candidate,
    )
