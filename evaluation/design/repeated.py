"""What a look may claim whether or not the stopping rule is followed: repeated interval and p.

Jennison & Turnbull 1989, J R Stat Soc B 51:305. The interval takes the look's bound as its
critical value, so it excludes the margin exactly when the bound is crossed.
"""

import math
from collections.abc import Callable, Sequence

from scipy import special

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.roots import rising_line_root
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.orientation import critical_of
from protocols.errors import UsageError

FARTHEST_LOG = 700.0
LARGEST_HALF = 1e100
LARGEST_P = 0.499999  # where the search for a repeated p ends: a larger one is as good as none
UNBOUNDED = NotEvaluable("interval_unbounded", "At this look no limit is a finite number.")


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
    without alpha has no interval, nor has one with so little that a limit is no finite number (an
    early look at few subjects).
    """
    if math.isinf(bound):
        return NotEvaluable("no_alpha_spent", "This look spends no alpha, so it claims nothing.")
    critical = bound if estimate.df is None else critical_of(nominal_alpha(bound), estimate.df)
    half = critical * estimate.standard_error
    ratio = estimate.scale == "ratio"
    if half > (FARTHEST_LOG - abs(math.log(estimate.estimate)) if ratio else LARGEST_HALF):
        return UNBOUNDED
    if ratio:
        return estimate.estimate * math.exp(-half), estimate.estimate * math.exp(half)
    return estimate.estimate - half, estimate.estimate + half


def repeated_p(
    z: float, information: Sequence[float], spend: Callable[[float], Sequence[float]]
) -> float:
    """The smallest overall one-sided alpha at which the last of these looks would have stopped.

    `spend(alpha)` gives the cumulative alpha of the design family at each look; `information`
    ends at the look in question, whose statistic is `z`. Between 1e-300 and 0.499999, where
    the search ends.
    """

    def excess(probit_alpha: float) -> float:  # falls short while alpha is too small
        alpha = math.exp(float(special.log_ndtr(probit_alpha)))
        bound = efficacy_boundaries(spend(alpha), information)[-1]
        return z - min(bound, 1e3)

    limits = float(special.ndtri(1e-300)), float(special.ndtri(LARGEST_P))
    start = min(max(-z, limits[0] + 1.0), limits[1] - 1.0)
    found = rising_line_root(excess, start, 1.0, tolerance=1e-13, limits=limits)
    return 1e-300 if found == limits[0] else min(LARGEST_P, math.exp(special.log_ndtr(found)))


def sequential_p(
    z: Sequence[float],
    information: Sequence[float],
    spend: Callable[[float, int], Sequence[float]],
    *,
    at_most: float | None = None,
) -> float:
    """The smallest repeated p of the looks so far (Liu & Anderson 2008, JASA 103:1621).

    `spend(alpha, k)` gives the cumulative alpha at the first k looks. One pass over all looks
    at the smallest alpha so far says which of them could still lower it; `at_most` is the
    repeated p of one of the looks where it is known. Raises `UsageError` where lengths differ.
    """
    looks = len(z)
    if looks != len(information):
        raise UsageError("LENGTHS_DIFFER", "Each look needs its statistic and its information.")
    smallest = LARGEST_P if at_most is None else at_most
    for _ in range(looks):
        bounds = efficacy_boundaries(spend(smallest, looks), information)
        room = [value - bound for value, bound in zip(z, bounds, strict=True)]
        best = max(range(looks), key=room.__getitem__)
        if not room[best] > 1e-11:
            break
        found = repeated_p(z[best], information[: best + 1], _first_looks(spend, best + 1))
        if not found < smallest:
            break
        smallest = found
    return smallest


def _first_looks(
    spend: Callable[[float, int], Sequence[float]], k: int
) -> Callable[[float], Sequence[float]]:
    return lambda alpha: spend(alpha, k)
