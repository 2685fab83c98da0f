"""The words of the family proportions."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

TESTS: dict[str, HypothesisTestSpec] = {
    "tango_score": HypothesisTestSpec(
        "proportions",
        "score test of a paired difference",
        ("sensitivity", "specificity", "accuracy", "flagged", "within_tolerance", "in_range"),
        "difference",
        "independent",
    )
}
ESTIMATORS: dict[str, EstimatorSpec] = {}
