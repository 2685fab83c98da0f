"""Two one-sided score tests: is the paired difference within a margin on both sides?"""

from dataclasses import dataclass

from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import null_effect, upper_tail
from evaluation.inference.proportions.difference import PairedCounts, score_statistic
from evaluation.inference.refusals import NO_PAIRS
from protocols.vocabulary import Direction

METHOD = Method(
    name="paired_equivalence",
    sentence=(
        "Two one-sided score tests at minus and plus the margin; the larger p-value counts, and "
        "the interval at level 1 - 2 alpha lies within the margin exactly when it is below alpha."
    ),
    citation=(
        "Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657; "
        "Liu et al. 2002, Statistics in Medicine 21:231"
    ),
)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Statistics at -margin (large where not worse) and +margin (small where not better)."""

    z_lower: float
    z_upper: float
    p_lower: float
    p_upper: float

    @property
    def p_value(self) -> float:
        """The larger of both one-sided p-values: both limits must be beaten."""
        return max(self.p_lower, self.p_upper)


def equivalence(counts: PairedCounts, *, margin: float) -> Equivalence | NotEvaluable:
    """Both one-sided score tests; `margin` is a positive difference of shares.

    Refuses an empty table. A table without discordant pairs is answered as published: whether
    agreement alone may count is for the caller to say.
    """
    edge = null_effect(margin, Direction.LOWER_IS_BETTER)
    if counts.n == 0:
        return NO_PAIRS
    lower, upper = score_statistic(counts, -edge), score_statistic(counts, edge)
    return Equivalence(lower, upper, upper_tail(lower, None), upper_tail(-upper, None))
