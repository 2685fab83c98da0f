"""Delayed outcomes: the known pairs weighted by how likely it was that they would be known.

The weighted mean of paired differences (Hajek) stands for all pairs if, given what the delay model
looks at, ascertainment has nothing to do with the difference. Weights are taken as known, which
overstates the error of estimated ones rather than understating it (Lunceford & Davidian 2004).
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evaluation.inference import wald
from evaluation.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
)
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import constant_difference
from evaluation.inference.missing.models import logistic
from evaluation.inference.refusals import NO_PAIRS, ONE_CLUSTER
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="inverse_probability_weighting",
    sentence=(
        "Mean paired difference of the known pairs, each weighted by one over its probability of "
        "being known; variance linearised between subjects with K/(K-1); Student's t with K-1 "
        "degrees of freedom."
    ),
    citation=(
        "Robins, Rotnitzky & Zhao 1994, Journal of the American Statistical Association 89:846; "
        "Lunceford & Davidian 2004, Statistics in Medicine 23:2937"
    ),
)
SMALLEST_PROBABILITY = 0.01
"""No pair stands for more than a hundred others: below this, weighting is refused."""


def delay_model(x: FloatArray, known: BoolArray) -> FloatArray | NotEvaluable:
    """Each pair's fitted probability that its outcome is known, in (0, 1].

    Logistic in the columns of `x`; 1 for all where nothing is missing. Refuses what the model
    refuses.
    """
    if known.all():
        return np.ones(len(known))
    fit = logistic(x, known)
    if isinstance(fit, NotEvaluable):
        return fit
    return np.asarray(special.expit(x @ fit.coefficients), dtype=np.float64)


def unsupported(probability: FloatArray) -> NotEvaluable | None:
    """Refuses pairs that had hardly a chance to be known; None where all had one.

    Weights are never truncated. UsageError for numbers that are no probabilities.
    """
    if not ((probability >= 0) & (probability <= 1)).all():
        raise UsageError("PROBABILITY_RANGE", "A probability of being known lies in [0, 1].")
    few = int(np.count_nonzero(probability < SMALLEST_PROBABILITY))
    if few == 0:
        return None
    reason = (
        f"{few} pairs had a probability below {SMALLEST_PROBABILITY} of being known, so hardly "
        "any known pair can stand for them."
    )
    return NotEvaluable("no_positivity", reason)


@dataclass(frozen=True, slots=True)
class WeightedMeans:
    """Weighted means of both arms, their difference and its standard error between subjects."""

    candidate: float
    standard_of_care: float
    estimate: float
    standard_error: float
    n_pairs: int
    n_clusters: int
    effective_n: float


def weighted_means(
    candidate: FloatArray, standard_of_care: FloatArray, weights: FloatArray, cluster: IntArray
) -> WeightedMeans | NotEvaluable:
    """Hajek means of known pairs with positive finite `weights`.

    The variance is K/(K-1) sum_k (sum w (d - mean))^2 / (sum w)^2 over the K subjects that have a
    known pair. Refuses no pair, one subject and a difference that does not vary.
    """
    constant = constant_difference(candidate, standard_of_care)
    if constant is not None:
        return constant
    index, k = cluster_index(cluster)
    columns = weights * candidate, weights * standard_of_care, weights
    sums = [cluster_sums(column, index, k) for column in columns]
    found = means_of_totals(*sums, n_pairs=len(weights))
    if isinstance(found, NotEvaluable):
        return found
    return replace(found, effective_n=exact_sum(weights) ** 2 / exact_sum(weights**2))


def means_of_totals(
    candidate: FloatArray, standard_of_care: FloatArray, weights: FloatArray, *, n_pairs: int
) -> WeightedMeans | NotEvaluable:
    """`weighted_means` from one weighted sum a subject; subjects without weight do not count.

    Refuses as `weighted_means`.
    """
    present = weights > 0
    k = int(np.count_nonzero(present))
    if k == 0:
        return NO_PAIRS
    if k < 2:
        return ONE_CLUSTER
    sums, weights = (candidate - standard_of_care)[present], weights[present]
    total = exact_sum(weights)
    mean = exact_sum(sums) / total
    error = math.sqrt(k / (k - 1) * exact_sum((sums - weights * mean) ** 2)) / total
    if error <= 1e-12 * float(np.abs(sums).max()) / total or error == 0:
        reason = "The weighted difference is the same in every subject."
        return NotEvaluable("zero_variance", reason)
    return WeightedMeans(
        exact_sum(candidate) / total,
        exact_sum(standard_of_care) / total,
        mean,
        error,
        n_pairs,
        k,
        float(n_pairs),
    )


def weighted_difference(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    probability: FloatArray,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Weighted difference against a margin; every row is a known pair with its `probability`.

    Refuses as `unsupported` and `weighted_means`.
    """
    refusal = unsupported(probability)
    if refusal is not None:
        return refusal
    found = weighted_means(candidate, standard_of_care, 1 / probability, cluster)
    if isinstance(found, NotEvaluable):
        return found
    return against_margin(found, METHOD, margin=margin, direction=direction, level=level)


def against_margin(
    found: WeightedMeans, method: Method, *, margin: float, direction: Direction, level: float
) -> Estimate:
    """Student's t with K-1 degrees of freedom for the distance from the margin."""
    effect = wald.Effect(
        found.estimate,
        found.standard_error,
        float(found.n_clusters - 1),
        n_pairs=found.n_pairs,
        n_clusters=found.n_clusters,
        standard_of_care=found.standard_of_care,
        candidate=found.candidate,
    )
    return wald.against_margin(effect, method, margin=margin, direction=direction, level=level)
