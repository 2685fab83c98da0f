"""Paired proportions: the difference against a margin, McNemar's test, and the ratio.

The discordance - the share of pairs on which exactly one arm is right - rules the size; teams
guess it badly, so `discordance_table` shows what other guesses would cost. `d1` is the true
difference, candidate minus standard of care.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evaluation.design.size.means import check_correlation
from evaluation.design.size.plan import Normal, Plan, SampleSize, Target
from evaluation.inference.orientation import sign_of
from evaluation.inference.proportions.difference import PairedCounts, restricted_variance
from evaluation.inference.proportions.ratio import restricted_ratio_variance
from protocols.errors import UsageError
from protocols.vocabulary import Direction

SCALE = 10**12  # shares as counts of a table so large that rounding is no matter


def check_discordance(discordance: float, effect: float) -> None:
    """Raises `UsageError` unless |effect| <= discordance <= 1 and the discordance is positive."""
    if not 0 < discordance <= 1:
        raise UsageError("DISCORDANCE_RANGE", f"A discordance lies in (0, 1], not {discordance}.")
    if not abs(effect) <= discordance * (1 + 1e-12):
        message = f"A difference of {effect} needs a discordance of {abs(effect)} at least."
        raise UsageError("DISCORDANCE_RANGE", message)


def discordance_of(candidate: float, standard_of_care: float, correlation: float) -> float:
    """The discordance of two shares in (0, 1) with this phi correlation.

    Raises `UsageError` for a correlation that these shares cannot have.
    """
    check_correlation(correlation)
    p, q = candidate, standard_of_care
    if not (0 < p < 1 and 0 < q < 1):
        raise UsageError("SHARE_RANGE", "A share lies in (0, 1).")
    both = p * q + correlation * math.sqrt(p * (1 - p) * q * (1 - q))
    if not max(0.0, p + q - 1) - 1e-12 <= both <= min(p, q) + 1e-12:
        message = f"Shares of {p} and {q} cannot be correlated by {correlation}."
        raise UsageError("CORRELATION_RANGE", message)
    return p + q - 2 * both


def wald_size(target: Target, discordance: float, plan: Plan) -> SampleSize:
    """Variance p_d - d1^2 under null and truth alike (Lu & Bean 1995, Stat Med 14:1831)."""
    return wald_normal(target, discordance).size(plan, "paired proportions, Wald")


def wald_power(target: Target, discordance: float, n: float, plan: Plan) -> float:
    """Power of `n` independent evaluable pairs at one look."""
    return wald_normal(target, discordance).power(n, plan)


def wald_normal(target: Target, discordance: float) -> Normal:
    """The variance of the difference for one pair, the same under null and truth."""
    check_discordance(discordance, target.truth)
    variance = max(discordance - target.truth**2, 0.0)
    return Normal(target.distance, variance, variance)


def score_size(target: Target, discordance: float, plan: Plan) -> SampleSize:
    """Null variance at the limit of its restricted maximum likelihood estimate.

    Nam 1997, Biometrics 53:1422; Tango 1998, Stat Med 17:891; the test is `score_test`.
    """
    return score_normal(target, discordance).size(plan, "paired proportions, score")


def score_power(target: Target, discordance: float, n: float, plan: Plan) -> float:
    """Power of `n` independent evaluable pairs at one look; `exact.score_power` enumerates."""
    return score_normal(target, discordance).power(n, plan)


def score_normal(target: Target, discordance: float) -> Normal:
    """The two variances of the score test for one pair."""
    check_discordance(discordance, target.truth)
    won, lost = (discordance + target.truth) / 2, (discordance - target.truth) / 2
    table = _expected(1 - discordance, won, lost, 0.0)
    null = restricted_variance(table, target.null)
    return Normal(target.distance, null, max(discordance - target.truth**2, 0.0))


def _expected(both: float, won: float, lost: float, neither: float) -> PairedCounts:
    cells = (max(0, round(share * SCALE)) for share in (both, won, lost, neither))
    return PairedCounts(*cells)


def mcnemar_size(
    truth: float, discordance: float, plan: Plan, *, null_variance: bool
) -> SampleSize:
    """Superiority by McNemar's test, no margin; `truth` counts by its size.

    With `null_variance` z_alpha multiplies sqrt(p_d) as in the test (Connor 1987, Biometrics
    43:207); without, both deviates take the true variance.
    """
    check_discordance(discordance, truth)
    variance = max(discordance - truth**2, 0.0)
    null = discordance if null_variance else variance
    return Normal(abs(truth), null, variance).size(plan, "McNemar")


@dataclass(frozen=True, slots=True)
class PairedShares:
    """The true shares of both arms and of pairs where both have the event.

    Raises `UsageError` for shares that no table has.
    """

    candidate: float
    standard_of_care: float
    both: float

    def __post_init__(self) -> None:
        p, q = self.candidate, self.standard_of_care
        least, most = max(0.0, p + q - 1), min(p, q)
        if not (0 < p <= 1 and 0 < q <= 1 and least - 1e-12 <= self.both <= most + 1e-12):
            raise UsageError("SHARE_RANGE", "No paired table has these shares.")


def ratio_size(null: float, shares: PairedShares, direction: Direction, plan: Plan) -> SampleSize:
    """Score test of candidate / standard of care against the ratio `null` (> 0).

    Nam & Blackwelder 2002, Stat Med 21:689. Raises `UsageError` unless the true ratio lies on the
    good side of `null`.
    """
    return ratio_normal(null, shares, direction).size(plan, "paired ratio, score")


def ratio_power(
    null: float, shares: PairedShares, direction: Direction, *, n: float, plan: Plan
) -> float:
    """Power of `n` independent evaluable pairs at one look."""
    return ratio_normal(null, shares, direction).power(n, plan)


def ratio_normal(null: float, shares: PairedShares, direction: Direction) -> Normal:
    """The two variances of candidate share minus null times the other, for one pair."""
    if not 0 < null < math.inf:
        raise UsageError(
            "MARGIN_RANGE", f"A ratio on the edge of the null is positive, not {null}."
        )
    p, q, both = shares.candidate, shares.standard_of_care, shares.both
    table = _expected(both, p - both, q - both, 1 - p - q + both)
    gap = p - null * q
    truth = p + null**2 * q - 2 * null * both - gap**2
    variance_null = restricted_ratio_variance(table, null) / table.n
    return Normal(sign_of(direction) * gap, variance_null, max(truth, 0.0))


Method = Callable[[Target, float, Plan], SampleSize]


@dataclass(frozen=True, slots=True)
class TableCell:
    """One guess of discordance and true difference; `size` is None where they contradict."""

    discordance: float
    truth: float
    size: SampleSize | None


def discordance_table(
    null: float,
    direction: Direction,
    *,
    guesses: tuple[Sequence[float], Sequence[float]],
    plan: Plan,
    method: Method = score_size,
) -> tuple[tuple[TableCell, ...], ...]:
    """Sizes over guesses of (discordances, true differences): one row a discordance.

    A cell is empty where the difference exceeds the discordance or is not on the good side.
    """
    return tuple(
        tuple(
            _cell(null, direction, (discordance, truth), plan=plan, method=method)
            for truth in guesses[1]
        )
        for discordance in guesses[0]
    )


def _cell(
    null: float,
    direction: Direction,
    guess: tuple[float, float],
    *,
    plan: Plan,
    method: Method,
) -> TableCell:
    discordance, truth = guess
    if abs(truth) > discordance or not sign_of(direction) * (truth - null) > 0:
        return TableCell(discordance, truth, None)
    size = method(Target(null, truth, direction), discordance, plan)
    return TableCell(discordance, truth, size)
