"""Reclassification: how often the candidate moves a pair the right way. Descriptive only.

The net reclassification improvement is no proper measure: an arm gains by miscalibration, and its
usual standard error is too small. No test of this project reads it. Pepe et al. 2015, Statistics
in Biosciences 7:282; Hilden & Gerds 2014, Statistics in Medicine 33:3405.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.probabilities.predicted import not_probabilities
from protocols.errors import UsageError

METHOD = Method(
    name="reclassification",
    sentence=(
        "Net reclassification and integrated discrimination improvement: descriptive, no proper "
        "measures, since a badly calibrated arm can gain in both."
    ),
    citation=(
        "Pencina et al. 2008, Statistics in Medicine 27:157; "
        "Pencina, D'Agostino & Steyerberg 2011, Statistics in Medicine 30:11"
    ),
)


@dataclass(frozen=True, slots=True)
class Net:
    """Share moved up less moved down among events, the reverse among non-events, and their sum.

    `standard_error` takes pairs as independent and is reported to compare with published tables.
    """

    events: float
    non_events: float
    standard_error: float

    @property
    def total(self) -> float:
        """Net reclassification, events and non-events added, in [-2, 2]."""
        return self.events + self.non_events


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Gain in the mean probability of events and loss in that of non-events, and their sum.

    `standard_error` is None with fewer than two events or non-events, or without any variance.
    """

    events: float
    non_events: float
    standard_error: float | None

    @property
    def total(self) -> float:
        """Integrated discrimination improvement, events and non-events added, in [-2, 2]."""
        return self.events + self.non_events

    @property
    def statistic(self) -> float | None:
        """Total over its standard error, pairs taken as independent."""
        return self.total / self.standard_error if self.standard_error else None


def categorical(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    outcome: FloatArray,
    cutoffs: Sequence[float],
) -> Net | NotEvaluable:
    """Moves between categories; a probability at a cutoff belongs to the category above it.

    Refuses one class. UsageError for cutoffs that do not rise strictly inside (0, 1).
    """
    edges = np.asarray(cutoffs, dtype=np.float64)
    inside = edges.size > 0 and bool(((edges > 0) & (edges < 1)).all())
    if not inside or not (np.diff(edges) > 0).all():
        raise UsageError("PARAMETER", "Cutoffs rise strictly between 0 and 1.")
    refusal = _refused(candidate, standard_of_care, outcome)
    if refusal is not None:
        return refusal
    places = [np.searchsorted(edges, p, side="right") for p in (candidate, standard_of_care)]
    return _net(places[0] > places[1], places[0] < places[1], outcome == 1)


def continuous(
    candidate: FloatArray, standard_of_care: FloatArray, outcome: FloatArray
) -> Net | NotEvaluable:
    """Any move counts, however small; refuses one class."""
    refusal = _refused(candidate, standard_of_care, outcome)
    if refusal is not None:
        return refusal
    return _net(candidate > standard_of_care, candidate < standard_of_care, outcome == 1)


def integrated_discrimination(
    candidate: FloatArray, standard_of_care: FloatArray, outcome: FloatArray
) -> Discrimination | NotEvaluable:
    """Difference of the arms' discrimination slopes; refuses one class."""
    refusal = _refused(candidate, standard_of_care, outcome)
    if refusal is not None:
        return refusal
    gain = candidate - standard_of_care
    parts = [gain[outcome == 1], gain[outcome == 0]]
    means = [exact_sum(part) / len(part) for part in parts]
    error = None
    if min(len(part) for part in parts) > 1:
        error = math.sqrt(sum(_variance_of_mean(p, m) for p, m in zip(parts, means, strict=True)))
    return Discrimination(means[0], -means[1] + 0.0, error or None)


def _variance_of_mean(values: FloatArray, average: float) -> float:
    return exact_sum((values - average) ** 2) / ((len(values) - 1) * len(values))


def _net(up: BoolArray, down: BoolArray, event: BoolArray) -> Net:
    parts, variance = [], 0.0
    for group, good, bad in ((event, up, down), (~event, down, up)):
        n = int(np.count_nonzero(group))
        right, wrong = int(np.count_nonzero(good & group)), int(np.count_nonzero(bad & group))
        parts.append((right - wrong) / n)
        variance += ((right + wrong) * n - (right - wrong) ** 2) / n**3
    return Net(parts[0], parts[1], math.sqrt(variance))


def _refused(
    candidate: FloatArray, standard_of_care: FloatArray, outcome: FloatArray
) -> NotEvaluable | None:
    for probability in (candidate, standard_of_care):
        refusal = not_probabilities(probability, outcome)
        if refusal is not None:
            return refusal
    if (outcome == outcome[0]).all():
        return NotEvaluable("one_class", "Every pair has the event or none has it.")
    return None
