"""How the numbers of a paired table become quantities of a registered analysis."""

import math

from evaluation.inference.base import Findings, Method, NotEvaluable, Quantity
from evaluation.inference.proportions import equivalence
from evaluation.inference.proportions.difference import PairedCounts, arm_shares
from evaluation.inference.rows import Rows

METHODS: dict[str, Method] = {
    "paired_difference": Method(
        "paired_difference",
        "Difference of two paired shares with the registered interval.",
        "Tango 1998, Statistics in Medicine 17:891; Fagerland et al. 2014, Statistics in "
        "Medicine 33:2850",
    ),
    "paired_ratio": Method(
        "paired_ratio",
        "Ratio of two paired shares with the registered interval.",
        "Tang, Tang & Chan 2003, Statistics in Medicine 22:1217; Fagerland et al. 2014, "
        "Statistics in Medicine 33:2850",
    ),
    "conditional_odds": Method(
        "conditional_odds",
        "Odds that a discordant pair favours the candidate.",
        "Fagerland et al. 2014, Statistics in Medicine 33:2850",
    ),
    "mcnemar": Method(
        "mcnemar",
        "McNemar's test of equal shares: exact, mid-p, normal, and with continuity correction.",
        "McNemar 1947, Psychometrika 12:153; Fagerland, Lydersen & Laake 2013, BMC Medical "
        "Research Methodology 13:91",
    ),
    "paired_equivalence": equivalence.METHOD,
}
INDEPENDENT = "pairs come from fewer subjects; this analysis treats pairs as independent."


def counts_of(rows: Rows) -> PairedCounts:
    """The paired table of values that are 0 or 1."""
    return PairedCounts.of(rows.candidate > 0.5, rows.standard_of_care > 0.5)


def findings(word: str, rows: Rows, quantities: tuple[Quantity, ...]) -> Findings:
    """Quantities with their counts, and a warning where subjects come back."""
    repeats = rows.n_clusters < rows.n
    warnings = (f"{rows.n} {INDEPENDENT}",) if repeats else ()
    return Findings(METHODS[word], quantities, rows.n, rows.n_clusters, warnings)


def limited(low: float, high: float) -> tuple[float | None, float | None, str | None]:
    """Limits that are numbers, and the reason for one that is not."""
    if math.isfinite(low) and math.isfinite(high):
        return low, high, None
    finite = low if math.isfinite(low) else None
    return finite, high if math.isfinite(high) else None, "A limit is infinite."


def arms(counts: PairedCounts, level: float) -> tuple[Quantity, ...]:
    """Both arms' shares with Wilson's intervals; needs one pair."""
    shares = arm_shares(counts, level=level)
    if isinstance(shares, NotEvaluable):
        return ()
    names = (
        ("standard_of_care_share", "share of the standard of care"),
        (
            "candidate_share",
            "share of the candidate",
        ),
    )
    return tuple(
        Quantity(name, title, arm.share, low=arm.low, high=arm.high, level=level)
        for (name, title), arm in zip(names, shares, strict=True)
    )
