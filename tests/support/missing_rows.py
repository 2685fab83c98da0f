"""Rows of an endpoint with outcomes that are not all known, and with subgroup levels."""

from collections.abc import Mapping

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.missing.potential import COLUMNS
from evaluation.inference.rows import Rows

MEASURES = ("sensitivity", "specificity", "accuracy", "brier")


def rows_with_unknown(
    seed: int,
    *,
    n: int = 60,
    n_subjects: int | None = None,
    known_share: float = 0.7,
    measure: str = "accuracy",
    failing: bool = False,
) -> Rows:
    """Both arms' probabilities follow the event; `n_subjects` None gives every pair its own."""
    rng = np.random.default_rng(seed)
    outcome, known = rng.random(n) < 0.4, rng.random(n) < known_share
    scores = [np.round(1 / (1 + np.exp(-rng.normal(1.5 * outcome - 0.7))), 3) for _ in range(2)]
    if failing:
        scores[0][rng.random(n) < 0.1] = np.nan
    none, event = (_values(scores, np.full(n, happened), measure) for happened in (False, True))
    columns = dict(zip(COLUMNS, (none[0], event[0], none[1], event[1]), strict=True))
    clustered = n_subjects is not None
    cluster = rng.integers(0, n_subjects, n) if n_subjects is not None else np.arange(n)
    candidate, soc = (np.where(outcome, event[arm], none[arm]) for arm in (0, 1))
    return Rows(
        candidate=np.where(known, candidate, np.nan),
        standard_of_care=np.where(known, soc, np.nan),
        outcome=outcome & known,
        known=known,
        cluster=cluster.astype(np.int64),
        clustered=clustered,
        candidate_score=scores[0],
        standard_of_care_score=scores[1],
        candidate_flag=scores[0] >= 0.5,
        standard_of_care_flag=scores[1] >= 0.5,
        extra={**columns, "covariate": np.round(rng.normal(size=n) + outcome, 3)},
    ).canonical()


def _values(
    scores: list[FloatArray], outcome: FloatArray, measure: str
) -> tuple[FloatArray, FloatArray]:
    def value(score: FloatArray) -> FloatArray:
        answered = np.isfinite(score)
        if measure == "brier":
            return np.where(answered, (np.nan_to_num(score) - outcome) ** 2, 1.0)
        right = answered & ((np.nan_to_num(score) >= 0.5) == outcome)
        inside = {"sensitivity": outcome, "specificity": ~outcome.astype(bool)}.get(measure, True)
        return np.where(inside, right.astype(np.float64), np.nan)

    return value(scores[0]), value(scores[1])


def swapped(rows: Rows) -> Rows:
    """The same pairs with the arms exchanged."""
    none, event, soc_none, soc_event = (rows.extra[name] for name in COLUMNS)
    columns = dict(zip(COLUMNS, (soc_none, soc_event, none, event), strict=True))
    return Rows(
        candidate=rows.standard_of_care,
        standard_of_care=rows.candidate,
        outcome=rows.outcome,
        known=rows.known,
        cluster=rows.cluster,
        clustered=rows.clustered,
        candidate_score=rows.standard_of_care_score,
        standard_of_care_score=rows.candidate_score,
        candidate_flag=rows.standard_of_care_flag,
        standard_of_care_flag=rows.candidate_flag,
        extra={**rows.extra, **columns},
    )


def with_columns(rows: Rows, **columns: FloatArray) -> Rows:
    """Rows with further columns, or other ones under a name that is there."""
    return _rebuilt(rows, {**rows.extra, **columns}, rows.labels)


def with_levels(rows: Rows, level: FloatArray, titles: tuple[str, ...]) -> Rows:
    """Rows with the column of a subgroup."""
    return _rebuilt(rows, {**rows.extra, "subgroup": level}, {**rows.labels, "subgroup": titles})


def _rebuilt(
    rows: Rows, extra: Mapping[str, FloatArray], labels: Mapping[str, tuple[str, ...]]
) -> Rows:
    return Rows(
        candidate=rows.candidate,
        standard_of_care=rows.standard_of_care,
        outcome=rows.outcome,
        known=rows.known,
        cluster=rows.cluster,
        clustered=rows.clustered,
        candidate_score=rows.candidate_score,
        standard_of_care_score=rows.standard_of_care_score,
        candidate_flag=rows.candidate_flag,
        standard_of_care_flag=rows.standard_of_care_flag,
        extra=extra,
        labels=labels,
    )
