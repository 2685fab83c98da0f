"""Paired means: differences of numbers such as errors, losses, Brier scores or values.

The standard deviation is that of the paired difference: a wrong guess of it is the usual reason
for a trial without answer, so it may be put together from the arms and their correlation.
"""

import math

import numpy as np
from scipy import special

from evaluation.design.size.plan import (
    Normal,
    Plan,
    SampleSize,
    Target,
    check_pairs,
    sized,
    smallest,
)
from protocols.errors import UsageError

SPREADS = 200  # quantiles of the estimated standard deviation
FARTHEST = 100.0  # a noncentrality beyond which the noncentral t is slow


def sd_of_difference(sd_candidate: float, sd_standard_of_care: float, correlation: float) -> float:
    """From the arms' standard deviations and their correlation in [-1, 1]."""
    check_correlation(correlation)
    if not (0 <= sd_candidate < math.inf and 0 <= sd_standard_of_care < math.inf):
        raise UsageError("SD_RANGE", "A standard deviation is a number, and not negative.")
    covariance = correlation * sd_candidate * sd_standard_of_care
    return math.sqrt(max(sd_candidate**2 + sd_standard_of_care**2 - 2 * covariance, 0.0))


def check_correlation(correlation: float) -> None:
    """Raises `UsageError` for a correlation outside [-1, 1]."""
    if not -1 <= correlation <= 1:
        raise UsageError("CORRELATION_RANGE", f"A correlation lies in [-1, 1], not {correlation}.")


def mean_size(target: Target, sd: float, plan: Plan) -> SampleSize:
    """Normal approximation: (z_alpha + z_power)^2 sd^2 / distance^2 (Julious 2010, chapter 4).

    `sd` > 0 is that of the paired difference. The size of a mean-type endpoint of any kind: Brier
    score, log loss, net benefit, absolute error.
    """
    return mean_normal(target, sd).size(plan, "paired mean, normal")


def mean_power(target: Target, sd: float, n: float, plan: Plan) -> float:
    """Power of `n` independent evaluable pairs at one look, normal approximation."""
    return mean_normal(target, sd).power(n, plan)


def mean_normal(target: Target, sd: float) -> Normal:
    """The variance of the paired difference, the same under null and truth."""
    if not 0 < sd < math.inf:
        raise UsageError("SD_RANGE", f"A standard deviation is positive, not {sd}.")
    return Normal(target.distance, sd**2, sd**2)


def t_power(target: Target, sd: float, n: float, plan: Plan) -> float:
    """Exact power of the paired t test with `n` > 1 pairs (real numbers allowed)."""
    return 1 - _failing(target, sd, n, plan)


def _failing(target: Target, sd: float, n: float, plan: Plan) -> float:
    """The chance that the t test does not reject."""
    mean_normal(target, sd)
    check_pairs(n)
    if n <= 1:
        return 1.0
    critical = -float(special.stdtrit(n - 1, plan.alpha))
    shift = math.sqrt(n) * target.distance / sd
    if not math.isfinite(critical):
        return 1.0
    if shift > FARTHEST:
        return _mean_over_spread(n - 1, shift, critical)
    found = float(special.nctdtr(n - 1, shift, critical))
    return found if math.isfinite(found) else _mean_over_spread(n - 1, shift, critical)


def _mean_over_spread(df: float, shift: float, critical: float) -> float:
    """The same where the noncentral t is slow or has no answer, over each estimated spread."""
    nodes, weights = np.polynomial.legendre.leggauss(SPREADS)
    spread = np.sqrt(special.gammaincinv(df / 2, (nodes + 1) / 2) * 2 / df)
    return float(weights @ special.ndtr(critical * spread - shift)) / 2


def t_deviate(target: Target, sd: float, n: float, plan: Plan) -> float:
    """The standard normal quantile of `t_power`, from the chance to fail, which keeps digits."""
    normal = mean_normal(target, sd)
    failing = _failing(target, sd, n, plan)
    if failing >= 1:
        return -math.inf
    found = -float(special.ndtri(failing))
    return found if math.isfinite(found) else normal.deviate(n, plan)


def t_size(target: Target, sd: float, plan: Plan) -> SampleSize:
    """Exact size of the paired t test by the noncentral t distribution, before rounding too."""
    start = mean_size(target, sd, Plan(plan.alpha, plan.power)).n_independent

    def power_at(n: float) -> float:
        return t_power(target, sd, n, plan)

    n = smallest(power_at, plan.power, max(start, 1.5))
    return sized(n, plan, power_at, "paired mean, t")
