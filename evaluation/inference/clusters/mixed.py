"""Mean difference from a model with a random intercept for each subject, by restricted likelihood.

Its weights lie between those of encounters and of subjects, so its estimand is another one wherever
the effect goes with the number of encounters. With one unknown variance ratio the likelihood is a
function of one number, and a pass over subjects' sums evaluates it: no iteration over matrices.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.clusters.means import constant_difference
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NOT_FINITE, ONE_CLUSTER
from evaluation.inference.rows import Asked, Rows

METHOD = Method(
    name="mixed_model_effect",
    sentence=(
        "Mean of paired differences with a random intercept for each subject, variances by "
        "restricted maximum likelihood; normal reference."
    ),
    citation=("Laird & Ware 1982, Biometrics 38:963; Patterson & Thompson 1971, Biometrika 58:545"),
)
FEW_SUBJECTS = 30
LARGEST_LOG_RATIO = 30.0  # of the variances: beyond it the likelihood is flat in floating point


@dataclass(frozen=True, slots=True)
class MixedMean:
    """Mean, its standard error, and the variances between and within subjects."""

    mean: float
    standard_error: float
    between: float
    within: float
    n_clusters: int


@dataclass(frozen=True, slots=True)
class _Sums:
    """Number of pairs and mean difference of each subject, and squares around those means."""

    n: FloatArray
    mean: FloatArray
    squares: float

    def profile(self, ratio: float) -> tuple[float, float, float]:
        """Mean, its information for unit residual variance, and weighted squares at a ratio."""
        weight = self.n / (1 + self.n * ratio)
        information = exact_sum(weight)
        mean = exact_sum(weight * self.mean) / information
        squares = self.squares + exact_sum(weight * (self.mean - mean) ** 2)
        return mean, information, squares

    def deviance(self, ratio: float) -> float:
        """Minus twice the restricted log-likelihood, up to a constant."""
        _, information, squares = self.profile(ratio)
        free = float(self.n.sum()) - 1
        return (
            free * math.log(squares) + exact_sum(np.log1p(self.n * ratio)) + math.log(information)
        )


def mixed_mean(differences: FloatArray, cluster: IntArray) -> MixedMean | NotEvaluable:
    """Mean of `differences` (one a pair) with subjects `cluster` as random intercepts.

    Refuses no pair, a difference that is not finite, one subject, one pair for every subject (the
    variances cannot be told apart) and differences that do not vary. A variance between subjects
    of 0 is an answer.
    """
    if not np.isfinite(differences).all():
        return NOT_FINITE
    refusal = constant_difference(differences, np.zeros_like(differences))
    if refusal is not None:
        return refusal
    index, k = cluster_index(cluster)
    if k < 2:
        return ONE_CLUSTER
    if k == len(differences):
        reason = "Every subject has one pair, so its own variance is not estimable."
        return NotEvaluable("no_repeats", reason)
    sums = _sums(differences, index, k)
    if sums.squares <= 0:
        return NotEvaluable("zero_variance", "Pairs of one subject do not differ.")
    ratio = _best_ratio(sums)
    mean, information, squares = sums.profile(ratio)
    within = squares / (len(differences) - 1)
    return MixedMean(mean, math.sqrt(within / information), ratio * within, within, k)


def _sums(differences: FloatArray, index: IntArray, k: int) -> _Sums:
    n = np.bincount(index, minlength=k).astype(np.float64)
    mean = cluster_sums(differences, index, k) / n
    return _Sums(n, mean, exact_sum((differences - mean[index]) ** 2))


def _best_ratio(sums: _Sums) -> float:
    """Where the restricted likelihood is largest, 0 included; searched on the log scale."""
    found = optimize.minimize_scalar(
        lambda log_ratio: sums.deviance(math.exp(log_ratio)),
        bounds=(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO),
        method="bounded",
        options={"xatol": 1e-10},
    )
    ratio = math.exp(float(found.x))
    return ratio if sums.deviance(ratio) < sums.deviance(0.0) else 0.0


def mixed_model_effect(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `mixed_model_effect` on rows: mean with its normal interval, both variances.

    Refuses as `mixed_mean`.
    """
    found = mixed_mean(rows.candidate - rows.standard_of_care, rows.cluster)
    if isinstance(found, NotEvaluable):
        return found
    half = critical_value(asked.level) * found.standard_error
    warnings: tuple[str, ...] = ()
    if found.n_clusters < FEW_SUBJECTS:
        warnings = (f"With {found.n_clusters} subjects the normal reference is too narrow.",)
    return Findings(
        METHOD,
        (
            Quantity(
                "difference",
                "Mean difference between subjects and pairs",
                found.mean,
                found.standard_error,
                found.mean - half,
                found.mean + half,
                asked.level,
            ),
            Quantity("between", "Variance between subjects", found.between),
            Quantity("within", "Variance within subjects", found.within),
        ),
        rows.n,
        found.n_clusters,
        warnings,
    )
