"""Survival of one arm by Kaplan and Meier, its errors, and the paired difference of two arms."""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
)
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NO_PAIRS, ONE_CLUSTER
from evaluation.inference.wald import LARGEST_LOG
from protocols.errors import UsageError

METHOD = Method(
    "kaplan_meier",
    "Product-limit survival with Greenwood's standard error and log-log limits for each arm; "
    "paired difference linearised between subjects with K/(K-1), t with K-1 degrees of freedom.",
    "Kaplan & Meier 1958, J Am Stat Assoc 53:457; Greenwood 1926; Kalbfleisch & Prentice 1980; "
    "Reid 1981, Annals of Statistics 9:78",
)


@dataclass(frozen=True, slots=True)
class Curve:
    """Survival just after each distinct event time; `last` is the longest follow-up.

    `at_risk` and `events` count at those times; an event comes before a censoring at one time.
    """

    time: FloatArray
    survival: FloatArray
    at_risk: FloatArray
    events: FloatArray
    last: float

    @classmethod
    def of(cls, time: FloatArray, event: BoolArray) -> "Curve | NotEvaluable":
        """Refuses no pair and times that are negative or not finite."""
        refused = checked_times(time, event)
        if refused is not None:
            return refused
        times, events = np.unique(time[event], return_counts=True)
        at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
        risk, hit = at_risk.astype(np.float64), events.astype(np.float64)
        survival = np.cumprod((risk - hit) / risk).astype(np.float64)
        return cls(times, survival, risk, hit, float(time.max()))

    def at(self, moment: float) -> float | NotEvaluable:
        """Survival at a moment; refuses one beyond the follow-up unless nobody is left."""
        if moment > self.last and (self.survival.size == 0 or self.survival[-1] > 0):
            reason = f"The follow-up ends at {self.last:g}, before {moment:g}."
            return NotEvaluable("beyond_follow_up", reason)
        seen = int(np.searchsorted(self.time, moment, side="right"))
        return float(self.survival[seen - 1]) if seen else 1.0


@dataclass(frozen=True, slots=True)
class Survival:
    """Share without event after `time`; error and limits are None where survival is 0 or 1."""

    time: float
    survival: float
    standard_error: float | None
    low: float | None
    high: float | None


def checked_times(time: FloatArray, event: BoolArray) -> NotEvaluable | None:
    """Refuses no pair and times that are negative or not finite; None where all can be used.

    Raises `UsageError` unless every time says whether it is an event.
    """
    if time.shape != event.shape:
        raise UsageError("LENGTHS_DIFFER", "Every time must say whether it is an event.")
    if time.size == 0:
        return NO_PAIRS
    if not np.isfinite(time).all() or (time < 0).any():
        return NotEvaluable("values_not_finite", "A pair has a time that is negative or missing.")
    return None


def survival_at(curve: Curve, moment: float, *, level: float) -> Survival | NotEvaluable:
    """Greenwood's standard error; limits from the log of the cumulative hazard.

    Refuses a moment beyond the follow-up. Kalbfleisch & Prentice 1980, The Statistical Analysis
    of Failure Time Data.
    """
    share = curve.at(moment)
    if isinstance(share, NotEvaluable):
        return share
    if share in (0.0, 1.0):
        return Survival(moment, share, None, None, None)
    seen = curve.time <= moment
    at_risk, events = curve.at_risk[seen], curve.events[seen]
    relative = math.sqrt(float((events / (at_risk * (at_risk - events))).sum()))
    stretch = math.exp(min(LARGEST_LOG, critical_value(level) * relative / abs(math.log(share))))
    return Survival(moment, share, share * relative, share**stretch, share ** (1 / stretch))


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Mean time without event up to a horizon, in the unit of time."""

    mean: float
    standard_error: float


def restricted_mean(curve: Curve, horizon: float) -> RestrictedMean | NotEvaluable:
    """Area under the curve up to the horizon; refuses one beyond the follow-up.

    Variance: sum of (area after each event time)^2 d / (n (n - d)). Klein & Moeschberger 2003,
    Survival Analysis, section 4.5.
    """
    end = curve.at(horizon)
    if isinstance(end, NotEvaluable):
        return end
    seen = curve.time < horizon
    times = np.concatenate(([0.0], curve.time[seen], [horizon]))
    steps = np.concatenate(([1.0], curve.survival[seen])) * np.diff(times)
    after = np.cumsum(steps[::-1])[::-1][1:]
    at_risk, events = curve.at_risk[seen], curve.events[seen]
    left = at_risk - events
    spread = np.divide(events, at_risk * left, out=np.zeros_like(left), where=left > 0)
    return RestrictedMean(float(steps.sum()), math.sqrt(float((after**2 * spread).sum())))


def influence(curve: Curve, time: FloatArray, event: BoolArray, moment: float) -> FloatArray:
    """What each row does to the survival at a moment; the mean over the rows is zero.

    The sum of squares over n^2 is Greenwood's variance. All zero where the survival is 0 or 1.
    Reid 1981, Annals of Statistics 9:78.
    """
    share = curve.at(moment)
    if isinstance(share, NotEvaluable) or share == 0 or curve.time.size == 0:
        return np.zeros(len(time))
    seen = curve.time <= moment
    times, at_risk = curve.time[seen], curve.at_risk[seen]
    left = at_risk - curve.events[seen]
    drift = np.concatenate(([0.0], np.cumsum(curve.events[seen] / (at_risk * left))))
    lost = drift[np.searchsorted(times, time, side="right")]
    hit = event & (time <= moment)
    jump = np.zeros(len(time))
    jump[hit] = 1 / left[np.searchsorted(times, time[hit])]
    return np.asarray(-len(time) * share * (jump - lost), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SurvivalDifference:
    """Candidate minus standard of care in the share without event; t with `df`."""

    difference: float
    standard_error: float
    low: float
    high: float
    df: float


def survival_difference(
    arms: tuple[tuple[FloatArray, BoolArray], tuple[FloatArray, BoolArray]],
    cluster: IntArray,
    moment: float,
    *,
    level: float,
) -> SurvivalDifference | NotEvaluable:
    """Difference of both arms' survival on the same pairs, the variance between subjects.

    `arms` are (time, event) of the candidate and of the standard of care. Refuses a moment beyond
    a follow-up, one subject, and a difference that does not vary.
    """
    shares: list[float] = []
    columns: list[FloatArray] = []
    for time, event in arms:
        curve = Curve.of(time, event)
        if isinstance(curve, NotEvaluable):
            return curve
        share = curve.at(moment)
        if isinstance(share, NotEvaluable):
            return share
        shares.append(share)
        columns.append(influence(curve, time, event, moment))
    index, k = cluster_index(cluster)
    if k < 2:
        return ONE_CLUSTER
    sums = cluster_sums(columns[0] - columns[1], index, k)
    error = math.sqrt(k / (k - 1) * exact_sum(sums**2)) / len(cluster)
    if error <= 1e-14:
        return NotEvaluable("zero_variance", "The difference is the same in every subject.")
    difference, half = shares[0] - shares[1], critical_value(level, k - 1) * error
    return SurvivalDifference(difference, error, difference - half, difference + half, float(k - 1))
