"""A ratio of two arms held against a margin on the log scale; one statistic for p and interval."""

import math
from dataclasses import dataclass

from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_ratio, turned, upper_tail
from evaluation.inference.refusals import UNBOUNDED
from evaluation.inference.wald import LARGEST_LOG, two_sided
from protocols.vocabulary import Direction


@dataclass(frozen=True, slots=True)
class LogRatio:
    """Candidate / standard of care as a logarithm with its error; `df` None for the normal.

    `standard_of_care` and `candidate` are the arms' own values where they have one.
    """

    log_ratio: float
    standard_error: float
    df: float | None
    n_pairs: int
    n_clusters: int
    standard_of_care: float | None = None
    candidate: float | None = None
    warnings: tuple[str, ...] = ()

    def limits(self, level: float) -> tuple[float, float]:
        """The two-sided Wald interval of the ratio."""
        half = critical_value(level, self.df) * self.standard_error
        return exponential(self.log_ratio - half), exponential(self.log_ratio + half)

    @property
    def p_two_sided(self) -> float:
        """Wald's two-sided p-value of a ratio of 1."""
        return two_sided(self.log_ratio / self.standard_error, self.df)


def exponential(log_ratio: float) -> float:
    """exp, and infinity where no number is large enough."""
    return math.inf if log_ratio > LARGEST_LOG else math.exp(log_ratio)


def against_margin(
    found: LogRatio, method: Method, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """The Wald test on the log scale; refuses a level at which a limit is no finite number.

    Raises `UsageError` for a margin on the wrong side.
    """
    null = math.log(null_ratio(margin, direction))
    statistic = turned((found.log_ratio - null) / found.standard_error, direction)
    low, high = found.limits(level)
    if math.isinf(high):
        return UNBOUNDED
    return Estimate(
        method=method,
        estimate=exponential(found.log_ratio),
        standard_error=found.standard_error,
        low=low,
        high=high,
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, found.df),
        df=found.df,
        information=1 / found.standard_error**2,
        n_pairs=found.n_pairs,
        n_clusters=found.n_clusters,
        standard_of_care=found.standard_of_care,
        candidate=found.candidate,
        warnings=found.warnings,
        scale="ratio",
    )
