"""Confidence sequences of a bounded mean with bets fixed by the past.

Empirical Bernstein and Hoeffding: values lie in [0, 1] (`sequence.on_unit_scale`) and enter in
their registered order. The lower limit is (sum of bets x values - ln(1/a) - sum of penalties) / sum
of bets; the upper one is the same of 1 - x. Waudby-Smith & Ramdas 2024, J R Stat Soc B 86:1,
theorem 2 and proposition 1; drawn without replacement from a finite pool: Waudby-Smith & Ramdas
2020, NeurIPS 33.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method
from evaluation.monitoring.mixtures import (
    GammaExponentialMixture,
    boundary,
    checked_alpha,
    tuned_rho,
)
from evaluation.monitoring.moments import (
    DEFAULT_PRIOR,
    Before,
    Moments,
    Prior,
    plug_in_bets,
    running,
)
from evaluation.monitoring.sequence import Sequence, Side, checked_unit, sequence
from protocols.errors import UsageError

Penalty = Literal["empirical_bernstein", "hoeffding"]

METHOD = Method(
    name="empirical_bernstein_sequence",
    sentence="Predictable plug-in empirical Bernstein confidence sequence of a bounded mean.",
    citation="Waudby-Smith & Ramdas 2024, Journal of the Royal Statistical Society B 86:1",
)


@dataclass(frozen=True, slots=True)
class PlugIn:
    """What is registered: the penalty, the largest bet, the prior and the size of a finite pool.

    An empirical Bernstein bet stays below 1; a Hoeffding one may be larger.
    """

    penalty: Penalty = "empirical_bernstein"
    truncation: float = 0.5
    prior: Prior = DEFAULT_PRIOR
    population: int | None = None

    def __post_init__(self) -> None:
        """An empirical Bernstein penalty is infinite at a bet of 1."""
        top = 1.0 if self.penalty == "empirical_bernstein" else math.inf
        if not 0 < self.truncation < top:
            raise UsageError("TRUNCATION", f"The largest bet lies in (0, {top}).")


@dataclass(frozen=True, slots=True)
class LowerLimit:
    """Lower limit of a mean after the cases so far; a new case needs none of them again."""

    plan: PlugIn
    alpha: float
    moments: Moments
    gains: float = 0.0
    weights: float = 0.0
    penalties: float = 0.0

    def extend(self, x: FloatArray) -> tuple["LowerLimit", FloatArray]:
        """The state after the cases `x` of [0, 1], and the limit after each; not intersected."""
        x = checked_unit(x)
        moments, before = self.moments.extend(x)
        log_tuned = -math.log(self.alpha)
        bets, penalty, share, drawn = self.terms(x, before)
        gains = running(self.gains, bets * (x + drawn))
        weights = running(self.weights, bets * share)
        penalties = running(self.penalties, penalty)
        limit = (gains[1:] - log_tuned - penalties[1:]) / weights[1:]
        after = replace(
            self,
            moments=moments,
            gains=float(gains[-1]),
            weights=float(weights[-1]),
            penalties=float(penalties[-1]),
        )
        return after, np.clip(limit, 0.0, 1.0)

    def terms(
        self, x: FloatArray, before: Before
    ) -> tuple[FloatArray, FloatArray, FloatArray | float, FloatArray | float]:
        """Bet and penalty of each new case, and how a finite pool's mean enters it."""
        return *self._bets(x, before, -math.log(self.alpha)), *self._pool(before)

    def _bets(
        self, x: FloatArray, before: Before, log_tuned: float
    ) -> tuple[FloatArray, FloatArray]:
        if self.plan.penalty == "hoeffding":
            t = before.t
            bets = np.minimum(self.plan.truncation, np.sqrt(8 * log_tuned / (t * np.log1p(t))))
            return bets, bets**2 / 8
        bets = np.minimum(self.plan.truncation, plug_in_bets(before, log_tuned))
        return bets, (x - before.mean) ** 2 * (-np.log1p(-bets) - bets)

    def _pool(self, before: Before) -> tuple[FloatArray | float, FloatArray | float]:
        """How a finite pool's mean shows in the next draw, and what the drawn part adds."""
        size = self.plan.population
        if size is None:
            return 1.0, 0.0
        if before.t.size and before.t[-1] > size:
            raise UsageError("POPULATION", f"A pool of {size} cannot give more cases than that.")
        left = size - before.t + 1
        return 1 + (before.t - 1) / left, before.total / left


def lower_limit(plan: PlugIn, alpha: float, *, mirrored: bool = False) -> LowerLimit:
    """The state before the first case, at one-sided `alpha`; `mirrored` for limits of 1 - x."""
    prior = plan.prior.mirrored() if mirrored else plan.prior
    return LowerLimit(plan, checked_alpha(alpha), Moments(prior))


def plug_in_log_e(
    x: FloatArray, mean: float, *, alpha: float, plan: PlugIn | None = None
) -> FloatArray:
    """After each case of [0, 1] the logarithm of the e-process that no mean is above `mean`.

    It has reached 1 / `alpha` exactly where the lower limit lies at or above `mean`.
    """
    plan = PlugIn() if plan is None else plan
    start, x = lower_limit(plan, alpha), checked_unit(x)
    bets, penalty, share, drawn = start.terms(x, start.moments.extend(x)[1])
    return np.asarray(np.cumsum(bets * (x + drawn - share * mean) - penalty))


def plug_in_sequence(
    x: FloatArray,
    *,
    alpha: float,
    side: Side,
    plan: PlugIn | None = None,
    intersect: bool = True,
) -> Sequence:
    """The confidence sequence of the mean of `x` in [0, 1].

    `alpha` is for all limits together: two-sided sequences have half of it on each side, and a
    one-sided harm rule all of it on its own. Raises `UsageError` for values outside [0, 1].
    """
    plan = PlugIn() if plan is None else plan
    x = checked_unit(x)
    each = checked_alpha(alpha) / 2 if side == "two_sided" else checked_alpha(alpha)
    low, high = np.zeros(len(x)), np.ones(len(x))
    if side != "upper":
        low = lower_limit(plan, each).extend(x)[1]
    if side != "lower":
        high = 1 - lower_limit(plan, each, mirrored=True).extend(1 - x)[1]
    return sequence(low, high, alpha=alpha, side=side, intersected=intersect)


def conjugate_sequence(
    x: FloatArray, *, each: float, v_opt: float, side: Side, intersect: bool = False
) -> Sequence:
    """Empirical Bernstein sequence by the gamma-exponential mixture; `each` is the error a side.

    The process is the sum of (x_t - mean before)^2, that mean being 1/2 before the first case
    (Howard & al. 2021, theorem 4). Nothing but the boundary costs more than O(1) a case.
    """
    x = checked_unit(x)
    t = np.arange(1, len(x) + 1, dtype=np.float64)
    totals = running(0.0, x)
    mean = np.full(len(x), 0.5)
    mean[1:] = totals[1:-1] / t[:-1]
    process = np.cumsum((x - mean) ** 2)
    mixture = GammaExponentialMixture(tuned_rho(v_opt, each, one_sided=True), 1.0)
    half = boundary(mixture, process, each) / t
    centre = totals[1:] / t
    low = np.clip(centre - half, 0, 1) if side != "upper" else np.zeros(len(x))
    high = np.clip(centre + half, 0, 1) if side != "lower" else np.ones(len(x))
    alpha = 2 * each if side == "two_sided" else each
    return sequence(low, high, alpha=alpha, side=side, intersected=intersect)
