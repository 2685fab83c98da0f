"""Binary endpoints when subjects come back: never surer than independent pairs would be.

The linearised variance looks at discordant pairs only, so a few of them, all on one side, can make
it tiny. The score test's variance under the margin cannot be fooled so, but takes pairs as
independent. Variation between subjects around the margin knows a subject with most of the pairs.
The largest of the three is used, with Student's t of the subjects who carry the variance.
"""

import math

from evaluation.inference.arrays import exact_sum
from evaluation.inference.base import Estimate, Method, NotEvaluable
from evaluation.inference.centred import CentredVariance, carried_by
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
        "Difference of paired shares pooled over encounters; the largest of the variance between "
        "subjects around the estimate, the same around the margin, and the restricted variance "
        "of independent pairs; Student's t with degrees of freedom from the fourth moment, at most "
        "one less than there are subjects on whom the arms differ; the interval inverts the same "
        "test."
    ),
    citation=(
        "Liang & Zeger 1986, Biometrika 73:13; Obuchowski 1998, Statistics in Medicine 17:1495; "
        "Tango 1998, Statistics in Medicine 17:891; Satterthwaite 1946, Biometrics Bulletin "
        "2:110; the largest of them and half of his degrees of freedom are this project's choice, "
        "from simulation"
    ),
)


def clustered_score(
    totals: ClusterTotals,
    counts: PairedCounts,
    *,
    discordant_subjects: int,
    margin: float,
    direction: Direction,
    level: float,
) -> Estimate | NotEvaluable:
    """Test of a margin with its interval; `totals` and `counts` are of the same pairs.

    `discordant_subjects` counts subjects with a discordant pair, on whom alone the error rests.
    `standard_error` is the one at the margin. The limits are those of the three tests that are
    farthest out, which is where the test with the largest variance ends. Refuses arms that never
    differ.
    """
    n, k = counts.n, totals.n_clusters
    if counts.n_discordant == 0:
        reason = f"The arms agree on all {n} pairs, so the data carry no information."
        return NotEvaluable("no_discordant_pairs", reason)
    mean, null = counts.difference, null_effect(margin, direction)
    share = totals.n / n
    residual = (totals.candidate - totals.standard_of_care) / n - share * mean
    around = CentredVariance(
        exact_sum(residual**2), exact_sum(residual * share), exact_sum(share**2), k
    )
    between = k / (k - 1) * around.spread
    variance = max(between, restricted_variance(counts, null) / n)
    if variance == 0:
        return NotEvaluable("zero_variance", "The variance under the margin is zero.")
    distance = mean - null
    df = max(min(float(discordant_subjects - 1), carried_by(residual)), 1.0)
    centred = around.statistic(distance)
    error = max(math.sqrt(variance), distance / centred if centred else 0.0)
    t = critical_value(level, df)
    low, high = tango_limits(counts, critical=t)
    half = t * math.sqrt(between) if between > 0 else 0.0
    below, above = (max(half, around.reach(t, side=side)) for side in (1, -1))
    statistic = turned(distance / error, direction)
    soc, candidate = pooled_arms(totals)
    return Estimate(
        method=METHOD,
        estimate=mean,
        standard_error=error,
        low=max(min(low, mean - below), -1.0),
        high=min(max(high, mean + above), 1.0),
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        information=1 / error**2,
        n_pairs=n,
        n_clusters=k,
        standard_of_care=soc,
        candidate=candidate,
        warnings=few_discordant(counts),
    )
