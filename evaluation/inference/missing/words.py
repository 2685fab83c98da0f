"""The words of protocols for outcomes that are missing, and the functions they mean.

All of them are given every pair of the population, known or not. Methods that complete outcomes
read the columns `potential.COLUMNS`; the predictors of a model are both arms' answers and the input
that `covariate` names.
"""

import math
from dataclasses import replace

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, exact_sum
from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable, Quantity
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.missing import ascertainment, bounds, imputation, tipping, weighting
from evaluation.inference.missing.areas import auc_bounds
from evaluation.inference.missing.cases import Extreme, Side, extreme_case
from evaluation.inference.missing.imputation import Imputed, Imputing
from evaluation.inference.missing.models import POSTERIORS, Predictor, design
from evaluation.inference.missing.potential import COLUMNS, Potential
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError

SIDES: tuple[Side, Side] = ("worst", "best")
IPW_TEST = replace(weighting.METHOD, name="ipw_difference")
IMPUTED_TEST = replace(imputation.METHOD, name="imputed_difference")


def _choice(asked: Asked, name: str, choices: dict[str, str]) -> str:
    word = asked.word(name)
    if word not in choices:
        raise UsageError("PARAMETER", f"{word} is no choice of {name}.")
    return word


def _inside(rows: Rows) -> BoolArray:
    """Known pairs of the measure's denominator."""
    return np.asarray(
        rows.known & np.isfinite(rows.candidate) & np.isfinite(rows.standard_of_care),
        dtype=np.bool_,
    )


def _predictors(rows: Rows) -> FloatArray:
    covariate = rows.column("covariate")
    levels = rows.labels.get("covariate")
    return design(
        [
            Predictor(rows.candidate_score),
            Predictor(rows.standard_of_care_score),
            Predictor(covariate, None if levels is None else len(levels)),
        ]
    )


def _worst_and_best(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Without columns for either outcome the endpoint is an area."""
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    is_area = not set(COLUMNS) <= set(rows.extra)
    quantities = _area_cases(rows, asked) if is_area else _pair_cases(rows, asked)
    if isinstance(quantities, NotEvaluable):
        return quantities
    unknown = float(np.count_nonzero(~rows.known))
    counted = Quantity("n_unascertained", "Pairs without an ascertained outcome", unknown)
    return _findings(bounds.METHOD, (counted, *quantities), rows)


def _pair_cases(rows: Rows, asked: Asked) -> list[Quantity]:
    pairs = Potential.of(rows)
    unresolved = float(np.count_nonzero(~pairs.known & (pairs.gain != 0)))
    title = "Unascertained pairs on which the arms differ"
    quantities = [Quantity("n_unresolved_discordant", title, unresolved)]
    for side in SIDES:
        found = extreme_case(
            pairs,
            side=side,
            margin=asked.margin,
            direction=asked.direction,
            level=asked.level,
            clustered=rows.clustered,
        )
        quantities.append(_case(side, found, asked))
    return quantities


def _area_cases(rows: Rows, asked: Asked) -> list[Quantity] | NotEvaluable:
    failed = ~np.isfinite(rows.candidate)
    found = auc_bounds(
        np.where(failed, 0.0, rows.candidate),
        rows.standard_of_care,
        rows.outcome,
        rows.known,
        margin=asked.margin,
        level=asked.level,
        failed=failed,
        cluster=rows.cluster if rows.clustered else None,
    )
    if isinstance(found, NotEvaluable):
        return found
    answers = zip(SIDES, (found.worst, found.best), strict=True)
    return [_case(side, _as_extreme(answer), asked) for side, answer in answers]


def _as_extreme(answer: Estimate | NotEvaluable) -> Extreme | NotEvaluable:
    if isinstance(answer, NotEvaluable):
        return answer
    return Extreme(answer.estimate, answer.low, answer.high, answer.p_value)


def _case(side: Side, found: Extreme | NotEvaluable, asked: Asked) -> Quantity:
    where = "against the candidate" if side == "worst" else "in the candidate's favour"
    title = f"Difference with every unascertained outcome {where} (p one-sided at the margin)"
    if isinstance(found, NotEvaluable):
        return Quantity(side, title, reason=found.reason)
    return _bounded(
        Quantity(side, title, found.estimate, p_value=found.p_value), found.low, found.high, asked
    )


def _bounded(quantity: Quantity, low: float, high: float, asked: Asked) -> Quantity:
    """With its interval; an infinite limit is no limit."""
    finite = [value if math.isfinite(value) else None for value in (low, high)]
    return replace(quantity, low=finite[0], high=finite[1], level=asked.level)


def _tested(name: str, title: str, answer: Estimate | NotEvaluable, asked: Asked) -> Quantity:
    if isinstance(answer, NotEvaluable):
        return Quantity(name, title, reason=answer.reason)
    quantity = Quantity(
        name,
        title,
        answer.estimate,
        answer.standard_error,
        statistic=answer.statistic,
        df=answer.df,
        p_value=answer.p_value,
    )
    return _bounded(quantity, answer.low, answer.high, asked)


def _findings(
    method: Method, quantities: tuple[Quantity, ...], rows: Rows, *warnings: str
) -> Findings:
    return Findings(method, quantities, rows.n, rows.n_clusters, warnings)


def _tipping(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    found = tipping.tipping_grid(
        Potential.of(rows),
        shares=asked.numbers("shares"),
        asked=tipping.Margin(asked.margin, asked.direction, asked.level),
        clustered=rows.clustered,
    )
    if isinstance(found, NotEvaluable):
        return found
    cells = tuple(
        _tested(f"cell_{at}", _cell_title(cell, found.unresolved), cell.answer, asked)
        for at, cell in enumerate(found.cells)
    )
    n_lost = float(sum(not cell.holds for cell in found.cells))
    lost = Quantity("n_cells_tipped", f"Cells of {len(cells)} without the claim", n_lost)
    return _findings(tipping.METHOD, (*_smallest(found), lost, *cells), rows)


def _cell_title(cell: tipping.Cell, unresolved: tuple[int, int]) -> str:
    against = [f"{n} of {of}" for n, of in zip(cell.against, unresolved, strict=True)]
    verdict = "the claim holds" if cell.holds else "the claim is lost"
    return (
        f"Against the candidate: {against[0]} pairs whose event would favour it, {against[1]} whose"
        f" event would favour the standard of care; {verdict} (p one-sided at the margin)"
    )


def _smallest(found: tipping.TippingGrid) -> tuple[Quantity, Quantity, Quantity]:
    cell = found.smallest
    reason = None if cell else "The claim holds even with all of them against the candidate."
    total = float(sum(cell.against)) if cell else None
    parts = [float(n) for n in cell.against] if cell else [None, None]
    what = "in the smallest assignment that loses the claim"
    return (
        Quantity("smallest", f"Pairs against the candidate {what}", total, reason=reason),
        Quantity(
            "smallest_candidate",
            f"Of these, pairs whose event would favour the candidate, {what}",
            parts[0],
            reason=reason,
        ),
        Quantity(
            "smallest_standard_of_care",
            f"Of these, pairs whose event would favour the standard of care, {what}",
            parts[1],
            reason=reason,
        ),
    )


WEIGHTS = {"delay_model": "delay_model", "registered": "registered"}


def _weighted(rows: Rows, asked: Asked, method: Method) -> Estimate | NotEvaluable:
    """With `registered` weights the covariate is the probability itself."""
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    probability: FloatArray | NotEvaluable
    if _choice(asked, "weights", WEIGHTS) == "registered":
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


def _ipw_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    return _weighted(rows, asked, IPW_TEST)


def _ipw(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    found = _weighted(rows, asked, weighting.METHOD)
    if isinstance(found, NotEvaluable):
        return found
    title = "Weighted difference (p one-sided at the margin)"
    inside = _inside(rows)
    difference = rows.candidate[inside] - rows.standard_of_care[inside]
    plain = exact_sum(difference) / len(difference)
    quantities = (
        _tested("difference", title, found, asked),
        Quantity("unweighted", "Difference without weights", plain),
        Quantity("known_share", "Share of pairs with a known outcome", float(rows.known.mean())),
    )
    return _findings(weighting.METHOD, quantities, rows, *found.warnings)


def _imputed(
    rows: Rows, asked: Asked, deltas: tuple[float, ...], shift: imputation.Shift
) -> tuple[Imputed | NotEvaluable, ...] | NotEvaluable:
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    seed, m = asked.drawing
    posterior = POSTERIORS[_choice(asked, "posterior", {**POSTERIORS})]
    how = Imputing(_predictors(rows), posterior, seed, m)
    if set(COLUMNS) <= set(rows.extra):
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
        _inside(rows),
        rows.cluster,
        how,
        deltas=deltas,
        shift=shift,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def _imputed_test(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
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


def _multiple_imputation(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    found = _imputed(rows, asked, (0.0,), "event")
    if isinstance(found, NotEvaluable):
        return found
    if isinstance(found[0], NotEvaluable):
        return found[0]
    answer = _estimate(found[0], imputation.METHOD, rows, asked)
    title = "Pooled difference (p one-sided at the margin)"
    result = found[0].pooled
    quantities = (
        _tested("difference", title, answer, asked),
        Quantity("within", "Variance within imputations", result.within),
        Quantity("between", "Variance between imputations", result.between),
        Quantity("fraction_missing", "Share of information missing", result.fraction_missing),
        Quantity("known_share", "Share of pairs with a known outcome", float(rows.known.mean())),
    )
    return _findings(imputation.METHOD, quantities, rows)


def _delta(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Delta 0 is always tried: a change of verdict is measured from it."""
    shift = imputation.SHIFTS[_choice(asked, "shift", {**imputation.SHIFTS})]
    deltas = tuple(sorted({0.0, *asked.numbers("deltas")}))
    found = _imputed(rows, asked, deltas, shift)
    if isinstance(found, NotEvaluable):
        return found
    answers = [_estimate(one, imputation.DELTA_METHOD, rows, asked) for one in found]
    alpha = (1 - asked.level) / 2
    holds = [None if isinstance(a, NotEvaluable) else a.p_value < alpha for a in answers]
    words = {True: "the claim holds", False: "the claim is lost", None: "no verdict"}
    cells = tuple(
        _tested(
            f"delta_{at}", f"Shift {delta:+g}: {words[hold]} (p one-sided at the margin)", a, asked
        )
        for at, (delta, hold, a) in enumerate(zip(deltas, holds, answers, strict=True))
    )
    tipped = imputation.tipping_delta(deltas, holds)
    reason = None if tipped is not None else "No shift of the grid changes the verdict."
    title = "Shift nearest to 0 that changes the verdict"
    tip = Quantity("tipping_delta", title, tipped, reason=reason)
    return _findings(imputation.DELTA_METHOD, (tip, *cells), rows)


STATUS_TITLES = {
    "both": "both arms flag",
    "candidate_only": "only the candidate flags",
    "standard_of_care_only": "only the standard of care flags",
    "neither": "no arm flags",
}


def _ascertainment(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    if not rows.n:
        return NotEvaluable("no_pairs", "There is no pair.")
    status = ascertainment.status_of(rows.candidate_flag, rows.standard_of_care_flag)
    shares = ascertainment.known_shares(status, rows.known, rows.cluster, level=asked.level)
    quantities = [_share(share, asked) for share in shares]
    found = ascertainment.equal_shares(status, rows.known, rows.cluster, clustered=rows.clustered)
    title = "Chi-squared test that the share known is the same whatever the arms predicted"
    if isinstance(found, NotEvaluable):
        quantities.append(Quantity("equal_shares", title, reason=found.reason))
    else:
        quantities.append(
            Quantity(
                "equal_shares",
                title,
                statistic=found.chi_squared,
                df=float(found.df),
                p_value=found.p_value,
            )
        )
    return _findings(ascertainment.METHOD, tuple(quantities), rows)


def _share(share: ascertainment.KnownShare, asked: Asked) -> Quantity:
    title = f"Share with a known outcome where {STATUS_TITLES[share.status]} ({share.n} pairs)"
    if share.share is None:
        return Quantity(share.status, title, reason="There is no such pair.")
    return Quantity(
        share.status, title, share.share, low=share.low, high=share.high, level=asked.level
    )


TESTS: dict[str, HypothesisTest] = {
    "ipw_difference": HypothesisTest(
        IPW_TEST,
        _ipw_test,
        limits=(
            "Unbiased only if ascertainment depends on nothing but the model's predictors; refuses "
            "a probability below 0.01 and separated data. Weights are taken as known."
        ),
        witnesses=("ipw_clustered_diff", "equal weights give the clustered difference"),
        keeps_unknown=True,
    ),
    "imputed_difference": HypothesisTest(
        IMPUTED_TEST,
        _imputed_test,
        limits=(
            "Outcomes missing at random given the predictors; outcomes of one subject are drawn as "
            "independent given them. Refuses separated data and fewer events than coefficients."
        ),
        witnesses=("rubin_m5", "with all outcomes known it is the clustered difference"),
        keeps_unknown=True,
    ),
}
ESTIMATORS: dict[str, Estimator] = {
    "worst_and_best_case": Estimator(
        bounds.METHOD,
        _worst_and_best,
        limits=(
            "Estimates are exact extremes; limits are those of the completions that attain them. "
            "Areas take higher as better."
        ),
        witnesses=("missing_bound_worst", "every assignment of small tables lies inside"),
        keeps_unknown=True,
    ),
    "tipping_point": Estimator(
        tipping.METHOD,
        _tipping,
        limits=(
            "For answers that are right or wrong. Where subjects come back, a share of the pairs "
            "is a weight and numbers of pairs are equivalents."
        ),
        witnesses=("missing_bound_worst", "the smallest assignment is found by trying all"),
        keeps_unknown=True,
    ),
    "delta_adjustment": Estimator(
        imputation.DELTA_METHOD,
        _delta,
        limits=(
            "The range of plausible shifts is a judgement that the protocol makes; refuses what "
            "multiple imputation refuses."
        ),
        witnesses=("rubin_m5", "the estimate rises with the shift towards the candidate"),
        keeps_unknown=True,
    ),
    "inverse_probability_weighting": Estimator(
        weighting.METHOD,
        _ipw,
        limits=(
            "Unbiased only if ascertainment depends on nothing but the model's predictors; refuses "
            "a probability below 0.01 and separated data. Weights are taken as known."
        ),
        witnesses=("ipw_clustered_diff", "equal weights give the clustered difference"),
        keeps_unknown=True,
    ),
    "multiple_imputation": Estimator(
        imputation.METHOD,
        _multiple_imputation,
        limits=(
            "Outcomes missing at random given the predictors; outcomes of one subject are drawn as "
            "independent given them. Refuses separated data and fewer events than coefficients."
        ),
        witnesses=("rubin_m5", "with all outcomes known it is the clustered difference"),
        keeps_unknown=True,
    ),
    "ascertainment": Estimator(
        ascertainment.METHOD,
        _ascertainment,
        limits=(
            "A candidate without an answer counts as not flagging. The chi-squared test is "
            "asymptotic and, between subjects, refuses a status in which nothing varies."
        ),
        witnesses=(
            "Clopper & Pearson 1934",
            "independent pairs: the interval is the exact binomial one",
        ),
        keeps_unknown=True,
    ),
}
