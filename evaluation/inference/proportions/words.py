"""What the protocol's words mean in the family proportions: tests of a margin."""

from collections.abc import Callable
from dataclasses import replace

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.proportions import difference, exact, ratio, skewness
from evaluation.inference.proportions.describe import (
    conditional_odds,
    mcnemar_tests,
    paired_difference,
    paired_equivalence,
    paired_ratio,
)
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.findings import METHODS
from evaluation.inference.rows import Asked, Rows
from protocols.vocabulary import Direction

CountsTest = Callable[[PairedCounts, float, Direction, float], Estimate | NotEvaluable]


def _on_counts(test: CountsTest) -> Callable[[Rows, Asked], Estimate | NotEvaluable]:
    """A test of a paired table as a test of rows, with a warning where subjects come back."""

    def run(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
        counts = PairedCounts.of(rows.candidate > 0.5, rows.standard_of_care > 0.5)
        found = test(counts, asked.margin, asked.direction, asked.level)
        if isinstance(found, NotEvaluable) or rows.n_clusters == rows.n:
            return found
        warning = (
            f"{rows.n} pairs come from {rows.n_clusters} subjects; this test treats pairs as "
            "independent."
        )
        return replace(found, n_clusters=rows.n_clusters, warnings=(*found.warnings, warning))

    return run


@_on_counts
def _tango_score(
    counts: PairedCounts, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    return difference.score_test(counts, margin=margin, direction=direction, level=level)


@_on_counts
def _scas_score(
    counts: PairedCounts, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    return skewness.corrected_test(counts, margin=margin, direction=direction, level=level)


@_on_counts
def _exact_difference(
    counts: PairedCounts, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    return exact.exact_test(counts, margin=margin, direction=direction, level=level)


@_on_counts
def _tang_score_ratio(
    counts: PairedCounts, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    return ratio.ratio_test(counts, margin=margin, direction=direction, level=level)


TESTS: dict[str, HypothesisTest] = {
    "tango_score": HypothesisTest(
        method=difference.METHOD,
        run=_tango_score,
        limits="Asymptotic, with a warning below 50 pairs or 10 discordant pairs; refuses a table "
        "without discordant pairs.",
        witnesses=(
            "nam_ni_diff_bentur_m10, nam_ni_diff_harm_m02",
            "the square at margin 0 is McNemar's statistic",
        ),
        inverted=True,
    ),
    "scas_score": HypothesisTest(
        method=skewness.METHOD,
        run=_scas_score,
        limits="Asymptotic; refuses fewer than two pairs and a table without discordant pairs.",
        witnesses=("scas_ci_bentur", "the interval excludes the margin when the test rejects"),
        inverted=True,
    ),
    "exact_difference": HypothesisTest(
        method=exact.METHOD,
        run=_exact_difference,
        limits="Conservative, more so with few discordant pairs; refuses a table without any.",
        witnesses=(
            "exact_dp_bentur, exact_dp_lens",
            "without a margin it is the exact sign test; adaptive quadrature",
        ),
        inverted=True,
    ),
    "tang_score_ratio": HypothesisTest(
        method=ratio.METHOD,
        run=_tang_score_ratio,
        limits="Asymptotic; refuses a table without discordant pairs and a standard of care "
        "without events. The measure names which event is counted.",
        witnesses=(
            "nam_blackwelder_bentur_90, nam_blackwelder_tangNS_95",
            "swapping the arms inverts the interval",
        ),
        inverted=True,
    ),
}

ESTIMATORS: dict[str, Estimator] = {
    "paired_difference": Estimator(
        method=METHODS["paired_difference"],
        run=paired_difference,
        limits="Takes pairs as independent. Wald's interval has width zero, and Newcombe's is "
        "narrow, without discordant pairs.",
        witnesses=(
            "tango_ci_bentur, newcombe10_bentur, wald_family_bentur, scas_ci_bentur, "
            "exact_dp_bentur",
            "swapping the arms mirrors every interval",
        ),
    ),
    "paired_ratio": Estimator(
        method=METHODS["paired_ratio"],
        run=paired_ratio,
        limits="Takes pairs as independent; a limit that is infinite is left out with its reason.",
        witnesses=("tang_ci_bentur, ratio_family_bentur", "swapping the arms inverts the limits"),
    ),
    "conditional_odds": Estimator(
        method=METHODS["conditional_odds"],
        run=conditional_odds,
        limits="Odds among discordant pairs, no marginal odds ratio; refuses a table without them.",
        witnesses=("cond_or_bentur", "swapping the arms inverts the limits"),
    ),
    "mcnemar": Estimator(
        method=METHODS["mcnemar"],
        run=mcnemar_tests,
        limits="Knows no margin, so it is never a test of non-inferiority; refuses a table "
        "without discordant pairs.",
        witnesses=("mcnemar_bentur, mcnemar_tie", "the square of the score test at margin 0"),
    ),
    "paired_equivalence": Estimator(
        method=METHODS["paired_equivalence"],
        run=paired_equivalence,
        limits="Asymptotic; refuses a table without discordant pairs.",
        witnesses=(
            "equivalence_diff_lens",
            "the interval at 1 - 2 alpha lies within the margin when p < alpha",
        ),
    ),
}
