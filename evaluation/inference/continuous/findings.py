"""Quantities as the estimators of this family give them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, IntArray, exact_sum
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.clusters import means as clusters
from evaluation.inference.rows import Rows
from protocols.vocabulary import Direction

Named = tuple[str, str]
"""The stable name of a quantity and its title for people."""


@dataclass(frozen=True, slots=True)
class ArmValues:
    """What each pair adds to a mean, per arm, with the subjects' numbers."""

    candidate: FloatArray
    standard_of_care: FloatArray
    cluster: IntArray


def repeats(rows: Rows) -> NotEvaluable | None:
    """Refuses subjects who come back, for a method of independent pairs; None without any."""
    k = rows.n_clusters
    if k == rows.n:
        return None
    reason = f"{rows.n} pairs come from {k} subjects, and this method takes pairs as independent."
    return NotEvaluable("independent_pairs_only", reason)


def three_means(name: str, title: str, values: ArmValues, *, level: float) -> tuple[Quantity, ...]:
    """The mean of each arm and their paired difference, all with subjects as clusters."""
    zero = np.zeros_like(values.candidate)
    return (
        _mean((f"{name}_candidate", f"{title}, candidate"), values.candidate, zero, values, level),
        _mean(
            (f"{name}_standard_of_care", f"{title}, standard of care"),
            values.standard_of_care,
            zero,
            values,
            level,
        ),
        mean_difference((f"{name}_difference", f"{title}, difference"), values, level=level),
    )


def mean_difference(named: Named, values: ArmValues, *, level: float) -> Quantity:
    """The pooled mean difference, linearised between subjects, t with one less than subjects."""
    name, title = named
    return _mean(
        (name, title), values.candidate, values.standard_of_care, values, level, tests=True
    )


def _mean(
    named: Named,
    first: FloatArray,
    second: FloatArray,
    values: ArmValues,
    level: float,
    *,
    tests: bool = False,
) -> Quantity:
    name, title = named
    found = clusters.clustered_difference(
        first,
        second,
        values.cluster,
        margin=0.0,
        direction=Direction.HIGHER_IS_BETTER,
        level=level,
    )
    if isinstance(found, NotEvaluable):
        estimate = exact_sum(first - second) / len(first)
        return Quantity(name, title, estimate=estimate, level=level, reason=found.reason)
    p_value = None
    if tests and found.df is not None:
        p_value = float(2 * special.stdtr(found.df, -abs(found.statistic)))
    return Quantity(
        name,
        title,
        estimate=found.estimate,
        standard_error=found.standard_error,
        low=found.low,
        high=found.high,
        level=level,
        statistic=found.statistic if tests else None,
        df=found.df,
        p_value=p_value,
    )


def arm_values(rows: Rows, *values: object) -> ArmValues:
    """The rows' own values, or others in their place."""
    candidate, standard_of_care = values or (rows.candidate, rows.standard_of_care)
    return ArmValues(
        np.asarray(candidate, dtype=np.float64),
        np.asarray(standard_of_care, dtype=np.float64),
        rows.cluster,
    )


def findings_of(method: Method, rows: Rows, quantities: Sequence[Quantity]) -> Findings:
    """The quantities as findings of all pairs and subjects of the rows."""
    return Findings(method, tuple(quantities), rows.n, rows.n_clusters)
