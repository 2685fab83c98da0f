"""Glucose of one arm: time in, below and above range, risk indices, management indicator."""

import math
from dataclasses import dataclass

import numpy as np

from evaluation.inference.arrays import FloatArray, exact_sum
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.continuous.error_grids import LOWEST_MG_DL, in_mg_dl

METHOD = Method(
    name="glucose_ranges",
    sentence=(
        "Shares of readings in range (70 to 180 mg/dL, both included), below 70 and 54 and above "
        "180 and 250; low and high blood glucose index; glucose management indicator; each with "
        "its paired difference."
    ),
    citation=(
        "Battelino et al. 2019, Diabetes Care 42:1593; Bergenstal et al. 2018, Diabetes Care "
        "41:2275; Kovatchev et al. 1997, Diabetes Care 20:1655"
    ),
)
GMI_BASE, GMI_SLOPE = 3.31, 0.02392


@dataclass(frozen=True, slots=True)
class GlucoseSummary:
    """Shares in [0, 1], `mean` in mg/dL, `cv` a share (None for one reading), indices unitless.

    `gmi` is in per cent of glycated haemoglobin, as the indicator is defined.
    """

    n: int
    in_range: float
    below_70: float
    below_54: float
    above_180: float
    above_250: float
    mean: float
    cv: float | None
    gmi: float
    lbgi: float
    hbgi: float


def readings(glucose: FloatArray, *, mg_dl_per_unit: float) -> FloatArray | NotEvaluable:
    """Readings in mg/dL; refuses none, values that are not finite or below 1 mg/dL."""
    if glucose.size == 0:
        return NotEvaluable("no_pairs", "There is no glucose reading.")
    if not np.isfinite(glucose).all():
        return NotEvaluable("values_not_finite", "A reading is not a finite number.")
    found = in_mg_dl(glucose, mg_dl_per_unit=mg_dl_per_unit)
    if float(found.min()) < LOWEST_MG_DL:
        reason = "A value below 1 mg/dL is no glucose concentration."
        return NotEvaluable("values_out_of_range", reason)
    return found


def per_reading(mg_dl: FloatArray) -> dict[str, FloatArray]:
    """What each reading adds to a summary: indicators, risks and its own indicator of management.

    Risk: 22.77 f^2 with f = ln(glucose)^1.084 - 5.381, low risk where f < 0, high where
    f > 0; the index is the mean over all readings.
    """
    scaled = np.log(mg_dl) ** 1.084 - 5.381
    risk = 22.77 * scaled**2
    return {
        "in_range": ((mg_dl >= 70) & (mg_dl <= 180)).astype(np.float64),
        "below_70": (mg_dl < 70).astype(np.float64),
        "below_54": (mg_dl < 54).astype(np.float64),
        "above_180": (mg_dl > 180).astype(np.float64),
        "above_250": (mg_dl > 250).astype(np.float64),
        "mean": mg_dl,
        "gmi": GMI_BASE + GMI_SLOPE * mg_dl,
        "lbgi": np.where(scaled < 0, risk, 0.0),
        "hbgi": np.where(scaled > 0, risk, 0.0),
    }


def glucose_summary(
    glucose: FloatArray, *, mg_dl_per_unit: float = 1.0
) -> GlucoseSummary | NotEvaluable:
    """Summary of the readings of one arm, each reading for the same stretch of time.

    `mg_dl_per_unit` is 1 for mg/dL, 18 or 18.016 for mmol/L. Refuses what `readings` refuses.
    """
    mg_dl = readings(glucose, mg_dl_per_unit=mg_dl_per_unit)
    if isinstance(mg_dl, NotEvaluable):
        return mg_dl
    n = mg_dl.size
    means = {name: exact_sum(values) / n for name, values in per_reading(mg_dl).items()}
    cv = None
    if n > 1:
        cv = math.sqrt(exact_sum((mg_dl - means["mean"]) ** 2) / (n - 1)) / means["mean"]
    return GlucoseSummary(n=n, cv=cv, **means)
