"""Wald's sequential probability ratio test of an event rate, truncated at a largest size."""

import math
from dataclasses import dataclass

from evaluation.monitoring.counts import CountCrossings, binomial_crossings
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class BinomialSprt:
    """Lines in (cases, events): signal at or above the upper, stop at or below the lower one.

    Both have the same `slope`; looks come after every case from `n_min` to `n_max`. Whoever
    reaches `n_max` between the lines has shown nothing.
    """

    upper_intercept: float
    lower_intercept: float
    slope: float
    n_min: int
    n_max: int

    def upper(self, n: int) -> int:
        """The fewest events among `n` cases that signal; n + 1 when none would."""
        return min(n + 1, max(0, math.ceil(self.upper_intercept + self.slope * n)))

    def lower(self, n: int) -> int:
        """The most events among `n` cases that stop; -1 when none would."""
        return max(-1, math.floor(self.lower_intercept + self.slope * n))

    def crossings(self, rate: float) -> CountCrossings:
        """Exact probabilities of leaving by each line after each case, at an event `rate`."""
        sizes = range(self.n_min, self.n_max + 1)
        return binomial_crossings(
            sizes,
            upper=[self.upper(n) for n in sizes],
            lower=[self.lower(n) for n in sizes],
            rate=rate,
        )


def binomial_sprt(
    rates: tuple[float, float], *, alpha: float, beta: float, sizes: tuple[int, int]
) -> BinomialSprt:
    """The test of rate p0 against p1 > p0, `rates` = (p0, p1), between `sizes` = (least, most).

    Wald 1945, Annals of Mathematical Statistics 16:117, with his bounds ln((1 - beta) / alpha)
    and ln(beta / (1 - alpha)). Raises `UsageError` for rates, errors or sizes out of order.
    """
    p0, p1 = rates
    if not 0 < p0 < p1 < 1:
        raise UsageError("RATE_ORDER", f"Rates rise from the null; {p0} to {p1} does not.")
    if not (0 < alpha < 1 and 0 < beta < 1 - alpha):
        raise UsageError("ALPHA_RANGE", "Both errors lie in (0, 1) and sum to less than 1.")
    if not 1 <= sizes[0] <= sizes[1]:
        raise UsageError("LOOK_ORDER", "The least size is 1 or more and not above the largest.")
    log_odds = math.log(p1 / p0) + math.log1p(-p0) - math.log1p(-p1)
    return BinomialSprt(
        upper_intercept=math.log((1 - beta) / alpha) / log_odds,
        lower_intercept=math.log(beta / (1 - alpha)) / log_odds,
        slope=(math.log1p(-p0) - math.log1p(-p1)) / log_odds,
        n_min=sizes[0],
        n_max=sizes[1],
    )
