"""Exact Shapley values: how each feature moves one answer away from the average answer.

Interventional: absent features take every background row's value in turn and the function is
averaged. All 2^d coalitions are evaluated, so nothing is sampled and d stays small.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import factorial

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import NotEvaluable
from protocols.errors import UsageError

MOST_FEATURES = 12
BLOCK_VALUES = 2_000_000  # feature values handed to the function at once
CLOSE = 1e-6

Function = Callable[[FloatArray], FloatArray]
"""Takes rows (n, d), gives one number a row; each answer may depend on its own row only."""


@dataclass(frozen=True, slots=True)
class Shapley:
    """`values`, one a feature, add up to `prediction` less `base_value`.

    `base_value` is the function's mean over the background.
    """

    values: tuple[float, ...]
    base_value: float
    prediction: float


def shapley_values(
    function: Function, x: FloatArray, background: FloatArray
) -> Shapley | NotEvaluable:
    """Shapley values of `function` at `x` (d,) over `background` (n, d).

    Shapley 1953, Contributions to the Theory of Games 2:307; Lundberg & Lee 2017, NeurIPS 30:4765;
    Janzing et al. 2020, AISTATS 108:2907. Refuses answers that are not finite and a function whose
    values do not add up because an answer depends on more than its row. UsageError for no or more
    than 12 features, no background, or shapes that do not fit.
    """
    d = len(x)
    if x.ndim != 1 or not 1 <= d <= MOST_FEATURES:
        raise UsageError("FEATURES", f"Exact values need 1 to {MOST_FEATURES} features, not {d}.")
    if background.ndim != 2 or background.shape[1] != d or len(background) == 0:
        raise UsageError("LENGTHS_DIFFER", "The background needs rows with every feature.")
    worth = _worth(function, x, background)
    direct = np.asarray(function(x[None, :]), dtype=np.float64)
    if not (np.isfinite(worth).all() and np.isfinite(direct).all()):
        return NotEvaluable("values_not_finite", "The function gives an answer that is no number.")
    values = _weighted(worth, d)
    prediction, base = float(direct[0]), float(worth[0])
    gap = abs(float(values.sum()) + base - prediction)
    if gap > CLOSE * max(1.0, float(np.abs(worth).max())):
        return NotEvaluable("not_a_function", "Contributions do not add up to the answer.")
    return Shapley(tuple(values.tolist()), base, prediction)


def _worth(function: Function, x: FloatArray, background: FloatArray) -> FloatArray:
    """The mean answer of each coalition; bit i of its place says whether feature i is present."""
    d, n = len(x), len(background)
    present = (np.arange(2**d)[:, None] >> np.arange(d)) & 1 == 1
    block = max(1, BLOCK_VALUES // (n * d))
    means = []
    for start in range(0, 2**d, block):
        mask = present[start : start + block, None, :]
        rows = np.where(mask, x, background[None, :, :]).reshape(-1, d)
        answers = np.asarray(function(rows), dtype=np.float64)
        if answers.shape != (len(rows),):
            raise UsageError("LENGTHS_DIFFER", "The function must give one number a row.")
        means.append(answers.reshape(-1, n).mean(axis=1))
    return np.concatenate(means)


def _weighted(worth: FloatArray, d: int) -> FloatArray:
    """Each feature's gain over the coalitions without it, weighted by |S|! (d-|S|-1)! / d!."""
    coalition: IntArray = np.arange(2**d)
    size = np.bitwise_count(coalition).astype(np.int64)
    weight = np.array([factorial(s) * factorial(d - s - 1) / factorial(d) for s in range(d)])
    values = np.empty(d)
    for feature in range(d):
        without = coalition[coalition >> feature & 1 == 0]
        gain = worth[without | (1 << feature)] - worth[without]
        values[feature] = (weight[size[without]] * gain).sum()
    return values
