"""Sequential case files: which function answers which group of cases.

A group holds several computations; an adapter raises `NotBuilt` for those without code.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.design.boundaries import crossing_probabilities, efficacy_boundaries
from evaluation.design.classical import haybittle_peto_boundaries, wang_tsiatis_boundaries
from evaluation.design.repeated import repeated_p, sequential_p
from evaluation.design.spending import (
    confined,
    cumulative_alpha,
    interpolated_alpha,
    spent,
    two_point_t,
)
from evaluation.design.stagewise import stagewise_inference
from evaluation.inference.orientation import critical_of
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt

WORDS = {
    "LDOF": "lan_demets_obrien_fleming",
    "LDPocock": "lan_demets_pocock",
    "HSD": "hwang_shih_decani",
    "KimDeMets": "kim_demets",
    "exponential": "exponential",
}


def family_of(inputs: Inputs) -> tuple[str, float | None]:
    """The design's word and parameter from 'HSD(-4)', 'HSD gamma' + parameter, or plain words."""
    text = str(inputs["family"])
    stem = text.split("(")[0].split()[0]
    if stem not in WORDS:
        raise NotBuilt
    inside = re.search(r"\((?:\w+=)?(-?[0-9.]+)\)", text)
    if inside:
        return WORDS[stem], float(inside.group(1))
    for key in ("gamma", "rho", "nu", "parameter"):
        if key in inputs:
            return WORDS[stem], float(inputs[key])
    return WORDS[stem], None


def spending(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    alpha, times = float(inputs["alpha"]), list(inputs["t"])
    family = str(inputs["family"])
    at: Callable[[float], float]
    if family == "piecewise_linear":
        knots = inputs["knots_t"], inputs["knots_cum_fraction"]
        return {"cumulative_spend": interpolated_alpha(*knots, alpha, times)}
    if family.startswith("t-distribution"):
        x0, x1, u0, u1, df = inputs["params"]
        return {
            "cumulative_spend": [two_point_t(((x0, u0), (x1, u1)), df, alpha, t) for t in times]
        }
    word, parameter = family_of(inputs)
    if "rescaled" in family:
        at = confined(lambda t: spent(word, alpha, t), alpha, (0.4, 0.95), rescaled=True)
        return {"cumulative_spend": [at(t) for t in times]}
    if "trange" in inputs:
        window = (inputs["trange"][0], inputs["trange"][1])
        at = confined(
            lambda t: spent(word, alpha, t, parameter=parameter), alpha, window, rescaled=False
        )
        return {"cumulative_spend": [at(t) for t in times]}
    return {"cumulative_spend": cumulative_alpha(word, alpha, times, parameter=parameter)}


def boundary(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    family, times = str(inputs["family"]), list(inputs["information_fractions"])
    alpha = float(inputs["alpha"])
    match family.split()[0]:
        case "Pocock":
            return {"z": wang_tsiatis_boundaries(times, alpha, delta=0.5)}
        case "O'Brien-Fleming":
            return {"z": wang_tsiatis_boundaries(times, alpha, delta=0.0)}
        case "Wang-Tsiatis":
            return {"z": wang_tsiatis_boundaries(times, alpha, delta=inputs["delta"])}
        case "Haybittle-Peto":
            interim = float(inputs["interim_z"])
            return {"z": haybittle_peto_boundaries(times, alpha, interim_z=interim)}
        case "user":
            return {"z": efficacy_boundaries(inputs["cumulative_alpha"], times)}
        case "none":
            spends = [0.0] * (len(times) - 1) + [alpha]
            return {"final_z": efficacy_boundaries(spends, times)[-1]}
        case _:
            word, parameter = family_of(inputs)
    z = efficacy_boundaries(cumulative_alpha(word, alpha, times, parameter=parameter), times)
    named = {"z": z, "z1": z[0], "z2_z3": z[1:3]}
    if len(z) == 26:
        named["z_looks_5_10_15_20_26"] = tuple(z[k - 1] for k in (5, 10, 15, 20, 26))
    return named


def information(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    observed = list(inputs["observed_information"])
    times = inputs.get("spending_time")
    if not isinstance(times, list):
        times = [min(1.0, here / inputs["planned_max_information"]) for here in observed]
    word, parameter = family_of(inputs)
    spends = cumulative_alpha(word, inputs["alpha"], times, parameter=parameter)
    return {"cumulative_alpha": spends, "z": efficacy_boundaries(spends, observed)}


def operating(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    here, upper, lower = inputs["information"], inputs["upper_z"], inputs["lower_z"]
    ways = [
        crossing_probabilities(upper, here, drift=theta, lower=lower) for theta in inputs["theta"]
    ]
    expected = [
        here[-1]
        - sum(
            (up + down) * (here[-1] - now)
            for up, down, now in zip(way.upper, way.lower, here, strict=True)
        )
        for way in ways
    ]
    got: dict[str, Any] = {
        "upper_prob_by_theta": [way.upper for way in ways],
        "lower_prob_by_theta": [way.lower for way in ways],
        "expected_information": expected,
    }
    for name, way in zip(("H0", "H1"), ways, strict=False):
        got[f"cumulative_upper_{name}"] = [sum(way.upper[: k + 1]) for k in range(len(way.upper))]
    return got


def _family(inputs: Inputs, times: Sequence[float]) -> Callable[[float, int], Sequence[float]]:
    word, parameter = family_of(inputs)
    return lambda alpha, k: cumulative_alpha(word, alpha, times[:k], parameter=parameter)


def repeated(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times = list(inputs["information_fractions"])
    spend = _family(inputs, times)
    if "raw_p_look1" in inputs:
        looks = [inputs["raw_p_look1"], inputs["raw_p_look2"]]
        values = [
            [
                repeated_p(critical_of(p), times[: k + 1], lambda a, k=k: spend(a, k + 1))  # type: ignore[misc]
                for p in raw
            ]
            for k, raw in enumerate(looks)
        ]
        return {"repeated_p_by_look": values}
    k, z = int(inputs["look"]), float(inputs["z"])
    error = (inputs["max_information"] * times[k - 1]) ** -0.5
    bound = efficacy_boundaries(spend(inputs["alpha"], k), times[:k])[-1]
    return {
        "repeated_p_value": repeated_p(z, times[:k], lambda a: spend(a, k)),
        "estimate": z * error,
        "rci_lower": (z - bound) * error,
        "rci_upper": (z + bound) * error,
    }


def sequential(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times = list(inputs["information_fractions"])
    return {"sequential_p": sequential_p(inputs["z"], times, _family(inputs, times))}


def stopped(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    times, alpha = list(inputs["information_fractions"]), float(inputs["alpha"])
    here = [inputs["max_information"] * t for t in times]
    spend = _family(inputs, times)
    bounds = efficacy_boundaries(spend(alpha, len(times)), here)
    level = 1 - 2 * alpha
    found = stagewise_inference(inputs["z_at_stop"], bounds[:-1], here, level=level)
    return {
        "p_value": found.p_value,
        "median_unbiased_estimate": found.estimate,
        "ci_level": found.level,
        "ci_lower": found.low,
        "ci_upper": found.high,
    }


def paired_stages(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Stages merged from their sizes, means and standard deviations, then both looks."""
    if "weights" in inputs:
        raise NotBuilt
    null, alpha = float(inputs["H0_difference"]), float(inputs["alpha"])
    sizes = np.asarray(inputs["stage_n"], dtype=np.float64)
    means, spreads = (np.asarray(inputs[k], dtype=np.float64) for k in ("stage_mean", "stage_sd"))
    n = np.cumsum(sizes)
    mean = np.cumsum(sizes * means) / n
    squares = np.cumsum((sizes - 1) * spreads**2 + sizes * means**2) - n * mean**2
    error = np.sqrt(squares / (n - 1) / n)
    z = (mean - null) / error
    times = list(inputs["information_fractions"])[: len(n)]
    spend = _family(inputs, times)
    bounds = efficacy_boundaries(spend(alpha, len(n)), times)
    last = [t / times[-1] / error[-1] ** 2 for t in times]
    found = stagewise_inference(float(z[-1]), bounds[:-1], last, level=1 - 2 * alpha)

    def p_at(k: int) -> float:
        return repeated_p(float(z[k - 1]), times[:k], lambda a: spend(a, k))

    return {
        "z": z.tolist(),
        "repeated_p": [p_at(k + 1) for k in range(len(n))],
        "rci_lower": (mean - np.array(bounds) * error).tolist(),
        "rci_upper": (mean + np.array(bounds) * error).tolist(),
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
