"""Diagnostic accuracy of both arms as lists of quantities: values, effects, tests of equality."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable, Quantity
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.diagnostic.cells import (
    CANDIDATE,
    STANDARD_OF_CARE,
    Measure,
    PairedTests,
    unusable,
    value,
)
from evaluation.inference.diagnostic.effects import (
    LIKELIHOOD_RATIO_REGRESSION,
    RELATIVE_SHARE,
    Effect,
    difference,
    relative,
    warnings_of,
    without_spread,
)
from evaluation.inference.diagnostic.scores import (
    GLOBAL,
    ScoreTest,
    generalised_score,
    global_test,
    weighted_score,
)
from evaluation.inference.proportions.difference import score_test
from evaluation.inference.rows import Rows
from protocols.vocabulary import Direction

TITLES: dict[Measure, str] = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "false_positive_share": "share of false positives among those without the event",
    "ppv": "positive predictive value",
    "npv": "negative predictive value",
    "positive_likelihood_ratio": "positive likelihood ratio",
    "negative_likelihood_ratio": "negative likelihood ratio",
}
SHARES: tuple[Measure, ...] = ("sensitivity", "specificity", "false_positive_share")
LIKELIHOOD_RATIOS: tuple[Measure, ...] = ("positive_likelihood_ratio", "negative_likelihood_ratio")
BOTH_SHARES = Method(
    name="sensitivity_and_specificity",
    sentence=(
        "Sensitivity and specificity each held against its own margin; both must pass "
        "(intersection-union: the larger one-sided p-value)."
    ),
    citation="Berger 1982, Technometrics 24:295; Tango 1998; Liang & Zeger 1986",
)
PREDICTIVE_VALUES = Method(
    name="predictive_values",
    sentence=(
        "Predictive values of both arms, their difference and ratio, and the score tests of "
        "equality."
    ),
    citation=(
        "Kosinski 2013, Statistics in Medicine 32:964; Leisenring, Alonzo & Pepe 2000, "
        "Biometrics 56:345; Moskowitz & Pepe 2006, Clinical Trials 3:272; "
        "Wang, Davis & Soong 2006, Statistics in Medicine 25:2215"
    ),
)
RELATIVE_ACCURACY = Method(
    name="relative_accuracy",
    sentence=(
        "Ratios of sensitivity, of specificity and of false positive shares. "
        + RELATIVE_SHARE.sentence
    ),
    citation=RELATIVE_SHARE.citation,
)
LIKELIHOOD = Method(
    name="likelihood_ratios",
    sentence=LIKELIHOOD_RATIO_REGRESSION.sentence,
    citation=LIKELIHOOD_RATIO_REGRESSION.citation,
)


def relative_accuracy(tests: PairedTests, *, level: float) -> Findings | NotEvaluable:
    """Ratios of shares, each with a reason where it is missing; refuses no pair, one subject."""
    quantities = [q for measure in SHARES for q in _arms_and_ratio(tests, measure, level)]
    return _findings(RELATIVE_ACCURACY, tests, quantities)


def likelihood_ratios(tests: PairedTests, *, level: float) -> Findings | NotEvaluable:
    """Likelihood ratios of both arms and their ratios; refuses no pair and one subject."""
    quantities = [
        q for measure in LIKELIHOOD_RATIOS for q in _arms_and_ratio(tests, measure, level)
    ]
    return _findings(LIKELIHOOD, tests, quantities)


def predictive_values(tests: PairedTests, *, level: float) -> Findings | NotEvaluable:
    """Both predictive values in every form; refuses no pair and one subject."""
    quantities = [*_predictive(tests, "ppv", level), *_predictive(tests, "npv", level)]
    return _findings(PREDICTIVE_VALUES, tests, quantities)


def global_accuracy(tests: PairedTests) -> Findings | NotEvaluable:
    """The joint test of equal sensitivity and specificity; refuses as `global_test`."""
    found = global_test(tests)
    if isinstance(found, NotEvaluable):
        return found
    kind = "chi-squared with 2" if found.df is None else "F with 2 and K-2"
    quantity = Quantity(
        "equal_accuracy",
        f"equal sensitivity and specificity, {kind} degrees of freedom",
        statistic=found.statistic,
        df=found.df,
        p_value=found.p_value,
    )
    return _findings(GLOBAL, tests, [quantity])


def sensitivity_and_specificity(
    rows: Rows,
    *,
    margins: tuple[float, float],
    interval: Literal["tango", "linearised"],
    level: float,
) -> Findings | NotEvaluable:
    """Both shares against their margins (sensitivity first), and both at once.

    `tango` is the score interval of independent pairs, `linearised` takes its error between
    subjects with t(K-1). Refuses when neither share can be tested; a reason stands where one
    cannot, and then both are not shown.
    """
    estimates = [
        _share(rows.take(among), right=right, margin=margin, interval=interval, level=level)
        for among, right, margin in (
            (rows.outcome, True, margins[0]),
            (~rows.outcome, False, margins[1]),
        )
    ]
    if all(isinstance(found, NotEvaluable) for found in estimates):
        return next(found for found in estimates if isinstance(found, NotEvaluable))
    named = list(zip(("sensitivity", "specificity"), estimates, strict=True))
    quantities = [q for name, found in named for q in _share_quantities(name, found)]
    warnings = [w for found in estimates if isinstance(found, Estimate) for w in found.warnings]
    if interval == "tango" and rows.n_clusters < rows.n:
        warnings.append(
            f"{rows.n} pairs come from {rows.n_clusters} subjects; this interval treats pairs as "
            "independent."
        )
    quantities.append(_both(estimates))
    return Findings(BOTH_SHARES, tuple(quantities), rows.n, rows.n_clusters, tuple(warnings))


def _share(
    rows: Rows,
    *,
    right: bool,
    margin: float,
    interval: Literal["tango", "linearised"],
    level: float,
) -> Estimate | NotEvaluable:
    candidate, standard = rows.candidate_flag == right, rows.standard_of_care_flag == right
    better = Direction.HIGHER_IS_BETTER
    if interval == "tango":
        everyone = np.ones(rows.n, dtype=np.bool_)
        counts = PairedTests.of(candidate, standard, everyone).table(diseased=True)
        return score_test(counts, margin=margin, direction=better, level=level)
    return clustered_difference(
        candidate.astype(np.float64),
        standard.astype(np.float64),
        rows.cluster,
        margin=margin,
        direction=better,
        level=level,
    )


def _share_quantities(name: str, found: Estimate | NotEvaluable) -> Iterator[Quantity]:
    title = f"difference of {name}, with the one-sided p against its margin"
    if isinstance(found, NotEvaluable):
        yield Quantity(f"{name}_difference", title, reason=found.reason)
        return
    yield Quantity(f"{name}_candidate", f"{name} of the candidate", found.candidate)
    yield Quantity(
        f"{name}_standard_of_care", f"{name} of the standard of care", found.standard_of_care
    )
    yield Quantity(
        f"{name}_difference",
        title,
        found.estimate,
        found.standard_error,
        found.low,
        found.high,
        found.level,
        found.statistic,
        found.df,
        found.p_value,
    )


def _both(estimates: list[Estimate | NotEvaluable]) -> Quantity:
    title = "both against their margins, one-sided p (the larger of the two)"
    missing = [found.reason for found in estimates if isinstance(found, NotEvaluable)]
    if missing:
        return Quantity("both", title, reason=missing[0])
    p_value = max(found.p_value for found in estimates if isinstance(found, Estimate))
    return Quantity("both", title, p_value=p_value)


def _findings(
    method: Method, tests: PairedTests, quantities: list[Quantity]
) -> Findings | NotEvaluable:
    refusal = unusable(tests)
    if refusal is not None:
        return refusal
    warnings = warnings_of(tests)
    return Findings(method, tuple(quantities), tests.n_pairs, tests.n_clusters, warnings)


def _arms(tests: PairedTests, measure: Measure) -> Iterator[Quantity]:
    arms = (("candidate", CANDIDATE), ("standard_of_care", STANDARD_OF_CARE))
    for arm, flag in arms:
        estimate = value(tests, measure, flag)
        title = f"{TITLES[measure]} of the {arm.replace('_', ' ')}"
        reason = None if estimate is not None else "There is nothing below the line."
        yield Quantity(f"{measure}_{arm}", title, estimate, reason=reason)


def _arms_and_ratio(tests: PairedTests, measure: Measure, level: float) -> Iterator[Quantity]:
    yield from _arms(tests, measure)
    yield _ratio(tests, measure, level)


def _ratio(tests: PairedTests, measure: Measure, level: float) -> Quantity:
    title = f"ratio of the {TITLES[measure]}, candidate over standard of care"
    return _effect(f"{measure}_ratio", title, relative(tests, measure, level=level), tests)


def _predictive(
    tests: PairedTests, measure: Literal["ppv", "npv"], level: float
) -> Iterator[Quantity]:
    name = TITLES[measure]
    gap = difference(tests, measure, level=level)
    yield from _arms(tests, measure)
    yield _effect(f"{measure}_difference", f"difference of the {name}", gap, tests)
    yield _ratio(tests, measure, level)
    weighted, plain = weighted_score(tests, measure), generalised_score(tests, measure)
    yield _test(f"{measure}_wgs", f"equal {name}, weighted generalised score", weighted)
    yield _test(f"{measure}_gs", f"equal {name}, generalised score", plain)


def _effect(name: str, title: str, found: Effect | NotEvaluable, tests: PairedTests) -> Quantity:
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, reason=found.reason)
    if found.statistic is None:
        return Quantity(name, title, found.estimate, reason=without_spread(tests).reason)
    return Quantity(
        name,
        title,
        found.estimate,
        found.standard_error,
        found.low,
        found.high,
        found.level,
        found.statistic,
        found.df,
        found.p_two_sided,
    )


def _test(name: str, title: str, found: ScoreTest | NotEvaluable) -> Quantity:
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, reason=found.reason)
    return Quantity(name, title, statistic=found.statistic, df=found.df, p_value=found.p_two_sided)
