"""Odds ratios in strata: are they equal, and do they differ from one?

For independent pairs. A stratum of which a row or column is empty says nothing about its odds ratio
and takes no part. Breslow and Day's expected counts are roots of a quadratic that degenerates where
the pooled odds ratio is 1; the form used here does not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value
from protocols.errors import UsageError

METHOD = Method(
    name="stratified_odds",
    sentence=(
        "Mantel-Haenszel odds ratio of flag and outcome over the levels, with Robins, Breslow and "
        "Greenland's interval; Breslow-Day test of equal odds ratios, with Tarone's correction; "
        "Cochran-Mantel-Haenszel test of an odds ratio of 1."
    ),
    citation=(
        "Breslow & Day 1980, IARC Scientific Publications 32:142; Tarone 1985, Biometrika 72:91; "
        "Robins, Breslow & Greenland 1986, Biometrics 42:311"
    ),
)


@dataclass(frozen=True, slots=True)
class StratifiedOdds:
    """`pooled` is Mantel and Haenszel's; p-values are two-sided; `df` is that of both tests of
    equality, the test of 1 has one degree of freedom."""

    pooled: float
    low: float
    high: float
    level: float
    breslow_day: float
    breslow_day_p: float
    tarone: float
    tarone_p: float
    df: int
    cmh: float
    cmh_p: float
    n_strata: int
    n_left_out: int


def stratified_odds(
    tables: Sequence[Sequence[Sequence[int]]], *, level: float
) -> StratifiedOdds | NotEvaluable:
    """Tables of counts ((a, b), (c, d)), one a stratum.

    Refuses fewer than two informative strata and a pooled odds ratio of 0 or infinity. UsageError
    for counts below 0 or tables that are not 2 x 2.
    """
    whole = np.asarray(tables, dtype=np.float64)
    if whole.ndim != 3 or whole.shape[1:] != (2, 2) or not (whole >= 0).all():
        raise UsageError("COUNT_RANGE", "A stratum is a 2 x 2 table of counts.")
    informative = (whole.sum(axis=1) > 0).all(axis=1) & (whole.sum(axis=2) > 0).all(axis=1)
    used = whole[informative]
    if len(used) < 2:
        return NotEvaluable("one_group", "Fewer than two strata say anything of an odds ratio.")
    n = used.sum(axis=(1, 2))
    top = math.fsum(used[:, 0, 0] * used[:, 1, 1] / n)
    bottom = math.fsum(used[:, 0, 1] * used[:, 1, 0] / n)
    if top == 0 or bottom == 0:
        return NotEvaluable("ratio_undefined", "The pooled odds ratio is 0 or infinite.")
    plain, corrected = _breslow_day(used, top / bottom)
    from statsmodels.stats.contingency_tables import StratifiedTable  # slow to import

    table = StratifiedTable(list(used))
    null = table.test_null_odds(correction=False)
    half = critical_value(level) * float(table.logodds_pooled_se)
    if math.isinf(half):
        return NotEvaluable("no_interval", "An interval at level 1 has no limits.")
    centre, df = math.log(top / bottom), len(used) - 1
    return StratifiedOdds(
        pooled=top / bottom,
        low=math.exp(centre - half),
        high=math.exp(centre + half),
        level=level,
        breslow_day=plain,
        breslow_day_p=float(special.chdtrc(df, plain)),
        tarone=corrected,
        tarone_p=float(special.chdtrc(df, corrected)),
        df=df,
        cmh=float(null.statistic),
        cmh_p=float(null.pvalue),
        n_strata=len(used),
        n_left_out=len(whole) - len(used),
    )


def _breslow_day(tables: FloatArray, ratio: float) -> tuple[float, float]:
    """The statistic and Tarone's correction of it, at the pooled odds ratio."""
    a = tables[:, 0, 0]
    row, column, n = tables[:, 0].sum(axis=1), tables[:, :, 0].sum(axis=1), tables.sum(axis=(1, 2))
    expected = _expected(row, column, n, ratio)
    cells = expected, row - expected, column - expected, n - row - column + expected
    variance = 1 / np.sum([1 / cell for cell in cells], axis=0)
    plain = math.fsum((a - expected) ** 2 / variance)
    correction = math.fsum(a - expected) ** 2 / math.fsum(variance)
    return plain, max(plain - correction, 0.0)


def _expected(row: FloatArray, column: FloatArray, n: FloatArray, ratio: float) -> FloatArray:
    """The first cell with margins kept and odds ratio `ratio`: (1-r) e^2 + b e - r row col = 0."""
    a, c = 1 - ratio, ratio * row * column
    b = ratio * (row + column) + n - row - column
    root = np.sqrt(np.maximum(b**2 + 4 * a * c, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(b >= 0, 2 * c / (b + root), (root - b) / (2 * a)))


@dataclass(frozen=True, slots=True)
class EqualOdds:
    """Pearson's chi-squared that the candidate's share of discordant pairs is equal."""

    chi_squared: float
    df: int
    p_value: float


def equal_conditional_odds(discordant: Sequence[tuple[int, int]]) -> EqualOdds | NotEvaluable:
    """Are the paired odds n10/n01 equal? One (n10, n01) a level; levels without any take no part.

    The conditional likelihood of a paired odds ratio is that of the discordant pairs (Breslow & Day
    1980, 5.2). Refuses fewer than two levels and discordance in one direction only.
    """
    table = np.array([row for row in discordant if sum(row) > 0], dtype=np.float64).reshape(-1, 2)
    if len(table) < 2:
        return NotEvaluable("one_group", "Fewer than two levels have a discordant pair.")
    if (table.sum(axis=0) == 0).any():
        return NotEvaluable("ratio_undefined", "All discordant pairs go one way.")
    from scipy import stats  # costs half a second: only where it is used

    found = stats.chi2_contingency(table, correction=False)
    return EqualOdds(float(found.statistic), int(found.dof), float(found.pvalue))
