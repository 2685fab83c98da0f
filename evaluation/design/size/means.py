"""Paired means: differences of numbers such as errors, losses, Brier scores or values.

The standard deviation is that of the paired difference: a wrong guess of it is the usual reason
for a trial without answer, so it may be put together from the arms and their correlation.
"""

import math

from scipy import special

from evaluation.design.size.plan import Normal, Plan, SampleSize, Target, sized, smallest
from protocols.errors import UsageError


def sd_of_difference(sd_candidate: float, sd_standard_of_care: float, correlation: float) -> float:
    """From the arms' standard deviations and their correlation in [-1, 1]."""
    check_correlation(correlation)
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
    mean_normal(target, sd)
    if n <= 1:
        return 0.0
    critical = -float(special.stdtrit(n - 1, plan.alpha))
    shift = math.sqrt(n) * target.distance / sd
    return 1 - float(special.nctdtr(n - 1, shift, critical))


def t_size(target: Target, sd: float, plan: Plan) -> SampleSize:
    """Exact size of the paired t test by the noncentral t distribution, before rounding too."""
    start = mean_size(target, sd, Plan(plan.alpha, plan.power)).n_independent

    def power_at(n: float) -> float:
        return t_power(target, sd, n, plan)

    n = smallest(power_at, plan.power, max(start, 1.5))
    return sized(n, plan, power_at, "paired mean, t")
