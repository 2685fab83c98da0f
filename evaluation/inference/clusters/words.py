"""What the protocol's words mean in the family clusters."""

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters import means
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows


def _clustered_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return means.clustered_difference(
        rows.candidate,
        rows.standard_of_care,
        rows.cluster,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


TESTS: dict[str, HypothesisTest] = {
    "clustered_difference": HypothesisTest(
        method=means.METHOD,
        run=_clustered_difference,
        limits="Refuses one subject and constant differences.",
        witnesses=("clustered_robust", "singletons give the ordinary standard error"),
    )
}
ESTIMATORS: dict[str, Estimator] = {}
