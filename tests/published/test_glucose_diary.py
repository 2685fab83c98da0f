"""Glucose of 70 people as they wrote it down: two times of one day in place of two arms.

AIM-94 data set of M. Kahn, Washington University. No recommender ran beside the doses given, so
breakfast and supper of one day stand in for the arms; the table is as dirty as it came.
"""

import numpy as np
import pytest

from evaluation.inference import registry
from evaluation.inference.base import NotEvaluable
from evaluation.inference.rows import Rows
from tests.published.tables import (
    analysed,
    asked,
    independent,
    lies_beside,
    lines,
    number,
    numbered,
    rows_of,
)

pytestmark = lies_beside("uci_insulin_aim94")

BEFORE_BREAKFAST, BEFORE_SUPPER = "58", "62"
WHAT = asked(unit="mg_per_dl")


def _reading(text: str) -> float:
    try:
        return number(text)
    except ValueError:
        return float("nan")


@pytest.fixture(scope="module")
def days() -> Rows:
    """Supper as the candidate beside breakfast; NaN where the diary has no number."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in lines("uci_insulin_aim94/aim94_insulin_glucose.csv.gz"):
        if row["code"] in (BEFORE_BREAKFAST, BEFORE_SUPPER):
            found.setdefault((row["patient"], row["date"]), {})[row["code"]] = _reading(
                row["value"]
            )
    both = {day: values for day, values in found.items() if len(values) == 2}
    breakfast, supper = (
        np.array([values[code] for values in both.values()])
        for code in (BEFORE_BREAKFAST, BEFORE_SUPPER)
    )
    who = numbered([patient for patient, _ in both])
    return rows_of((supper, breakfast), np.ones(len(both), dtype=np.bool_), cluster=who)


@pytest.fixture(scope="module")
def read(days: Rows) -> Rows:
    usable = np.isfinite(days.candidate) & np.isfinite(days.standard_of_care)
    return days.take(usable & (np.minimum(days.candidate, days.standard_of_care) >= 1))


def test_a_diary_with_unreadable_values_is_refused(days: Rows) -> None:
    found = registry.analysis("glucose_ranges", days, WHAT)
    assert isinstance(found, NotEvaluable)
    assert found.code == "values_not_finite"


def test_shares_in_range_are_counted_readings(read: Rows) -> None:
    found = analysed("glucose_ranges", read, WHAT)
    for name, mg_dl in (("candidate", read.candidate), ("standard_of_care", read.standard_of_care)):
        share = float(((mg_dl >= 70) & (mg_dl <= 180)).mean())
        assert found.named(f"in_range_{name}").estimate == pytest.approx(share)
        assert found.named(f"gmi_{name}").estimate == pytest.approx(3.31 + 0.02392 * mg_dl.mean())


def test_days_of_one_person_are_no_independent_evidence(read: Rows) -> None:
    found = analysed("glucose_ranges", read, WHAT).named("mean_difference")
    naive = analysed("glucose_ranges", independent(read), WHAT).named("mean_difference")
    assert found.estimate == pytest.approx(naive.estimate)
    assert (found.standard_error or 0) > 1.5 * (naive.standard_error or 0)
