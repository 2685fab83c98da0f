"""How the words that read glucose, or a reference value, read their columns."""

from typing import cast

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Findings, NotEvaluable, Quantity
from evaluation.inference.continuous import differences, error_grids, glucose, tolerance
from evaluation.inference.continuous.findings import arm_values, findings_of, three_means
from evaluation.inference.rows import Asked, Rows

MG_DL_PER_UNIT = {"mg_per_dl": 1.0, "mmol_per_l_18": 18.0, "mmol_per_l_18_016": 18.016}
"""Words for the unit of glucose, each with its factor to mg/dL."""


def error_grid(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `error_grid` on rows: both arms' shares in each zone, and in A or B together.

    Refuses no reference value, and what `zones` refuses.
    """
    reference = _reference(rows)
    if isinstance(reference, NotEvaluable):
        return reference
    grid = cast("error_grids.Grid", asked.word("grid"))
    factor = MG_DL_PER_UNIT[asked.word("unit")]
    found = [
        error_grids.zones(answer, reference, grid=grid, mg_dl_per_unit=factor)
        for answer in (rows.candidate, rows.standard_of_care)
    ]
    candidate, standard_of_care = found
    if isinstance(candidate, NotEvaluable):
        return candidate
    if isinstance(standard_of_care, NotEvaluable):
        return standard_of_care
    quantities: list[Quantity] = []
    for place, letter in enumerate(error_grids.ZONES):
        values = arm_values(rows, candidate == place, standard_of_care == place)
        name, title = f"zone_{letter.lower()}", f"share in zone {letter}"
        quantities += three_means(name, title, values, level=asked.level)
    values = arm_values(rows, candidate <= 1, standard_of_care <= 1)
    quantities += three_means("zones_a_b", "share in zones A and B", values, level=asked.level)
    return findings_of(error_grids.METHOD, rows, quantities)


GLUCOSE_TITLES = {
    "in_range": "share in range, 70 to 180 mg/dL",
    "below_70": "share below 70 mg/dL",
    "below_54": "share below 54 mg/dL",
    "above_180": "share above 180 mg/dL",
    "above_250": "share above 250 mg/dL",
    "mean": "mean glucose, mg/dL",
    "gmi": "glucose management indicator, %",
    "lbgi": "low blood glucose index",
    "hbgi": "high blood glucose index",
}


def glucose_ranges(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `glucose_ranges` on rows: both arms' means of each measure of the readings.

    Refuses what `readings` refuses in either arm.
    """
    factor = MG_DL_PER_UNIT[asked.word("unit")]
    arms = []
    for answers in (rows.candidate, rows.standard_of_care):
        found = glucose.readings(answers, mg_dl_per_unit=factor)
        if isinstance(found, NotEvaluable):
            return found
        arms.append(glucose.per_reading(found))
    quantities: list[Quantity] = []
    for name, title in GLUCOSE_TITLES.items():
        values = arm_values(rows, arms[0][name], arms[1][name])
        quantities += three_means(name, title, values, level=asked.level)
    return findings_of(glucose.METHOD, rows, quantities)


def within_tolerance(rows: Rows, asked: Asked) -> Findings | NotEvaluable:
    """The word `within_tolerance` on rows: both arms' shares of answers near the reference.

    Refuses no reference value, no pair and values that are not finite.
    """
    reference = _reference(rows)
    if isinstance(reference, NotEvaluable):
        return reference
    refusal = differences.finite_pairs(rows.candidate, rows.standard_of_care)
    if refusal is not None:
        return refusal
    relative, absolute = asked.number("relative"), asked.number("absolute")
    candidate, standard_of_care = (
        tolerance.within_tolerance(answers, reference, relative=relative, absolute=absolute)
        for answers in (rows.candidate, rows.standard_of_care)
    )
    values = arm_values(rows, candidate, standard_of_care)
    quantities = three_means("share", "share within the tolerance", values, level=asked.level)
    return findings_of(tolerance.METHOD, rows, quantities)


def _reference(rows: Rows) -> FloatArray | NotEvaluable:
    """The reference of each pair; a refusal where the endpoint has none or a pair lacks it."""
    if "reference" not in rows.extra:
        reason = "The endpoint's outcome gives no reference value to compare with."
        return NotEvaluable("reference_missing", reason)
    reference = rows.extra["reference"]
    return differences.finite_pairs(reference, reference) or reference
