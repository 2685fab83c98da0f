"""Words about one arm's rates by level: fairness and calibration, with subject bootstrap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, cluster_index
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.resampling import (
    UNDEFINED_SHARE,
    Replicates,
    bootstrap_totals,
    percentile_interval,
)
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.subgroups import calibration, fairness
from evaluation.inference.subgroups.levels import Levels

ARMS = {"candidate": "candidate", "standard_of_care": "standard of care"}
UPWARDS = (
    "The largest gap between levels is never negative and so biased upwards; its interval leaves 0 "
    "out also where levels do not differ. The difference of the arms' gaps does not share this."
)
NO_GAP = "A level has nobody in a denominator, or the highest rate is 0."

Statistics = Callable[[FloatArray], dict[str, FloatArray]]
"""From totals (..., G, m): rates by level (..., G)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is computed from each level's totals of m columns, and how it is told."""

    method: Method
    rates: Statistics
    gaps: Callable[[dict[str, FloatArray]], dict[str, FloatArray]]
    reasons: Mapping[str, str]


FAIRNESS = Kind(fairness.METHOD, fairness.rates_of, fairness.gaps_of, fairness.REASONS)
CALIBRATION = Kind(
    calibration.METHOD, calibration.calibration_of, calibration.gaps_of, calibration.REASONS
)


def run_fairness(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `fairness_gaps` on rows: rates of every shown level, and their gaps.

    Refuses fewer than two levels that may be shown.
    """
    levels = Levels.of(rows, asked)
    if isinstance(levels, NotEvaluable):
        return levels
    chosen = levels.rows
    columns = [
        fairness.count_columns(chosen.outcome, flag)
        for flag in (chosen.candidate_flag, chosen.standard_of_care_flag)
    ]
    return _findings(FAIRNESS, levels, columns, rows, asked)


def run_calibration(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `calibration_gap` on rows: observed over expected of every shown level.

    Refuses fewer than two levels that may be shown, and a missing probability.
    """
    levels = Levels.of(rows, asked)
    if isinstance(levels, NotEvaluable):
        return levels
    chosen = levels.rows
    columns = []
    for arm in ARMS:
        probability = chosen.column(f"{arm}_probability")
        n_lacking = int(np.isnan(probability).sum())
        if n_lacking:
            reason = (
                f"{n_lacking} of {len(probability)} pairs lack a probability of the"
                f" {arm.replace('_', ' ')}; a population that leaves out candidates without an"
                " answer has them all."
            )
            return NotEvaluable("scores_missing", reason)
        columns.append(calibration.calibration_columns(chosen.outcome, probability))
    return _findings(CALIBRATION, levels, columns, rows, asked)


def _findings(
    kind: Kind, levels: Levels, columns: list[FloatArray], rows: Rows, asked: Asked
) -> Findings:
    sums, shape = _subject_sums(levels, columns)
    totals = sums.sum(axis=0).reshape(shape)
    seed, resamples = asked.drawing
    drawn = _resampled(sums, seed, resamples).reshape(resamples, *shape)
    quantities: list[Quantity] = list(_counts(levels, totals))
    values, replicates = _by_arm(kind, totals), _by_arm(kind, drawn)
    for arm, (observed, resampled) in zip(ARMS, zip(values, replicates, strict=True), strict=True):
        quantities += _rates(kind, arm, levels, observed[0], resampled[0], asked)
        quantities += _gaps(arm, observed[1], resampled[1], asked)
    quantities += _changes(values, replicates, asked)
    return Findings(
        kind.method,
        (*quantities, *levels.hidden_quantities()),
        rows.n,
        rows.n_clusters,
        (*levels.warnings, UPWARDS),
    )


def _subject_sums(
    levels: Levels, columns: list[FloatArray]
) -> tuple[FloatArray, tuple[int, int, int]]:
    """One row a subject: each arm's columns by level, and the shape (arms, levels, columns)."""
    subject, k = cluster_index(levels.rows.cluster)
    shape = len(columns), len(levels.shown), columns[0].shape[1]
    sums = np.zeros((k, *shape))
    for arm, values in enumerate(columns):
        np.add.at(sums[:, arm], (subject, levels.index), values)
    return sums.reshape(k, -1), shape


def _resampled(sums: FloatArray, seed: int, resamples: int) -> FloatArray:
    """The totals of every resample, from which all statistics are taken at once."""
    kept: list[FloatArray] = []

    def keep(totals: FloatArray) -> FloatArray:
        kept.append(totals)
        return np.zeros(len(totals))

    bootstrap_totals(sums, keep, seed=seed, resamples=resamples)
    return np.concatenate(kept)


Named = dict[str, FloatArray]


def _by_arm(kind: Kind, totals: FloatArray) -> list[tuple[Named, Named]]:
    """Rates and gaps of each arm; `totals` is (..., arms, levels, columns)."""
    found = []
    for arm in range(len(ARMS)):
        rates = kind.rates(totals[..., arm, :, :])
        found.append((rates, kind.gaps(rates)))
    return found


def _counts(levels: Levels, totals: FloatArray) -> list[Quantity]:
    return [
        Quantity(f"level_{at}_count", f"Pairs in {levels.titles[at]}", float(totals[0, place, 0]))
        for place, at in enumerate(levels.shown)
    ]


def _rates(
    kind: Kind, arm: str, levels: Levels, observed: Named, resampled: Named, asked: Asked
) -> list[Quantity]:
    return [
        _quantity(
            f"level_{at}_{arm}_{name}",
            f"{_words(name)} of the {ARMS[arm]} in {levels.titles[at]}",
            observed[name][place],
            resampled[name][:, place],
            reason=kind.reasons[name],
            asked=asked,
        )
        for place, at in enumerate(levels.shown)
        for name in kind.reasons
    ]


def _gaps(arm: str, observed: Named, resampled: Named, asked: Asked) -> list[Quantity]:
    return [
        _quantity(
            f"{arm}_{name}",
            f"{_words(name)} of the {ARMS[arm]}",
            observed[name],
            resampled[name],
            reason=NO_GAP,
            asked=asked,
        )
        for name in observed
    ]


def _changes(
    values: list[tuple[Named, Named]], replicates: list[tuple[Named, Named]], asked: Asked
) -> list[Quantity]:
    """Candidate less standard of care of every gap, on the same resamples."""
    (_, candidate), (_, soc) = values
    (_, candidate_drawn), (_, soc_drawn) = replicates
    return [
        _quantity(
            f"change_in_{name}",
            f"{_words(name)}: candidate less standard of care",
            np.asarray(candidate[name] - soc[name]),
            candidate_drawn[name] - soc_drawn[name],
            reason=NO_GAP,
            asked=asked,
        )
        for name in candidate
    ]


def _words(name: str) -> str:
    return (
        name.replace("_", " ")
        .replace("tpr", "true positive rate")
        .replace("fpr", "false positive rate")
        .replace("fnr", "false negative rate")
        .replace("ppv", "positive predictive value")
    )


def _quantity(
    name: str,
    title: str,
    observed: FloatArray,
    drawn: FloatArray,
    *,
    reason: str,
    asked: Asked,
) -> Quantity:
    estimate = float(observed)
    if not np.isfinite(estimate):
        return Quantity(name, title, reason=reason)
    usable = drawn[np.isfinite(drawn)]
    undefined = len(drawn) - len(usable)
    if undefined > UNDEFINED_SHARE * len(drawn) or len(usable) < 2:
        why = f"No interval: not defined on {undefined} of {len(drawn)} resamples."
        return Quantity(name, title, estimate, reason=why)
    replicates = Replicates(usable, undefined)
    low, high = percentile_interval(replicates, level=asked.level)
    return Quantity(name, title, estimate, replicates.standard_error, low, high, asked.level)
