"""A line between two measurements that both err: Deming's, and Passing and Bablok's."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.continuous.differences import finite_pairs
from evaluation.inference.orientation import critical_value
from protocols.errors import UsageError

DEMING_METHOD = Method(
    name="deming_regression",
    sentence=(
        "Deming's line of the candidate on the standard of care with a known ratio of error "
        "variances; standard errors from leaving out one subject at a time."
    ),
    citation="Deming 1943, Statistical Adjustment of Data; Linnet 1990, Stat Med 9:1463",
)
PASSING_BABLOK_METHOD = Method(
    name="passing_bablok_regression",
    sentence=(
        "Passing and Bablok's line of the candidate on the standard of care: the shifted median "
        "of the slopes of all pairs of points, slopes of exactly -1 left out; the interval is by "
        "ranks."
    ),
    citation="Passing & Bablok 1983, J Clin Chem Clin Biochem 21:709",
)
Reference = Literal["jackknife_t", "jackknife_normal"]
RankRule = Literal["passing_bablok", "sen"]
MOST_POINTS = 4000
"""Eight million slopes: half a second and 200 MB."""
ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""What differences of recorded numbers are off by, as a share of the largest number."""
STEEPEST = 1e12
"""A line steeper than this is upright."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient of a line; what is None has a `reason` in its `Line`."""

    estimate: float
    standard_error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """Candidate = intercept + slope x standard of care, with intervals at the level asked for."""

    intercept: Coefficient
    slope: Coefficient
    df: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums about a fixed point, as arrays of one value for each sample without one subject."""

    n: FloatArray
    x: FloatArray
    y: FloatArray
    xx: FloatArray
    yy: FloatArray
    xy: FloatArray


def deming(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    error_ratio: float,
    level: float,
    reference: Reference = "jackknife_t",
    cluster: IntArray | None = None,
) -> Line | NotEvaluable:
    """Deming's regression of the candidate on the standard of care.

    `error_ratio` > 0 is the variance of the candidate's error over that of the standard of care (1:
    orthogonal regression). The variance is the sum of squared changes when one subject (or pair,
    without `cluster`) is left out, about the full estimate, a little above the usual jackknife;
    `jackknife_t` refers it to t with one degree of freedom less than subjects. Refuses fewer than
    three subjects, arms that do not covary, and pairs all on one line; raises `UsageError` for a
    ratio that is not positive.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    if not (math.isfinite(error_ratio) and error_ratio > 0):
        raise UsageError("ERROR_RATIO", f"A ratio of variances is positive, not {error_ratio}.")
    index, k = np.arange(candidate.size, dtype=np.int64), candidate.size
    if cluster is not None:
        index, k = cluster_index(cluster)
    if k < 3:
        return NotEvaluable("too_few_pairs", "A line with an error needs three subjects.")
    centre = exact_sum(standard_of_care) / candidate.size, exact_sum(candidate) / candidate.size
    moments = _left_out(standard_of_care - centre[0], candidate - centre[1], index, k)
    found = _deming_line(moments, error_ratio)
    if found is None:
        return NotEvaluable("slope_undefined", "The arms do not covary, so no line is defined.")
    slopes, intercepts = found[0], found[1] + centre[1] - found[0] * centre[0]
    df = float(k - 1) if reference == "jackknife_t" else None
    critical = critical_value(level, df)
    slope, intercept = (_jackknifed(values, critical) for values in (slopes, intercepts))
    if (slope.standard_error or 0.0) <= 1e-12 * abs(slope.estimate):
        return NotEvaluable("zero_variance", "All pairs lie on one line, which leaves no error.")
    return Line(intercept, slope, df)


def _left_out(x: FloatArray, y: FloatArray, index: IntArray, k: int) -> _Moments:
    """Moments of the whole sample, then of the sample without each subject."""

    def rest(values: FloatArray) -> FloatArray:
        sums = values if k == len(values) else cluster_sums(values, index, k)
        total = exact_sum(sums)
        return np.concatenate(([total], total - sums))

    columns = (np.ones_like(x), x, y, x * x, y * y, x * y)
    return _Moments(*(rest(values) for values in columns))


def _deming_line(m: _Moments, ratio: float) -> tuple[FloatArray, FloatArray] | None:
    """Slopes and intercepts, or None where any sample has no covariance."""
    sxx, syy = m.xx - m.x**2 / m.n, m.yy - m.y**2 / m.n
    sxy = m.xy - m.x * m.y / m.n
    if (np.abs(sxy) <= 1e-12 * np.sqrt(m.xx[0] * m.yy[0])).any():
        return None
    b = syy - ratio * sxx
    root = np.sqrt(b * b + 4 * ratio * sxy**2)
    # either form, whichever adds two numbers of one sign
    positive = (b + root) / (2 * sxy)
    negative = 2 * ratio * sxy / (root - np.minimum(b, 0.0))
    slope = np.where(b >= 0, positive, negative)
    return slope, (m.y - slope * m.x) / m.n


def _jackknifed(values: FloatArray, critical: float) -> Coefficient:
    estimate = float(values[0])
    error = math.sqrt(exact_sum((values[1:] - estimate) ** 2))
    half = critical * error
    return Coefficient(estimate, error, estimate - half, estimate + half)


def passing_bablok(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    level: float,
    rule: RankRule = "passing_bablok",
) -> Line | NotEvaluable:
    """Passing and Bablok's regression of the candidate on the standard of care.

    Of an even number of slopes the two in the middle give the slope that halves their angle.
    Pairs of equal points say nothing and are left out; a vertical pair has an infinite slope of
    its sign. Slopes below -1 shift the median and both limits. The intercept is the median of
    candidate - slope x standard of care, its limits span the same at the slope's limits. `sen`
    counts the limits' ranks from the median outwards, rounded up (Sen 1968, J Am Stat Assoc
    63:1379). Refuses fewer than three pairs, more than 4,000 (the slopes are listed), and a slope
    that is not finite.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    n = candidate.size
    if n < 3:
        return NotEvaluable("too_few_pairs", "A line by ranks needs three pairs.")
    if n > MOST_POINTS:
        reason = f"{n} pairs have too many slopes to list; {MOST_POINTS} pairs are the most."
        return NotEvaluable("too_many_pairs", reason)
    slopes = _slopes(standard_of_care, candidate)
    offset = int((slopes < -1).sum())
    count = len(slopes)
    middle = offset + count / 2
    if count == 0 or math.floor(middle) >= count:
        return NotEvaluable("slope_undefined", "Too many slopes lie below -1 for a line of +1.")
    inner = math.floor(middle - 0.5), math.ceil(middle - 0.5)
    slope = _halfway(float(slopes[inner[0]]), float(slopes[inner[1]]))
    if abs(slope) > STEEPEST:
        return NotEvaluable("slope_undefined", "The standard of care hardly varies.")
    half = critical_value(level) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    low, high = (_ranked(slopes, rank + offset) for rank in _limit_ranks(count, half, rule))

    def intercept(at: float) -> float:
        return float(np.median(candidate - at * standard_of_care))

    middle = intercept(slope)
    # of negative values the steeper line has the higher intercept
    ends = [None if at is None else intercept(at) for at in (high, low)]
    if None not in ends:
        ends = [fold(end for end in (*ends, middle) if end is not None) for fold in (min, max)]
    reached = low is not None and high is not None
    return Line(
        Coefficient(middle, None, ends[0], ends[1]),
        Coefficient(slope, None, low, high),
        reason=None if reached else "A limit of the slope lies outside the slopes of the data.",
    )


def _halfway(one: float, other: float) -> float:
    """The slope that halves the angle, so that swapping the arms gives the reciprocal."""
    return one if one == other else math.tan((math.atan(one) + math.atan(other)) / 2)


def _limit_ranks(count: int, half: float, rule: RankRule) -> tuple[float, float]:
    """The ranks from 1 of the limits, the lower one first; half a rank lies between two slopes."""
    if not math.isfinite(half):
        return 0, count + 1
    if rule == "sen":
        outwards = math.ceil(half / 2)
        return (count + 1) / 2 - outwards, (count + 1) / 2 + outwards
    rank = round((count - half) / 2)
    return rank, count - rank + 1


def _slopes(x: FloatArray, y: FloatArray) -> FloatArray:
    """The slopes of all pairs of points, sorted, without 0/0 and without -1.

    A rise and a run of tenths that are equal and opposite on paper differ in their last bits, and
    a slope on the wrong side of -1 shifts the median.
    """
    parts = []
    noise = ROUNDING * max(float(np.abs(x).max()), float(np.abs(y).max()))
    for i in range(len(x) - 1):
        dx, dy = x[i + 1 :] - x[i], y[i + 1 :] - y[i]
        apart = (dx != 0) | (dy != 0)
        dx, dy = dx[apart], dy[apart]
        upright = dx == 0
        slope = np.where(upright, np.copysign(np.inf, dy), dy / np.where(upright, 1.0, dx))
        parts.append(slope[np.abs(dx + dy) > noise])
    return np.sort(np.concatenate(parts))


def _ranked(slopes: FloatArray, rank: float) -> float | None:
    """The slope of this rank from 1; None outside, or where it is infinite."""
    if not 1 <= rank <= len(slopes):
        return None
    slope = _halfway(float(slopes[math.floor(rank) - 1]), float(slopes[math.ceil(rank) - 1]))
    return slope if math.isfinite(slope) else None
