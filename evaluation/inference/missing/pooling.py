"""Rubin's rules for estimates from multiply imputed data, tested against a margin."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="rubins_rules",
    sentence=(
        "Mean over imputations; variance within plus between imputations; Student's t with "
        "degrees of freedom for small samples."
    ),
    citation="Rubin 1987; Barnard & Rubin 1999, Biometrika 86:948",
)


@dataclass(frozen=True, slots=True)
class Pooled:
    """`fraction_missing` is the share of information lost; `relative_increase` of variance."""

    method: Method
    estimate: float
    within: float
    between: float
    total: float
    relative_increase: float
    fraction_missing: float
    df: float
    low: float
    high: float
    level: float
    statistic: float
    p_value: float


def pooled(
    estimates: Sequence[float],
    variances: Sequence[float],
    *,
    n: int,
    n_parameters: int,
    margin: float,
    direction: Direction,
    level: float,
) -> Pooled | NotEvaluable:
    """Pools at least two imputations of a data set with `n` records; df stay finite at B = 0.

    Refuses a single imputation and a pooled variance of zero; raises `UsageError` for estimates
    without their variance. Rubin 1987, 3.1; Barnard & Rubin 1999, Biometrika 86:948.
    """
    m = len(estimates)
    if m != len(variances):
        raise UsageError("LENGTHS_DIFFER", "Each imputation needs its estimate and its variance.")
    if m < 2:
        return NotEvaluable("one_imputation", "Variation between imputations needs two of them.")
    values = np.asarray(estimates, dtype=np.float64)
    within = exact_sum(np.asarray(variances, dtype=np.float64)) / m
    # about the smallest one, so that equal estimates have no variance at all
    mean = float(values.min()) + exact_sum(values - values.min()) / m
    between = exact_sum((values - mean) ** 2) / (m - 1)
    extra = (1 + 1 / m) * between
    total = within + extra
    if not total > 0:
        return NotEvaluable("zero_variance", "The pooled variance is zero.")
    df = _barnard_rubin(m, extra / total, n - n_parameters)
    increase = extra / within if within > 0 else math.inf
    error = math.sqrt(total)
    statistic = turned((mean - null_effect(margin, direction)) / error, direction)
    half = critical_value(level, df) * error
    return Pooled(
        method=METHOD,
        estimate=mean,
        within=within,
        between=between,
        total=total,
        relative_increase=increase,
        fraction_missing=(extra / total) + 2 / (df + 3) * (within / total),
        df=df,
        low=mean - half,
        high=mean + half,
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, df),
    )


def _barnard_rubin(m: int, share: float, complete: int) -> float:
    """Degrees of freedom; `share` of the variance is due to missing data."""
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    if share == 0:
        return observed
    imputed = (m - 1) / share**2
    return imputed * observed / (imputed + observed)
