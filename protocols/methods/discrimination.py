"""The words of the family discrimination."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

TESTS: dict[str, HypothesisTestSpec] = {
    "delong": HypothesisTestSpec(
        "discrimination", "DeLong's test of two areas", ("auc",), "difference", "either"
    )
}
ESTIMATORS: dict[str, EstimatorSpec] = {}
