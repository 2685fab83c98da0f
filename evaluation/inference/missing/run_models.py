"""Words about missing outcomes that need a model: weighting, imputation, shifts.

The predictors are both arms' answers and the input that the parameter `covariate` names.
"""

import math
from dataclasses import replace

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, exact_sum
from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable, Quantity
from evaluation.inference.missing import imputation, weighting
from evaluation.inference.missing.answers import choice, findings, tested
from evaluation.inference.missing.imputation import Imputed, Imputing
from evaluation.inference.missing.models import POSTERIORS, Predictor, design
from evaluation.inference.missing.potential import COLUMNS, Potential
from evaluation.inference.rows import Asked, Rows

IPW_TEST = replace(weighting.METHOD, name="ipw_difference")
IMPUTED_TEST = replace(imputation.METHOD, name="imputed_difference")


def _inside(rows: Rows) -> BoolArray:
    """Known pairs of the measure's denominator."""
    return np.asarray(
        rows.known & np.isfinite(rows.candidate) & np.isfinite(rows.standard_of_care),
        dtype=np.bool_,
    )


def _predictors(rows: Rows, among: BoolArray | None = None) -> FloatArray:
    covariate = rows.column("covariate")
    levels = rows.labels.get("covariate")
    return design(
        [
            Predictor(rows.candidate_score),
            Predictor(rows.standard_of_care_score),
            Predictor(covariate, None if levels is None else len(levels)),
        ],
        among,
    )


WEIGHTS = {"delay_model": "delay_model", "registered": "registered"}


def _weighted(rows: Rows, asked: Asked, method: Method) -> Estimate | NotEvaluable:
    """With `registered` weights the covariate is the probability itself."""
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    probability: FloatArray | NotEvaluable
    if choice(asked, "weights", WEIGHTS) == "registered":
        probability = rows.column("covariate")
        if not np.isfinite(probability).all():
            return NotEvaluable("values_not_finite", "A pair lacks its registered probability.")
    else:
        probability = weighting.delay_model(_predictors(rows), rows.known)
    if isinstance(probability, NotEvaluable):
        return probability
    refusal = weighting.unsupported(probability)  # among all pairs, known or not
    if refusal is not None:
        return refusal
    inside = _inside(rows)
    found = weighting.weighted_difference(
        rows.candidate[inside],
        rows.standard_of_care[inside],
        rows.cluster[inside],
        probability=probability[inside],
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )
    if isinstance(found, NotEvaluable):
        return found
    return replace(found, method=method, warnings=(_stand_for(probability[inside]),))


def _stand_for(probability: FloatArray) -> str:
    weights = 1 / probability
    size = exact_sum(weights) ** 2 / exact_sum(weights**2)
    return (
        f"{len(weights)} known pairs weigh as much as {size:.1f} equal ones; one of them stands for"
        f" {float(weights.max()):.1f} pairs at most."
    )


def run_ipw_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """The word `ipw_difference` on rows.

    Refuses no pair, a registered probability that is missing, and as `delay_model` and
    `weighted_difference`.
    """
    return _weighted(rows, asked, IPW_TEST)


def run_ipw(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `inverse_probability_weighting` on rows, beside the difference without weights.

    Refuses as `run_ipw_test`.
    """
    found = _weighted(rows, asked, weighting.METHOD)
    if isinstance(found, NotEvaluable):
        return found
    title = "Weighted difference (p one-sided at the margin)"
    inside = _inside(rows)
    difference = rows.candidate[inside] - rows.standard_of_care[inside]
    plain = exact_sum(difference) / len(difference)
    quantities = (
        tested("difference", title, found, asked),
        Quantity("unweighted", "Difference without weights", plain),
        Quantity("known_share", "Share of pairs with a known outcome", float(rows.known.mean())),
    )
    return findings(weighting.METHOD, quantities, rows, *found.warnings)


def _imputed(
    rows: Rows, asked: Asked, deltas: tuple[float, ...], shift: imputation.Shift
) -> tuple[Imputed | NotEvaluable, ...] | NotEvaluable:
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    seed, m = asked.drawing
    posterior = POSTERIORS[choice(asked, "posterior", {**POSTERIORS})]
    by_outcome = set(COLUMNS) <= set(rows.extra)
    seen = rows.known if by_outcome else _inside(rows)
    if not seen.any():
        return NotEvaluable("no_pairs", "No pair has an ascertained outcome.")
    how = Imputing(_predictors(rows, seen), posterior, seed, m)
    if by_outcome:
        return imputation.imputed_differences(
            Potential.of(rows),
            how,
            deltas=deltas,
            shift=shift,
            margin=asked.margin,
            direction=asked.direction,
            level=asked.level,
        )
    return imputation.imputed_numbers(
        rows.candidate - rows.standard_of_care,
        seen,
        rows.cluster,
        how,
        deltas=deltas,
        shift=shift,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def run_imputed_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """The word `imputed_difference` on rows.

    Refuses no pair, none known, and as `imputed_differences` or `imputed_numbers`.
    """
    found = _imputed(rows, asked, (0.0,), "event")
    if isinstance(found, NotEvaluable):
        return found
    return _estimate(found[0], IMPUTED_TEST, rows, asked)


def _estimate(
    found: Imputed | NotEvaluable, method: Method, rows: Rows, asked: Asked
) -> Estimate | NotEvaluable:
    if isinstance(found, NotEvaluable):
        return found
    result = found.pooled
    by_arm = set(COLUMNS) <= set(rows.extra)  # imputed numbers are differences only
    return Estimate(
        method=method,
        estimate=result.estimate,
        standard_error=math.sqrt(result.total),
        low=result.low,
        high=result.high,
        level=asked.level,
        statistic=result.statistic,
        p_value=result.p_value,
        df=result.df,
        information=1 / result.total,
        n_pairs=found.n_pairs,
        n_clusters=found.n_clusters,
        standard_of_care=found.standard_of_care if by_arm else None,
        candidate=found.candidate if by_arm else None,
    )


def run_multiple_imputation(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `multiple_imputation` on rows: the pooled difference and its variances.

    Refuses as `run_imputed_test`.
    """
    found = _imputed(rows, asked, (0.0,), "event")
    if isinstance(found, NotEvaluable):
        return found
    if isinstance(found[0], NotEvaluable):
        return found[0]
    answer = _estimate(found[0], imputation.METHOD, rows, asked)
    title = "Pooled difference (p one-sided at the margin)"
    result = found[0].pooled
    quantities = (
        tested("difference", title, answer, asked),
        Quantity("within", "Variance within imputations", result.within),
        Quantity("between", "Variance between imputations", result.between),
        Quantity("fraction_missing", "Share of information missing", result.fraction_missing),
        Quantity("known_share", "Share of pairs with a known outcome", float(rows.known.mean())),
    )
    return findings(imputation.METHOD, quantities, rows)


def run_delta(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `delta_adjustment` on rows: the pooled difference at every shift.

    Delta 0 is always tried: a change of verdict is measured from it. Refuses as `run_imputed_test`.
    """
    shift = imputation.SHIFTS[choice(asked, "shift", {**imputation.SHIFTS})]
    deltas = tuple(sorted({0.0, *asked.numbers("deltas")}))
    found = _imputed(rows, asked, deltas, shift)
    if isinstance(found, NotEvaluable):
        return found
    answers = [_estimate(one, imputation.DELTA_METHOD, rows, asked) for one in found]
    alpha = (1 - asked.level) / 2
    holds = [None if isinstance(a, NotEvaluable) else a.p_value < alpha for a in answers]
    words = {True: "the claim holds", False: "the claim is lost", None: "no verdict"}
    cells = tuple(
        tested(
            f"delta_{at}", f"Shift {delta:+g}: {words[hold]} (p one-sided at the margin)", a, asked
        )
        for at, (delta, hold, a) in enumerate(zip(deltas, holds, answers, strict=True))
    )
    tipped = imputation.tipping_delta(deltas, holds)
    reason = None if tipped is not None else "No shift of the grid changes the verdict."
    title = "Shift nearest to 0 that changes the verdict"
    tip = Quantity("tipping_delta", title, tipped, reason=reason)
    return findings(imputation.DELTA_METHOD, (tip, *cells), rows)
