"""Registered analyses between subjects: each reads the rows and gives quantities."""

import math

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.clusters import differences, mcnemar, stacked
from evaluation.inference.clusters.means import (
    ClusterTotals,
    clustered_ratio,
    difference_of_totals,
)
from evaluation.inference.clusters.ratio import ratio_test
from evaluation.inference.clusters.stacked import Link, Working
from evaluation.inference.clusters.wald import (
    ZERO_VARIANCE,
    no_spread,
    pooled_difference,
    totals_or_refusal,
)
from evaluation.inference.orientation import critical_value
from evaluation.inference.partials import CountPartial
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.resampling import (
    Replicates,
    basic_interval,
    bca_interval,
    bootstrap_totals,
    jackknife_totals,
    percentile_interval,
)
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.wald import LARGEST_LOG, two_sided
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHODS: dict[str, Method] = {
    "clustered_effect": Method(
        "clustered_effect",
        "Difference of means, every encounter or every subject counting alike as registered; "
        "interval from variation between subjects with Student's t.",
        "Liang & Zeger 1986, Biometrika 73:13; Bell & McCaffrey 2002, Survey Methodology 28:169; "
        "Williamson, Datta & Satten 2003, Biometrics 59:36",
    ),
    "clustered_effect_bootstrap": Method(
        "clustered_effect_bootstrap",
        "Difference of means with an interval from resampling subjects.",
        "Efron 1987, Journal of the American Statistical Association 82:171; Davison & Hinkley "
        "1997, chapters 2, 3 and 5",
    ),
    "clustered_ratio_estimate": Method(
        "clustered_ratio_estimate",
        "Ratio of means; variance of the linearised residual between subjects, Student's t on the "
        "log scale.",
        "Woodruff 1971, Journal of the American Statistical Association 66:411",
    ),
    "clustered_mcnemar": Method(
        "clustered_mcnemar",
        "Published chi-squared tests of equal shares with clusters, and McNemar's beside them.",
        "Eliasziw & Donner 1991, Statistics in Medicine 10:1981; Obuchowski 1998, 17:1495; "
        "Durkalski et al. 2003, 22:2417; Yang, Sun & Hardin 2010, Biometrical Journal 52:638",
    ),
    "gee_arm_effect": stacked.METHOD,
}
SUPERIORITY = Direction.HIGHER_IS_BETTER


def _weighted(rows: Rows, asked: Asked) -> ClusterTotals | NotEvaluable:
    """Totals as registered: with subject weights every subject is one row, its own mean."""
    totals = totals_or_refusal(rows.candidate, rows.standard_of_care, rows.cluster)
    weighting = asked.word("weighting")
    if weighting not in ("encounter_weighted", "subject_weighted"):
        raise UsageError("PARAMETER", f"There is no weighting {weighting}.")
    if isinstance(totals, NotEvaluable) or weighting == "encounter_weighted":
        return totals
    ones = np.ones(totals.n_clusters)
    return ClusterTotals(totals.candidate / totals.n, totals.standard_of_care / totals.n, ones)


def _title(asked: Asked) -> str:
    return f"candidate minus standard of care, {asked.word('weighting').replace('_', ' ')}"


def clustered_effect(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Difference with the interval `asked.interval`; refuses as the clustered tests do.

    Raises `UsageError` for an interval or a weighting that is not registered.
    """
    totals = _weighted(rows, asked)
    if isinstance(totals, NotEvaluable):
        return totals
    match asked.interval:
        case "linearised":
            test = difference_of_totals
        case "cr2":
            test = differences.cr2_test
        case "jackknife":
            test = differences.jackknife_test
        case word:
            raise UsageError("INTERVAL", f"A clustered effect has no interval {word}.")
    found = test(totals, margin=0.0, direction=SUPERIORITY, level=asked.level)
    if isinstance(found, NotEvaluable):
        return found
    quantity = Quantity(
        "difference",
        _title(asked),
        found.estimate,
        standard_error=found.standard_error,
        low=found.low,
        high=found.high,
        level=asked.level,
        statistic=found.statistic,
        df=found.df,
        p_value=two_sided(found.statistic, found.df),
    )
    return Findings(METHODS["clustered_effect"], (quantity,), rows.n, rows.n_clusters)


def clustered_effect_bootstrap(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Difference with a bootstrap interval by subject; seed and resamples from the protocol.

    Refuses as the clustered tests do, and where the interval asked for does not exist. Efron 1987,
    J Am Stat Assoc 82:171.
    """
    totals = _weighted(rows, asked)
    if isinstance(totals, NotEvaluable):
        return totals
    sums, mean = differences.pooled_sums(totals), differences.mean_of_sums
    seed, resamples = asked.drawing
    drawn = bootstrap_totals(sums, mean, seed=seed, resamples=resamples)
    if not isinstance(drawn, Replicates):
        return drawn
    if no_spread(drawn.standard_error, totals):
        return ZERO_VARIANCE
    estimate = pooled_difference(totals)
    limits = _bootstrap_limits(drawn, estimate, jackknife_totals(sums, mean), asked)
    if isinstance(limits, NotEvaluable):
        return limits
    quantity = Quantity(
        "difference",
        _title(asked),
        estimate,
        standard_error=drawn.standard_error,
        low=limits[0],
        high=limits[1],
        level=asked.level,
    )
    method = METHODS["clustered_effect_bootstrap"]
    return Findings(method, (quantity,), rows.n, rows.n_clusters, drawn.warnings)


def _bootstrap_limits(
    drawn: Replicates, estimate: float, left_out: FloatArray, asked: Asked
) -> tuple[float, float] | NotEvaluable:
    match asked.interval:
        case "bootstrap_percentile":
            return percentile_interval(drawn, level=asked.level)
        case "bootstrap_basic":
            return basic_interval(drawn, estimate, level=asked.level)
        case "bootstrap_bca":
            return bca_interval(drawn, estimate, left_out, level=asked.level)
        case word:
            raise UsageError("INTERVAL", f"A resampled effect has no interval {word}.")


def clustered_ratio_estimate(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Ratio of means with its log-scale t interval, and the linearised standard error.

    Refuses as `ratio_test`. Woodruff 1971, J Am Stat Assoc 66:411.
    """
    totals = totals_or_refusal(rows.candidate, rows.standard_of_care, rows.cluster)
    if isinstance(totals, NotEvaluable):
        return totals
    found = ratio_test(totals, margin=1.0, direction=SUPERIORITY, level=asked.level)
    plain = clustered_ratio(totals, level=asked.level)
    if isinstance(found, NotEvaluable):
        return found
    if isinstance(plain, NotEvaluable):
        return plain
    quantity = Quantity(
        "ratio",
        "candidate over standard of care",
        found.estimate,
        standard_error=plain.standard_error,
        low=found.low,
        high=found.high,
        level=asked.level,
        statistic=found.statistic,
        df=found.df,
        p_value=two_sided(found.statistic, found.df),
    )
    return Findings(METHODS["clustered_ratio_estimate"], (quantity,), rows.n, rows.n_clusters)


def clustered_mcnemar(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Four published tests; one that has no answer says why. Refuses no pair."""
    del asked
    if rows.n == 0:
        return NO_PAIRS
    flags = rows.candidate > 0.5, rows.standard_of_care > 0.5
    tables = CountPartial.of(*flags, rows.cluster).tables()
    tests = {
        "eliasziw": mcnemar.eliasziw,
        "obuchowski": mcnemar.obuchowski,
        "durkalski": mcnemar.durkalski,
        "yang": mcnemar.yang,
    }
    quantities = []
    for name, test in tests.items():
        title = f"{name.capitalize()}'s chi-squared with one degree of freedom"
        found = test(tables)
        if isinstance(found, NotEvaluable):
            quantities.append(Quantity(name, title, reason=found.reason))
        else:
            chi, p = found.chi_squared, found.p_two_sided
            quantities.append(Quantity(name, title, statistic=chi, p_value=p))
    return Findings(METHODS["clustered_mcnemar"], tuple(quantities), rows.n, rows.n_clusters)


def working_of(asked: Asked) -> Working:
    """The registered working correlation; raises `UsageError` for one that does not exist."""
    match asked.word("working_correlation"):
        case "independence":
            return "independence"
        case "exchangeable":
            return "exchangeable"
        case word:
            raise UsageError("PARAMETER", f"There is no working correlation {word}.")


def _link(asked: Asked) -> Link:
    match asked.word("link"):
        case "identity":
            return "identity"
        case "log":
            return "log"
        case "logit":
            return "logit"
        case word:
            raise UsageError("PARAMETER", f"There is no link {word}.")


def gee_arm_effect(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The arm's effect with plain sandwich and normal, and bias-reduced with t(K-1).

    Refuses as `stacked.arm_effect`; on a log or logit link also its exponential, without an upper
    limit where that is no finite number.
    """
    link = _link(asked)
    found = stacked.arm_effect(
        rows.candidate,
        rows.standard_of_care,
        rows.cluster,
        link=link,
        working=working_of(asked),
    )
    if isinstance(found, NotEvaluable):
        return found
    scale = {"identity": "difference", "log": "logarithm of the ratio", "logit": "log odds ratio"}
    df = float(found.totals.n_clusters - 1)
    quantities = [
        _effect("effect", f"{scale[link]}, bias-reduced", found, df=df, level=asked.level),
        _effect("effect_sandwich", f"{scale[link]}, sandwich", found, df=None, level=asked.level),
    ]
    if link != "identity":
        half = critical_value(asked.level, df) * found.bias_reduced
        name, title = ("ratio", "ratio") if link == "log" else ("odds_ratio", "odds ratio")
        bounded = found.estimate + half <= LARGEST_LOG
        exponential = Quantity(
            name,
            f"{title}, bias-reduced",
            math.exp(found.estimate),
            low=math.exp(found.estimate - half),
            high=math.exp(found.estimate + half) if bounded else None,
            level=asked.level,
            reason=None if bounded else "At this level the upper limit is no finite number.",
        )
        quantities.append(exponential)
    return Findings(METHODS["gee_arm_effect"], tuple(quantities), rows.n, rows.n_clusters)


def _effect(
    name: str, title: str, found: stacked.ArmEffect, *, df: float | None, level: float
) -> Quantity:
    error = found.sandwich if df is None else found.bias_reduced
    half = critical_value(level, df) * error
    statistic = found.estimate / error
    return Quantity(
        name,
        title,
        found.estimate,
        standard_error=error,
        low=found.estimate - half,
        high=found.estimate + half,
        level=level,
        statistic=statistic,
        df=df,
        p_value=two_sided(statistic, df),
    )
