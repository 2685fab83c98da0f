"""Worst and best case of any paired mean, on rows: each pair's outcome by itself.

A pair without outcome takes the outcome that is worse (or better) for the candidate. Pairs on which
the arms agree can only dilute where the denominator depends on the outcome, so they are all in and
all out, and the more extreme limits are reported. `bounds` is the same on counts.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.missing.potential import Completed, Potential
from evaluation.inference.orientation import sign_of
from evaluation.inference.proportions.difference import PairedCounts, score_test
from protocols.vocabulary import Direction

Side = Literal["worst", "best"]


@dataclass(frozen=True, slots=True)
class Extreme:
    """The extreme estimate, the outer limits and the extreme one-sided p over the completions."""

    estimate: float
    low: float
    high: float
    p_value: float


def completions(
    pairs: Potential, *, side: Side, direction: Direction
) -> tuple[Completed, Completed]:
    """The data without and with the pairs that could only dilute."""
    turn = sign_of(direction) * (1 if side == "worst" else -1)
    moved = turn * pairs.gain < 0
    outcome = np.where(pairs.known, pairs.outcome, moved)
    inside = ~np.isnan(pairs.effects)
    diluting = ~pairs.known & (pairs.gain == 0) & (inside.sum(axis=1) == 1)
    out = np.where(diluting, inside[:, 0], outcome)
    return pairs.completed(out), pairs.completed(np.where(diluting, ~out, out))


def extreme_case(
    pairs: Potential,
    *,
    side: Side,
    margin: float,
    direction: Direction,
    level: float,
    counted: bool,
) -> Extreme | NotEvaluable:
    """Score test of the paired table where `counted`, clustered difference otherwise.

    Refuses what the test refuses on either completion. The estimate is exact over all assignments
    for sensitivity, specificity, accuracy and losses.
    """
    answers: list[Estimate] = []
    for data in completions(pairs, side=side, direction=direction):
        answer = _tested(
            data,
            counted=counted,
            margin=margin,
            direction=direction,
            level=level,
        )
        if isinstance(answer, NotEvaluable):
            return answer
        answers.append(answer)
    downwards = (side == "worst") == (sign_of(direction) > 0)
    pick = min if downwards else max
    return Extreme(
        pick(answer.estimate for answer in answers),
        pick(answer.low for answer in answers),
        pick(answer.high for answer in answers),
        (max if side == "worst" else min)(answer.p_value for answer in answers),
    )


def _tested(
    data: Completed, *, counted: bool, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    if counted:
        counts = PairedCounts.of(data.candidate == 1, data.standard_of_care == 1)
        return score_test(counts, margin=margin, direction=direction, level=level)
    return clustered_difference(
        data.candidate,
        data.standard_of_care,
        data.cluster,
        margin=margin,
        direction=direction,
        level=level,
    )
