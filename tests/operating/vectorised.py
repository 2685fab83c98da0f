"""The recommended tests on many runs at once: one-sided p-values, NaN where a run is refused.

Written anew for speed and not trusted: `cells` puts some runs of every cell through the registered
words and compares.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from tests.operating.draws import Scored

NO_NUMBER = float("nan")


def restricted_variance(n10: FloatArray, n01: FloatArray, n: int, margin: float) -> FloatArray:
    """Tango's variance of a difference under minus the margin, times n."""
    a = 2.0 * n
    b = -n10 - n01 - (2 * n - n10 + n01) * margin
    c = n01 * margin * (1 + margin)
    q = (np.sqrt(np.maximum(b * b - 4 * a * c, 0)) - b) / (2 * a)
    return np.asarray(np.maximum(2 * q - margin * (1 + margin), 0))


def tango_score(n10: FloatArray, n01: FloatArray, n: int, margin: float) -> FloatArray:
    """Higher is better; every entry is a table with at least one discordant pair."""
    distance = n10 - n01 + n * margin
    error = np.sqrt(n * restricted_variance(n10, n01, n, margin))
    return np.asarray(special.ndtr(-distance / error))


@dataclass(frozen=True, slots=True)
class Around:
    """Sums of each run that a variance around the margin is made of."""

    spread: FloatArray
    tilt: FloatArray
    weight: FloatArray
    units: FloatArray


def around(distance: FloatArray, sums: Around) -> FloatArray:
    """The statistic of a variance taken around the margin; `distance` may have either sign."""
    spread, weight, units = sums.spread, sums.weight, sums.units
    tilt = np.sign(distance) * sums.tilt
    falling = tilt < 0
    farthest = np.where(falling, spread / np.where(falling, -tilt, 1), np.inf)
    size = np.minimum(np.abs(distance), farthest)
    variance = spread + 2 * size * tilt + size**2 * weight
    left = units * variance - size**2
    safe = np.where(left > 0, left, 1)
    ratio = np.where(left > 0, size * np.sqrt((units - 1) / safe), np.inf)
    return np.asarray(np.sign(distance) * ratio)


def carried_by(influence: FloatArray) -> FloatArray:
    """How many subjects carry the variance of each run."""
    squares = influence**2
    total = squares.sum(axis=1)
    share = squares / np.where(total > 0, total, 1)[:, None]
    relative = (share**2).sum(axis=1) - 1 / influence.shape[1]
    found = 1 / np.where(relative > 1e-12, relative, 1)
    return np.asarray(np.where((relative > 1e-12) & (total > 0), found, np.inf))


def clustered_score(cells: IntArray, sizes: IntArray, margin: float) -> FloatArray:
    """`cells` are runs x subjects x (candidate only, standard of care only, alike)."""
    n, k = int(sizes.sum()), len(sizes)
    only = cells.astype(np.float64)
    n10, n01 = only[..., 0].sum(axis=1), only[..., 1].sum(axis=1)
    mean = (n10 - n01) / n
    share = sizes / n
    residual = (only[..., 0] - only[..., 1]) / n - share * mean[:, None]
    spread = (residual**2).sum(axis=1)
    variance = np.maximum(k / (k - 1) * spread, restricted_variance(n10, n01, n, margin) / n)
    distance = mean + margin
    weight, units = (np.full(len(mean), value) for value in ((share**2).sum(), float(k)))
    sums = Around(spread, (residual * share).sum(axis=1), weight, units)
    centred = around(distance, sums)
    plain = distance / np.sqrt(np.where(variance > 0, variance, 1))
    statistic = np.where(np.abs(centred) < np.abs(plain), centred, plain)
    differ = np.count_nonzero(cells[..., 0] + cells[..., 1], axis=1)
    df = np.maximum(np.minimum(differ - 1, carried_by(residual)), 1)
    p = special.stdtr(df, -statistic)
    first = cells[:, :, :2].sum(axis=1)
    constant = (first == n).any(axis=1)  # the same difference on every pair
    return np.asarray(np.where((n10 + n01 == 0) | constant, NO_NUMBER, p))


def difference_cr2(values: FloatArray, sizes: IntArray, margin: float) -> FloatArray:
    """`values` are runs x pairs of candidate less standard of care; lower is better."""
    n = int(sizes.sum())
    starts = np.cumsum(sizes) - sizes
    sums = np.add.reduceat(values, starts, axis=1)
    mean = sums.sum(axis=1) / n
    residual = sums - sizes * mean[:, None]
    adjusted = 1 / (1 - sizes / n)
    error = np.sqrt((adjusted * residual**2).sum(axis=1)) / n
    diagonal, cross = sizes / n**2, adjusted * sizes**2
    off = (cross.sum() ** 2 - (cross**2).sum()) / float(n) ** 6
    df = diagonal.sum() ** 2 / ((diagonal**2).sum() + off)
    return np.asarray(special.stdtr(df, (mean - margin) / error))


def _placements(scores: FloatArray, outcome: BoolArray) -> FloatArray:
    """How many of the other class are below an event, above a non-event; ties count half.

    Only copies within a subject tie, and they are of one class, so that ties need no halves.
    """
    order = np.argsort(scores, axis=1, kind="stable")
    ordered = np.take_along_axis(outcome, order, axis=1)
    below = np.cumsum(~ordered, axis=1)
    above = outcome.sum(axis=1)[:, None] - np.cumsum(ordered, axis=1)
    placed = np.empty(scores.shape)
    np.put_along_axis(placed, order, np.where(ordered, below, above).astype(np.float64), axis=1)
    return placed


def delong_at_margin(data: Scored, sizes: IntArray, margin: float) -> FloatArray:
    """Higher is better. Every subject's pairs stand side by side."""
    found = np.full(len(data.outcome), NO_NUMBER)
    starts = np.cumsum(sizes) - sizes
    with_events = np.add.reduceat(data.outcome, starts, axis=1, dtype=np.int64)
    i = np.count_nonzero(with_events, axis=1)
    j = np.count_nonzero(sizes - with_events, axis=1)
    usable = np.minimum(i, j) >= 2
    part = Scored(data.outcome[usable], data.candidate[usable], data.standard_of_care[usable])
    found[usable] = _at_margin(part, sizes, margin)
    return found


def _at_margin(data: Scored, sizes: IntArray, margin: float) -> FloatArray:
    k, starts = len(sizes), np.cumsum(sizes) - sizes
    outcome = data.outcome
    m = outcome.sum(axis=1)[:, None]
    n = outcome.shape[1] - m
    parts = _placements(data.candidate, outcome) - _placements(data.standard_of_care, outcome)
    difference = np.where(outcome, parts, 0).sum(axis=1)[:, None] / (m * n)
    events = np.add.reduceat(outcome, starts, axis=1, dtype=np.int64)
    others = sizes - events
    x = np.add.reduceat(np.where(outcome, parts / n, 0), starts, axis=1) - events * difference
    y = np.add.reduceat(np.where(outcome, 0, parts / m), starts, axis=1) - others * difference
    x, y = x / m, y / n
    i, j = np.count_nonzero(events, axis=1), np.count_nonzero(others, axis=1)
    spread = i / (i - 1) * (x**2).sum(axis=1) + j / (j - 1) * (y**2).sum(axis=1)
    spread = spread + 2 * k / (k - 1) * (x * y).sum(axis=1)
    of_events, of_others = events / m, others / n
    scarcer = (of_events**2).sum(axis=1) >= (of_others**2).sum(axis=1)
    share = np.where(scarcer[:, None], of_events, of_others)
    influence = x + y
    distance = difference[:, 0] + margin
    positive = spread > 1e-14
    safe = np.where(positive, spread, 1)
    few = np.minimum(i, j).astype(np.float64)
    sums = Around(safe, (influence * share).sum(axis=1), (share**2).sum(axis=1), few)
    statistic = around(distance, sums)
    plain = distance / np.sqrt(safe)
    statistic = np.where(np.abs(plain) < np.abs(statistic), plain, statistic)
    df = np.maximum(np.minimum(few - 1, carried_by(influence)), 1)
    return np.asarray(np.where(positive, special.stdtr(df, -statistic), NO_NUMBER))
