"""Paired ratio of proportions, candidate / standard of care: score test and interval.

A ratio of successes and a ratio of failures on the same data are different questions; the
caller names which event is counted. Ratios lie in [0, inf].
"""

import math

from scipy import optimize

from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_ratio, turned, upper_tail
from evaluation.inference.proportions.difference import PairedCounts, few_discordant
from evaluation.inference.proportions.intervals import correlation
from evaluation.inference.proportions.single import wilson_interval
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="tang_score_ratio",
    sentence="Score test of a paired ratio with the nuisance at its restricted maximum likelihood.",
    citation=(
        "Nam & Blackwelder 2002, Statistics in Medicine 21:689; "
        "Tang, Tang & Chan 2003, Statistics in Medicine 22:1217"
    ),
)
FARTHEST = 20.0  # logarithm of a ratio beyond which a limit counts as 0 or infinite


def restricted_ratio_variance(counts: PairedCounts, ratio: float) -> float:
    """Variance of n1. - n.1 `ratio` with the nuisance at its restricted maximum likelihood.

    Raises `UsageError` for a ratio that is not positive. Tang, Tang & Chan 2003, Stat Med 22:1217.
    """
    if not ratio > 0:
        raise UsageError("RATIO_RANGE", f"A ratio is positive, not {ratio}.")
    n, events = counts.n, counts.n11 + counts.n10 + counts.n01
    a = n * (1 + ratio)
    b = counts.n_standard_of_care * ratio**2 - (counts.n_candidate + 2 * counts.n01)
    c = counts.n01 * (1 - ratio) * events / n
    root = math.sqrt(max(b * b - 4 * a * c, 0.0))
    q = (root - b) / (2 * a) if b <= 0 else -2 * c / (root + b)
    return max(n * (1 + ratio) * q + events * (ratio - 1), 0.0)


def ratio_statistic(counts: PairedCounts, ratio: float) -> float:
    """Score statistic of H0: ratio = `ratio` (> 0), positive when the estimate is larger.

    0 by definition when both arms have no event or the table agrees with the ratio exactly.
    """
    variance = restricted_ratio_variance(counts, ratio)
    distance = counts.n_candidate - counts.n_standard_of_care * ratio
    if distance == 0:
        return 0.0
    if variance <= 0:
        return math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def ratio_interval(counts: PairedCounts, *, level: float) -> tuple[float, float] | NotEvaluable:
    """The ratios that the score test does not reject; a bracketed root on the log scale.

    Refuses a table where neither arm has an event. An arm without any gives 0 or inf as limit.
    """
    if counts.n_candidate == 0 and counts.n_standard_of_care == 0:
        return NotEvaluable("ratio_undefined", "Neither arm has an event, so there is no ratio.")
    z = critical_value(level)
    low = 0.0 if counts.n_candidate == 0 else _limit(counts, z)
    high = math.inf if counts.n_standard_of_care == 0 else _limit(counts, -z)
    return low, high


def _limit(counts: PairedCounts, z: float) -> float:
    def excess(log_ratio: float) -> float:
        statistic = ratio_statistic(counts, math.exp(log_ratio))
        return max(min(statistic, 1e3), -1e3) - z

    if excess(-FARTHEST) <= 0:
        return 0.0
    if excess(FARTHEST) >= 0:
        return math.inf
    found = optimize.brentq(excess, -FARTHEST, FARTHEST, xtol=1e-15, rtol=1e-14, maxiter=500)
    return math.exp(float(found))


def ratio_test(
    counts: PairedCounts, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Test against a ratio margin (1 for superiority), with the interval of the same statistic.

    `margin` is the smallest acceptable ratio where higher is better, the largest where lower is.
    `standard_error` belongs to the logarithm of the ratio: the restricted standard deviation at
    the margin over margin x events of the standard of care. Refuses arms that never differ and a
    standard of care without events.
    """
    null = null_ratio(margin, direction)
    if counts.n == 0:
        return NO_PAIRS
    if counts.n_standard_of_care == 0:
        return NotEvaluable("ratio_undefined", "The standard of care has no event.")
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {counts.n} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    interval = ratio_interval(counts, level=level)
    if isinstance(interval, NotEvaluable):
        return interval
    error = math.sqrt(restricted_ratio_variance(counts, null)) / (null * counts.n_standard_of_care)
    if error == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    statistic = turned(ratio_statistic(counts, null), direction)
    return Estimate(
        method=METHOD,
        estimate=counts.n_candidate / counts.n_standard_of_care,
        standard_error=error,
        low=interval[0],
        high=interval[1],
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
        scale="ratio",
    )


_UNDEFINED = NotEvaluable("ratio_undefined", "Neither arm has an event, so there is no ratio.")


def wald_ratio_interval(
    counts: PairedCounts, *, level: float
) -> tuple[float, float] | NotEvaluable:
    """Symmetric on the log scale; 0 to inf where one arm has no event. Display only.

    Refuses a table where neither arm has an event.
    """
    top, bottom = counts.n_candidate, counts.n_standard_of_care
    if top == 0 and bottom == 0:
        return _UNDEFINED
    if top == 0 or bottom == 0:  # the logarithm and its error are infinite
        return 0.0, math.inf
    half = critical_value(level) * math.sqrt(counts.n_discordant / (top * bottom))
    return top / bottom * math.exp(-half), top / bottom * math.exp(half)


def bonett_price_ratio_interval(
    counts: PairedCounts, *, level: float
) -> tuple[float, float] | NotEvaluable:
    """Hybrid of two Wilson intervals (Bonett & Price 2006, Stat Med 25:3039). Display only.

    The upper limit is inf where the standard of care has no event; refuses as `ratio_interval`.
    """
    n, top, bottom = counts.n - counts.n00, counts.n_candidate, counts.n_standard_of_care
    if n == 0:
        return _UNDEFINED
    spread = math.sqrt((counts.n_discordant + 2) / ((top + 1) * (bottom + 1)))
    parts = [math.sqrt((1 - (x + 1) / (n + 2)) / (x + 1)) for x in (top, bottom)]
    z = critical_value(level) * spread / sum(parts)
    low_c, high_c = _wilson_z(top, n, z)
    low_s, high_s = _wilson_z(bottom, n, z)
    return low_c / high_s, high_c / low_s if bottom else math.inf


def _wilson_z(events: int, n: int, z: float) -> tuple[float, float]:
    half = z * math.sqrt(z * z + 4 * events * (1 - events / n))
    centre, scale = 2 * events + z * z, 2 * (n + z * z)
    return (centre - half) / scale, (centre + half) / scale


def mover_ratio_interval(
    counts: PairedCounts, *, level: float
) -> tuple[float, float] | NotEvaluable:
    """Ratio form of square-and-add (Donner & Zou 2012, Stat Methods Med Res 21:347).

    The upper limit is inf where the standard of care has no event; refuses as `ratio_interval`.
    """
    if counts.n_candidate == 0 and counts.n_standard_of_care == 0:
        return _UNDEFINED
    n, phi = counts.n, correlation(counts)
    p, q = counts.n_candidate / n, counts.n_standard_of_care / n
    low_c, high_c = wilson_interval(counts.n_candidate, n, level=level)
    low_s, high_s = wilson_interval(counts.n_standard_of_care, n, level=level)
    a = p * q - phi * (p - low_c) * (high_s - q)
    b = p * q - phi * (high_c - p) * (q - low_s)
    down = _mover_root((p, q), p - low_c, high_s - q, phi)
    low = max(0.0, (a - down) / (high_s * (2 * q - high_s)))
    if q == 0:
        return low, math.inf
    up = _mover_root((p, q), high_c - p, q - low_s, phi)
    return low, (b + up) / (low_s * (2 * q - low_s))


def _mover_root(shares: tuple[float, float], own: float, other: float, phi: float) -> float:
    """Root of the discriminant for half-widths `own` and `other`, which are small beside shares.

    Written as squares of products of the two, since their difference to p q loses all digits.
    """
    x, y = shares[0] * other, shares[1] * own
    square = (x - y) ** 2 + 2 * (1 - phi) * x * y - (1 - phi * phi) * (own * other) ** 2
    return math.sqrt(max(square, 0.0))
