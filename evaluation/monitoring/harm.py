"""Is the candidate's loss worse than the standard of care's by more than its margin? Case by case.

The paired loss candidate - standard of care, moved to [0, 1], is bet on one-sided against the
margin. The e-process holds under every truth in which the mean excess loss, given the past, is at
most the margin; it takes nothing from the alpha of an efficacy claim.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.monitoring.betting import Bets, Hedge, Wealth, wealth
from evaluation.monitoring.mixtures import checked_alpha
from evaluation.monitoring.sequence import on_unit_scale
from protocols.errors import UsageError


@dataclass(frozen=True, slots=True)
class HarmRule:
    """Registered before the first case: error, margin, the range of each arm's loss, the cap.

    `margin` is the largest acceptable excess loss, on the scale of the loss and inside what its
    range allows; larger losses are worse.
    """

    alpha: float
    margin: float
    loss_range: tuple[float, float] = (0.0, 1.0)
    cap: float = 0.5

    def __post_init__(self) -> None:
        """A margin beyond the largest difference could never be exceeded."""
        checked_alpha(self.alpha)
        if not 0 <= self.margin < self.width:
            raise UsageError("HARM_MARGIN", f"A margin lies in [0, {self.width}).")

    @property
    def width(self) -> float:
        """The largest difference of two losses."""
        return self.loss_range[1] - self.loss_range[0]


@dataclass(frozen=True, slots=True)
class HarmWatch:
    """The state after the cases so far; `signalled_at` is the first case with e >= 1 / alpha."""

    rule: HarmRule
    wealth: Wealth
    signalled_at: int | None = None

    @property
    def log_e(self) -> float:
        """Logarithm of the e-value now, to be merged with those of other harms."""
        return float(self.wealth.above[0])

    @property
    def p_value(self) -> float:
        """The always-valid p-value: the smallest 1 / e so far."""
        return math.exp(-float(self.wealth.highest[0]))

    def extend(
        self, candidate: FloatArray, standard_of_care: FloatArray
    ) -> "tuple[HarmWatch, FloatArray] | NotEvaluable":
        """The state after these pairs of losses, in their registered order, and log e after each.

        One value a subject (`units`). `NotEvaluable` for a loss outside the registered range: the
        game would not be fair. Raises `UsageError` for arms that differ in length.
        """
        low, high = self.rule.loss_range
        losses = [np.asarray(arm, dtype=np.float64) for arm in (candidate, standard_of_care)]
        if losses[0].shape != losses[1].shape:
            raise UsageError("LENGTHS_DIFFER", "Each loss of the candidate has its counterpart.")
        if not all(bool(((arm >= low) & (arm <= high)).all()) for arm in losses):
            reason = f"A loss lies outside its registered range from {low:g} to {high:g}."
            return NotEvaluable("loss_outside_range", reason)
        arms = [on_unit_scale(arm, low, high) for arm in losses]
        before = self.wealth.moments.n
        state, joint = self.wealth.extend((arms[0] - arms[1] + 1) / 2)
        log_e = joint[:, 0]
        reached = np.flatnonzero(log_e >= -math.log(self.rule.alpha))
        at = self.signalled_at
        if at is None and reached.size:
            at = before + int(reached[0]) + 1
        return replace(self, wealth=state, signalled_at=at), log_e


def harm_watch(rule: HarmRule) -> HarmWatch:
    """The state before the first case: one bettor at full stake against the margin."""
    mean = (rule.margin / rule.width + 1) / 2
    bets = Bets(rule.alpha, cap=rule.cap)
    return HarmWatch(rule, wealth(bets, Hedge(theta=1.0), np.array([mean])))
