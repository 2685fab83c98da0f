"""113 patients after a bleeding: the clinical grade (WFNS) beside a blood marker, S100-beta.

Turck et al. 2010, Intensive Care Med 36:107; worked example of Robin et al. 2011, BMC
Bioinformatics 12:77, whose two-sided p of DeLong's test is 0.02718.
"""

import numpy as np
import pytest

from evaluation.inference.rows import Rows
from tests.published.tables import (
    area_by_counting,
    asked,
    compared,
    lies_beside,
    lines,
    number,
    rows_of,
    two_sided,
)

pytestmark = lies_beside("asah_proc")


@pytest.fixture(scope="module")
def patients() -> Rows:
    table = list(lines("asah_proc/aSAH.csv"))
    marker, grade = (np.array([number(row[name]) for row in table]) for name in ("s100b", "wfns"))
    return rows_of((marker, grade), np.array([row["outcome"] == "Poor" for row in table]))


def test_the_grade_ranks_patients_better_than_the_marker(patients: Rows) -> None:
    found = compared("delong", patients, asked())
    assert (found.n_pairs, int(patients.outcome.sum())) == (113, 41)
    assert found.standard_of_care == pytest.approx(0.8237, abs=5e-5)
    assert found.candidate == pytest.approx(0.7314, abs=5e-5)
    assert found.high < 0
    assert two_sided(found) == pytest.approx(0.02717578, abs=5e-9)


def test_both_areas_are_the_shares_of_rightly_ranked_pairs(patients: Rows) -> None:
    found = compared("delong", patients, asked())
    marker, grade = patients.candidate, patients.standard_of_care
    assert found.candidate == pytest.approx(area_by_counting(marker, patients.outcome))
    assert found.standard_of_care == pytest.approx(area_by_counting(grade, patients.outcome))


def test_no_usual_margin_lets_the_marker_pass(patients: Rows) -> None:
    assert compared("delong", patients, asked(0.05)).p_value > 0.8


def test_resampling_patients_agrees_with_placements(patients: Rows) -> None:
    what = asked(resamples=1000, measure="auc", strata="outcome")
    drawn = compared("bootstrap_rank_difference", patients, what)
    exact = compared("delong", patients, asked())
    assert drawn.estimate == pytest.approx(exact.estimate, rel=1e-12)
    assert drawn.standard_error == pytest.approx(exact.standard_error, rel=0.1)
