"""Endpoint case files: which function answers which method.

Every adapter calls the public functions only, and turns signs where a case file's convention
differs from ours (`z` of a lower-is-better test is negative there when the candidate is ahead).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate
from evaluation.inference.clusters import means as clusters
from evaluation.inference.orientation import critical_value
from evaluation.inference.proportions import single as proportions
from protocols.vocabulary import Direction
from tests.reference.adapter_pairs import (
    clustered_mcnemar,
    conditional_odds,
    equivalence,
    mcnemar_tests,
    nam_test,
    newcombe,
    ratio_ci,
    ratio_family,
    ratio_test,
    tango_ci,
    wald_family,
)
from tests.reference.case_inputs import (
    answered,
    cluster_totals,
    limits,
)
from tests.reference.compare import Adapter, Got, Inputs

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def robust_difference(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    totals, level = cluster_totals(inputs), inputs["conf_level"]
    found = answered(
        clusters.difference_of_totals(totals, margin=0.0, direction=HIGHER, level=level)
    )
    adjusted = answered(clusters.leverage_adjusted(totals))
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
    found = answered(clusters.clustered_ratio(cluster_totals(inputs), level=inputs["conf_level"]))
    interval = limits("log_ci_", (found.low, found.high))
    return {"estimate": found.estimate, "se": found.standard_error, **interval}


def mean_difference(
    candidate: FloatArray,
    soc: FloatArray,
    *,
    cluster: list[int] | None = None,
    margin: float = 0.0,
    direction: Direction = HIGHER,
) -> Estimate:
    labels = np.arange(len(candidate)) if cluster is None else np.asarray(cluster)
    return answered(
        clusters.clustered_difference(
            candidate,
            soc,
            labels.astype(np.int64),
            margin=margin,
            direction=direction,
            level=0.95,
        )
    )


def single_proportion(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    x, n, level = int(inputs["x"]), int(inputs["n"]), inputs["conf_level"]
    return {
        "wilson": proportions.wilson_interval(x, n, level=level),
        "clopper_pearson": proportions.clopper_pearson_interval(x, n, level=level),
        "midp": proportions.midp_interval(x, n, level=level),
        "jeffreys_raw": proportions.jeffreys_interval(x, n, level=level),
    }


ENDPOINTS: dict[str, Adapter] = {
    "clustered_paired.mcnemar_variants": clustered_mcnemar,
    "paired_diff.tango_score_ci": tango_ci,
    "paired_diff.tango_nam_ni_test": nam_test,
    "paired_diff.newcombe_method10": newcombe,
    "paired_diff.wald_family": wald_family,
    "paired_diff.mcnemar": mcnemar_tests,
    "paired_diff.equivalence_tost": equivalence,
    "paired_ratio.tang_score_ci": ratio_ci,
    "paired_ratio.nam_blackwelder_ni_test": ratio_test,
    "paired_ratio.wald_bp_mover": ratio_family,
    "paired_or.conditional": conditional_odds,
    "clustered_paired.robust_difference": robust_difference,
    "clustered_paired.robust_ratio": robust_ratio,
    "proportion.single_ci": single_proportion,
}
