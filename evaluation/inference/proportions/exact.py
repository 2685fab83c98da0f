"""Exact interval and test of a paired difference: safe for few pairs, and conservative.

The difference is T (2 B - 1) with T the share of discordant pairs and B the candidate's share
among them. Exact confidence distributions of both are combined, T's taken at the end that is
worse for the claim. Without a margin the p-value is the exact sign test's.
"""

import math

import numpy as np
from scipy import optimize, special

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import null_effect, sign_of
from evaluation.inference.proportions.difference import PairedCounts, restricted_variance
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="exact_difference",
    sentence=(
        "Exact test of a paired difference that combines the exact distributions of the "
        "discordant share and of the candidate's part in it; the interval inverts the same test."
    ),
    citation="Fay & Lumbard 2021, Statistics in Medicine 40:1147",
)
FARTHEST = 38.0  # a normal quantile beyond which probabilities are no numbers any more
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_PANELS = 24
_TAIL = 1e-17


def exact_p(counts: PairedCounts, effect: float) -> float:
    """One-sided p of H0: difference <= `effect` in [-1, 1]; small where the candidate is better."""
    won, discordant, n = counts.n10, counts.n_discordant, counts.n
    if won == 0:  # the candidate's share is taken as 0, the difference as -T
        if effect >= 0:
            return 1.0
        return _beta_above(-effect, discordant + 1, n - discordant)
    if effect == 0:
        return float(special.betainc(won, discordant - won + 1, 0.5))
    a, b = (discordant, n - discordant + 1) if effect > 0 else (discordant + 1, n - discordant)
    if b == 0:
        return float(special.betainc(won, discordant - won + 1, 0.5 + effect / 2))
    return _mean_over_share(won, discordant - won + 1, effect, (a, b))


def _beta_above(value: float, a: int, b: int) -> float:
    return 1.0 if b == 0 else float(special.betaincc(a, b, value))


def _mean_over_share(won: int, lost: int, effect: float, share: tuple[int, int]) -> float:
    """E[F(1/2 + effect / 2T)] with F the distribution of beta(won, lost), T beta(`share`).

    F is 1 for T below a positive effect and 0 below the size of a negative one; beyond, it is
    smooth, and Gauss-Legendre panels over the bulk of T lose less than 1e-12.
    """
    a, b = share
    kink = abs(effect)
    below = float(special.betainc(a, b, kink)) if effect > 0 else 0.0
    low = max(kink, float(special.betaincinv(a, b, _TAIL)))
    high = float(special.betainccinv(a, b, _TAIL))
    if low >= high:
        return below
    edges = np.linspace(low, high, _PANELS + 1)
    half = np.diff(edges) / 2
    t = ((edges[:-1] + edges[1:]) / 2)[:, None] + half[:, None] * _NODES
    inside: FloatArray = special.betainc(won, lost, np.clip(0.5 + effect / (2 * t), 0.0, 1.0))
    log_density = special.xlogy(a - 1, t) + special.xlog1py(b - 1, -t) - special.betaln(a, b)
    values = inside * np.exp(log_density) * _WEIGHTS * half[:, None]
    return min(1.0, below + math.fsum(values.ravel().tolist()))


def exact_interval(counts: PairedCounts, *, level: float) -> tuple[float, float]:
    """Central interval at two-sided `level`; covers at least as often as it says.

    Raises `UsageError` for an empty table and a level outside (0, 1].
    """
    if counts.n == 0:
        raise UsageError("NO_PAIRS", "There is no interval for an empty table.")
    if not 0 < level <= 1:
        raise UsageError("LEVEL_RANGE", f"An interval's level lies in (0, 1], not {level}.")
    alpha = (1 - level) / 2
    return _lower(counts, alpha), -_lower(counts.swapped(), alpha) + 0.0


def _lower(counts: PairedCounts, alpha: float) -> float:
    if alpha == 0 or counts.n01 == counts.n:
        return -1.0

    def excess(effect: float) -> float:
        return exact_p(counts, effect) - alpha

    if excess(-1.0) >= 0:
        return -1.0
    return float(optimize.brentq(excess, -1.0, 1.0, xtol=1e-13, rtol=1e-13, maxiter=500))


def exact_test(
    counts: PairedCounts, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Exact test against a margin, with its interval; meant for few pairs.

    `statistic` is the normal quantile of the exact p-value, held within 38; `standard_error` is
    the restricted one at the margin, for planning of information only. Refuses an empty table
    and, as the score test does, one on which the arms never differ.
    """
    if counts.n == 0:
        return NO_PAIRS
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {counts.n} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    null = null_effect(margin, direction)
    better = counts if sign_of(direction) > 0 else counts.swapped()
    p_value = exact_p(better, -margin + 0.0)
    error = math.sqrt(restricted_variance(counts, null) / counts.n)
    if error == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    low, high = exact_interval(counts, level=level)
    return Estimate(
        method=METHOD,
        estimate=counts.difference,
        standard_error=error,
        low=low,
        high=high,
        level=level,
        statistic=min(max(-float(special.ndtri(p_value)), -FARTHEST), FARTHEST),
        p_value=p_value,
        df=None,
        information=1 / error**2,
        n_pairs=counts.n,
        n_clusters=counts.n,
        standard_of_care=counts.n_standard_of_care / counts.n,
        candidate=counts.n_candidate / counts.n,
    )
