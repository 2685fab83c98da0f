"""An effect over its standard error: the last step of every test with a symmetric interval.

One statistic serves p and interval; only the standard error is a method's own.
"""

import math
from dataclasses import dataclass

from evaluation.inference.base import Estimate, Method
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from protocols.vocabulary import Direction

LARGEST_LOG = 700.0
"""The logarithm of the largest ratio that is written as a number."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference candidate - standard of care with its error; `df` None for the normal.

    `standard_error` > 0. `standard_of_care` and `candidate` are the arms' own values where they
    have one.
    """

    estimate: float
    standard_error: float
    df: float | None
    n_pairs: int
    n_clusters: int
    standard_of_care: float | None = None
    candidate: float | None = None
    warnings: tuple[str, ...] = ()


def against_margin(
    effect: Effect, method: Method, *, margin: float, direction: Direction, level: float
) -> Estimate:
    """(effect - null) / error with its interval at two-sided `level`; raises as `null_effect`."""
    error, df = effect.standard_error, effect.df
    statistic = turned((effect.estimate - null_effect(margin, direction)) / error, direction)
    half = critical_value(level, df) * error
    return Estimate(
        method=method,
        estimate=effect.estimate,
        standard_error=error,
        low=effect.estimate - half,
        high=effect.estimate + half,
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        information=1 / math.pow(error, 2),
        n_pairs=effect.n_pairs,
        n_clusters=effect.n_clusters,
        standard_of_care=effect.standard_of_care,
        candidate=effect.candidate,
        warnings=effect.warnings,
    )


def two_sided(statistic: float, df: float | None) -> float:
    """Two-sided p-value of no effect: normal where `df` is None, else Student's t."""
    return min(1.0, 2 * upper_tail(abs(statistic), df))
