"""One proportion, and two independent ones: intervals used for arms and for safety.

Shares lie in [0, 1]. `level` is two-sided. Every function raises `UsageError` for counts that
are no counts; an empty denominator is the caller's to refuse.
"""

import math

from scipy import optimize, special

from evaluation.inference.orientation import critical_value
from protocols.errors import UsageError


def _check(events: int, n: int) -> None:
    if n < 1 or not 0 <= events <= n:
        raise UsageError("COUNT_RANGE", f"{events} events among {n} is not a proportion.")


def wilson_interval(events: int, n: int, *, level: float) -> tuple[float, float]:
    """Score interval without continuity correction (Wilson 1927, J Am Stat Assoc 22:209)."""
    _check(events, n)
    z = critical_value(level)
    if math.isinf(z):
        return 0.0, 1.0
    centre = events + z * z / 2
    half = z * math.sqrt(events * (n - events) / n + z * z / 4)
    low = 0.0 if events == 0 else (centre - half) / (n + z * z)
    high = 1.0 if events == n else (centre + half) / (n + z * z)
    return low, high


def clopper_pearson_lower(events: int, n: int, *, alpha: float) -> float:
    """One-sided exact lower bound at confidence 1 - alpha.

    Clopper & Pearson 1934, Biometrika 26:404.
    """
    _check(events, n)
    return 0.0 if events == 0 else float(special.betaincinv(events, n - events + 1, alpha))


def clopper_pearson_upper(events: int, n: int, *, alpha: float) -> float:
    """One-sided exact upper bound at confidence 1 - alpha.

    Clopper & Pearson 1934, Biometrika 26:404.
    """
    _check(events, n)
    return 1.0 if events == n else float(special.betainccinv(events + 1, n - events, alpha))


def clopper_pearson_interval(events: int, n: int, *, level: float) -> tuple[float, float]:
    """Exact equal-tailed interval (Clopper & Pearson 1934, Biometrika 26:404)."""
    alpha = (1 - level) / 2
    return (
        clopper_pearson_lower(events, n, alpha=alpha),
        clopper_pearson_upper(events, n, alpha=alpha),
    )


def midp_interval(events: int, n: int, *, level: float) -> tuple[float, float]:
    """Exact tails with half the point probability.

    Lancaster 1961, J Am Stat Assoc 56:223; Berry & Armitage 1995, The Statistician 44:417.
    """
    _check(events, n)
    alpha = (1 - level) / 2

    def upper_tail(share: float) -> float:
        reached = special.betainc(events, n - events + 1, share) if events else 1.0
        beyond = special.betainc(events + 1, n - events, share) if events < n else 0.0
        return float(reached + beyond) / 2

    def root(target: float) -> float:
        def excess(share: float) -> float:
            return upper_tail(share) - target

        return float(optimize.brentq(excess, 0.0, 1.0, xtol=1e-24, rtol=1e-14, maxiter=500))

    low = 0.0 if events == 0 else root(alpha)
    high = 1.0 if events == n else root(1 - alpha)
    return low, high


def jeffreys_interval(events: int, n: int, *, level: float) -> tuple[float, float]:
    """Equal-tailed posterior interval under Beta(1/2, 1/2), not truncated at 0 or n events.

    Brown, Cai & DasGupta 2001, Statistical Science 16:101.
    """
    _check(events, n)
    alpha = (1 - level) / 2
    a, b = events + 0.5, n - events + 0.5
    return float(special.betaincinv(a, b, alpha)), float(special.betainccinv(a, b, alpha))


def newcombe_independent_interval(
    events_1: int, n_1: int, events_2: int, n_2: int, *, level: float
) -> tuple[float, float]:
    """Difference p1 - p2 of two independent proportions (Newcombe 1998, Stat Med 17:873, no 10)."""
    p1, p2 = events_1 / n_1, events_2 / n_2
    low_1, high_1 = wilson_interval(events_1, n_1, level=level)
    low_2, high_2 = wilson_interval(events_2, n_2, level=level)
    difference = p1 - p2
    low = difference - math.hypot(p1 - low_1, high_2 - p2)
    high = difference + math.hypot(high_1 - p1, p2 - low_2)
    return low, high


def pooled_score_p(events_1: int, n_1: int, events_2: int, n_2: int) -> float | None:
    """Two-sided p of the pooled score test of p1 = p2; None when all or nobody has the event."""
    share = (events_1 + events_2) / (n_1 + n_2)
    variance = share * (1 - share) * (1 / n_1 + 1 / n_2)
    if variance <= 0:
        return None
    z = (events_1 / n_1 - events_2 / n_2) / math.sqrt(variance)
    return float(2 * special.ndtr(-abs(z)))
