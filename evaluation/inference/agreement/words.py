"""The agreement family's words of the protocol, and how each reads the pairs."""

import numpy as np

from evaluation.inference.agreement import cochran, coefficients, homogeneity, scores
from evaluation.inference.agreement.coefficients import (
    Agreement,
    Coefficient,
    Raters,
    Weights,
    against_reference,
    coefficient,
    independent_error,
    kappa_difference,
)
from evaluation.inference.agreement.homogeneity import ChiSquared
from evaluation.inference.agreement.tables import between_subjects, square_table
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable, Quantity
from evaluation.inference.entries import Estimator, HypothesisTest
from evaluation.inference.orientation import critical_value
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.wald import two_sided
from protocols.errors import UsageError


def raters_of(rows: Rows) -> Raters | NotEvaluable:
    """Level numbers of both arms and the reference; refuses no pair and a missing level."""
    columns = rows.candidate, rows.standard_of_care, rows.column("reference")
    if rows.n == 0:
        return NO_PAIRS
    if not all(np.isfinite(column).all() for column in columns):
        return NotEvaluable("values_not_finite", "A pair lacks an arm's or the reference's level.")
    first, second, reference = (column.astype(np.int64) for column in columns)
    return Raters(first, second, reference, rows.cluster, len(rows.labels["reference"]))


def _weights(asked: Asked) -> Weights:
    match asked.word("weights"):
        case "unweighted":
            return "unweighted"
        case "linear":
            return "linear"
        case "quadratic":
            return "quadratic"
        case word:
            raise UsageError("PARAMETER", f"There are no weights named {word}.")


def _kappa_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    raters = raters_of(rows)
    if isinstance(raters, NotEvaluable):
        return raters
    return kappa_difference(
        raters,
        weights=_weights(asked),
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def _mean_score_difference(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    raters = raters_of(rows)
    if isinstance(raters, NotEvaluable):
        return raters
    points = _scores(asked, raters.n_levels)
    return scores.mean_score_difference(
        (raters.candidate, raters.standard_of_care),
        rows.cluster,
        points,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def _scores(asked: Asked, n_levels: int) -> FloatArray:
    points = np.asarray(asked.numbers("scores"), dtype=np.float64)
    scores.checked_scores(points, n_levels)
    return points


def _agreement(kind: Coefficient, rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    raters = raters_of(rows)
    if isinstance(raters, NotEvaluable):
        return raters
    weights = _weights(asked)
    match asked.word("comparison"):
        case "between_arms":
            quantities = _between_arms(raters, kind, weights, rows, asked.level)
        case "against_reference":
            quantities = _against_reference(raters, kind, weights, rows, asked.level)
        case word:
            raise UsageError("PARAMETER", f"There is no comparison named {word}.")
    if isinstance(quantities, NotEvaluable):
        return quantities
    return Findings(coefficients.METHODS[kind], quantities, rows.n, rows.n_clusters)


def _between_arms(
    raters: Raters, kind: Coefficient, weights: Weights, rows: Rows, level: float
) -> tuple[Quantity, ...] | NotEvaluable:
    pair = raters.candidate, raters.standard_of_care
    found = coefficient(square_table(*pair, raters.n_levels), kind, weights)
    if isinstance(found, NotEvaluable):
        return found
    error = _error(found, pair, raters.n_levels, rows)
    title = f"{TITLES[kind]} between the arms"
    observed = Quantity("observed_agreement", "observed agreement", found.observed)
    return _quantity(kind, title, found.estimate, error, _df(rows), level), observed


def _against_reference(
    raters: Raters, kind: Coefficient, weights: Weights, rows: Rows, level: float
) -> tuple[Quantity, ...] | NotEvaluable:
    found = against_reference(raters, kind, weights)
    if isinstance(found, NotEvaluable):
        return found
    sides = (
        ("candidate", raters.candidate, found.candidate),
        ("standard_of_care", raters.standard_of_care, found.standard_of_care),
    )
    quantities = []
    for name, levels, arm in sides:
        error = _error(arm, (levels, raters.reference), raters.n_levels, rows)
        title = f"{TITLES[kind]}, {name.replace('_', ' ')} against the reference"
        quantities.append(_quantity(f"{name}_{kind}", title, arm.estimate, error, _df(rows), level))
        title = f"observed agreement, {name.replace('_', ' ')} against the reference"
        quantities.append(Quantity(f"{name}_observed_agreement", title, arm.observed))
    apart = between_subjects(found.influence, rows.cluster)
    title = f"difference of {TITLES[kind]}, candidate minus standard of care"
    df = float(rows.n_clusters - 1)
    quantities.append(_quantity(f"{kind}_difference", title, found.difference, apart, df, level))
    return tuple(quantities)


TITLES: dict[Coefficient, str] = {"kappa": "kappa", "gwet": "Gwet's coefficient"}


def _df(rows: Rows) -> float | None:
    return float(rows.n_clusters - 1) if rows.clustered else None


def _error(
    found: Agreement, pair: tuple[IntArray, IntArray], n_levels: int, rows: Rows
) -> float | NotEvaluable:
    """Between subjects where they come back, else the delta method of independent pairs."""
    if rows.clustered:
        return between_subjects(found.influence[pair], rows.cluster)
    return independent_error(found, square_table(*pair, n_levels))


def _quantity(
    name: str,
    title: str,
    estimate: float,
    error: float | NotEvaluable,
    df: float | None,
    level: float,
) -> Quantity:
    if isinstance(error, NotEvaluable):
        return Quantity(name, title, estimate, reason=error.reason)
    half, statistic = critical_value(level, df) * error, estimate / error
    return Quantity(
        name,
        title,
        estimate,
        standard_error=error,
        low=estimate - half,
        high=estimate + half,
        level=level,
        statistic=statistic,
        df=df,
        p_value=two_sided(statistic, df),
    )


def _kappa(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return _agreement("kappa", rows, asked)


def _gwet(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    return _agreement("gwet", rows, asked)


def _tested(name: str, title: str, found: ChiSquared | NotEvaluable) -> Quantity:
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, reason=found.reason)
    df, p_value = float(found.df), found.p_value
    return Quantity(name, title, statistic=found.statistic, df=df, p_value=p_value)


def _marginal_homogeneity(rows: Rows, _asked: Asked) -> Findings | NotEvaluable:
    raters = raters_of(rows)
    if isinstance(raters, NotEvaluable):
        return raters
    table = square_table(raters.candidate, raters.standard_of_care, raters.n_levels)
    bowker = homogeneity.bowker(table)
    if isinstance(bowker, NotEvaluable):
        return bowker
    quantities = (
        _tested("bowker", "Bowker's test of symmetry", bowker),
        _tested("stuart_maxwell", "Stuart-Maxwell test", homogeneity.stuart_maxwell(table)),
        _tested("bhapkar", "Bhapkar's test", homogeneity.bhapkar(table)),
    )
    return Findings(homogeneity.METHOD, quantities, rows.n, rows.n_clusters)


def _mean_scores(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The interval is the one asked for: `wald` or `score`."""
    raters = raters_of(rows)
    if isinstance(raters, NotEvaluable):
        return raters
    points = _scores(asked, raters.n_levels)
    table = square_table(raters.candidate, raters.standard_of_care, raters.n_levels)
    found = scores.mean_scores(table, points, level=asked.level)
    if isinstance(found, NotEvaluable):
        return found
    if asked.interval == "score":
        error, (low, high) = found.score_error, found.score_interval
    else:
        error, (low, high) = found.wald_error, found.wald_interval
    difference = Quantity(
        "mean_score_difference",
        "difference of mean scores, candidate minus standard of care",
        found.estimate,
        standard_error=error,
        low=low,
        high=high,
        level=asked.level,
        statistic=found.estimate / error,
        p_value=two_sided(found.estimate / error, None),
    )
    return Findings(scores.METHOD, (difference, _ranks(table, asked)), rows.n, rows.n_clusters)


def _ranks(table: FloatArray, asked: Asked) -> Quantity:
    """Turned to candidate minus standard of care, as every effect."""
    name = "mean_rank_difference"
    title = "P(candidate ranks higher) - P(standard of care ranks higher), two random pairs"
    ranks = scores.mean_ranks(table)
    if isinstance(ranks, NotEvaluable):
        return Quantity(name, title, reason=ranks.reason)
    return _quantity(name, title, -ranks.tau + 0.0, ranks.standard_error, None, asked.level)


def _cochran_q(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    columns = [rows.candidate, rows.standard_of_care]
    further = asked.parameters.get("further_model")
    if further is not None:
        flag = rows.column("further_model")
        if not np.isin(flag, (0.0, 1.0)).all():
            return NotEvaluable("values_not_finite", "The further model lacks a flag of 0 or 1.")
        columns.append(((flag == 1) == rows.outcome).astype(np.float64))
    correct = np.column_stack(columns)
    found = cochran.cochran_q(correct)
    if isinstance(found, NotEvaluable):
        return found
    names = ("candidate", "standard_of_care", "further_model")
    shares = tuple(
        Quantity(f"{name}_accuracy", f"share right, {name.replace('_', ' ')}", float(share))
        for name, share in zip(names, correct.mean(axis=0), strict=False)
    )
    quantities = (_tested("cochran_q", "equal shares right, all models", found), *shares)
    return Findings(cochran.METHOD, quantities, rows.n, rows.n_clusters)


TESTS: dict[str, HypothesisTest] = {
    "kappa_difference": HypothesisTest(
        coefficients.DIFFERENCE,
        _kappa_difference,
        limits=(
            "Linear: with few subjects or near perfect agreement the normal form is poor. Refuses "
            "arms that never differ, one category, one subject."
        ),
        witnesses=("kappa_pathologists", "jackknife by subject"),
    ),
    "mean_score_difference": HypothesisTest(
        scores.DIFFERENCE,
        _mean_score_difference,
        limits="Scores are a judgement fixed beforehand. Refuses differences that never vary.",
        witnesses=(
            "ordinal_mean_scores_pathologists",
            "one pair a subject gives the scores of the table",
        ),
    ),
}
ESTIMATORS: dict[str, Estimator] = {
    "kappa": Estimator(
        coefficients.METHODS["kappa"],
        _kappa,
        limits=(
            "Falls with the prevalence of a category while the arms agree (94 % agreement can have "
            "kappa below 0). Refuses tables with one category only."
        ),
        witnesses=("kappa_vcd_kappa_2x2", "statsmodels cohens_kappa"),
    ),
    "gwet_agreement": Estimator(
        coefficients.METHODS["gwet"],
        _gwet,
        limits="Depends on the number of declared categories, used or not.",
        witnesses=("kappa_paradox", "numerical derivative by the pair"),
    ),
    "marginal_homogeneity": Estimator(
        homogeneity.METHOD,
        _marginal_homogeneity,
        limits=(
            "Takes pairs as independent; empty cells take degrees of freedom away. Refuses arms "
            "that never differ."
        ),
        witnesses=("marginal_homogeneity_pathologists", "statsmodels SquareTable"),
    ),
    "mean_scores": Estimator(
        scores.METHOD,
        _mean_scores,
        limits="Takes pairs as independent. Refuses arms whose scores never differ or all alike.",
        witnesses=("ordinal_mean_scores_pathologists", "jackknife by the pair"),
    ),
    "cochran_q": Estimator(
        cochran.METHOD,
        _cochran_q,
        limits=(
            "Takes pairs as independent; has no margin and no interval. Refuses models that are "
            "right on the same pairs."
        ),
        witnesses=("cochran_q_3models", "McNemar's test with two models"),
    ),
}
