"""Tests of equal paired shares with clusters, as published: for comparison, none knows a margin.

They weight differently: Obuchowski and Yang every encounter, Durkalski every subject. The
registered form is `clusters.clustered_difference`. Statistics are chi-squared with one degree
of freedom; a variance of zero is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.clusters.means import ONE_CLUSTER
from evaluation.inference.proportions.difference import PairedCounts

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


@dataclass(frozen=True, slots=True)
class ClusteredMcNemar:
    """A chi-squared statistic with one degree of freedom and its p-value."""

    method: Method
    chi_squared: float
    p_two_sided: float


def _answer(method: Method, chi_squared: float) -> ClusteredMcNemar:
    return ClusteredMcNemar(method, chi_squared, float(special.chdtrc(1, chi_squared)))


def obuchowski(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """(K-1)/K (sum u)^2 / sum u^2 with u = n10 - n01 of a subject."""
    u = np.array([t.n10 - t.n01 for t in tables], dtype=np.float64)
    if len(u) < 2:
        return ONE_CLUSTER
    squares = exact_sum(u * u)
    if squares == 0:
        return NotEvaluable("zero_variance", "No subject has a discordant excess.")
    return _answer(OBUCHOWSKI, (len(u) - 1) / len(u) * exact_sum(u) ** 2 / squares)


def durkalski(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """(sum u/n)^2 / sum (u/n)^2: every subject counts alike, another estimand."""
    u = np.array([t.difference for t in tables], dtype=np.float64)
    if len(u) < 2:
        return ONE_CLUSTER
    squares = exact_sum(u * u)
    if squares == 0:
        return NotEvaluable("zero_variance", "No subject has a discordant excess.")
    return _answer(DURKALSKI, exact_sum(u) ** 2 / squares)


def yang(tables: Sequence[PairedCounts]) -> ClusteredMcNemar | NotEvaluable:
    """Mean of the sums of squares about zero and about the pooled estimate."""
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
