"""The points of an empirical ROC curve, thinned by a fixed rule for a figure."""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class RocPoint:
    """Shares of non-events and of events with a score at or above one threshold."""

    false_positive_share: float
    true_positive_share: float


def roc_points(
    scores: FloatArray, outcome: BoolArray, *, max_points: int = 200
) -> tuple[RocPoint, ...]:
    """The curve from (0, 0) to (1, 1), one point for each distinct score, at most `max_points`.

    Thinning keeps the ends and the points nearest to equal steps of arc length in the sum of
    both shares, so it depends on the curve only. Empty when one class is missing. Raises
    `UsageError` for scores that are no numbers.
    """
    if np.isnan(scores).any():
        raise UsageError("SCORES_MISSING", "A ROC curve needs a score for every encounter.")
    n_events = int(np.count_nonzero(outcome))
    n_others = len(outcome) - n_events
    if min(n_events, n_others) == 0:
        return ()
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    true = np.cumsum(outcome[order])[last_of_tie] / n_events
    false = np.cumsum(~outcome[order])[last_of_tie] / n_others
    x, y = np.append(0.0, false), np.append(0.0, true)
    keep = _thinned(x + y, max_points)
    return tuple(RocPoint(float(x[i]), float(y[i])) for i in keep)


def _thinned(length: FloatArray, max_points: int) -> list[int]:
    if len(length) <= max_points:
        return list(range(len(length)))
    steps = np.linspace(0.0, length[-1], max_points)
    chosen = np.searchsorted(length, steps, "left")
    return sorted({0, *chosen.tolist()})  # the last step is the end of the curve
