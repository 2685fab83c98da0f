"""What a confidence sequence says: limits after every case, and whether they still agree."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray
from protocols.errors import UsageError

Side = Literal["two_sided", "lower", "upper"]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Limits after cases 1..n, valid at all of them together at one minus `alpha`.

    A one-sided sequence keeps the trivial limit on its other side. `empty_from` is the first case
    after which the intersected limits have crossed: no single mean explains all the cases, which
    is evidence that the mean has drifted and no error; None when it never happens.
    """

    low: FloatArray
    high: FloatArray
    alpha: float
    side: Side
    intersected: bool
    empty_from: int | None


def sequence(
    low: FloatArray, high: FloatArray, *, alpha: float, side: Side, intersected: bool
) -> Sequence:
    """The sequence of these limits, each the tightest so far if `intersected`."""
    if intersected:
        low, high = np.maximum.accumulate(low), np.minimum.accumulate(high)
    crossed = np.flatnonzero(low > high)
    empty_from = int(crossed[0]) + 1 if crossed.size else None
    return Sequence(low, high, alpha, side, intersected, empty_from)


def on_unit_scale(values: FloatArray, low: float, high: float) -> FloatArray:
    """`values` moved from their registered range [low, high] to [0, 1].

    A paired bounded loss (candidate minus standard of care) has the range [-1, 1], and so has its
    margin. Raises `UsageError` for values outside of the range: no bound holds for them.
    """
    if not low < high:
        raise UsageError("RANGE", f"A range rises from low to high; {low} to {high} does not.")
    scaled = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    return checked_unit(scaled)


def checked_unit(values: FloatArray) -> FloatArray:
    """`values` as floats; raises `UsageError` unless all lie in [0, 1]."""
    x = np.asarray(values, dtype=np.float64).ravel()
    if not bool(((x >= 0) & (x <= 1)).all()):
        raise UsageError("OUTSIDE_RANGE", "A value lies outside the range that was registered.")
    return x
