"""Further tests of a mean difference between subjects, each with the margin it is held against.

All take totals by subject (`wald.totals_or_refusal`), a positive margin, and a two-sided level.
"""

import math

import numpy as np

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import (
    ClusterTotals,
    few_large_losses,
    leverage_adjusted,
)
from evaluation.inference.clusters.wald import (
    ZERO_VARIANCE,
    against_margin,
    no_spread,
    pooled_arms,
    pooled_difference,
    subject_arms,
    subject_differences,
)
from evaluation.inference.resampling import (
    Replicates,
    bootstrap_totals,
    jackknife_error,
    jackknife_totals,
)
from protocols.vocabulary import Direction

CR2 = Method(
    "clustered_difference_cr2",
    "Pooled difference; variance between subjects with leverage-adjusted residuals; Student's t "
    "with Satterthwaite's degrees of freedom, which fall when few subjects hold most pairs.",
    "Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, Journal of "
    "Business & Economic Statistics 36:672",
)
SUBJECT_WEIGHTED = Method(
    "subject_weighted_difference",
    "Mean of the subjects' own mean differences, every subject counting alike; Student's t with "
    "K-1 degrees of freedom.",
    "Student 1908, Biometrika 6:1; Williamson, Datta & Satten 2003, Biometrics 59:36",
)
JACKKNIFE = Method(
    "jackknife_difference",
    "Pooled difference; standard error from leaving one subject out at a time; Student's t with "
    "K-1 degrees of freedom.",
    "Tukey 1958, Annals of Mathematical Statistics 29:614; Efron & Stein 1981, Annals of "
    "Statistics 9:586",
)
BOOTSTRAP = Method(
    "bootstrap_difference",
    "Pooled difference; standard error from resampling subjects, with the factor K/(K-1) on the "
    "variance; Student's t with K-1 degrees of freedom.",
    "Efron 1979, Annals of Statistics 7:1; Davison & Hinkley 1997, section 2.4 and 3.8",
)


def mean_of_sums(sums: FloatArray) -> FloatArray:
    """First total over the second, for each row of resampled (or shortened) totals."""
    return np.asarray(sums[:, 0] / sums[:, 1], dtype=np.float64)


def pooled_sums(totals: ClusterTotals) -> FloatArray:
    """Columns whose totals give the encounter-weighted difference."""
    return np.column_stack((totals.candidate - totals.standard_of_care, totals.n))


def cr2_test(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """CR2 with Satterthwaite's df; refuses a difference that is the same in every subject."""
    adjusted = leverage_adjusted(totals)
    if isinstance(adjusted, NotEvaluable):
        return adjusted
    if no_spread(adjusted.standard_error, totals):
        return ZERO_VARIANCE
    mean = pooled_difference(totals)
    residual = totals.candidate - totals.standard_of_care - totals.n * mean
    return against_margin(
        CR2,
        totals,
        mean,
        adjusted.standard_error,
        df=adjusted.df,
        margin=margin,
        direction=direction,
        level=level,
        arms=pooled_arms(totals),
        warnings=few_large_losses(residual, direction),
    )


def subject_weighted_test(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """One-sample t of the subjects' mean differences.

    Refuses subjects whose mean differences are all the same; `totals` hold two subjects at least.
    Williamson, Datta & Satten 2003, Biometrics 59:36.
    """
    own, k = subject_differences(totals), totals.n_clusters
    mean = exact_sum(own) / k
    error = math.sqrt(exact_sum((own - mean) ** 2) / (k * (k - 1)))
    if no_spread(error, totals):
        return ZERO_VARIANCE
    return against_margin(
        SUBJECT_WEIGHTED,
        totals,
        mean,
        error,
        df=float(k - 1),
        margin=margin,
        direction=direction,
        level=level,
        arms=subject_arms(totals),
    )


def jackknife_test(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Leave-one-subject-out standard error of the pooled difference, t(K-1).

    Refuses one subject and a difference that is the same without each of them. Tukey 1958, Ann Math
    Stat 29:614.
    """
    error = jackknife_error(jackknife_totals(pooled_sums(totals), mean_of_sums))
    if isinstance(error, NotEvaluable):
        return error
    if no_spread(error, totals):
        return ZERO_VARIANCE
    return against_margin(
        JACKKNIFE,
        totals,
        pooled_difference(totals),
        error,
        df=float(totals.n_clusters - 1),
        margin=margin,
        direction=direction,
        level=level,
        arms=pooled_arms(totals),
    )


def bootstrap_test(
    totals: ClusterTotals,
    *,
    margin: float,
    direction: Direction,
    level: float,
    drawing: tuple[int, int],
) -> Estimate | NotEvaluable:
    """Bootstrap standard error of the pooled difference; `drawing` is seed and resamples.

    The bootstrap variance of a mean falls short by (K-1)/K, which the factor restores. Quantiles of
    the replicates are no test at small K or at the levels of early looks, so the statistic is
    Student's; percentile and accelerated intervals are the estimator's. Refuses replicates that
    never move. Efron & Tibshirani 1993, chapter 6.
    """
    seed, resamples = drawing
    found = bootstrap_totals(pooled_sums(totals), mean_of_sums, seed=seed, resamples=resamples)
    if not isinstance(found, Replicates):
        return found
    k = totals.n_clusters
    error = found.standard_error * math.sqrt(k / (k - 1))
    if no_spread(error, totals):
        return ZERO_VARIANCE
    return against_margin(
        BOOTSTRAP,
        totals,
        pooled_difference(totals),
        error,
        df=float(k - 1),
        margin=margin,
        direction=direction,
        level=level,
        arms=pooled_arms(totals),
        warnings=found.warnings,
    )
