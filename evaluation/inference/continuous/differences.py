"""Paired differences of a number: Student's t against a margin, and two one-sided tests."""

from dataclasses import dataclass, replace

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters import means as clusters
from evaluation.inference.orientation import upper_tail
from evaluation.inference.refusals import NO_PAIRS, NOT_FINITE
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="paired_t",
    sentence=(
        "Student's t for the mean of the paired differences, with one degree of freedom less "
        "than there are pairs; every pair counts as independent."
    ),
    citation="Student 1908, Biometrika 6:1",
)
TOST_METHOD = Method(
    name="mean_equivalence",
    sentence=(
        "Two one-sided paired t-tests against a lower and an upper limit; the p-value is the "
        "larger of the two."
    ),
    citation="Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:657",
)


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Two one-sided tests of a mean difference: `lower` rejects "too small", `upper` "too large".

    `low` and `high` form the two-sided interval at `level`; at level 1 - 2 alpha it lies between
    the limits exactly when `p_value` < alpha.
    """

    estimate: float
    standard_error: float
    low: float
    high: float
    level: float
    df: float
    t_lower: float
    p_lower: float
    t_upper: float
    p_upper: float

    @property
    def p_value(self) -> float:
        """The larger of both one-sided p-values: both limits must be beaten."""
        return max(self.p_lower, self.p_upper)


def finite_pairs(candidate: FloatArray, standard_of_care: FloatArray) -> NotEvaluable | None:
    """Refuses no pair and a value that is not finite; None where every pair can be used.

    Raises `UsageError` for arms of different length.
    """
    if candidate.shape != standard_of_care.shape:
        raise UsageError("LENGTHS_DIFFER", "Both arms must have one value for each pair.")
    if candidate.size == 0:
        return NO_PAIRS
    if not (np.isfinite(candidate) & np.isfinite(standard_of_care)).all():
        return NOT_FINITE
    return None


def paired_t(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Mean of candidate - standard of care against a margin on the scale of the values.

    Both arrays hold one finite number for each pair, at least two pairs. Refuses what has no
    variance: one pair, identical arms, a constant difference.
    """
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    if candidate.size == 1:
        return NotEvaluable("too_few_pairs", "One pair has no variance.")
    constant = clusters.constant_difference(candidate, standard_of_care)
    if constant is not None:
        return constant
    # every pair is a subject of its own, so nothing has to be summed
    totals = clusters.ClusterTotals(candidate, standard_of_care, np.ones(candidate.size))
    found = clusters.difference_of_totals(totals, margin=margin, direction=direction, level=level)
    return found if isinstance(found, NotEvaluable) else replace(found, method=METHOD)


def paired_equivalence(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    lower: float,
    upper: float,
    level: float,
) -> Equivalence | NotEvaluable:
    """Is the mean difference between `lower` and `upper`, limits on the scale of the values?

    Raises `UsageError` unless `lower` < `upper`; refuses what `paired_t` refuses.
    """
    if not lower < upper:
        raise UsageError("LIMITS_ORDER", "The lower limit of equivalence must be below the upper.")
    found = paired_t(
        candidate,
        standard_of_care,
        margin=0.0,
        direction=Direction.HIGHER_IS_BETTER,
        level=level,
    )
    if isinstance(found, NotEvaluable):
        return found
    df = float(candidate.size - 1)
    t_lower = (found.estimate - lower) / found.standard_error
    t_upper = (found.estimate - upper) / found.standard_error
    return Equivalence(
        found.estimate,
        found.standard_error,
        found.low,
        found.high,
        level,
        df,
        t_lower,
        upper_tail(t_lower, df),
        t_upper,
        upper_tail(-t_upper, df),
    )
