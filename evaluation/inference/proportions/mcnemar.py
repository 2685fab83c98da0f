"""McNemar's test in four kinds. It has no margin, so it is never a non-inferiority test."""

import math
from dataclasses import dataclass
from typing import Literal

from scipy import special

from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.orientation import critical_value, sign_of
from evaluation.inference.proportions.difference import PairedCounts
from evaluation.inference.proportions.single import (
    clopper_pearson_interval,
    midp_interval,
    wilson_interval,
)
from protocols.vocabulary import Direction

McNemarKind = Literal["exact", "midp", "plain", "continuity"]

METHODS: dict[McNemarKind, Method] = {
    "exact": Method(
        "mcnemar_exact",
        "Exact sign test on the discordant pairs.",
        "McNemar 1947, Psychometrika 12:153; Fagerland et al. 2013, BMC Med Res Methodol 13:91",
    ),
    "midp": Method(
        "mcnemar_midp",
        "Sign test on the discordant pairs with half the probability of the observed table.",
        "Fagerland, Lydersen & Laake 2013, BMC Medical Research Methodology 13:91",
    ),
    "plain": Method(
        "mcnemar_plain",
        "Normal approximation to the sign test on the discordant pairs.",
        "McNemar 1947, Psychometrika 12:153",
    ),
    "continuity": Method(
        "mcnemar_continuity",
        "Normal approximation with continuity correction; no correction when the cells tie.",
        "Edwards 1948, Psychometrika 13:185",
    ),
}


@dataclass(frozen=True, slots=True)
class McNemar:
    """`statistic` is signed (square it for chi-squared), large in favour of the candidate.

    It is None for the exact kinds. `p_one_sided` is for the alternative that the candidate is
    better in the stated direction.
    """

    method: Method
    statistic: float | None
    p_two_sided: float
    p_one_sided: float
    n10: int
    n01: int


def sign_p(successes: int, failures: int) -> float:
    """P(X >= successes), X ~ binomial(successes + failures, 1/2); 1 without any trial."""
    if successes == 0:
        return 1.0
    return float(special.betainc(successes, failures + 1, 0.5))


def sign_point(successes: int, failures: int) -> float:
    """P(X = successes), X ~ binomial(successes + failures, 1/2)."""
    return math.exp(
        math.lgamma(successes + failures + 1)
        - math.lgamma(successes + 1)
        - math.lgamma(failures + 1)
        - (successes + failures) * math.log(2)
    )


def mcnemar(
    counts: PairedCounts,
    *,
    kind: McNemarKind,
    direction: Direction = Direction.HIGHER_IS_BETTER,
) -> McNemar | NotEvaluable:
    """McNemar's test of equal shares; refuses a table without discordant pairs.

    McNemar 1947, Psychometrika 12:153; the exact and the mid-p form are the sign test's.
    """
    if counts.n_discordant == 0:
        reason = "No pair is discordant, so there is nothing to test."
        return NotEvaluable("no_discordant_pairs", reason)
    turned = counts if sign_of(direction) > 0 else counts.swapped()
    won, lost = turned.n10, turned.n01
    match kind:
        case "exact" | "midp":
            one, two = _exact_p(won, lost, midp=kind == "midp")
            statistic = None
        case "plain" | "continuity":
            statistic = _normal(won, lost, corrected=kind == "continuity")
            one = float(special.ndtr(-statistic))
            two = float(2 * special.ndtr(-abs(statistic)))
    return McNemar(METHODS[kind], statistic, two, one, counts.n10, counts.n01)


def _exact_p(won: int, lost: int, *, midp: bool) -> tuple[float, float]:
    discount = sign_point(won, lost) if midp else 0.0
    one = sign_p(won, lost) - discount / 2
    if won == lost:
        return one, 1.0
    return one, min(1.0, 2 * sign_p(max(won, lost), min(won, lost)) - discount)


def _normal(won: int, lost: int, *, corrected: bool) -> float:
    gap = abs(won - lost)
    if corrected:
        gap = max(gap - 1, 0)
    return math.copysign(gap / math.sqrt(won + lost), won - lost)


OddsInterval = Literal["exact", "midp", "wilson", "wald"]


def conditional_odds_interval(
    counts: PairedCounts, *, level: float, kind: OddsInterval = "exact"
) -> tuple[float, float] | NotEvaluable:
    """Interval of the conditional odds n10/n01 from that of the discordant share, p / (1 - p).

    It is no interval of the marginal odds ratio. The upper limit is infinite where the standard of
    care alone was never right. Refuses a table without discordant pairs. Fagerland et al. 2014,
    Statistics in Medicine 33:2850.
    """
    if counts.n_discordant == 0:
        return NotEvaluable("no_discordant_pairs", "The odds n10/n01 are 0/0.")
    match kind:
        case "exact":
            share = clopper_pearson_interval(counts.n10, counts.n_discordant, level=level)
        case "midp":
            share = midp_interval(counts.n10, counts.n_discordant, level=level)
        case "wilson":
            share = wilson_interval(counts.n10, counts.n_discordant, level=level)
        case "wald":
            return _wald_odds(counts, level)
    low, high = share
    upper = math.inf if high == 1 else high / (1 - high)
    return math.inf if low == 1 else low / (1 - low), upper


def _wald_odds(counts: PairedCounts, level: float) -> tuple[float, float]:
    if counts.n10 == 0 or counts.n01 == 0:  # the logarithm and its error are infinite
        return 0.0, math.inf
    half = critical_value(level) * math.sqrt(1 / counts.n10 + 1 / counts.n01)
    odds = counts.n10 / counts.n01
    return odds * math.exp(-half), odds * math.exp(half)
