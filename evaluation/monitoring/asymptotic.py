"""Asymptotic confidence sequences of means without bounds, after a registered burn-in.

The mean is treated as a normal sum, which holds for all sample sizes from the burn-in on, in the
limit of a late burn-in; nothing is said before the burn-in. How late that must be depends on
skewness: simulated at a nominal 5 %, a burn-in of 100 errs in 4 % of streams of normal or
exponential values, but in 11 % where one case in twenty has an event (17 % from 50 cases on).
Bounded values and events therefore belong to `betting`, `bernoulli` or `maxsprt`.

Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, Annals of Statistics 52:2613.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.monitoring.mixtures import checked_alpha, tuned_rho
from protocols.errors import UsageError

LEAST_BURN_IN = 100  # what a protocol may register; fewer are good for comparisons only


@dataclass(frozen=True, slots=True)
class AsymptoticPlan:
    """What is registered: error, the size at which limits are tightest, burn-in, sides.

    One-sided limits use all of `alpha` and the half-normal mixture.
    """

    alpha: float
    n_opt: float
    burn_in: int
    one_sided: bool

    def __post_init__(self) -> None:
        """Before two cases there is no error to speak of."""
        tuned_rho(self.n_opt, self.alpha, one_sided=self.one_sided)
        checked_alpha(self.alpha)
        if self.burn_in < 2:
            raise UsageError("BURN_IN", f"A burn-in has two cases or more, not {self.burn_in}.")

    def critical(self, n: float) -> float:
        """How many standard errors the limits lie from the estimate after `n` cases."""
        rho = tuned_rho(self.n_opt, self.alpha, one_sided=self.one_sided)
        need = -math.log(self.alpha) + 0.5 * math.log1p(n / rho)
        if self.one_sided:
            return _half_normal_root(need - math.log(2)) * math.sqrt(1 + rho / n)
        return math.sqrt(2 * need * (1 + rho / n))

    def log_e(self, z: float, n: float) -> float:
        """Logarithm of the asymptotic e-process of a z statistic after `n` cases."""
        rho = tuned_rho(self.n_opt, self.alpha, one_sided=self.one_sided)
        share = n / (n + rho)
        both = 0.5 * math.log1p(-share) + z * z / 2 * share
        if not self.one_sided:
            return both
        return both + math.log(2) + float(special.log_ndtr(z * math.sqrt(share)))


def _half_normal_root(need: float) -> float:
    """x >= 0 with x^2/2 + ln Phi(x) = need; by Newton from above, the function being convex."""
    x = math.sqrt(2 * (need + math.log(2)))
    for _ in range(60):
        log_phi = float(special.log_ndtr(x))
        slope = x + math.exp(-x * x / 2 - log_phi) / math.sqrt(2 * math.pi)
        step = (x * x / 2 + log_phi - need) / slope
        x -= step
        if abs(step) < 1e-15:
            break
    return x


@dataclass(frozen=True, slots=True)
class AsymptoticLimits:
    """`low` and `high` about the estimate; one-sided rules read only the one they registered.

    `p_value` is always valid in the limit: it may be looked at after every case.
    """

    estimate: float
    low: float
    high: float
    p_value: float


def asymptotic_limits(
    estimate: float, standard_error: float, n: float, plan: AsymptoticPlan, *, null: float = 0.0
) -> AsymptoticLimits | NotEvaluable:
    """Limits after `n` cases from an estimate and its standard error, and the p of `null`.

    One-sided, the p-value speaks against effects up to `null`. `NotEvaluable` before the burn-in
    and without a positive standard error.
    """
    if n < plan.burn_in:
        reason = f"{n:g} cases are fewer than the registered burn-in of {plan.burn_in}."
        return NotEvaluable("burn_in", reason)
    if not (standard_error > 0 and math.isfinite(standard_error) and math.isfinite(estimate)):
        return NotEvaluable("zero_variance", "The values do not vary, so an error is unknown.")
    half = plan.critical(n) * standard_error
    log_e = plan.log_e((estimate - null) / standard_error, n)
    return AsymptoticLimits(estimate, estimate - half, estimate + half, min(1.0, math.exp(-log_e)))


@dataclass(frozen=True, slots=True)
class RunningMean:
    """Number, mean and squared deviations so far; a new case needs none of them again."""

    n: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def update(self, x: float) -> "RunningMean":
        """The state after one more case (Welford 1962, Technometrics 4:419)."""
        n = self.n + 1
        mean = self.mean + (x - self.mean) / n
        return RunningMean(n, mean, self.squares + (x - self.mean) * (x - mean))

    def extend(self, x: FloatArray) -> "RunningMean":
        """The state after the cases `x`, in their order."""
        state = self
        for value in np.asarray(x, dtype=np.float64).tolist():
            state = state.update(value)
        return state

    def limits(self, plan: AsymptoticPlan, *, null: float = 0.0) -> AsymptoticLimits | NotEvaluable:
        """The confidence sequence at this size; refuses as `asymptotic_limits`."""
        error = math.sqrt(self.squares / (self.n - 1) / self.n) if self.n > 1 else 0.0
        return asymptotic_limits(self.mean, error, self.n, plan, null=null)


def running_log_e(x: FloatArray, plan: AsymptoticPlan, *, null: float) -> FloatArray:
    """After each case the logarithm of the asymptotic e-process against means up to `null`.

    0 before the burn-in, when nothing may be said, and as long as the values do not vary.
    """
    x = np.asarray(x, dtype=np.float64)
    n = np.arange(1, len(x) + 1, dtype=np.float64)
    # About the first value, so that a large mean does not swallow small differences.
    y = x - x[0] if len(x) else x
    mean = np.cumsum(y) / n
    squares = np.maximum(np.cumsum(y * y) - n * mean * mean, 0.0)
    vary = np.flatnonzero((squares > 0) & (n >= plan.burn_in))
    found = np.zeros(len(x))
    for i in vary.tolist():
        error = math.sqrt(squares[i] / (n[i] - 1) / n[i])
        found[i] = plan.log_e((mean[i] + x[0] - null) / error, n[i])
    return found
