"""What one ranking is worth: numbers read off its ROC or precision-recall curve.

A ranking is sorted once. After that every resample is a whole-number weight for each row, and a
curve is two running sums along the sorted rows, so 2000 resamples of 10,000 pairs take a second.
Ties move the curve in one straight step, which is what breaking them at random gives on average.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from protocols.errors import UsageError

NEARLY_WHOLE = 1e-9
"""A share times a count this close to a whole number is that number: 0.1 x 30 is 3."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Events and non-events at or above each threshold, the riskiest first, from (0, 0)."""

    true: IntArray
    false: IntArray

    @property
    def n_events(self) -> int:
        """Events on the whole curve, by weight."""
        return int(self.true[-1])

    @property
    def n_others(self) -> int:
        """Non-events on the whole curve, by weight."""
        return int(self.false[-1])


@dataclass(frozen=True, slots=True)
class Ranking:
    """One arm's rows from the highest score down; `ends` are the last rows of tied scores."""

    order: IntArray
    ends: IntArray
    event: BoolArray

    @classmethod
    def of(cls, scores: FloatArray, outcome: BoolArray) -> "Ranking":
        """Sorts once. Raises `UsageError` for scores that are no numbers."""
        if np.isnan(scores).any():
            raise UsageError("SCORES_MISSING", "A ranking needs a score for every encounter.")
        order = np.argsort(-scores, kind="stable")
        ordered = scores[order]
        ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(scores) - 1)
        return cls(order, ends, outcome[order])

    def curve(self, weights: IntArray) -> Curve:
        """The curve when row i counts `weights[i]` times."""
        ordered = weights[self.order]
        every = np.cumsum(ordered)[self.ends]
        true = np.cumsum(ordered * self.event)[self.ends]
        return Curve(np.append(0, true), np.append(0, every - true))


def curve_of(scores: FloatArray, outcome: BoolArray) -> Curve:
    """The curve of one arm's scores, each row once. Raises as `Ranking.of`."""
    return Ranking.of(scores, outcome).curve(np.ones(len(scores), dtype=np.int64))


def area(curve: Curve) -> float | None:
    """The area under the ROC curve, in [0, 1]; None without events or without non-events."""
    if min(curve.n_events, curve.n_others) == 0:
        return None
    twice = np.dot(curve.true[1:] + curve.true[:-1], np.diff(curve.false))
    return int(twice) / (2 * curve.n_events * curve.n_others)


def average_precision(curve: Curve) -> float | None:
    """Precision averaged over the steps of recall, without interpolation, in [0, 1].

    None without events. Buckland & Gey 1994, J Am Soc Inf Sci 45:12; the step sum, not the
    trapezoid, which flatters (Davis & Goadrich 2006, Proc 23rd ICML 233).
    """
    if curve.n_events == 0:
        return None
    step = np.diff(curve.true)
    moved = step > 0
    true = curve.true[1:][moved]
    precision = true / (true + curve.false[1:][moved])
    return float(np.sum(step[moved] * precision)) / curve.n_events


def partial_area(curve: Curve, *, low: float, high: float) -> float | None:
    """The area under the ROC curve where specificity lies in [low, high], at most high - low.

    McClish 1989, Med Decis Making 9:190. None as `area`. Raises `UsageError` for a range outside
    [0, 1] or without width.
    """
    if not 0 <= low < high <= 1:
        raise UsageError("SPECIFICITY_RANGE", "Specificities run from low to high in [0, 1].")
    if min(curve.n_events, curve.n_others) == 0:
        return None
    wide = np.diff(curve.false) > 0
    start, stop = curve.false[:-1][wide], curve.false[1:][wide]
    bottom, rise = curve.true[:-1][wide], np.diff(curve.true)[wide]
    left = np.clip(start, (1 - high) * curve.n_others, None)
    right = np.clip(stop, None, (1 - low) * curve.n_others)
    width = np.clip(right - left, 0.0, None)
    height = bottom + rise * ((left + right) / 2 - start) / (stop - start)
    return float(np.sum(width * height)) / (curve.n_events * curve.n_others)


def standardised(partial: float, *, low: float, high: float) -> float | None:
    """A partial area put on the scale of a whole one: 0.5 on the diagonal, 1 at best.

    McClish 1989, Med Decis Making 9:190. None below the diagonal, where it is not defined.
    """
    best, chance = high - low, ((1 - low) ** 2 - (1 - high) ** 2) / 2
    if partial < chance:
        return None
    return (1 + (partial - chance) / (best - chance)) / 2 if best > chance else None


def sensitivity_at(curve: Curve, *, specificity: float) -> float | None:
    """Sensitivity where the ROC curve reaches a specificity, in [0, 1].

    Linear between two points of the curve; where several have the specificity, the highest. The
    threshold is estimated from the data: for one fixed beforehand take plain sensitivity. None as
    `area`. Robin et al. 2011, BMC Bioinformatics 12:77.
    """
    if min(curve.n_events, curve.n_others) == 0:
        return None
    return _share_reached(curve.false, curve.true, 1 - _in_unit("specificity", specificity))


def recall_at(curve: Curve, *, alert_rate: float) -> float | None:
    """The share of events among the `alert_rate` of encounters that rank highest, in [0, 1].

    Among tied encounters, and for a part of one, the expectation when chance decides. None
    without events.
    """
    if curve.n_events == 0:
        return None
    every = curve.true + curve.false
    return _share_reached(every, curve.true, _in_unit("alert_rate", alert_rate))


def _in_unit(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise UsageError("SHARE_RANGE", f"{name} lies in [0, 1], it is not {value}.")
    return value


def _share_reached(along: IntArray, true: IntArray, share: float) -> float:
    """`true` as a share of its last value where `along` reaches `share` of its own."""
    reached = share * int(along[-1])
    if abs(reached - round(reached)) <= NEARLY_WHOLE * max(1, int(along[-1])):
        reached = round(reached)
    i = int(np.searchsorted(along, reached, "right")) - 1
    found = float(true[i])
    if along[i] < reached:
        rise, run = int(true[i + 1] - true[i]), int(along[i + 1] - along[i])
        found += (reached - int(along[i])) * rise / run
    return found / int(true[-1])


CurveStatistic = Callable[[Curve], float | None]
MEASURES: dict[str, tuple[str, ...]] = {
    "auc": (),
    "pr_auc": (),
    "partial_auc": ("specificity_low", "specificity_high"),
    "sensitivity_at_specificity": ("specificity",),
    "recall_at_alert_rate": ("alert_rate",),
}
"""The ranking measures, and the numbers each must be given."""


def statistic_of(measure: str, numbers: Mapping[str, float]) -> CurveStatistic:
    """The function of a curve that a measure means. Raises `UsageError` for an unknown one."""
    match measure:
        case "auc":
            return area
        case "pr_auc":
            return average_precision
        case "partial_auc":
            low, high = numbers["specificity_low"], numbers["specificity_high"]
            return lambda curve: partial_area(curve, low=low, high=high)
        case "sensitivity_at_specificity":
            specificity = numbers["specificity"]
            return lambda curve: sensitivity_at(curve, specificity=specificity)
        case "recall_at_alert_rate":
            rate = numbers["alert_rate"]
            return lambda curve: recall_at(curve, alert_rate=rate)
        case _:
            raise UsageError("MEASURE", f"{measure} is no measure of a ranking.")
