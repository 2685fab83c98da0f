"""Score tests of equal accuracy: predictive values, and both shares at once. None has a margin."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.diagnostic.cells import (
    CANDIDATE,
    DISEASED,
    STANDARD_OF_CARE,
    WITHOUT_SPREAD,
    PairedTests,
    unusable,
)
from evaluation.inference.proportions.difference import score_statistic
from evaluation.inference.wald import two_sided

WEIGHTED_SCORE = Method(
    name="weighted_generalised_score",
    sentence="Weighted generalised score test of equal predictive values.",
    citation="Kosinski 2013, Statistics in Medicine 32:964",
)
GENERALISED_SCORE = Method(
    name="generalised_score",
    sentence="Generalised score test of equal predictive values.",
    citation="Leisenring, Alonzo & Pepe 2000, Biometrics 56:345",
)
GLOBAL = Method(
    name="global_accuracy_test",
    sentence="Joint test of equal sensitivity and equal specificity with two degrees of freedom.",
    citation="Lachenbruch & Lynch 1998, Statistics in Medicine 17:2207; Hotelling 1931",
)


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """`statistic` is signed, positive where the candidate is ahead; its square is chi-squared."""

    method: Method
    statistic: float
    p_two_sided: float
    df: float | None


def generalised_score(
    tests: PairedTests, measure: Literal["ppv", "npv"]
) -> ScoreTest | NotEvaluable:
    """Leisenring's test of equal predictive values.

    Every pair scores (truth - pooled value) times its part in either arm's denominator; with
    repeated subjects their sums take a one-sample t test with K-1 degrees of freedom. Refuses no
    pair, one subject, an arm that never gives the answer in question, and scores without spread.
    """
    parts = _pooled(tests, measure)
    if isinstance(parts, NotEvaluable):
        return parts
    scores = parts.scores
    total = exact_sum(tests.totals * scores)
    size = math.sqrt(exact_sum(tests.totals * np.abs(scores) ** 2))
    if not tests.clustered:
        if size == 0:
            return _NO_SPREAD
        return _score(GENERALISED_SCORE, total / size, None)
    sums = tests.sums(scores)
    k = len(sums)
    error = math.sqrt(k / (k - 1) * exact_sum((sums - total / k) ** 2))
    if error <= WITHOUT_SPREAD * size:
        return _NO_SPREAD
    return _score(GENERALISED_SCORE, total / error, tests.df)


def weighted_score(tests: PairedTests, measure: Literal["ppv", "npv"]) -> ScoreTest | NotEvaluable:
    """Kosinski's test: the pooled value is a weighted mean, the variance binomial under equality.

    Refuses as `generalised_score`, and repeated subjects: with the variance between subjects in
    the place of the binomial one, its statistic is the generalised score's.
    """
    if tests.clustered:
        reason = "With repeated subjects this test coincides with the generalised score."
        return NotEvaluable("independent_pairs_only", reason)
    parts = _pooled(tests, measure)
    if isinstance(parts, NotEvaluable):
        return parts
    weight = 1 / parts.n_candidate + 1 / parts.n_standard_of_care
    own, shared = parts.share * (1 - parts.share), 2 * parts.covariance
    spread = own - shared
    if spread <= WITHOUT_SPREAD * own:
        return _NO_SPREAD
    return _score(WEIGHTED_SCORE, parts.difference / math.sqrt(spread * weight), None)


_NO_SPREAD = NotEvaluable("zero_variance", "The scores show no spread, so there is no test.")


@dataclass(frozen=True, slots=True)
class GlobalTest:
    """Joint test of both shares: chi-squared with 2 df, or F with 2 and `df` (K-2) df."""

    method: Method
    statistic: float
    p_value: float
    df: float | None


def global_test(tests: PairedTests) -> GlobalTest | NotEvaluable:
    """Equal sensitivity and equal specificity at once; superiority only, either way.

    Sum of two McNemar statistics; with repeated subjects Hotelling's T^2 of the linearised
    differences. Refuses a class without discordant pairs, fewer than three subjects, and
    differences of which one does not vary between subjects, or both only together.
    """
    refusal = unusable(tests)
    if refusal is not None:
        return refusal
    diseased, healthy = tests.table(diseased=True), tests.table(diseased=False)
    if diseased.n_discordant == 0 or healthy.n_discordant == 0:
        reason = "With or without the event, no pair is discordant."
        return NotEvaluable("no_discordant_pairs", reason)
    if tests.clustered:
        return _between_subjects(tests)
    chi = exact_sum(np.array([score_statistic(t, 0.0) ** 2 for t in (diseased, healthy)]))
    return GlobalTest(GLOBAL, chi, math.exp(-chi / 2), None)


def _between_subjects(tests: PairedTests) -> GlobalTest | NotEvaluable:
    k = len(tests.cells)
    if k < 3:
        return NotEvaluable("too_few_subjects", "A joint test needs three subjects at least.")
    residuals, effects = [], []
    for among in (DISEASED, 1 - DISEASED):
        n = tests.total(among)
        gap = among * (CANDIDATE - STANDARD_OF_CARE)
        effect = tests.total(gap) / n
        influence = (gap - effect * among) / n
        residuals.append(tests.sums(influence))
        effects.append(effect)
        size = math.sqrt(exact_sum(tests.totals * influence**2))
        if math.sqrt(exact_sum(residuals[-1] ** 2)) <= WITHOUT_SPREAD * size:
            return _NO_SPREAD  # all pairs of a class in one subject, but for rounding
    factor = k / (k - 1)
    (a, b), (x, y) = residuals, effects
    saa, sbb, sab = (factor * exact_sum(one * two) for one, two in ((a, a), (b, b), (a, b)))
    determinant = saa * sbb - sab**2
    if determinant <= WITHOUT_SPREAD * saa * sbb:
        return _NO_SPREAD
    hotelling = (sbb * x * x - 2 * sab * x * y + saa * y * y) / determinant
    statistic = (k - 2) / (2 * (k - 1)) * hotelling
    return GlobalTest(GLOBAL, statistic, float(special.fdtrc(2, k - 2, statistic)), float(k - 2))


@dataclass(frozen=True, slots=True)
class _Pooled:
    scores: FloatArray
    share: float
    difference: float
    covariance: float
    n_candidate: int
    n_standard_of_care: int


def _pooled(tests: PairedTests, measure: Literal["ppv", "npv"]) -> _Pooled | NotEvaluable:
    """Scores under one common predictive value, and Kosinski's covariance of overlapping pairs."""
    refusal = unusable(tests)
    if refusal is not None:
        return refusal
    truth, own, other = DISEASED, CANDIDATE, STANDARD_OF_CARE
    if measure == "npv":
        truth, own, other = 1 - truth, 1 - own, 1 - other
    p, q = tests.total(own), tests.total(other)
    if p == 0 or q == 0:
        reason = "An arm never gives the answer that the predictive value is about."
        return NotEvaluable("predictive_value_undefined", reason)
    right_p, right_q = tests.total(truth * own), tests.total(truth * other)
    share = (right_p + right_q) / (p + q)
    residual = truth - share
    return _Pooled(
        scores=residual * (own * q - other * p) / (p + q),
        share=share,
        difference=right_p / p - right_q / q,
        covariance=exact_sum(tests.totals * (own * other * residual**2)) / (p + q),
        n_candidate=p,
        n_standard_of_care=q,
    )


def _score(method: Method, statistic: float, df: float | None) -> ScoreTest:
    return ScoreTest(method, statistic, two_sided(statistic, df), df)
