"""Zones of error grids, ranges of glucose, tolerances: what lies on a boundary."""

from collections.abc import Sequence

import numpy as np
import pytest

from evaluation.inference.base import NotEvaluable
from evaluation.inference.continuous.error_grids import Grid, letters, zones
from evaluation.inference.continuous.glucose import glucose_summary
from evaluation.inference.continuous.tolerance import within_tolerance
from protocols.errors import UsageError


def code(found: object) -> str:
    assert isinstance(found, NotEvaluable)
    return found.code


def zone(grid: Grid, points: Sequence[tuple[float, float]], factor: float = 1.0) -> str:
    reference, answer = np.array(points).T
    found = zones(answer, reference, grid=grid, mg_dl_per_unit=factor)
    assert not isinstance(found, NotEvaluable)
    return letters(found)


def test_clarkes_boundaries_belong_where_the_inequalities_put_them() -> None:
    points = [(100, 120), (100, 121), (70, 84), (70, 85), (58, 70), (70, 180), (69, 179)]
    assert zone("clarke", points) == "ABABDED"
    # 20 % of the reference, both ends; upper C starts above reference + 110, lower C below its line
    points = [(100, 80), (100, 79), (100, 210), (100, 211), (180, 70), (180, 71), (241, 179)]
    assert zone("clarke", points) == "ABBCEBD"
    assert zone("clarke", [(160, 42), (160, 41), (240, 100), (290, 400), (290, 401)]) == "BCBBC"


def test_every_published_corner_of_parkes_lies_in_the_better_zone() -> None:
    assert zone("parkes_type_1", [(140, 170), (280, 380), (385, 300), (170, 145)]) == "AAAA"
    assert zone("parkes_type_1", [(140, 171), (280, 381), (385, 299), (170, 144)]) == "BBBB"
    assert zone("parkes_type_1", [(50, 80), (70, 110), (260, 130), (50, 81), (260, 129)]) == "BBBCC"
    assert zone("parkes_type_1", [(50, 125), (80, 215), (250, 40), (50, 126), (251, 40)]) == "CCCDD"
    assert zone("parkes_type_1", [(35, 155), (35, 156), (50, 550), (49, 550)]) == "DEDE"
    assert zone("parkes_type_2", [(230, 330), (230, 331), (90, 80), (90, 79)]) == "ABAB"
    assert zone("parkes_type_2", [(260, 130), (260, 129), (410, 110), (410, 109)]) == "BCCD"
    assert zone("parkes_type_2", [(35, 200), (35, 201), (50, 29), (51, 29)]) == "DEAB"


def test_parkes_type_1_lower_edge_of_d_runs_straight_to_550() -> None:
    # from (250, 40) to (550, 150): at reference 490 the line is at 128
    assert zone("parkes_type_1", [(490, 128), (490, 127), (850, 260), (850, 259)]) == "CDCD"


def test_the_factor_of_the_unit_decides_on_a_line() -> None:
    assert zone("clarke", [(10.0, 3.885)], 18.0) == "E"
    assert zone("clarke", [(9.993, 3.885)], 18.0) == "B"
    assert zone("clarke", [(9.993, 3.885)], 18.016) == "E"
    with pytest.raises(UsageError, match=r"18\.016"):
        zone("clarke", [(10, 10)], 17.0)
    with pytest.raises(UsageError, match="no error grid"):
        zone("isolines", [(10, 10)])  # type: ignore[arg-type]
    assert code(zones(np.array([0.5]), np.array([90.0]), grid="clarke", mg_dl_per_unit=1.0)) == (
        "values_out_of_range"
    )


def test_the_range_is_closed_and_its_outside_strict() -> None:
    found = glucose_summary(np.array([53.9, 54, 69.9, 70, 180, 180.1, 250, 250.1]))
    assert not isinstance(found, NotEvaluable)
    assert (found.in_range, found.below_70, found.below_54) == (2 / 8, 3 / 8, 1 / 8)
    assert (found.above_180, found.above_250) == (3 / 8, 1 / 8)
    one = glucose_summary(np.array([10.0]), mg_dl_per_unit=18.0)
    assert not isinstance(one, NotEvaluable)
    assert (one.in_range, one.cv) == (1, None)
    assert code(glucose_summary(np.array([]))) == "no_pairs"
    assert code(glucose_summary(np.array([100, np.nan]))) == "values_not_finite"
    assert code(glucose_summary(np.array([0.2]))) == "values_out_of_range"


def test_tolerances_are_closed_and_the_larger_counts() -> None:
    reference = np.array([0.3, 0.3, 100.0, 100.0, 10.0])
    answer = np.array([0.33, 0.331, 115.0, 115.1, 12.0])
    assert within_tolerance(answer, reference, relative=0.1, absolute=0.0).tolist() == [
        1,
        0,
        0,
        0,
        0,
    ]
    assert within_tolerance(answer, reference, relative=0.15, absolute=2.0).tolist() == [
        1,
        1,
        1,
        0,
        1,
    ]
    with pytest.raises(UsageError, match="not negative"):
        within_tolerance(answer, reference, relative=-0.1, absolute=0.0)
