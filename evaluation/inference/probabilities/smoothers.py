"""Smooth calibration curves in one dimension: two named smoothers, both exact on tied values.

The smoother is part of the definition of every number read off a curve, so both follow R's
definition to its defaults. `lowess` of statsmodels is not used: where predictions are tied at the
ends of a window it returns the outcome of one row (0 or 1) in place of a local mean.
Rows are sorted by (prediction, outcome) first, so their order is immaterial. Cost is the number
of fits (about 100, or 17) times the size of a window: a million pairs need no thinning.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable

Smoother = Literal["lowess", "loess"]
_LOWESS_SHARE = 2 / 3
_LOWESS_STEP = 0.01
_LOESS_SPAN = 0.75
_LOESS_CELL = 0.2
_LOESS_MARGIN = 0.005
_LOESS_WINDOW_NEEDS = 4
_TOO_FEW = NotEvaluable(
    "smoother_undefined", "Too few different predictions for a smooth calibration curve."
)


@dataclass(frozen=True, slots=True)
class Curve:
    """Predictions in ascending order, and the smoothed share of events at each."""

    predicted: FloatArray
    smoothed: FloatArray


def curve(
    predicted: FloatArray, outcome: FloatArray, *, smoother: Smoother
) -> Curve | NotEvaluable:
    """The smoothed share of events (not forced into 0..1) at every prediction.

    Refuses fewer than three pairs, and predictions so tied that a window has no width (loess).
    """
    if len(predicted) < 3:
        return _TOO_FEW
    order = np.lexsort((outcome, predicted))
    x, y = predicted[order], outcome[order]
    smoothed = _SMOOTHERS[smoother](x, y)
    return smoothed if isinstance(smoothed, NotEvaluable) else Curve(x, smoothed)


def lowess(x: FloatArray, y: FloatArray) -> FloatArray:
    """Local lines over two thirds of the pairs, no robustness rounds, step 0.01 of the range.

    `x` ascending. Cleveland 1979, J Am Stat Assoc 74:829, in the form of R's `lowess(iter = 0)`,
    which is also that of Harrell's `val.prob`. Between the places fitted it is linear.
    """
    n = len(x)
    window = max(2, min(n, int(_LOWESS_SHARE * n + 1e-7)))
    span = float(x[-1] - x[0])
    places = _places(x, _LOWESS_STEP * span)
    middles = x[: n - window] + x[window:]
    values = []
    for at in places:
        left = int(np.searchsorted(middles, 2 * at, side="left"))
        reach = max(at - x[left], x[left + window - 1] - at)
        values.append(_local_line(x, y, at=at, left=left, reach=float(reach), span=span))
    return np.asarray(np.interp(x, places, np.array(values)), dtype=np.float64)


def _places(x: FloatArray, step: float) -> FloatArray:
    """The values to fit at: from each, the last one within a step, or the next beyond it."""
    distinct = np.unique(x)
    chosen = [0]
    while chosen[-1] < len(distinct) - 1:
        last = chosen[-1]
        within = int(np.searchsorted(distinct, distinct[last] + step, side="right")) - 1
        chosen.append(max(last + 1, within))
    return np.asarray(distinct[np.array(chosen)], dtype=np.float64)


def _local_line(
    x: FloatArray, y: FloatArray, *, at: float, left: int, reach: float, span: float
) -> float:
    """The value at `at` of the line fitted with tricube weights of half-width `reach`."""
    right = int(np.searchsorted(x, at + 0.999 * reach, side="right"))
    near, outcome = x[left:right], y[left:right]
    distance = np.abs(near - at)
    weight = np.ones(len(near)) if reach == 0 else (1 - (distance / reach) ** 3) ** 3
    weight[distance <= 0.001 * reach] = 1.0
    weight[distance > 0.999 * reach] = 0.0
    weight /= weight.sum()
    centre = float(weight @ near)
    spread = float(weight @ (near - centre) ** 2)
    if reach > 0 and spread**0.5 > 0.001 * span:
        weight *= 1 + (at - centre) / spread * (near - centre)
    return float(weight @ outcome)


def loess(x: FloatArray, y: FloatArray) -> FloatArray | NotEvaluable:
    """Local parabolas over three quarters of the pairs, blended between the knots of a tree.

    `x` ascending. Cleveland & Devlin 1988, J Am Stat Assoc 83:596, with the defaults of R's `loess`
    (span 0.75, degree 2, cell 0.2, interpolation by cubic Hermite polynomials). Refuses windows of
    too few different values for a parabola.
    """
    n = len(x)
    window = min(n, int(_LOESS_SPAN * n + 1e-5))
    if window < _LOESS_WINDOW_NEEDS:
        return _TOO_FEW
    knots = _knots(x, int(n * _LOESS_SPAN * _LOESS_CELL))
    fits = []
    for at in knots:
        fit = _local_parabola(x, y, at=float(at), window=window)
        if fit is None:
            return _TOO_FEW
        fits.append(fit)
    values, slopes = np.array(fits).T
    return _hermite(x, knots, values, slopes)


def _knots(x: FloatArray, most: int) -> FloatArray:
    """Ends of the range, a little widened, and the values near medians that split it.

    A cell is split while it holds more than `most` pairs that are not all tied with its edge.
    """
    margin = _LOESS_MARGIN * max(float(x[-1] - x[0]), 1e-3 * float(np.abs(x).max()) + 1e-30)
    ends = (float(x[0]) - margin, float(x[-1]) + margin)
    cuts: list[float] = []
    cells = [(0, len(x) - 1, *ends)]
    while cells:
        first, last, low, high = cells.pop()
        if last - first + 1 <= most:
            continue
        middle = _between_ties(x, first, last)
        cut = float(x[middle])
        if cut not in (low, high):
            cuts.append(cut)
            cells += [(first, middle, low, cut), (middle + 1, last, cut, high)]
    return np.array(sorted({*ends, *cuts}))


def _between_ties(x: FloatArray, first: int, last: int) -> int:
    """The place nearest the median whose value differs from the next; the median if none."""
    median = (first + last + 2) // 2 - 1
    for distance in range(last - first + 1):
        for middle in (median + distance, median - distance):
            if not first <= middle < last:
                return median
            if x[middle] != x[middle + 1]:
                return middle
    return median


def _local_parabola(
    x: FloatArray, y: FloatArray, *, at: float, window: int
) -> tuple[float, float] | None:
    """Value and slope at `at`; None where the window has no width."""
    n = len(x)
    left = int(np.searchsorted(x[: n - window] + x[window:], 2 * at, side="left"))
    near, outcome = x[left : left + window] - at, y[left : left + window]
    reach = float(np.abs(near).max())
    if reach == 0:
        return None
    share = np.abs(near) / reach
    root = np.where(share > 0.001, (1 - np.minimum(share, 1) ** 3) ** 1.5, 1.0)
    design = np.column_stack((np.ones(window), near, near**2)) * root[:, None]
    size = np.sqrt((design**2).sum(axis=0))
    size[size == 0] = 1.0
    found = np.linalg.lstsq(design / size, outcome * root, rcond=100 * np.finfo(float).eps)[0]
    return float(found[0] / size[0]), float(found[1] / size[1])


def _hermite(
    x: FloatArray, knots: FloatArray, values: FloatArray, slopes: FloatArray
) -> FloatArray:
    """The cubic through values and slopes at the knots on either side."""
    cell = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    width = np.diff(knots)[cell]
    h = (x - knots[cell]) / width
    blended = (1 - h) ** 2 * (1 + 2 * h) * values[cell] + h**2 * (3 - 2 * h) * values[cell + 1]
    blended += width * h * (1 - h) * ((1 - h) * slopes[cell] - h * slopes[cell + 1])
    return np.asarray(blended, dtype=np.float64)


_SMOOTHERS: dict[Smoother, Callable[[FloatArray, FloatArray], FloatArray | NotEvaluable]] = {
    "lowess": lowess,
    "loess": loess,
}
