"""What a look may claim whether or not the stopping rule is followed: repeated interval and p.

Jennison & Turnbull 1989, J R Stat Soc B 51:305. The interval takes the look's bound as its
critical value, so it excludes the margin exactly when the bound is crossed.
"""

import math
from collections.abc import Callable, Sequence

from scipy import optimize, special

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.orientation import critical_of


def nominal_alpha(bound: float) -> float:
    """The one-sided level of a single look with this z bound; 0 for an infinite bound."""
    return float(special.ndtr(-bound))


def z_equivalent(estimate: Estimate) -> float:
    """The standard normal quantile with the estimate's one-sided p-value.

    The statistic itself for a normal reference; for Student's t the smaller value that a
    normal bound may be compared with.
    """
    if estimate.df is None:
        return estimate.statistic
    if estimate.statistic > 0:
        return -float(special.ndtri(special.stdtr(estimate.df, -estimate.statistic)))
    return float(special.ndtri(special.stdtr(estimate.df, estimate.statistic)))


def crosses(estimate: Estimate, bound: float) -> bool:
    """Whether the estimate reaches the look's z bound; on the bound counts as reached."""
    return z_equivalent(estimate) >= bound


def repeated_interval(estimate: Estimate, *, bound: float) -> tuple[float, float] | NotEvaluable:
    """The two-sided interval of effects that the look's bound does not exclude.

    For estimates whose interval is estimate +- c SE, c being the t quantile at the bound's nominal
    level where the reference is t; on the ratio scale the same around the logarithm. A look
    without alpha has no interval.
    """
    if math.isinf(bound):
        return NotEvaluable("no_alpha_spent", "This look spends no alpha, so it claims nothing.")
    critical = bound if estimate.df is None else critical_of(nominal_alpha(bound), estimate.df)
    half = critical * estimate.standard_error
    if estimate.scale == "ratio":
        return estimate.estimate * math.exp(-half), estimate.estimate * math.exp(half)
    return estimate.estimate - half, estimate.estimate + half


def repeated_p(
    z: float, information: Sequence[float], spend: Callable[[float], Sequence[float]]
) -> float:
    """The smallest overall one-sided alpha at which the last of these looks would have stopped.

    `spend(alpha)` gives the cumulative alpha of the design family at each look; `information`
    ends at the look in question, whose statistic is `z`. Between 1e-300 and 0.4999, where the
    search ends.
    """

    def excess(log_alpha: float) -> float:
        bound = efficacy_boundaries(spend(math.exp(log_alpha)), information)[-1]
        return min(bound, 1e3) - z

    low, high = math.log(1e-300), math.log(0.4999)
    if excess(high) > 0:
        return 0.4999
    if excess(low) < 0:
        return 1e-300
    return math.exp(float(optimize.brentq(excess, low, high, xtol=1e-12, rtol=1e-12)))


def sequential_p(
    z: Sequence[float],
    information: Sequence[float],
    spend: Callable[[float, int], Sequence[float]],
) -> float:
    """The smallest repeated p of the looks so far (Liu & Anderson 2008, JASA 103:1621).

    `spend(alpha, k)` gives the cumulative alpha at the first k looks.
    """
    return min(
        repeated_p(z[k - 1], information[:k], _first_looks(spend, k)) for k in range(1, len(z) + 1)
    )


def _first_looks(
    spend: Callable[[float, int], Sequence[float]], k: int
) -> Callable[[float], Sequence[float]]:
    return lambda alpha: spend(alpha, k)
