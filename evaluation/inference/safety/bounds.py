"""Shares held against a limit by exact one-sided bounds, and net discordant harm."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import IntArray, cluster_index
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.proportions.mcnemar import sign_p
from evaluation.inference.proportions.single import (
    clopper_pearson_interval,
    clopper_pearson_lower,
    clopper_pearson_upper,
)
from evaluation.inference.safety.repeats import effective_share
from protocols.errors import UsageError

METHOD = Method(
    name="exact_binomial",
    sentence="Exact one-sided binomial bound of a share.",
    citation="Clopper & Pearson 1934, Biometrika 26:404",
)
NET_HARM_METHOD = Method(
    name="net_discordant_harm",
    sentence="Sign test on the encounters that only one arm would have harmed.",
    citation="McNemar 1947, Psychometrika 12:153",
)


def _alpha(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise UsageError("CONFIDENCE_RANGE", f"Confidence lies in (0, 1), not {confidence}.")
    return 1 - confidence


def exact_upper(events: int, n: int, confidence: float) -> float:
    """One-sided upper bound of a share at `confidence`; 1 - (1 - confidence)^(1/n) at 0 events.

    Raises `UsageError` for n = 0 or events outside 0..n: an empty denominator is the caller's
    to report as not evaluable. Clopper & Pearson 1934, Biometrika 26:404.
    """
    return clopper_pearson_upper(events, n, alpha=_alpha(confidence))


def exact_lower(events: int, n: int, confidence: float) -> float:
    """One-sided lower bound of a share at `confidence`; 0 at 0 events. Raises as `exact_upper`."""
    return clopper_pearson_lower(events, n, alpha=_alpha(confidence))


def exact_interval(events: int, n: int, level: float) -> tuple[float, float]:
    """Two-sided equal-tailed exact interval at `level`. Raises as `exact_upper`."""
    _alpha(level)
    return clopper_pearson_interval(events, n, level=level)


@dataclass(frozen=True, slots=True)
class ShareBounds:
    """A share with its one-sided bounds, exact at `size` independent encounters."""

    share: float
    low: float
    high: float
    size: float

    def p_below(self, limit: float) -> float:
        """One-sided p of H0: share >= `limit`, below 1 - confidence exactly if `high` < limit."""
        won = self.share * self.size
        return 1.0 if self.share == 1 else float(special.betaincc(won + 1, self.size - won, limit))


def clustered_bounds(events: IntArray, cluster: IntArray, confidence: float) -> ShareBounds:
    """One-sided bounds of a share when encounters nest in subjects.

    `events` holds 1 or 0 for each encounter. The exact bounds at the effective number of
    encounters (`repeats.effective_share`), as in Korn & Graubard 1998, Survey Methodology 24:193.
    Raises `UsageError` for no encounter.
    """
    alpha, n = _alpha(confidence), len(events)
    if n == 0 or cluster.shape != events.shape:
        raise UsageError("COUNT_RANGE", "A share needs encounters, each with its subject.")
    index, k = cluster_index(cluster)
    sums = np.bincount(index, weights=events, minlength=k).astype(np.float64)
    sizes = np.bincount(index, minlength=k).astype(np.float64)
    return share_bounds(int(events.sum()) / n, effective_share(sums, sizes, alpha), confidence)


def share_bounds(share: float, size: float, confidence: float) -> ShareBounds:
    """Exact one-sided bounds of a share among `size` encounters, which need not be whole."""
    alpha = _alpha(confidence)
    won, lost = share * size, size - share * size
    return ShareBounds(
        share,
        0.0 if share == 0 else float(special.betaincinv(won, lost + 1, alpha)),
        1.0 if share == 1 else float(special.betainccinv(won + 1, lost, alpha)),
        size,
    )


def p_below(events: int, n: int, limit: float) -> float:
    """One-sided exact p-value of H0: share >= `limit`, that is P(X <= events) at the limit.

    `limit` lies in (0, 1). Raises `UsageError` for counts or a limit that are none.
    """
    if n < 1 or not 0 <= events <= n or not 0 < limit < 1:
        raise UsageError("COUNT_RANGE", f"{events} events among {n} against {limit} is no test.")
    # scipy's binomial distribution function loses digits from a million on, the beta's does not
    return 1.0 if events == n else float(special.betaincc(events + 1, n - events, limit))


@dataclass(frozen=True, slots=True)
class NetHarm:
    """Harms that only one arm would have had; `share` is the candidate's part of them.

    `p_excess` tests the sign for more harm under the candidate, one-sided; 1 without any
    discordant harm. The interval is exact, two-sided at `level`.
    """

    method: Method
    candidate_only: int
    standard_of_care_only: int
    share: float | None
    low: float | None
    high: float | None
    level: float
    p_excess: float


def net_discordant_harm(
    candidate_only: int, standard_of_care_only: int, *, level: float
) -> NetHarm:
    """Sign test on discordant harms; without any, p is 1 by definition and there is no share."""
    n = candidate_only + standard_of_care_only
    p_excess = sign_p(candidate_only, standard_of_care_only)
    share = low = high = None
    if n > 0:
        share = candidate_only / n
        low, high = exact_interval(candidate_only, n, level)
    return NetHarm(
        NET_HARM_METHOD, candidate_only, standard_of_care_only, share, low, high, level, p_excess
    )


def p_odds_below(
    candidate_only: int, standard_of_care_only: int, odds_margin: float
) -> float | NotEvaluable:
    """One-sided exact p of H0: conditional odds of harm >= `odds_margin` (a share r/(1+r)).

    Refuses when no pair was harmed by one arm only.
    """
    n = candidate_only + standard_of_care_only
    if n == 0:
        return NotEvaluable("no_discordant_pairs", "No encounter was harmed by only one arm.")
    return p_below(candidate_only, n, odds_margin / (1 + odds_margin))


def poisson_upper(events: float, exposure: float, confidence: float) -> float:
    """One-sided exact upper bound of a rate per unit of exposure.

    Raises `UsageError` for a negative count or no exposure. Garwood 1936, Biometrika 28:437.
    """
    if events < 0 or not exposure > 0:
        raise UsageError("COUNT_RANGE", f"{events} events in an exposure of {exposure} is no rate.")
    return float(special.gammainccinv(events + 1, _alpha(confidence))) / exposure


def poisson_lower(events: float, exposure: float, confidence: float) -> float:
    """One-sided exact lower bound of a rate; 0 without events.

    Raises `UsageError` as `poisson_upper`.
    """
    if events < 0 or not exposure > 0:
        raise UsageError("COUNT_RANGE", f"{events} events in an exposure of {exposure} is no rate.")
    return 0.0 if events == 0 else float(special.gammaincinv(events, _alpha(confidence))) / exposure


def p_rate_below(events: float, exposure: float, limit: float) -> float:
    """One-sided exact p of H0: rate >= `limit`, that is P(X <= events) at the limit.

    Raises `UsageError` for a negative count, no exposure or a limit that is not positive.
    """
    if events < 0 or not exposure > 0 or not limit > 0:
        raise UsageError("COUNT_RANGE", f"{events} events against a rate of {limit} is no test.")
    return float(special.gammaincc(events + 1, limit * exposure))
