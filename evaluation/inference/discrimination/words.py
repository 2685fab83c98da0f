"""What the protocol's words mean in the family discrimination."""

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination import areas
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.rows import Asked, Rows


def _delong(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    repeats = rows.clustered and rows.n_clusters < rows.n
    return areas.delong(
        rows.candidate,
        rows.standard_of_care,
        rows.outcome,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        cluster=rows.cluster if repeats else None,
    )


TESTS: dict[str, HypothesisTest] = {
    "delong": HypothesisTest(
        method=areas.METHOD,
        run=_delong,
        limits="Refuses one class and constant scores.",
        witnesses=("delong_asah", "mid-ranks equal the double loop"),
    )
}
ESTIMATORS: dict[str, Estimator] = {}
