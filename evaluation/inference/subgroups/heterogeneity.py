"""Does the effect differ between subgroups? Descriptive companions of the subgroup table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NOT_FINITE, ONE_CLUSTER
from protocols.errors import UsageError

INTERACTION = Method(
    "subgroup_interaction",
    "Difference of two independent estimates over its standard error.",
    "Altman & Bland 2003, British Medical Journal 326:219",
)
ROBUST = Method(
    "heterogeneity",
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
    """Compares two (estimate, standard error) of independent subgroups by z.

    Refuses two standard errors of zero. Altman & Bland 2003, BMJ 326:219.
    """
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


@dataclass(frozen=True, slots=True)
class GroupMeans:
    """Mean paired difference of each group, and their covariance between subjects."""

    means: FloatArray
    covariance: FloatArray
    n_clusters: int


def group_means(
    difference: FloatArray, group: IntArray, cluster: IntArray
) -> GroupMeans | NotEvaluable:
    """Means in the order of the sorted labels; the covariance has the factor K/(K-1).

    K counts all subjects, not those of a group. Refuses a difference that is not finite, one
    group and one subject.
    """
    if not np.isfinite(difference).all():
        return NOT_FINITE
    groups, n_groups = cluster_index(group)
    subjects, k = cluster_index(cluster)
    if n_groups < 2:
        return NotEvaluable("one_group", "There is one subgroup only.")
    if k < 2:
        return ONE_CLUSTER
    sizes = np.bincount(groups, minlength=n_groups)
    means = cluster_sums(difference, groups, n_groups) / sizes
    residual = difference - means[groups]
    columns = [
        cluster_sums(np.where(groups == g, residual, 0.0), subjects, k) for g in range(n_groups)
    ]
    scores = np.column_stack(columns) / sizes
    return GroupMeans(means, np.asarray(k / (k - 1) * scores.T @ scores), k)


def clustered_heterogeneity(
    difference: FloatArray, group: IntArray, cluster: IntArray
) -> Heterogeneity | NotEvaluable:
    """Equal means in all subgroups, for subjects that may be in several of them.

    Refuses a difference that is not finite, one subgroup, one subject and a covariance that cannot
    be inverted.
    """
    found = group_means(difference, group, cluster)
    if isinstance(found, NotEvaluable):
        return found
    n_groups = len(found.means)
    contrast = np.eye(n_groups)[1:] - np.eye(n_groups)[:1]
    middle = contrast @ found.covariance @ contrast.T
    if np.linalg.matrix_rank(middle) < n_groups - 1:
        return NotEvaluable("zero_variance", "A contrast of subgroups does not vary.")
    gap = contrast @ found.means
    wald = float(gap @ np.linalg.solve(middle, gap))
    return Heterogeneity(
        ROBUST,
        tuple(found.means.tolist()),
        tuple(np.sqrt(np.diag(found.covariance)).tolist()),
        wald,
        n_groups - 1,
        float(special.chdtrc(n_groups - 1, wald)),
    )


@dataclass(frozen=True, slots=True)
class Pooling:
    """Cochran's Q with `df`; `i2` in [0, 1]; `tau2` by DerSimonian and Laird, never below 0."""

    q: float
    df: int
    p_value: float
    i2: float
    tau2: float
    fixed_effect: float
    fixed_effect_error: float


def cochran_q(estimates: Sequence[float], variances: Sequence[float]) -> Pooling | NotEvaluable:
    """Heterogeneity of independent estimates with their variances, and their pooled value.

    Cochran 1954, Biometrics 10:101; Higgins & Thompson 2002, Stat Med 21:1539; DerSimonian & Laird
    1986, Control Clin Trials 7:177. Refuses one estimate, and an estimate or variance that is not
    finite or a variance that is not positive; raises `UsageError` for estimates without their
    variance.

    Written out because statsmodels' `combine_effects` divides by zero for equal estimates and where
    its untruncated variance between them cancels one of theirs.
    """
    if len(estimates) != len(variances):
        raise UsageError("LENGTHS_DIFFER", "Each estimate needs its variance.")
    if len(estimates) < 2:
        return NotEvaluable("one_group", "There is one estimate only.")
    variance = np.asarray(variances, dtype=np.float64)
    effect = np.asarray(estimates, dtype=np.float64)
    if not (np.isfinite(effect).all() and np.isfinite(variance).all()):
        return NotEvaluable("values_not_finite", "An estimate or its variance is no number.")
    if not (variance > 0).all():
        return NotEvaluable("zero_variance", "An estimate has no variance.")
    weight = 1 / variance
    total = exact_sum(weight)
    fixed = exact_sum(weight * effect) / total
    q, df = exact_sum(weight * (effect - fixed) ** 2), len(estimates) - 1
    return Pooling(
        q,
        df,
        float(special.chdtrc(df, q)),
        max(1 - df / q, 0.0) if q > df else 0.0,
        max((q - df) / (total - exact_sum(weight**2) / total), 0.0),
        fixed,
        1 / math.sqrt(total),
    )
