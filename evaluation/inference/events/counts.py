"""Ratios of event counts by conditioning on their total: exact, nothing estimated but the ratio.

Given the total, the candidate's count is binomial with share r E1 / (r E1 + E0) for a rate ratio
r and exposures E1, E0. That holds for Poisson counts; with the same exposure of both arms each
pair's own rate cancels.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.orientation import null_ratio, sign_of
from evaluation.inference.proportions.single import clopper_pearson_interval
from evaluation.inference.refusals import NO_PAIRS, UNBOUNDED
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    "count_ratio",
    "Ratio of paired counts at the same exposure: exact binomial test of the candidate's share of "
    "all events, Clopper-Pearson limits.",
    "Przyborowski & Wilenski 1940, Biometrika 31:313; Cameron & Trivedi 2013, Regression Analysis "
    "of Count Data",
)
RATE_METHOD = Method(
    "exact_rate_ratio",
    "Ratio of two independent Poisson rates: exact binomial test given the total, central limits.",
    "Przyborowski & Wilenski 1940, Biometrika 31:313; Fay 2010, R Journal 2(1):53",
)
SMALLEST_P = 1e-300
MOST_EVENTS = 2.0**53


@dataclass(frozen=True, slots=True)
class Events:
    """Events and exposure (in one unit of time) of both arms.

    Raises `UsageError` for a negative count or an exposure that is not positive.
    """

    candidate: int
    standard_of_care: int
    candidate_exposure: float = 1.0
    standard_of_care_exposure: float = 1.0

    def __post_init__(self) -> None:
        exposures = self.candidate_exposure, self.standard_of_care_exposure
        if min(self.candidate, self.standard_of_care) < 0:
            raise UsageError("COUNTS", "A count of events is not negative.")
        if not all(math.isfinite(exposure) and exposure > 0 for exposure in exposures):
            raise UsageError("EXPOSURE", "An exposure is a positive number.")

    @property
    def total(self) -> int:
        """Events of both arms together."""
        return self.candidate + self.standard_of_care


@dataclass(frozen=True, slots=True)
class ExactRatio:
    """`ratio` and `high` are None where infinite; `p_two_sided` doubles the smaller tail."""

    ratio: float | None
    low: float
    high: float | None
    level: float
    p_two_sided: float


def exact_rate_ratio(events: Events, *, level: float) -> ExactRatio | NotEvaluable:
    """Candidate's rate over the standard of care's, with exact central limits.

    Refuses two arms without any event. Fay 2010, R Journal 2(1):53.
    """
    if events.total == 0:
        return NO_EVENTS
    odds = events.standard_of_care_exposure / events.candidate_exposure
    low, high = clopper_pearson_interval(events.candidate, events.total, level=level)
    p_two_sided = min(1.0, 2 * min(p_below(events, 1.0), p_above(events, 1.0)))
    ratio = None
    if events.standard_of_care > 0:
        ratio = events.candidate / events.standard_of_care * odds
    upper = None if high == 1 else high / (1 - high) * odds
    return ExactRatio(ratio, low / (1 - low) * odds, upper, level, p_two_sided)


NO_EVENTS = NotEvaluable("too_few_events", "Neither arm has an event.")


def p_below(events: Events, ratio: float) -> float:
    """P(candidate's events <= observed) at this rate ratio: small where the ratio is lower."""
    return _lower_tail(events.candidate, events.total, _share(events, ratio))


def p_above(events: Events, ratio: float) -> float:
    """P(candidate's events >= observed) at this rate ratio: small where the ratio is higher."""
    return _lower_tail(events.standard_of_care, events.total, 1 - _share(events, ratio))


def _share(events: Events, ratio: float) -> float:
    one = ratio * events.candidate_exposure
    return one / (one + events.standard_of_care_exposure)


def _lower_tail(successes: int, n: int, share: float) -> float:
    if successes >= n:
        return 1.0
    return float(special.betainc(n - successes, successes + 1, 1 - share))


def count_ratio(
    candidate: FloatArray,
    standard_of_care: FloatArray,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Ratio of the arms' totals at the same exposure, against a margin on the ratio scale.

    The p-value is exact; `statistic` is its normal deviate, `standard_error` that of the log
    ratio, sqrt(1/x + 1/y). Refuses counts that are no whole numbers, no pair, and an arm without
    events. Counts that vary more between pairs than binomial shares allow leave a warning.
    """
    refused = checked_counts(candidate, standard_of_care)
    if refused is not None:
        return refused
    events = Events(int(candidate.sum()), int(standard_of_care.sum()))
    found = exact_rate_ratio(events, level=level)
    if isinstance(found, NotEvaluable):
        return found
    if found.ratio is None or events.candidate == 0:
        reason = "An arm has no event, so the ratio is zero or infinite."
        return NotEvaluable("ratio_undefined", reason)
    if found.high is None:
        return UNBOUNDED
    null = null_ratio(margin, direction)
    tails = p_above(events, null), p_below(events, null)
    p_value, other = tails if sign_of(direction) > 0 else tails[::-1]
    error = math.sqrt(1 / events.candidate + 1 / events.standard_of_care)
    n = len(candidate)
    return Estimate(
        method=METHOD,
        estimate=found.ratio,
        standard_error=error,
        low=found.low,
        high=found.high,
        level=level,
        statistic=_deviate(p_value, other),
        p_value=p_value,
        df=None,
        information=1 / error**2,
        n_pairs=n,
        n_clusters=n,
        standard_of_care=events.standard_of_care / n,
        candidate=events.candidate / n,
        warnings=_dispersion(candidate, standard_of_care),
        scale="ratio",
    )


def _deviate(p_value: float, other: float) -> float:
    """The normal deviate of an exact p; near 1 from the other tail, so that no digit is lost."""
    if p_value > 0.999999:
        return float(special.ndtri(max(SMALLEST_P, min(other, 1e-6))))
    return -float(special.ndtri(max(SMALLEST_P, p_value)))


def _dispersion(candidate: FloatArray, standard_of_care: FloatArray) -> tuple[str, ...]:
    """Pearson's statistic of equal shares in all pairs with events."""
    both = candidate + standard_of_care
    seen = both > 0
    share = candidate.sum() / both.sum()
    expected = both[seen] * share
    spread = float(((candidate[seen] - expected) ** 2 / (expected * (1 - share))).sum())
    df = int(seen.sum()) - 1
    if df < 1 or special.chdtrc(df, spread) >= 0.01:
        return ()
    warning = (
        f"Counts vary {spread / df:.2g} times as much between pairs as this test assumes; "
        "poisson_rate_ratio takes the variation from the data."
    )
    return (warning,)


def checked_counts(candidate: FloatArray, standard_of_care: FloatArray) -> NotEvaluable | None:
    """Refuses no pair and values that are no counts; None when all are whole and not negative.

    Raises `UsageError` for arms of different length.
    """
    if candidate.shape != standard_of_care.shape:
        raise UsageError("LENGTHS_DIFFER", "Both arms must have one count for each pair.")
    if candidate.size == 0:
        return NO_PAIRS
    both = np.concatenate((candidate, standard_of_care))
    if not np.isfinite(both).all() or (both < 0).any() or (both != np.floor(both)).any():
        reason = "A pair has a value that is no count of events."
        return NotEvaluable("counts_not_whole", reason)
    if float(both.sum()) > MOST_EVENTS:
        reason = "There are more events than a computer counts one by one."
        return NotEvaluable("counts_not_whole", reason)
    return None
