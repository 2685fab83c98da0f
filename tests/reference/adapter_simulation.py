"""Cases of simulated and exact operating characteristics of a design on paired differences."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.futility.spending import futility_design
from evaluation.design.operating import operating_characteristics
from evaluation.design.simulation.characteristics import simulate
from evaluation.design.simulation.scenarios import fixed_rule
from evaluation.design.simulation.trials import Bounds, Scenario
from tests.reference.adapter_sequential import alpha_of, spend_of
from tests.reference.compare import Adapter, Got, Inputs

LEAST_TRIALS = 200_000  # so that the error of a comparison is that of the case alone


def _spends(text: str, total: float, times: Sequence[float], inputs: Inputs) -> tuple[float, ...]:
    spend = spend_of(text, inputs)
    return tuple(spend(total, t) for t in times)


def _bounds(inputs: Inputs) -> Bounds:
    """Bounds at the planned fractions; beta is 0.1 where a case does not say."""
    times, alpha = list(inputs["information_fractions"]), alpha_of(inputs)
    alphas = _spends(str(inputs["efficacy"]), alpha, times, inputs)
    futility = str(inputs.get("futility") or "none")
    if futility.startswith("none"):
        return Bounds(efficacy_boundaries(alphas, times))
    betas = _spends(futility, float(inputs.get("beta", 0.1)), times, inputs)
    binding = "binding" in futility and "non-binding" not in futility
    found = futility_design(alphas, betas, times, binding=binding)
    return Bounds(found.upper, found.lower)


def simulated(inputs: Inputs) -> Got:
    bounds = _bounds(inputs)
    scale = float(inputs["sd_difference"]) ** 2
    effect = float(inputs["true_difference"]) - float(inputs["H0_difference"])
    scenario = Scenario(
        "case",
        effect,
        (tuple(n / scale for n in inputs["n_cumulative"]),),
        obeys_futility="ignored" not in str(inputs.get("futility")),
    )
    found = simulate(
        scenario,
        fixed_rule(bounds.upper, bounds.lower),
        seed=int(inputs.get("seed", 1)),
        replicates=max(LEAST_TRIALS, int(inputs["trials"])),
    )
    return {
        "reject": found.reject.value,
        "reject_per_look": [part.value for part in found.reject_by_look],
        "futility_per_look": [part.value for part in found.futility_by_look[:-1]],
        "expected_n": found.expected_information.value * scale,
    }


def exact(inputs: Inputs) -> Got:
    bounds = _bounds(inputs)
    most = float(inputs["max_n"])
    sizes = [most * t for t in inputs["information_fractions"]]
    sd, null = float(inputs["sd_difference"]), float(inputs["H0_difference"])
    truths = np.atleast_1d(inputs["true_difference"]).tolist()
    ways = [
        operating_characteristics(
            bounds.upper, sizes, drift=(truth - null) / sd, lower=bounds.lower
        )
        for truth in truths
    ]
    return {
        "power": [way.power for way in ways],
        "expected_n": [way.expected_information for way in ways],
        "futility": [math.fsum(way.lower[:-1]) for way in ways],
        "early_stop": [math.fsum(way.stopping[:-1]) for way in ways],
    }


def simulation(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    return simulated(inputs) if "trials" in inputs else exact(inputs)


SIMULATION: dict[str, Adapter] = {"SIM": simulation}
