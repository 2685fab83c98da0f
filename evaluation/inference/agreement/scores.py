"""Ordered categories: difference of mean scores and of mean ranks on a square table."""

import math
from dataclasses import dataclass, replace

import numpy as np

from evaluation.inference.agreement.tables import checked_table
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.orientation import critical_value
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    "mean_scores",
    "Difference of the arms' mean scores and mean ranks over ordered categories; variance at the "
    "estimate (Wald) and under equal scores (score).",
    "Bhapkar 1968, Biometrics 24:329; Agresti 1983, Biometrics 39:505; Fagerland, Lydersen & "
    "Laake 2017, Statistical Analysis of Contingency Tables, chapter 9",
)
DIFFERENCE = Method(
    "mean_score_difference",
    "Difference of the arms' mean scores over ordered categories, pooled over encounters; variance "
    "linearised between subjects with K/(K-1); t with K-1 degrees of freedom.",
    "Bhapkar 1968, Biometrics 24:329; Liang & Zeger 1986, Biometrika 73:13",
)


@dataclass(frozen=True, slots=True)
class MeanScores:
    """Candidate minus standard of care in score points; two normal statistics and intervals.

    `wald` takes the variance at the estimate, `score` under equal mean scores.
    """

    estimate: float
    wald_error: float
    wald_statistic: float
    wald_interval: tuple[float, float]
    score_error: float
    score_statistic: float
    score_interval: tuple[float, float]


def mean_scores(
    table: FloatArray, scores: FloatArray, *, level: float
) -> MeanScores | NotEvaluable:
    """Mean scores of independent pairs; rows of the table are the candidate's levels.

    `scores` holds one finite number for each level. Refuses a table whose pairs never differ in
    score and one on which all differ by the same amount.
    """
    refused = checked_table(table)
    if refused is not None:
        return refused
    checked_scores(scores, len(table))
    n = table.sum()
    apart = scores[:, None] - scores
    mean = float((table * apart).sum() / n)
    square = float((table * apart**2).sum() / n)
    if square == 0:
        reason = f"The arms have the same score on all {int(n)} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    variance = float((table * (apart - mean) ** 2).sum() / n)
    if variance <= 1e-24 * square:
        reason = f"The difference is {mean} on every pair, so its variance is zero."
        return NotEvaluable("constant_differences", reason)
    wald, score = math.sqrt(variance / n), math.sqrt(square / n)
    critical = critical_value(level)
    return MeanScores(
        mean,
        wald,
        mean / wald,
        (mean - critical * wald, mean + critical * wald),
        score,
        mean / score,
        (mean - critical * score, mean + critical * score),
    )


@dataclass(frozen=True, slots=True)
class MeanRanks:
    """`tau` = P(standard of care ranks higher) - P(candidate ranks higher), for two random pairs.

    `superiority` is the first probability with half the ties, (tau + 1) / 2; `standard_error` is
    that of tau by the delta method. `own_ridit_error` ranks each arm in its own margin instead: the
    same where both margins are alike, for comparison with a package that prints it.
    """

    tau: float
    standard_error: float
    superiority: float
    own_ridit_error: float


def mean_ranks(table: FloatArray) -> MeanRanks | NotEvaluable:
    """Comparison of the marginal distributions by ranks, variance by the delta method.

    Refuses an empty table and one whose variance is zero. Agresti 1983, Biometrics 39:505.
    """
    refused = checked_table(table)
    if refused is not None:
        return refused
    n = float(table.sum())
    share = table / n
    rows, columns = share.sum(axis=1), share.sum(axis=0)
    place = np.arange(len(table))
    above = np.sign(place - place[:, None]).astype(np.float64)
    # in counts, so that like margins differ by exactly nothing
    tau = float(table.sum(axis=1) @ above @ table.sum(axis=0)) / n**2
    influence = (above @ columns)[:, None] + rows @ above - 2 * tau
    variance = float((share * influence**2).sum() / n)
    if variance <= 1e-24:
        reason = "The arms' ranks do not vary against each other, so their variance is zero."
        return NotEvaluable("zero_variance", reason)
    own = 2 * (_ridits(columns) - _ridits(rows)[:, None])
    spread = float((share * own**2).sum() - (share * own).sum() ** 2)
    return MeanRanks(tau, math.sqrt(variance), (tau + 1) / 2, math.sqrt(max(0.0, spread) / n))


def _ridits(share: FloatArray) -> FloatArray:
    """Share below each level and half the share at it."""
    return np.asarray(np.cumsum(share) - share / 2, dtype=np.float64)


def mean_score_difference(
    levels: tuple[IntArray, IntArray],
    cluster: IntArray,
    scores: FloatArray,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Mean score of the candidate minus that of the standard of care, against a margin.

    `levels` are the candidate's and the standard of care's level numbers. Refuses what
    `clustered_difference` refuses.
    """
    candidate, soc = (scores[arm] for arm in levels)
    found = clustered_difference(
        candidate, soc, cluster, margin=margin, direction=direction, level=level
    )
    return found if isinstance(found, NotEvaluable) else replace(found, method=DIFFERENCE)


def checked_scores(scores: FloatArray, n_levels: int) -> None:
    """Raises `UsageError` unless there is one finite score for each level."""
    if scores.shape != (n_levels,) or not np.isfinite(scores).all():
        raise UsageError("PARAMETER", f"The method needs {n_levels} scores, one for each level.")
