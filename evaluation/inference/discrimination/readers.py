"""Several readers, all reading every case with both arms: areas averaged over readers.

The areas of one set of cases are correlated three ways: the same reader with both arms, two
readers with the same arm, two readers with different arms. Readers are a sample of readers
(random), or the only ones that matter (fixed).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference import wald
from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, n_distinct
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.discrimination.placements import Placements, placements
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NO_PAIRS
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="obuchowski_rockette",
    sentence=(
        "Difference of two areas under the ROC curve averaged over readers who read every case "
        "with both arms; analysis of variance of the readers' areas with correlated errors."
    ),
    citation=(
        "Obuchowski & Rockette 1995, Communications in Statistics - Simulation and Computation "
        "24:285; Hillis 2007, Statistics in Medicine 26:596"
    ),
)
Covariance = Literal["delong", "jackknife"]
Effect = Literal["random", "fixed"]
FEW_READERS = 4


@dataclass(frozen=True, slots=True)
class Crossed:
    """Scores of J readers on K cases with both arms: (2, J, K), the candidate first."""

    scores: FloatArray
    outcome: BoolArray

    @property
    def n_readers(self) -> int:
        """J, the number of readers."""
        return int(self.scores.shape[1])


@dataclass(frozen=True, slots=True)
class ReaderAreas:
    """Areas of both arms (2, J), their error variance, and its three covariances.

    `variance` and `same_arm` also come for each arm alone, the candidate first.
    """

    areas: FloatArray
    variance: float
    same_reader: float
    same_arm: float
    neither: float
    arm_variance: tuple[float, float]
    arm_covariance: tuple[float, float]

    @property
    def n_readers(self) -> int:
        """J, the number of readers."""
        return int(self.areas.shape[1])

    @property
    def difference(self) -> float:
        """Candidate - standard of care, every reader counting alike."""
        return float(self.areas[0].mean() - self.areas[1].mean())


@dataclass(frozen=True, slots=True)
class Averaged:
    """A reader-averaged number; `df` is None for a normal reference."""

    estimate: float
    standard_error: float
    df: float | None

    def interval(self, *, level: float) -> tuple[float, float]:
        """The two-sided interval at `level`; normal where `df` is None."""
        half = critical_value(level, self.df) * self.standard_error
        return self.estimate - half, self.estimate + half


def crossed(
    arms: tuple[FloatArray, FloatArray], outcome: BoolArray, reader: FloatArray, case: IntArray
) -> Crossed | NotEvaluable:
    """Rows (one a reading) as a table of readers and cases.

    Refuses readings without a reader or a score, a case that some reader did not read exactly once,
    a case with two outcomes, and outcomes with fewer than two of a class. Raises `UsageError` for
    columns of different length.
    """
    if {len(column) for column in (*arms, reader, case)} != {len(outcome)}:
        raise UsageError("LENGTHS_DIFFER", "Scores, outcomes, readers and cases must align.")
    if len(outcome) == 0:
        return NO_PAIRS
    if np.isnan(reader).any():
        return NotEvaluable("reader_unknown", "A reading does not say who read it.")
    if any(np.isnan(scores).any() for scores in arms):
        return NotEvaluable("scores_missing", "A pair has no score.")
    readers, row = np.unique(reader, return_inverse=True)
    cases, column = np.unique(case, return_inverse=True)
    cell = row * len(cases) + column
    if len(cell) != len(readers) * len(cases) or n_distinct(cell) != len(cell):
        reason = (
            f"{len(cell)} readings are not one of each of {len(cases)} cases by each of "
            f"{len(readers)} readers."
        )
        return NotEvaluable("design_not_crossed", reason)
    place = np.argsort(cell)
    truth = outcome[place].reshape(len(readers), len(cases))
    if (truth != truth[0]).any():
        return NotEvaluable("outcome_not_one_per_case", "A case has two different outcomes.")
    return _enough(
        Crossed(np.array([s[place].reshape(truth.shape) for s in arms]), truth[0].copy())
    )


def _enough(table: Crossed) -> Crossed | NotEvaluable:
    n_events = int(np.count_nonzero(table.outcome))
    fewest = min(n_events, len(table.outcome) - n_events)
    if fewest == 0:
        return NotEvaluable("one_class", "All cases have the same outcome, so there is no area.")
    if fewest == 1:
        return NotEvaluable("too_few_events", "Only one case has events, or non-events.")
    if (table.scores == table.scores[:, :, :1]).all(axis=(1, 2)).any():
        return NotEvaluable("constant_scores", "An arm gives every case the same score.")
    if (table.scores[0] == table.scores[1]).all():
        return NotEvaluable("arms_identical", "Both arms have the same scores throughout.")
    return table


def reader_areas(table: Crossed, *, covariance: Covariance) -> ReaderAreas:
    """Each reader's areas and their error covariances, by placements or by leaving cases out."""
    j = table.n_readers
    parts = [
        placements(scores, table.outcome)
        for scores in table.scores.reshape(2 * j, len(table.outcome))
    ]
    errors = _by_placements(parts) if covariance == "delong" else _by_leaving_out(parts)
    blocks = errors.reshape(2, j, 2, j)
    own = [float(np.mean(np.diag(blocks[arm, :, arm, :]))) for arm in (0, 1)]
    shared = [_off_diagonal(blocks[arm, :, arm, :]) for arm in (0, 1)]
    return ReaderAreas(
        areas=np.array([part.area for part in parts]).reshape(2, j),
        variance=(own[0] + own[1]) / 2,
        same_reader=float(np.mean(np.diag(blocks[0, :, 1, :]))),
        same_arm=(shared[0] + shared[1]) / 2,
        neither=_off_diagonal(blocks[0, :, 1, :]),
        arm_variance=(own[0], own[1]),
        arm_covariance=(shared[0], shared[1]),
    )


def _off_diagonal(block: FloatArray) -> float:
    """The mean over two different readers; 0 with one reader."""
    j = len(block)
    if j == 1:
        return 0.0
    return float((block.sum() - np.trace(block)) / (j * (j - 1)))


def _products(rows: FloatArray) -> FloatArray:
    """Sums of products of centred rows, each in one fixed order of the cases."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.array([(row * centred).sum(axis=1) for row in centred])


def _by_placements(parts: list[Placements]) -> FloatArray:
    """DeLong et al. 1988, equation 4, for every pair of curves."""
    m, n = len(parts[0].event), len(parts[0].non_event)
    events = np.array([part.event for part in parts]) / (2 * n)
    others = np.array([part.non_event for part in parts]) / (2 * m)
    return _products(events) / (m * (m - 1)) + _products(others) / (n * (n - 1))


def _by_leaving_out(parts: list[Placements]) -> FloatArray:
    """The jackknife: the area without each case, from the placements of that case."""
    m, n = len(parts[0].event), len(parts[0].non_event)
    without = []
    for part in parts:
        total = int(part.event.sum())
        less_event = (total - part.event) / (2 * (m - 1) * n)
        less_other = (total - part.non_event) / (2 * m * (n - 1))
        without.append(np.concatenate((less_event, less_other)))
    return _products(np.array(without)) * (m + n - 1) / (m + n)


def averaged_difference(found: ReaderAreas, *, readers: Effect) -> Averaged | NotEvaluable:
    """Candidate - standard of care averaged over readers.

    Random readers: Hillis 2007, Stat Med 26:596, with his degrees of freedom. Fixed readers: the
    normal reference, for many cases. A negative Cov2 - Cov3 counts as 0. Refuses one random
    reader and a variance of zero.
    """
    j = found.n_readers
    between_arms = max(found.same_arm - found.neither, 0.0)
    if readers == "fixed":
        error = found.variance - found.same_reader + (j - 1) * between_arms
        return _averaged(found.difference, 2 / j * error, None)
    if j < 2:
        return NotEvaluable("one_reader", "One reader says nothing about how readers vary.")
    apart = found.areas[0] - found.areas[1]
    interaction = float(np.sum((apart - apart.mean()) ** 2)) / (2 * (j - 1))
    return _random(found.difference, interaction, j * between_arms, factor=2 / j, df=j - 1)


def averaged_arm(found: ReaderAreas, arm: int, *, readers: Effect) -> Averaged | NotEvaluable:
    """One arm's area averaged over readers; `arm` is 0 for the candidate.

    Refuses as `averaged_difference`. Hillis 2007, Stat Med 26:596.
    """
    j, area = found.n_readers, found.areas[arm]
    shared = max(found.arm_covariance[arm], 0.0)
    if readers == "fixed":
        return _averaged(float(area.mean()), (found.arm_variance[arm] + (j - 1) * shared) / j, None)
    if j < 2:
        return NotEvaluable("one_reader", "One reader says nothing about how readers vary.")
    between = float(np.sum((area - area.mean()) ** 2)) / (j - 1)
    return _random(float(area.mean()), between, j * shared, factor=1 / j, df=j - 1)


def _random(
    estimate: float, square: float, error: float, *, factor: float, df: int
) -> Averaged | NotEvaluable:
    """A mean square with `df` plus an error term that counts as known."""
    whole = square + error
    freedom = None if square <= 1e-9 * whole else whole**2 / (square**2 / df)
    return _averaged(estimate, factor * whole, freedom)


def _averaged(estimate: float, variance: float, df: float | None) -> Averaged | NotEvaluable:
    if variance <= 1e-18:
        reason = "The variance of the reader-averaged area is zero, so there is no test."
        return NotEvaluable("zero_variance", reason)
    return Averaged(estimate, math.sqrt(variance), df)


def reader_test(
    table: Crossed,
    *,
    covariance: Covariance,
    readers: Effect,
    margin: float,
    level: float,
    direction: Direction = Direction.HIGHER_IS_BETTER,
) -> Estimate | NotEvaluable:
    """The reader-averaged difference of areas against a margin. Refuses as its parts do."""
    areas = reader_areas(table, covariance=covariance)
    found = averaged_difference(areas, readers=readers)
    if isinstance(found, NotEvaluable):
        return found
    effect = wald.Effect(
        found.estimate,
        found.standard_error,
        found.df,
        n_pairs=table.scores.shape[1] * table.scores.shape[2],
        n_clusters=len(table.outcome),
        standard_of_care=float(areas.areas[1].mean()),
        candidate=float(areas.areas[0].mean()),
        warnings=_few_readers(areas.n_readers, readers),
    )
    return wald.against_margin(effect, METHOD, margin=margin, direction=direction, level=level)


def _few_readers(n_readers: int, readers: Effect) -> tuple[str, ...]:
    if readers == "fixed" or n_readers >= FEW_READERS:
        return ()
    return (f"Only {n_readers} readers stand for all readers; the error is uncertain.",)
