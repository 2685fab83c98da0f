"""How far predicted probabilities are from what happened, beside the logistic recalibration.

Everything here keeps predictions of exactly 0 and 1. Distances from a smooth curve and binned
errors are descriptions without an interval: they are biased upwards and depend on the smoother
or the bins, which the protocol names.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable, Quantity
from evaluation.inference.probabilities.predicted import Predicted
from evaluation.inference.probabilities.quantities import symmetric
from evaluation.inference.probabilities.smoothers import Smoother, curve
from evaluation.inference.refusals import ONE_CLUSTER
from evaluation.inference.wald import LARGEST_LOG, two_sided
from protocols.errors import UsageError

Binning = Literal["equal_width", "equal_mass"]
METHOD = Method(
    name="calibration",
    sentence=(
        "Each arm's calibration: in the large, slope, observed over expected, Spiegelhalter's "
        "test, joint test, and distances from a smooth curve by the registered smoother; robust "
        "between subjects with K/(K-1) and Student's t where subjects come back."
    ),
    citation=(
        "Cox 1958, Biometrika 45:562; Spiegelhalter 1986, Statistics in Medicine 5:421; "
        "Van Calster et al. 2019, BMC Medicine 17:230; "
        "Austin & Steyerberg 2019, Statistics in Medicine 38:4051"
    ),
)
BINNED = Method(
    name="expected_calibration_error",
    sentence=(
        "Mean and largest distance of predicted from observed shares over right-closed bins; "
        "descriptive, biased upwards in small samples and dependent on the bins."
    ),
    citation=(
        "Naeini, Cooper & Hauskrecht 2015, Proceedings of the AAAI Conference on Artificial "
        "Intelligence 29:2901"
    ),
)


def observed_over_expected(data: Predicted, *, level: float) -> Quantity | NotEvaluable:
    """Events over the sum of predictions; the interval is symmetric on the log scale.

    Variance of the residual y - ratio p between subjects with K/(K-1) (every pair its own subject
    where pairs are independent), Student's t with K-1. `standard_error` and the test of 1 are of
    the logarithm. Refuses no event, no expectation, one subject, a residual that does not vary.
    Woodruff 1971, J Am Stat Assoc 66:411.
    """
    events, expected = exact_sum(data.outcome), exact_sum(data.probability)
    k = data.n_clusters
    if k < 2:
        return ONE_CLUSTER
    if events == 0 or expected == 0:
        reason = "No event happened, or none was expected, so the ratio has no logarithm."
        return NotEvaluable("ratio_undefined", reason)
    ratio = events / expected
    residual = data.by_subject(data.outcome - ratio * data.probability)
    error = math.sqrt(k / (k - 1) * exact_sum(residual**2)) / events
    if error <= 1e-12:
        return NotEvaluable("zero_variance", "The ratio is the same in every subject.")
    face = Quantity("oe_ratio", "observed over expected events (1 is right)", math.log(ratio))
    found = symmetric(face, error, null=0.0, level=level, df=float(k - 1))
    if found.low is None or found.high is None:
        return replace(found, estimate=ratio)
    high = math.exp(found.high) if found.high < LARGEST_LOG else None
    why = None if high is not None else "The upper limit is beyond every number."
    return replace(found, estimate=ratio, low=math.exp(found.low), high=high, reason=why)


def spiegelhalter(data: Predicted) -> Quantity | NotEvaluable:
    """Is the Brier score what it should be were every prediction right? Two-sided.

    Independent pairs: the variance follows from the predictions themselves, normal. Repeated
    subjects: the variance of sums by subject about their mean with K/(K-1), Student's t with K-1.
    Refuses predictions that are all 0, 0.5 or 1. Spiegelhalter 1986, Statistics in Medicine 5:421.
    """
    p, weight = data.probability, 1 - 2 * data.probability
    excess = (data.outcome - p) * weight
    variance = exact_sum(weight**2 * p * (1 - p))
    if data.index is not None:
        k = data.n_clusters
        if k < 2:
            return ONE_CLUSTER
        sums = data.by_subject(excess)
        variance = k / (k - 1) * exact_sum((sums - exact_sum(sums) / k) ** 2)
    if variance <= 1e-24:
        reason = "The predictions leave no variance to hold the Brier score against."
        return NotEvaluable("zero_variance", reason)
    statistic = exact_sum(excess) / math.sqrt(variance)
    return Quantity(
        "spiegelhalter",
        "Spiegelhalter's test of calibration",
        statistic=statistic,
        df=data.df,
        p_value=two_sided(statistic, data.df),
    )


@dataclass(frozen=True, slots=True)
class Distances:
    """Absolute distances of predictions from the smooth curve: mean, median, 90 %, largest."""

    mean: float
    median: float
    ninetieth: float
    largest: float


def distances(data: Predicted, *, smoother: Smoother) -> Distances | NotEvaluable:
    """ICI, E50, E90 and Emax over the pairs; quantiles by linear interpolation.

    Austin & Steyerberg 2019, Stat Med 38:4051, use `loess`, Harrell's `val.prob` uses `lowess`: the
    numbers differ. Refuses as `curve`.
    """
    found = curve(data.probability, data.outcome, smoother=smoother)
    if isinstance(found, NotEvaluable):
        return found
    apart = np.abs(found.predicted - found.smoothed)
    median, ninetieth = np.quantile(apart, [0.5, 0.9])
    return Distances(
        mean=exact_sum(apart) / data.n,
        median=float(median),
        ninetieth=float(ninetieth),
        largest=float(apart.max()),
    )


@dataclass(frozen=True, slots=True)
class Binned:
    """Expected and largest calibration error, and the pairs in each bin that holds any."""

    expected: float
    largest: float
    n: tuple[int, ...]


def binned(data: Predicted, *, bins: int, binning: Binning) -> Binned:
    """Errors over bins of equal width on [0, 1], or at quantiles of the predictions.

    Bins are closed on the right (the first on both sides); with `equal_mass` tied predictions
    stay together, so bins may differ in size and be fewer. UsageError for fewer than one bin.
    """
    if bins < 1:
        raise UsageError("PARAMETER", f"A number of bins is 1 or more, not {bins}.")
    edges = np.linspace(0, 1, bins + 1)
    if binning == "equal_mass":
        edges = np.percentile(data.probability, edges * 100)
    place = np.searchsorted(edges[1:-1], data.probability, side="left")
    order = np.lexsort((data.outcome, data.probability))
    sizes = np.bincount(place, minlength=bins)
    gap = _sums(data.outcome, place, order, bins) - _sums(data.probability, place, order, bins)
    used = sizes > 0
    apart = np.abs(gap[used])
    return Binned(
        expected=exact_sum(apart) / data.n,
        largest=float((apart / sizes[used]).max()),
        n=tuple(int(size) for size in sizes[used]),
    )


def _sums(values: FloatArray, place: np.ndarray, order: np.ndarray, bins: int) -> FloatArray:
    """Sums by bin in an order that does not depend on subjects."""
    sums = np.bincount(place[order], weights=values[order], minlength=bins)
    return sums.astype(np.float64)
