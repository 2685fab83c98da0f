"""What a registered safety analysis says of both arms: shares, rates, net harm, severity."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import (
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
    n_distinct,
)
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.safety.bounds import (
    NET_HARM_METHOD,
    ShareBounds,
    clustered_bounds,
    net_discordant_harm,
    p_odds_below,
    p_rate_below,
    poisson_lower,
    poisson_upper,
)
from evaluation.inference.safety.posterior import METHOD as POSTERIOR
from evaluation.inference.safety.posterior import beta_posterior
from evaluation.inference.safety.repeats import effective_exposure
from protocols.errors import UsageError
from protocols.vocabulary import Direction

Side = Literal["upper", "lower", "two_sided"]
Of = Literal["candidate_harm", "standard_of_care_harm", "discordant_harm"]

SHARE = Method(
    name="exact_share_bound",
    sentence=(
        "Exact binomial bounds of the share of harm in each arm; with repeated subjects at the "
        "effective number of encounters."
    ),
    citation="Clopper & Pearson 1934, Biometrika 26:404; Korn & Graubard 1998",
)
RATE = Method(
    name="exact_rate_bound",
    sentence=(
        "Exact Poisson bounds of the rate of harm in each arm; with repeated subjects at the "
        "effective exposure."
    ),
    citation="Garwood 1936, Biometrika 28:437; Korn & Graubard 1998",
)
SEVERITY = Method(
    name="severity_weighted_harm",
    sentence=(
        "Mean difference of registered severity weights, linearised between subjects with "
        "K/(K-1), Student's t with K-1 degrees of freedom."
    ),
    citation="Liang & Zeger 1986, Biometrika 73:13",
)


@dataclass(frozen=True, slots=True)
class Harms:
    """How many harms each pair holds in each arm, and whose pair it is.

    `cluster` is None where pairs are taken as independent.
    """

    candidate: FloatArray
    standard_of_care: FloatArray
    cluster: IntArray | None

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return len(self.candidate)

    @property
    def n_clusters(self) -> int:
        """How many subjects there are; every pair has its own without `cluster`."""
        return self.n if self.cluster is None else n_distinct(self.cluster)

    @property
    def subjects(self) -> IntArray:
        """The subject of each pair, numbered."""
        return np.arange(self.n, dtype=np.int64) if self.cluster is None else self.cluster

    def arms(self) -> Iterator[tuple[str, FloatArray]]:
        """Each arm's name with its harms, the candidate first."""
        yield "candidate", self.candidate
        yield "standard_of_care", self.standard_of_care


def _unusable(harms: Harms, *, whole: bool = False) -> NotEvaluable | None:
    """Refuses no pair and values that are no events (0 or 1), or no counts with `whole`."""
    if harms.n == 0:
        return NO_PAIRS
    for _, values in harms.arms():
        if whole and not (np.isfinite(values) & (values >= 0) & (values % 1 == 0)).all():
            return NotEvaluable("counts_not_whole", "A number of events is not a whole number.")
        if not whole and not ((values == 0) | (values == 1)).all():
            return NotEvaluable("values_not_binary", "A pair's harm is neither 0 nor 1.")
    return None


def share_findings(
    harms: Harms, *, side: Side, level: float, limit: float
) -> Findings | NotEvaluable:
    """Each arm's share of harm with exact bounds, and the p of a share at or above `limit`.

    One-sided bounds have confidence `level`, a two-sided interval (1 + level) / 2 on each side.
    Refuses no pair and values that are no harm.
    """
    _between("limit", limit)
    refusal = _unusable(harms)
    if refusal is not None:
        return refusal
    quantities = []
    for arm, values in harms.arms():
        found = clustered_bounds(values.astype(np.int64), harms.subjects, _confidence(side, level))
        low, high = _sided(side, found.low, found.high, most=1.0)
        title = f"share of harm under the {_words(arm)}; p of a share at or above {limit}"
        p_value = found.p_below(limit)
        quantities.append(
            Quantity(f"{arm}_share", title, found.share, None, low, high, level, p_value=p_value)
        )
    return Findings(SHARE, tuple(quantities), harms.n, harms.n_clusters, _effective(harms))


def rate_findings(
    harms: Harms, exposure: FloatArray, *, side: Side, level: float, limit: float
) -> Findings | NotEvaluable:
    """Each arm's events per unit of exposure, as `share_findings`; events may be counts.

    Refuses exposures that are missing or not positive; raises `UsageError` for a limit that is not
    positive.
    """
    if not limit > 0:
        raise UsageError("LIMIT_RANGE", f"A rate's limit is positive, not {limit}.")
    refusal = _unusable(harms, whole=True)
    if refusal is not None:
        return refusal
    if not (np.isfinite(exposure) & (exposure > 0)).all():
        return NotEvaluable("exposure_missing", "A pair has no positive exposure.")
    confidence, whole = _confidence(side, level), exact_sum(exposure)
    index, k = cluster_index(harms.subjects)
    sizes = np.bincount(index, minlength=k).astype(np.float64)
    exposures = cluster_sums(exposure, index, k)
    quantities = []
    for arm, values in harms.arms():
        sums = cluster_sums(values, index, k)
        size = effective_exposure(sums, exposures, sizes, 1 - confidence)
        rate = exact_sum(values) / whole
        events = exact_sum(values) * (size / whole)
        low, high = _sided(
            side,
            poisson_lower(events, size, confidence),
            poisson_upper(events, size, confidence),
            most=None,
        )
        title = f"rate of harm under the {_words(arm)}; p of a rate at or above {limit}"
        p_value = p_rate_below(events, size, limit)
        quantities.append(
            Quantity(f"{arm}_rate", title, rate, None, low, high, level, p_value=p_value)
        )
    return Findings(RATE, tuple(quantities), harms.n, harms.n_clusters, _effective(harms))


def discordant_harms(harms: Harms) -> tuple[int, int]:
    """Harms of the candidate only and of the standard of care only.

    Where subjects come back each of them counts once, by the sign of the net harm.
    """
    index, k = cluster_index(harms.subjects)
    net = cluster_sums(harms.candidate - harms.standard_of_care, index, k)
    return int(np.count_nonzero(net > 0)), int(np.count_nonzero(net < 0))


def net_harm_findings(harms: Harms, *, level: float, odds_margin: float) -> Findings | NotEvaluable:
    """The sign test, and the test of conditional odds of `odds_margin` or more.

    Refuses no pair and values that are no harm; raises `UsageError` for a margin that is not
    positive.
    """
    if not odds_margin > 0:
        raise UsageError("MARGIN_RANGE", f"A margin of odds is positive, not {odds_margin}.")
    refusal = _unusable(harms)
    if refusal is not None:
        return refusal
    who = "subjects" if harms.n_clusters < harms.n else "pairs"
    candidate, standard = discordant_harms(harms)
    found = net_discordant_harm(candidate, standard, level=level)
    odds = p_odds_below(candidate, standard, odds_margin)
    refused = odds.reason if isinstance(odds, NotEvaluable) else None
    share = Quantity(
        "candidate_share",
        f"candidate's share of {who} harmed by one arm only; one-sided p of no excess harm",
        found.share,
        None,
        found.low,
        found.high,
        level,
        p_value=found.p_excess,
        reason=refused,
    )
    quantities = (
        Quantity("candidate_only", f"{who} harmed by the candidate only", float(candidate)),
        Quantity(
            "standard_of_care_only", f"{who} harmed by the standard of care only", float(standard)
        ),
        share,
        Quantity(
            "odds_below_margin",
            f"one-sided p of conditional odds of harm at or above {odds_margin}",
            p_value=None if isinstance(odds, NotEvaluable) else odds,
            reason=refused,
        ),
    )
    return Findings(NET_HARM_METHOD, quantities, harms.n, harms.n_clusters)


def weighted(
    severity: FloatArray, grades: tuple[float, ...], weights: tuple[float, ...]
) -> FloatArray | NotEvaluable:
    """The registered weight of each severity; refuses a severity that has none.

    Raises `UsageError` unless there is one weight for each grade, and no grade twice.
    """
    if len(grades) != len(weights) or len(set(grades)) != len(grades):
        raise UsageError("GRADES", "Every grade of severity needs one weight.")
    found = np.full(severity.shape, np.nan)
    for grade, weight in zip(grades, weights, strict=True):
        found[severity == grade] = weight
    if np.isnan(found).any():
        reason = "A severity is not among the registered grades."
        return NotEvaluable("severity_without_weight", reason)
    return found


def severity_findings(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    margin: float,
    level: float,
) -> Findings | NotEvaluable:
    """Mean weight of the candidate less the standard of care's, against `margin`; less is better.

    Arrays hold one registered weight a pair. Refuses as `clustered_difference`.
    """
    found = clustered_difference(
        candidate,
        standard_of_care,
        cluster,
        margin=margin,
        direction=Direction.LOWER_IS_BETTER,
        level=level,
    )
    if isinstance(found, NotEvaluable):
        return found
    title = f"difference of mean severity; one-sided p of a difference at or above {margin}"
    quantities = (
        Quantity("candidate_severity", "mean severity of the candidate", found.candidate),
        Quantity(
            "standard_of_care_severity",
            "mean severity of the standard of care",
            found.standard_of_care,
        ),
        Quantity(
            "severity_difference",
            title,
            found.estimate,
            found.standard_error,
            found.low,
            found.high,
            level,
            found.statistic,
            found.df,
            found.p_value,
        ),
    )
    return Findings(SEVERITY, quantities, found.n_pairs, found.n_clusters, found.warnings)


def posterior_findings(
    harms: Harms, *, of: Of, prior: tuple[float, float], limit: float, level: float
) -> Findings | NotEvaluable:
    """Where the share of harm lies after the data: interval, and probability below `limit`.

    `discordant_harm` is the candidate's part of the harms that only one arm had. Refuses no pair
    and values that are no harm.
    """
    refusal = _unusable(harms)
    if refusal is not None:
        return refusal
    events, n = _behind(harms, of, level)
    found = beta_posterior(events, n, prior=prior, limit=limit, level=level)
    name = _words(of)
    quantities = (
        Quantity(
            "posterior_mean",
            f"posterior mean of the share of {name}, with its credible interval",
            found.mean,
            None,
            found.low,
            found.high,
            level,
        ),
        Quantity(
            "probability_below",
            f"posterior probability that the share of {name} lies below {limit}",
            found.below,
        ),
    )
    return Findings(POSTERIOR, quantities, harms.n, harms.n_clusters, _effective(harms))


def _behind(harms: Harms, of: Of, level: float) -> tuple[float, float]:
    """Events and encounters that enter the posterior, at their effective number."""
    if of == "discordant_harm":
        candidate, standard = discordant_harms(harms)
        return float(candidate), float(candidate + standard)
    values = harms.candidate if of == "candidate_harm" else harms.standard_of_care
    confidence = _confidence("two_sided", level)
    found: ShareBounds = clustered_bounds(values.astype(np.int64), harms.subjects, confidence)
    return found.share * found.size, found.size


def _confidence(side: Side, level: float) -> float:
    """One-sided confidence of each bound; UsageError for a level outside of (0, 1)."""
    _between("level", level)
    return (1 + level) / 2 if side == "two_sided" else level


def _between(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise UsageError(f"{name.upper()}_RANGE", f"The {name} lies in (0, 1), not {value}.")


def _sided(
    side: Side, low: float, high: float, *, most: float | None
) -> tuple[float, float | None]:
    """The interval: a one-sided bound reaches to 0, or to the most that there can be."""
    return (0.0 if side == "upper" else low), (most if side == "lower" else high)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _effective(harms: Harms) -> tuple[str, ...]:
    if harms.n_clusters == harms.n:
        return ()
    return (
        f"{harms.n} pairs come from {harms.n_clusters} subjects; bounds stand on the effective "
        "number and are approximate.",
    )
