"""Harrell's concordance of a risk score with a censored time, counted in O(n log n).

Two rows are comparable when the earlier time is an event; at one time an event is earlier than a
censoring, and two events at one time are not comparable. The row with the earlier event should
have the higher score; equal scores count half.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, cluster_index, n_distinct
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.events.kaplan_meier import checked_times
from evaluation.inference.refusals import ONE_CLUSTER
from evaluation.inference.resampling import Replicates, bootstrap_each
from evaluation.inference.wald import Effect, against_margin
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    "c_index_difference",
    "Difference of Harrell's concordance of both arms' scores with the same censored times; "
    "standard error from resampling subjects, normal.",
    "Harrell, Lee & Mark 1996, Stat Med 15:361; Efron & Tibshirani 1993, An Introduction to the "
    "Bootstrap",
)
ESTIMATOR = Method(
    "concordance_index",
    "Harrell's concordance of each arm's score with a censored time; percentile limits from "
    "resampling subjects.",
    "Harrell, Lee & Mark 1996, Statistics in Medicine 15:361",
)


@dataclass(frozen=True, slots=True)
class Level:
    """Comparable pairs of one level: each earlier event with the rows of the block beside its own.

    `later` are rows of higher blocks, sorted by block and score. The later rows of an event
    `earlier[i]` stand from `start[i]` in that order, those with a lower score up to `below[i]`,
    those with an equal score from there up to `upto[i]`.
    """

    later: IntArray
    earlier: IntArray
    start: IntArray
    below: IntArray
    upto: IntArray

    @classmethod
    def of(cls, place: IntArray, rank: IntArray, event: BoolArray, bit: int) -> "Level":
        """The pairs whose places first differ in this bit."""
        block, high = place >> (bit + 1), (place >> bit) & 1 == 1
        width = int(rank.max(initial=0)) + 2
        key = block * width + rank
        later = np.flatnonzero(high)
        later = later[np.argsort(key[later], kind="stable")]
        earlier = np.flatnonzero(event & ~high)
        order = key[later]
        return cls(
            later,
            earlier,
            np.searchsorted(order, block[earlier] * width, side="left"),
            np.searchsorted(order, key[earlier], side="left"),
            np.searchsorted(order, key[earlier], side="right"),
        )


@dataclass(frozen=True, slots=True)
class Concordance:
    """Sorted once for one score; then any whole-number weights of the rows are counted.

    Rows get the number of their time among all (an event before a censoring at one time). Two rows
    whose numbers first differ in some bit lie in sibling blocks of that level, so that every
    comparable pair is met at exactly one level.
    """

    levels: tuple[Level, ...]
    n: int

    @classmethod
    def of(cls, score: FloatArray, time: FloatArray, event: BoolArray) -> "Concordance":
        """Higher scores are riskier; infinite scores are the worst and best ranks."""
        place = places(time, event)
        rank = np.unique(score, return_inverse=True)[1].astype(np.int64)
        bits = int(place.max(initial=0)).bit_length()
        return cls(tuple(Level.of(place, rank, event, bit) for bit in range(bits)), len(score))

    def concordant(self, weights: IntArray) -> float:
        """Pairs in the right order and half of the pairs with one score, under row weights."""
        twice = 0
        for level in self.levels:
            sums = np.concatenate(([0], np.cumsum(weights[level.later])))
            lower = sums[level.below] + sums[level.upto] - 2 * sums[level.start]
            twice += int(weights[level.earlier] @ lower)
        return twice / 2


def places(time: FloatArray, event: BoolArray) -> IntArray:
    """The number of each row's time among all, from 0; an event before a censoring at one time."""
    doubled = 2 * np.unique(time, return_inverse=True)[1] + ~event
    return np.unique(doubled, return_inverse=True)[1].astype(np.int64)


def comparable(place: IntArray, event: BoolArray, weights: IntArray) -> int:
    """Pairs of an event with a row of a later place, under row weights."""
    at_place = np.zeros(int(place.max(initial=0)) + 2, dtype=np.int64)
    np.add.at(at_place, place, weights)
    after = at_place[::-1].cumsum()[::-1]
    return int(weights[event] @ after[place[event] + 1])


@dataclass(frozen=True, slots=True)
class ScoredTimes:
    """Both arms' scores (higher riskier), the pair's time, if it is an event, and its subject."""

    candidate: FloatArray
    standard_of_care: FloatArray
    time: FloatArray
    event: BoolArray
    cluster: IntArray

    def refused(self) -> NotEvaluable | None:
        """Refuses no pair, no score or time, a constant arm, no comparable pair and one subject.

        None where all can be used; raises `UsageError` for columns of different length.
        """
        columns = self.candidate, self.standard_of_care, self.cluster, self.event
        if any(len(column) != len(self.time) for column in columns):
            raise UsageError("LENGTHS_DIFFER", "Every column must have one value for each pair.")
        found = checked_times(self.time, self.event)
        if found is not None:
            return found
        if np.isnan(self.candidate).any() or np.isnan(self.standard_of_care).any():
            return NotEvaluable("scores_missing", "A pair lacks an arm's score.")
        if any((arm == arm[0]).all() for arm in (self.candidate, self.standard_of_care)):
            return NotEvaluable("constant_scores", "An arm gives every encounter the same score.")
        ones = np.ones(len(self.time), dtype=np.int64)
        if comparable(places(self.time, self.event), self.event, ones) == 0:
            reason = "No event comes before another pair's time, so no two pairs are comparable."
            return NotEvaluable("too_few_events", reason)
        if n_distinct(self.cluster) < 2:
            return ONE_CLUSTER
        return None


@dataclass(frozen=True, slots=True)
class Resampled:
    """Both arms' concordance and their difference, each with its replicates."""

    values: tuple[float, float, float]
    replicates: tuple[Replicates, Replicates, Replicates]


def c_index(score: FloatArray, time: FloatArray, event: BoolArray) -> float | NotEvaluable:
    """Harrell's C of one score; refuses data without a comparable pair.

    Harrell, Lee & Mark 1996, Statistics in Medicine 15:361.
    """
    found = checked_times(time, event)
    if found is not None:
        return found
    if np.isnan(score).any():
        return NotEvaluable("scores_missing", "A pair lacks a score.")
    ones = np.ones(len(time), dtype=np.int64)
    pairs = comparable(places(time, event), event, ones)
    if pairs == 0:
        return NotEvaluable("too_few_events", "No two pairs are comparable.")
    return Concordance.of(score, time, event).concordant(ones) / pairs


def resampled(data: ScoredTimes, *, seed: int, resamples: int) -> Resampled | NotEvaluable:
    """Concordance of both arms over resamples of subjects.

    Refuses what `ScoredTimes.refused` names, and more than 5 % resamples without comparable pairs.
    """
    refused = data.refused()
    if refused is not None:
        return refused
    place = places(data.time, data.event)
    arms = [
        Concordance.of(score, data.time, data.event)
        for score in (data.candidate, data.standard_of_care)
    ]

    def values(weights: IntArray) -> tuple[float | None, float | None, float | None]:
        pairs = comparable(place, data.event, weights)
        if pairs == 0:
            return None, None, None
        first, second = (arm.concordant(weights) for arm in arms)
        return first / pairs, second / pairs, (first - second) / pairs

    whole = values(np.ones(len(place), dtype=np.int64))
    cluster, _ = cluster_index(data.cluster)
    drawn = bootstrap_each(values, cluster, seed=seed, resamples=resamples)
    kept: list[Replicates] = []
    for one in drawn:
        if isinstance(one, NotEvaluable):
            return one
        kept.append(one)
    found = tuple(value for value in whole if value is not None)
    return Resampled((found[0], found[1], found[2]), (kept[0], kept[1], kept[2]))


def c_index_difference(
    data: ScoredTimes,
    *,
    margin: float,
    direction: Direction,
    level: float,
    drawing: tuple[int, int],
) -> Estimate | NotEvaluable:
    """Candidate's concordance minus the standard of care's, against a margin.

    `drawing` is the seed and the number of resamples; their standard deviation is the standard
    error. Refuses what `resampled` refuses, and a difference that never moves.
    """
    if data.candidate.size and np.array_equal(data.candidate, data.standard_of_care):
        reason = f"The arms give the same score on all {data.candidate.size} pairs."
        return NotEvaluable("arms_identical", reason)
    found = resampled(data, seed=drawing[0], resamples=drawing[1])
    if isinstance(found, NotEvaluable):
        return found
    candidate, soc, difference = found.values
    error = found.replicates[2].standard_error
    if error <= 1e-14:
        return NotEvaluable("zero_variance", "The difference is the same in every resample.")
    effect = Effect(
        difference,
        error,
        None,
        n_pairs=len(data.time),
        n_clusters=n_distinct(data.cluster),
        standard_of_care=soc,
        candidate=candidate,
        warnings=found.replicates[2].warnings,
    )
    return against_margin(effect, METHOD, margin=margin, direction=direction, level=level)
