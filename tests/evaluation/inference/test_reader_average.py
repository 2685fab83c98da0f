"""Areas averaged over readers: a published analysis, and designs that are refused."""

import numpy as np
import pytest

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.discrimination.quantities import reader_findings
from evaluation.inference.discrimination.readers import (
    Crossed,
    averaged_arm,
    averaged_difference,
    crossed,
    reader_areas,
    reader_test,
)
from evaluation.inference.discrimination.words import ESTIMATORS, TESTS
from evaluation.inference.rows import ParameterValue
from protocols.errors import UsageError
from tests.support.franken import readings
from tests.support.ranking_rows import asked, rows_of


def franken() -> Crossed:
    arms, outcome, reader, film = readings()
    table = crossed(arms, outcome, reader, film)
    assert isinstance(table, Crossed)
    return table


def test_random_readers_give_the_published_analysis_of_franken() -> None:
    """OR-DBM MRMC 2.51 (University of Iowa), trapezoidal areas, jackknife covariance, 5 digits."""
    areas = reader_areas(franken(), covariance="jackknife")
    assert areas.areas[0] == pytest.approx([0.85345997, 0.86499322, 0.85730439, 0.81524197])
    covariances = (areas.same_reader, areas.same_arm, areas.neither, areas.variance)
    assert covariances == pytest.approx(
        (0.00079168, 0.00048364, 0.00051251, 0.00152578), abs=5.1e-9
    )
    found = averaged_difference(areas, readers="random")
    assert not isinstance(found, NotEvaluable)
    assert found.estimate == pytest.approx(0.01085482, abs=5.1e-9)
    assert found.standard_error == pytest.approx(0.00501, abs=5e-6)
    assert found.df == pytest.approx(3.0)
    assert found.interval(level=0.95) == pytest.approx((-0.00509, 0.02680), abs=5.1e-6)


@pytest.mark.parametrize(
    ("arm", "area_value", "error", "df", "limits"),
    [
        (0, 0.84774989, 0.02440215, 70.12, (0.79908282, 0.89641696)),
        (1, 0.83689507, 0.02356642, 253.64, (0.79048429, 0.88330585)),
    ],
)
def test_each_modality_of_franken_has_its_published_interval(
    arm: int, area_value: float, error: float, df: float, limits: tuple[float, float]
) -> None:
    found = averaged_arm(reader_areas(franken(), covariance="jackknife"), arm, readers="random")
    assert not isinstance(found, NotEvaluable)
    assert found.estimate == pytest.approx(area_value, abs=5.1e-9)
    assert found.standard_error == pytest.approx(error, abs=5.1e-9)
    assert found.df == pytest.approx(df, abs=5.1e-3)
    assert found.interval(level=0.95) == pytest.approx(limits, abs=5.1e-9)


def test_fixed_readers_give_the_published_analysis_of_franken() -> None:
    """Chi-squared 0.32101 with one degree of freedom, standard error 0.01916."""
    found = reader_test(franken(), covariance="jackknife", readers="fixed", margin=0.0, level=0.95)
    assert isinstance(found, Estimate)
    assert found.statistic**2 == pytest.approx(0.32101, abs=5.1e-6)
    assert (found.low, found.high) == pytest.approx((-0.02670, 0.04840), abs=5.1e-6)
    assert 2 * found.p_value == pytest.approx(0.5710, abs=5.1e-5)


def test_a_margin_moves_the_reader_average_only() -> None:
    plain, shifted = (
        reader_test(franken(), covariance="delong", readers="random", margin=margin, level=0.95)
        for margin in (0.0, 0.05)
    )
    assert isinstance(plain, Estimate)
    assert isinstance(shifted, Estimate)
    gained = shifted.statistic - plain.statistic
    assert gained == pytest.approx(0.05 / plain.standard_error)
    assert (shifted.low, shifted.high) == (plain.low, plain.high)


def test_a_reader_who_missed_a_case_breaks_the_design() -> None:
    arms, outcome, reader, film = readings()
    kept = np.arange(len(outcome)) != 3
    found = crossed((arms[0][kept], arms[1][kept]), outcome[kept], reader[kept], film[kept])
    assert isinstance(found, NotEvaluable)
    assert found.code == "design_not_crossed"


def test_a_case_read_twice_by_one_and_never_by_another_breaks_the_design() -> None:
    arms, outcome, reader, film = readings()
    swapped = reader.copy()
    swapped[0] = 1.0
    found = crossed(arms, outcome, swapped, film)
    assert isinstance(found, NotEvaluable)
    assert found.code == "design_not_crossed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("outcome", "outcome_not_one_per_case"),
        ("reader", "reader_unknown"),
        ("score", "scores_missing"),
        ("one_class", "one_class"),
        ("one_case", "too_few_events"),
        ("constant", "constant_scores"),
        ("identical", "arms_identical"),
        ("empty", "no_pairs"),
    ],
)
def test_readings_without_an_average_are_refused(change: str, code: str) -> None:
    (films, screens), outcome, reader, film = readings()
    changes: dict[str, tuple[FloatArray, FloatArray, BoolArray, FloatArray]] = {
        "outcome": (films, screens, outcome ^ (np.arange(400) == 0), reader),
        "reader": (films, screens, outcome, np.where(np.arange(400) == 0, np.nan, reader)),
        "score": (np.where(np.arange(400) == 0, np.nan, films), screens, outcome, reader),
        "one_class": (films, screens, np.ones(400, dtype=bool), reader),
        "one_case": (films, screens, film == 0, reader),
        "constant": (np.ones(400), screens, outcome, reader),
        "identical": (films, films, outcome, reader),
        "empty": (films[:0], films[:0], outcome[:0], reader[:0]),
    }
    one, two, truth, who = changes[change]
    found = crossed((one, two), truth, who, film[: len(truth)])
    assert isinstance(found, NotEvaluable)
    assert found.code == code


def test_one_reader_cannot_stand_for_all_readers() -> None:
    table = Crossed(franken().scores[:, :1], franken().outcome)
    areas = reader_areas(table, covariance="delong")
    refused = averaged_difference(areas, readers="random")
    assert isinstance(refused, NotEvaluable)
    assert refused.code == "one_reader"
    assert averaged_arm(areas, 0, readers="random") == refused
    assert not isinstance(averaged_difference(areas, readers="fixed"), NotEvaluable)


def test_every_reader_stands_in_the_findings_by_name() -> None:
    found = reader_findings(
        franken(), ("A", "B", "C", "D"), covariance="delong", readers="random", level=0.95
    )
    assert isinstance(found, Findings)
    assert found.named("reader_2_candidate").estimate == pytest.approx(0.86499322)
    assert found.named("reader_2_candidate").title == "Area of reader B, candidate"
    assert found.named("difference").df == pytest.approx(3.0)


def test_readers_are_registered_with_their_effect_and_covariance() -> None:
    arms, outcome, reader, film = readings()
    rows = rows_of(arms, outcome, film, reader)
    words: dict[str, ParameterValue] = {"reader_effect": "random", "covariance": "jackknife"}
    test = TESTS["obuchowski_rockette"].run(rows, asked(words))
    found = ESTIMATORS["reader_averaged_area"].run(rows, asked(words, interval="t"))
    assert isinstance(test, Estimate)
    assert isinstance(found, Findings)
    assert (test.low, test.high) == pytest.approx((-0.00509, 0.02680), abs=5.1e-6)
    assert found.named("difference").low == test.low
    assert found.named("reader_1_candidate").title == "Area of reader 0, candidate"


def test_a_missing_reader_column_is_an_error_and_a_design_that_is_not_crossed_no_answer() -> None:
    arms, outcome, reader, film = readings()
    words: dict[str, ParameterValue] = {"reader_effect": "fixed", "covariance": "delong"}
    with pytest.raises(UsageError):
        TESTS["obuchowski_rockette"].run(rows_of(arms, outcome, film), asked(words))
    rows = rows_of(arms, outcome, np.arange(400), reader)
    for found in (
        TESTS["obuchowski_rockette"].run(rows, asked(words)),
        ESTIMATORS["reader_averaged_area"].run(rows, asked(words, interval="t")),
    ):
        assert isinstance(found, NotEvaluable)
        assert found.code == "design_not_crossed"
