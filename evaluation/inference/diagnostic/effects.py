"""Ratios and differences of two tests' accuracy on the same pairs, by linearisation.

The logarithm of a ratio of products of sums has one influence for each kind of pair; the error is
its root sum of squares over pairs, or over subjects with K/(K-1) and Student's t with K-1 degrees
of freedom. Without repeats this gives the published forms: Pepe 2003 for shares, Moskowitz & Pepe
2006 for predictive values, Gu & Pepe 2009 for likelihood ratios. Everything is candidate over, or
minus, standard of care.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray, IntArray, exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.diagnostic.cells import (
    CANDIDATE,
    STANDARD_OF_CARE,
    WITHOUT_SPREAD,
    Factors,
    Measure,
    PairedTests,
    factors,
    unusable,
    value,
)
from evaluation.inference.orientation import (
    critical_value,
    null_effect,
    null_ratio,
    turned,
    upper_tail,
)
from evaluation.inference.refusals import UNBOUNDED
from evaluation.inference.wald import LARGEST_LOG, two_sided
from protocols.vocabulary import Direction

FEW_DISCORDANT = 10
FEW_SUBJECTS = 15
WOODRUFF = "Woodruff 1971, Journal of the American Statistical Association 66:411"
_CLUSTERS = "; with repeated subjects between subjects, K/(K-1), Student's t with K-1"

RELATIVE_SHARE = Method(
    name="relative_share",
    sentence=(
        "Ratio of two paired shares, candidate over standard of care; log-linearised error"
        f"{_CLUSTERS}."
    ),
    citation=f"Pepe 2003, The Statistical Evaluation of Medical Tests, chapter 3; {WOODRUFF}",
)
RELATIVE_PREDICTIVE_VALUE = Method(
    name="relative_predictive_value",
    sentence=(
        "Ratio of two predictive values, candidate over standard of care; log-linearised error"
        f"{_CLUSTERS}."
    ),
    citation=f"Moskowitz & Pepe 2006, Clinical Trials 3:272; {WOODRUFF}",
)
LIKELIHOOD_RATIO_REGRESSION = Method(
    name="likelihood_ratio_regression",
    sentence=(
        "Ratio of two diagnostic likelihood ratios, candidate over standard of care, from the "
        f"saturated log-linear regression{_CLUSTERS}."
    ),
    citation=f"Gu & Pepe 2009, International Journal of Biostatistics 5:27; {WOODRUFF}",
)
PREDICTIVE_VALUE_DIFFERENCE = Method(
    name="predictive_value_difference",
    sentence=(
        "Difference of two predictive values, candidate minus standard of care, with its "
        f"linearised error{_CLUSTERS}."
    ),
    citation=f"Wang, Davis & Soong 2006, Statistics in Medicine 25:2215; {WOODRUFF}",
)
METHOD_OF: dict[Measure, Method] = {
    "sensitivity": RELATIVE_SHARE,
    "specificity": RELATIVE_SHARE,
    "false_positive_share": RELATIVE_SHARE,
    "ppv": RELATIVE_PREDICTIVE_VALUE,
    "npv": RELATIVE_PREDICTIVE_VALUE,
    "positive_likelihood_ratio": LIKELIHOOD_RATIO_REGRESSION,
    "negative_likelihood_ratio": LIKELIHOOD_RATIO_REGRESSION,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect with its linearised error and two-sided interval at `level`.

    `centre` is the logarithm of a ratio, or the difference itself; `standard_error` belongs to it
    and `statistic` is their quotient. `statistic` and `p_two_sided` are None where the data show
    no spread (error 0): then there is an estimate and no test.
    """

    estimate: float
    centre: float
    standard_error: float
    low: float
    high: float
    level: float
    df: float | None
    candidate: float
    standard_of_care: float
    statistic: float | None
    p_two_sided: float | None


def relative(tests: PairedTests, measure: Measure, *, level: float) -> Effect | NotEvaluable:
    """The ratio of the arms' measures.

    Refuses no pair, one subject, an arm whose measure is 0 or undefined, and limits too far out
    to be numbers (level 1 among them).
    """
    refusal = unusable(tests)
    if refusal is not None:
        return refusal
    own, other = factors(measure, CANDIDATE), factors(measure, STANDARD_OF_CARE)
    candidate = value(tests, measure, CANDIDATE)
    standard = value(tests, measure, STANDARD_OF_CARE)
    if not candidate or not standard:
        reason = "The measure of an arm is zero or over zero, so there is no ratio."
        return NotEvaluable("ratio_undefined", reason)
    influence = _log_influence(tests, own) - _log_influence(tests, other)
    scale = _log_influence(tests, own, size=True) + _log_influence(tests, other, size=True)
    error = _error(tests, influence, scale)
    centre = _log_ratio(tests, own, other)
    half = 0.0 if error == 0 else critical_value(level, tests.df) * error
    if half + abs(centre) > LARGEST_LOG:
        return UNBOUNDED
    statistic, p_value = _two_sided(centre, error, tests.df)
    return Effect(
        estimate=candidate / standard,
        centre=centre,
        standard_error=error,
        low=math.exp(centre - half),
        high=math.exp(centre + half),
        level=level,
        df=tests.df,
        candidate=candidate,
        standard_of_care=standard,
        statistic=statistic,
        p_two_sided=p_value,
    )


def difference(
    tests: PairedTests, measure: Literal["ppv", "npv"], *, level: float
) -> Effect | NotEvaluable:
    """The difference of the arms' predictive values; refuses as `relative`, but knows a 0."""
    refusal = unusable(tests)
    if refusal is not None:
        return refusal
    values, parts = [], []
    for flag in (CANDIDATE, STANDARD_OF_CARE):
        share = value(tests, measure, flag)
        if share is None:
            reason = "An arm never gives the answer that the predictive value is about."
            return NotEvaluable("predictive_value_undefined", reason)
        (above,), (below,) = factors(measure, flag).above, factors(measure, flag).below
        values.append(share)
        parts.append((above - share * below) / tests.total(below))
    error = _error(tests, parts[0] - parts[1], np.abs(parts[0]) + np.abs(parts[1]))
    centre = values[0] - values[1]
    half = 0.0 if error == 0 else critical_value(level, tests.df) * error
    if math.isinf(half):
        return UNBOUNDED
    statistic, p_value = _two_sided(centre, error, tests.df)
    return Effect(
        estimate=centre,
        centre=centre,
        standard_error=error,
        low=centre - half,
        high=centre + half,
        level=level,
        df=tests.df,
        candidate=values[0],
        standard_of_care=values[1],
        statistic=statistic,
        p_two_sided=p_value,
    )


def relative_test(
    tests: PairedTests,
    measure: Measure,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """The ratio held against a ratio margin (1 for superiority); raises as `null_ratio`.

    Refuses as `relative`, and data without spread, where any margin would pass.
    """
    null = math.log(null_ratio(margin, direction))
    found = relative(tests, measure, level=level)
    if isinstance(found, NotEvaluable):
        return found
    if found.statistic is None:
        return without_spread(tests)
    statistic = turned((found.centre - null) / found.standard_error, direction)
    return _estimate(METHOD_OF[measure], tests, found, statistic, scale="ratio")


def difference_test(
    tests: PairedTests,
    measure: Literal["ppv", "npv"],
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """The difference held against a margin (0 for superiority); refuses as `relative_test`."""
    null = null_effect(margin, direction)
    found = difference(tests, measure, level=level)
    if isinstance(found, NotEvaluable):
        return found
    if found.statistic is None:
        return without_spread(tests)
    statistic = turned((found.centre - null) / found.standard_error, direction)
    return _estimate(PREDICTIVE_VALUE_DIFFERENCE, tests, found, statistic, scale="difference")


def without_spread(tests: PairedTests) -> NotEvaluable:
    """Refuses a test: the arms agree everywhere, or the effect does not vary."""
    if _discordant(tests) == 0:
        reason = f"The arms flag alike on all {tests.n_pairs} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    return NotEvaluable("zero_variance", "The effect shows no spread, so its error is not known.")


def _estimate(
    method: Method,
    tests: PairedTests,
    found: Effect,
    statistic: float,
    *,
    scale: Literal["difference", "ratio"],
) -> Estimate:
    return Estimate(
        method=method,
        estimate=found.estimate,
        standard_error=found.standard_error,
        low=found.low,
        high=found.high,
        level=found.level,
        statistic=statistic,
        p_value=upper_tail(statistic, found.df),
        df=found.df,
        information=1 / found.standard_error**2,
        n_pairs=tests.n_pairs,
        n_clusters=tests.n_clusters,
        standard_of_care=found.standard_of_care,
        candidate=found.candidate,
        warnings=warnings_of(tests),
        scale=scale,
    )


def warnings_of(tests: PairedTests) -> tuple[str, ...]:
    """What makes a linearised error doubtful: few discordant pairs, or few subjects with one."""
    found = []
    discordant = _discordant(tests)
    if discordant < FEW_DISCORDANT:
        found.append(
            f"Only {discordant} of {tests.n_pairs} pairs are discordant; the linearised error is "
            "asymptotic and may be too small."
        )
    if tests.clustered:
        differ = tests.cells[:, (CANDIDATE != STANDARD_OF_CARE)].sum(axis=1)
        subjects = int(np.count_nonzero(differ))
        if subjects < FEW_SUBJECTS:
            found.append(f"Discordant pairs come from only {subjects} subjects.")
    return tuple(found)


def _discordant(tests: PairedTests) -> int:
    return tests.total((CANDIDATE != STANDARD_OF_CARE).astype(np.int64))


def _log_influence(tests: PairedTests, parts: Factors, *, size: bool = False) -> FloatArray:
    """What one pair of each kind adds to the logarithm of the measure, or the terms' size."""
    sign = 1.0 if size else -1.0
    found = np.zeros(8)
    for above in parts.above:
        found = found + above / tests.total(above)
    for below in parts.below:
        found = found + sign * below / tests.total(below)
    return found


def _log_ratio(tests: PairedTests, own: Factors, other: Factors) -> float:
    def product(kinds: tuple[IntArray, ...]) -> int:
        return math.prod(tests.total(x) for x in kinds)

    top = product(own.above) * product(other.below)
    bottom = product(own.below) * product(other.above)
    return math.log(top / bottom)


def _error(tests: PairedTests, influence: FloatArray, scale: FloatArray) -> float:
    """The standard error, exactly 0 where it is rounding only."""
    error = math.sqrt(tests.variance(influence))
    largest = math.sqrt(exact_sum(tests.totals * scale**2))
    return 0.0 if error <= WITHOUT_SPREAD * largest else error


def _two_sided(centre: float, error: float, df: float | None) -> tuple[float | None, float | None]:
    if error == 0:
        return None, None
    statistic = centre / error
    return statistic, two_sided(statistic, df)
