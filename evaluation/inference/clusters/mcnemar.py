"""Tests of equal paired shares with clusters, as published: for comparison, none knows a margin.

They weight differently: Obuchowski and Yang every encounter, Durkalski every subject. The
registered form is `clusters.clustered_difference`. Statistics are chi-squared with one degree
of freedom; a variance of zero is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.refusals import ONE_CLUSTER

OBUCHOWSKI = Method(
    "obuchowski_clustered_mcnemar",
    "Sum of discordant differences of subjects over its variance under equality.",
    "Obuchowski 1998, Statistics in Medicine 17:1495",
)
DURKALSKI = Method(
    "durkalski_clustered_mcnemar",
    "Unweighted mean of the subjects' own differences.",
    "Durkalski et al. 2003, Statistics in Medicine 22:2417",
)
YANG = Method(
    "yang_clustered_mcnemar",
    "As Obuchowski's, with the variance half way to the one centred at the estimate.",
    "Yang, Sun & Hardin 2010, Biometrical Journal 52:638",
)
ELIASZIW = Method(
    "eliasziw_clustered_mcnemar",
    "McNemar's statistic over the design effect of the discordant pairs, from the intraclass "
    "correlation of the four cells.",
    "Eliasziw & Donner 1991, Statistics in Medicine 10:1981",
)


@dataclass(frozen=True, slots=True)
class ClusteredMcNemar:
    """A chi-squared statistic with one degree of freedom and its p-value."""

    method: Method
    chi_squared: float
    p_two_sided: float


def _answer(method: Method, chi_squared: float) -> ClusteredMcNemar:
    return ClusteredMcNemar(method, chi_squared, float(special.chdtrc(1, chi_squared)))


def obuchowski(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """(K-1)/K (sum u)^2 / sum u^2 with u = n10 - n01 of a subject; one table a subject.

    Refuses fewer than two subjects and subjects without any excess. Obuchowski 1998, Stat Med
    17:1495.
    """
    u = np.array([t.n10 - t.n01 for t in tables], dtype=np.float64)
    if len(u) < 2:
        return ONE_CLUSTER
    squares = exact_sum(u * u)
    if squares == 0:
        return NotEvaluable("zero_variance", "No subject has a discordant excess.")
    return _answer(OBUCHOWSKI, (len(u) - 1) / len(u) * exact_sum(u) ** 2 / squares)


def durkalski(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """(sum u/n)^2 / sum (u/n)^2: every subject counts alike, another estimand.

    Refuses as `obuchowski`. Durkalski et al. 2003, Stat Med 22:2417.
    """
    u = np.array([t.difference for t in tables], dtype=np.float64)
    if len(u) < 2:
        return ONE_CLUSTER
    squares = exact_sum(u * u)
    if squares == 0:
        return NotEvaluable("zero_variance", "No subject has a discordant excess.")
    return _answer(DURKALSKI, exact_sum(u) ** 2 / squares)


def yang(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """Mean of the sums of squares about zero and about the pooled estimate, with K/(K-1).

    Refuses as `obuchowski`. Yang, Sun & Hardin 2010, Biom J 52:638.
    """
    u = np.array([t.n10 - t.n01 for t in tables], dtype=np.float64)
    n = np.array([t.n for t in tables], dtype=np.float64)
    if len(u) < 2:
        return ONE_CLUSTER
    total = exact_sum(u)
    centred = u - n * total / exact_sum(n)
    factor = len(u) / (len(u) - 1)
    variance = factor * (exact_sum(u * u) + exact_sum(centred * centred)) / 2
    if variance == 0:
        return NotEvaluable("zero_variance", "No subject has a discordant excess.")
    return _answer(YANG, total**2 / variance)


def eliasziw(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """McNemar / (1 + (nc - 1) rho).

    nc is the average number of discordant pairs of a subject who has any, adjusted for their
    spread; rho the correlation of discordant pairs, from an analysis of variance of the four
    cells pooled. Refuses subjects with one pair each (nothing varies within them), fewer than two
    subjects with a discordant pair, cells that do not vary, and a design effect that is not
    positive.
    """
    cells = np.array([[t.n11, t.n10, t.n01, t.n00] for t in tables], dtype=np.float64)
    discordant = cells[:, 1] + cells[:, 2] if len(tables) else np.empty(0)
    if len(tables) < 2:
        return ONE_CLUSTER
    if np.count_nonzero(discordant) < 2:
        reason = "Fewer than two subjects have a discordant pair."
        return NotEvaluable("no_discordant_pairs", reason)
    correlation = _discordant_correlation(cells)
    if isinstance(correlation, NotEvaluable):
        return correlation
    effect = 1 + (_adjusted_size(discordant) - 1) * correlation
    if not effect > 0:
        return NotEvaluable("zero_variance", "The estimated design effect is not positive.")
    won, lost = exact_sum(cells[:, 1]), exact_sum(cells[:, 2])
    return _answer(ELIASZIW, (won - lost) ** 2 / (won + lost) / effect)


def _discordant_correlation(cells: FloatArray) -> float | NotEvaluable:
    """Intraclass correlation of the cells, pooled over all four, turned to discordant pairs."""
    size = cells.sum(axis=1)
    k, mean = len(size), float(size.mean())
    if mean == 1:
        reason = "Every subject has one pair, so nothing varies within subjects."
        return NotEvaluable("no_variation_within", reason)
    share = cells.sum(axis=0) / size.sum()
    adjusted = mean - exact_sum((size - mean) ** 2) / (k * (k - 1) * mean)
    apart = (cells - size[:, None] * share) ** 2 / size[:, None]
    within_cells = cells * (size[:, None] - cells) / size[:, None]
    between = exact_sum(apart.ravel()) / k
    within = exact_sum(within_cells.ravel()) / (k * (mean - 1))
    both = between + (adjusted - 1) * within
    above = between - within
    if not abs(both) > 0:
        return NotEvaluable("zero_variance", "All pairs fall into the same cell.")
    # rho = 1 / (1 + p (1 - r) / r) with r = above / both, written without dividing by r
    below = above + (share[1] + share[2]) * (both - above)
    if not abs(below) > 0:
        return NotEvaluable("zero_variance", "The correlation of discordant pairs is 0/0.")
    return float(above / below)


def _adjusted_size(discordant: FloatArray) -> float:
    """nc: discordant pairs of a subject with any, their spread taken into account."""
    k, any_ = len(discordant), int(np.count_nonzero(discordant))
    mean = exact_sum(discordant) / any_
    spread = exact_sum((discordant - mean) ** 2) - (k - any_) * mean**2
    adjusted = mean - spread / (any_ * (any_ - 1) * mean)
    return adjusted + any_ * (mean - adjusted)
