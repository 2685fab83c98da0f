"""Error grids of glucose: the zone of an answer given its reference value.

Clarke's zones are inequalities. Parkes' zones are cut by lines with the corners of Pfützner et
al. 2013, the last piece of each running on beyond 550 mg/dL. Published tables of corners differ
from programs; these are the published ones. A point on a line belongs to the better zone.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from evaluation.inference.arrays import BoolArray, FloatArray, IntArray
from evaluation.inference.base import Method, NotEvaluable
from evaluation.inference.continuous.differences import finite_pairs
from protocols.errors import UsageError

METHOD = Method(
    name="error_grid",
    sentence=(
        "Zones A (no effect on action) to E (erroneous treatment) of each arm's glucose value "
        "against the reference, and the paired difference of the shares in zone A."
    ),
    citation=(
        "Clarke et al. 1987, Diabetes Care 10:622; Parkes et al. 2000, Diabetes Care 23:1143; "
        "corners: Pfützner et al. 2013, J Diabetes Sci Technol 7:1275"
    ),
)
Grid = Literal["clarke", "parkes_type_1", "parkes_type_2"]
ZONES = "ABCDE"
LOWEST_MG_DL = 1.0
Corner = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line above which, or below which, answers are in `zone` (1 = B .. 4 = E) or a worse one.

    Corners (reference, answer) in mg/dL from left to right; to the left of the first there is
    no such zone.
    """

    zone: int
    above: bool
    corners: tuple[Corner, ...]


PARKES: dict[str, tuple[Edge, ...]] = {
    "parkes_type_1": (
        Edge(1, True, ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550))),
        Edge(1, False, ((50, 30), (170, 145), (385, 300), (550, 450))),
        Edge(2, True, ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550))),
        Edge(2, False, ((120, 30), (260, 130), (550, 250))),
        Edge(3, True, ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550))),
        Edge(3, False, ((250, 40), (550, 150))),
        Edge(4, True, ((0, 150), (35, 155), (50, 550))),
    ),
    "parkes_type_2": (
        Edge(1, True, ((0, 50), (30, 50), (230, 330), (440, 550))),
        Edge(1, False, ((50, 30), (90, 80), (330, 230), (550, 450))),
        Edge(2, True, ((0, 60), (30, 60), (280, 550))),
        Edge(2, False, ((90, 0), (260, 130), (550, 250))),
        Edge(3, True, ((0, 80), (25, 80), (35, 90), (125, 550))),
        Edge(3, False, ((250, 40), (410, 110), (550, 160))),
        Edge(4, True, ((0, 200), (35, 200), (50, 550))),
    ),
}


def in_mg_dl(glucose: FloatArray, *, mg_dl_per_unit: float) -> FloatArray:
    """Concentrations in mg/dL: `mg_dl_per_unit` is 1, or 18.016 or 18 for values in mmol/L.

    The factor is the protocol's: zones near a line change with it. Raises `UsageError` for
    another factor. Products are rounded to 1e-9, so that 10 mmol/L at 18 is 180 mg/dL exactly.
    """
    if mg_dl_per_unit not in (1.0, 18.0, 18.016):
        raise UsageError("GLUCOSE_UNIT", f"There are 1, 18 or 18.016, not {mg_dl_per_unit}.")
    return glucose if mg_dl_per_unit == 1 else np.round(glucose * mg_dl_per_unit, 9)


def zones(
    answer: FloatArray, reference: FloatArray, *, grid: Grid, mg_dl_per_unit: float
) -> IntArray | NotEvaluable:
    """The zone of each answer, 0 for A to 4 for E.

    Refuses values that are not finite or below 1 mg/dL; raises `UsageError` for an unknown grid.
    Clarke et al. 1987, Diabetes Care 10:622; Parkes et al. 2000, 23:1143.
    """
    if grid not in get_args(Grid):
        raise UsageError("ERROR_GRID", f"There is no error grid {grid}.")
    refusal = finite_pairs(answer, reference)
    if refusal is not None:
        return refusal
    y = in_mg_dl(answer, mg_dl_per_unit=mg_dl_per_unit)
    x = in_mg_dl(reference, mg_dl_per_unit=mg_dl_per_unit)
    if min(float(x.min()), float(y.min())) < LOWEST_MG_DL:
        reason = "A value below 1 mg/dL is no glucose concentration."
        return NotEvaluable("values_out_of_range", reason)
    return _clarke(x, y) if grid == "clarke" else _parkes(x, y, PARKES[grid])


def letters(zone: IntArray) -> str:
    """One letter for each point."""
    return "".join(ZONES[z] for z in zone.tolist())


def _clarke(x: FloatArray, y: FloatArray) -> IntArray:
    """Clarke et al. 1987; products instead of quotients keep points on a line there."""
    middling = (y >= 70) & (y < 180)
    zone = np.ones(len(x), dtype=np.int64)
    zone[((x < 70) | (x > 240)) & middling] = 3
    low = (x >= 130) & (x <= 180) & (5 * y < 7 * (x - 130))
    high = (x > 70) & (y > 180) & (y > x + 110)
    zone[low | high] = 2
    zone[(5 * np.abs(y - x) <= x) | ((x < 70) & (y < 70))] = 0
    zone[((x <= 70) & (y >= 180)) | ((x >= 180) & (y <= 70))] = 4
    return zone


def _parkes(x: FloatArray, y: FloatArray, edges: tuple[Edge, ...]) -> IntArray:
    zone = np.zeros(len(x), dtype=np.int64)
    for edge in edges:
        zone[_beyond(x, y, edge)] = edge.zone
    return zone


def _beyond(x: FloatArray, y: FloatArray, edge: Edge) -> BoolArray:
    """Strictly on the worse side of the line."""
    corners = np.array(edge.corners, dtype=np.float64)
    piece = np.searchsorted(corners[:, 0], x, side="left") - 1
    inside = piece >= 0
    piece = np.clip(piece, 0, len(corners) - 2)
    start, end = corners[piece], corners[piece + 1]
    cross = (y - start[:, 1]) * (end[:, 0] - start[:, 0]) - (end[:, 1] - start[:, 1]) * (
        x - start[:, 0]
    )
    return inside & (cross > 0 if edge.above else cross < 0)
