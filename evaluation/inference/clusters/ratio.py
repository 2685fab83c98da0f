"""Ratio of paired means when subjects come back: a test on the log scale, t with K - 1 df."""

import math

from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import RATIO_METHOD, ClusterTotals, clustered_ratio
from evaluation.inference.clusters.wald import pooled_arms
from evaluation.inference.orientation import critical_value, null_ratio, turned, upper_tail
from evaluation.inference.refusals import UNBOUNDED
from evaluation.inference.wald import LARGEST_LOG
from protocols.vocabulary import Direction


def ratio_test(
    totals: ClusterTotals, *, margin: float, direction: Direction, level: float
) -> Estimate | NotEvaluable:
    """(log ratio - log margin) / SE with the linearised SE; the interval is symmetric in the log.

    `margin` is a ratio (1 for superiority). Refuses one subject, an arm whose total is not
    positive, a ratio that is the same in every subject, and a level at which a limit is no
    finite number.
    """
    null = null_ratio(margin, direction)
    found = clustered_ratio(totals, level=level)
    if isinstance(found, NotEvaluable):
        return found
    error, df = found.standard_error / found.estimate, float(totals.n_clusters - 1)
    if not error > 1e-12:
        return NotEvaluable("zero_variance", "The ratio is the same in every subject.")
    logarithm = math.log(found.estimate)
    statistic = turned((logarithm - math.log(null)) / error, direction)
    half = critical_value(level, df) * error
    if logarithm + half > LARGEST_LOG:
        return UNBOUNDED
    soc, candidate = pooled_arms(totals)
    return Estimate(
        method=RATIO_METHOD,
        estimate=found.estimate,
        standard_error=error,
        low=math.exp(logarithm - half),
        high=math.exp(logarithm + half),
        level=level,
        statistic=statistic,
        p_value=upper_tail(statistic, df),
        df=df,
        information=1 / math.pow(error, 2),
        n_pairs=totals.n_pairs,
        n_clusters=totals.n_clusters,
        standard_of_care=soc,
        candidate=candidate,
        scale="ratio",
    )
