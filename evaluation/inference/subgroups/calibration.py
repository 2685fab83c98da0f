"""How far one arm's probabilities are off in each group, and the largest gap between groups."""

from typing import Final

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Method
from protocols.errors import UsageError

METHOD = Method(
    name="calibration_gap",
    sentence=(
        "Observed less expected share of events and observed over expected events of each arm by "
        "group, the largest gaps between groups, with percentile intervals from resampling "
        "subjects."
    ),
    citation=(
        "Van Calster et al. 2019, BMC Medicine 17:230; Efron & Tibshirani 1993, An Introduction to "
        "the Bootstrap, chapter 13"
    ),
)
MEASURES: Final = ("observed_less_expected", "observed_over_expected")
REASONS: Final = {
    "observed_less_expected": "The group is empty.",
    "observed_over_expected": "No event is expected in the group.",
}


def calibration_columns(outcome: BoolArray, probability: FloatArray) -> FloatArray:
    """What a pair adds to its group, (n, 3): pair, event, expected event.

    UsageError for a probability outside [0, 1].
    """
    if outcome.shape != probability.shape:
        raise UsageError("LENGTHS_DIFFER", "Every pair needs an outcome and a probability.")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise UsageError("PROBABILITY_RANGE", "A probability lies in [0, 1].")
    return np.column_stack((np.ones(len(outcome)), outcome, probability)).astype(np.float64)


def calibration_of(sums: FloatArray) -> dict[str, FloatArray]:
    """Both measures (..., G) of sums (..., G, 3), NaN where not defined: for internal use."""
    n, observed, expected = np.moveaxis(np.asarray(sums, dtype=np.float64), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(expected > 0, observed / expected, np.nan)
        return {
            "observed_less_expected": (observed - expected) / n,
            "observed_over_expected": ratio,
        }


def gaps_of(measures: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Highest less lowest over the groups (last axis), under the names of the measures."""
    return {
        f"{name}_gap": np.asarray(values.max(axis=-1) - values.min(axis=-1))
        for name, values in measures.items()
    }
