"""Futility, conditional power, re-estimated sizes and delayed outcomes of the sequential cases."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scipy import special

from evaluation.design.adaptive.promising import TwoStages, Zone, resized
from evaluation.design.adaptive.rejection import Original, sized_secondary, unchanged_power
from evaluation.design.after.delayed import decision_bounds
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.conditional.power import (
    Later,
    conditional_power,
    conditional_rejection_probability,
    later_looks,
)
from evaluation.design.conditional.predictive import (
    Belief,
    assurance,
    assurance_after,
    flat_predictive_power,
    predictive_power,
)
from evaluation.design.futility.harm import harm_bounds
from evaluation.design.futility.spending import (
    FutilityDesign,
    futility_design,
    null_lower_bounds,
)
from evaluation.design.operating import (
    drift_for_power,
    fixed_drift,
    inflation_factor,
)
from evaluation.design.repeated import nominal_alpha
from tests.reference.adapter_sequential import (
    alpha_of,
    cumulative,
    family_by_look,
    spend_of,
    stages_of,
)
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt

EFFICACY = ("efficacy_family", "efficacy", "upper_family", "family")
FUTILITY = ("futility_family", "futility", "lower_family")


def named(inputs: Inputs, keys: Sequence[str]) -> str:
    return str(next((inputs[key] for key in keys if key in inputs), ""))


def times_of(inputs: Inputs) -> list[float]:
    if "information_fractions" in inputs:
        return [float(t) for t in inputs["information_fractions"]]
    if "timing" in inputs:
        timing = inputs["timing"]
        return [*(timing if isinstance(timing, list) else [timing]), 1.0]
    looks = int(inputs["looks"])
    return [(k + 1) / looks for k in range(looks)]


def is_binding(inputs: Inputs) -> bool:
    text = named(inputs, FUTILITY)
    return bool(inputs.get("binding", "binding" in text and "non" not in text))


def design_of(inputs: Inputs) -> FutilityDesign:
    times = times_of(inputs)
    alpha = cumulative(spend_of(named(inputs, EFFICACY), inputs), alpha_of(inputs), times)
    text, beta = named(inputs, FUTILITY), float(inputs["beta"])
    silent = (0.0,) * (len(times) - 1) + (beta,)
    betas = cumulative(spend_of(text, inputs), beta, times) if text else silent
    return futility_design(alpha, betas, times, binding=is_binding(inputs))


def futility(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if "futility_z" in inputs:
        return written_futility(inputs)
    if "astar" in inputs and "harm_family" not in inputs:
        return null_futility(inputs)
    design = design_of(inputs)
    under = design.under(design.drift)
    got: dict[str, Any] = {
        "efficacy_z": design.upper,
        "futility_z": design.lower[:-1],
        "upper_z": design.upper,
        "lower_z": design.lower,
        "inflation_factor": design.inflation,
        "expected_information_ratio_H0": design.expected_ratio(0.0),
        "expected_information_ratio_H1": design.expected_ratio(design.drift),
        "cumulative_power": under.cumulative_power,
    }
    if "harm_family" in inputs:
        times = times_of(inputs)
        spends = cumulative(
            spend_of(str(inputs["harm_family"]), inputs), float(inputs["astar"]), times
        )
        got["harm_z"] = harm_bounds(spends, times, upper=design.upper, futility=design.lower)
    return got


def written_futility(inputs: Inputs) -> Got:
    """Futility bounds given on z; they move the efficacy bounds only if binding."""
    times = times_of(inputs)
    spends = cumulative(spend_of(named(inputs, EFFICACY), inputs), alpha_of(inputs), times)
    bounds = [-math.inf if z is None else float(z) for z in inputs["futility_z"]]
    lower = [*bounds[: len(times) - 1], -math.inf]
    upper = efficacy_boundaries(spends, times, lower=lower if is_binding(inputs) else None)
    got: dict[str, Any] = {"efficacy_z": upper, "futility_z": tuple(lower[:-1])}
    if "beta" in inputs:
        power = 1 - float(inputs["beta"])
        drift = drift_for_power(upper, times, power=power, lower=lower)
        got["inflation_factor"] = inflation_factor(
            drift, times, alpha=alpha_of(inputs), power=power
        )
    return got


def null_futility(inputs: Inputs) -> Got:
    """Lower bounds that spend a probability under the null."""
    times, alpha = times_of(inputs), alpha_of(inputs)
    spends = cumulative(spend_of(named(inputs, EFFICACY), inputs), alpha, times)
    upper = efficacy_boundaries(spends, times)
    astar = float(inputs["astar"])
    below = cumulative(spend_of(named(inputs, FUTILITY), inputs), astar, times)
    lower = null_lower_bounds(below, times, upper=upper)
    power = 1 - float(inputs["beta"])
    drift = drift_for_power(upper, times, power=power, lower=lower)
    return {
        "upper_z": upper,
        "lower_z": lower,
        "inflation_factor": inflation_factor(drift, times, alpha=alpha, power=power),
    }


def conditional(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if "stage_n" in inputs:
        return conditional_of_stages(inputs)
    if "new_incremental_information" in inputs:
        return conditional_changed(inputs)
    design, here, later = interim_of(inputs)
    z, unit = float(inputs["z1"]), math.sqrt(float(inputs["n_fix"]) * design.inflation)
    asked: Any = inputs.get("theta")
    effects = [z / math.sqrt(here), 0.0, design.drift / unit]
    many = isinstance(case["expected"].get("theta"), list)
    if asked is not None:
        effects = list(asked) if isinstance(asked, list) else [float(asked)]
    elif not many:
        effects = effects[2:]
    found = [conditional_power(z, here, later, effect=effect) for effect in effects]
    first = int(inputs["interim_look"]) + 1
    got: dict[str, Any] = {"theta": effects, "cp_total": [one.total for one in found]}
    for k in range(len(later.information)):
        got[f"cp_look{first + k}"] = [one.by_look[k] for one in found]
    return got if many else {key: value[0] for key, value in got.items()}


def interim_of(inputs: Inputs) -> tuple[FutilityDesign, float, Later]:
    """The design in units of pairs, the information at its interim look, and what follows."""
    design = design_of(inputs)
    total = float(inputs["n_fix"]) * design.inflation
    information = [total * t for t in design.information]
    look = int(inputs["interim_look"])
    later = later_looks(design.upper, information, after=look, lower=design.lower)
    return design, information[look - 1], later


def conditional_of_stages(inputs: Inputs) -> Got:
    """Conditional power of the next looks at an assumed effect, and the rejection chance left."""
    data, null = stages_of(inputs), float(inputs["H0_difference"])
    times = times_of(inputs)
    bounds = efficacy_boundaries(family_by_look(inputs, times)(alpha_of(inputs), len(times)), times)
    z = ((data.mean - null) / data.error).tolist()
    look = len(z)
    later = later_looks(bounds, times, after=look)
    effect = (float(inputs["H1_difference"]) - null) / float(inputs["assumed_sd"])
    drift = effect * math.sqrt(float(inputs["n_remaining"]) / (times[-1] - times[look - 1]))
    crp = [
        conditional_rejection_probability(z[k], times[k], later_looks(bounds, times, after=k + 1))
        for k in range(look)
    ]
    power = conditional_power(z[-1], times[look - 1], later, effect=drift)
    return {
        "z": z,
        "conditional_power": power.total,
        "conditional_rejection_probability": crp,
    }


def conditional_changed(inputs: Inputs) -> Got:
    """Conditional power as planned, and with another size but the planned weights."""
    times, look = times_of(inputs), int(inputs["look"])
    bounds = efficacy_boundaries(family_by_look(inputs, times)(alpha_of(inputs), len(times)), times)
    z, effect = float(inputs["z"]), float(inputs["theta"])
    later = later_looks(bounds, times, after=look)
    coming = times[-1] - times[look - 1]
    sizes = [
        float(inputs["max_information"]) * coming,
        float(inputs["new_incremental_information"]),
    ]
    return {
        "cp_unchanged_and_changed": [
            conditional_power(
                z, times[look - 1], later, effect=effect * math.sqrt(size / coming)
            ).total
            for size in sizes
        ]
    }


def predictive(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if str(inputs["prior"]).startswith("flat"):
        return flat_predictive(inputs)
    design, here, later = interim_of(inputs)
    total = float(inputs["n_fix"]) * design.inflation
    unit = design.drift / math.sqrt(total)
    shares = re.search(r"N\(([0-9.-]+)\*delta, *\(([0-9.]+)\*delta\)\^2\)", str(inputs["prior"]))
    if shares is None:
        raise NotBuilt
    prior = Belief(float(shares.group(1)) * unit, (float(shares.group(2)) * unit) ** 2)
    information = [total * t for t in design.information]
    ways = assurance(design.upper, information, prior, lower=design.lower)
    return {
        "predictive_power": predictive_power(float(inputs["z1"]), here, later, prior=prior).total,
        "probability_of_success": math.fsum(ways.upper),
        "conditional_pos": assurance_after(ways, int(inputs["interim_look"])),
    }


def flat_predictive(inputs: Inputs) -> Got:
    information = [float(here) for here in inputs["information"]]
    times = [here / information[-1] for here in information]
    bounds = efficacy_boundaries(family_by_look(inputs, times)(alpha_of(inputs), len(times)), times)
    z, here = float(inputs["z1"]), information[0]
    later = later_looks(bounds, information, after=1)
    return {
        "final_critical_z": bounds[-1],
        "predictive_power": predictive_power(z, here, later).total,
        "predictive_power_closed_form": flat_predictive_power(z, here, information[-1], bounds[-1]),
        "conditional_power_H0": conditional_power(z, here, later, effect=0.0).total,
        "conditional_power_estimate": conditional_power(
            z, here, later, effect=z / math.sqrt(here)
        ).total,
    }


def resizing(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if "cp_zone" not in inputs:
        return redesigning(inputs)
    design = design_of(inputs)
    total = float(inputs["n_fix"]) * design.inflation
    sizes = (total * design.information[0], total)
    stages = TwoStages(sizes, (design.upper[0], design.upper[1]), design.lower[0])
    low, high = inputs["cp_zone"]
    zone = Zone(low, high, float(inputs["target_cp"]), float(inputs["max_inflation"]))
    theta = inputs.get("theta")
    effect = float(theta) if isinstance(theta, int | float) else None
    found = [resized(float(z), stages, zone, effect=effect) for z in inputs["z1"]]
    return {
        "total_n": [one.total for one in found],
        "conditional_power": [one.planned_power for one in found],
        "stage2_critical_z": [one.critical for one in found],
        "planned_n": sizes,
        "upper_z": design.upper,
        "lower_z": design.lower,
    }


def redesigning(inputs: Inputs) -> Got:
    times, most = times_of(inputs), float(inputs["max_information"])
    bounds = efficacy_boundaries(family_by_look(inputs, times)(alpha_of(inputs), len(times)), times)
    look = int(inputs["look"])
    original = Original(tuple(most * t for t in times), bounds, look, float(inputs["z"]))
    new = int(inputs["new_looks"])
    effect = float(inputs["theta_new"])
    secondary = sized_secondary(
        original,
        [(k + 1) / new for k in range(new)],
        spend_of(str(inputs["new_family"]), {}),
        effect=effect,
        power=float(inputs["target_conditional_power"]),
        cap=math.inf,
    )
    return {
        "conditional_alpha": secondary.alpha,
        "conditional_power_unchanged": unchanged_power(original, effect=effect),
        "new_max_information": secondary.information[-1],
        "new_critical_values": secondary.upper,
        "integrated_critical_values": (*bounds[:look], *secondary.integrated),
    }


def delayed(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    design = design_of(inputs)
    found = decision_bounds(
        design.upper,
        design.lower,
        design.information,
        pipeline=inputs["pipeline_information"],
    )
    return {
        "upper_continuation_z": design.upper,
        "lower_continuation_z": design.lower[:-1],
        "decision_z": found.decision,
        "reversal_probabilities": found.reversal,
    }


def published(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    design = design_of(inputs)
    fixed = fixed_drift(design.alpha, design.power, 1.0) ** 2
    effect = float(inputs["alternative"])
    return {
        "max_information_pct_of_fixed": 100 * design.inflation,
        "null_asn_pct": 100 * design.expected_ratio(0.0),
        "alt_asn_pct": 100 * design.expected_ratio(design.drift),
        f"max_information_at_theta_{effect:g}": design.inflation * fixed / effect**2,
    }


def two_groups(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Two proportions per look, a margin relative to the control, looks by sample fraction."""
    alpha, spend = alpha_of(inputs), spend_of(str(inputs["spending"]), inputs)
    looks = inputs["looks"]
    sizes = [(look["n_control"], look["n_treatment"]) for look in looks]
    rates = [
        (look["success_control"] / n0, look["success_treatment"] / n1)
        for look, (n0, n1) in zip(looks, sizes, strict=True)
    ]
    times = [min(1.0, sum(n) / inputs["final_expected_total"]) for n in sizes]
    here = [float(sum(n)) for n in sizes]
    bounds = efficacy_boundaries(cumulative(spend, alpha, times), here)
    difference = [p1 - p0 for p0, p1 in rates]
    error = [
        math.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
        for (p0, p1), (n0, n1) in zip(rates, sizes, strict=True)
    ]
    side = 1.0 if inputs["preferred"] == "increase" else -1.0
    null = [-side * inputs["relative_margin"] * p0 for p0, _ in rates]
    alone = -float(special.ndtri(alpha))
    limit = [d - side * b * e for d, b, e in zip(difference, bounds, error, strict=True)]
    name = "lower" if side > 0 else "upper"
    return {
        "difference": difference,
        "std_err": error,
        "null_hypothesis": null,
        f"unadjusted_ci_{name}": [
            d - side * alone * e for d, e in zip(difference, error, strict=True)
        ],
        "adjusted_alpha": [nominal_alpha(bound) for bound in bounds],
        f"adjusted_ci_{name}": limit,
        "significant": [side * (at - h) > 0 for at, h in zip(limit, null, strict=True)],
    }


AHEAD: dict[str, Adapter] = {
    "FUT": futility,
    "CP": conditional,
    "PP": predictive,
    "SSR": resizing,
    "DELAYED": delayed,
    "SAS": published,
    "SPOTIFY": two_groups,
}
