"""Paired proportions: the score test of a difference against a margin, and its interval.

One encounter gives two answers that are each right or wrong. Effects are candidate minus
standard of care, in [-1, 1]. Interval and test use the same statistic, so that the interval
excludes the margin exactly when the one-sided test rejects.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from evaluation.inference.arrays import BoolArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from evaluation.inference.proportions.single import wilson_interval
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="tango_score",
    sentence=(
        "Score test of the difference of two paired proportions with the nuisance parameter at "
        "its restricted maximum likelihood value under the margin; the interval inverts the "
        "same test."
    ),
    citation=(
        "Tango 1998, Statistics in Medicine 17:891; Nam 1997, Biometrics 53:1422; "
        "Liu et al. 2002, Statistics in Medicine 21:231"
    ),
)
FEW_DISCORDANT = 10
FEW_PAIRS = 50


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """A paired 2x2 table: both right, candidate only, standard of care only, neither.

    Tables of disjoint parts of the data add up to the table of the whole. Raises `UsageError` for a
    negative count.
    """

    n11: int
    n10: int
    n01: int
    n00: int

    def __post_init__(self) -> None:
        if min(self.n11, self.n10, self.n01, self.n00) < 0:
            raise UsageError("COUNT_RANGE", "A cell of a paired table cannot be negative.")

    @classmethod
    def of(cls, candidate: BoolArray, standard_of_care: BoolArray) -> "PairedCounts":
        """Counts two arrays of right/wrong; raises `UsageError` unless they are of one length."""
        if candidate.shape != standard_of_care.shape:
            raise UsageError("LENGTHS_DIFFER", "The arms must have one value for each pair.")
        both = int(np.count_nonzero(candidate & standard_of_care))
        n_candidate = int(np.count_nonzero(candidate))
        n_standard = int(np.count_nonzero(standard_of_care))
        only, other = n_candidate - both, n_standard - both
        return cls(both, only, other, int(candidate.size) - both - only - other)

    def __add__(self, other: "PairedCounts") -> "PairedCounts":
        return PairedCounts(
            self.n11 + other.n11, self.n10 + other.n10, self.n01 + other.n01, self.n00 + other.n00
        )

    @property
    def n(self) -> int:
        """All pairs of the table."""
        return self.n11 + self.n10 + self.n01 + self.n00

    @property
    def n_discordant(self) -> int:
        """Pairs on which the arms differ."""
        return self.n10 + self.n01

    @property
    def n_candidate(self) -> int:
        """Pairs that the candidate has right."""
        return self.n11 + self.n10

    @property
    def n_standard_of_care(self) -> int:
        """Pairs that the standard of care has right."""
        return self.n11 + self.n01

    @property
    def difference(self) -> float:
        """Share right, candidate - standard of care, in [-1, 1]; needs a pair."""
        return (self.n10 - self.n01) / self.n

    def swapped(self) -> "PairedCounts":
        """The same pairs with the arms exchanged."""
        return PairedCounts(self.n11, self.n01, self.n10, self.n00)

    def complement(self) -> "PairedCounts":
        """The same pairs with the event replaced by its opposite."""
        return PairedCounts(self.n00, self.n01, self.n10, self.n11)


@dataclass(frozen=True, slots=True)
class ArmShare:
    """One arm's own share with its Wilson interval at `level`."""

    share: float
    low: float
    high: float
    level: float


def restricted_variance(counts: PairedCounts, effect: float) -> float:
    """n times the variance of the estimate, with the table's nuisance at its RMLE under `effect`.

    `effect` in [-1, 1]. Tango 1998 equation 6; Liu et al. 2002. Their quadratic is solved for the
    share of pairs on which the arms agree, where nothing cancels; its discriminant has two forms,
    of which the smaller loses fewer digits: one for small effects, one for those near -1 and 1.
    """
    n, size = counts.n, abs(effect)
    # With the table mirrored where the effect is positive, both sides are exact mirrors.
    won, lost = (counts.n01, counts.n10) if effect > 0 else (counts.n10, counts.n01)
    same, rest = n - won - lost, 1 - size
    if rest == 0:
        return 0.0
    near_one = (n + same) * rest + 2 * (won + same) * size
    near_zero = won + lost + (n + same + 2 * lost) * size
    if near_zero < near_one:
        square = near_zero**2 - 8 * n * lost * size * (1 + size)
    else:
        square = near_one**2 - 4 * n * same * rest * (1 + size)
    root = math.sqrt(max(square, 0.0))
    return rest * (1 + size) * ((n - same) * rest + 2 * won * size + root) / (near_one + root)


def score_statistic(counts: PairedCounts, effect: float) -> float:
    """Tango's statistic of H0: difference = `effect`, positive when the estimate is larger.

    Defined (as a limit, 0) also for a table without discordant pairs at effect 0.
    """
    distance = counts.n10 - counts.n01 - counts.n * effect
    if distance == 0:
        return 0.0
    variance = counts.n * restricted_variance(counts, effect)
    if variance == 0:
        return math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def tango_limits(counts: PairedCounts, *, critical: float) -> tuple[float, float]:
    """The effects that the score test does not reject at the given critical value (>= 0).

    Both lie in [-1, 1]. Raises `UsageError` for an empty table. Tango 1998, Stat Med 17:891.
    """
    if counts.n == 0:
        raise UsageError("NO_PAIRS", "There is no interval for an empty table.")
    if math.isinf(critical):
        return -1.0, 1.0
    return -_upper_limit(counts.swapped(), critical) + 0.0, _upper_limit(counts, critical)


def _upper_limit(counts: PairedCounts, critical: float) -> float:
    estimate = counts.difference
    if estimate == 1:
        return 1.0
    floor = -10 * (critical + 1)  # the statistic is -inf at 1, which no root finder can use

    def excess(effect: float) -> float:
        return max(score_statistic(counts, effect), floor) + critical

    if excess(estimate) <= 0:  # a critical value of 0, or one lost in rounding
        return estimate
    return float(optimize.brentq(excess, estimate, 1.0, xtol=1e-15, rtol=1e-14, maxiter=500))


def tango_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Score interval of the paired difference (Tango 1998, Stat Med 17:891).

    `level` is two-sided in (0, 1]; limits lie in [-1, 1] and are attained there. Raises
    `UsageError` for an empty table.
    """
    return tango_limits(counts, critical=critical_value(level))


def score_test(
    counts: PairedCounts, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Test of non-inferiority (margin > 0) or superiority (margin 0), with its interval.

    H0 is difference <= -margin where higher is better, difference >= +margin where lower is.
    `standard_error` and `information` (its inverse square) take the restricted variance at the
    margin, the one that the statistic divides by. Refuses an empty table and a table without
    discordant pairs: there, z = sqrt(n m / (1 - m)), so 73 pairs on which the arms never
    disagree would pass a margin of 0.05 without any information on the difference.
    """
    if counts.n == 0:
        return NO_PAIRS
    if counts.n_discordant == 0:
        reason = (
            f"The arms agree on all {counts.n} pairs, so the data carry no information on "
            "their difference."
        )
        return NotEvaluable("no_discordant_pairs", reason)
    null = null_effect(margin, direction)
    statistic = turned(score_statistic(counts, null), direction)
    low, high = tango_interval(counts, level=level)
    error = math.sqrt(restricted_variance(counts, null) / counts.n)
    if error == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    return Estimate(
        method=METHOD,
        estimate=counts.difference,
        standard_error=error,
        low=low,
        high=high,
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, None),
        df=None,
        information=1 / error**2,
        n_pairs=counts.n,
        n_clusters=counts.n,
        standard_of_care=counts.n_standard_of_care / counts.n,
        candidate=counts.n_candidate / counts.n,
        warnings=few_discordant(counts),
    )


def few_discordant(counts: PairedCounts) -> tuple[str, ...]:
    """A warning where a score test leans on too few pairs to hold its level."""
    if counts.n >= FEW_PAIRS and counts.n_discordant >= FEW_DISCORDANT:
        return ()
    return (
        f"Only {counts.n_discordant} of {counts.n} pairs are discordant; the score test is "
        "asymptotic and may not hold its level here.",
    )


def arm_shares(counts: PairedCounts, *, level: float) -> tuple[ArmShare, ArmShare] | NotEvaluable:
    """The shares of the standard of care and of the candidate, in this order, with intervals.

    Refuses an empty table. Wilson 1927, J Am Stat Assoc 22:209.
    """
    if counts.n == 0:
        return NO_PAIRS

    def share(events: int) -> ArmShare:
        low, high = wilson_interval(events, counts.n, level=level)
        return ArmShare(events / counts.n, low, high, level)

    return share(counts.n_standard_of_care), share(counts.n_candidate)
