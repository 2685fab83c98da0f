"""Cases of clustered pairs and of resampling by subject."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.inference import resampling
from evaluation.inference.arrays import FloatArray, IntArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters import differences, means, mixed, stacked
from evaluation.inference.clusters.means import ClusterTotals
from evaluation.inference.clusters.ratio import ratio_test
from evaluation.inference.clusters.stacked import ArmEffect, Link, Working
from evaluation.inference.clusters.wald import totals_or_refusal
from evaluation.inference.orientation import critical_value
from protocols.vocabulary import Direction
from tests.reference.adapter_pairs import clustered_mcnemar
from tests.reference.case_inputs import answered, cluster_totals, column, limits, subjects
from tests.reference.compare import Adapter, Got, Inputs

HIGHER = Direction.HIGHER_IS_BETTER


def robust_difference(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    totals, level = cluster_totals(inputs), inputs["conf_level"]
    found = answered(means.difference_of_totals(totals, margin=0.0, direction=HIGHER, level=level))
    adjusted = answered(differences.cr2_test(totals, margin=0.0, direction=HIGHER, level=level))
    half = critical_value(level) * found.standard_error
    return {
        "estimate": found.estimate,
        "se_K_over_Kminus1": found.standard_error,
        "se_no_adjust": found.standard_error * math.sqrt(1 - 1 / found.n_clusters),
        **limits("ci95_t_", (found.low, found.high)),
        **limits("ci95_z_", (found.estimate - half, found.estimate + half)),
        "n_clusters": found.n_clusters,
        "se_CR2": adjusted.standard_error,
        "df_satterthwaite": adjusted.df,
    }


def robust_ratio(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The case's interval is normal; the registered test refers to t with the same error."""
    totals, level = cluster_totals(inputs), inputs["conf_level"]
    found = answered(means.clustered_ratio(totals, level=level))
    tested = answered(ratio_test(totals, margin=1.0, direction=HIGHER, level=level))
    assert math.isclose(tested.standard_error * found.estimate, found.standard_error)
    interval = limits("log_ci_", (found.low, found.high))
    return {"estimate": found.estimate, "se": found.standard_error, **interval}


def _rows(inputs: Inputs) -> tuple[FloatArray, FloatArray, IntArray]:
    cells = {"n11": (1.0, 1.0), "n10": (1.0, 0.0), "n01": (0.0, 1.0), "n00": (0.0, 0.0)}
    rows = [
        (*cells[cell], float(subject))
        for subject, table in enumerate(inputs["clusters"])
        for cell, times in table.items()
        for _ in range(times)
    ]
    candidate, soc, subject = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return candidate, soc, subject.astype(np.int64)


def _fit(inputs: Inputs, link: Link, working: Working) -> ArmEffect | NotEvaluable:
    return stacked.arm_effect(*_rows(inputs), link=link, working=working)


def _gee(inputs: Inputs, working: Working) -> Got:
    """Every link that has an answer; without any, the identity's refusal."""
    links: tuple[Link, ...] = ("identity", "log", "logit")
    answered(_fit(inputs, "identity", working))
    got: dict[str, float] = {}
    for link in links:
        found = _fit(inputs, link, working)
        if not isinstance(found, NotEvaluable):
            got |= {f"{link}_coef": found.estimate, f"{link}_robust_se": found.sandwich}
    return got


def gee(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    return _gee(inputs, "independence")


def gee_exchangeable(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    return _gee(inputs, "exchangeable")


def continuous_difference(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    difference = column(inputs, "difference")
    cluster = subjects(inputs)
    zeros = np.zeros_like(difference)
    totals = answered(totals_or_refusal(difference, zeros, cluster))
    alone = ClusterTotals.of(difference, zeros, np.arange(len(difference)))

    def tested(found: ClusterTotals) -> Estimate:
        return answered(means.difference_of_totals(found, margin=0.0, direction=HIGHER, level=0.95))

    pooled, adjusted = tested(totals), answered(means.leverage_adjusted(totals))
    left_out = resampling.jackknife_totals(
        differences.pooled_sums(totals), differences.mean_of_sums
    )
    return {
        "mean": pooled.estimate,
        "se_cluster": pooled.standard_error,
        "df_cluster": pooled.df,
        "se_iid": tested(alone).standard_error,
        "se_jackknife": answered(resampling.jackknife_error(left_out)),
        "se_jackknife_mse": answered(resampling.jackknife_error(left_out, centre=pooled.estimate)),
        "se_CR2": adjusted.standard_error,
        "df_CR2": adjusted.df,
    }


def _singles(inputs: Inputs) -> FloatArray:
    values = column(inputs, "difference")
    return np.column_stack((values, np.ones_like(values)))


def acceleration(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    left_out = resampling.jackknife_totals(_singles(inputs), differences.mean_of_sums)
    return {
        "acceleration": answered(resampling.acceleration(left_out)),
        "jackknife_se": answered(resampling.jackknife_error(left_out)),
    }


def bootstrap(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    sums, level = _singles(inputs), inputs["conf_level"]
    mean = float(np.mean(sums[:, 0]))
    drawn = answered(
        resampling.bootstrap_totals(sums, differences.mean_of_sums, seed=1, resamples=40_000)
    )
    left_out = resampling.jackknife_totals(sums, differences.mean_of_sums)
    return {
        "boot_se": drawn.standard_error,
        "percentile": resampling.percentile_interval(drawn, level=level),
        "basic": resampling.basic_interval(drawn, mean, level=level),
        "bca": answered(resampling.bca_interval(drawn, mean, left_out, level=level)),
    }


def mixed_model(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    cluster = np.unique(inputs["cluster"], return_inverse=True)[1].astype(np.int64)
    found = answered(mixed.mixed_mean(column(inputs, "difference"), cluster))
    return {
        "mean": found.mean,
        "se": found.standard_error,
        "var_cluster": found.between,
        "var_residual": found.within,
    }


CLUSTERS: dict[str, Adapter] = {
    "clustered_paired.mixed_model_difference": mixed_model,
    "clustered_paired.mcnemar_variants": clustered_mcnemar,
    "clustered_paired.robust_difference": robust_difference,
    "clustered_paired.robust_ratio": robust_ratio,
    "clustered_paired.gee_arm_effect": gee,
    "clustered_paired.gee_arm_effect_exchangeable": gee_exchangeable,
    "clustered_paired.continuous_difference": continuous_difference,
    "resampling.bca_acceleration": acceleration,
    "resampling.bootstrap_ci": bootstrap,
}
