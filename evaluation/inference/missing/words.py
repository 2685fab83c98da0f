"""The words of protocols for outcomes that are missing, and the functions they mean.

All of them are given every pair of the population, known or not, also those that are known to be
outside the measure's denominator (values NaN): the models need them. Methods that complete outcomes
read the columns `potential.COLUMNS`, which for a ranking hold the risks under either outcome.
"""

from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.missing import (
    ascertainment,
    bounds,
    imputation,
    run_cases,
    run_models,
    tipping,
    weighting,
)

TESTS: dict[str, HypothesisTest] = {
    "ipw_difference": HypothesisTest(
        run_models.IPW_TEST,
        run_models.run_ipw_test,
        limits=(
            "Unbiased only if ascertainment depends on nothing but the model's predictors; refuses "
            "a probability below 0.01 and separated data. Weights are taken as known."
        ),
        witnesses=("ipw_clustered_diff", "equal weights give the clustered difference"),
        keeps_unknown=True,
    ),
    "imputed_difference": HypothesisTest(
        run_models.IMPUTED_TEST,
        run_models.run_imputed_test,
        limits=(
            "Outcomes missing at random given the predictors; outcomes of one subject are drawn as "
            "independent given them. Refuses separated data and fewer events than coefficients."
        ),
        witnesses=("rubin_m5", "with all outcomes known it is the clustered difference"),
        keeps_unknown=True,
    ),
}
ESTIMATORS: dict[str, Estimator] = {
    "worst_and_best_case": Estimator(
        bounds.METHOD,
        run_cases.run_worst_and_best,
        limits=(
            "Estimates are exact extremes; limits are those of the completions that attain them. "
            "Areas take higher as better."
        ),
        witnesses=("missing_bound_worst", "every assignment of small tables lies inside"),
        keeps_unknown=True,
    ),
    "tipping_point": Estimator(
        tipping.METHOD,
        run_cases.run_tipping,
        limits=(
            "For answers that are right or wrong. Where subjects come back, a share of the pairs "
            "is a weight and numbers of pairs are equivalents. More than 300 pairs of the first "
            "kind move in steps in the search for the smallest assignment."
        ),
        witnesses=("missing_bound_worst", "the smallest assignment is found by trying all"),
        keeps_unknown=True,
    ),
    "delta_adjustment": Estimator(
        imputation.DELTA_METHOD,
        run_models.run_delta,
        limits=(
            "The range of plausible shifts is a judgement that the protocol makes; refuses what "
            "multiple imputation refuses."
        ),
        witnesses=("rubin_m5", "the estimate rises with the shift towards the candidate"),
        keeps_unknown=True,
    ),
    "inverse_probability_weighting": Estimator(
        weighting.METHOD,
        run_models.run_ipw,
        limits=(
            "Unbiased only if ascertainment depends on nothing but the model's predictors; refuses "
            "a probability below 0.01 and separated data. Weights are taken as known."
        ),
        witnesses=("ipw_clustered_diff", "equal weights give the clustered difference"),
        keeps_unknown=True,
    ),
    "multiple_imputation": Estimator(
        imputation.METHOD,
        run_models.run_multiple_imputation,
        limits=(
            "Outcomes missing at random given the predictors; outcomes of one subject are drawn as "
            "independent given them. Refuses separated data and fewer events than coefficients."
        ),
        witnesses=("rubin_m5", "with all outcomes known it is the clustered difference"),
        keeps_unknown=True,
    ),
    "ascertainment": Estimator(
        ascertainment.METHOD,
        run_cases.run_ascertainment,
        limits=(
            "A candidate without an answer counts as not flagging. The chi-squared test is "
            "asymptotic and, between subjects, refuses a status in which nothing varies."
        ),
        witnesses=(
            "Clopper & Pearson 1934",
            "independent pairs: the interval is the exact binomial one",
        ),
        keeps_unknown=True,
    ),
}
