"""Case files on the quality of probabilities: which function answers which method."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluation.inference.arrays import IntArray
from evaluation.inference.base import Estimate, Quantity
from evaluation.inference.discrimination.curves import area, average_precision, curve_of
from evaluation.inference.probabilities import (
    calibration,
    decisions,
    logistic,
    losses,
    reclassification,
)
from evaluation.inference.probabilities.predicted import Predicted
from evaluation.inference.probabilities.smoothers import Smoother
from protocols.errors import UsageError
from protocols.vocabulary import Direction
from tests.reference.case_inputs import answered, column, limits, two_sided_t
from tests.reference.compare import Adapter, Got, Inputs, Refused

LEVEL = 0.95
SKLEARN_CLIP = float(np.finfo(np.float64).eps)
BINNINGS: dict[str, calibration.Binning] = {"uniform": "equal_width", "quantile": "equal_mass"}


def refusing(adapter: Adapter) -> Adapter:
    """A call that makes no sense is refused too."""

    @functools.wraps(adapter)
    def guarded(inputs: Inputs, case: Mapping[str, Any]) -> Got:
        try:
            return adapter(inputs, case)
        except UsageError as error:
            raise Refused(str(error)) from error

    return guarded


def labels(inputs: Inputs) -> IntArray:
    cluster = inputs.get("cluster")
    found = (
        np.arange(len(inputs["y"]))
        if cluster is None
        else np.unique(cluster, return_inverse=True)[1]
    )
    return np.asarray(found, dtype=np.int64)


def level_of(inputs: Inputs) -> float:
    return float(inputs.get("conf_level", LEVEL))


def difference_keys(found: Estimate) -> dict[str, Any]:
    return {
        "difference": found.estimate,
        "se": found.standard_error,
        "t": found.estimate / found.standard_error,
        "df": found.df,
        "p_two_sided": two_sided_t(found),
        **limits("ci_", (found.low, found.high)),
        "ni_p_one_sided": found.p_value,
        "n_clusters": found.n_clusters,
    }


def brier(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    y = column(inputs, "y")
    parts = [losses.brier_losses(column(inputs, arm), y) for arm in ("candidate", "soc")]
    margin = float(inputs.get("margin", 0.0))
    found, alone = (
        answered(
            losses.loss_difference(
                parts[0], parts[1], cluster, margin=margin, level=level_of(inputs)
            )
        )
        for cluster in (labels(inputs), np.arange(len(y)))
    )
    return {
        **difference_keys(found),
        "brier_candidate": found.candidate,
        "brier_soc": found.standard_of_care,
        "se_iid": alone.standard_error,
    }


def log_loss(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    y, clip = column(inputs, "y"), float(inputs.get("clip", 0.0))
    parts = [losses.log_losses(column(inputs, arm), y, clip=clip) for arm in ("candidate", "soc")]
    margin = float(inputs.get("margin", 0.0))
    found = answered(
        losses.loss_difference(
            parts[0], parts[1], labels(inputs), margin=margin, level=level_of(inputs)
        )
    )
    return {
        **difference_keys(found),
        "logloss_candidate": found.candidate,
        "logloss_soc": found.standard_of_care,
    }


def log_loss_clipped(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor clips at the machine epsilon unless the case says otherwise."""
    clip = float(inputs.get("clip", SKLEARN_CLIP))
    found = answered(losses.log_losses(column(inputs, "p"), column(inputs, "y"), clip=clip))
    return {"log_loss": losses.mean_loss(found)}


def predicted(inputs: Inputs) -> Predicted:
    cluster = labels(inputs) if inputs.get("cluster") is not None else None
    return answered(Predicted.of(column(inputs, "p"), column(inputs, "y"), cluster))


def slope_intercept(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    data, level = predicted(inputs), level_of(inputs)
    p, y = column(inputs, "p"), column(inputs, "y")
    large = answered(logistic.in_the_large(data, level=level))
    both = answered(logistic.recalibration(data, level=level))
    joint = answered(both.unreliability)
    ratio = answered(calibration.observed_over_expected(data, level=level))
    spiegelhalter = answered(calibration.spiegelhalter(data))
    return {
        "brier": losses.mean_loss(answered(losses.brier_losses(p, y))),
        "c_index": area(curve_of(p, y == 1)),
        "joint_intercept": both.intercept.estimate,
        "joint_intercept_se": both.intercept.standard_error,
        **quantity_keys("slope", both.slope),
        **quantity_keys("citl", large),
        **quantity_keys("oe", ratio),
        "oe_ratio": ratio.estimate,
        "spiegelhalter_z": spiegelhalter.statistic,
        "spiegelhalter_p": spiegelhalter.p_value,
        "U_chisq": joint.statistic,
        "U_p": joint.p_value,
    }


def quantity_keys(name: str, found: Quantity) -> dict[str, Any]:
    return {
        name: found.estimate,
        f"{name}_se": found.standard_error,
        f"{name}_ci_lower": found.low,
        f"{name}_ci_upper": found.high,
        f"{name}_ci": [found.low, found.high],
        f"{name}_p": found.p_value,
    }


def distances(smoother: Smoother) -> Adapter:
    def adapter(inputs: Inputs, case: Mapping[str, Any]) -> Got:
        found = answered(calibration.distances(predicted(inputs), smoother=smoother))
        return {
            "ici": found.mean,
            "eavg": found.mean,
            "e50": found.median,
            "e90": found.ninetieth,
            "emax": found.largest,
        }

    return adapter


def binned(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = calibration.binned(
        predicted(inputs), bins=int(inputs["n_bins"]), binning=BINNINGS[inputs["strategy"]]
    )
    return {"ece": found.expected, "mce": found.largest, "bins_used": len(found.n)}


def net_benefit(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    y = column(inputs, "y")
    got: dict[str, Any] = {"nb_candidate": [], "nb_soc": [], "nb_all": []}
    for threshold in inputs["thresholds"]:
        parts = [
            answered(decisions.contributions(column(inputs, arm), y, threshold=threshold))
            for arm in ("candidate", "soc")
        ]
        means = [losses.mean_loss(part) for part in parts]
        got["nb_candidate"].append(means[0])
        got["nb_soc"].append(means[1])
        got["nb_all"].append(decisions.treat_all(y, threshold=threshold))
        found = losses.loss_difference(
            parts[0],
            parts[1],
            labels(inputs),
            margin=float(inputs.get("margin", 0.0)),
            level=level_of(inputs),
            direction=Direction.HIGHER_IS_BETTER,
        )
        key = f"diff_at_{threshold:g}"
        got[key] = losses.mean_loss(parts[0] - parts[1])
        if isinstance(found, Estimate):
            got[key] = found.estimate
            got |= {
                f"{key}_se": found.standard_error,
                **limits(f"{key}_ci_", (found.low, found.high)),
                f"{key}_p": two_sided_t(found),
            }
    return got


def net_benefit_prevalence(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    p, y = column(inputs, "p"), column(inputs, "y")
    prevalence = float(inputs["prevalence"])
    found = [
        answered(decisions.at_prevalence(p, y, threshold=threshold, prevalence=prevalence))
        for threshold in inputs["thresholds"]
    ]
    return {"nb": [f.arm for f in found], "nb_all": [f.treat_all for f in found]}


def reclassified(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    both = column(inputs, "candidate"), column(inputs, "soc"), column(inputs, "y")
    moves = answered(reclassification.continuous(*both))
    categories = answered(reclassification.categorical(*both, inputs["cuts"]))
    idi = answered(reclassification.integrated_discrimination(*both))
    return {
        "nri_continuous": moves.total,
        "nri_continuous_se": moves.standard_error,
        "nri_events": moves.events,
        "nri_nonevents": moves.non_events,
        "nri_categorical": categories.total,
        "nri_cat_events": categories.events,
        "nri_cat_nonevents": categories.non_events,
        "idi": idi.total,
        "idi_se": idi.standard_error,
        "idi_z": idi.statistic,
    }


def point_metrics(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor's log loss is clipped at the machine epsilon."""
    p, y = column(inputs, "p"), column(inputs, "y")
    counted = answered(decisions.flags(p, y, threshold=float(inputs["threshold"])))
    curve = curve_of(p, y == 1)
    return {
        "roc_auc": area(curve),
        "average_precision": average_precision(curve),
        "brier": losses.mean_loss(answered(losses.brier_losses(p, y))),
        "log_loss": log_loss_clipped(inputs, case)["log_loss"],
        "f1": counted.f1,
        "mcc": counted.matthews,
        "balanced_accuracy": counted.balanced_accuracy,
    }


PROBABILITIES: dict[str, Adapter] = {
    method: refusing(adapter)
    for method, adapter in {
        "scores.brier_paired_difference": brier,
        "scores.brier_paired_difference_clustered": brier,
        "scores.log_loss_paired_difference": log_loss,
        "scores.log_loss_degenerate": log_loss_clipped,
        "scores.point_metrics": point_metrics,
        "calibration.slope_intercept_brier": slope_intercept,
        "calibration.ici_e90_emax": distances("lowess"),
        "calibration.ici_loess": distances("loess"),
        "calibration.ece_binned": binned,
        "decision_curve.net_benefit": net_benefit,
        "decision_curve.net_benefit_prevalence": net_benefit_prevalence,
        "reclassification.nri_idi": reclassified,
    }.items()
}
