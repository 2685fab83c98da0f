"""Mean-type endpoints when encounters nest in subjects: linearised variance, t with K - 1 df.

The difference is pooled over encounters; only its variance knows about clusters. A plain
sandwich with a normal reference rejects two to three times too often with 6 to 10 subjects;
the factor K/(K-1) and t(K-1) hold the level there.
"""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import (
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
)
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, turned
from evaluation.inference.refusals import NO_PAIRS, NOT_FINITE, ONE_CLUSTER
from evaluation.inference.wald import Effect, against_margin
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="clustered_difference",
    sentence=(
        "Difference of paired means pooled over encounters; variance linearised between "
        "subjects with the factor K/(K-1); Student's t with K-1 degrees of freedom."
    ),
    citation=(
        "Liang & Zeger 1986, Biometrika 73:13; Donner & Petryshen 1989, "
        "Computers and Biomedical Research 22:87"
    ),
)
RATIO_METHOD = Method(
    name="clustered_ratio",
    sentence=(
        "Ratio of paired totals pooled over encounters; variance of the linearised residual "
        "between subjects with the factor K/(K-1); on the log scale."
    ),
    citation="Woodruff 1971, Journal of the American Statistical Association 66:411",
)
NEAR = 1e-6
UNSAFE_SKEWNESS = 0.15
"""Of the mean: a test at 0.025 is then wrong in some 0.038 (Hall 1992, JRSS B 54:221)."""


@dataclass(frozen=True, slots=True)
class ClusterTotals:
    """One row for each cluster: sums of both arms, correctly rounded, and the number of pairs.

    `merge` takes disjoint sets of clusters; parts that split a cluster merge as
    `partials.TotalsPartial`.
    """

    candidate: FloatArray
    standard_of_care: FloatArray
    n: FloatArray

    @classmethod
    def of(
        cls, candidate: FloatArray, standard_of_care: FloatArray, cluster: IntArray
    ) -> "ClusterTotals":
        """Sum by subject; UsageError when the arrays differ in length."""
        if not candidate.shape == standard_of_care.shape == cluster.shape:
            raise UsageError("LENGTHS_DIFFER", "Both arms and the clusters must have one length.")
        index, k = cluster_index(cluster)
        return cls(
            cluster_sums(candidate, index, k),
            cluster_sums(standard_of_care, index, k),
            np.bincount(index, minlength=k).astype(np.float64),
        )

    def merge(self, other: "ClusterTotals") -> "ClusterTotals":
        """The totals of two disjoint sets of clusters."""
        return ClusterTotals(
            np.concatenate((self.candidate, other.candidate)),
            np.concatenate((self.standard_of_care, other.standard_of_care)),
            np.concatenate((self.n, other.n)),
        )

    @property
    def n_clusters(self) -> int:
        """K, the number of subjects."""
        return len(self.n)

    @property
    def n_pairs(self) -> int:
        """Pairs of all subjects together."""
        return int(self.n.sum())


def clustered_difference(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    cluster: IntArray,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Difference of means with subjects as clusters, against a margin.

    `candidate` and `standard_of_care` hold one finite value for each pair (0/1 for a binary
    endpoint), `cluster` the subject's integer label. Refuses no pair, one cluster, identical
    arms and differences that do not vary between clusters.
    """
    if candidate.size and not (np.isfinite(candidate) & np.isfinite(standard_of_care)).all():
        return NOT_FINITE
    constant = constant_difference(candidate, standard_of_care)
    if constant is not None:
        return constant
    totals = ClusterTotals.of(candidate, standard_of_care, cluster)
    return difference_of_totals(totals, margin=margin, direction=direction, level=level)


def constant_difference(candidate: FloatArray, standard_of_care: FloatArray) -> NotEvaluable | None:
    """Refuses no pair, identical arms and a constant difference; None when differences vary."""
    if candidate.size == 0:
        return NO_PAIRS
    difference = candidate - standard_of_care
    first = float(difference[0])
    if not (difference == first).all():
        return None
    if first == 0:
        reason = f"The arms give the same value on all {candidate.size} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    reason = f"The difference is {first} on every pair, so its variance is zero."
    return NotEvaluable("constant_differences", reason)


def difference_of_totals(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """`clustered_difference` from sums by cluster, so that partitions can be merged first.

    Refuses no pair, one cluster and a mean that is the same in every cluster.
    """
    k, n = totals.n_clusters, totals.n_pairs
    if n == 0:
        return NO_PAIRS
    if k == 1:
        return ONE_CLUSTER
    sums = totals.candidate - totals.standard_of_care
    mean = exact_sum(sums) / n
    variance = k / (k - 1) * exact_sum((sums - totals.n * mean) ** 2) / n**2
    scale = float(np.abs(sums).max(initial=0.0)) / n
    if math.sqrt(variance) <= 1e-12 * scale or variance == 0:
        reason = "The mean difference is the same in every subject, so its variance is zero."
        return NotEvaluable("zero_variance", reason)
    error = math.sqrt(variance)
    effect = Effect(
        mean,
        error,
        float(k - 1),
        n_pairs=n,
        n_clusters=k,
        standard_of_care=exact_sum(totals.standard_of_care) / n,
        candidate=exact_sum(totals.candidate) / n,
        warnings=few_large_losses(sums - totals.n * mean, direction),
    )
    return against_margin(effect, METHOD, margin=margin, direction=direction, level=level)


def few_large_losses(residual: FloatArray, direction: Direction) -> tuple[str, ...]:
    """A warning where few subjects who do badly carry the mean: more of them may be unseen.

    `residual` are the subjects' sums less their expectation. Skewness the other way only makes
    the test conservative.
    """
    largest = float(np.abs(residual).max(initial=0.0))
    if largest == 0:
        return ()
    scaled = residual / largest
    squares = scaled * scaled
    skewness = float((squares * scaled).sum()) / float(squares.sum()) ** 1.5
    if abs(abs(skewness) - UNSAFE_SKEWNESS) < NEAR:  # where the order of adding could decide
        skewness = exact_sum(scaled**3) / exact_sum(scaled**2) ** 1.5
    if turned(skewness, direction) >= -UNSAFE_SKEWNESS:
        return ()
    return (
        "A few large losses of the candidate carry the mean difference; the test may reject too "
        "often.",
    )


@dataclass(frozen=True, slots=True)
class RobustRatio:
    """Candidate / standard of care; the interval is symmetric on the log scale, normal."""

    method: Method
    estimate: float
    standard_error: float
    low: float
    high: float
    level: float
    n_clusters: int


def clustered_ratio(totals: ClusterTotals, *, level: float) -> RobustRatio | NotEvaluable:
    """Ratio of totals with subjects as clusters; its standard error and normal log interval.

    Refuses one cluster, an arm whose total is not positive, and a ratio that is the same in every
    cluster. Woodruff 1971, J Am Stat Assoc 66:411.
    """
    k = totals.n_clusters
    if k < 2:
        return ONE_CLUSTER
    top, bottom = exact_sum(totals.candidate), exact_sum(totals.standard_of_care)
    if bottom <= 0 or top <= 0:
        return NotEvaluable("ratio_undefined", "An arm's total is zero, so there is no ratio.")
    ratio = top / bottom
    residual = totals.candidate - ratio * totals.standard_of_care
    error = math.sqrt(k / (k - 1) * exact_sum(residual**2)) / bottom
    if error == 0:
        return NotEvaluable("zero_variance", "The ratio is the same in every subject.")
    half = critical_value(level) * error / ratio
    low, high = ratio * math.exp(-half), ratio * math.exp(half)
    return RobustRatio(RATIO_METHOD, ratio, error, low, high, level, k)


@dataclass(frozen=True, slots=True)
class LeverageAdjusted:
    """Standard error with leverage-adjusted residuals and its Satterthwaite degrees of freedom."""

    standard_error: float
    df: float


def leverage_adjusted(totals: ClusterTotals) -> LeverageAdjusted | NotEvaluable:
    """CR2 for a pooled mean difference, in closed form.

    With n_k pairs in cluster k of N, the hat matrix of an intercept shrinks residual sums by 1 -
    n_k/N. Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, J Bus Econ
    Stat 36:672. Few effective subjects show as a small `df`: report it. Refuses one cluster.
    """
    if totals.n_clusters < 2:
        return ONE_CLUSTER
    n, size = totals.n_pairs, totals.n
    sums = totals.candidate - totals.standard_of_care
    residual = sums - size * (exact_sum(sums) / n)
    adjusted = 1 / (1 - size / n)
    error = math.sqrt(exact_sum(adjusted * residual**2)) / n
    diagonal = size / n**2
    cross = adjusted * size**2
    off = (exact_sum(cross) ** 2 - exact_sum(cross**2)) / float(n) ** 6
    df = exact_sum(diagonal) ** 2 / (exact_sum(diagonal**2) + off)
    return LeverageAdjusted(error, df)
