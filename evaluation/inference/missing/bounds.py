"""Unascertained outcomes of a binary endpoint, set against the candidate and in its favour.

Sensitivity and specificity count the pairs with one outcome only, so an unascertained pair is
either in the denominator or not. Against the candidate: the pairs that only the standard of
care has right come in, those that only the candidate has right stay out. Pairs on which the arms
agree never move the numerator, they can only dilute; all of them in and none of them in are the
two extremes. The bounds of the estimate are therefore exact over every assignment.
"""

from dataclasses import dataclass
from typing import Literal

from evaluation.inference.arrays import BoolArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import null_effect, sign_of, turned
from evaluation.inference.proportions.difference import PairedCounts, score_statistic, tango_limits
from evaluation.inference.proportions.single import newcombe_independent_interval, pooled_score_p
from protocols.errors import UsageError
from protocols.vocabulary import Direction

METHOD = Method(
    name="worst_and_best_case",
    sentence=(
        "Every unascertained outcome is set against the candidate, then in its favour; only "
        "pairs on which the arms differ move the numerator."
    ),
    citation="Yan, Lee & Li 2009, Journal of Biopharmaceutical Statistics 19:1085",
)
PATTERN_METHOD = Method(
    name="informative_missingness",
    sentence=(
        "Event shares of encounters without and with an answer, difference with Newcombe's "
        "interval, p from the pooled score test."
    ),
    citation="Newcombe 1998, Statistics in Medicine 17:873",
)
Side = Literal["worst", "best"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One completed table: its estimate and the interval at the look's critical value."""

    counts: PairedCounts
    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairedBounds:
    """`worst` is against the candidate, `best` in its favour, in the endpoint's direction.

    The estimates are exact extremes over all assignments; the limits are the extremes over the
    two assignments of concordant pairs.
    """

    method: Method
    n_unascertained: int
    n_unresolved_discordant: int
    worst: Scenario
    best: Scenario


def paired_bounds(
    counts: PairedCounts,
    unresolved: PairedCounts,
    *,
    critical: float,
    direction: Direction = Direction.HIGHER_IS_BETTER,
) -> PairedBounds | NotEvaluable:
    """Bounds of a paired difference with Tango limits at `critical`.

    `counts` holds the ascertained pairs of the denominator, `unresolved` what the unascertained
    pairs would be if they belonged to it (for sensitivity: as if events). Refuses an empty
    table.
    """
    if counts.n == 0:
        return NotEvaluable("no_pairs", "No pair has an ascertained outcome.")
    minimum = _extreme(counts, unresolved, critical, -1)
    maximum = _extreme(counts, unresolved, critical, +1)
    if sign_of(direction) < 0:
        minimum, maximum = maximum, minimum
    return PairedBounds(METHOD, unresolved.n, unresolved.n_discordant, minimum, maximum)


def _extreme(
    counts: PairedCounts, unresolved: PairedCounts, critical: float, sign: int
) -> Scenario:
    moved = (
        PairedCounts(0, unresolved.n10, 0, 0) if sign > 0 else PairedCounts(0, 0, unresolved.n01, 0)
    )
    plain = counts + moved
    diluted = plain + PairedCounts(unresolved.n11, 0, 0, unresolved.n00)
    tables = (plain, diluted)
    limits = [tango_limits(table, critical=critical) for table in tables]
    worst_first = sorted(tables, key=lambda table: -sign * table.difference)
    pick = max if sign > 0 else min
    return Scenario(
        worst_first[0],
        worst_first[0].difference,
        pick(low for low, _ in limits),
        pick(high for _, high in limits),
    )


def members(
    candidate: BoolArray, standard_of_care: BoolArray, ascertained: BoolArray, side: Side
) -> tuple[BoolArray, BoolArray]:
    """Which pairs enter the denominator in an extreme case: without and with the agreeing ones.

    For estimators that need rows, such as the clustered difference: run it on both masks and
    take the more extreme result. `candidate` and `standard_of_care` say who is right if the
    pair belongs to the denominator; higher is better.
    """
    only = standard_of_care & ~candidate if side == "worst" else candidate & ~standard_of_care
    plain = ascertained | only
    return plain, plain | (candidate == standard_of_care)


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """How many of the unresolved discordant pairs must go to the standard of care.

    `n_to_standard_of_care` is the smallest number (all others going to the candidate) at which
    the test at the critical value no longer rejects; None when even all of them do not tip it.
    """

    n_unresolved: int
    n_to_standard_of_care: int | None


def tipping_point(
    counts: PairedCounts,
    n_unresolved: int,
    *,
    margin: float,
    critical: float,
    direction: Direction = Direction.HIGHER_IS_BETTER,
) -> TippingPoint:
    """Walks the unresolved discordant pairs from the candidate to the standard of care."""
    null = null_effect(margin, direction)
    for n_lost in range(n_unresolved + 1):
        won, lost = n_unresolved - n_lost, n_lost
        extra = PairedCounts(0, won, lost, 0)
        table = counts + (extra if sign_of(direction) > 0 else extra.swapped())
        if table.n_discordant == 0 or turned(score_statistic(table, null), direction) < critical:
            return TippingPoint(n_unresolved, n_lost)
    return TippingPoint(n_unresolved, None)


@dataclass(frozen=True, slots=True)
class MissingnessTest:
    """Event share without an answer less event share with one; `p_value` is two-sided."""

    method: Method
    difference: float
    low: float
    high: float
    level: float
    p_value: float | None  # None when all or none of the encounters have the event


def informative_missingness(
    *,
    events_answered: int,
    n_answered: int,
    events_unanswered: int,
    n_unanswered: int,
    level: float,
) -> MissingnessTest | NotEvaluable:
    """Does it matter who lacks an answer? Compares the outcome between the two groups.

    Counts are of encounters with an ascertained outcome. Refuses an empty group; raises
    `UsageError` for more events than encounters. Newcombe 1998, Stat Med 17:873.
    """
    if min(n_answered, n_unanswered) == 0:
        empty = "without" if n_unanswered == 0 else "with"
        return NotEvaluable("one_group", f"No encounter {empty} an answer has an outcome.")
    if not (0 <= events_answered <= n_answered and 0 <= events_unanswered <= n_unanswered):
        raise UsageError("COUNT_RANGE", "Events must lie between 0 and the group's size.")
    groups = (events_unanswered, n_unanswered, events_answered, n_answered)
    low, high = newcombe_independent_interval(*groups, level=level)
    answered, unanswered = events_answered / n_answered, events_unanswered / n_unanswered
    return MissingnessTest(
        PATTERN_METHOD,
        unanswered - answered,
        low,
        high,
        level,
        pooled_score_p(*groups),
    )
