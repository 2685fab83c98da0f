"""Chance-corrected agreement: Cohen's kappa and Gwet's AC, with weights, from a square table.

Both are smooth functions of the table, so one influence for each cell serves every standard error:
with independent pairs the delta method (Fleiss, Cohen & Everitt for kappa), with subjects that
come back its sums by subject.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.agreement.tables import between_subjects, checked_table, square_table
from evaluation.inference.arrays import FloatArray, IntArray, n_distinct
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.wald import Effect, against_margin
from protocols.errors import UsageError
from protocols.vocabulary import Direction

Weights = Literal["unweighted", "linear", "quadratic"]
Coefficient = Literal["kappa", "gwet"]

METHODS: dict[Coefficient, Method] = {
    "kappa": Method(
        "kappa",
        "Cohen's kappa, weighted where the protocol says so; delta-method standard error with "
        "independent pairs, linearised between subjects with K/(K-1) and t with K-1 degrees of "
        "freedom where subjects come back.",
        "Cohen 1968, Psychol Bull 70:213; Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323",
    ),
    "gwet": Method(
        "gwet_agreement",
        "Gwet's AC1 (AC2 with weights); delta-method standard error with independent pairs, "
        "linearised between subjects with K/(K-1) where they come back.",
        "Gwet 2008, British Journal of Mathematical and Statistical Psychology 61:29",
    ),
}
DIFFERENCE = Method(
    "kappa_difference",
    "Difference of the arms' kappas against the same reference; influences of both kappas are "
    "differenced pair by pair and linearised between subjects with K/(K-1); t with K-1 degrees "
    "of freedom.",
    "Fleiss, Cohen & Everitt 1969, Psychological Bulletin 72:323; Barnhart & Williamson 2002, "
    "Biometrics 58:1012",
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient of agreement of one table.

    `influence` holds, for each cell, what one more pair there does to the coefficient (times n);
    its mean over the pairs is zero. `observed` is the (weighted) share of agreement, `by_chance`
    what the coefficient expects without any skill.
    """

    method: Method
    estimate: float
    observed: float
    by_chance: float
    influence: FloatArray
    n_pairs: int


def agreement_weights(n_levels: int, weights: Weights) -> FloatArray:
    """Credit for a disagreement, 1 on the diagonal; levels are equally spaced.

    Raises `UsageError` for an unknown word.
    """
    level = np.arange(n_levels, dtype=np.float64)
    apart = np.abs(level[:, None] - level) / (n_levels - 1)
    match weights:
        case "unweighted":
            return np.eye(n_levels)
        case "linear":
            return np.asarray(1 - apart, dtype=np.float64)
        case "quadratic":
            return np.asarray(1 - apart**2, dtype=np.float64)
        case _:
            raise UsageError("PARAMETER", f"There are no weights named {weights}.")


def coefficient(
    table: FloatArray, kind: Coefficient, weights: Weights = "unweighted"
) -> Agreement | NotEvaluable:
    """Kappa or Gwet's coefficient of a square table of counts (rows one rater, columns the other).

    Refuses an empty table and, for kappa, one in which both raters use one and the same level.
    Sources: Cohen 1968, Psychol Bull 70:213; Gwet 2008, Br J Math Stat Psychol 61:29.
    """
    empty = checked_table(table)
    if empty is not None:
        return empty
    n = table.sum()
    share = table / n
    credit = agreement_weights(len(table), weights)
    observed = float((credit * share).sum())
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    if kind == "kappa":
        from_row, from_column = credit @ columns, credit.T @ rows
        by_chance = float(rows @ from_row)
        chance_influence = from_row[:, None] + from_column - 2 * by_chance
    else:
        levels = len(table)
        scale = credit.sum() / (levels * (levels - 1))
        use = (rows + columns) / 2
        by_chance = float(scale * (use * (1 - use)).sum())
        slope = scale * (1 - 2 * use)
        chance_influence = (slope[:, None] + slope) / 2 - slope @ use
    if _one_level(table) and kind == "kappa":
        reason = "Both raters give one and the same category on every pair: kappa is 0/0."
        return NotEvaluable("one_category", reason)
    room = 1 - by_chance
    influence = (credit - observed) / room - chance_influence * (1 - observed) / room**2
    estimate = (observed - by_chance) / room
    return Agreement(METHODS[kind], estimate, observed, by_chance, influence, int(n))


def _one_level(table: FloatArray) -> bool:
    """Whether all pairs lie in one cell of the diagonal."""
    return bool(np.diag(table).max() == table.sum())


def independent_error(found: Agreement, table: FloatArray) -> float | NotEvaluable:
    """Standard error when every pair is independent.

    That of Fleiss, Cohen & Everitt (1969, Psychol Bull 72:323) and of Gwet (2008, Br J Math Stat
    Psychol 61:29) for an infinite population. Refuses a table without variation.
    """
    mean_square = float((table * found.influence**2).sum()) / found.n_pairs
    if mean_square <= 1e-24:
        reason = "Every pair agrees alike, so the variance of the coefficient is zero."
        return NotEvaluable("zero_variance", reason)
    return math.sqrt(mean_square / found.n_pairs)


@dataclass(frozen=True, slots=True)
class Raters:
    """Two arms' levels and the reference's on the same pairs, with subjects and level count."""

    candidate: IntArray
    standard_of_care: IntArray
    reference: IntArray
    cluster: IntArray
    n_levels: int


@dataclass(frozen=True, slots=True)
class AgreementDifference:
    """Both arms' coefficients against the reference; `influence` is that of their difference."""

    candidate: Agreement
    standard_of_care: Agreement
    difference: float
    influence: FloatArray


def against_reference(
    raters: Raters, kind: Coefficient, weights: Weights
) -> AgreementDifference | NotEvaluable:
    """Each arm's agreement with the reference, and the influence of each pair on the difference.

    Coefficients lie in [-1, 1]. Refuses as `coefficient` for either arm.
    """
    arms: list[Agreement] = []
    columns: list[FloatArray] = []
    for levels in (raters.candidate, raters.standard_of_care):
        table = square_table(levels, raters.reference, raters.n_levels)
        found = coefficient(table, kind, weights)
        if isinstance(found, NotEvaluable):
            return found
        arms.append(found)
        columns.append(found.influence[levels, raters.reference])
    difference = arms[0].estimate - arms[1].estimate
    return AgreementDifference(arms[0], arms[1], difference, columns[0] - columns[1])


def kappa_difference(
    raters: Raters, *, weights: Weights, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """Candidate's kappa minus the standard of care's, both against the reference, with a margin.

    Refuses arms that never differ, an arm and a reference that share one single category, one
    subject, and a difference that does not vary between subjects.
    """
    if raters.candidate.size and np.array_equal(raters.candidate, raters.standard_of_care):
        reason = f"The arms give the same category on all {raters.candidate.size} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    found = against_reference(raters, "kappa", weights)
    if isinstance(found, NotEvaluable):
        return found
    error = between_subjects(found.influence, raters.cluster)
    if isinstance(error, NotEvaluable):
        return error
    k = n_distinct(raters.cluster)
    effect = Effect(
        found.difference,
        error,
        float(k - 1),
        n_pairs=raters.candidate.size,
        n_clusters=k,
        standard_of_care=found.standard_of_care.estimate,
        candidate=found.candidate.estimate,
    )
    return against_margin(effect, DIFFERENCE, margin=margin, direction=direction, level=level)
