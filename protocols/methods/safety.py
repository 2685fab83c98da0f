"""The words of the family safety."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

TESTS: dict[str, HypothesisTestSpec] = {}
ESTIMATORS: dict[str, EstimatorSpec] = {}
