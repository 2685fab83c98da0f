"""How well two numbers for one subject concord: Lin's coefficient and six intraclass forms."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.continuous.differences import finite_pairs
from evaluation.inference.orientation import critical_value
from protocols.errors import UsageError

CCC_METHOD = Method(
    name="concordance_correlation",
    sentence=(
        "Lin's concordance correlation coefficient with moments over n; the interval is normal "
        "for its inverse hyperbolic tangent."
    ),
    citation="Lin 1989, Biometrics 45:255, with the correction in 2000, Biometrics 56:324",
)
ICC_METHOD = Method(
    name="intraclass_correlation",
    sentence=(
        "Intraclass correlation of the arms' answers, in the registered form, from the analysis "
        "of variance; the interval is from F."
    ),
    citation=(
        "Shrout & Fleiss 1979, Psychological Bulletin 86:420; "
        "McGraw & Wong 1996, Psychological Methods 1:30"
    ),
)
IccForm = Literal[
    "one_way_single",
    "agreement_single",
    "consistency_single",
    "one_way_average",
    "agreement_average",
    "consistency_average",
]
"""ICC(1,1), ICC(2,1) = ICC(A,1), ICC(3,1) = ICC(C,1), and the same for the mean of all arms."""


@dataclass(frozen=True, slots=True)
class Concordance:
    """Lin's coefficient = `correlation` times `bias_correction`.

    `scale_shift` is sd(candidate) / sd(standard of care); `location_shift` is the mean
    difference over the geometric mean of the standard deviations, with moments over n. `low`
    and `high` are None with fewer than three pairs, or a correlation of 0 or 1.
    """

    estimate: float
    low: float | None
    high: float | None
    standard_error: float | None
    correlation: float
    bias_correction: float
    scale_shift: float
    location_shift: float


def concordance(
    candidate: FloatArray, standard_of_care: FloatArray, *, level: float
) -> Concordance | NotEvaluable:
    """Lin's concordance correlation of independent pairs; refuses an arm that does not vary."""
    refusal = finite_pairs(candidate, standard_of_care)
    if refusal is not None:
        return refusal
    n = candidate.size
    means = exact_sum(candidate) / n, exact_sum(standard_of_care) / n
    x, y = candidate - means[0], standard_of_care - means[1]
    sxx, syy = exact_sum(x * x) / n, exact_sum(y * y) / n
    if _flat(sxx, candidate) or _flat(syy, standard_of_care):
        return NotEvaluable("constant_scores", "An arm gives the same value on all pairs.")
    root = math.sqrt(sxx) * math.sqrt(syy)
    gap = means[0] - means[1]
    sxy = exact_sum(x * y) / n
    rho = 2 * sxy / (sxx + syy + gap**2)
    r, shift = max(-1.0, min(1.0, sxy / root)), gap / math.sqrt(root)
    error = _transformed_error(rho, r, shift, n)
    low = high = None
    if error is not None:
        half = critical_value(level) * error
        low, high = math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
    return Concordance(
        estimate=rho,
        low=low,
        high=high,
        standard_error=None if error is None else error * (1 - rho**2),
        correlation=r,
        bias_correction=2 * root / (sxx + syy + gap**2),
        scale_shift=math.sqrt(sxx / syy),
        location_shift=shift,
    )


def _flat(variance: float, values: FloatArray) -> bool:
    return math.sqrt(variance) <= 1e-12 * float(np.abs(values).max())


def _transformed_error(rho: float, r: float, shift: float, n: int) -> float | None:
    """Standard error of atanh(rho), Lin 2000; None where it is not defined."""
    if n < 3 or r == 0 or abs(rho) >= 1 or 1 - r * r <= 1e-15:
        return None
    variance = (
        (1 - r**2) * rho**2 * (1 - rho**2) / r**2
        + 2 * rho**3 * (1 - rho) * shift**2 / r
        - rho**4 * shift**4 / (2 * r**2)
    ) / (n - 2)
    return math.sqrt(variance) / (1 - rho**2) if variance > 0 else None


@dataclass(frozen=True, slots=True)
class Intraclass:
    """An intraclass correlation with its F interval; `f` tests a correlation of 0.

    A limit of an average is None where that of the single form is below any that can be stepped
    up. `df2` is that of the interval.
    """

    form: IccForm
    estimate: float
    low: float | None
    high: float | None
    f: float
    df1: float
    df2: float
    p_value: float


def intraclass(ratings: FloatArray, *, form: IccForm, level: float) -> Intraclass | NotEvaluable:
    """Intraclass correlation of `ratings`, one row a subject and one column a rater (arm).

    Every cell is finite. The interval of an average is that of the single form, stepped up by
    Spearman and Brown. Refuses fewer than two rows, rows that do not differ, and columns that agree
    (or differ by a constant), where no error is left. Raises `UsageError` for an unknown form and
    fewer than two columns. Shrout & Fleiss 1979, Psychol Bull 86:420; McGraw & Wong 1996, Psychol
    Methods 1:30.
    """
    if form not in get_args(IccForm):
        raise UsageError("ICC_FORM", f"There is no intraclass correlation {form}.")
    if ratings.ndim != 2 or ratings.shape[1] < 2:
        raise UsageError("SHAPE", "Ratings have one row a subject and at least two columns.")
    if not np.isfinite(ratings).all():
        return NotEvaluable("values_not_finite", "A rating is not a finite number.")
    n, k = ratings.shape
    if n < 2:
        return NotEvaluable("too_few_pairs", "An intraclass correlation needs two subjects.")
    squares = _mean_squares(ratings)
    if squares is None:
        reason = "Subjects do not differ, or the arms leave no error: there is no F."
        return NotEvaluable("zero_variance", reason)
    kind, unit = form.rsplit("_", 1)
    single, df2, f = _single(kind, squares, n, k)
    df1, tail = n - 1.0, (1 - level) / 2
    f_low = float(special.fdtri(df1, df2, 1 - tail))
    f_high = float(special.fdtri(df2, df1, 1 - tail))
    low, high = _single_limits(kind, squares, (n, k), (f, f_low, f_high))
    p_value = float(special.fdtrc(df1, df2, f))
    if unit == "single":
        return Intraclass(form, single, low, high, f, df1, df2, p_value)
    average = k * single / (1 + (k - 1) * single)
    limits = _stepped_up(low, k), _stepped_up(high, k)
    return Intraclass(form, average, *limits, f, df1, df2, p_value)


def _stepped_up(single: float, k: int) -> float | None:
    """The same for the mean of k raters (Spearman 1910, Brown 1910, Br J Psychol 3:271, 3:296)."""
    bottom = 1 + (k - 1) * single
    return k * single / bottom if bottom > 0 else None


@dataclass(frozen=True, slots=True)
class _Squares:
    rows: float
    within: float
    columns: float
    residual: float


def _mean_squares(ratings: FloatArray) -> _Squares | None:
    n, k = ratings.shape
    centred = ratings - exact_sum(ratings.ravel()) / ratings.size
    rows, columns = np.sort(centred, axis=1).mean(axis=1), np.sort(centred, axis=0).mean(axis=0)
    residual = centred - rows[:, None] - columns[None, :]
    found = _Squares(
        rows=k * exact_sum(rows**2) / (n - 1),
        within=exact_sum(((centred - rows[:, None]) ** 2).ravel()) / (n * (k - 1)),
        columns=n * exact_sum(columns**2) / (k - 1),
        residual=exact_sum((residual**2).ravel()) / ((n - 1) * (k - 1)),
    )
    smallest = 1e-24 * float(np.abs(ratings).max()) ** 2
    return None if min(found.rows, found.residual) <= smallest else found


def _single(kind: str, ms: _Squares, n: int, k: int) -> tuple[float, float, float]:
    """The single form, the second degrees of freedom of its interval, and F for no correlation."""
    if kind == "one_way":
        return (
            (ms.rows - ms.within) / (ms.rows + (k - 1) * ms.within),
            n * (k - 1.0),
            (ms.rows / ms.within),
        )
    error_df, f = (n - 1.0) * (k - 1), ms.rows / ms.residual
    if kind == "consistency":
        return (ms.rows - ms.residual) / (ms.rows + (k - 1) * ms.residual), error_df, f
    bottom = ms.rows + (k - 1) * ms.residual + k / n * (ms.columns - ms.residual)
    found = (ms.rows - ms.residual) / bottom
    a = k * found / (n * (1 - found))
    b = 1 + k * found * (n - 1) / (n * (1 - found))
    joined = (a * ms.columns + b * ms.residual) ** 2
    df2 = joined / ((a * ms.columns) ** 2 / (k - 1) + (b * ms.residual) ** 2 / error_df)
    return found, df2, f


def _single_limits(
    kind: str, ms: _Squares, shape: tuple[int, int], quantiles: tuple[float, float, float]
) -> tuple[float, float]:
    (n, k), (f, f_low, f_high) = shape, quantiles
    if kind != "agreement":
        low, high = f / f_low, f * f_high
        return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)
    rest = k * ms.columns + (k * n - k - n) * ms.residual
    low = n * (ms.rows - f_low * ms.residual) / (f_low * rest + n * ms.rows)
    high = n * (f_high * ms.rows - ms.residual) / (rest + n * f_high * ms.rows)
    return low, high
