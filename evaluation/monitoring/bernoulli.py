"""Anytime-valid interval of an event rate: the beta-binomial mixture inverted in the rate."""

from collections.abc import Callable

import numpy as np
from scipy import optimize

from evaluation.monitoring.mixtures import beta_binomial, checked_alpha
from evaluation.monitoring.sequence import Side
from protocols.errors import UsageError


def log_e_of_rate(
    events: int, n: int, rate: float, *, tuned: tuple[float, float], one_sided: bool
) -> float:
    """Logarithm of the e-process that the rate is `rate` (one-sided: at most `rate`).

    `tuned` = (number of cases, error) at which it is tightest; `rate` lies in (0, 1).
    """
    steps = rate * (1 - rate)
    mixture = beta_binomial(steps * tuned[0], tuned[1], steps=(rate, 1 - rate), one_sided=one_sided)
    return float(mixture.log_e(np.asarray(events - n * rate), np.asarray(steps * n)))


def rate_interval(
    events: int, n: int, *, alpha: float, tuned: tuple[float, float], side: Side = "two_sided"
) -> tuple[float, float]:
    """Limits of a rate that hold at every number of cases together (Howard & al. 2021, fact 1).

    Two-sided by the two-sided mixture, otherwise by the one-sided one with all of `alpha`. Raises
    `UsageError` for counts that are no share.
    """
    if not 0 <= events <= n:
        raise UsageError("COUNT_RANGE", f"{events} events among {n} cases is no share.")
    if side == "upper":
        mirrored = rate_interval(n - events, n, alpha=alpha, tuned=tuned, side="lower")
        return 0.0, 1 - mirrored[0]
    goal, one_sided = -float(np.log(checked_alpha(alpha))), side == "lower"

    def excess(rate: float) -> float:
        return log_e_of_rate(events, n, rate, tuned=tuned, one_sided=one_sided) - goal

    share = events / n if n else 0.5
    ends = 1e-12, 1 - 1e-12
    low, high = 0.0, 1.0
    if events > 0 and excess(ends[0]) > 0:
        low = _root(excess, ends[0], min(share, ends[1]))
    if events < n and not one_sided and excess(ends[1]) > 0:
        high = _root(excess, max(share, ends[0]), ends[1])
    return low, high


def _root(excess: Callable[[float], float], a: float, b: float) -> float:
    return float(optimize.brentq(excess, a, b, xtol=1e-14, rtol=1e-13))
