"""The words of a protocol for the quality of probabilities, and the functions they mean."""

from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.probabilities import (
    calibration,
    decisions,
    losses,
    reclassification,
    runs,
)

TESTS: dict[str, HypothesisTest] = {}
ESTIMATORS: dict[str, Estimator] = {
    "brier_score": Estimator(
        method=losses.BRIER,
        run=runs.brier,
        limits="Refuses values outside [0, 1]; no interval with one subject or equal losses.",
        witnesses=("brier_diff_n48", "singletons give the paired t-test"),
    ),
    "log_loss": Estimator(
        method=losses.LOG_LOSS,
        run=runs.log_loss,
        limits="Depends on the clip where an arm is certain; without one an infinite loss refuses.",
        witnesses=("logloss_diff_n48", "a clip bounds every loss at minus its logarithm"),
    ),
    "calibration": Estimator(
        method=calibration.METHOD,
        run=runs.calibration,
        limits=(
            "No slope for separated, constant or certain (0 or 1) predictions; distances from the "
            "curve depend on the smoother and have no interval. Robust tests at 0.05 rejected 0.05 "
            "to 0.07 of 1,500 simulated trials that were right, with 10 to 50 subjects."
        ),
        witnesses=("calibration_n48_cand", "statsmodels GLM, with clusters too"),
    ),
    "expected_calibration_error": Estimator(
        method=calibration.BINNED,
        run=runs.binned,
        limits="Biased upwards in small samples, depends on the bins; no interval.",
        witnesses=("ece_n50_uniform5", "a loop over bins"),
    ),
    "net_benefit": Estimator(
        method=decisions.NET_BENEFIT,
        run=runs.net_benefit,
        limits="One threshold, fixed beforehand; no interval where the arms flag alike.",
        witnesses=("net_benefit_n48", "prevalence of the sample gives net benefit itself"),
    ),
    "decision_curve": Estimator(
        method=decisions.DECISION_CURVE,
        run=runs.decision_curve,
        limits="Intervals are pointwise; no interval at thresholds where the arms flag alike.",
        witnesses=("net_benefit_n48", "treating all is the net benefit of predicting 1"),
    ),
    "reclassification": Estimator(
        method=reclassification.METHOD,
        run=runs.reclassification,
        limits="No proper measure, hence descriptive and without interval; refuses one class.",
        witnesses=("nri_idi_n48", "swapping the arms turns every sign"),
    ),
}
