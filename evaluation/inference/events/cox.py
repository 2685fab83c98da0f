"""Hazard ratio of paired times: stratified by pair in closed form, and marginal with Newton.

In a stratum of two only the first time matters: an event contributes one trial, won by the arm
that has it. The partial likelihood is binomial, the log hazard ratio log(a/b) with a events of the
candidate and b of the standard of care. Both arms with an event at one time give one trial to
each, by Breslow's and by Efron's rule alike.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize

from evaluation.inference.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    cluster_index,
    cluster_sums,
    exact_sum,
    n_distinct,
)
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.events.kaplan_meier import checked_times
from evaluation.inference.events.ratios import LogRatio
from evaluation.inference.refusals import ONE_CLUSTER
from protocols.errors import UsageError

Ties = Literal["breslow", "efron"]

STRATIFIED = Method(
    "cox_stratified_by_pair",
    "Hazard ratio from the partial likelihood with one stratum a pair: which arm has the first "
    "event; normal on the log scale, between subjects with K/(K-1) and t where they come back.",
    "Holt & Prentice 1974, Biometrika 61:17; Cox 1972, J R Stat Soc B 34:187",
)
MARGINAL = Method(
    "cox_marginal",
    "Hazard ratio from the partial likelihood of all times, ties by Breslow; variance of the score "
    "residuals between subjects with K/(K-1); t with K-1 degrees of freedom on the log scale.",
    "Lin & Wei 1989, J Am Stat Assoc 84:1074; Lee, Wei & Amato 1992, Survival Analysis",
)
NO_EVENT = NotEvaluable("too_few_events", "No event says anything about the hazard ratio.")
SEPARATED = NotEvaluable(
    "hazard_ratio_unbounded",
    "Only one arm has events while both are at risk, so the hazard ratio is zero or infinite.",
)


@dataclass(frozen=True, slots=True)
class PairedTimes:
    """Time to event or censoring of both arms on each pair, and the pair's subject."""

    candidate_time: FloatArray
    candidate_event: BoolArray
    standard_of_care_time: FloatArray
    standard_of_care_event: BoolArray
    cluster: IntArray

    def refused(self) -> NotEvaluable | None:
        """Refuses no pair, a time that is negative or missing, no event at all and one subject.

        None where all can be used; raises `UsageError` for columns of different length.
        """
        arms = (
            (self.candidate_time, self.candidate_event),
            (self.standard_of_care_time, self.standard_of_care_event),
        )
        if len({len(time) for time, _ in arms} | {len(self.cluster)}) > 1:
            raise UsageError("LENGTHS_DIFFER", "Every column must have one value for each pair.")
        for time, event in arms:
            found = checked_times(time, event)
            if found is not None:
                return found
        if not (self.candidate_event.any() or self.standard_of_care_event.any()):
            return NO_EVENT
        return ONE_CLUSTER if n_distinct(self.cluster) < 2 else None


def first_events(times: PairedTimes) -> tuple[IntArray, IntArray]:
    """For each pair whether the candidate, and whether the standard of care, has the first event.

    At one time an event comes before a censoring.
    """
    first, second = times.candidate_time, times.standard_of_care_time
    return (
        (times.candidate_event & (first <= second)).astype(np.int64),
        (times.standard_of_care_event & (second <= first)).astype(np.int64),
    )


def stratified(times: PairedTimes, *, clustered: bool) -> LogRatio | NotEvaluable:
    """Hazard ratio with a stratum for each pair.

    With `clustered` the error is between subjects, t with K-1 degrees of freedom; else that of the
    partial likelihood. Refuses no pair, one subject, no informative event, events first in one arm
    only, and trials that balance in every subject.
    """
    refused = times.refused()
    if refused is not None:
        return refused
    candidate, soc = first_events(times)
    a, b = int(candidate.sum()), int(soc.sum())
    if a + b == 0:
        return NO_EVENT
    if a == 0 or b == 0:
        return SEPARATED
    n, k = len(candidate), n_distinct(times.cluster)
    if not clustered:
        return LogRatio(math.log(a / b), math.sqrt(1 / a + 1 / b), None, n, k)
    index, k = cluster_index(times.cluster)
    # The score of a pair, times a + b, in whole numbers: exact in any order.
    score = (b * candidate - a * soc).astype(np.float64)
    squares = exact_sum(cluster_sums(score, index, k) ** 2)
    if squares == 0:
        return NotEvaluable("zero_variance", "Events balance alike in every subject.")
    error = math.sqrt(k / (k - 1) * squares) / (a * b)
    return LogRatio(math.log(a / b), error, float(k - 1), n, k)


@dataclass(frozen=True, slots=True)
class RiskSets:
    """At each event time, in order: events of both arms and of the candidate, numbers at risk.

    With Efron's rule tied events take away parts of themselves, so a time with d events has d rows.
    """

    time: FloatArray
    events: FloatArray
    candidate_events: FloatArray
    candidate_at_risk: FloatArray
    standard_of_care_at_risk: FloatArray

    @classmethod
    def of(cls, times: PairedTimes, ties: Ties) -> "RiskSets":
        """Whole numbers from sorted times (parts of them under Efron's rule)."""
        first = np.sort(times.candidate_time), times.candidate_time[times.candidate_event]
        second = (
            np.sort(times.standard_of_care_time),
            times.standard_of_care_time[times.standard_of_care_event],
        )
        moments = np.unique(np.concatenate((first[1], second[1])))
        arms = first, second
        risk = [
            len(sorted_) - np.searchsorted(sorted_, moments, side="left") for sorted_, _ in arms
        ]
        events = [
            np.bincount(np.searchsorted(moments, own), minlength=len(moments)) for _, own in arms
        ]
        whole = [column.astype(np.float64) for column in (*events, *risk)]
        if ties == "breslow":
            return cls(moments, whole[0] + whole[1], whole[0], whole[2], whole[3])
        both = events[0] + events[1]
        row = np.repeat(np.arange(len(moments)), both)
        place = np.arange(len(row)) - np.repeat(np.cumsum(both) - both, both)
        gone = place / both[row]
        won = whole[0][row] / both[row]
        at_risk = [whole[2 + arm][row] - gone * whole[arm][row] for arm in (0, 1)]
        return cls(moments[row], np.ones(len(row)), won, *at_risk)

    def share(self, log_ratio: float) -> FloatArray:
        """The candidate's share of the hazard at risk; written so that nothing overflows."""
        up = self.candidate_at_risk * math.exp(min(log_ratio, 0.0))
        down = self.standard_of_care_at_risk * math.exp(min(-log_ratio, 0.0))
        return np.asarray(up / (up + down), dtype=np.float64)

    def score(self, log_ratio: float) -> float:
        """Derivative of the log partial likelihood; it falls in the log ratio."""
        return float((self.candidate_events - self.events * self.share(log_ratio)).sum())

    def information(self, log_ratio: float) -> float:
        """Second derivative of the log partial likelihood, its sign turned; not negative."""
        share = self.share(log_ratio)
        return float((self.events * share * (1 - share)).sum())


@dataclass(frozen=True, slots=True)
class ModelFit:
    """A log hazard ratio with the model's error, which ignores pairing."""

    log_ratio: float
    model_error: float


def marginal_model(times: PairedTimes, *, ties: Ties) -> ModelFit | NotEvaluable:
    """The maximum of the partial likelihood of all times of both arms.

    Refuses no pair, one subject, no event while both arms are at risk, and separation (a hazard
    ratio of zero or infinity). Cox 1972, J R Stat Soc B 34:187; Breslow 1974, Biometrics 30:89;
    Efron 1977, J Am Stat Assoc 72:557.
    """
    refused = times.refused()
    if refused is not None:
        return refused
    sets = RiskSets.of(times, ties)
    up = float(sets.candidate_events[sets.standard_of_care_at_risk > 0].sum())
    down = float((sets.events - sets.candidate_events)[sets.candidate_at_risk > 0].sum())
    if up == 0 and down == 0:
        return NO_EVENT
    if up == 0 or down == 0:
        return SEPARATED
    log_ratio = _root(sets)
    return ModelFit(log_ratio, 1 / math.sqrt(sets.information(log_ratio)))


def marginal(times: PairedTimes) -> LogRatio | NotEvaluable:
    """Hazard ratio of all times, ties by Breslow, Lin & Wei's variance by subject with K/(K-1).

    Breslow's rule because robust errors under Efron's differ between packages. Refuses what
    `marginal_model` refuses, and scores that cancel in every subject.
    """
    fit = marginal_model(times, ties="breslow")
    if isinstance(fit, NotEvaluable):
        return fit
    index, k = cluster_index(times.cluster)
    sets = RiskSets.of(times, "breslow")
    sums = cluster_sums(score_residuals(times, sets, fit.log_ratio), index, k)
    squares = exact_sum(sums**2)
    if squares * fit.model_error**2 <= 1e-24:
        return NotEvaluable("zero_variance", "The hazard ratio is the same in every subject.")
    error = math.sqrt(k / (k - 1) * squares) * fit.model_error**2
    return LogRatio(fit.log_ratio, error, float(k - 1), len(times.cluster), k)


def _root(sets: RiskSets) -> float:
    """The zero of the falling score, which has opposite signs far out on both sides."""
    edge = 1.0
    while sets.score(edge) > 0 or sets.score(-edge) < 0:
        edge *= 2
    found = float(optimize.brentq(sets.score, -edge, edge, xtol=1e-13, rtol=1e-14))
    return found + sets.score(found) / sets.information(found)


def score_residuals(times: PairedTimes, sets: RiskSets, log_ratio: float) -> FloatArray:
    """Each pair's part of the score under Breslow's rule, both arms added.

    Lin & Wei 1989, J Am Stat Assoc 84:1074.
    """
    share = sets.share(log_ratio)
    ratio = math.exp(log_ratio)
    hazard = sets.events / (sets.candidate_at_risk * ratio + sets.standard_of_care_at_risk)
    total = np.zeros(len(times.cluster))
    arms = (
        (1.0, times.candidate_time, times.candidate_event, ratio),
        (0.0, times.standard_of_care_time, times.standard_of_care_event, 1.0),
    )
    for covariate, time, event, risk in arms:
        drift = np.concatenate(([0.0], np.cumsum(hazard * (covariate - share))))
        total -= risk * drift[np.searchsorted(sets.time, time, side="right")]
        total[event] += covariate - share[np.searchsorted(sets.time, time[event])]
    return total
