"""Conjugate mixtures: e-processes of a sum against its intrinsic time, and their boundaries.

A mixture's `log_e(s, v)` is the logarithm of an e-process when s is a sum that is centred under
the null and v its accumulated variance process. One-sided mixtures watch s > 0 only and do not
spend anything below; two-sided ones watch both. Howard, Ramdas, McAuliffe & Sekhon 2021, Annals of
Statistics 49:1055; Robbins 1970, Annals of Mathematical Statistics 41:1397.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import special
from scipy.optimize import elementwise

from evaluation.inference.arrays import FloatArray
from evaluation.monitoring.tails import log_beta_part, log_lower_gamma, log_upper_gamma
from protocols.errors import UsageError


def checked_alpha(alpha: float) -> float:
    """`alpha` itself; raises `UsageError` outside (0, 1)."""
    if not 0 < alpha < 1:
        raise UsageError("ALPHA_RANGE", f"An error rate lies in (0, 1), not {alpha}.")
    return alpha


def tuned_rho(v_opt: float, alpha_opt: float, *, one_sided: bool) -> float:
    """The mixing parameter that makes the boundary tightest near intrinsic time `v_opt`.

    v / (2 ln(1/a) + ln(1 + 2 ln(1/a))), a = alpha, or 2 alpha on one side (Howard & al. 2021,
    section 3.5). Raises `UsageError` for v_opt <= 0 or a outside (0, 1).
    """
    a = 2 * alpha_opt if one_sided else alpha_opt
    if not (v_opt > 0 and math.isfinite(v_opt)):
        raise UsageError("INTRINSIC_TIME", f"A mixture is tuned at a positive time, not {v_opt}.")
    twice = -2 * math.log(checked_alpha(a))
    return v_opt / (twice + math.log1p(twice))


class Mixture(Protocol):
    """What every mixture can say."""

    def log_e(self, s: FloatArray, v: FloatArray) -> FloatArray:
        """Logarithm of the e-process at sum `s` and intrinsic time `v` >= 0."""
        ...

    def largest(self, v: float) -> float:
        """The largest sum that can occur by intrinsic time `v`; infinite where nothing bounds."""
        ...


@dataclass(frozen=True, slots=True)
class NormalMixture:
    """For sub-Gaussian sums: normal mixing distribution, half-normal on one side."""

    rho: float
    one_sided: bool

    def log_e(self, s: FloatArray, v: FloatArray) -> FloatArray:
        total = np.asarray(v, dtype=np.float64) + self.rho
        s = np.asarray(s, dtype=np.float64)
        two_sided = 0.5 * np.log(self.rho / total) + s * s / (2 * total)
        if not self.one_sided:
            return np.asarray(two_sided)
        return np.asarray(two_sided + math.log(2) + special.log_ndtr(s / np.sqrt(total)))

    def largest(self, v: float) -> float:
        del v
        return math.inf


@dataclass(frozen=True, slots=True)
class _AtScale:
    """What mixtures for sums at a scale `c` above 0 share."""

    rho: float
    c: float

    def __post_init__(self) -> None:
        """At scale 0 a sum is sub-Gaussian: the normal mixture."""
        if not self.c > 0:
            raise UsageError("STEP_RANGE", f"A mixture's scale is positive, not {self.c}.")

    def largest(self, v: float) -> float:
        del v
        return math.inf

    def _in_units(self, s: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """rho, sum and intrinsic time at scale 1."""
        square = self.c * self.c
        return np.asarray(self.rho / square), np.asarray(s) / self.c, np.asarray(v) / square


@dataclass(frozen=True, slots=True)
class GammaExponentialMixture(_AtScale):
    """For sub-exponential sums at scale `c`, as of empirical Bernstein processes (c = 1)."""

    def log_e(self, s: FloatArray, v: FloatArray) -> FloatArray:
        rho, s, v = self._in_units(s, v)
        start = rho * np.log(rho) - special.gammaln(rho) - log_lower_gamma(rho, rho)
        shape, rate = v + rho, s + v + rho
        _refuse_unless_positive(rate)
        inside = special.gammaln(shape) + log_lower_gamma(shape, rate)
        return np.asarray(start + inside - shape * np.log(rate) + s + v)


@dataclass(frozen=True, slots=True)
class GammaPoissonMixture(_AtScale):
    """For sub-Poisson sums at scale `c`: centred counts have c = 1 and v their expectation."""

    def log_e(self, s: FloatArray, v: FloatArray) -> FloatArray:
        rho, s, v = self._in_units(s, v)
        start = rho * np.log(rho) - special.gammaln(rho) - log_upper_gamma(rho, rho)
        shape, rate = s + v + rho, v + rho
        _refuse_unless_positive(shape)
        inside = special.gammaln(shape) + log_upper_gamma(shape, rate)
        return np.asarray(start + inside - shape * np.log(rate) + v)


def _refuse_unless_positive(reach: FloatArray) -> None:
    if not bool(np.all(reach > 0)):
        raise UsageError("SUM_RANGE", "A sum lies above -(v + rho) / c.")


@dataclass(frozen=True, slots=True)
class BetaBinomialMixture:
    """For sums of steps in [-g, h] with mean 0: a Bernoulli rate against the known rate.

    A rate p0 has g = p0, h = 1 - p0 and v = p0 (1 - p0) n. `r` is `rho - g h`, never below
    0.001 g h (`beta_binomial`).
    """

    r: float
    g: float
    h: float
    one_sided: bool

    def log_e(self, s: FloatArray, v: FloatArray) -> FloatArray:
        g, h, r = self.g, self.h, self.r
        s, v = np.asarray(s, dtype=np.float64), np.asarray(v, dtype=np.float64)
        span = g + h
        # Sums at the very edge of what can occur may lie beyond it by rounding.
        losses = np.maximum(v - g * s, 0) / (g * span)
        wins = np.maximum(v + h * s, 0) / (h * span)
        x = h / span if self.one_sided else 1.0
        steps = v / (g * h) * math.log(span) - wins * math.log(g) - losses * math.log(h)
        start = log_beta_part(np.asarray(r / (g * span)), np.asarray(r / (h * span)), x)
        inside = log_beta_part(losses + r / (g * span), wins + r / (h * span), x)
        return np.asarray(steps + inside - start)

    def largest(self, v: float) -> float:
        return v / self.g


def beta_binomial(
    v_opt: float, alpha_opt: float, *, steps: tuple[float, float], one_sided: bool
) -> BetaBinomialMixture:
    """The mixture for steps from -g to h, `steps` = (g, h), tuned at intrinsic time `v_opt`."""
    g, h = steps
    if not (g > 0 and h > 0):
        raise UsageError("STEP_RANGE", "Steps lie on both sides of their mean.")
    rho = tuned_rho(v_opt, alpha_opt, one_sided=one_sided)
    return BetaBinomialMixture(max(rho - g * h, 1e-3 * g * h), g, h, one_sided)


def boundary(mixture: Mixture, v: FloatArray, alpha: float) -> FloatArray:
    """The smallest sum at each intrinsic time at which the e-process has reached 1 / alpha.

    Where no possible sum reaches it, the largest possible one. Raises `UsageError` for a negative
    time.
    """
    goal = -math.log(checked_alpha(alpha))
    times = np.atleast_1d(np.asarray(v, dtype=np.float64))
    if not bool(((times >= 0) & np.isfinite(times)).all()):
        raise UsageError("INTRINSIC_TIME", "Intrinsic times are 0 or more, and finite.")
    if isinstance(mixture, NormalMixture):
        return _normal_boundary(mixture, times, goal)
    return _searched_boundary(mixture, times, goal)


def _normal_boundary(mixture: NormalMixture, v: FloatArray, goal: float) -> FloatArray:
    """Closed on two sides; on one, Newton on a convex rising function, from above."""
    total = v + mixture.rho
    need = goal + 0.5 * np.log(total / mixture.rho)
    x = np.sqrt(2 * np.maximum(need, 0))
    if mixture.one_sided:
        need = need - math.log(2)  # log Phi > -log 2 above 0, so x lies above the root
        for _ in range(30):
            log_phi = special.log_ndtr(x)
            slope = x + np.exp(-x * x / 2 - log_phi) / math.sqrt(2 * math.pi)
            step = (x * x / 2 + log_phi - need) / slope
            x = x - step
            if float(np.max(np.abs(step), initial=0.0)) < 1e-15:
                break
    return np.asarray(x * np.sqrt(total))


def _searched_boundary(mixture: Mixture, v: FloatArray, goal: float) -> FloatArray:
    """All times together, each between 0, where no e-process has grown, and a sum beyond."""

    def excess(s: FloatArray, time: FloatArray) -> FloatArray:
        return mixture.log_e(s, time) - goal

    top = np.array([mixture.largest(float(time)) for time in v])
    high = np.minimum(1.0, top)
    short = excess(high, v) < 0
    while bool((short & (high < top)).any()):
        high = np.where(short, np.minimum(2 * high, top), high)
        short = excess(high, v) < 0
    found = top.copy()
    if not bool(short.all()):
        sought = ~short
        ends = np.zeros(int(sought.sum())), high[sought]
        found[sought] = elementwise.find_root(excess, ends, args=(v[sought],)).x
    return found


def stitched_boundary(
    v: FloatArray, alpha: float, *, v_min: float, c: float, shape: tuple[float, float]
) -> FloatArray:
    """Polynomial stitching: a boundary that grows with sqrt(v log log v), one-sided.

    `shape` = (s, eta), both above 1; `c` is the sub-gamma scale, 0 for sub-Gaussian sums; times
    below `v_min` count as `v_min`. Howard & al. 2021, theorem 1.
    """
    s, eta = shape
    if not (s > 1 and eta > 1 and v_min > 0 and c >= 0):
        raise UsageError("STITCHING", "Stitching needs s > 1, eta > 1, v_min > 0 and c >= 0.")
    time = np.maximum(np.asarray(v, dtype=np.float64), v_min)
    rate = s * np.log(np.log(eta * time / v_min)) - math.log(checked_alpha(alpha))
    rate = rate + math.log(float(special.zeta(s))) - s * math.log(math.log(eta))
    first = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    second = (math.sqrt(eta) + 1) / 2 * c * rate
    return np.asarray(np.sqrt(first**2 * time * rate + second**2) + second)


def stitched_log_p(
    sums: FloatArray, v: FloatArray, *, v_min: float, shape: tuple[float, float]
) -> FloatArray:
    """Largest ln(1/alpha) whose stitched boundary a sub-Gaussian sum has reached at time `v`.

    The boundary's square is linear in ln(1/alpha), so this inverts `stitched_boundary` with c = 0;
    0 where no error below 1 is reached.
    """
    s, eta = shape
    time = np.maximum(np.asarray(v, dtype=np.float64), v_min)
    up = np.maximum(np.asarray(sums, dtype=np.float64), 0.0)
    first = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    paid = s * np.log(np.log(eta * time / v_min)) + math.log(float(special.zeta(s)))
    return np.asarray(np.maximum((up / first) ** 2 / time - paid + s * math.log(math.log(eta)), 0))
