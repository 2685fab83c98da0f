"""What the protocol's words mean in the family clusters: tests of a margin, and analyses."""

from typing import Protocol

from evaluation.inference.arrays import n_distinct
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters import differences, margins, means, mixed, ratio, score, stacked
from evaluation.inference.clusters.describe import (
    METHODS,
    clustered_effect,
    clustered_effect_bootstrap,
    clustered_mcnemar,
    clustered_ratio_estimate,
    gee_arm_effect,
    working_of,
)
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.clusters.wald import totals_or_refusal
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.rows import Asked, Rows
from protocols.vocabulary import Direction


class _TotalsTest(Protocol):
    def __call__(
        self, totals: ClusterTotals, *, margin: float, direction: Direction, level: float
    ) -> Estimate | NotEvaluable: ...


class _OnTotals:
    """A test of totals by subject as a test of rows."""

    def __init__(self, test: _TotalsTest) -> None:
        self._test = test

    def __call__(self, rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
        totals = totals_or_refusal(rows.candidate, rows.standard_of_care, rows.cluster)
        if isinstance(totals, NotEvaluable):
            return totals
        return self._test(totals, margin=asked.margin, direction=asked.direction, level=asked.level)


def _clustered_score(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    totals = totals_or_refusal(rows.candidate, rows.standard_of_care, rows.cluster)
    if isinstance(totals, NotEvaluable):
        return totals
    flags = rows.candidate > 0.5, rows.standard_of_care > 0.5
    return score.clustered_score(
        totals,
        PairedCounts.of(*flags),
        discordant_subjects=n_distinct(rows.cluster[flags[0] != flags[1]]),
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def _bootstrap_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    totals = totals_or_refusal(rows.candidate, rows.standard_of_care, rows.cluster)
    if isinstance(totals, NotEvaluable):
        return totals
    return differences.bootstrap_test(
        totals,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        drawing=asked.drawing,
    )


def _gee_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return stacked.gee_test(
        rows.candidate,
        rows.standard_of_care,
        rows.cluster,
        working=working_of(asked),
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


FEW = "Refuses one subject and differences that do not vary between subjects."

TESTS: dict[str, HypothesisTest] = {
    "clustered_difference": HypothesisTest(
        method=means.METHOD,
        run=_OnTotals(means.difference_of_totals),
        limits=f"{FEW} With few discordant pairs of one kind its variance is too small: take "
        "clustered_score there.",
        witnesses=(
            "cluster_robust_diff_psychiatry, clustered_continuous_k12",
            "one pair a subject gives the ordinary standard error",
        ),
    ),
    "clustered_score": HypothesisTest(
        method=score.METHOD,
        run=_clustered_score,
        limits="Refuses one subject and arms that never differ. Conservative, strongly so where "
        "fewer than some ten subjects have a discordant pair or one subject has most of the pairs.",
        witnesses=(
            "cluster_robust_diff_unequal",
            "p and interval are the least favourable of clustered_difference, the score test and "
            "the test with variation around the margin",
        ),
        inverted=True,
    ),
    "clustered_difference_cr2": HypothesisTest(
        method=differences.CR2,
        run=_OnTotals(differences.cr2_test),
        limits=f"{FEW} One subject with most pairs leaves one or two degrees of freedom.",
        witnesses=(
            "cluster_robust_diff_unequal, clustered_continuous_k12",
            "subjects of one size give K-1 degrees of freedom",
        ),
    ),
    "subject_weighted_difference": HypothesisTest(
        method=differences.SUBJECT_WEIGHTED,
        run=_OnTotals(differences.subject_weighted_test),
        limits=f"{FEW} It weights subjects, not encounters: another estimand.",
        witnesses=("paired_t_tost_pefr_first", "one pair a subject gives the paired t-test"),
    ),
    "jackknife_difference": HypothesisTest(
        method=differences.JACKKNIFE,
        run=_OnTotals(differences.jackknife_test),
        limits=FEW,
        witnesses=("clustered_continuous_k12", "subjects of one size give the linearised error"),
    ),
    "bootstrap_difference": HypothesisTest(
        method=differences.BOOTSTRAP,
        run=_bootstrap_difference,
        limits=f"{FEW} Its standard error carries Monte Carlo error of 1/sqrt(2 B).",
        witnesses=("boot_ci_mean_d15", "near the linearised error; same bytes for the same seed"),
    ),
    "gee_difference": HypothesisTest(
        method=stacked.TEST,
        run=_gee_difference,
        limits=f"{FEW} Refuses constant outcomes and more than 1,000 pairs in one subject; takes "
        "seconds above 100,000 pairs.",
        witnesses=(
            "gee_arm_psychiatry, gee_arm_unequal",
            "independence gives the pooled difference",
        ),
    ),
    "durkalski_margin": HypothesisTest(
        method=margins.DURKALSKI,
        run=_OnTotals(margins.durkalski_margin),
        limits=f"{FEW} Normal reference, too liberal with few subjects; it weights subjects.",
        witnesses=(
            "clustered_mcnemar_psychiatry (its test without a margin)",
            "sqrt((K-1)/K) times the standard error of the subjects' mean",
        ),
    ),
    "yang_margin": HypothesisTest(
        method=margins.YANG,
        run=_OnTotals(margins.yang_margin),
        limits=f"{FEW} Normal reference; few or very unequal subjects may leave its interval "
        "without an end, which is refused.",
        witnesses=(
            "clustered_mcnemar_psychiatry",
            "its square at margin 0 is the published chi-squared",
        ),
        inverted=True,
    ),
    "clustered_ratio": HypothesisTest(
        method=means.RATIO_METHOD,
        run=_OnTotals(ratio.ratio_test),
        limits="Refuses one subject, an arm whose total is not positive, and a ratio that is the "
        "same in every subject.",
        witnesses=(
            "cluster_robust_ratio_psychiatry, cluster_robust_ratio_unequal",
            "swapping the arms inverts the ratio and its interval",
        ),
    ),
}

ESTIMATORS: dict[str, Estimator] = {
    "clustered_effect": Estimator(
        method=METHODS["clustered_effect"],
        run=clustered_effect,
        limits=FEW,
        witnesses=(
            "clustered_continuous_k12, cluster_robust_diff_unequal",
            "the intervals agree where every subject has as many pairs",
        ),
    ),
    "clustered_effect_bootstrap": Estimator(
        method=METHODS["clustered_effect_bootstrap"],
        run=clustered_effect_bootstrap,
        limits=f"{FEW} Percentile limits are too near with fewer than some 30 subjects.",
        witnesses=("boot_ci_mean_d15, bca_acceleration_mean", "same bytes for the same seed"),
    ),
    "clustered_ratio_estimate": Estimator(
        method=METHODS["clustered_ratio_estimate"],
        run=clustered_ratio_estimate,
        limits="Refuses one subject and an arm whose total is not positive.",
        witnesses=(
            "cluster_robust_ratio_psychiatry, cluster_robust_ratio_unequal",
            "swapping the arms inverts the ratio and its interval",
        ),
    ),
    "clustered_mcnemar": Estimator(
        method=METHODS["clustered_mcnemar"],
        run=clustered_mcnemar,
        limits="Tests without a margin. Eliasziw's form has no answer where every subject has one "
        "pair.",
        witnesses=(
            "clustered_mcnemar_psychiatry, clustered_mcnemar_singletons",
            "one pair a subject makes Durkalski's form McNemar's",
        ),
    ),
    "mixed_model_effect": Estimator(
        method=mixed.METHOD,
        run=mixed.mixed_model_effect,
        limits="Another weighting of subjects than either estimand of clustered_effect; the normal "
        "reference is too narrow with few subjects. Refuses one pair for every subject.",
        witnesses=("mixed_model_k12", "the restricted likelihood of statsmodels MixedLM"),
    ),
    "gee_arm_effect": Estimator(
        method=METHODS["gee_arm_effect"],
        run=gee_arm_effect,
        limits="Log and logit take flags only and refuse an arm without events or non-events; an "
        "exchangeable correlation is a moment estimate, on which packages agree to three digits.",
        witnesses=(
            "gee_arm_psychiatry, gee_arm_exch_psychiatry",
            "independence with identity gives the pooled difference",
        ),
    ),
}
