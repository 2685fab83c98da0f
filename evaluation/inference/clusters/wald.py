"""What the tests of a difference between subjects share: their refusals and their last step."""

import numpy as np

from evaluation.inference import wald
from evaluation.inference.arrays import FloatArray, IntArray, exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals, constant_difference
from evaluation.inference.refusals import NOT_FINITE, ONE_CLUSTER
from protocols.vocabulary import Direction

ZERO_VARIANCE = NotEvaluable(
    "zero_variance", "The mean difference is the same in every subject, so its variance is zero."
)


def totals_or_refusal(
    candidate: FloatArray, standard_of_care: FloatArray, cluster: IntArray
) -> ClusterTotals | NotEvaluable:
    """Totals by subject; refuses no pair, one subject, values that are no numbers, no variation."""
    if candidate.size and not (np.isfinite(candidate) & np.isfinite(standard_of_care)).all():
        return NOT_FINITE
    constant = constant_difference(candidate, standard_of_care)
    if constant is not None:
        return constant
    totals = ClusterTotals.of(candidate, standard_of_care, cluster)
    return ONE_CLUSTER if totals.n_clusters == 1 else totals


def pooled_arms(totals: ClusterTotals) -> tuple[float, float]:
    """Means of the standard of care and of the candidate, every encounter counting alike."""
    n = totals.n_pairs
    return exact_sum(totals.standard_of_care) / n, exact_sum(totals.candidate) / n


def subject_arms(totals: ClusterTotals) -> tuple[float, float]:
    """Means of the standard of care and of the candidate, every subject counting alike."""
    k = totals.n_clusters
    soc, candidate = totals.standard_of_care / totals.n, totals.candidate / totals.n
    return exact_sum(soc) / k, exact_sum(candidate) / k


def pooled_difference(totals: ClusterTotals) -> float:
    """Mean difference, every encounter counting alike."""
    return exact_sum(totals.candidate - totals.standard_of_care) / totals.n_pairs


def subject_differences(totals: ClusterTotals) -> FloatArray:
    """Every subject's own mean difference."""
    return (totals.candidate - totals.standard_of_care) / totals.n


def no_spread(error: float, totals: ClusterTotals) -> bool:
    """Whether a standard error is nothing but rounding."""
    largest = np.abs(subject_differences(totals)).max(initial=0.0)
    return not error > 1e-12 * float(largest)


def against_margin(
    method: Method,
    totals: ClusterTotals,
    effect: float,
    error: float,
    *,
    df: float | None,
    margin: float,
    direction: Direction,
    level: float,
    arms: tuple[float, float],
    warnings: tuple[str, ...] = (),
) -> Estimate:
    """(effect - null) / error with its symmetric interval; normal where `df` is None."""
    found = wald.Effect(
        effect, error, df, totals.n_pairs, totals.n_clusters, arms[0], arms[1], warnings
    )
    return wald.against_margin(found, method, margin=margin, direction=direction, level=level)
