"""Sequential case files: which function answers which group of cases.

A group holds several computations; an adapter raises `NotBuilt` for those without code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.design.adaptive.combination import combined_inference, inverse_normal
from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.classical import (
    haybittle_peto_boundaries,
    symmetric_boundaries,
    wang_tsiatis_boundaries,
)
from evaluation.design.clocks import Clock, FinalLook, Look, Plan, look_records
from evaluation.design.operating import operating_characteristics
from evaluation.design.repeated import repeated_p, sequential_p
from evaluation.design.spending import (
    confined,
    interpolated_alpha,
    spent,
    table_family,
    two_point_t,
)
from evaluation.design.stagewise import stagewise_inference
from evaluation.inference.arrays import FloatArray
from evaluation.inference.orientation import critical_of
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt, Refused

WORDS = {
    "LDOF": "lan_demets_obrien_fleming",
    "LDPocock": "lan_demets_pocock",
    "HSD": "hwang_shih_decani",
    "KimDeMets": "kim_demets",
    "exponential": "exponential",
}


Spend = Callable[[float, float], float]


def alpha_of(inputs: Inputs) -> float:
    """The one-sided alpha; a two-sided one is halved."""
    return float(inputs.get("alpha", 0.025)) / float(inputs.get("sided", inputs.get("sides", 1)))


def parameter_in(text: str, inputs: Inputs) -> float | None:
    inside = re.search(r"\((?:\w+\s*=\s*)?(-?[0-9.]+)\)", text)
    if inside:
        return float(inside.group(1))
    for key in ("gamma", "rho", "nu", "parameter"):
        if key in inputs:
            return float(inputs[key])
    return None


def spend_of(text: str, inputs: Inputs) -> Spend:
    """The spending family of 'HSD(-4)', 'HSD gamma' + parameter, plain words, or a table."""
    stem = text.split("(")[0].split()[0]
    if stem == "piecewise_linear":
        knots = inputs["knots_t"], inputs["knots_cum_fraction"]
        return lambda alpha, t: interpolated_alpha(*knots, alpha, [t])[0]
    if stem.startswith("t-distribution"):
        x0, x1, u0, u1, df = inputs["params"]
        return lambda alpha, t: two_point_t(((x0, u0), (x1, u1)), df, alpha, t)
    if stem not in WORDS:
        raise NotBuilt
    parameter = parameter_in(text, inputs)
    word = WORDS[stem]
    return lambda alpha, t: spent(word, alpha, t, parameter=parameter)


def window_of(text: str, inputs: Inputs) -> tuple[float, float] | None:
    if "trange" in inputs:
        return float(inputs["trange"][0]), float(inputs["trange"][1])
    inside = re.search(r"\[([0-9.]+), *([0-9.]+)\]", text)
    return (float(inside.group(1)), float(inside.group(2))) if inside else None


def spending(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """A two-sided alpha is spent half on each side, and both sides are counted."""
    alpha, text = alpha_of(inputs), str(inputs["family"])
    sides = float(inputs.get("sided", inputs.get("sides", 1)))
    spend = spend_of(text, inputs)
    at: Callable[[float], float] = lambda t: spend(alpha, t)  # noqa: E731
    window = window_of(text, inputs)
    if window is not None:
        at = confined(at, alpha, window, rescaled="rescaled" in text)
    return {"cumulative_spend": [sides * at(float(t)) for t in inputs["t"]]}


def cumulative(spend: Spend, alpha: float, times: Sequence[float]) -> tuple[float, ...]:
    return tuple(spend(alpha, t) for t in times)


def boundary(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    z = bounds_of(inputs)
    named = {"z": z, "z1": z[0], "z2_z3": z[1:3], "final_z": z[-1]}
    if len(z) == 26:
        named["z_looks_5_10_15_20_26"] = tuple(z[k - 1] for k in (5, 10, 15, 20, 26))
    return named


def bounds_of(inputs: Inputs) -> tuple[float, ...]:
    """Bounds on z; two-sided ones are symmetric, with both sides in force."""
    family, times = str(inputs["family"]), list(inputs["information_fractions"])
    alpha, both = alpha_of(inputs), inputs.get("sided", inputs.get("sides")) == 2
    match family.split()[0].split("(")[0]:
        case "Pocock":
            return wang_tsiatis_boundaries(times, alpha, delta=0.5, two_sided=both)
        case "O'Brien-Fleming":
            return wang_tsiatis_boundaries(times, alpha, delta=0.0, two_sided=both)
        case "Wang-Tsiatis":
            delta = float(inputs["delta"])
            return wang_tsiatis_boundaries(times, alpha, delta=delta, two_sided=both)
        case "Haybittle-Peto":
            interim = float(inputs["interim_z"])
            return haybittle_peto_boundaries(times, alpha, interim_z=interim, two_sided=both)
        case "user":
            spends = [float(a) / (2 if both else 1) for a in inputs["cumulative_alpha"]]
        case "none":
            spends = [0.0] * (len(times) - 1) + [alpha]
        case _:
            spends = list(cumulative(spend_of(family, inputs), alpha, times))
    return (symmetric_boundaries if both else efficacy_boundaries)(spends, times)


def information(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    observed = [float(here) for here in inputs["observed_information"]]
    times, planned = inputs.get("spending_time"), tuple(inputs.get("planned_fractions", ()))
    rule = f"{case.get('method', '')} {times if isinstance(times, str) else ''}"
    full = "all" in str(inputs.get("final_analysis", "")) or "1 at final" in rule
    final = FinalLook.FULL_ALPHA if full else FinalLook.INFORMATION_FRACTION
    moments: Sequence[float | None] = [None] * len(observed)
    clock, maximum = Clock.INFORMATION, float(inputs.get("planned_max_information", 1.0))
    if "min(planned" in rule and len(planned) == len(observed):
        clock = Clock.MIN_PLANNED_OBSERVED
    elif isinstance(times, list):
        clock, maximum, moments = Clock.CALENDAR, 1.0, times
    last = len(observed) - 1
    named = clock is Clock.MIN_PLANNED_OBSERVED
    looks = [
        Look(here, moment, planned_look=k + 1 if named else None, final=k == last)
        for k, (here, moment) in enumerate(zip(observed, moments, strict=True))
    ]
    alpha, spend = alpha_of(inputs), spend_of(str(inputs["family"]), inputs)
    plan = Plan(maximum, clock, final, planned)
    records = look_records(looks, plan, lambda t: spend(alpha, t))
    return {
        "cumulative_alpha": [record.cumulative_alpha for record in records],
        "z": [record.bound for record in records],
    }


def operating(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    here, upper, lower = inputs["information"], inputs["upper_z"], inputs["lower_z"]
    ways = [
        operating_characteristics(upper, here, drift=theta, lower=lower)
        for theta in inputs["theta"]
    ]
    got: dict[str, Any] = {
        "upper_prob_by_theta": [way.upper for way in ways],
        "lower_prob_by_theta": [way.lower for way in ways],
        "expected_information": [way.expected_information for way in ways],
        "power": [way.power for way in ways],
    }
    for name, way in zip(("H0", "H1"), ways, strict=False):
        got[f"cumulative_upper_{name}"] = way.cumulative_power
    return got


def family_by_look(
    inputs: Inputs, times: Sequence[float]
) -> Callable[[float, int], tuple[float, ...]]:
    if "cumulative_alpha" in inputs:
        table = table_family(inputs["cumulative_alpha"])
        return lambda alpha, k: table(alpha)[:k]
    spend = spend_of(str(inputs["family"]), inputs)
    return lambda alpha, k: cumulative(spend, alpha, times[:k])


def repeated_at(
    z: float, k: int, times: Sequence[float], spend: Callable[[float, int], Sequence[float]]
) -> float:
    return repeated_p(z, times[:k], lambda alpha: spend(alpha, k))


def repeated(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times = list(inputs["information_fractions"])
    spend = family_by_look(inputs, times)
    if "raw_p_look1" in inputs:
        looks = [inputs[f"raw_p_look{k + 1}"] for k in range(len(times))]
        return {
            "repeated_p_by_look": [
                [repeated_at(critical_of(p), k + 1, times, spend) for p in raw]
                for k, raw in enumerate(looks)
            ]
        }
    k, z = int(inputs["look"]), float(inputs["z"])
    error = (inputs["max_information"] * times[k - 1]) ** -0.5
    bound = efficacy_boundaries(spend(alpha_of(inputs), k), times[:k])[-1]
    return {
        "repeated_p_value": repeated_at(z, k, times, spend),
        "estimate": z * error,
        "rci_lower": (z - bound) * error,
        "rci_upper": (z + bound) * error,
    }


def sequential(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times = list(inputs["information_fractions"])[: len(inputs["z"])]
    return {"sequential_p": sequential_p(inputs["z"], times, family_by_look(inputs, times))}


def stopped(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    alpha, look = alpha_of(inputs), int(inputs["stopping_look"])
    times = list(inputs["information_fractions"])[:look]
    here = [inputs["max_information"] * t for t in times]
    bounds = efficacy_boundaries(family_by_look(inputs, times)(alpha, look), here)
    found = stagewise_inference(inputs["z_at_stop"], bounds[:-1], here, level=1 - 2 * alpha)
    return {
        "p_value": found.p_value,
        "median_unbiased_estimate": found.estimate,
        "ci_level": found.level,
        "ci_lower": found.low,
        "ci_upper": found.high,
    }


@dataclass(frozen=True, slots=True)
class Stages:
    """Stage by stage n, mean and spread, and the same of all data after each stage."""

    sizes: FloatArray
    means: FloatArray
    spreads: FloatArray
    mean: FloatArray
    error: FloatArray


def stages_of(inputs: Inputs) -> Stages:
    sizes = np.asarray(inputs["stage_n"], dtype=np.float64)
    means, spreads = (np.asarray(inputs[k], dtype=np.float64) for k in ("stage_mean", "stage_sd"))
    if not len(sizes) == len(means) == len(spreads) or not ((sizes > 1) & (spreads > 0)).all():
        raise Refused("Each stage has two pairs or more that differ.")
    n = np.cumsum(sizes)
    mean = np.cumsum(sizes * means) / n
    squares = np.cumsum((sizes - 1) * spreads**2 + sizes * means**2) - n * mean**2
    return Stages(sizes, means, spreads, mean, np.sqrt(squares / (n - 1) / n))


def paired_stages(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Stages merged from their sizes, means and standard deviations, then every look."""
    if "weights" in inputs:
        return combined_stages(inputs)
    null, alpha, data = float(inputs["H0_difference"]), alpha_of(inputs), stages_of(inputs)
    looks = len(data.sizes)
    z = (data.mean - null) / data.error
    times = list(inputs["information_fractions"])[:looks]
    spend = family_by_look(inputs, times)
    bounds = efficacy_boundaries(spend(alpha, looks), times)
    last = [t / times[-1] / data.error[-1] ** 2 for t in times]
    found = stagewise_inference(float(z[-1]), bounds[:-1], last, level=1 - 2 * alpha)
    return {
        "z": z.tolist(),
        "repeated_p": [repeated_at(float(z[k]), k + 1, times, spend) for k in range(looks)],
        "rci_lower": (data.mean - np.array(bounds) * data.error).tolist(),
        "rci_upper": (data.mean + np.array(bounds) * data.error).tolist(),
        "final_p": found.p_value,
        "final_ci": [found.low + null, found.high + null],
        "median_unbiased": found.estimate + null,
    }


def combined_stages(inputs: Inputs) -> Got:
    """Stages combined with frozen weights, whatever sizes they reached."""
    null, alpha, data = float(inputs["H0_difference"]), alpha_of(inputs), stages_of(inputs)
    looks = len(data.sizes)
    shares = [float(w) for w in re.findall(r"sqrt\(([0-9.]+)\)", str(inputs["weights"]))]
    times = list(inputs.get("information_fractions", np.cumsum(shares).tolist()))[:looks]
    stage_z = ((data.means - null) / data.spreads * np.sqrt(data.sizes)).tolist()
    z = inverse_normal(stage_z, times)
    spend = family_by_look(inputs, times)
    bounds = efficacy_boundaries(spend(alpha, looks), times)
    variance = data.error[-1] ** 2 * data.sizes.sum()  # of one pair, from all of them
    found = combined_inference(
        stage_z,
        bounds[:-1],
        times,
        stage_information=(data.sizes / variance).tolist(),
        level=1 - 2 * alpha,
    )
    return {
        "combination_test_statistic": z,
        "repeated_p": [repeated_at(z[k], k + 1, times, spend) for k in range(looks)],
        "final_p": found.p_value,
        "final_ci": [found.low + null, found.high + null],
        "median_unbiased": found.estimate + null,
    }


SEQUENTIAL: dict[str, Adapter] = {
    "FINAL": stopped,
    "NI": paired_stages,
    "SPEND": spending,
    "BND": boundary,
    "INFO": information,
    "OC": operating,
    "RCI": repeated,
    "REPP": repeated,
    "SEQP": sequential,
}
