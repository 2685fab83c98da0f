"""Logistic recalibration: how far the logit of the predictions is from the logit of the truth.

log odds(event) = intercept + slope * logit(p), where a perfect arm has intercept 0 and slope 1.
With the slope held at 1 the intercept is calibration in the large. Cox 1958, Biometrika 45:562;
Van Calster et al. 2019, BMC Medicine 17:230.

Where pairs are independent, standard errors come from the information of the model and refer to
the normal, as in a generalized linear model. Where subjects come back they come from sums of the
score by subject with K/(K-1), and refer to Student's t with K-1 degrees of freedom.

The fits are written out here because a general routine overflows on predictions near 0 and 1
and returns a number with a warning where no maximum exists; statsmodels is the second witness.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import NotEvaluable, Quantity
from evaluation.inference.probabilities.predicted import ONE_CLASS, Predicted, share_of_events
from evaluation.inference.probabilities.quantities import symmetric
from evaluation.inference.refusals import ONE_CLUSTER

_MOST_STEPS = 200
_SMALLEST_STEP = 2.0**-40
_REACHED = 1e-20
_NEAR = 1e-8
_FLAT = 1e-10
_NOTHING = 1e-20
NOT_CONVERGED = NotEvaluable("not_converged", "The logistic fit did not reach its maximum.")


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients, their covariance (k, k), and the log-likelihood at them."""

    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float


def in_the_large(data: Predicted, *, level: float) -> Quantity | NotEvaluable:
    """Intercept with the slope held at 1: 0 is right, below 0 the arm predicts too much.

    Refuses one class, predictions of exactly 0 or 1, one subject.
    """
    logit = _logit(data)
    if isinstance(logit, NotEvaluable):
        return logit
    found = _intercept(data, logit)
    if isinstance(found, NotEvaluable):
        return found
    value, variance = float(found.coefficients[0]), float(found.covariance[0, 0])
    face = Quantity("citl", "calibration in the large (0 is right)", estimate=value)
    return _quantity(data, face, variance, null=0.0, level=level)


@dataclass(frozen=True, slots=True)
class Recalibration:
    """Joint intercept and slope, and the test that they are 0 and 1 together."""

    intercept: Quantity
    slope: Quantity
    unreliability: Quantity | NotEvaluable


def recalibration(data: Predicted, *, level: float) -> Recalibration | NotEvaluable:
    """The outcome on the logit; intercept and slope are tested against 0 and 1.

    Refuses what `in_the_large` refuses, and constant or separating predictions: where every event
    was given at least the probability of every non-event, or at most, no slope is the likeliest.
    """
    fit = joint_fit(data)
    if isinstance(fit, NotEvaluable):
        return fit
    intercept, slope = (float(value) for value in fit.coefficients)
    variances = [float(value) for value in np.diag(fit.covariance)]
    joint = "intercept beside the slope (0 is right; not calibration in the large)"
    face = Quantity("joint_intercept", joint, estimate=intercept)
    slope_face = Quantity("slope", "calibration slope (1 is right)", estimate=slope)
    return Recalibration(
        _quantity(data, face, variances[0], null=0.0, level=level),
        _quantity(data, slope_face, variances[1], null=1.0, level=level),
        _likelihood_ratio(data, fit) if data.index is None else _robust_wald(data, fit),
    )


def _likelihood_ratio(data: Predicted, fit: Fit) -> Quantity:
    """The U test of independent pairs. Miller et al. 1991, Statistics in Medicine 10:1213."""
    as_predicted = log_likelihood(special.logit(data.probability), data.outcome)
    chi_squared = max(0.0, 2 * (fit.log_likelihood - as_predicted))
    return Quantity(
        "unreliability",
        "intercept 0 and slope 1 together: likelihood ratio, chi-squared with 2 degrees",
        statistic=chi_squared,
        df=2.0,
        p_value=float(special.chdtrc(2, chi_squared)),
    )


def _robust_wald(data: Predicted, fit: Fit) -> Quantity | NotEvaluable:
    """Wald with the covariance between subjects, scaled as Hotelling's to F with 2 and K-2."""
    degrees = data.n_clusters - 2
    if degrees < 1:
        return NotEvaluable("too_few_clusters", "A joint test of two numbers needs 3 subjects.")
    covariance = fit.covariance
    if np.linalg.det(covariance) <= _FLAT * covariance[0, 0] * covariance[1, 1]:
        return NotEvaluable("zero_variance", "Intercept and slope vary only together.")
    away = fit.coefficients - np.array([0.0, 1.0])
    wald = float(away @ np.linalg.solve(covariance, away))
    scaled = wald * degrees / (2 * (data.n_clusters - 1))
    return Quantity(
        "unreliability",
        "intercept 0 and slope 1 together: robust Wald test, F with 2 and K-2 degrees",
        statistic=scaled,
        df=float(degrees),
        p_value=float(special.fdtrc(2, degrees, scaled)),
    )


def log_likelihood(linear: FloatArray, outcome: FloatArray) -> float:
    """Of independent outcomes whose log odds are `linear`."""
    return exact_sum(outcome * linear - np.logaddexp(0, linear))


def joint_fit(data: Predicted) -> Fit | NotEvaluable:
    """Maximum likelihood of intercept and slope by Newton's steps that never lose likelihood.

    Refuses predictions of exactly 0 or 1, one class, constant or separated predictions, and a fit
    that does not converge.
    """
    logit = _logit(data)
    if isinstance(logit, NotEvaluable):
        return logit
    refusal = _not_estimable(data, logit)
    if refusal is not None:
        return refusal
    centre, spread = exact_sum(logit) / data.n, float(np.std(logit))
    design = np.column_stack((np.ones(data.n), (logit - centre) / spread))
    solved = _maximum(design, data.outcome)
    if isinstance(solved, NotEvaluable):
        return solved
    fit = _fit(data, design, solved, np.zeros(data.n))
    if isinstance(fit, NotEvaluable):
        return fit
    back = np.array([[1.0, -centre / spread], [0.0, 1 / spread]])
    return Fit(back @ fit.coefficients, back @ fit.covariance @ back.T, fit.log_likelihood)


def _logit(data: Predicted) -> FloatArray | NotEvaluable:
    """Log odds of the predictions, or the reason why there are none to work with."""
    if data.one_class:
        return ONE_CLASS
    if data.n_clusters < 2:
        return ONE_CLUSTER
    certain = int(np.count_nonzero((data.probability == 0) | (data.probability == 1)))
    if certain:
        reason = (
            f"{certain} of {data.n} predictions are exactly 0 or 1; their log odds are infinite, "
            "and to leave them out would favour an arm that is too sure."
        )
        return NotEvaluable("certain_predictions", reason)
    return np.asarray(special.logit(data.probability), dtype=np.float64)


def _not_estimable(data: Predicted, logit: FloatArray) -> NotEvaluable | None:
    """Why there is no finite slope; None when there is one."""
    if logit.min() == logit.max():
        return NotEvaluable("constant_scores", "The arm gives every pair the same probability.")
    events, others = logit[data.outcome == 1], logit[data.outcome == 0]
    if others.max() <= events.min() or events.max() <= others.min():
        reason = (
            "The predictions separate events from non-events, so no finite calibration slope is "
            "the likeliest."
        )
        return NotEvaluable("separated", reason)
    return None


def _intercept(data: Predicted, logit: FloatArray) -> Fit | NotEvaluable:
    """The root of the score, which rises with the intercept and changes sign in the bracket."""
    events = exact_sum(data.outcome)
    at = float(special.logit(share_of_events(data.outcome)))

    def excess(intercept: float) -> float:
        return float(special.expit(intercept + logit).sum()) - events

    low, high = at - float(logit.max()) - 1e-9, at - float(logit.min()) + 1e-9
    root = float(optimize.brentq(excess, low, high, xtol=1e-13, rtol=1e-14, maxiter=500))
    return _fit(data, np.ones((data.n, 1)), np.array([root]), logit)


def _maximum(design: FloatArray, outcome: FloatArray) -> FloatArray | NotEvaluable:
    """Newton's method, halving a step that would lose likelihood; the problem is concave.

    Close to the maximum, where what a step gains drowns in rounding, steps are taken whole.
    """
    at = np.zeros(design.shape[1])
    at[0] = special.logit(share_of_events(outcome))
    value = log_likelihood(design @ at, outcome)
    for _ in range(_MOST_STEPS):
        share = special.expit(design @ at)
        gradient = design.T @ (outcome - share)
        information = (design * (share * (1 - share))[:, None]).T @ design
        if np.linalg.cond(information) > 1e14:
            return NOT_CONVERGED
        step = np.linalg.solve(information, gradient)
        gain = float(gradient @ step) / max(1.0, abs(value))
        if gain <= _REACHED:
            return np.asarray(at + step, dtype=np.float64)
        reached = log_likelihood(design @ (at + step), outcome)
        while reached < value and gain > _NEAR:
            step = step / 2
            reached = log_likelihood(design @ (at + step), outcome)
            if np.abs(step).max() < _SMALLEST_STEP:
                return NOT_CONVERGED
        at, value = at + step, reached
    return NOT_CONVERGED


def _fit(
    data: Predicted, design: FloatArray, at: FloatArray, offset: FloatArray
) -> Fit | NotEvaluable:
    """Covariance at the maximum: of the model, or from scores summed by subject."""
    linear = design @ at + offset
    share = special.expit(linear)
    information = (design * (share * (1 - share))[:, None]).T @ design
    if not np.isfinite(information).all() or np.linalg.det(information) <= 0:
        return NOT_CONVERGED
    inverse = np.linalg.inv(information)
    covariance = np.asarray(inverse, dtype=np.float64)
    if data.index is not None:
        residual = data.outcome - share
        scores = np.column_stack([data.by_subject(column * residual) for column in design.T])
        k = data.n_clusters
        covariance = covariance @ (scores.T @ scores) @ covariance * (k / (k - 1))
    if not (np.diag(covariance) > _NOTHING * np.diag(inverse)).all():
        return NotEvaluable("zero_variance", "The fit does not vary between subjects.")
    return Fit(at, covariance, log_likelihood(linear, data.outcome))


def _quantity(
    data: Predicted, face: Quantity, variance: float, *, null: float, level: float
) -> Quantity:
    return symmetric(face, float(np.sqrt(variance)), null=null, level=level, df=data.df)
