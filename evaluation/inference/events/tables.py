"""Quantities of the events family, as registered analyses give them."""

import math

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import NotEvaluable, Quantity
from evaluation.inference.events.concordance import Resampled
from evaluation.inference.events.counts import Events, ExactRatio
from evaluation.inference.events.cox import PairedTimes
from evaluation.inference.events.kaplan_meier import Curve, survival_at, survival_difference
from evaluation.inference.events.rates import RateRatio
from evaluation.inference.events.ratios import LogRatio, exponential
from evaluation.inference.refusals import UNBOUNDED
from evaluation.inference.resampling import percentile_interval

Arm = tuple[FloatArray, BoolArray]

INFINITE = "The standard of care has no event, so the ratio and its upper limit are infinite."


def exact_quantity(name: str, title: str, found: ExactRatio) -> Quantity:
    """An exact ratio; without an event of the standard of care there is only a lower limit."""
    return Quantity(
        name,
        f"{title}, candidate over standard of care",
        found.ratio,
        low=found.low,
        high=found.high,
        level=found.level,
        p_value=found.p_two_sided,
        reason=None if found.high is not None else INFINITE,
    )


def rates_of(events: Events) -> tuple[Quantity, Quantity]:
    """Events per unit of exposure in each arm."""
    candidate = events.candidate / events.candidate_exposure
    soc = events.standard_of_care / events.standard_of_care_exposure
    return _plain("candidate_rate", candidate), _plain("standard_of_care_rate", soc)


def _plain(name: str, value: float | None) -> Quantity:
    return Quantity(name, name.replace("_", " "), value)


def ratio_quantity(name: str, title: str, found: LogRatio, level: float) -> Quantity:
    """A ratio; its standard error is that of the logarithm."""
    low, high = found.limits(level)
    bounded = high < math.inf
    return Quantity(
        name,
        title,
        exponential(found.log_ratio),
        standard_error=found.standard_error,
        low=low,
        high=high if bounded else None,
        level=level,
        statistic=found.log_ratio / found.standard_error,
        df=found.df,
        p_value=found.p_two_sided,
        reason=None if bounded else UNBOUNDED.reason,
    )


def rate_quantities(found: RateRatio, level: float) -> tuple[Quantity, ...]:
    """The robust ratio, the arms' rates, the model's own error of the log ratio, its dispersion."""
    title = "ratio of rates, candidate over standard of care"
    return (
        ratio_quantity("rate_ratio", title, found.robust, level),
        _plain("candidate_rate", found.robust.candidate),
        _plain("standard_of_care_rate", found.robust.standard_of_care),
        Quantity(
            "model_error",
            "standard error of the log ratio that trusts the model and ignores pairing",
            found.model_error,
        ),
        _plain("dispersion", found.alpha),
    )


def survival_quantities(
    times: PairedTimes, moments: tuple[float, ...], level: float
) -> tuple[Quantity, ...] | NotEvaluable:
    """For each moment, in the unit of the times, both arms' survival and their difference.

    Refuses as `Curve.of` for either arm; a difference without an answer carries its reason.
    """
    arms = (
        (times.candidate_time, times.candidate_event),
        (times.standard_of_care_time, times.standard_of_care_event),
    )
    curves = [Curve.of(*arm) for arm in arms]
    quantities: list[Quantity] = []
    for moment in moments:
        for name, curve in zip(("candidate", "standard_of_care"), curves, strict=True):
            if isinstance(curve, NotEvaluable):
                return curve
            quantities.append(_survival(name, curve, moment, level))
        quantities.append(_difference(times, arms, moment, level))
    return tuple(quantities)


def _survival(arm: str, curve: Curve, moment: float, level: float) -> Quantity:
    name = f"{arm}_survival_at_{moment:g}"
    title = f"share without event at {moment:g}, {arm.replace('_', ' ')}"
    found = survival_at(curve, moment, level=level)
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, reason=found.reason)
    if found.standard_error is None:
        reason = "No pair, or every pair, has had the event, so there is no interval."
        return Quantity(name, title, found.survival, reason=reason)
    return Quantity(name, title, found.survival, found.standard_error, found.low, found.high, level)


def _difference(times: PairedTimes, arms: tuple[Arm, Arm], moment: float, level: float) -> Quantity:
    name = f"survival_difference_at_{moment:g}"
    title = f"difference in the share without event at {moment:g}"
    found = survival_difference(arms, times.cluster, moment, level=level)
    if isinstance(found, NotEvaluable):
        return Quantity(name, title, reason=found.reason)
    return Quantity(
        name,
        title,
        found.difference,
        found.standard_error,
        found.low,
        found.high,
        level,
        df=found.df,
    )


def concordance_quantities(found: Resampled, level: float) -> tuple[Quantity, ...]:
    """Each arm's concordance and their difference with percentile limits."""
    names = ("candidate_c_index", "standard_of_care_c_index", "c_index_difference")
    titles = (
        "concordance, candidate",
        "concordance, standard of care",
        "difference of concordance, candidate minus standard of care",
    )
    return tuple(
        Quantity(
            name,
            title,
            value,
            replicates.standard_error,
            *percentile_interval(replicates, level=level),
            level,
        )
        for name, title, value, replicates in zip(
            names, titles, found.values, found.replicates, strict=True
        )
    )
