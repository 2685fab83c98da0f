"""Binary endpoints when subjects come back: never surer than independent pairs would be.

The linearised variance looks at discordant pairs only, so a few of them, all on one side, can make
it tiny. The score test's variance under the margin cannot be fooled so, but takes pairs as
independent. The larger of the two is used, with Student's t.
"""

import math

from evaluation.inference.arrays import exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.clusters.wald import pooled_arms
from evaluation.inference.orientation import critical_value, null_effect, turned, upper_tail
from evaluation.inference.proportions.difference import (
    PairedCounts,
    few_discordant,
    restricted_variance,
    tango_limits,
)
from protocols.vocabulary import Direction

METHOD = Method(
    name="clustered_score",
    sentence=(
        "Difference of paired shares pooled over encounters; the larger of the variance between "
        "subjects and the restricted variance under the margin; Student's t with K-1 degrees of "
        "freedom; the interval inverts the same test."
    ),
    citation=(
        "Liang & Zeger 1986, Biometrika 73:13; Tango 1998, Statistics in Medicine 17:891; the "
        "larger of both is this project's choice"
    ),
)


def clustered_score(
    totals: ClusterTotals,
    counts: PairedCounts,
    *,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Test of a margin with its interval; `totals` and `counts` are of the same pairs.

    `standard_error` is the one at the margin. The limits are those of the two tests that are
    farther out, which is where the test with the larger variance ends. Refuses arms that never
    differ.
    """
    n, k = counts.n, totals.n_clusters
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {n} pairs, so the data carry no information."
        return NotEvaluable("no_discordant_pairs", reason)
    mean, null = counts.difference, null_effect(margin, direction)
    sums = totals.candidate - totals.standard_of_care
    between = k / (k - 1) * exact_sum((sums - totals.n * mean) ** 2) / n**2
    variance = max(between, restricted_variance(counts, null) / n)
    if variance == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    t = critical_value(level, k - 1)
    low, high = tango_limits(counts, critical=t)
    half = t * math.sqrt(between) if between > 0 else 0.0
    statistic = turned((mean - null) / math.sqrt(variance), direction)
    soc, candidate = pooled_arms(totals)
    return Estimate(
        method=METHOD,
        estimate=mean,
        standard_error=math.sqrt(variance),
        low=max(min(low, mean - half), -1.0),
        high=min(max(high, mean + half), 1.0),
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, k - 1),
        df=float(k - 1),
        information=1 / variance,
        n_pairs=n,
        n_clusters=k,
        standard_of_care=soc,
        candidate=candidate,
        warnings=few_discordant(counts),
    )
