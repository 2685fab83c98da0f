"""Registered analyses of a paired table: each reads the rows and gives quantities."""

import math
from collections.abc import Callable

from scipy import special

from evaluation.inference.base import Findings, NotEvaluable, Quantity
from evaluation.inference.proportions import exact, intervals, mcnemar, ratio, skewness
from evaluation.inference.proportions.difference import (
    PairedCounts,
    score_statistic,
    tango_interval,
)
from evaluation.inference.proportions.equivalence import equivalence
from evaluation.inference.proportions.findings import arms, counts_of, findings, limited
from evaluation.inference.proportions.mcnemar import McNemarKind, OddsInterval
from evaluation.inference.refusals import NO_PAIRS
from evaluation.inference.rows import Asked, Rows
from protocols.errors import UsageError

Limits = tuple[float, float] | NotEvaluable
Tested = tuple[float | None, float | None]  # statistic and two-sided p of equal shares


def _two_sided(z: float) -> Tested:
    return z, float(2 * special.ndtr(-abs(z)))


def difference_limits(counts: PairedCounts, word: str, *, level: float) -> Limits:
    """The interval of that name; needs one pair. UsageError for another word."""
    found: dict[str, Callable[[], Limits]] = {
        "tango_score": lambda: tango_interval(counts, level=level),
        "newcombe": lambda: intervals.newcombe_interval(counts, level=level),
        "wald": lambda: intervals.wald_interval(counts, level=level),
        "agresti_min": lambda: intervals.agresti_min_interval(counts, level=level),
        "bonett_price": lambda: intervals.bonett_price_interval(counts, level=level),
        "scas": lambda: skewness.corrected_interval(counts, level=level),
        "exact": lambda: exact.exact_interval(counts, level=level),
    }
    if word not in found:
        raise UsageError("INTERVAL", f"A paired difference has no interval {word}.")
    return found[word]()


def _difference_test(counts: PairedCounts, word: str) -> Tested:
    """The test of equal shares that belongs to the interval; none where there is none."""
    match word:
        case "tango_score":
            return _two_sided(score_statistic(counts, 0.0))
        case "scas":
            return _two_sided(skewness.corrected_statistic(counts, 0.0))
        case "exact":
            one = exact.exact_p(counts, 0.0), exact.exact_p(counts.swapped(), 0.0)
            return None, min(1.0, 2 * min(one))
        case _:
            return None, None


def paired_difference(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Difference of shares with the interval `asked.interval`; refuses no pair."""
    counts = counts_of(rows)
    if counts.n == 0:
        return NO_PAIRS
    limits = difference_limits(counts, asked.interval, level=asked.level)
    if isinstance(limits, NotEvaluable):
        return limits
    agree = counts.n_discordant == 0
    statistic, p = (None, None) if agree else _difference_test(counts, asked.interval)
    variance = counts.n_discordant - counts.n * counts.difference**2
    quantity = Quantity(
        "difference",
        "candidate minus standard of care",
        counts.difference,
        standard_error=math.sqrt(max(variance, 0.0)) / counts.n,
        low=limits[0],
        high=limits[1],
        level=asked.level,
        statistic=statistic,
        p_value=p,
        reason="The arms never differ, so there is nothing to test." if agree else None,
    )
    return findings("paired_difference", rows, (quantity, *arms(counts, asked.level)))


def ratio_limits(counts: PairedCounts, word: str, *, level: float) -> Limits:
    """The interval of that name; needs one pair. UsageError for another word."""
    found: dict[str, Callable[[], Limits]] = {
        "tang_score": lambda: ratio.ratio_interval(counts, level=level),
        "mover": lambda: ratio.mover_ratio_interval(counts, level=level),
        "bonett_price": lambda: ratio.bonett_price_ratio_interval(counts, level=level),
        "wald_log": lambda: ratio.wald_ratio_interval(counts, level=level),
    }
    if word not in found:
        raise UsageError("INTERVAL", f"A paired ratio has no interval {word}.")
    return found[word]()


def paired_ratio(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Ratio of shares with the interval `asked.interval`; refuses no pair and no event at all."""
    counts = counts_of(rows)
    if counts.n == 0:
        return NO_PAIRS
    limits = ratio_limits(counts, asked.interval, level=asked.level)
    if isinstance(limits, NotEvaluable):
        return limits
    top, bottom = counts.n_candidate, counts.n_standard_of_care
    low, high, reason = limited(*limits)
    if bottom == 0:
        reason = "The standard of care has no event, so the ratio is infinite."
    tested = asked.interval == "tang_score" and counts.n_discordant > 0
    statistic, p = _two_sided(ratio.ratio_statistic(counts, 1.0)) if tested else (None, None)
    quantity = Quantity(
        "ratio",
        "candidate over standard of care",
        top / bottom if bottom else None,
        low=low,
        high=high,
        level=asked.level,
        statistic=statistic,
        p_value=p,
        reason=reason,
    )
    return findings("paired_ratio", rows, (quantity, *arms(counts, asked.level)))


_ODDS: dict[str, OddsInterval] = {"exact": "exact", "midp": "midp", "wilson": "wilson"}


def conditional_odds(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Odds n10/n01 with the interval `asked.interval`; refuses no discordant pair.

    Raises `UsageError` for an interval that conditional odds do not have.
    """
    counts = counts_of(rows)
    if asked.interval not in _ODDS:
        raise UsageError("INTERVAL", f"Conditional odds have no interval {asked.interval}.")
    limits = mcnemar.conditional_odds_interval(
        counts, level=asked.level, kind=_ODDS[asked.interval]
    )
    if isinstance(limits, NotEvaluable):
        return limits
    low, high, reason = limited(*limits)
    quantity = Quantity(
        "conditional_odds",
        "discordant pairs that favour the candidate, over those that favour the standard of care",
        counts.n10 / counts.n01 if counts.n01 else None,
        low=low,
        high=high,
        level=asked.level,
        reason=reason,
    )
    return findings("conditional_odds", rows, (quantity,))


_KINDS: dict[McNemarKind, str] = {
    "exact": "exact test of equal shares",
    "midp": "mid-p test of equal shares",
    "plain": "normal test of equal shares",
    "continuity": "normal test of equal shares with continuity correction",
}


def mcnemar_tests(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """All four kinds, two-sided; refuses no discordant pair."""
    del asked
    counts = counts_of(rows)
    quantities = []
    for kind, title in _KINDS.items():
        found = mcnemar.mcnemar(counts, kind=kind)
        if isinstance(found, NotEvaluable):
            return found
        quantities.append(
            Quantity(f"mcnemar_{kind}", title, statistic=found.statistic, p_value=found.p_two_sided)
        )
    return findings("mcnemar", rows, tuple(quantities))


def paired_equivalence(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """Two one-sided tests at parameter `margin`; refuses arms that never differ."""
    counts = counts_of(rows)
    found = equivalence(counts, margin=asked.number("margin"))
    if isinstance(found, NotEvaluable):
        return found
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {counts.n} pairs."
        return NotEvaluable("no_discordant_pairs", reason)
    low, high = tango_interval(counts, level=asked.level)
    quantities = (
        Quantity(
            "difference",
            "candidate minus standard of care",
            counts.difference,
            low=low,
            high=high,
            level=asked.level,
        ),
        Quantity(
            "not_lower",
            "one-sided test that the difference lies above minus the margin",
            statistic=found.z_lower,
            p_value=found.p_lower,
        ),
        Quantity(
            "not_higher",
            "one-sided test that the difference lies below the margin",
            statistic=found.z_upper,
            p_value=found.p_upper,
        ),
        Quantity(
            "equivalence",
            "the larger of the two one-sided p-values",
            p_value=found.p_value,
        ),
    )
    return findings("paired_equivalence", rows, quantities)
