"""Paired areas under the ROC curve: size from binormal scores or from a pilot's variance.

Scores of events are normal with mean above those of non-events, both with variance 1, and the
models' scores are correlated within events and within non-events. The rank variance is that of
the Mann-Whitney estimates which the DeLong test uses, by bivariate normal probabilities; the
parametric one is that of maximum likelihood estimates as published (Obuchowski & McClish 1997,
Stat Med 16:1529), which leaves out the covariance of its two parameters. With models correlated
by 0.5 it asks for 1.3, 1.7 and 2.3 times the pairs that the DeLong test needs at areas of 0.7, 0.8
and 0.9.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from evaluation.design.multiplicity.orthants import any_exceeds
from evaluation.design.size.means import check_correlation
from evaluation.design.size.plan import Normal, Plan, SampleSize, Target
from protocols.errors import UsageError

Variance = Literal["rank", "obuchowski_mcclish"]


@dataclass(frozen=True, slots=True)
class Scores:
    """What two models' scores look like.

    `standard_of_care` is its area in (0.5, 1); the candidate's follows from the effect.
    `prevalence` is the share of events in (0, 1). Correlations are between the models' scores
    (rank variance: of the underlying normal ones), among events and among non-events, in [-1, 1].
    """

    standard_of_care: float
    prevalence: float
    correlation_events: float
    correlation_nonevents: float

    def __post_init__(self) -> None:
        _check_area(self.standard_of_care)
        if not 0 < self.prevalence < 1:
            raise UsageError("PREVALENCE_RANGE", "A share of events lies in (0, 1).")
        check_correlation(self.correlation_events)
        check_correlation(self.correlation_nonevents)


def _check_area(area: float) -> None:
    if not 0.5 <= area < 1:
        message = f"A binormal size is for areas from 0.5 up to 1, not {area}."
        raise UsageError("AREA_RANGE", message)


def area_size(
    target: Target, scores: Scores, plan: Plan, *, variance: Variance = "rank"
) -> SampleSize:
    """Pairs (events and non-events together) for a difference of areas.

    Null variance with the candidate's area at the null effect, the other at the true one (Liu, Ma,
    Wu & Tai 2006, Stat Med 25:1219). Raises `UsageError` for areas outside [0.5, 1).
    """
    return area_normal(target, scores, variance=variance).size(plan, f"paired areas, {variance}")


def area_power(
    target: Target, scores: Scores, n: float, plan: Plan, *, variance: Variance = "rank"
) -> float:
    """Power of `n` independent evaluable pairs at one look."""
    return area_normal(target, scores, variance=variance).power(n, plan)


def area_normal(target: Target, scores: Scores, *, variance: Variance) -> Normal:
    """Variances of the difference for one pair, under the null and under the truth."""
    return Normal(
        target.distance,
        _variance(scores, target.null, variance),
        _variance(scores, target.truth, variance),
    )


def _variance(scores: Scores, effect: float, variance: Variance) -> float:
    areas = scores.standard_of_care + effect, scores.standard_of_care
    _check_area(areas[0])
    match variance:
        case "rank":
            return max(_rank_variance(scores, areas), 0.0)
        case "obuchowski_mcclish":
            return max(parametric_variance(scores, areas), 0.0)
        case _:
            raise UsageError("VARIANCE_UNKNOWN", f"No variance of an area is called {variance}.")


def _rank_variance(scores: Scores, areas: tuple[float, float]) -> float:
    """DeLong's two parts: events' placements over events, non-events' over non-events."""
    events = _part(areas, scores.correlation_events)
    nonevents = _part(areas, scores.correlation_nonevents)
    return events / scores.prevalence + nonevents / (1 - scores.prevalence)


def _part(areas: tuple[float, float], correlation: float) -> float:
    """Variance of the difference of placements when one of the two classes is held fixed.

    Two comparisons that share their event have correlation 1/2, with two models' r/2.
    """
    z = np.array([float(special.ndtri(area)) for area in areas])

    def jointly(first: int, second: int, r: float) -> float:
        matrix = np.array([[1.0, r], [r, 1.0]])
        both = 1 - any_exceeds(z[[first, second]], matrix)
        return both - areas[first] * areas[second]

    own = jointly(0, 0, 0.5) + jointly(1, 1, 0.5)
    return own - 2 * jointly(0, 1, correlation / 2)


def parametric_variance(scores: Scores, areas: tuple[float, float]) -> float:
    """Obuchowski & McClish's variance of the difference, for one pair (per event in the source)."""
    kappa = (1 - scores.prevalence) / scores.prevalence
    rd, rn = scores.correlation_events, scores.correlation_nonevents
    parts = [_binormal(area) for area in areas]
    own = sum(
        f * f * (1 + 1 / kappa + a * a / 2) + g * g * (1 + kappa) / (2 * kappa) for a, f, g in parts
    )
    (a1, f1, g1), (a2, f2, g2) = parts
    shared = f1 * f2 * (rd + rn / kappa + rd * rd * a1 * a2 / 2)
    shared += g1 * g2 * (rn * rn + kappa * rd * rd) / (2 * kappa)
    shared += rd * rd * (f1 * g2 * a1 + f2 * g1 * a2) / 2
    return (own - 2 * shared) / scores.prevalence


def _binormal(area: float) -> tuple[float, float, float]:
    """The binormal separation and the area's derivatives by its two parameters."""
    a = math.sqrt(2) * float(special.ndtri(area))
    height = math.exp(-a * a / 4) / math.sqrt(4 * math.pi)
    return a, height, -a * height / 2


def area_size_from_pilot(
    target: Target, *, variance: float, n_pilot: int, plan: Plan
) -> SampleSize:
    """From the DeLong variance of the difference of areas in a pilot of `n_pilot` pairs.

    The trial must have the pilot's prevalence: with another one, scale a binormal size instead.
    One variance serves null and truth. Raises `UsageError` unless both numbers are positive.
    """
    if not (0 < variance < math.inf and n_pilot > 0):
        raise UsageError("VARIANCE_RANGE", "A pilot has pairs and a positive variance.")
    one = variance * n_pilot
    return Normal(target.distance, one, one).size(plan, "paired areas, pilot")
