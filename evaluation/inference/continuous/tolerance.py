"""Is an answer close enough to a reference: within a percentage of it, or within a distance."""

from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method
from protocols.errors import UsageError

METHOD = Method(
    name="within_tolerance",
    sentence=(
        "Share of answers within the registered tolerance of the reference, both ends included, "
        "for each arm, and the paired difference with subjects as clusters, Student's t."
    ),
    citation="ISO 15197:2013, clause 6.3, for the form of the criterion; Liang & Zeger 1986",
)
ToleranceKind = Literal["percent", "absolute"]
NOISE = 1e-12
"""A distance that exceeds the tolerance by this part of the reference only is equal to it."""


def within_tolerance(
    answer: FloatArray, reference: FloatArray, *, tolerance: float, kind: ToleranceKind
) -> FloatArray:
    """1 where |answer - reference| <= tolerance, else 0; in per cent of |reference| or absolute.

    All values are finite. Raises `UsageError` for a negative tolerance or another kind.
    """
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise UsageError("TOLERANCE", f"A tolerance is not negative, not {tolerance}.")
    if kind not in ("percent", "absolute"):
        raise UsageError("TOLERANCE", f"A tolerance is percent or absolute, not {kind}.")
    allowed = tolerance * np.abs(reference) / 100 if kind == "percent" else tolerance
    noise = NOISE * np.maximum(np.abs(reference), np.abs(answer))
    return (np.abs(answer - reference) <= allowed + noise).astype(np.float64)
