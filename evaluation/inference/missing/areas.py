"""Unascertained outcomes of an area difference: the exact extremes over every assignment.

With x = 1 for events, the area difference times its m events and N - m non-events is a sum of
psi_candidate(i, j) - psi_soc(i, j) over x_i (1 - x_j). Since psi(i, j) + psi(j, i) = 1, the
quadratic part is a constant of m, and what remains is linear in x: each encounter that becomes
an event adds the difference of its mid-ranks (Wilcoxon 1945). So for a given number of new
events the extreme sets are the ends of one sorted list, and trying every number finds the
extreme of 2^n assignments in O(n log n). A failed candidate ranks worst whatever the outcome
turns out to be: its psi is 0 with everybody, which leaves the same form with the candidate's
ranks taken among its answered encounters, and a second list for the failed ones.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.discrimination.areas import delong, with_failures_worst
from protocols.errors import UsageError

METHOD = Method(
    name="auc_worst_and_best_case",
    sentence=(
        "The smallest and the largest area difference over every assignment of the "
        "unascertained outcomes, exactly, by ordering differences of mid-ranks; intervals are "
        "those of the assignments that attain them."
    ),
    citation="Mid-rank identity after Wilcoxon 1945, Biometrics Bulletin 1:80",
)


@dataclass(frozen=True, slots=True)
class AucExtremes:
    """`worst` and `best` are attained by the completed outcomes that stand beside them."""

    worst: float
    worst_outcome: BoolArray
    best: float
    best_outcome: BoolArray


@dataclass(frozen=True, slots=True)
class AucBounds:
    """Extremes with the estimates (interval, test) of the completed data that attain them.

    The estimates bound every assignment. The limits belong to those two assignments: another
    assignment could have a slightly wider interval around a less extreme estimate.
    """

    method: Method
    n_unascertained: int
    extremes: AucExtremes
    worst: Estimate | NotEvaluable
    best: Estimate | NotEvaluable


def auc_extremes(
    scores_candidate: FloatArray,
    scores_soc: FloatArray,
    outcome: BoolArray,
    ascertained: BoolArray,
    *,
    failed: BoolArray | None = None,
) -> AucExtremes | NotEvaluable:
    """Smallest and largest candidate - SoC area over all outcomes of the unascertained pairs.

    `outcome` counts only where `ascertained`; `failed` marks candidates without an answer, which
    rank worst (their score is not read). Refuses a missing score, and when no assignment has both
    classes. Raises `UsageError` for columns of different length.
    """
    n = len(outcome)
    if {len(scores_candidate), len(scores_soc), len(ascertained)} != {n}:
        raise UsageError("LENGTHS_DIFFER", "Scores and outcomes must have one length.")
    failed = np.zeros(n, dtype=bool) if failed is None else failed
    if np.isnan(scores_soc).any() or np.isnan(scores_candidate[~failed]).any():
        return NotEvaluable("scores_missing", "A pair has no score.")
    known = ascertained & outcome
    if n < 2 or known.all() or (ascertained & ~outcome).all():
        return NotEvaluable("one_class", "No assignment gives both events and non-events.")
    gain = _gains(scores_candidate, scores_soc, failed)
    worst, worst_outcome = _search(gain, known, ascertained, failed)
    best, best_outcome = _search(-gain, known, ascertained, failed, sign=-1)
    return AucExtremes(worst, worst_outcome, best, best_outcome)


def _gains(candidate: FloatArray, soc: FloatArray, failed: BoolArray) -> FloatArray:
    """What an encounter adds to the linear part when it becomes an event."""
    from scipy import stats  # costs half a second: only where it is used

    gain = 0.5 - stats.rankdata(soc)
    gain[~failed] += stats.rankdata(candidate[~failed]) - 0.5
    return gain.astype(np.float64)


def _search(
    gain: FloatArray, known: BoolArray, ascertained: BoolArray, failed: BoolArray, *, sign: int = 1
) -> tuple[float, BoolArray]:
    """The smallest sign * difference and the outcomes that attain it."""
    answered = np.flatnonzero(~ascertained & ~failed)
    unanswered = np.flatnonzero(~ascertained & failed)
    answered = answered[np.argsort(gain[answered], kind="stable")]
    unanswered = unanswered[np.argsort(gain[unanswered], kind="stable")]
    sums = np.append(0.0, np.cumsum(gain[answered]))
    start, m_known, m_failed = gain[known].sum(), known.sum(), (known & failed).sum()
    size, new = len(gain), np.arange(len(answered) + 1)
    best, chosen = np.inf, (0, 0)
    added = np.append(0.0, np.cumsum(gain[unanswered]))
    for n_failed, extra in enumerate(added):
        m = m_known + n_failed + new
        quadratic = (m**2 - (m - m_failed - n_failed) ** 2) / 2
        pairs = m * (size - m)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.where(pairs > 0, (start + extra + sums + sign * quadratic) / pairs, np.inf)
        k = int(np.argmin(value))
        if value[k] < best:
            best, chosen = float(value[k]), (k, n_failed)
    completed = known.copy()
    completed[answered[: chosen[0]]] = True
    completed[unanswered[: chosen[1]]] = True
    return sign * best, completed


def auc_bounds(
    scores_candidate: FloatArray,
    scores_soc: FloatArray,
    outcome: BoolArray,
    ascertained: BoolArray,
    *,
    margin: float,
    level: float,
    failed: BoolArray | None = None,
    cluster: IntArray | None = None,
) -> AucBounds | NotEvaluable:
    """`auc_extremes` with the estimate of each completed data set, at the interval's `level`.

    Refuses and raises as `auc_extremes`; an extreme that `delong` refuses carries its reason.
    """
    extremes = auc_extremes(scores_candidate, scores_soc, outcome, ascertained, failed=failed)
    if isinstance(extremes, NotEvaluable):
        return extremes

    def fitted(completed: BoolArray) -> Estimate | NotEvaluable:
        scores = scores_candidate
        if failed is not None:
            scores = with_failures_worst(scores_candidate, failed, completed)
        return delong(scores, scores_soc, completed, margin=margin, level=level, cluster=cluster)

    return AucBounds(
        METHOD,
        int(np.count_nonzero(~ascertained)),
        extremes,
        fitted(extremes.worst_outcome),
        fitted(extremes.best_outcome),
    )
