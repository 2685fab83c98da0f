"""A typical paired difference against a margin: signed ranks, and the average that they centre."""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.continuous.differences import finite_pairs
from evaluation.inference.continuous.signed_rank import (
    RankLimits,
    SignedRank,
    Zeros,
    law_of_shifts,
    rank_limits,
    signed_rank,
)
from evaluation.inference.continuous.walsh import WalshAverages, in_units
from evaluation.inference.orientation import (
    critical_of,
    null_effect,
    sign_of,
)
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="wilcoxon_signed_rank",
    sentence=(
        "Signed-rank test of a shift by the margin, differences rounded to the declared "
        "resolution; exact below 50 pairs without ties and zeros, else normal with corrections "
        "for ties and continuity; the estimate is the median of the averages of all pairs of "
        "differences, and the interval inverts the same statistic. Differences equal to the "
        "margin are zeros: they are left out of estimate and interval."
    ),
    citation=(
        "Wilcoxon 1945, Biometrics Bulletin 1:80; Hodges & Lehmann 1963, Annals of Mathematical "
        "Statistics 34:598; Bauer 1972, Journal of the American Statistical Association 67:687"
    ),
)
INSIDE = 2.0**-30
"""A limit that lies open at the margin is shown this part of the resolution inside."""
ERROR_ALPHA = 0.025


@dataclass(frozen=True, slots=True)
class Shift:
    """Signed ranks about a null value: the point statistic, the median average, the limits.

    `estimate`, `low`, `high` are on the scale of the values; `reached` says whether the limits
    attain the level (with few differences the extreme averages do not).
    """

    rank: SignedRank
    estimate: float
    low: float
    high: float
    reached: bool


def whole_null(null: float, resolution: float) -> float:
    """Twice the null value in units of the resolution, freed from float noise."""
    doubled = 2 * null / resolution
    nearest = float(round(doubled))
    return nearest if abs(doubled - nearest) <= 1e-9 * max(1.0, abs(nearest)) else doubled


def _kept(units: IntArray, doubled_null: float, zeros: Zeros) -> WalshAverages:
    is_zero = 2 * units == doubled_null
    extra = int(is_zero.sum()) if zeros == "pratt" else 0
    return WalshAverages.of(units[~is_zero], extra=extra)


def shift(
    differences: FloatArray, *, null: float, resolution: float, zeros: Zeros, level: float
) -> Shift | NotEvaluable:
    """Signed-rank statistic about `null`, Hodges-Lehmann estimate and interval at `level`.

    `differences` are finite; `resolution` > 0 is what they are rounded to. Differences equal to
    `null` enter neither estimate nor interval (as in R); under `pratt` they keep their ranks, so
    that every other difference weighs as many averages more. Refuses constant differences; raises
    `UsageError` for another treatment of zeros.
    """
    if zeros not in ("wilcox", "pratt"):
        raise UsageError("ZEROS", f"Zeros are treated as wilcox or pratt, not {zeros}.")
    units = in_units(differences, resolution)
    refusal = _constant(units, resolution)
    if refusal is not None:
        return refusal
    doubled_null = whole_null(null, resolution)
    rank = _signed_rank(units, doubled_null, zeros)
    averages = _kept(units, doubled_null, zeros)
    law = law_of_shifts(averages, exact=rank.exact)
    limits = rank_limits(law, averages, alpha=(1 - level) / 2)
    estimate = averages.median() * resolution
    return Shift(rank, estimate, limits.low * resolution, limits.high * resolution, limits.reached)


def wilcoxon_signed_rank(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    margin: float,
    direction: Direction,
    level: float,
    resolution: float,
    zeros: Zeros,
) -> Estimate | NotEvaluable:
    """The typical difference candidate - standard of care against a margin, pairs independent.

    The one-sided p-value is that of the signed ranks about the null value. `standard_error`
    is the width of the normal rank interval at one-sided 0.025 over twice its deviate, whatever
    the level. Refuses constant differences, differences of so few values that the interval has
    no width, and so few pairs that no p-value reaches the level.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    sign = sign_of(direction)
    units = in_units(sign * (candidate - standard_of_care), resolution)
    refusal = _constant(units, resolution)
    if refusal is not None:
        return refusal
    null = sign * null_effect(margin, direction)
    doubled_null = whole_null(null, resolution)
    rank = _signed_rank(units, doubled_null, zeros)
    averages = _kept(units, doubled_null, zeros)
    law = law_of_shifts(averages, exact=rank.exact)
    limits = rank_limits(law, averages, alpha=(1 - level) / 2)
    if not limits.reached:
        reason = f"With {rank.n} differences no p-value is below {(1 - level) / 2:g}."
        return NotEvaluable("too_few_pairs", reason)
    error = _standard_error(averages, law) * resolution
    if error == 0:
        reason = "The differences take so few values that the error is not estimable from ranks."
        return NotEvaluable("zero_variance", reason)
    z, p_value = rank.upper_z(rank.statistic), rank.upper_p(rank.statistic)
    low, high = _reconciled(limits, doubled_null / 2, rejected=p_value < (1 - level) / 2)
    ends = sign * _scaled(low, doubled_null, null, resolution), sign * high * resolution
    middle = min(max(averages.median(), low), high)
    return Estimate(
        method=METHOD,
        estimate=sign * middle * resolution + 0.0,
        standard_error=error,
        low=min(ends) + 0.0,
        high=max(ends) + 0.0,
        level=level,
        statistic=z,
        p_value=p_value,
        df=None,
        information=1 / error**2,
        n_pairs=candidate.size,
        n_clusters=candidate.size,
        standard_of_care=float(np.median(standard_of_care)),
        candidate=float(np.median(candidate)),
        warnings=_warnings(rank),
    )


def _signed_rank(units: IntArray, doubled_null: float, zeros: Zeros) -> SignedRank:
    """The statistic of differences that vary, so that not all of them equal the null value."""
    rank = signed_rank(units, doubled_null=doubled_null, zeros=zeros)
    assert rank is not None  # noqa: S101 - for the type checker
    return rank


def _constant(units: IntArray, resolution: float) -> NotEvaluable | None:
    if units.size == 0:
        return NO_PAIRS
    first = int(units[0])
    if not (units == first).all():
        return None
    if first == 0:
        reason = f"The arms give the same value on all {units.size} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    size = f"{abs(first) * resolution:g}"
    reason = f"The arms differ by {size} on every pair, so there is no variation."
    return NotEvaluable("constant_differences", reason)


def _reconciled(limits: RankLimits, null: float, *, rejected: bool) -> tuple[float, float]:
    """The lower limit excludes the null value exactly when it is rejected.

    Shifts that equal an average have a tied statistic of their own, and the null value may be
    one: then the limit moves to it, or just inside where the interval lies open.
    """
    low, high = limits.low, limits.high
    if rejected and low <= null:
        low = null + INSIDE
    if not rejected and low > null:
        low = null
    return low, max(low, high)


def _scaled(limit: float, doubled_null: float, null: float, resolution: float) -> float:
    """A limit on the scale of the values, on the same side of the null value as in units."""
    scaled = limit * resolution
    if limit > doubled_null / 2:
        return max(scaled, math.nextafter(null, math.inf))
    return min(scaled, null)


def _standard_error(averages: WalshAverages, law: SignedRank) -> float:
    """Half the width of a normal rank interval over its deviate, in units of the resolution.

    Lehmann 1963, Annals of Mathematical Statistics 34:1507.
    """
    total = averages.total
    rank = max(1, math.floor(total / 2 - critical_of(ERROR_ALPHA) * law.sd))
    width = (averages.ranked(total - rank + 1) - averages.ranked(rank)) / 2
    deviate = (total / 2 - rank + 0.5) / law.sd
    return width / (2 * deviate)


def _warnings(rank: SignedRank) -> tuple[str, ...]:
    if not rank.n_zero:
        return ()
    return (
        f"{rank.n_zero} of {rank.n + rank.n_zero} differences equal the margin; estimate and "
        "interval describe the others.",
    )
