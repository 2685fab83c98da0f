"""Rates of one arm by group, and the largest gaps between groups.

A rate without anybody in its denominator is not estimable, and neither is a gap that needs it: a
group without events has no sensitivity of 0. The largest gap is never negative, so it is biased
upwards: it is positive also where all groups are alike, the more so the smaller they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, cluster_index
from evaluation.inference.base import Method, NotEvaluable
from protocols.errors import UsageError

METHOD = Method(
    name="fairness_gaps",
    sentence=(
        "Rates of each arm's flags by group and the largest gaps between groups, with percentile "
        "intervals from resampling subjects."
    ),
    citation=(
        "Hardt, Price & Srebro 2016, Advances in Neural Information Processing Systems 29:3315; "
        "Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13"
    ),
)
RATES: Final = ("selection_rate", "tpr", "fpr", "fnr", "accuracy", "ppv")
GAPS: Final = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
    "equal_opportunity_difference",
)
REASONS: Final = {
    "selection_rate": "The group is empty.",
    "tpr": "The group has no event.",
    "fpr": "The group has no non-event.",
    "fnr": "The group has no event.",
    "accuracy": "The group is empty.",
    "ppv": "Nobody of the group is flagged.",
}


def count_columns(outcome: BoolArray, flag: BoolArray) -> FloatArray:
    """What a pair adds to its group's counts, (n, 4): pair, event, flag, flagged event.

    Raises `UsageError` for columns of different length.
    """
    if outcome.shape != flag.shape:
        raise UsageError("LENGTHS_DIFFER", "Every pair needs an outcome and a flag.")
    columns = np.ones(len(outcome)), outcome, flag, outcome & flag
    return np.column_stack(columns).astype(np.float64)


def rates_of(counts: FloatArray) -> dict[str, FloatArray]:
    """Rates (..., G) of counts (..., G, 4), NaN where a denominator is empty: for internal use."""
    n, events, flagged, hits = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    false_alarms, non_events = flagged - hits, n - events
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "selection_rate": flagged / n,
            "tpr": hits / events,
            "fpr": false_alarms / non_events,
            "fnr": (events - hits) / events,
            "accuracy": (hits + non_events - false_alarms) / n,
            "ppv": hits / flagged,
        }


def gaps_of(rates: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Largest gaps over the last axis, NaN where a rate or a ratio is not defined.

    Differences are the highest rate less the lowest, ratios the lowest over the highest. Equalised
    odds take the worse of the rates among events and among non-events.
    """

    def difference(name: str) -> FloatArray:
        return np.asarray(rates[name].max(axis=-1) - rates[name].min(axis=-1))

    def ratio(name: str) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(rates[name].min(axis=-1) / rates[name].max(axis=-1))

    return {
        "demographic_parity_difference": difference("selection_rate"),
        "demographic_parity_ratio": ratio("selection_rate"),
        "equalized_odds_difference": np.maximum(difference("tpr"), difference("fpr")),
        "equalized_odds_ratio": np.minimum(ratio("tpr"), ratio("fpr")),
        "equal_opportunity_difference": difference("tpr"),
    }


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One group's numbers; a rate is None where nobody is in its denominator."""

    count: int
    n_events: int
    rates: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Fairness:
    """Groups in the order of the sorted labels; a gap is None where it is not estimable."""

    groups: tuple[GroupRates, ...]
    gaps: Mapping[str, float | None]


def fairness(outcome: BoolArray, flag: BoolArray, group: IntArray) -> Fairness | NotEvaluable:
    """One arm's rates by group and its gaps; refuses no pair and a single group."""
    if len(outcome) == 0:
        return NotEvaluable("no_pairs", "There is no pair.")
    index, n_groups = cluster_index(group)
    if n_groups < 2:
        return NotEvaluable("one_group", "There is one group only.")
    counts = group_counts(count_columns(outcome, flag), index, n_groups)
    rates = rates_of(counts)
    groups = tuple(
        GroupRates(
            int(counts[g, 0]), int(counts[g, 1]), {name: _known(rates[name][g]) for name in RATES}
        )
        for g in range(n_groups)
    )
    return Fairness(groups, {name: _known(gap) for name, gap in gaps_of(rates).items()})


def group_counts(columns: FloatArray, index: IntArray, n_groups: int) -> FloatArray:
    """Column sums by group, (G, columns); exact for whole numbers."""
    sums = np.zeros((n_groups, columns.shape[1]))
    np.add.at(sums, index, columns)
    return sums


def _known(value: float | FloatArray) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None
