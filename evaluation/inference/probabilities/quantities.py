"""Numbers with a symmetric interval, and means over pairs, as quantities of a finding."""

import math
from dataclasses import replace

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable, Quantity
from evaluation.inference.clusters.means import ClusterTotals, difference_of_totals
from evaluation.inference.orientation import critical_value
from evaluation.inference.wald import two_sided
from protocols.vocabulary import Direction

NO_LIMITS = "An interval at level 1 has no finite limits."


def symmetric(
    face: Quantity, error: float, *, null: float, level: float, df: float | None
) -> Quantity:
    """`face` (name, title, estimate) with its standard error, interval and two-sided test."""
    estimate = face.estimate or 0.0
    half = critical_value(level, df) * error
    statistic = (estimate - null) / error
    bounded = math.isfinite(half)
    return replace(
        face,
        standard_error=error,
        low=estimate - half if bounded else None,
        high=estimate + half if bounded else None,
        level=level,
        statistic=statistic,
        df=df,
        p_value=two_sided(statistic, df),
        reason=None if bounded else NO_LIMITS,
    )


def refused(name: str, title: str, why: NotEvaluable) -> Quantity:
    """A number that is missing, with the reason."""
    return Quantity(name, title, reason=why.reason)


def of_estimate(name: str, title: str, found: Estimate) -> Quantity:
    """A paired difference as a quantity; its test is that of no difference."""
    face = Quantity(name, title, estimate=found.estimate)
    return symmetric(face, found.standard_error, null=0.0, level=found.level, df=found.df)


def mean(name: str, title: str, values: FloatArray, cluster: IntArray, *, level: float) -> Quantity:
    """The mean of one arm with its interval between subjects; no interval where it cannot vary.

    A mean is tested against nothing, so it carries no statistic.
    """
    totals = ClusterTotals.of(values, np.zeros(len(values)), cluster)
    found = difference_of_totals(
        totals, margin=0.0, direction=Direction.LOWER_IS_BETTER, level=level
    )
    if isinstance(found, NotEvaluable):
        average = math.fsum(values.tolist()) / len(values)
        return Quantity(name, title, estimate=average, reason=f"No interval: {found.reason}")
    whole = of_estimate(name, title, found)
    return replace(whole, statistic=None, p_value=None)


def difference(
    name: str,
    title: str,
    arms: tuple[FloatArray, FloatArray],
    found: Estimate | NotEvaluable,
) -> Quantity:
    """The difference of two means; where it has no variance, the number and the reason."""
    if isinstance(found, Estimate):
        return of_estimate(name, title, found)
    apart = math.fsum((arms[0] - arms[1]).tolist()) / len(arms[0])
    return Quantity(name, title, estimate=apart, reason=f"No interval: {found.reason}")
