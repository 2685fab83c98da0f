"""A band around an empirical distribution function that holds at every number of cases."""

import math
from functools import lru_cache

from scipy import optimize

from evaluation.monitoring.mixtures import checked_alpha
from protocols.errors import UsageError


def distribution_band(t: float, alpha: float, *, t_min: float, scale: float = 0.85) -> float:
    """Half-width of the band after `t` >= `t_min` cases: scale sqrt((ln(1 + ln(t/t_min)) + C)/t).

    It covers all t from `t_min` on together with probability 1 - alpha. Howard & Ramdas 2022,
    Bernoulli 28:1704, theorem 2. Raises `UsageError` before `t_min`, where nothing is claimed.
    """
    if not t >= t_min > 0:
        raise UsageError("BAND_START", f"The band starts at {t_min} cases; {t} are fewer.")
    if not scale > math.sqrt(0.5):
        raise UsageError("BAND_SCALE", "The scale of the band lies above the square root of 1/2.")
    spread = math.log1p(math.log(t / t_min)) + _constant(checked_alpha(alpha), scale)
    return scale * math.sqrt(spread / t)


@lru_cache(maxsize=64)
def _constant(alpha: float, scale: float) -> float:
    """The smallest C whose error, at its best eta, is `alpha`."""

    def log_error(c: float, eta: float) -> float:
        gamma = math.sqrt(2 / eta) * (scale - math.sqrt(2 * (eta - 1) / c))
        if gamma <= 1:
            return math.inf
        square = gamma * gamma
        return math.log(4) - square * c + math.log1p(1 / ((square - 1) * math.log(eta)))

    def best(c: float) -> float:
        etas = [1 + (2 * scale * scale - 1) * k / 400 for k in range(1, 400)]
        at = min(range(len(etas)), key=lambda k: log_error(c, etas[k]))
        if math.isinf(log_error(c, etas[at])):
            return 1e3
        ends = etas[max(at - 1, 0)], etas[min(at + 1, len(etas) - 1)]
        found = optimize.minimize_scalar(
            lambda eta: min(log_error(c, eta), 1e3),
            bounds=ends,
            method="bounded",
            options={"xatol": 1e-12},
        )
        return min(float(found.fun), log_error(c, etas[at]))

    high = 8.0
    while best(high) > math.log(alpha):
        high *= 2
    return float(optimize.brentq(lambda c: best(c) - math.log(alpha), 1e-3, high, xtol=1e-11))
