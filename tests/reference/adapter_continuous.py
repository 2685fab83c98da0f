"""Cases of numbers: differences, agreement of measurements, glucose."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from scipy import optimize

from evaluation.inference.arrays import FloatArray
from evaluation.inference.continuous import (
    concordance,
    differences,
    error_grids,
    glucose,
    hodges_lehmann,
    limits_of_agreement,
    regression,
    sign_flip,
    signed_rank,
)
from evaluation.inference.continuous.limits_of_agreement import (
    Agreement,
    LimitInterval,
    normal_multiplier,
)
from protocols.vocabulary import Direction
from tests.reference.case_inputs import answered, column, limits, subjects, two_sided_t
from tests.reference.compare import Adapter, Got, Inputs

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER
LISTED = {"mg/dL": 1.0, "mmol/L": 18.0}


def arms(inputs: Inputs) -> tuple[FloatArray, FloatArray]:
    return column(inputs, "candidate"), column(inputs, "soc")


def level_of(inputs: Inputs) -> float:
    return float(inputs.get("conf_level", 0.95))


def resolution_of(inputs: Inputs) -> float:
    """The last decimal place that any number of the case has, twelve at most."""
    numbers = [*inputs["candidate"], *inputs["soc"], inputs.get("margin", 0)]
    exponents = [Decimal(repr(number)).normalize().as_tuple().exponent for number in numbers]
    last = min(e for e in exponents if isinstance(e, int))
    return float(10.0 ** max(-12, min(0, last)))


def paired_t(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    margin, level = float(inputs["margin"]), level_of(inputs)
    found = answered(
        differences.paired_t(*arms(inputs), margin=margin, direction=HIGHER, level=level)
    )
    other = answered(
        differences.paired_t(*arms(inputs), margin=margin, direction=LOWER, level=level)
    )
    return {
        "difference": found.estimate,
        "se": found.standard_error,
        "df": found.df,
        "t": found.estimate / found.standard_error,
        "p_two_sided": two_sided_t(found),
        **limits("ci_", (found.low, found.high)),
        "ni_t": found.statistic,
        "ni_p": found.p_value,
        "upper_t": -other.statistic,
        "upper_p": other.p_value,
        "tost_p": max(found.p_value, other.p_value),
    }


def wilcoxon(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    candidate, soc = arms(inputs)
    found, shifted = (
        answered(
            hodges_lehmann.shift(
                candidate - soc,
                null=null,
                resolution=resolution_of(inputs),
                zeros="wilcox",
                level=level_of(inputs),
            )
        )
        for null in (0.0, -float(inputs.get("margin", 0.0)))
    )
    return {
        "V": found.rank.statistic,
        "p_two_sided": found.rank.two_sided(),
        "hodges_lehmann": found.estimate,
        **limits("ci_", (found.low, found.high)),
        "ni_V": shifted.rank.statistic,
        "ni_p": shifted.rank.upper_p(shifted.rank.statistic),
    }


def wilcoxon_tied(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    candidate, soc = arms(inputs)
    found = answered(
        hodges_lehmann.shift(
            candidate - soc,
            null=0.0,
            resolution=resolution_of(inputs),
            zeros="wilcox",
            level=level_of(inputs),
        )
    )
    return {
        "V": found.rank.statistic,
        "p_two_sided": signed_rank.tied_two_sided(found.rank),
    }


def bland_altman(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """One anchor takes 1.96; the other the normal quantile, and one-sided outer limits."""
    level = level_of(inputs)

    def found(multiplier: float, interval: LimitInterval, level: float) -> Agreement:
        return answered(
            limits_of_agreement.limits_of_agreement(
                *arms(inputs), multiplier=multiplier, interval=interval, level=level
            )
        )

    def outer(agreement: Agreement) -> dict[str, float]:
        assert agreement.lower_interval is not None
        assert agreement.upper_interval is not None
        return {
            "lower_loa_ci": agreement.lower_interval[0],
            "upper_loa_ci": agreement.upper_interval[1],
        }

    old = found(1.96, "approximate_1986", level)
    quantile, one_sided = normal_multiplier(0.95), 2 * level - 1
    new = found(quantile, "approximate", one_sided)
    assert old.lower_interval is not None
    assert old.upper_interval is not None
    return {
        "bias": old.bias,
        "sd": old.sd,
        "loa_lower": old.lower,
        "loa_upper": old.upper,
        "ba1986_ci": [*old.lower_interval, *old.bias_interval, *old.upper_interval],
        "n": old.n_pairs,
        "simplyagree_ba": {
            "bias": new.bias,
            "lower_loa": new.lower,
            "upper_loa": new.upper,
            **outer(new),
        },
        "simplyagree_mover": outer(found(quantile, "mover", one_sided)),
    }


def bland_altman_replicates(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    found = answered(
        limits_of_agreement.replicated_limits(
            *arms(inputs),
            subjects(inputs, "id"),
            replicates="constant",
            multiplier=normal_multiplier(0.95),
            interval="approximate",
            level=2 * level_of(inputs) - 1,
        )
    )
    assert found.lower_interval is not None
    assert found.upper_interval is not None
    return {
        "bias": found.bias,
        "sd_delta": found.sd,
        "lower_loa": found.lower,
        "upper_loa": found.upper,
        "lower_loa_ci": found.lower_interval[0],
        "upper_loa_ci": found.upper_interval[1],
    }


def ccc(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor's shifts are those of the standard of care against the candidate."""
    found = answered(concordance.concordance(*arms(inputs), level=level_of(inputs)))
    return {
        "ccc": found.estimate,
        "ci_lower": found.low,
        "ci_upper": found.high,
        "bias_correction": found.bias_correction,
        "scale_shift": 1 / found.scale_shift,
        "location_shift": -found.location_shift,
    }


ICC_FORMS: dict[tuple[str, str, str], concordance.IccForm] = {
    ("oneway", "agreement", "single"): "one_way_single",
    ("oneway", "consistency", "single"): "one_way_single",
    ("oneway", "agreement", "average"): "one_way_average",
    ("oneway", "consistency", "average"): "one_way_average",
    ("twoway", "agreement", "single"): "agreement_single",
    ("twoway", "agreement", "average"): "agreement_average",
    ("twoway", "consistency", "single"): "consistency_single",
    ("twoway", "consistency", "average"): "consistency_average",
}


def icc(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    model, kind = inputs["model"], inputs.get("type", "consistency")
    form = ICC_FORMS[model, kind, inputs.get("unit", "single")]
    found = answered(
        concordance.intraclass(column(inputs, "ratings"), form=form, level=level_of(inputs))
    )
    return {
        "icc": found.estimate,
        "ci_lower": found.low,
        "ci_upper": found.high,
        "F": found.f,
        "df1": found.df1,
        "df2": found.df2,
        "p": found.p_value,
    }


def anchor_slope(candidate: FloatArray, soc: FloatArray) -> float:
    """The slope at which the anchor's search stops, 1.2e-4 away from the minimum at most.

    It minimises the squared distances from the line by golden section and parabolas on the
    bracket of both least-squares slopes, with the default tolerance of R.
    """
    x, y = soc - soc.mean(), candidate - candidate.mean()
    low, high = sorted((0.5 * float(x @ y / (x @ x)), 2 * float((y @ y) / (x @ y))))

    def distance(slope: float) -> float:
        return float(((y - slope * x) ** 2).sum() / (1 + slope**2))

    return float(optimize.fminbound(distance, low, high, xtol=float(np.finfo(float).eps) ** 0.25))


def deming(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor's intercept carries the rounding of its search, mean(x) times as large.

    Ours is exact. So the search is run again, its end is held against our slope with its own
    tolerance, and the intercept is moved along by the distance between the two.
    """
    candidate, soc = arms(inputs)
    found = answered(
        regression.deming(
            candidate,
            soc,
            error_ratio=float(inputs.get("error_ratio", 1.0)),
            level=level_of(inputs),
            reference="jackknife_normal",
        )
    )
    intercept = found.intercept.estimate
    if "error_ratio" not in inputs:
        stopped = anchor_slope(candidate, soc)
        if abs(stopped - found.slope.estimate) > 1.3e-4 * max(1.0, abs(stopped)):
            return {}
        intercept += (found.slope.estimate - stopped) * float(soc.mean())
    return {
        "intercept": intercept,
        "slope": found.slope.estimate,
        "se_intercept": found.intercept.standard_error,
        "se_slope": found.slope.standard_error,
        "slope_ci": [found.slope.low, found.slope.high],
    }


def passing_bablok(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    """The anchor counts the ranks of the limits outwards, as Sen does."""
    found = answered(regression.passing_bablok(*arms(inputs), level=level_of(inputs), rule="sen"))
    return {
        "intercept": found.intercept.estimate,
        "slope": found.slope.estimate,
        "slope_ci": [
            math.nan if limit is None else limit for limit in (found.slope.low, found.slope.high)
        ],
    }


def zones(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    names: dict[str, error_grids.Grid] = {
        "clarke": "clarke",
        "parkes_type1": "parkes_type_1",
        "parkes_type2": "parkes_type_2",
    }
    found = {
        name: error_grids.letters(
            answered(
                error_grids.zones(
                    column(inputs, "prediction"),
                    column(inputs, "reference"),
                    grid=grid,
                    mg_dl_per_unit=LISTED[inputs.get("unit", "mg/dL")],
                )
            )
        )
        for name, grid in names.items()
    }
    share = found["clarke"].count("A") / len(found["clarke"])
    return {**found, "clarke_percent_A": round(100 * share, 10)}


def time_in_range(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    present = [value for value in inputs["glucose"] if value is not None]
    found = answered(
        glucose.glucose_summary(
            np.asarray(present, dtype=np.float64),
            mg_dl_per_unit=LISTED[inputs.get("unit", "mg/dL")],
        )
    )
    return {
        "tir_70_180": 100 * found.in_range,
        "tbr_below70": 100 * found.below_70,
        "tbr_below54": 100 * found.below_54,
        "tar_above180": 100 * found.above_180,
        "tar_above250": 100 * found.above_250,
        "mean": found.mean,
        "cv": None if found.cv is None else 100 * found.cv,
        "gmi": found.gmi,
        "lbgi": found.lbgi,
        "hbgi": found.hbgi,
    }


def flipped_signs(inputs: Inputs, case: Mapping[str, Any]) -> Got:
    resolution = float(inputs.get("resolution", 1e-9))
    found = answered(sign_flip.sign_flip(column(inputs, "difference"), resolution=resolution))
    return {
        "mean": found.mean,
        "p_two_sided": found.p_two_sided,
        "p_greater": found.p_greater,
        "p_less": found.p_less,
    }


CONTINUOUS: dict[str, Adapter] = {
    "resampling.exact_sign_flip": flipped_signs,
    "continuous.paired_t_ni_tost": paired_t,
    "continuous.wilcoxon_hl": wilcoxon,
    "continuous.wilcoxon_exact_ties": wilcoxon_tied,
    "agreement.bland_altman": bland_altman,
    "agreement.bland_altman_replicates": bland_altman_replicates,
    "agreement.lin_ccc": ccc,
    "agreement.icc": icc,
    "agreement.deming": deming,
    "agreement.passing_bablok": passing_bablok,
    "glucose.clarke_parkes_zones": zones,
    "glucose.time_in_range": time_in_range,
}
