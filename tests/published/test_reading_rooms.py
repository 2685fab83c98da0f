"""Readers and pairs of tests: the films of Franken 1992, and two hypothetical binary tests."""

import numpy as np
import pytest

from evaluation.inference.rows import Rows
from tests.published.tables import (
    analysed,
    area_by_counting,
    asked,
    compared,
    lies_beside,
    lines,
    number,
    rows_of,
)


@pytest.fixture(scope="module")
def films() -> Rows:
    """Modality 1 as the candidate beside modality 2, one row a reading of a film."""
    rating: dict[str, dict[tuple[str, str], float]] = {"1": {}, "2": {}}
    truth: dict[str, bool] = {}
    for row in lines("mrmc_franken/Franken.csv"):
        rating[row["treatment"]][row["reader"], row["case"]] = number(row["rating"])
        truth[row["case"]] = row["truth"] == "1"
    places = sorted(rating["1"])
    first, second = (np.array([rating[arm][place] for place in places]) for arm in ("1", "2"))
    return rows_of(
        (first, second),
        np.array([truth[film] for _, film in places]),
        cluster=np.array([int(film) for _, film in places]),
        extra={"reader": np.array([float(reader) for reader, _ in places])},
    )


@lies_beside("mrmc_franken")
def test_four_readers_see_little_difference_between_films(films: Rows) -> None:
    """OR-DBM MRMC 2.51 (University of Iowa) on these readings: jackknife, random readers."""
    what = asked(0.05, covariance="jackknife", reader_effect="random")
    found = compared("obuchowski_rockette", films, what)
    assert found.candidate == pytest.approx(0.8477, abs=5e-5)
    assert found.standard_of_care == pytest.approx(0.8369, abs=5e-5)
    assert found.estimate == pytest.approx(0.01085482, abs=5.1e-9)
    assert found.standard_error == pytest.approx(0.00501, abs=5e-6)
    assert (found.low, found.high) == pytest.approx((-0.00509, 0.02680), abs=5.1e-6)
    assert found.p_value < 0.001


@lies_beside("mrmc_franken")
def test_the_readers_mean_area_is_the_mean_of_counted_areas(films: Rows) -> None:
    what = asked(covariance="delong", reader_effect="random")
    reader = films.extra["reader"]
    counted = [
        area_by_counting(films.candidate[reader == who], films.outcome[reader == who])
        for who in np.unique(reader)
    ]
    found = compared("obuchowski_rockette", films, what)
    assert found.candidate == pytest.approx(float(np.mean(counted)), rel=1e-12)


@pytest.fixture(scope="module")
def two_tests() -> Rows:
    """Test 2 as the candidate beside test 1; hypothetical data of the package DTComPair."""
    table = list(lines("dtcompair_paired1_hypothetical/Paired1.csv"))
    second, first, diseased = (
        np.array([number(row[name]) for row in table]) for name in ("y2", "y1", "d")
    )
    return rows_of((second, first), diseased == 1)


@lies_beside("dtcompair_paired1_hypothetical")
def test_predictive_values_are_those_of_the_package(two_tests: Rows) -> None:
    """DTComPair 1.2.2, pv.wgs: Kosinski 2013, Stat Med 32:964."""
    found = analysed("predictive_values", two_tests, asked())
    assert found.n_pairs == 712
    assert found.named("ppv_difference").estimate == pytest.approx(0.0401184081387127)
    assert found.named("ppv_wgs").p_value == pytest.approx(0.0193912041446924)
    assert found.named("npv_difference").estimate == pytest.approx(-0.112145715919301)
    assert (found.named("npv_wgs").statistic or 0) ** 2 == pytest.approx(16.5354041431978)


@lies_beside("dtcompair_paired1_hypothetical")
def test_predictive_values_come_from_the_cells(two_tests: Rows) -> None:
    """319 + 31 and 78 + 53 flags of test 1, 319 + 31 and 22 + 22 of test 2."""
    found = compared("predictive_value_difference", two_tests, asked(measure="ppv"))
    assert found.standard_of_care == pytest.approx((319 + 78) / (319 + 78 + 31 + 53))
    assert found.candidate == pytest.approx((319 + 22) / (319 + 22 + 31 + 22))
