"""Cases of anytime-valid monitoring: confidence sequences, MaxSPRT, exact binomial looks."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.monitoring.asymptotic import AsymptoticPlan, asymptotic_limits
from evaluation.monitoring.bernoulli import rate_interval
from evaluation.monitoring.betting import (
    Bets,
    Hedge,
    betting_interval,
    betting_sequence,
    hedged_interval,
    log_wealth,
)
from evaluation.monitoring.bounded import PlugIn, conjugate_sequence, plug_in_sequence
from evaluation.monitoring.counts import binomial_crossings
from evaluation.monitoring.distribution import distribution_band
from evaluation.monitoring.maxsprt import (
    binomial_maxsprt,
    conditional_maxsprt,
    poisson_continuous,
    poisson_groups,
)
from evaluation.monitoring.mixtures import (
    BetaBinomialMixture,
    GammaExponentialMixture,
    GammaPoissonMixture,
    Mixture,
    NormalMixture,
    beta_binomial,
    boundary,
    stitched_boundary,
    tuned_rho,
)
from evaluation.monitoring.moments import Prior
from evaluation.monitoring.multinomial import fate_mix
from evaluation.monitoring.sequence import Sequence as Limits
from evaluation.monitoring.sequence import Side, on_unit_scale, sequence
from evaluation.monitoring.sprt import binomial_sprt
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt, Refused


def _first(inputs: Inputs, names: Sequence[str], default: Any = None) -> Any:
    return next((inputs[name] for name in names if inputs.get(name) is not None), default)


def _one_sided(inputs: Inputs, *, default: bool) -> bool:
    if "one_sided" in inputs or "is_one_sided" in inputs:
        return bool(_first(inputs, ("one_sided", "is_one_sided")))
    if "two_sided" in inputs:
        return not inputs["two_sided"]
    return int(inputs["sided"]) == 1 if "sided" in inputs else default


def _mixture(inputs: Inputs, method: str) -> Mixture:
    alpha = float(_first(inputs, ("alpha_opt", "alpha")))
    v_opt = float(inputs["v_opt"])
    if "beta-binomial" in method:
        return _beta_binomial(inputs, v_opt, alpha)
    if "gamma" in method:
        kind = GammaPoissonMixture if "poisson" in method else GammaExponentialMixture
        return kind(tuned_rho(v_opt, alpha, one_sided=True), float(inputs["c"]))
    one_sided = _one_sided(inputs, default=True)
    return NormalMixture(tuned_rho(v_opt, alpha, one_sided=one_sided), one_sided)


def _beta_binomial(inputs: Inputs, v_opt: float, alpha: float) -> BetaBinomialMixture:
    steps = float(inputs["g"]), float(inputs["h"])
    one_sided = _one_sided(inputs, default=True)
    return beta_binomial(v_opt, alpha, steps=steps, one_sided=one_sided)


def time_uniform(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    v, alpha = np.atleast_1d(np.asarray(inputs["v"], dtype=np.float64)), float(inputs["alpha"])
    method = str(case["method"]).lower()
    if "stitching" in method:
        shape = float(_first(inputs, ("s",), 1.4)), float(_first(inputs, ("eta",), 2.0))
        v_min, c = float(inputs["v_min"]), float(_first(inputs, ("c",), 0.0))
        return {"bound": stitched_boundary(v, alpha, v_min=v_min, c=c, shape=shape).tolist()}
    return {"bound": boundary(_mixture(inputs, method), v, alpha).tolist()}


def log_e_value(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    mixture = _mixture(inputs, str(case["method"]).lower())
    s, v = (np.asarray(inputs[key], dtype=np.float64) for key in ("s", "v"))
    log_e = np.atleast_1d(mixture.log_e(s, v))
    return {"log_e": log_e.tolist(), "e": np.exp(log_e).tolist()}


def bernoulli(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    tuned = float(inputs["t_opt"]), float(_first(inputs, ("alpha_opt", "alpha")))
    side: Side = "lower" if _one_sided(inputs, default=False) else "two_sided"
    counts = int(inputs["successes"]), int(inputs["trials"])
    return {"ci": list(rate_interval(*counts, alpha=inputs["alpha"], tuned=tuned, side=side))}


def _values(inputs: Inputs) -> FloatArray:
    low, high = inputs.get("range", (0, 1))
    return on_unit_scale(np.asarray(inputs["x"], dtype=np.float64), low, high)


def _side(case: Mapping[str, Any]) -> Side:
    keys = " ".join(case["expected"])
    if "one-sided" in str(case["method"]).lower():
        return "upper" if "lower" not in keys else "lower"
    return "two_sided"


def _at(name: str, n: int) -> list[int]:
    """The cases that a key like `lower_at_10_20_40` asks for; all of them for `lower`."""
    asked = re.search(r"_at_([0-9_]+)$", name)
    return [int(part) for part in asked.group(1).split("_")] if asked else list(range(1, n + 1))


def _shown(found: Limits, inputs: Inputs, case: Mapping[str, Any]) -> Got:
    low, high = inputs.get("range", (0, 1))
    parts = {"lower": found.low, "upper": found.high}
    return {
        key: [float(low + (high - low) * parts[key[:5]][t - 1]) for t in _at(key, len(found.low))]
        for key in case["expected"]
        if key[:5] in parts
    }


def _prior(inputs: Inputs) -> Prior:
    mean, variance = (
        float(_first(inputs, (key,), given))
        for key, given in (("prior_mean", 0.5), ("prior_variance", 0.25))
    )
    return Prior(mean, variance, float(_first(inputs, ("fake_obs",), 1)))


def plug_in(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    hoeffding = "hoeffding" in str(case["method"]).lower()
    cap = float(_first(inputs, ("truncation",), 1.0 if hoeffding else 0.5))
    penalty = PlugIn(
        "hoeffding" if hoeffding else "empirical_bernstein",
        cap,
        _prior(inputs),
        _first(inputs, ("population", "N")),
    )
    found = plug_in_sequence(
        _values(inputs),
        alpha=float(inputs["alpha"]),
        side=_side(case),
        plan=penalty,
        intersect=bool(inputs.get("running_intersection", False)),
    )
    return _shown(found, inputs, case)


def conjugate(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor halves alpha twice: the level of each side is what its definition says.

    Without a word on it a two-sided case is the anchor's, a one-sided one has all of alpha.
    """
    side = _side(case)
    each = float(inputs["alpha"]) / (4 if side == "two_sided" else 1)
    said = re.search(r"effective (?:per-side )?level ([0-9.]*[0-9])", str(inputs.get("definition")))
    each = float(said.group(1)) if said else each
    found = conjugate_sequence(
        _values(inputs),
        each=each,
        v_opt=float(inputs["v_opt"]),
        side=side,
        intersect=bool(inputs.get("running_intersection", False)),
    )
    return _shown(found, inputs, case)


def _bets(inputs: Inputs) -> Bets:
    cap = float(_first(inputs, ("trunc_scale",), 0.5))
    return Bets(float(inputs["alpha"]) / 2, cap, _prior(inputs))


def _hedge(inputs: Inputs) -> Hedge:
    theta = float(_first(inputs, ("theta",), 0.5))
    return Hedge(theta, "convex" if inputs.get("convex_comb") else "max")


def betting_wealth(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    low, high = inputs.get("range", (0, 1))
    mean = (float(inputs["m"]) - low) / (high - low)
    found = np.exp(log_wealth(_values(inputs), mean, bets=_bets(inputs), hedge=_hedge(inputs)))
    return {
        key: [float(found[t - 1]) for t in _at(key, len(found))]
        for key in case["expected"]
        if key.startswith("wealth")
    }


def betting_limits(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    x, side, alpha, bets = _values(inputs), _side(case), float(inputs["alpha"]), _bets(inputs)
    hedge = _hedge(inputs)
    if hedge == Hedge() and inputs.get("running_intersection", True):
        return _shown(betting_sequence(x, alpha=alpha, side=side, bets=bets), inputs, case)
    asked = {t for key in case["expected"] for t in _at(key, len(x))}
    low, high = np.zeros(len(x)), np.ones(len(x))
    for t in asked:
        if hedge == Hedge():
            limits = betting_interval(x[:t], alpha=alpha, side=side, bets=bets)
        else:
            found = hedged_interval(x[:t], alpha=alpha, hedge=hedge, bets=bets)
            limits = found or (1.0, 0.0)
        low[t - 1], high[t - 1] = limits
    return _shown(sequence(low, high, alpha=alpha, side=side, intersected=False), inputs, case)


def band(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times = inputs["t"] if isinstance(inputs["t"], list) else [inputs["t"]]
    scale = float(_first(inputs, ("A", "scale"), 0.85))
    found = [
        distribution_band(t, float(inputs["alpha"]), t_min=float(inputs["t_min"]), scale=scale)
        for t in times
    ]
    return {"bound": found if isinstance(inputs["t"], list) else found[0]}


def _mean_and_error(arm: Mapping[str, float], *, proportion: bool) -> tuple[float, float]:
    """Mean and its squared error: n - 1 for means, p (1 - p) for proportions."""
    n = float(arm["n"])
    total = float(_first(arm, ("sum", "successes", "events", "x")))
    mean = total / n
    squares = _first(arm, ("sum_squares", "sum_of_squares"))
    if proportion or squares is None:
        return mean, mean * (1 - mean) / n
    return mean, (float(squares) - n * mean * mean) / (n - 1) / n


def _two_arms(inputs: Inputs, case: Mapping[str, Any]) -> tuple[float, float, float]:
    first, second = inputs["control"], inputs["treatment"]
    words = f"{case['method']} {inputs.get('metric')} {inputs.get('statistic')}".lower()
    proportion = "proportion" in words
    mean, error = _mean_and_error(first, proportion=proportion)
    other, other_error = _mean_and_error(second, proportion=proportion)
    n = float(first["n"]) + float(second["n"])
    if str(inputs.get("difference_type", "absolute")) == "relative":
        variance = other_error / mean**2 + error * other**2 / mean**4
        return (other - mean) / mean, math.sqrt(variance), n
    return other - mean, math.sqrt(error + other_error), n


def asymptotic(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    difference, error, n = _two_arms(inputs, case)
    n_opt = float(_first(inputs, ("tuning_n", "sequential_tuning_parameter"), 5000))
    plan = AsymptoticPlan(float(inputs["alpha"]), n_opt, 2, _one_sided(inputs, default=False))
    found = asymptotic_limits(difference, error, n, plan)
    if isinstance(found, NotEvaluable):
        raise Refused(found.reason)
    return {
        "difference": found.estimate,
        "ci_lower": found.low,
        "ci_upper": found.high,
        "always_valid_p": found.p_value,
    }


def fates(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    state = fate_mix(inputs["null"], concentration=float(inputs["k"]))
    odds, p_values = [], []
    for batch in inputs["batches"]:
        state = state.extend(batch)
        odds.append(math.exp(-state.log_e))
        p_values.append(state.p_value)
    return {"inverse_odds": odds, "p_value": p_values, "always_valid_p": p_values}


CONFIDENCE_SEQUENCES: tuple[tuple[str, Adapter], ...] = (
    ("log e-process", log_e_value),
    ("time-uniform boundary", time_uniform),
    ("bernoulli mean", bernoulli),
    ("conjugate-mixture", conjugate),
    ("empirical-bernstein", plug_in),
    ("hoeffding", plug_in),
    ("wealth", betting_wealth),
    ("betting", betting_limits),
    ("empirical cdf", band),
    ("asymptotic", asymptotic),
    ("multinomial", fates),
)


def confidence_sequence(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    method = str(case["method"]).lower()
    for word, adapter in CONFIDENCE_SEQUENCES:
        if word in method:
            return adapter(inputs, case)
    raise NotBuilt


def maxsprt(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    method, alpha = str(case["method"]).lower(), float(inputs["alpha"])
    m = int(_first(inputs, ("min_events_to_signal", "min_events", "M"), 1))
    groups = _first(inputs, ("expected_events_per_group", "group_sizes"))
    if "conditional" in method:
        most = int(_first(inputs, ("max_events", "K")))
        found = conditional_maxsprt(
            int(_first(inputs, ("historical_events", "cc"))), most, alpha, m=m
        )
    elif "binomial" in method:
        ratio = _first(inputs, ("matching_ratio", "z"))
        share = float(inputs["p"]) if ratio is None else 1 / (1 + float(ratio))
        looks = np.cumsum(groups).tolist() if groups else range(1, int(inputs["max_events"]) + 1)
        found = binomial_maxsprt(looks, alpha, share=share, m=m)
    elif groups:
        found = poisson_groups([float(group) for group in groups], alpha, m=m)
    else:
        start = float(_first(inputs, ("start", "delay", "D", "min_expected_events"), 0.0))
        horizon = float(inputs["max_expected_events"])
        found = poisson_continuous(horizon, alpha, m=m, start=start)
    return {"critical_llr": found.critical, "type1": found.type1}


def exact_binomial(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if "p0" in inputs:
        rates = float(inputs["p0"]), float(inputs["p1"])
        sizes = int(inputs["n_min"]), int(inputs["n_max"])
        line = binomial_sprt(
            rates, alpha=float(inputs["alpha"]), beta=float(inputs["beta"]), sizes=sizes
        )
        return {
            "intercepts": [line.upper_intercept, line.lower_intercept],
            "slope": line.slope,
            "type1": math.fsum(line.crossings(rates[0]).upper),
            "power": math.fsum(line.crossings(rates[1]).upper),
        }
    theta = inputs["theta"] if isinstance(inputs["theta"], list) else [inputs["theta"]]
    ways = [
        binomial_crossings(
            inputs["n"],
            upper=inputs["upper_counts"],
            lower=inputs.get("lower_counts"),
            rate=float(rate),
        )
        for rate in theta
    ]
    return {
        "upper_prob_by_theta": [list(way.upper) for way in ways],
        "lower_prob_by_theta": [list(way.lower) for way in ways],
        "expected_n": [way.expected_n for way in ways],
    }


MONITORING: dict[str, Callable[[Inputs, Mapping[str, Any]], Got]] = {
    "CS": confidence_sequence,
    "MAXSPRT": maxsprt,
    "EXB": exact_binomial,
}
