"""The words of the family clusters."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

TESTS: dict[str, HypothesisTestSpec] = {
    "clustered_difference": HypothesisTestSpec(
        "clusters",
        "difference of means between subjects",
        (
            "sensitivity",
            "specificity",
            "accuracy",
            "flagged",
            "within_tolerance",
            "in_range",
            "brier",
            "log_loss",
            "net_benefit",
            "absolute_error",
            "squared_error",
            "value",
            "score",
        ),
        "difference",
        "either",
    )
}
ESTIMATORS: dict[str, EstimatorSpec] = {}
