"""Sequential case files, group N: sample sizes, with and without looks."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.design.boundaries import efficacy_boundaries
from evaluation.design.futility.spending import futility_design
from evaluation.design.size.counts import Marginals, independent_rates_size, kappa_size
from evaluation.design.size.looks import looks_of
from evaluation.design.size.means import mean_power, mean_size, t_power, t_size
from evaluation.design.size.plan import Plan, SampleSize, Target
from evaluation.design.size.proportions import (
    discordance_of,
    mcnemar_size,
    score_power,
    score_size,
    wald_power,
    wald_size,
)
from evaluation.design.spending import cumulative_alpha
from protocols.vocabulary import Direction
from tests.reference.adapter_multiplicity import FAMILIES
from tests.reference.compare import Adapter, Got, Inputs, NotBuilt

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def _plan(inputs: Inputs) -> Plan:
    if "alpha" in inputs:
        alpha = float(inputs["alpha"]) / (2 if inputs.get("sided") == 2 else 1)
    else:
        alpha = float(inputs["alpha_two_sided"]) / 2
    power = inputs["power"] if "power" in inputs else 1 - inputs.get("beta", 0.1)
    return Plan(alpha, float(power))


def _asks_power(inputs: Inputs) -> float | None:
    """The number of pairs of a case that gives it and asks for the power."""
    if "power" in inputs or "beta" in inputs:
        return None
    return float(inputs["n_pairs"] if "n_pairs" in inputs else inputs["n"])


def _target(null: float, truth: float) -> Target:
    """Cases test towards the side on which the truth lies."""
    return Target(null, truth, HIGHER if truth > null else LOWER)


def _sizes(found: SampleSize, *, rounded: bool) -> dict[str, Any]:
    pairs = found.n_pairs if rounded else found.n_exact
    return {
        "n_pairs": pairs,
        "n": pairs,
        "n_rounded": found.n_pairs,
        "power_rounded": found.attained_power,
        "attained_power": found.attained_power,
    }


def _spends(word: str, total: float, times: Sequence[float]) -> tuple[float, ...]:
    found = re.match(r"\s*(\w+)\s*(?:\(\s*(?:\w+\s*=\s*)?(-?[0-9.]+)\s*\))?", word)
    family = FAMILIES.get(found.group(1).lower()) if found else None
    if found is None or family is None:
        raise NotBuilt
    parameter = None if found.group(2) is None else float(found.group(2))
    return cumulative_alpha(family, total, times, parameter=parameter)


def _with_looks(found: SampleSize, inputs: Inputs, *, null: float, truth: float) -> Got:
    """Largest and expected sizes of a group sequential design, and its bounds on the effect."""
    plan, times = _plan(inputs), [float(t) for t in inputs["information_fractions"]]
    alphas = _spends(str(inputs["efficacy"]), plan.alpha, times)
    if inputs.get("futility"):
        word = str(inputs["futility"])
        binding = "binding" in word and "non-binding" not in word
        betas = _spends(word, 1 - plan.power, times)
        design = futility_design(alphas, betas, times, binding=binding)
        looks = looks_of(design.upper, times, plan, lower=design.lower)
    else:
        looks = looks_of(efficacy_boundaries(alphas, times), times, plan)
    one = found.n_independent
    return {
        "max_n": one * looks.inflation,
        "expected_n_H1": one * looks.expected_truth,
        "expected_n_H0": one * looks.expected_null,
        "boundary_difference": [
            None if share is None else null + share * (truth - null) for share in looks.effects
        ],
    }


def _mean(inputs: Inputs) -> Got:
    null, truth = float(inputs["H0_difference"]), float(inputs.get("H1_difference", 0.0))
    target, sd, plan = _target(null, truth), float(inputs["sd_difference"]), _plan(inputs)
    n = _asks_power(inputs)
    if n is not None:
        by_t = str(inputs.get("test", "z")).lower().startswith("t")
        return {"power": (t_power if by_t else mean_power)(target, sd, n, plan)}
    if str(inputs.get("test", "z")).lower().startswith("t"):
        found = t_size(target, sd, plan)
    else:
        found = mean_size(target, sd, plan)
    got = _sizes(found, rounded=bool(inputs.get("rounding", False)))
    if "information_fractions" in inputs:
        got |= _with_looks(found, inputs, null=null, truth=truth)
    return got


def _mcnemar(inputs: Inputs) -> Got:
    plan, rest = _plan(inputs), (float(inputs["difference"]), float(inputs["p_discordant"]))
    null, alternative = (mcnemar_size(*rest, plan, null_variance=word) for word in (True, False))
    chosen = null if inputs.get("null_variance") else alternative
    got = _sizes(chosen, rounded=bool(inputs.get("rounding", False)))
    got |= {"n_null_variance": null.n_exact, "n_alt_variance": alternative.n_exact}
    if "information_fractions" in inputs:
        got |= _with_looks(chosen, inputs, null=0.0, truth=rest[0])
    return got


def _paired(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Published sizes of this kind are rounded up."""
    candidate, soc = float(inputs["p_candidate"]), float(inputs["p_soc"])
    if "phi" in inputs:
        discordance = discordance_of(candidate, soc, float(inputs["phi"]))
    else:
        discordance = float(inputs["p_discordant"])
    null = inputs["H0_difference"] if "H0_difference" in inputs else -inputs["margin"]
    target = _target(float(null), candidate - soc)
    score = "score" in f"{case['method']} {inputs.get('test', '')}".lower()
    n = _asks_power(inputs)
    if n is not None:
        power_at = score_power if score else wald_power
        return {"power": power_at(target, discordance, n, _plan(inputs))}
    found = (score_size if score else wald_size)(target, discordance, _plan(inputs))
    return _sizes(found, rounded=bool(inputs.get("rounding", True)))


def _independent(inputs: Inputs) -> Got:
    if "p_candidate" in inputs:
        shares = float(inputs["p_candidate"]), float(inputs["p_control"])
        allocation = 1 / float(inputs.get("allocation", 1))
        null = -float(inputs["margin"]) if "margin" in inputs else float(inputs["H0_difference"])
    else:
        shares = float(inputs["p1"]), float(inputs["p2"])
        allocation = float(inputs.get("ratio_n2_over_n1", 1))
        null = float(inputs["H0_difference_p1_minus_p2"])
    found = independent_rates_size(shares, null, _plan(inputs), allocation=allocation)
    return {
        "total_n": found.total_exact,
        "n1": found.total_exact / (1 + allocation),
        "n2": found.total_exact * allocation / (1 + allocation),
    }


def size(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    if "kappa_H0" in inputs:
        first = tuple(inputs["marginals_1"])
        marginals = Marginals(first, tuple(inputs.get("marginals_2", first)))
        kappas = float(inputs["kappa_H0"]), float(inputs["kappa_H1"])
        found = kappa_size(kappas, marginals, _plan(inputs))
        return _sizes(found, rounded=bool(inputs.get("rounding", False)))
    if "sd_difference" in inputs:
        return _mean(inputs)
    if "p_soc" in inputs:
        return _paired(inputs, case)
    if "p_discordant" in inputs and "difference" in inputs:
        return _mcnemar(inputs)
    if "p_control" in inputs or "p1" in inputs:
        return _independent(inputs)
    raise NotBuilt


SIZE: dict[str, Adapter] = {"N": size}
