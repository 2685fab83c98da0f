"""Discrimination: areas under the ROC curve on the same encounters, compared with a margin.

A higher score speaks for the event; the direction is never guessed. A candidate without an
answer can be given the worst rank: -inf where the event happened, +inf where it did not.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.discrimination.placements import (
    Placements,
    Subjects,
    delong_variance,
    placements,
    subject_variance,
)
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.wald import Effect, against_margin
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


def with_failures_worst(scores: FloatArray, failed: BoolArray, outcome: BoolArray) -> FloatArray:
    """Scores in which an arm without an answer ranks worst: -inf for events, +inf for the rest."""
    return np.where(failed, np.where(outcome, -np.inf, np.inf), scores)


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
    subjects = None if cluster is None else _subjects(cluster, outcome)
    refusal = refused((scores_candidate, scores_soc), outcome, subjects)
    if refusal is not None:
        return refusal
    candidate, soc = placements(scores_candidate, outcome), placements(scores_soc, outcome)
    parts = candidate.less(soc)
    variance, k = _variance(parts, outcome, subjects)
    if not parts.event.any() and not parts.non_event.any():
        reason = "Both arms rank every encounter alike; the data carry no information."
        return NotEvaluable("arms_identical", reason)
    if variance <= 0:
        reason = "The variance of the difference is not positive, so there is no test."
        return NotEvaluable("zero_variance", reason)
    error, df = math.sqrt(variance), None if cluster is None else float(k - 1)
    effect = Effect(
        parts.area,
        error,
        df,
        n_pairs=len(outcome),
        n_clusters=k,
        standard_of_care=soc.area,
        candidate=candidate.area,
        warnings=few_subjects(subjects),
    )
    method = METHOD if cluster is None else CLUSTERED_METHOD
    return against_margin(effect, method, margin=margin, direction=direction, level=level)


def few_subjects(subjects: Subjects | None) -> tuple[str, ...]:
    """Simulated with events in 8 of 30 subjects, the test rejects 0.035 where it should 0.025."""
    if subjects is None or subjects.fewest >= FEW_SUBJECTS:
        return ()
    return (
        f"Only {subjects.fewest} subjects have events, or non-events; the variance between "
        "subjects is uncertain and the test may reject too often.",
    )


def _variance(
    parts: Placements, outcome: BoolArray, subjects: Subjects | None
) -> tuple[float, int]:
    if subjects is None:
        return delong_variance(parts), len(outcome)
    return subject_variance(parts, outcome, subjects), subjects.n


def _subjects(cluster: IntArray, outcome: BoolArray) -> Subjects:
    if len(cluster) != len(outcome):
        raise UsageError("LENGTHS_DIFFER", "Scores, outcomes and clusters must have one length.")
    return Subjects.of(cluster, outcome)


def refused(
    arms: tuple[FloatArray, ...], outcome: BoolArray, subjects: Subjects | None
) -> NotEvaluable | None:
    """Refuses scores without an area or without a variance of one; None when they have both.

    That is no pair, a missing score, one class, one event or non-event (with `subjects`, in one
    subject only) and constant scores. Raises `UsageError` for columns of different length.
    """
    if {len(scores) for scores in arms} != {len(outcome)}:
        raise UsageError("LENGTHS_DIFFER", "Scores, outcomes and clusters must have one length.")
    if len(outcome) == 0:
        return NO_PAIRS
    if any(np.isnan(scores).any() for scores in arms):
        return NotEvaluable("scores_missing", "A pair has no score.")
    n_events = int(np.count_nonzero(outcome))
    n_others = len(outcome) - n_events
    if min(n_events, n_others) == 0:
        missing = "event" if n_events == 0 else "non-event"
        return NotEvaluable("one_class", f"There is no {missing}, so there is no ROC curve.")
    unit = "encounter"
    if subjects is not None:
        unit, n_events, n_others = "subject", subjects.with_events, subjects.with_non_events
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
    subjects = None if cluster is None else _subjects(cluster, outcome)
    refusal = refused((scores,), outcome, subjects)
    if refusal is not None:
        return refusal
    parts = placements(scores, outcome)
    variance, k = _variance(parts, outcome, subjects)
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
    apart = delong_variance(candidate.less(soc))
    return (delong_variance(candidate) + delong_variance(soc) - apart) / 2
