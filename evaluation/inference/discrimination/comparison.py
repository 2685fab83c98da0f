"""Two rankings of the same encounters compared by any number read off their curves.

There is no closed standard error for most of these, so subjects are resampled, each with all its
encounters and both arms' answers. Thresholds are found anew in every resample.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.discrimination.areas import few_subjects, refused
from evaluation.inference.discrimination.curves import CurveStatistic, Ranking
from evaluation.inference.discrimination.placements import Subjects
from evaluation.inference.orientation import critical_value
from evaluation.inference.resampling import (
    Replicates,
    bca_interval,
    bootstrap_each,
    jackknife,
    percentile_interval,
)
from evaluation.inference.wald import Effect, against_margin
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="bootstrap_rank_difference",
    sentence=(
        "Difference of a ranking measure on the same encounters, standard error from resampling "
        "subjects with all their encounters and both arms, normal reference."
    ),
    citation=(
        "Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapters 6 and 13; "
        "Robin et al. 2011, BMC Bioinformatics 12:77"
    ),
)
LEFT_OUT_GROUPS = 1000
"""More subjects than this are left out in groups of equal size for the accelerated interval."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One value with its resamples, and what it is without each subject (or group of them)."""

    estimate: float
    replicates: Replicates
    left_out: FloatArray

    def interval(self, word: str, *, level: float) -> tuple[float, float] | NotEvaluable:
        """The interval that a word means: `normal`, `percentile` or `bca`.

        Refuses as `bca_interval`; raises `UsageError` for another word.
        """
        match word:
            case "normal":
                half = critical_value(level) * self.replicates.standard_error
                return self.estimate - half, self.estimate + half
            case "percentile":
                return percentile_interval(self.replicates, level=level)
            case "bca":
                return bca_interval(self.replicates, self.estimate, self.left_out, level=level)
            case _:
                raise UsageError("INTERVAL", f"{word} is no interval of resamples.")


@dataclass(frozen=True, slots=True)
class RankComparison:
    """Both arms and candidate - standard of care on the same resamples."""

    candidate: Compared
    standard_of_care: Compared
    difference: Compared
    n_pairs: int
    subjects: Subjects

    @property
    def warnings(self) -> tuple[str, ...]:
        """Resamples without a value, and few subjects with events or non-events."""
        return (*self.difference.replicates.warnings, *few_subjects(self.subjects))


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to resample. With `by_outcome`, subjects with and without an event are drawn apart.

    `accelerated` says whether values without each subject are needed (they cost K curves).
    """

    seed: int
    resamples: int
    by_outcome: bool
    accelerated: bool = False


def compared(
    arms: tuple[FloatArray, FloatArray],
    outcome: BoolArray,
    cluster: IntArray,
    *,
    statistic: CurveStatistic,
    drawing: Drawing,
) -> RankComparison | NotEvaluable:
    """Both arms' values of a statistic, their difference, and resamples of all three.

    `arms` are candidate and standard of care. Refuses what `delong` refuses, arms that rank alike,
    and a statistic that is undefined on more than one resample in twenty. Raises `UsageError` for
    columns of different length.
    """
    if len(cluster) != len(outcome):
        raise UsageError("LENGTHS_DIFFER", "Scores, outcomes and clusters must have one length.")
    subjects = Subjects.of(cluster, outcome)
    refusal = refused(arms, outcome, subjects)
    if refusal is not None:
        return refusal
    rankings = tuple(Ranking.of(scores, outcome) for scores in arms)
    if _alike(rankings[0], rankings[1]):
        reason = "Both arms rank every encounter alike; the data carry no information."
        return NotEvaluable("arms_identical", reason)

    def values(weights: IntArray) -> tuple[float | None, float | None, float | None]:
        first, second = (statistic(ranking.curve(weights)) for ranking in rankings)
        apart = None if first is None or second is None else first - second
        return first, second, apart

    whole = values(np.ones(len(outcome), dtype=np.int64))
    replicates = bootstrap_each(
        values,
        subjects.index,
        seed=drawing.seed,
        resamples=drawing.resamples,
        strata=_with_event(outcome, subjects) if drawing.by_outcome else None,
    )
    left_out = _left_out(rankings, statistic, subjects) if drawing.accelerated else _NOTHING
    parts: list[Compared] = []
    for value, drawn, without in zip(whole, replicates, left_out, strict=True):
        if isinstance(drawn, NotEvaluable):
            return drawn
        if value is None:
            return NotEvaluable("one_class", "The measure has no value without both classes.")
        parts.append(Compared(value, drawn, without))
    candidate, soc, difference = parts
    return RankComparison(candidate, soc, difference, len(outcome), subjects)


_NOTHING: tuple[FloatArray, ...] = (np.empty(0), np.empty(0), np.empty(0))


def _alike(first: Ranking, second: Ranking) -> bool:
    return np.array_equal(first.ends, second.ends) and np.array_equal(first.order, second.order)


def _with_event(outcome: BoolArray, subjects: Subjects) -> IntArray:
    """1 for a subject who has an event, else 0."""
    return (np.bincount(subjects.index[outcome], minlength=subjects.n) > 0).astype(np.int64)


def _left_out(
    rankings: tuple[Ranking, ...], statistic: CurveStatistic, subjects: Subjects
) -> tuple[FloatArray, ...]:
    """Both arms and the difference without each subject, or without each of 1000 groups.

    Third and second moments of influence add up over a group, so the acceleration of groups
    estimates that of subjects.
    """
    groups = subjects.index % LEFT_OUT_GROUPS

    def alone(ranking: Ranking) -> FloatArray:
        return jackknife(lambda weights: statistic(ranking.curve(weights)), groups)

    candidate, soc = (alone(ranking) for ranking in rankings)
    return candidate, soc, candidate - soc


def rank_test(
    found: RankComparison, *, margin: float, level: float, direction: Direction
) -> Estimate | NotEvaluable:
    """The difference against a margin: z over the resamples' standard deviation.

    Refuses resamples that never move.
    """
    error = found.difference.replicates.standard_error
    if error == 0:
        return NotEvaluable("zero_variance", "The difference is the same on every resample.")
    effect = Effect(
        found.difference.estimate,
        error,
        None,
        n_pairs=found.n_pairs,
        n_clusters=found.subjects.n,
        standard_of_care=found.standard_of_care.estimate,
        candidate=found.candidate.estimate,
        warnings=found.warnings,
    )
    return against_margin(effect, METHOD, margin=margin, direction=direction, level=level)
