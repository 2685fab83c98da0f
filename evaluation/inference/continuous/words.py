"""What the protocol's words mean in the family continuous."""

from evaluation.inference.entries import Estimator, HypothesisTest

TESTS: dict[str, HypothesisTest] = {}
ESTIMATORS: dict[str, Estimator] = {}
