"""Who has an outcome: the share known by what both arms predicted, and whether it depends on that.

Shadow pairs whose two flags differ are the ones that decide an endpoint, so outcomes missing more
often there are worse than the same number missing where the arms agree.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import BoolArray, IntArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.safety.bounds import clustered_bounds
from evaluation.inference.subgroups.heterogeneity import clustered_heterogeneity
from protocols.errors import UsageError

METHOD = Method(
    name="ascertainment",
    sentence=(
        "Share of pairs with a known outcome by what both arms predicted, with exact intervals at "
        "the effective number of pairs; the test asks whether the shares are equal."
    ),
    citation=(
        "Korn & Graubard 1998, Survey Methodology 24:193; Pearson 1900, Philosophical Magazine "
        "50:157; Liang & Zeger 1986, Biometrika 73:13"
    ),
)
STATUSES = ("both", "candidate_only", "standard_of_care_only", "neither")


@dataclass(frozen=True, slots=True)
class KnownShare:
    """Pairs of one status; `share` known with its two-sided interval, None without a pair."""

    status: str
    n: int
    n_known: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class EqualShares:
    """Chi-squared test that the shares known are equal in every status with a pair."""

    chi_squared: float
    df: int
    p_value: float


def status_of(candidate_flag: BoolArray, standard_of_care_flag: BoolArray) -> IntArray:
    """The place in `STATUSES` of each pair; raises `UsageError` for flags of different length."""
    if candidate_flag.shape != standard_of_care_flag.shape:
        raise UsageError("LENGTHS_DIFFER", "The arms must have one flag for each pair.")
    return (np.where(candidate_flag, 1, 3) - standard_of_care_flag).astype(np.int64)


def known_shares(
    status: IntArray, known: BoolArray, cluster: IntArray, *, level: float
) -> tuple[KnownShare, ...]:
    """One share for each status, in the order of `STATUSES`; `level` is two-sided."""
    return tuple(
        _share(name, known[status == place], cluster[status == place], level)
        for place, name in enumerate(STATUSES)
    )


def _share(name: str, known: BoolArray, cluster: IntArray, level: float) -> KnownShare:
    n, n_known = len(known), int(known.sum())
    if n == 0:
        return KnownShare(name, 0, 0, None, None, None)
    bounds = clustered_bounds(known.astype(np.int64), cluster, 1 - (1 - level) / 2)
    return KnownShare(name, n, n_known, bounds.share, bounds.low, bounds.high)


def equal_shares(
    status: IntArray, known: BoolArray, cluster: IntArray, *, clustered: bool
) -> EqualShares | NotEvaluable:
    """Pearson's chi-squared for independent pairs, the Wald test between subjects otherwise.

    Refuses a single status and outcomes that are all known or all unknown.
    """
    if known.all() or not known.any():
        return NotEvaluable("one_class", "The outcomes are all known, or none is.")
    present = np.unique(status)
    if len(present) < 2:
        return NotEvaluable("one_group", "All pairs have one prediction status.")
    if clustered:
        found = clustered_heterogeneity(known.astype(np.float64), status, cluster)
        if isinstance(found, NotEvaluable):
            return found
        return EqualShares(found.chi_squared, found.df, found.p_value)
    table = [[np.count_nonzero(known[status == s] == side) for s in present] for side in (0, 1)]
    from scipy import stats  # costs half a second: only where it is used

    result = stats.chi2_contingency(table, correction=False)
    return EqualShares(float(result.statistic), int(result.dof), float(result.pvalue))
