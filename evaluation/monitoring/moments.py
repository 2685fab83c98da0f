"""Mean and variance of the cases before each case, and the bets that follow from them.

Everything here is predictable: what is used at case t comes from the cases before it, in the
order in which they entered. Sums run on, so that cases may arrive in any number of parts.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class Prior:
    """A mean and variance worth `weight` cases before the first one; on the scale [0, 1]."""

    mean: float = 0.5
    variance: float = 0.25
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Without some variance the first bet would be infinite."""
        if not (0 <= self.mean <= 1 and self.variance > 0 and self.weight > 0):
            raise UsageError("PRIOR", "A prior has a mean in [0, 1], a variance and a weight.")

    def mirrored(self) -> "Prior":
        """The same prior of 1 - x."""
        return Prior(1 - self.mean, self.variance, self.weight)


DEFAULT_PRIOR = Prior()


@dataclass(frozen=True, slots=True)
class Before:
    """Of each new case: its number, and mean and variance of the cases before it."""

    t: FloatArray
    total: FloatArray
    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, slots=True)
class Moments:
    """Running sums; no case comes before the first, whose `mean` is 0: the prior is not in it."""

    prior: Prior = DEFAULT_PRIOR
    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def extend(self, x: FloatArray) -> tuple["Moments", Before]:
        """The sums after the cases `x`, and what was known before each of them."""
        n, prior = len(x), self.prior
        t = np.arange(self.n + 1, self.n + n + 1, dtype=np.float64)
        totals = running(self.total, x)
        centre = (prior.weight * prior.mean + totals[1:]) / (t + prior.weight)
        squares = running(self.squares, (x - centre) ** 2)
        weight = t - 1 + prior.weight
        variance = (prior.weight * prior.variance + squares[:-1]) / weight
        mean = np.divide(totals[:-1], t - 1, out=np.zeros(n), where=t > 1)
        after = Moments(prior, self.n + n, float(totals[-1]), float(squares[-1]))
        return after, Before(t, totals[:-1], mean, variance)


def running(start: float, steps: FloatArray) -> FloatArray:
    """`start` and every sum after it: the same numbers however the steps are cut into parts."""
    return np.cumsum(np.concatenate([[start], steps]))


def plug_in_bets(before: Before, log_tuned: float) -> FloatArray:
    """sqrt(2 ln(1/a) / (t ln(1+t) variance)): best near the middle of a long run.

    `log_tuned` is ln(1/a). Waudby-Smith & Ramdas 2024, J R Stat Soc B 86:1, equation 15.
    """
    t = before.t
    return np.asarray(np.sqrt(2 * log_tuned / (t * np.log1p(t) * before.variance)))
