"""How the protocol's words of this family read their columns."""

from typing import cast

import numpy as np

from evaluation.inference.base import Estimate, Findings, Method, NotEvaluable, Quantity
from evaluation.inference.continuous import (
    concordance,
    differences,
    hodges_lehmann,
    limits_of_agreement,
    regression,
    signed_rank,
)
from evaluation.inference.continuous.findings import (
    arm_values,
    findings_of,
    mean_difference,
    repeats,
    three_means,
)
from evaluation.inference.rows import Asked, Rows

MEAN_METHOD = Method(
    name="mean_difference",
    sentence=(
        "Means of both arms and their paired difference; variance linearised between subjects, "
        "Student's t with one degree of freedom less than subjects."
    ),
    citation="Student 1908, Biometrika 6:1; Liang & Zeger 1986, Biometrika 73:13",
)
HODGES_LEHMANN_METHOD = Method(
    name="hodges_lehmann",
    sentence=(
        "Median of the averages of all pairs of differences, with the interval of the signed "
        "ranks; differences of zero are left out of it."
    ),
    citation=hodges_lehmann.METHOD.citation,
)


def paired_t(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """The word `paired_t` on rows; refuses repeated subjects and as `differences.paired_t`."""
    return repeats(rows) or differences.paired_t(
        rows.candidate,
        rows.standard_of_care,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
    )


def wilcoxon(rows: Rows, asked: Asked) -> Estimate | NotEvaluable:
    """The word `wilcoxon_signed_rank` on rows.

    Refuses repeated subjects and as `hodges_lehmann.wilcoxon_signed_rank`.
    """
    return repeats(rows) or hodges_lehmann.wilcoxon_signed_rank(
        rows.candidate,
        rows.standard_of_care,
        margin=asked.margin,
        direction=asked.direction,
        level=asked.level,
        resolution=asked.number("resolution"),
        zeros=cast("signed_rank.Zeros", asked.word("zeros")),
    )


def mean(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `mean_difference` on rows: both means and their difference between subjects.

    Refuses no pair and values that are not finite; a mean that does not vary has no interval.
    """
    refusal = differences.finite_pairs(rows.candidate, rows.standard_of_care)
    if refusal is not None:
        return refusal
    quantities = three_means("mean", "mean", arm_values(rows), level=asked.level)
    return findings_of(MEAN_METHOD, rows, quantities)


def equivalence(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `mean_equivalence` on rows: the difference and both one-sided tests.

    Refuses repeated subjects and as `differences.paired_equivalence`.
    """
    found = repeats(rows) or differences.paired_equivalence(
        rows.candidate,
        rows.standard_of_care,
        lower=asked.number("lower"),
        upper=asked.number("upper"),
        level=asked.level,
    )
    if isinstance(found, NotEvaluable):
        return found
    difference = mean_difference(
        ("difference", "mean difference"), arm_values(rows), level=asked.level
    )
    return findings_of(
        differences.TOST_METHOD,
        rows,
        (
            difference,
            Quantity(
                "above_lower",
                "difference above the lower limit, one-sided",
                statistic=found.t_lower,
                df=found.df,
                p_value=found.p_lower,
            ),
            Quantity(
                "below_upper",
                "difference below the upper limit, one-sided",
                statistic=found.t_upper,
                df=found.df,
                p_value=found.p_upper,
            ),
            Quantity("equivalence", "both one-sided tests", p_value=found.p_value),
        ),
    )


def pseudo_median(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `hodges_lehmann` on rows; below 50 pairs with ties also the exact p given them.

    Refuses no pair, values that are not finite, repeated subjects and as `shift`.
    """
    found = differences.finite_pairs(rows.candidate, rows.standard_of_care) or repeats(rows)
    if found is not None:
        return found
    shift = hodges_lehmann.shift(
        rows.candidate - rows.standard_of_care,
        null=0.0,
        resolution=asked.number("resolution"),
        zeros=cast("signed_rank.Zeros", asked.word("zeros")),
        level=asked.level,
    )
    if isinstance(shift, NotEvaluable):
        return shift
    rank = shift.rank
    reached = shift.reached
    quantities = [
        Quantity(
            "pseudo_median",
            "median of the averages of all pairs of differences",
            estimate=shift.estimate,
            low=shift.low if reached else None,
            high=shift.high if reached else None,
            level=asked.level,
            statistic=rank.statistic,
            p_value=rank.two_sided(),
            reason=None if reached else f"{rank.n} differences are too few for this level.",
        )
    ]
    if not rank.exact and rank.n < signed_rank.EXACT_BELOW:
        p_value = signed_rank.tied_two_sided(rank)
        title = "signed ranks, exact given ties"
        quantities.append(Quantity("exact_given_ties", title, p_value=p_value))
    return findings_of(HODGES_LEHMANN_METHOD, rows, quantities)


def agreement(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `limits_of_agreement` on rows: bias, standard deviation and both limits.

    Refuses repeated subjects unless the protocol says how they repeat, and as the function of
    `limits_of_agreement` that it calls.
    """
    interval = cast("limits_of_agreement.LimitInterval", asked.interval)
    replicates = cast("limits_of_agreement.Replicates", asked.word("replicates"))
    multiplier = limits_of_agreement.normal_multiplier(asked.number("coverage"))
    arms = rows.candidate, rows.standard_of_care
    if replicates == "none":
        found = repeats(rows) or limits_of_agreement.limits_of_agreement(
            *arms, multiplier=multiplier, interval=interval, level=asked.level
        )
    else:
        found = limits_of_agreement.replicated_limits(
            *arms,
            rows.cluster,
            replicates=replicates,
            multiplier=multiplier,
            interval=interval,
            level=asked.level,
        )
    if isinstance(found, NotEvaluable):
        return found
    return findings_of(limits_of_agreement.METHOD, rows, _agreement_quantities(found, asked.level))


def _agreement_quantities(
    found: limits_of_agreement.Agreement, level: float
) -> tuple[Quantity, ...]:
    low, high = found.bias_interval
    df = float(found.n_subjects - 1)
    return (
        Quantity(
            "bias",
            "mean difference",
            found.bias,
            found.bias_error,
            low=low,
            high=high,
            level=level,
            df=df,
        ),
        Quantity("sd", "standard deviation of one difference", found.sd),
        _limit("lower_limit", "lower limit of agreement", found.lower, found.lower_interval, level),
        _limit("upper_limit", "upper limit of agreement", found.upper, found.upper_interval, level),
    )


def _limit(
    name: str, title: str, at: float, interval: tuple[float, float] | None, level: float
) -> Quantity:
    if interval is None:
        reason = "With several pairs a subject this kind of interval does not exist."
        return Quantity(name, title, at, reason=reason)
    return Quantity(name, title, at, low=interval[0], high=interval[1], level=level)


def deming(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `deming_regression` on rows: intercept and slope; refuses as `regression.deming`."""
    found = regression.deming(
        rows.candidate,
        rows.standard_of_care,
        error_ratio=asked.number("error_ratio"),
        level=asked.level,
        reference=cast("regression.Reference", asked.interval),
        cluster=rows.cluster,
    )
    return _line(regression.DEMING_METHOD, rows, found, asked.level)


def passing_bablok(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `passing_bablok_regression` on rows: intercept and slope.

    Refuses repeated subjects and as `regression.passing_bablok`.
    """
    found = repeats(rows) or regression.passing_bablok(
        rows.candidate, rows.standard_of_care, level=asked.level
    )
    return _line(regression.PASSING_BABLOK_METHOD, rows, found, asked.level)


def _line(
    method: Method, rows: Rows, found: regression.Line | NotEvaluable, level: float
) -> Findings | NotEvaluable:
    if isinstance(found, NotEvaluable):
        return found
    named = (("intercept", found.intercept), ("slope", found.slope))
    return findings_of(
        method,
        rows,
        [
            Quantity(
                name,
                f"{name} of candidate on standard of care",
                part.estimate,
                part.standard_error,
                low=part.low,
                high=part.high,
                level=level,
                df=found.df,
                reason=found.reason,
            )
            for name, part in named
        ],
    )


def concordance_correlation(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `concordance_correlation` on rows, with its two factors and both shifts.

    Refuses repeated subjects and as `concordance.concordance`.
    """
    found = repeats(rows) or concordance.concordance(
        rows.candidate, rows.standard_of_care, level=asked.level
    )
    if isinstance(found, NotEvaluable):
        return found
    reason = None if found.low is not None else "The interval is not defined for these pairs."
    return findings_of(
        concordance.CCC_METHOD,
        rows,
        (
            Quantity(
                "concordance",
                "Lin's concordance correlation",
                found.estimate,
                found.standard_error,
                low=found.low,
                high=found.high,
                level=asked.level,
                reason=reason,
            ),
            Quantity("correlation", "correlation", found.correlation),
            Quantity("bias_correction", "bias correction factor", found.bias_correction),
            Quantity("scale_shift", "standard deviations, ratio", found.scale_shift),
            Quantity("location_shift", "means, standardised difference", found.location_shift),
        ),
    )


def intraclass_correlation(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `intraclass_correlation` on rows; refuses repeated subjects and as `intraclass`."""
    found = (
        differences.finite_pairs(rows.candidate, rows.standard_of_care)
        or repeats(rows)
        or concordance.intraclass(
            np.column_stack((rows.candidate, rows.standard_of_care)),
            form=cast("concordance.IccForm", asked.word("form")),
            level=asked.level,
        )
    )
    if isinstance(found, NotEvaluable):
        return found
    quantity = Quantity(
        "intraclass_correlation",
        f"intraclass correlation, {found.form.replace('_', ' ')}; F of no correlation, one-sided",
        found.estimate,
        low=found.low,
        high=found.high,
        level=asked.level,
        statistic=found.f,
        p_value=found.p_value,
        reason="A limit cannot be stepped up." if None in (found.low, found.high) else None,
    )
    return findings_of(concordance.ICC_METHOD, rows, (quantity,))
