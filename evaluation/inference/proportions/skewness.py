"""Paired difference: the score test corrected for skewness, and its interval.

Tango's statistic is too liberal on one side when discordant pairs are few and lopsided. The third
central moment of a pair's difference under the restricted estimate, and the factor N/(N-1) on the
variance, make the two tails more alike.
"""

import math

from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from evaluation.inference.proportions.difference import PairedCounts, restricted_variance
from evaluation.inference.refusals import NO_PAIRS
from protocols.vocabulary import Direction

METHOD = Method(
    name="scas_score",
    sentence=(
        "Score test of a paired difference with a correction for skewness and the factor N/(N-1); "
        "the interval inverts the same test."
    ),
    citation=(
        "Laud 2017, Pharmaceutical Statistics 16:334; Laud 2025, Statistics in Biosciences, "
        "doi:10.1007/s12561-025-09479-4"
    ),
)
NEGLIGIBLE = 1e-10  # a moment below this counts as none, as in the published implementation
ONE_PAIR = NotEvaluable("too_few_pairs", "The factor N/(N-1) needs two pairs.")


def corrected_statistic(counts: PairedCounts, effect: float) -> float:
    """Skewness-corrected score of H0: difference = `effect`; needs two pairs.

    Solves s z^2 + z = z0 + s for z, where z0 is the score and s a sixth of the skewness; where
    there is no real solution the vertex -1/(2s) stands in for it.
    """
    n = counts.n
    raw = restricted_variance(counts, effect)
    variance = raw / (n - 1)
    distance = counts.difference - effect
    if distance == 0:
        return 0.0
    if variance == 0:
        return math.copysign(math.inf, distance)
    score = distance / math.sqrt(variance)
    only_standard = (raw - effect * (1 - effect)) / 2
    only_candidate = only_standard + effect
    neither = 1 - only_candidate - only_standard
    third = (
        only_candidate * (1 - effect) ** 3 - only_standard * (1 + effect) ** 3 - neither * effect**3
    ) / n**2
    if abs(third) < NEGLIGIBLE or variance < NEGLIGIBLE:
        return score
    skew = third / (6 * math.pow(variance, 1.5))
    return (math.sqrt(max(1 + 4 * skew * (score + skew), 0.0)) - 1) / (2 * skew)


def corrected_interval(counts: PairedCounts, *, level: float) -> tuple[float, float] | NotEvaluable:
    """The effects that the corrected test does not reject, by bisection from [-1, 1].

    `level` is two-sided in (0, 1]. Refuses fewer than two pairs.
    """
    if counts.n < 2:
        return ONE_PAIR
    z = critical_value(level)
    if math.isinf(z):
        return -1.0, 1.0
    return -_upper(counts.swapped(), z) + 0.0, _upper(counts, z)


def _upper(counts: PairedCounts, z: float) -> float:
    """Halving keeps to the crossing next to 1 - and -1 of the mirrored table - like the source.

    The corrected score need not fall everywhere near the ends, so a bracket at the estimate
    could pick another crossing.
    """
    low, high = -1.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return high
        if corrected_statistic(counts, middle) + z <= 0:
            high = middle
        else:
            low = middle


def corrected_test(
    counts: PairedCounts, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Test against a margin with its interval.

    `standard_error` is the restricted one at the margin with N/(N-1), the one that the score
    divides by before the correction. Refuses fewer than two pairs and arms that never differ.
    """
    if counts.n == 0:
        return NO_PAIRS
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {counts.n} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    interval = corrected_interval(counts, level=level)
    if isinstance(interval, NotEvaluable):
        return interval
    null = null_effect(margin, direction)
    variance = restricted_variance(counts, null) / (counts.n - 1)
    if variance == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    statistic = turned(corrected_statistic(counts, null), direction)
    return Estimate(
        method=METHOD,
        estimate=counts.difference,
        standard_error=math.sqrt(variance),
        low=interval[0],
        high=interval[1],
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, None),
        df=None,
        information=1 / variance,
        n_pairs=counts.n,
        n_clusters=counts.n,
        standard_of_care=counts.n_standard_of_care / counts.n,
        candidate=counts.n_candidate / counts.n,
    )
