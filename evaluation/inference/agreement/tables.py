"""Two raters' levels as a square table of counts, and what a refusal needs to know of it."""

import math

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, cluster_index, cluster_sums, exact_sum
from evaluation.inference.base import NotEvaluable
from evaluation.inference.refusals import NO_PAIRS, ONE_CLUSTER
from protocols.errors import UsageError


def square_table(first: IntArray, second: IntArray, n_levels: int) -> FloatArray:
    """Counts of (first, second) levels; both hold numbers 0 .. n_levels - 1.

    Rows are the first rater's levels. Raises `UsageError` for different lengths, fewer than two
    levels and a level out of range.
    """
    if first.shape != second.shape:
        raise UsageError("LENGTHS_DIFFER", "Both raters must have one level for each pair.")
    if n_levels < 2:
        raise UsageError("LEVELS", "Agreement needs two levels at least.")
    both = np.concatenate((first, second))
    if both.size and (both.min() < 0 or both.max() >= n_levels):
        raise UsageError("LEVELS", f"A level lies outside 0 .. {n_levels - 1}.")
    cells = np.bincount(first * n_levels + second, minlength=n_levels**2)
    return cells.reshape(n_levels, n_levels).astype(np.float64)


def checked_table(table: FloatArray) -> NotEvaluable | None:
    """Refuses an empty table; None where the (L, L) `table` of counts, L >= 2, may be used.

    Raises `UsageError` for a table that is no square of counts.
    """
    square = table.ndim == 2 and table.shape[0] == table.shape[1] and len(table) > 1
    if not square or not np.isfinite(table).all() or (table < 0).any():
        raise UsageError("TABLE", "A table of agreement is square and holds counts.")
    if table.sum() == 0:
        return NO_PAIRS
    return None


def between_subjects(contributions: FloatArray, cluster: IntArray) -> float | NotEvaluable:
    """Standard error of a mean of per-pair influences, linearised between subjects, K/(K-1).

    `contributions` are influences whose mean is zero. Refuses one subject and no variation.
    """
    index, k = cluster_index(cluster)
    if k < 2:
        return ONE_CLUSTER
    sums = cluster_sums(contributions, index, k)
    error = math.sqrt(k / (k - 1) * exact_sum(sums**2)) / len(cluster)
    if error <= 1e-12 * float(np.abs(contributions).max(initial=0.0)) or error < 1e-14:
        reason = "The agreement is the same in every subject, so its variance is zero."
        return NotEvaluable("zero_variance", reason)
    return error
