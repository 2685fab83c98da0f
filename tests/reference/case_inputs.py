"""What every adapter reads out of a case, and how an answer becomes expected keys."""

from typing import TypeVar

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.proportions.difference import PairedCounts
from protocols.vocabulary import Direction
from tests.reference.compare import Inputs, Refused

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
T = TypeVar("T")


def answered(found: T | NotEvaluable) -> T:
    if isinstance(found, NotEvaluable):
        raise Refused(f"{found.code}: {found.reason}")
    return found


def table(inputs: Inputs, key: str = "table") -> PairedCounts:
    return PairedCounts(**inputs[key])


def column(inputs: Inputs, key: str) -> FloatArray:
    return np.asarray(inputs[key], dtype=np.float64)


def subjects(inputs: Inputs, key: str = "cluster") -> IntArray:
    """Subjects by number, whatever the case calls them."""
    return np.unique(inputs[key], return_inverse=True)[1].astype(np.int64)


def limits(name: str, interval: tuple[float, float]) -> dict[str, float]:
    return {f"{name}lower": interval[0], f"{name}upper": interval[1]}


def two_sided(z: float) -> float:
    return float(2 * special.ndtr(-abs(z)))


def cluster_totals(inputs: Inputs) -> ClusterTotals:
    tables = [PairedCounts(**row) for row in inputs["clusters"]]
    return ClusterTotals(
        np.array([t.n_candidate for t in tables], dtype=np.float64),
        np.array([t.n_standard_of_care for t in tables], dtype=np.float64),
        np.array([t.n for t in tables], dtype=np.float64),
    )


def two_sided_t(found: Estimate) -> float:
    assert found.df is not None
    return float(2 * special.stdtr(found.df, -abs(found.estimate / found.standard_error)))
