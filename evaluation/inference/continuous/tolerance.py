"""Is an answer close enough to a reference: within a share of it, or within a distance."""

import math

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method
from protocols.errors import UsageError

METHOD = Method(
    name="within_tolerance",
    sentence=(
        "Share of answers within the larger of both registered tolerances of the reference, the "
        "ends included, for each arm, and the paired difference with subjects as clusters, "
        "Student's t."
    ),
    citation="Liang & Zeger 1986, Biometrika 73:13",
)
NOISE = 1e-12
"""A distance that exceeds the tolerance by this part of the values only is equal to it."""


def within_tolerance(
    answer: FloatArray, reference: FloatArray, *, relative: float, absolute: float
) -> FloatArray:
    """1 where |answer - reference| <= the larger of `relative` |reference| and `absolute`, else 0.

    `relative` is a share (0.15 for 15 %), `absolute` in the reference's unit; all values are
    finite. Raises `UsageError` for a negative tolerance.
    """
    if not all(math.isfinite(reach) and reach >= 0 for reach in (relative, absolute)):
        raise UsageError("TOLERANCE", "A tolerance is a number that is not negative.")
    reach = np.maximum(absolute, relative * np.abs(reference))
    noise = NOISE * np.maximum(np.abs(reference), np.abs(answer))
    return (np.abs(answer - reference) <= reach + noise).astype(np.float64)
