"""What the protocol's words mean in the family continuous."""

from evaluation.inference.continuous import (
    concordance,
    differences,
    error_grids,
    glucose,
    hodges_lehmann,
    limits_of_agreement,
    reference_runs,
    regression,
    runs,
    sign_flip,
    tolerance,
)
from evaluation.inference.entries import Estimator, HypothesisTest

TESTS: dict[str, HypothesisTest] = {
    "paired_t": HypothesisTest(
        differences.METHOD,
        runs.paired_t,
        limits="Needs two pairs that differ in their difference; refuses subjects who come back.",
        witnesses=("paired_t_tost_pefr_first", "t-test of the differences in scipy"),
    ),
    "wilcoxon_signed_rank": HypothesisTest(
        hodges_lehmann.METHOD,
        runs.wilcoxon,
        limits=(
            "A claim about a shift of symmetric differences, not about means. Refuses subjects "
            "who come back, fewer differences than the level needs (six at 0.95), and "
            "differences of so few values that ranks give no error."
        ),
        witnesses=("wilcoxon_hollander, wilcoxon_ties_zeros", "list of all averages; scipy"),
        inverted=True,
    ),
}

ESTIMATORS: dict[str, Estimator] = {
    "mean_difference": Estimator(
        runs.MEAN_METHOD,
        runs.mean,
        limits="Needs two subjects; a mean that does not vary has no interval.",
        witnesses=(
            "paired_t_tost_pefr_first",
            "one pair a subject gives the t-test of the differences",
        ),
    ),
    "mean_equivalence": Estimator(
        differences.TOST_METHOD,
        runs.equivalence,
        limits="Independent pairs only; the limits are fixed beforehand.",
        witnesses=("paired_t_tost_pefr_first", "ttost_paired of statsmodels"),
    ),
    "hodges_lehmann": Estimator(
        runs.HODGES_LEHMANN_METHOD,
        runs.pseudo_median,
        limits="Independent pairs only; zeros are left out of the estimate.",
        witnesses=("wilcoxon_exact_ties", "list of all averages"),
    ),
    "sign_flip": Estimator(
        sign_flip.METHOD,
        sign_flip.run_sign_flip,
        limits=(
            "A test of no shift at all, without a margin; refuses many differences at a fine "
            "resolution."
        ),
        witnesses=("sign_flip_n9", "every pattern of signs written out"),
    ),
    "limits_of_agreement": Estimator(
        limits_of_agreement.METHOD,
        runs.agreement,
        limits=(
            "Differences are taken as normal and of one spread; exact limits exist for one pair "
            "a subject only."
        ),
        witnesses=("bland_altman_pefr_first", "coverage of exact limits, simulated"),
    ),
    "deming_regression": Estimator(
        regression.DEMING_METHOD,
        runs.deming,
        limits="The ratio of error variances is given, not estimated; needs three subjects.",
        witnesses=("deming_pefr_first", "principal axis of the covariance matrix"),
    ),
    "passing_bablok_regression": Estimator(
        regression.PASSING_BABLOK_METHOD,
        runs.passing_bablok,
        limits="Independent pairs, at most 4,000, related by a rising line.",
        witnesses=("passing_bablok_pefr_first", "swapping the arms gives the reciprocal"),
    ),
    "concordance_correlation": Estimator(
        concordance.CCC_METHOD,
        runs.concordance_correlation,
        limits="Independent pairs; depends on how much the subjects differ.",
        witnesses=("ccc_pefr_first", "swapping the arms changes nothing"),
    ),
    "intraclass_correlation": Estimator(
        concordance.ICC_METHOD,
        runs.intraclass_correlation,
        limits="Independent pairs; depends on how much the subjects differ.",
        witnesses=(
            "icc_twoway_agreement_pefr_first",
            "forms follow from variances; swapping the arms",
        ),
    ),
    "error_grid": Estimator(
        error_grids.METHOD,
        reference_runs.error_grid,
        limits="Values of 1 mg/dL and above; a point on a line is in the better zone.",
        witnesses=("error_grids_set1", "corner points of the published lines"),
    ),
    "glucose_ranges": Estimator(
        glucose.METHOD,
        reference_runs.glucose_ranges,
        limits="Every reading stands for the same stretch of time; values of 1 mg/dL and above.",
        witnesses=("cgm_metrics_day1", "shares below, in and above add up to 1"),
    ),
    "within_tolerance": Estimator(
        tolerance.METHOD,
        reference_runs.within_tolerance,
        limits="A share that does not vary has no interval.",
        witnesses=(
            "cluster_robust_diff_singletons (its interval)",
            "a wider tolerance loses no answer",
        ),
    ),
}
