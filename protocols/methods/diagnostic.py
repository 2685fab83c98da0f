"""Paired diagnostic accuracy: what a protocol may register."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec, Parameter

# Endpoints whose rows hold every evaluable pair with its flags and its outcome.
ALL_PAIRS = ("accuracy", "ppv", "npv", "positive_likelihood_ratio", "negative_likelihood_ratio")


def _margin(of: str) -> Parameter:
    return Parameter(
        f"{of}_margin", "number", f"largest acceptable loss of {of}", low=0.0, high=1.0
    )


TESTS: dict[str, HypothesisTestSpec] = {
    "relative_share": HypothesisTestSpec(
        group="diagnostic",
        title="ratio of paired shares, log-linearised",
        measures=("sensitivity", "specificity", "accuracy", "flagged"),
        scale="ratio",
        pairs="either",
    ),
    "relative_predictive_value": HypothesisTestSpec(
        group="diagnostic",
        title="ratio of predictive values, log-linearised",
        measures=("ppv", "npv"),
        scale="ratio",
        pairs="either",
    ),
    "likelihood_ratio_regression": HypothesisTestSpec(
        group="diagnostic",
        title="ratio of likelihood ratios, log-linear regression",
        measures=("positive_likelihood_ratio", "negative_likelihood_ratio"),
        scale="ratio",
        pairs="either",
    ),
    "predictive_value_difference": HypothesisTestSpec(
        group="diagnostic",
        title="difference of predictive values, linearised",
        measures=("ppv", "npv"),
        scale="difference",
        pairs="either",
    ),
}
ESTIMATORS: dict[str, EstimatorSpec] = {
    "sensitivity_and_specificity": EstimatorSpec(
        group="diagnostic",
        title="sensitivity and specificity against their margins, both must pass",
        measures=ALL_PAIRS,
        intervals=("tango", "linearised"),
        pairs="either",
        parameters=(_margin("sensitivity"), _margin("specificity")),
    ),
    "predictive_values": EstimatorSpec(
        group="diagnostic",
        title="predictive values: difference, ratio and score tests of equality",
        measures=ALL_PAIRS,
        intervals=("linearised",),
        pairs="either",
    ),
    "likelihood_ratios": EstimatorSpec(
        group="diagnostic",
        title="likelihood ratios of both arms and their ratios",
        measures=ALL_PAIRS,
        intervals=("linearised",),
        pairs="either",
    ),
    "global_accuracy_test": EstimatorSpec(
        group="diagnostic",
        title="joint test of equal sensitivity and specificity",
        measures=ALL_PAIRS,
        intervals=("none",),
        pairs="either",
    ),
    "relative_accuracy": EstimatorSpec(
        group="diagnostic",
        title="ratios of sensitivity, specificity and false positive share",
        measures=ALL_PAIRS,
        intervals=("linearised",),
        pairs="either",
    ),
}
