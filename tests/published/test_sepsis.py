"""3,000 intensive care patients by the hour: two bedside scores and sepsis six hours ahead.

Reyna et al. 2020, Crit Care Med 48:210. SIRS and the two qSOFA items present, the last value
carried forward; every hour is one request.
"""

import math

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.rows import Rows
from tests.published.tables import (
    area_by_counting,
    asked,
    compared,
    independent,
    lies_beside,
    lines,
    number,
    numbered,
    rows_of,
)

pytestmark = lies_beside("cinc2019_sepsis")

TABLE = "cinc2019_sepsis/setB_p100001_p103000.csv.gz"
READ = ("HR", "Temp", "Resp", "PaCO2", "WBC", "SBP")


def _scores(last: dict[str, float]) -> tuple[int, int]:
    """Points of SIRS and of two-item qSOFA; a value never measured gives none."""
    heart, warmth, breath, gas, cells, pressure = (last[name] for name in READ)
    sirs = (
        heart > 90,
        warmth < 36 or warmth > 38,
        breath > 20 or gas < 32,
        cells < 4 or cells > 12,
    )
    return sum(sirs), (pressure <= 100) + (breath >= 22)


@pytest.fixture(scope="module")
def hours() -> Rows:
    """qSOFA as the candidate beside SIRS as the standard of care."""
    patient: list[str] = []
    points: list[tuple[int, int]] = []
    septic: list[bool] = []
    last: dict[str, float] = {}
    for row in lines(TABLE):
        if not patient or row["patient_id"] != patient[-1]:
            last = dict.fromkeys(READ, math.nan)
        last |= {name: number(row[name]) for name in READ if row[name]}
        patient.append(row["patient_id"])
        points.append(_scores(last))
        septic.append(row["SepsisLabel"] == "1")
    sirs, qsofa = np.array(points, dtype=np.float64).T
    return rows_of((qsofa, sirs), np.array(septic), cluster=numbered(patient))


def test_both_bedside_scores_rank_hours_weakly(hours: Rows) -> None:
    found = compared("delong", hours, asked())
    assert (found.n_pairs, found.n_clusters) == (113_642, 3000)
    assert found.standard_of_care == pytest.approx(0.684, abs=5e-4)
    assert found.candidate == pytest.approx(0.575, abs=5e-4)
    sirs = area_by_counting(hours.standard_of_care, hours.outcome)
    assert found.standard_of_care == pytest.approx(sirs, rel=1e-12)


def test_hours_of_one_patient_are_no_independent_evidence(hours: Rows) -> None:
    """Measured: 0.0153 between patients, 0.0070 if every hour were another patient."""
    found = compared("delong", hours, asked())
    naive = compared("delong", independent(hours), asked())
    assert found.estimate == naive.estimate
    assert found.standard_error == pytest.approx(0.015299, abs=5e-7)
    assert naive.standard_error == pytest.approx(0.006974, abs=5e-7)
    assert found.df == 2999


def test_leaving_out_one_patient_at_a_time_gives_the_clustered_error(hours: Rows) -> None:
    """A second route that knows nothing of placements: weights by patient on counted areas."""
    tables = [_by_patient(scores, hours) for scores in (hours.candidate, hours.standard_of_care)]
    areas = [_areas_without_each(table) for table in tables]
    apart = areas[0] - areas[1]
    k = len(apart)
    error = math.sqrt((k - 1) / k * float(((apart - apart.mean()) ** 2).sum()))
    found = compared("delong", hours, asked())
    assert found.standard_error == pytest.approx(error, rel=0.005)


def _by_patient(scores: FloatArray, hours: Rows) -> FloatArray:
    """Hours by patient, outcome and points."""
    shape = hours.n_clusters, 2, int(scores.max()) + 1
    cell = np.ravel_multi_index(
        (hours.cluster, hours.outcome.astype(int), scores.astype(int)), shape
    )
    return np.bincount(cell, minlength=math.prod(shape)).reshape(shape).astype(np.float64)


def _areas_without_each(table: FloatArray) -> FloatArray:
    left = table.sum(axis=0) - table
    others, events = left[:, 0], left[:, 1]
    below = np.cumsum(others, axis=1) - others / 2
    areas = (events * below).sum(axis=1) / (events.sum(axis=1) * others.sum(axis=1))
    return np.asarray(areas, dtype=np.float64)
