"""312 trial patients with biliary cirrhosis: one laboratory value beside the Mayo risk score.

Dickson et al. 1989, Hepatology 10:1; deaths, with transplants and the living censored.
"""

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.rows import Rows
from tests.published.tables import analysed, asked, compared, lies_beside, lines, number, rows_of

pytestmark = lies_beside("pbc_mayo")


@pytest.fixture(scope="module")
def patients() -> Rows:
    """Bilirubin as the candidate beside the Mayo score as the standard of care."""
    table = [row for row in lines("pbc_mayo/pbc.csv") if row["trt"] not in ("", "NA")]
    names = ("bili", "albumin", "age", "protime", "edema", "time", "status")
    bili, albumin, age, clotting, oedema, time, status = (
        np.array([number(row[name]) for row in table]) for name in names
    )
    mayo = 0.871 * np.log(bili) - 2.53 * np.log(albumin) + 0.039 * age
    mayo += 2.38 * np.log(clotting) + 0.859 * oedema
    died = status == 2
    return rows_of((bili, mayo), died, extra={"time": time, "event": died.astype(float)})


def test_the_mayo_score_has_its_published_concordance(patients: Rows) -> None:
    found = analysed("concordance_index", patients, asked(resamples=200))
    assert (found.n_pairs, int(patients.outcome.sum())) == (312, 125)
    assert found.named("standard_of_care_c_index").estimate == pytest.approx(0.843, abs=5e-4)


def test_bilirubin_alone_is_worse_than_the_mayo_score(patients: Rows) -> None:
    found = compared("c_index_difference", patients, asked(0.02, resamples=400))
    assert found.high < 0
    assert found.p_value > 0.9
    assert found.candidate == pytest.approx(_by_pairs(patients.candidate, patients))
    assert found.standard_of_care == pytest.approx(_by_pairs(patients.standard_of_care, patients))


def _by_pairs(score: FloatArray, patients: Rows) -> float:
    """Every pair of patients: who died first, or died while the other was followed."""
    time, died = patients.extra["time"], patients.outcome
    earlier = (time[:, None] < time) | ((time[:, None] == time) & ~died)
    counts = earlier & died[:, None]
    ranked = (np.sign(score[:, None] - score) + 1) / 2
    return float((ranked * counts).sum() / counts.sum())
