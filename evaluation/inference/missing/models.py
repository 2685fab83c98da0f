"""Logistic models of an outcome or of its ascertainment, and proper draws from them.

The predictors are both arms' answers and one named input, standardised. An answer that is missing
is a fact known at the encounter: it enters as the mean with an indicator of its own.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, cluster_index
from evaluation.inference.base import NotEvaluable
from protocols.errors import UsageError

Posterior = Literal["normal_approximation", "bayesian_bootstrap"]
POSTERIORS: dict[str, Posterior] = {
    "normal_approximation": "normal_approximation",
    "bayesian_bootstrap": "bayesian_bootstrap",
}
LARGEST_ERROR = 1e3  # of a standardised coefficient: beyond it the likelihood has no maximum
SEPARATED = NotEvaluable("model_not_estimable", "The predictors separate the outcomes completely.")
CODES = (0.0, 1.0)  # of a column that says who belongs to a group


@dataclass(frozen=True, slots=True)
class Predictor:
    """One column before coding; `n_levels` is None for a number, else places count from 0."""

    values: FloatArray
    n_levels: int | None = None


def design(predictors: Sequence[Predictor], among: BoolArray | None = None) -> FloatArray:
    """Intercept and coded predictors, (n, q).

    Columns that others determine are left out, as are those that do so on the rows `among` which
    the model is fitted to: their coefficient could not be had.
    """
    n = len(predictors[0].values)
    fitted = np.ones(n, dtype=np.bool_) if among is None else among
    columns = [np.ones(n)]
    for predictor in predictors:
        for column in _coded(predictor):
            trial = np.column_stack((*columns, column))
            seen = trial[fitted]
            if np.linalg.matrix_rank(seen.T @ seen / max(n, 1), tol=1e-10) == trial.shape[1]:
                columns.append(column)
    return np.column_stack(columns)


def _coded(predictor: Predictor) -> list[FloatArray]:
    values = np.asarray(predictor.values, dtype=np.float64)
    missing = ~np.isfinite(values)
    if predictor.n_levels is not None:
        levels = range(1, predictor.n_levels)
        return [(values == level).astype(np.float64) for level in levels] + [
            missing.astype(np.float64)
        ]
    present = values[~missing]
    spread = float(present.std()) if present.size else 0.0
    if spread == 0:
        return [missing.astype(np.float64)]
    scaled = np.where(missing, 0.0, (np.where(missing, 0.0, values) - present.mean()) / spread)
    return [scaled, missing.astype(np.float64)]


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (q,) on the log-odds and the lower root of their covariance, (q, q)."""

    coefficients: FloatArray
    root: FloatArray


def logistic(
    x: FloatArray, event: BoolArray, weights: FloatArray | None = None
) -> Fit | NotEvaluable:
    """Maximum likelihood; `weights` multiply the likelihood of each row.

    Refuses one class, fewer events or non-events than coefficients, and separated data, where a
    fit would only print a large number.
    """
    n_events = int(event.sum())
    rarer = min(n_events, len(event) - n_events)
    if rarer == 0:
        return NotEvaluable("one_class", "A model needs both events and non-events.")
    if rarer < x.shape[1]:
        reason = f"{rarer} events or non-events are too few for {x.shape[1]} coefficients."
        return NotEvaluable("too_few_events", reason)
    import statsmodels.api as sm  # costs half a second: only where it is used

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation is looked for below
        try:
            model = sm.GLM(
                event.astype(np.float64), x, family=sm.families.Binomial(), freq_weights=weights
            )
            found = model.fit(maxiter=50, tol=1e-12)
            root = np.linalg.cholesky(np.asarray(found.normalized_cov_params, dtype=np.float64))
        except np.linalg.LinAlgError:
            return _separated(x, event)
    coefficients = np.asarray(found.params, dtype=np.float64)
    if not (np.isfinite(coefficients).all() and np.abs(root).max() < LARGEST_ERROR):
        return _separated(x, event)
    return Fit(coefficients, root)


def _separated(x: FloatArray, event: BoolArray) -> NotEvaluable:
    """The refusal, with the group that is alike in what is modelled where one is to blame."""
    for column in x.T[1:]:
        for code in CODES if np.isin(column, CODES).all() else ():
            group = event[column == code]
            if len(set(group.tolist())) == 1:
                return NotEvaluable(
                    SEPARATED.code,
                    f"A group of {len(group)} pairs that a predictor sets apart (a level, or pairs"
                    " without the candidate's answer) is alike in what is modelled, so the model"
                    " has no estimate.",
                )
    return SEPARATED


@dataclass(frozen=True, slots=True)
class Draw:
    """One imputation's log-odds of the event and uniform numbers, for the pairs without outcome."""

    log_odds: FloatArray
    uniform: FloatArray

    def events(self, shift: FloatArray | float = 0.0) -> BoolArray:
        """Imputed outcomes with the log-odds shifted; larger shifts only add events."""
        return np.asarray(self.uniform < special.expit(self.log_odds + shift), dtype=np.bool_)


def outcome_draws(
    x: FloatArray,
    outcome: BoolArray,
    known: BoolArray,
    cluster: IntArray,
    *,
    posterior: Posterior,
    seed: int,
    m: int,
) -> Iterator[Draw] | NotEvaluable:
    """`m` proper draws of the model of `outcome` given `x`, for the rows that are not known.

    `normal_approximation` draws coefficients around their maximum likelihood estimate (Rubin 1987,
    5.3); `bayesian_bootstrap` refits with exponential weights by subject, so it knows that subjects
    come back (Rubin 1981, Ann Stat 9:130). Rows must be in canonical order. Refuses what `logistic`
    refuses; raises `UsageError` for fewer than two draws.
    """
    if m < 2:
        raise UsageError("RESAMPLING", "Multiple imputation needs two imputations at least.")
    if known.all():  # nothing to draw, so nothing to model
        return (Draw(np.zeros(0), np.zeros(0)) for _ in range(m))
    fit = logistic(x[known], outcome[known])
    if isinstance(fit, NotEvaluable):
        return fit
    rng = np.random.default_rng(seed)
    if posterior == "normal_approximation":
        return _normal_draws(fit, x[~known], rng, m)
    refits: list[FloatArray] = []
    index, k = cluster_index(cluster)
    for _ in range(m):
        weights = rng.standard_exponential(k)[index][known]
        refit = logistic(x[known], outcome[known], weights)
        if isinstance(refit, NotEvaluable):
            return refit
        refits.append(refit.coefficients)
    return (_draw(coefficients, x[~known], rng) for coefficients in refits)


def _normal_draws(fit: Fit, x: FloatArray, rng: np.random.Generator, m: int) -> Iterator[Draw]:
    for _ in range(m):
        noise = fit.root @ rng.standard_normal(len(fit.root))
        yield _draw(fit.coefficients + noise, x, rng)


def _draw(coefficients: FloatArray, x: FloatArray, rng: np.random.Generator) -> Draw:
    return Draw(x @ coefficients, rng.random(len(x)))


def number_draws(
    x: FloatArray,
    values: FloatArray,
    known: BoolArray,
    cluster: IntArray,
    *,
    posterior: Posterior,
    seed: int,
    m: int,
) -> Iterator[FloatArray] | NotEvaluable:
    """`m` proper draws of a number from a normal linear model, for the rows that are not known.

    As `outcome_draws`; residual variance from its scaled inverse chi-squared (Rubin 1987, 5.3).
    Refuses no more known values than coefficients, and values that the predictors determine. Raises
    `UsageError` for fewer than two draws.
    """
    if m < 2:
        raise UsageError("RESAMPLING", "Multiple imputation needs two imputations at least.")
    if known.all():
        return (np.zeros(0) for _ in range(m))
    seen, y = x[known], values[known]
    df = len(y) - seen.shape[1]
    if df < 1 or np.linalg.matrix_rank(seen) < seen.shape[1]:
        return NotEvaluable("model_not_estimable", "Too few known values for the model.")
    squares = float(((y - _least_squares(seen, y, None)[0] @ seen.T) ** 2).sum())
    if squares <= 1e-24 * float((y**2).sum()):
        return NotEvaluable("zero_variance", "The known values do not vary around the model.")
    return _number_draws(
        x, y, known, cluster, posterior=posterior, rng=np.random.default_rng(seed), m=m
    )


def _number_draws(
    x: FloatArray,
    y: FloatArray,
    known: BoolArray,
    cluster: IntArray,
    *,
    posterior: Posterior,
    rng: np.random.Generator,
    m: int,
) -> Iterator[FloatArray]:
    seen, unseen = x[known], x[~known]
    index, k = cluster_index(cluster)
    df = len(y) - seen.shape[1]
    for _ in range(m):
        resampled = posterior == "bayesian_bootstrap"
        weights = rng.standard_exponential(k)[index][known] if resampled else None
        coefficients, inverse = _least_squares(seen, y, weights)
        residual = y - seen @ coefficients
        total = float((residual**2).sum())
        spread = np.sqrt(total / (df if resampled else rng.chisquare(df)))
        if not resampled:
            root = np.linalg.cholesky(inverse)
            coefficients = coefficients + spread * (root @ rng.standard_normal(len(root)))
        yield unseen @ coefficients + spread * rng.standard_normal(len(unseen))


def _least_squares(
    x: FloatArray, y: FloatArray, weights: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    weighted = x if weights is None else x * weights[:, None]
    inverse = np.asarray(np.linalg.inv(weighted.T @ x), dtype=np.float64)
    return inverse @ (weighted.T @ y), inverse
