"""Discrimination: areas under the ROC curve on the same encounters, compared with a margin.

Placements by sorting, O(n log n), counted in whole numbers, so that row order changes no bit.
A higher score speaks for the event; the direction is never guessed. A candidate without an
answer can be given the worst rank: -inf where the event happened, +inf where it did not.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_index,
    exact_sum,
)
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="delong",
    sentence=(
        "Difference of two areas under the ROC curve on the same encounters, variance from "
        "placement values, normal reference."
    ),
    citation=(
        "DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44:837; Sun & Xu 2014, "
        "IEEE Signal Processing Letters 21:1389"
    ),
)
CLUSTERED_METHOD = Method(
    name="obuchowski_clustered_auc",
    sentence=(
        "Difference of two areas under the ROC curve with encounters nested in subjects, "
        "variance from placement sums of subjects, Student's t with one degree of freedom less "
        "than there are subjects."
    ),
    citation="Obuchowski 1997, Biometrics 53:567",
)
FEW_SUBJECTS = 15


@dataclass(frozen=True, slots=True)
class Placements:
    """Of one arm. `event[i]` counts twice the non-events below event i, ties once each.

    `non_event[j]` counts twice the events above non-event j, ties once each.
    """

    event: FloatArray
    non_event: FloatArray

    @property
    def area(self) -> float:
        """The area under the ROC curve, in [0, 1]."""
        return exact_sum(self.event) / (2 * len(self.event) * len(self.non_event))


def placements(scores: FloatArray, outcome: BoolArray) -> Placements:
    """Placements of the scores of one arm; infinite scores are the worst or best ranks."""
    event, non_event = scores[outcome], scores[~outcome]
    low, high = np.sort(non_event), np.sort(event)
    below = np.searchsorted(low, event, "left") + np.searchsorted(low, event, "right")
    not_above = np.searchsorted(high, non_event, "left") + np.searchsorted(high, non_event, "right")
    return Placements(below.astype(np.float64), (2 * len(event) - not_above).astype(np.float64))


def with_failures_worst(scores: FloatArray, failed: BoolArray, outcome: BoolArray) -> FloatArray:
    """Scores in which an arm without an answer ranks worst: -inf for events, +inf for the rest."""
    return np.where(failed, np.where(outcome, -np.inf, np.inf), scores)


def _spread(values: FloatArray) -> float:
    return exact_sum((values - exact_sum(values) / len(values)) ** 2)


def delong_variance(parts: Placements) -> float:
    """Variance of an area, or of a difference when `parts` holds differences of placements.

    Needs two events and two non-events. DeLong et al. 1988, equation 4.
    """
    m, n = len(parts.event), len(parts.non_event)
    events = _spread(parts.event) / (4.0 * n * n) / (m - 1) / m
    return events + _spread(parts.non_event) / (4.0 * m * m) / (n - 1) / n


def obuchowski_variance(parts: Placements, outcome: BoolArray, cluster: IntArray) -> float:
    """The same with encounters nested in subjects; equals DeLong's when each has one encounter.

    Needs events in two subjects and non-events in two. Obuchowski 1997, equations 5 to 7: a
    subject without events counts in I only.
    """
    index, k = cluster_index(cluster)
    m, n = len(parts.event), len(parts.non_event)
    x, with_events = _centred(parts.event, index[outcome], k)
    y, with_non_events = _centred(parts.non_event, index[~outcome], k)
    x, y = x / (2 * n), y / (2 * m)
    events = with_events / (with_events - 1) * exact_sum(x * x) / m**2
    non_events = with_non_events / (with_non_events - 1) * exact_sum(y * y) / n**2
    return events + non_events + 2 * k / (k - 1) * exact_sum(x * y) / (m * n)


def _centred(values: FloatArray, index: IntArray, k: int) -> tuple[FloatArray, int]:
    """Sums of a subject less its share of the total, and the number of subjects with a value."""
    sums = np.bincount(index, weights=values, minlength=k)  # whole numbers: order is immaterial
    counts = np.bincount(index, minlength=k)
    mean = exact_sum(values) / len(values)
    return sums - counts * mean, int(np.count_nonzero(counts))


def delong(
    scores_candidate: FloatArray,
    scores_soc: FloatArray,
    outcome: BoolArray,
    *,
    margin: float,
    level: float,
    cluster: IntArray | None = None,
    direction: Direction = Direction.HIGHER_IS_BETTER,
) -> Estimate | NotEvaluable:
    """Difference of paired areas against a margin; with `cluster`, subjects are the units.

    Without clusters the reference is normal; with them Student's t with subjects less one.
    Refuses scores that are no numbers, outcomes of one class, fewer than two events or
    non-events (or subjects having them), constant scores, and a variance of zero.
    """
    refusal = _refusal((scores_candidate, scores_soc), outcome, cluster)
    if refusal is not None:
        return refusal
    candidate, soc = placements(scores_candidate, outcome), placements(scores_soc, outcome)
    parts = Placements(candidate.event - soc.event, candidate.non_event - soc.non_event)
    variance, k = _variance(parts, outcome, cluster)
    if not parts.event.any() and not parts.non_event.any():
        reason = "Both arms rank every encounter alike; the data carry no information."
        return NotEvaluable("arms_identical", reason)
    if variance <= 0:
        reason = "The variance of the difference is not positive, so there is no test."
        return NotEvaluable("zero_variance", reason)
    error, df = math.sqrt(variance), None if cluster is None else float(k - 1)
    half = critical_value(level, df) * error
    statistic = turned((parts.area - null_effect(margin, direction)) / error, direction)
    return Estimate(
        method=METHOD if cluster is None else CLUSTERED_METHOD,
        estimate=parts.area,
        standard_error=error,
        low=parts.area - half,
        high=parts.area + half,
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        information=1 / variance,
        n_pairs=len(outcome),
        n_clusters=k,
        standard_of_care=soc.area,
        candidate=candidate.area,
        warnings=_warnings(outcome, cluster),
    )


def _warnings(outcome: BoolArray, cluster: IntArray | None) -> tuple[str, ...]:
    """Simulated with events in 8 of 30 subjects, the test rejects 0.035 where it should 0.025."""
    if cluster is None:
        return ()
    fewest = min(len(np.unique(cluster[outcome])), len(np.unique(cluster[~outcome])))
    if fewest >= FEW_SUBJECTS:
        return ()
    return (
        f"Only {fewest} subjects have events, or non-events; the variance between subjects is "
        "uncertain and the test may reject too often.",
    )


def _variance(parts: Placements, outcome: BoolArray, cluster: IntArray | None) -> tuple[float, int]:
    if cluster is None:
        return delong_variance(parts), len(outcome)
    return obuchowski_variance(parts, outcome, cluster), len(np.unique(cluster))


def _refusal(
    arms: tuple[FloatArray, ...], outcome: BoolArray, cluster: IntArray | None
) -> NotEvaluable | None:
    lengths = {len(outcome), *(len(scores) for scores in arms)}
    if len(lengths | ({len(cluster)} if cluster is not None else set())) > 1:
        raise UsageError("LENGTHS_DIFFER", "Scores, outcomes and clusters must have one length.")
    if len(outcome) == 0:
        return NotEvaluable("no_pairs", "No pair can be evaluated for this endpoint.")
    if any(np.isnan(scores).any() for scores in arms):
        return NotEvaluable("scores_missing", "A pair has no score.")
    n_events = int(np.count_nonzero(outcome))
    n_others = len(outcome) - n_events
    if min(n_events, n_others) == 0:
        missing = "event" if n_events == 0 else "non-event"
        return NotEvaluable("one_class", f"There is no {missing}, so there is no ROC curve.")
    unit = "encounter"
    if cluster is not None:
        unit = "subject"
        n_events = len(np.unique(cluster[outcome]))
        n_others = len(np.unique(cluster[~outcome]))
    if min(n_events, n_others) < 2:
        scarce = "events" if n_events < 2 else "non-events"
        reason = f"Only one {unit} has {scarce}, so a variance is not estimable."
        return NotEvaluable("too_few_events", reason)
    if any((scores == scores[0]).all() for scores in arms):
        return NotEvaluable("constant_scores", "An arm gives every encounter the same score.")
    return None


@dataclass(frozen=True, slots=True)
class Area:
    """One arm's area; no interval when its variance is zero (perfect separation)."""

    area: float
    variance: float
    low: float | None
    high: float | None
    level: float


def single_area(
    scores: FloatArray, outcome: BoolArray, *, level: float, cluster: IntArray | None = None
) -> Area | NotEvaluable:
    """One area with its two-sided interval, cut to [0, 1]. Refuses as `delong` does."""
    refusal = _refusal((scores,), outcome, cluster)
    if refusal is not None:
        return refusal
    parts = placements(scores, outcome)
    variance, k = _variance(parts, outcome, cluster)
    if variance <= 0:
        return Area(parts.area, 0.0, None, None, level)
    half = critical_value(level, None if cluster is None else k - 1) * math.sqrt(variance)
    low, high = max(0.0, parts.area - half), min(1.0, parts.area + half)
    return Area(parts.area, variance, low, high, level)


def paired_covariance(
    scores_candidate: FloatArray, scores_soc: FloatArray, outcome: BoolArray
) -> float:
    """Covariance of the two areas, by polarisation of the variances. Needs what `delong` needs."""
    candidate, soc = placements(scores_candidate, outcome), placements(scores_soc, outcome)
    parts = Placements(candidate.event - soc.event, candidate.non_event - soc.non_event)
    return (delong_variance(candidate) + delong_variance(soc) - delong_variance(parts)) / 2
