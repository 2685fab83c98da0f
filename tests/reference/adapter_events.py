"""Case files on counts, rates and times to event.

The anchors take robust errors without K/(K-1) and refer them to the normal; ours have the factor
and go to t with K-1 degrees of freedom. The adapters take both away again.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from evaluation.inference.base import NotEvaluable
from evaluation.inference.events.concordance import c_index
from evaluation.inference.events.counts import Events, exact_rate_ratio, p_below
from evaluation.inference.events.cox import PairedTimes, Ties, marginal, marginal_model, stratified
from evaluation.inference.events.kaplan_meier import (
    Curve,
    Survival,
    restricted_mean,
    survival_at,
)
from evaluation.inference.events.rates import (
    PairedCountsOverTime,
    negative_binomial_rate_ratio,
    poisson_rate_ratio,
)
from evaluation.inference.events.ratios import LogRatio
from evaluation.inference.orientation import critical_value
from tests.reference.case_inputs import answered, column, limits
from tests.reference.compare import Adapter, Got, Inputs


def without_factor(found: LogRatio) -> float:
    """The error without K/(K-1)."""
    return found.standard_error * math.sqrt(1 - 1 / found.n_clusters)


def over_time(inputs: Inputs) -> PairedCountsOverTime:
    counts = column(inputs, "events_candidate"), column(inputs, "events_soc")
    _, cluster = np.unique(inputs["id"], return_inverse=True)
    return PairedCountsOverTime.of(*counts, cluster.astype(np.int64), column(inputs, "exposure"))


def gee_poisson(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(poisson_rate_ratio(over_time(inputs))).robust
    error = without_factor(found)
    half = critical_value(float(inputs.get("conf_level", 0.95))) * error
    z = (found.log_ratio - math.log(inputs["ratio_margin"])) / error
    return {
        "log_ratio": found.log_ratio,
        "robust_se": error,
        "ratio": math.exp(found.log_ratio),
        "ci_lower": math.exp(found.log_ratio - half),
        "ci_upper": math.exp(found.log_ratio + half),
        "ni_z": z,
        "ni_p": float(special.ndtr(z)),
    }


def negative_binomial(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(negative_binomial_rate_ratio(over_time(inputs)))
    return {
        "log_ratio": found.robust.log_ratio,
        "model_se": found.model_error,
        "theta": 1 / found.alpha if found.alpha else math.inf,
        "dispersion_alpha": found.alpha,
        "loglik": found.log_likelihood,
        "cluster_robust_se": without_factor(found.robust),
    }


def _exact(events: Events, level: float) -> dict[str, float]:
    found = answered(exact_rate_ratio(events, level=level))
    infinite = math.inf
    return {
        "ratio": infinite if found.ratio is None else found.ratio,
        **limits("ci_", (found.low, infinite if found.high is None else found.high)),
        "p_two_sided": found.p_two_sided,
    }


def paired_conditional(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    totals = int(sum(inputs["events_candidate"])), int(sum(inputs["events_soc"]))
    return _exact(Events(*totals), inputs["conf_level"])


def exact_rates(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    events = Events(
        int(inputs["events_candidate"]),
        int(inputs["events_soc"]),
        float(inputs["exposure_candidate"]),
        float(inputs["exposure_soc"]),
    )
    level = float(inputs.get("conf_level", 0.95))
    return {**_exact(events, level), "ni_p": p_below(events, float(inputs["ratio_margin"]))}


def cox_paired(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The tie rule of the marginal fit stands in the anchor's call."""
    _, cluster = np.unique(inputs["pair"], return_inverse=True)
    times = PairedTimes(
        column(inputs, "time_candidate"),
        column(inputs, "event_candidate") == 1,
        column(inputs, "time_soc"),
        column(inputs, "event_soc") == 1,
        cluster.astype(np.int64),
    )
    words = f"{inputs.get('ties', '')} {case['source']['call']}".lower()
    ties: Ties = "breslow" if "breslow" in words else "efron"
    within = answered(stratified(times, clustered=False))
    model = answered(marginal_model(times, ties=ties))
    got = {
        "strat_log_hr": within.log_ratio,
        "strat_se": within.standard_error,
        "marg_log_hr": model.log_ratio,
        "marg_naive_se": model.model_error,
    }
    robust = marginal(times)
    if ties == "efron" or isinstance(robust, NotEvaluable):
        return got
    z = (robust.log_ratio - math.log(inputs["hr_margin"])) / without_factor(robust)
    return {
        **got,
        "marg_robust_se": without_factor(robust),
        "ni_z_marginal": z,
        "ni_p_marginal": float(special.ndtr(z)),
    }


def _greenwood(point: Survival) -> float:
    """Greenwood's formula is 0 before the first event and 0/0 where nobody is left."""
    if point.standard_error is None:
        return 0.0 if point.survival == 1 else math.nan
    return point.standard_error


def survival_curve(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    curve = answered(Curve.of(column(inputs, "time"), column(inputs, "event") == 1))
    level = float(inputs.get("conf_level", 0.95))
    points = [answered(survival_at(curve, at, level=level)) for at in inputs["times"]]
    got: dict[str, Any] = {
        "surv": [point.survival for point in points],
        "std_err": [_greenwood(point) for point in points],
        "lower": [point.low for point in points],
        "upper": [point.high for point in points],
    }
    if "tau" in inputs:
        mean = answered(restricted_mean(curve, float(inputs["tau"])))
        got |= {"rmst": mean.mean, "rmst_se": mean.standard_error}
    return got


def concordance(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    time, event = column(inputs, "time"), column(inputs, "event") == 1
    arms = [answered(c_index(column(inputs, arm), time, event)) for arm in ("candidate", "soc")]
    return {"c_candidate": arms[0], "c_soc": arms[1], "difference": arms[0] - arms[1]}


EVENTS: dict[str, Adapter] = {
    "counts.gee_poisson_rate_ratio": gee_poisson,
    "counts.negative_binomial_rate_ratio": negative_binomial,
    "counts.paired_conditional_rate_ratio": paired_conditional,
    "counts.exact_rate_ratio": exact_rates,
    "survival.cox_paired": cox_paired,
    "survival.kaplan_meier": survival_curve,
    "survival.c_index": concordance,
}
