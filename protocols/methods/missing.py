"""The words of the family missing."""

from protocols.methods.base import EstimatorSpec, HypothesisTestSpec

TESTS: dict[str, HypothesisTestSpec] = {}
ESTIMATORS: dict[str, EstimatorSpec] = {}
