"""Case files about subgroups, fairness and explanations: which function answers which method."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import special

from evaluation.inference.arrays import FloatArray
from evaluation.inference.explanation import shapley_values
from evaluation.inference.subgroups import fairness as fair
from evaluation.inference.subgroups import heterogeneity
from evaluation.inference.subgroups.stratified import stratified_odds
from tests.reference.case_inputs import answered, column, limits
from tests.reference.compare import Adapter, Got, Inputs


def interaction(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    pairs = (inputs["est1"], inputs["se1"]), (inputs["est2"], inputs["se2"])
    level = float(inputs.get("conf_level", 0.95))
    found = answered(heterogeneity.interaction(*pairs, level=level))
    return {
        "difference": found.difference,
        "se": found.standard_error,
        "z": found.statistic,
        "p": found.p_two_sided,
        **limits("ci_", (found.low, found.high)),
    }


def robust_heterogeneity(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    _, groups = np.unique(inputs["group"], return_inverse=True)
    _, cluster = np.unique(inputs["cluster"], return_inverse=True)
    found = answered(
        heterogeneity.clustered_heterogeneity(
            column(inputs, "difference"), groups.astype(np.int64), cluster.astype(np.int64)
        )
    )
    return {
        "means": found.means,
        "se": found.standard_errors,
        "wald_chi2": found.chi_squared,
        "df": found.df,
        "p": found.p_value,
    }


def cochran_q(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(heterogeneity.cochran_q(inputs["estimates"], inputs["variances"]))
    return {
        "q": found.q,
        "df": found.df,
        "p": found.p_value,
        "i2": found.i2,
        "tau2_dl": found.tau2,
        "fixed_effect": found.fixed_effect,
        "fixed_effect_se": found.fixed_effect_error,
    }


def breslow_day(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    level = float(inputs.get("conf_level", 0.95))
    found = answered(stratified_odds(inputs["tables"], level=level))
    return {
        "or_mh": found.pooled,
        **limits("ci_", (found.low, found.high)),
        "breslow_day": found.breslow_day,
        "breslow_day_p": found.breslow_day_p,
        "tarone": found.tarone,
        "tarone_p": found.tarone_p,
        "cmh": found.cmh,
        "cmh_p": found.cmh_p,
    }


def _number(value: float | None) -> float:
    """The case files write NaN for what is not defined."""
    return math.nan if value is None else value


def _fairness(inputs: Inputs, outcome: str, flag: str) -> tuple[list[str], fair.Fairness]:
    labels, groups = np.unique(np.asarray(inputs["group"], dtype=str), return_inverse=True)
    found = answered(
        fair.fairness(
            column(inputs, outcome) == 1, column(inputs, flag) == 1, groups.astype(np.int64)
        )
    )
    return [str(label) for label in labels], found


def fairness_by_group(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    labels, found = _fairness(inputs, "y_true", "y_pred")
    groups = dict(zip(labels, found.groups, strict=True))
    by_group = {
        name: {label: _number(one.rates[name]) for label, one in groups.items()}
        for name in fair.RATES
    }
    by_group["count"] = {label: one.count for label, one in groups.items()}
    gaps = {name: _number(value) for name, value in found.gaps.items()}
    return {"by_group": by_group, **gaps, "tpr_difference": gaps["equal_opportunity_difference"]}


def fairness_rates(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    short = {"tpr": "tpr", "fpr": "fpr", "sel": "selection_rate", "acc": "accuracy"}
    arms: dict[str, Any] = {}
    for arm in ("candidate", "soc"):
        labels, found = _fairness(inputs, "y", arm)
        by_group = {
            label: {
                **{key: _number(one.rates[name]) for key, name in short.items()},
                "n": one.count,
            }
            for label, one in zip(labels, found.groups, strict=True)
        }
        gaps = {name: _number(value) for name, value in found.gaps.items()}
        arms[arm] = {"by_group": by_group, **gaps}
    return arms


LINKS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "identity": lambda score: score,
    "logit": lambda score: np.asarray(special.expit(score), dtype=np.float64),
}


def shapley(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    weights, link = column(inputs, "weights"), LINKS[str(inputs["link"])]

    def function(rows: FloatArray) -> FloatArray:
        return link(rows @ weights + float(inputs["intercept"]))

    found = answered(shapley_values(function, column(inputs, "x"), column(inputs, "background")))
    return {
        "values": found.values,
        "base_value": found.base_value,
        "sum_plus_base": sum(found.values) + found.base_value,
    }


SUBGROUPS: dict[str, Adapter] = {
    "subgroup.interaction_two_estimates": interaction,
    "subgroup.cluster_robust_heterogeneity": robust_heterogeneity,
    "subgroup.cochran_q": cochran_q,
    "subgroup.breslow_day": breslow_day,
    "fairness.group_rates": fairness_rates,
    "fairness.by_group": fairness_by_group,
    "shapley.interventional_exact": shapley,
}
