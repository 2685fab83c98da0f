"""The words of the protocol and the functions they mean, in one literal table."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters import means as clusters
from evaluation.inference.discrimination import areas as discrimination
from evaluation.inference.proportions import difference as paired
from evaluation.inference.proportions import mcnemar
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.mcnemar import McNemar, McNemarKind
from protocols.vocabulary import Direction


@dataclass(frozen=True, slots=True)
class PairedData:
    """The evaluable pairs of one endpoint: one row each, all arrays of one length.

    For binary endpoints the arms' values are 1 (right) and 0; for an area they are scores, with
    a failed candidate at the worst rank. `cluster` is the subject's label.
    """

    candidate: FloatArray
    standard_of_care: FloatArray
    outcome: BoolArray
    cluster: IntArray

    @property
    def subjects_repeat(self) -> bool:
        return len(np.unique(self.cluster)) < len(self.cluster)

    def counts(self) -> PairedCounts:
        """The paired table of values that are 0 or 1."""
        return PairedCounts.of(self.candidate > 0.5, self.standard_of_care > 0.5)


def _delong(
    data: PairedData, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """With repeated subjects the variance is between subjects."""
    return discrimination.delong(
        data.candidate,
        data.standard_of_care,
        data.outcome,
        margin=margin,
        direction=direction,
        level=level,
        cluster=data.cluster if data.subjects_repeat else None,
    )


def _tango_score(
    data: PairedData, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    found = paired.score_test(data.counts(), margin=margin, direction=direction, level=level)
    if isinstance(found, NotEvaluable) or not data.subjects_repeat:
        return found
    n_subjects = len(np.unique(data.cluster))
    warning = (
        f"{len(data.cluster)} pairs come from {n_subjects} subjects; this test treats pairs as "
        "independent."
    )
    return replace(found, n_clusters=n_subjects, warnings=(*found.warnings, warning))


def _clustered_difference(
    data: PairedData, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    return clusters.clustered_difference(
        data.candidate,
        data.standard_of_care,
        data.cluster,
        margin=margin,
        direction=direction,
        level=level,
    )


Test = Callable[[PairedData, float, Direction, float], Estimate | NotEvaluable]
TESTS: dict[str, Test] = {
    "delong": _delong,
    "tango_score": _tango_score,
    "clustered_difference": _clustered_difference,
}
SENSITIVITY_TESTS: dict[str, McNemarKind] = {
    "mcnemar_exact": "exact",
    "mcnemar_midp": "midp",
}
METHODS: dict[str, Method] = {
    "delong": discrimination.METHOD,
    "tango_score": paired.METHOD,
    "clustered_difference": clusters.METHOD,
    "mcnemar_exact": mcnemar.METHODS["exact"],
    "mcnemar_midp": mcnemar.METHODS["midp"],
}


def estimate(
    word: str, data: PairedData, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """The registered test of a hypothesis; `word` is the protocol's `test`."""
    return TESTS[word](data, margin, direction, level)


def sensitivity_test(
    word: str, counts: PairedCounts, *, direction: Direction
) -> McNemar | NotEvaluable:
    """A registered sensitivity test of equal shares; it knows no margin."""
    return mcnemar.mcnemar(counts, kind=SENSITIVITY_TESTS[word], direction=direction)
