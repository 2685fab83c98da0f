"""Does the effect differ between subgroups? Descriptive companions of the subgroup table."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value

INTERACTION = Method(
    "interaction",
    "Difference of two independent estimates over its standard error.",
    "Altman & Bland 2003, British Medical Journal 326:219",
)
ROBUST = Method(
    "clustered_heterogeneity",
    "Wald test of equal subgroup means with one covariance between subjects, K/(K-1).",
    "Liang & Zeger 1986, Biometrika 73:13",
)


@dataclass(frozen=True, slots=True)
class Interaction:
    """First less second subgroup; for subgroups that share no subject."""

    method: Method
    difference: float
    standard_error: float
    statistic: float
    p_two_sided: float
    low: float
    high: float
    level: float


def interaction(
    first: tuple[float, float], second: tuple[float, float], *, level: float
) -> Interaction | NotEvaluable:
    """Compares two (estimate, standard error) of independent subgroups."""
    error = math.hypot(first[1], second[1])
    if not error > 0:
        return NotEvaluable("zero_variance", "Both subgroups have a standard error of zero.")
    difference = first[0] - second[0]
    z, half = difference / error, critical_value(level) * error
    p = float(2 * special.ndtr(-abs(z)))
    return Interaction(
        INTERACTION, difference, error, z, p, difference - half, difference + half, level
    )


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Means in the order of the sorted labels; chi-squared with `df` = subgroups less one."""

    method: Method
    means: tuple[float, ...]
    standard_errors: tuple[float, ...]
    chi_squared: float
    df: int
    p_value: float


def clustered_heterogeneity(
    difference: FloatArray, group: IntArray, cluster: IntArray
) -> Heterogeneity | NotEvaluable:
    """Equal means in all subgroups, for subjects that may be in several of them.

    K counts all subjects, not those of a subgroup. Refuses one subgroup, one subject and a
    covariance that cannot be inverted.
    """
    groups, n_groups = cluster_index(group)
    subjects, k = cluster_index(cluster)
    if n_groups < 2:
        return NotEvaluable("one_group", "There is one subgroup only.")
    if k < 2:
        return NotEvaluable("one_cluster", "All pairs come from one subject.")
    sizes = np.bincount(groups, minlength=n_groups)
    means = np.bincount(groups, weights=difference, minlength=n_groups) / sizes
    scores = np.zeros((k, n_groups))
    np.add.at(scores, (subjects, groups), (difference - means[groups]) / sizes[groups])
    covariance = k / (k - 1) * scores.T @ scores
    contrast = np.eye(n_groups)[1:] - np.eye(n_groups)[:1]
    middle = contrast @ covariance @ contrast.T
    if np.linalg.matrix_rank(middle) < n_groups - 1:
        return NotEvaluable("zero_variance", "A contrast of subgroups does not vary.")
    gap = contrast @ means
    wald = float(gap @ np.linalg.solve(middle, gap))
    return Heterogeneity(
        ROBUST,
        tuple(means.tolist()),
        tuple(np.sqrt(np.diag(covariance)).tolist()),
        wald,
        n_groups - 1,
        float(special.chdtrc(n_groups - 1, wald)),
    )
