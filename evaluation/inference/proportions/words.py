"""What the protocol's words mean in the family proportions."""

from dataclasses import replace

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.proportions import difference
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.rows import Asked, Rows


def _tango_score(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    counts = PairedCounts.of(rows.candidate > 0.5, rows.standard_of_care > 0.5)
    found = difference.score_test(
        counts, margin=asked.margin, direction=asked.direction, level=asked.level
    )
    if isinstance(found, NotEvaluable) or rows.n_clusters == rows.n:
        return found
    warning = (
        f"{rows.n} pairs come from {rows.n_clusters} subjects; this test treats pairs as "
        "independent."
    )
    return replace(found, n_clusters=rows.n_clusters, warnings=(*found.warnings, warning))


TESTS: dict[str, HypothesisTest] = {
    "tango_score": HypothesisTest(
        method=difference.METHOD,
        run=_tango_score,
        limits="Asymptotic; refuses a table without discordant pairs.",
        witnesses=("tango_agresti_min", "the square at margin 0 is McNemar's statistic"),
        inverted=True,
    )
}
ESTIMATORS: dict[str, Estimator] = {}
