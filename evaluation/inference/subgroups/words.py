"""What the protocol's words mean in the family subgroups.

The column `subgroup` holds the place of each pair's level, NaN in none; small levels, and large
ones that would give them away, are hidden and take no part in any test.
"""

from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.subgroups import (
    calibration,
    fairness,
    heterogeneity,
    run_effects,
    run_gaps,
    run_odds,
    stratified,
)

TESTS: dict[str, HypothesisTest] = {}
ESTIMATORS: dict[str, Estimator] = {
    "subgroup_interaction": Estimator(
        heterogeneity.INTERACTION,
        run_effects.run_interaction,
        limits=(
            "Normal reference: too liberal with fewer than 15 subjects in a level (a warning). "
            "Subjects in two levels are known to the covariance. Fewer than two levels to be shown "
            "are refused."
        ),
        witnesses=("interaction_z_a", "two levels: z squared is Wald's chi-squared of large data"),
    ),
    "heterogeneity": Estimator(
        heterogeneity.ROBUST,
        run_effects.run_heterogeneity,
        limits=(
            "Chi-squared reference: too liberal with few subjects. Cochran's Q is refused where "
            "subjects are in two levels."
        ),
        witnesses=("subgroup_heterogeneity_robust", "the order of the levels changes nothing"),
    ),
    "stratified_odds": Estimator(
        stratified.METHOD,
        run_odds.run_stratified,
        limits=(
            "For independent pairs; levels of which a row or column is empty take no part; refuses "
            "a pooled odds ratio of 0 or infinity."
        ),
        witnesses=("stratified_or", "statsmodels StratifiedTable away from an odds ratio of 1"),
    ),
    "fairness_gaps": Estimator(
        fairness.METHOD,
        run_gaps.run_fairness,
        limits=(
            "The largest gap is biased upwards. A rate without anybody in its denominator, and a "
            "gap that needs it, is not estimable."
        ),
        witnesses=("fairness_g3", "rates of each level recounted pair by pair"),
    ),
    "calibration_gap": Estimator(
        calibration.METHOD,
        run_gaps.run_calibration,
        limits=(
            "Calibration in the large only; the largest gap is biased upwards. Refuses a pair "
            "without a probability."
        ),
        witnesses=(
            "Van Calster et al. 2019",
            "probabilities equal to each level's share have no gap",
        ),
    ),
}
