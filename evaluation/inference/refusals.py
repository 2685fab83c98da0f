"""Reasons for having no answer that many methods share, word for word."""

from evaluation.inference.base import NotEvaluable

NO_PAIRS = NotEvaluable("no_pairs", "No pair can be evaluated for this endpoint.")
NOT_FINITE = NotEvaluable("values_not_finite", "A pair has a value that is not a finite number.")
ONE_CLUSTER = NotEvaluable(
    "one_cluster", "All pairs come from one subject; variation between subjects is not estimable."
)
UNBOUNDED = NotEvaluable("interval_unbounded", "At this level no limit is a finite number.")
