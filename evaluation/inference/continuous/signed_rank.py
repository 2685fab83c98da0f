"""The signed-rank statistic of a shift: its moments, its exact law, its tail and its limits."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.continuous.walsh import WalshAverages
from evaluation.inference.orientation import critical_of
from protocols.errors import UsageError

Zeros = Literal["wilcox", "pratt"]
EXACT_BELOW = 50
FLAT_TAIL = -9.0  # the normal tail of this is 1 in float64


@dataclass(frozen=True, slots=True)
class SignedRank:
    """The rank sum V of the differences above the null value, with its law under the null.

    `statistic` is V with mid-ranks; `mean` and `sd` are those of V given the absolute values;
    `n_zero` differences equal the null value. `exact` says that V follows the tabulated law:
    below 50 differences, no tie, no zero. `n` counts the differences that are not zero.
    """

    statistic: float
    mean: float
    sd: float
    n: int
    n_zero: int
    exact: bool
    doubled_ranks: IntArray
    """Twice the mid-rank of each of the n absolute values, ascending."""

    def upper_z(self, statistic: float) -> float:
        """The normal deviate whose upper tail is P(V >= statistic)."""
        if not self.exact:
            return (statistic - self.mean - 0.5) / self.sd
        p = self.upper_p(statistic)
        return max(-float(special.ndtri(p)), FLAT_TAIL)

    def upper_p(self, statistic: float) -> float:
        """P(V >= statistic): exact, or normal with the correction for continuity."""
        if self.exact:
            return exact_upper(math.ceil(statistic), self.n)
        return float(special.ndtr(-self.upper_z(statistic)))

    def two_sided(self) -> float:
        """Twice the smaller tail, at most 1; without correction where V equals its mean."""
        v, other = self.statistic, 2 * self.mean - self.statistic
        if v == other and not self.exact:
            return 1.0
        return min(1.0, 2 * self.upper_p(max(v, other)))


def signed_rank(units: IntArray, *, doubled_null: float = 0.0, zeros: Zeros) -> SignedRank | None:
    """V of whole-number differences about a null value; None when all of them equal it.

    `doubled_null` is twice the null value in the same units. `wilcox` leaves zeros out before
    ranking, `pratt` ranks them and leaves their ranks out. Wilcoxon 1945, Biometrics Bulletin
    1:80; Pratt 1959, J Am Stat Assoc 54:655; ties as in Hollander & Wolfe 1973.
    """
    values, counts = np.unique(units, return_counts=True)
    distance = 2 * values - doubled_null
    zero = distance == 0
    n_zero = int(counts[zero].sum())
    if zero.all():
        return None
    sizes, groups = np.unique(np.abs(distance[~zero]), return_inverse=True)
    in_group = np.bincount(groups, weights=counts[~zero], minlength=len(sizes))
    above = np.bincount(groups, weights=counts[~zero] * (distance[~zero] > 0), minlength=len(sizes))
    below = np.cumsum(in_group) - in_group + (n_zero if zeros == "pratt" else 0)
    doubled = 2 * below + in_group + 1
    n = int(in_group.sum())
    tied = len(sizes) < n
    return SignedRank(
        statistic=float((above * doubled).sum()) / 2,
        mean=float((in_group * doubled).sum()) / 4,
        sd=math.sqrt(float((in_group * doubled**2).sum())) / 4,
        n=n,
        n_zero=n_zero,
        exact=n < EXACT_BELOW and not tied and n_zero == 0,
        doubled_ranks=np.repeat(doubled, in_group.astype(np.int64)).astype(np.int64),
    )


@lru_cache(maxsize=EXACT_BELOW)
def _ways(n: int) -> tuple[float, ...]:
    """In how many of the 2^n sign patterns V is 0, 1, ...; exact in float64 for n < 50."""
    return tuple(_patterns(np.arange(1, n + 1, dtype=np.int64)).tolist())


def _patterns(ranks: IntArray) -> FloatArray:
    """How many subsets of whole-number ranks have each sum."""
    ways = np.ones(1)
    for rank in ranks.tolist():
        longer = np.zeros(len(ways) + rank)
        longer[: len(ways)] = ways
        longer[rank:] += ways
        ways = longer
    return ways


def exact_upper(statistic: int, n: int) -> float:
    """P(V >= statistic) for n < 50 untied differences; every sign pattern is equally likely."""
    if statistic <= 0:
        return 1.0
    return math.fsum(_ways(n)[statistic:]) / 2.0**n


def tied_two_sided(found: SignedRank) -> float:
    """The exact two-sided p-value given the mid-ranks, ties and all (fewer than 50 differences).

    Doubles nothing: the share of sign patterns at least as far from the mean as the observed one.
    Raises `UsageError` for more differences. Hollander & Wolfe 1973, section 3.1.
    """
    if found.n >= EXACT_BELOW:
        raise UsageError("TOO_MANY_PAIRS", "The conditional law is listed below 50 differences.")
    ways = _patterns(found.doubled_ranks)
    far = abs(4 * found.statistic - 4 * found.mean)
    sums = 2.0 * np.arange(len(ways))
    return float(ways[np.abs(sums - 4 * found.mean) >= far].sum()) / 2.0**found.n


@dataclass(frozen=True, slots=True)
class RankLimits:
    """Limits of the shift in units of the resolution; `reached` says that the level is attained.

    With too few differences no shift is rejected; the limits are then the extreme averages.
    """

    low: float
    high: float
    reached: bool


def rank_limits(law: SignedRank, averages: WalshAverages, *, alpha: float) -> RankLimits:
    """The shifts that a one-sided test at `alpha` on either side leaves over.

    `law` gives the tail of V, the same for every shift that is no average itself: the lower limit
    is the largest average below which every shift is rejected. Bauer 1972, J Am Stat Assoc 67:687.
    """
    total = averages.total
    rejected_from = _critical(law, alpha)
    rank = max(1, min(total, total - rejected_from + 1))
    low, high = averages.ranked(rank), averages.ranked(total - rank + 1)
    return RankLimits(low / 2, high / 2, rejected_from <= total)


def law_of_shifts(averages: WalshAverages, *, exact: bool) -> SignedRank:
    """The law of V at every shift that equals no average: only equal differences tie there."""
    ranks = np.arange(1, averages.n + 1, dtype=np.int64) + averages.extra
    counts = averages.counts.astype(np.float64)
    ties = float((counts**3 - counts).sum()) / 12
    squares = float((ranks.astype(np.float64) ** 2).sum()) - ties
    mean = averages.total / 2
    return SignedRank(mean, mean, math.sqrt(squares) / 2, averages.n, 0, exact, 2 * ranks)


def _critical(law: SignedRank, alpha: float) -> int:
    """The smallest V whose tail is below `alpha`."""
    ceiling = round(2 * law.mean) + 1
    if law.upper_p(ceiling - 1) >= alpha:
        return ceiling
    guess = law.mean + 0.5 + min(critical_of(alpha), 50.0) * law.sd
    v = max(0, min(ceiling - 1, math.floor(guess)))
    while law.upper_p(v) >= alpha:
        v += 1
    while v > 0 and law.upper_p(v - 1) < alpha:
        v -= 1
    return v
