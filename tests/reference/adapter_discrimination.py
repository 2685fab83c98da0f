"""Endpoint case files: areas under the ROC curve."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray, exact_sum
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.discrimination import areas
from evaluation.inference.discrimination.comparison import Drawing, compared
from evaluation.inference.discrimination.curves import area
from evaluation.inference.discrimination.placements import Subjects, delong_variance, placements
from evaluation.inference.discrimination.quantities import jackknife_areas
from evaluation.inference.orientation import critical_value, upper_tail
from evaluation.inference.resampling import jackknife_error
from tests.reference.case_inputs import answered, column, limits, two_sided
from tests.reference.compare import Adapter, Got, Inputs, Refused

RESAMPLES = 20_000  # the Monte Carlo error of a standard deviation is then 0.5 %, allowed are 3 %


def arms_of(inputs: Inputs) -> tuple[FloatArray, FloatArray]:
    return column(inputs, "candidate"), column(inputs, "soc")


def events(inputs: Inputs) -> BoolArray:
    """Outcomes other than 0 and 1 never reach the product's functions, which take booleans."""
    y = column(inputs, "y")
    if not np.isin(y, (0.0, 1.0)).all():
        raise Refused("outcome_not_binary: an outcome is missing, or neither 0 nor 1")
    return np.asarray(y == 1, dtype=np.bool_)


def subjects(inputs: Inputs) -> IntArray:
    return np.unique(np.asarray(inputs["cluster"]), return_inverse=True)[1].astype(np.int64)


def tested(found: Estimate | NotEvaluable) -> Estimate | None:
    """None for identical arms: a difference of 0 without a test."""
    if isinstance(found, NotEvaluable) and found.code == "arms_identical":
        return None
    return answered(found)


def _single(scores: FloatArray, outcome: BoolArray, level: float) -> areas.Area:
    """The anchor gives a constant score its area of one half, without variance."""
    found = areas.single_area(scores, outcome, level=level)
    if isinstance(found, NotEvaluable) and found.code == "constant_scores":
        return areas.Area(placements(scores, outcome).area, 0.0, None, None, level)
    return answered(found)


def _against_constant(
    arms: tuple[FloatArray, FloatArray], y: BoolArray, *, margin: float, level: float
) -> dict[str, float]:
    """The published test where one arm's score is constant, which the registered one refuses."""
    parts = placements(arms[0], y).less(placements(arms[1], y))
    error = math.sqrt(delong_variance(parts))
    if error == 0:
        return {"difference": parts.area, "se_difference": 0.0}
    half, z = critical_value(level) * error, (parts.area + margin) / error
    return {
        **_wald(parts.area, error),
        **limits("ci_", (parts.area - half, parts.area + half)),
        "ni_z": z,
        "ni_p_one_sided": upper_tail(z, None),
    }


def _wald(difference: float, error: float) -> dict[str, float]:
    z = difference / error
    return {
        "difference": difference,
        "se_difference": error,
        "z": z,
        "p_two_sided": two_sided(z),
    }


def delong_paired(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    y, arms, level = events(inputs), arms_of(inputs), inputs.get("conf_level", 0.95)
    margin = inputs.get("margin", 0.0)
    single = [_single(scores, y, level) for scores in arms]
    got: dict[str, float] = {
        "auc_candidate": single[0].area,
        "auc_soc": single[1].area,
        "var_candidate": single[0].variance,
        "var_soc": single[1].variance,
        "cov": areas.paired_covariance(*arms, y),
    }
    tried = areas.delong(*arms, y, margin=margin, level=level)
    if isinstance(tried, NotEvaluable) and tried.code == "constant_scores":
        return {**got, **_against_constant(arms, y, margin=margin, level=level)}
    found = tested(tried)
    if found is None:
        return {**got, "difference": single[0].area - single[1].area, "se_difference": 0.0}
    return {
        **got,
        **_wald(found.estimate, found.standard_error),
        **limits("ci_", (found.low, found.high)),
        "ni_z": found.statistic,
        "ni_p_one_sided": found.p_value,
    }


def delong_single(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Without variance there is an area and no interval; the anchor's has no width."""
    scores, level = column(inputs, "score"), inputs.get("conf_level", 0.95)
    found = _single(scores, events(inputs), level)
    return {
        "auc": found.area,
        "variance": found.variance,
        "ci_lower": found.area if found.low is None else found.low,
        "ci_upper": found.area if found.high is None else found.high,
    }


def obuchowski(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor refers its statistic to the normal; ours goes to Student's t in the product."""
    y, cluster, arms = events(inputs), subjects(inputs), arms_of(inputs)
    margin = float(inputs.get("margin", 0.0))
    found = tested(areas.delong(*arms, y, margin=margin, level=0.95, cluster=cluster))
    single = [
        answered(areas.single_area(scores, y, level=0.95, cluster=cluster)) for scores in arms
    ]
    got: dict[str, float] = {
        "auc_candidate": single[0].area,
        "var_candidate": single[0].variance,
        "auc_soc": single[1].area,
        "var_soc": single[1].variance,
    }
    if found is None:
        return {**got, "difference": 0.0, "var_difference": 0.0}
    return {
        **got,
        "difference": found.estimate,
        "var_difference": found.standard_error**2,
        "ni_z": found.statistic,
        "ni_p_one_sided": float(special.ndtr(-found.statistic)),
        "p_two_sided": two_sided(found.estimate / found.standard_error),
    }


def cluster_jackknife(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    y, arms = events(inputs), arms_of(inputs)
    units = Subjects.of(subjects(inputs), y)
    refusal = areas.refused(arms, y, units)
    if refusal is not None:
        answered(refusal)
    first, second = jackknife_areas(arms, y, units)
    apart = first - second
    difference = placements(arms[0], y).less(placements(arms[1], y)).area
    error = answered(jackknife_error(apart))
    return {
        "difference": difference,
        "jackknife_se": error,
        "jackknife_bias": (units.n - 1) * (exact_sum(apart) / units.n - difference),
    }


def bootstrap_paired(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """Drawn inside outcomes where the anchor's call says so."""
    y = events(inputs)
    by_outcome = "stratified=FALSE" not in str(case["source"]["call"])
    found = answered(
        compared(
            arms_of(inputs),
            y,
            subjects(inputs) if "cluster" in inputs else np.arange(len(y)),
            statistic=area,
            drawing=Drawing(seed=1, resamples=RESAMPLES, by_outcome=by_outcome),
        )
    )
    return {
        "difference": found.difference.estimate,
        "boot_sd": found.difference.replicates.standard_error,
    }


DISCRIMINATION: dict[str, Adapter] = {
    "auc.delong_paired": delong_paired,
    "auc.delong_single": delong_single,
    "auc.obuchowski_clustered_paired": obuchowski,
    "auc.cluster_jackknife": cluster_jackknife,
    "auc.bootstrap_paired": bootstrap_paired,
}
