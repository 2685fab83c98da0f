"""Rankings compared: published numbers, worked examples, and what is refused."""

import numpy as np
import pytest

from evaluation.inference.arrays import BoolArray, FloatArray
from evaluation.inference.base import Estimate, Findings, NotEvaluable
from evaluation.inference.discrimination.comparison import (
    Drawing,
    RankComparison,
    compared,
    rank_test,
)
from evaluation.inference.discrimination.curves import (
    area,
    average_precision,
    curve_of,
    partial_area,
    recall_at,
    sensitivity_at,
    standardised,
    statistic_of,
)
from evaluation.inference.discrimination.quantities import area_findings
from evaluation.inference.discrimination.words import ESTIMATORS, TESTS
from evaluation.inference.rows import ParameterValue
from protocols.errors import UsageError
from protocols.methods.discrimination import ESTIMATORS as ESTIMATOR_SPECS
from protocols.methods.discrimination import TESTS as TEST_SPECS
from protocols.vocabulary import Direction
from tests.support.ranking_rows import asked, rows_of

Y = np.array([1, 0, 1, 1, 0, 0, 1, 0], dtype=bool)
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.4, 0.2, 0.1])
OTHER = np.array([0.5, 0.6, 0.7, 0.4, 0.3, 0.8, 0.2, 0.1])
NUMBERS: dict[str, ParameterValue] = {
    "specificity_low": 0.5,
    "specificity_high": 1.0,
    "specificity": 0.8,
    "alert_rate": 0.25,
}


def test_measures_of_a_small_ranking_are_those_counted_by_hand() -> None:
    """Events at ranks 1, 3, one of the tied 4 and 5, and 7 of eight."""
    curve = curve_of(SCORES, Y)
    assert area(curve) == 10.5 / 16
    assert average_precision(curve) == pytest.approx((1 + 2 / 3 + 3 / 5 + 4 / 7) / 4)
    assert sensitivity_at(curve, specificity=0.75) == 0.5
    assert sensitivity_at(curve, specificity=0.5) == 0.75
    assert sensitivity_at(curve, specificity=1.0) == 0.25
    assert recall_at(curve, alert_rate=0.25) == 0.25
    assert recall_at(curve, alert_rate=0.5) == 0.625  # one of the tied two, by chance
    assert partial_area(curve, low=0.75, high=1.0) == 0.25 * 0.25


def test_a_specificity_that_the_curve_attains_gives_its_highest_sensitivity() -> None:
    """1 - 0.9 is not 0.1 in floating point; one false alarm among ten must still be allowed."""
    outcome = np.array([False] * 10 + [True] * 10)
    scores = np.concatenate((np.arange(10.0), np.full(10, 8.5)))
    assert sensitivity_at(curve_of(scores, outcome), specificity=0.9) == 1.0


def test_the_standardised_area_runs_from_half_on_the_diagonal_to_one() -> None:
    assert standardised(0.1, low=0.9, high=1.0) == pytest.approx(1.0)
    assert standardised(0.005, low=0.9, high=1.0) == pytest.approx(0.5)
    assert standardised(0.004, low=0.9, high=1.0) is None


@pytest.mark.parametrize(
    ("outcomes", "scores", "asked_of", "expected"),
    [
        (
            "1100110010110",
            [0, 1, -1, 0, 1, 2, -1, -1, 1, -1, 1, 0, -2],
            (0.8, 0.9, 0.75),
            (0.096190476190476173, 0.97759103641456579, 1),
        ),
        (
            "1100000110001001",
            [0, 1, 0, 0, 0, -1, 0, 0, -1, 0, 0, 2, 0, 1, -1, 3],
            (0, 0.2, 0.9),
            (0.18333333333333335, 0.58333333333333326, 0.16666666666666666),
        ),
        (
            "1100011110110001",
            [
                1.32,
                0.22,
                2.71,
                -0.13,
                -0.49,
                0.79,
                0.46,
                0.88,
                1.65,
                0.49,
                0.55,
                0.28,
                0.56,
                -0.95,
                0.88,
                0.88,
            ],
            (0.5, 1, 0.8),
            (0.17460317460317457, 0.56613756613756605, 0.31111111111111101),
        ),
        (
            "11001110010010000",
            [
                2.49,
                2.2,
                0.58,
                -0.32,
                1.65,
                0.22,
                0.85,
                0.75,
                -0.91,
                1.03,
                -0.6,
                1.39,
                -1.48,
                -0.25,
                -0.65,
                -0.89,
                -1.22,
            ],
            (0.8, 0.9, 0.333),
            (0.071428571428571411, 0.83193277310924363, 0.8571428571428571),
        ),
    ],
)
def test_parts_of_a_curve_agree_with_proc(
    outcomes: str,
    scores: list[float],
    asked_of: tuple[float, float, float],
    expected: tuple[float, float, float],
) -> None:
    """R pROC 1.18.0: auc(partial.auc), the same with partial.auc.correct, coords(specificity)."""
    curve = curve_of(np.array(scores), np.array([digit == "1" for digit in outcomes]))
    low, high, specificity = asked_of
    part = partial_area(curve, low=low, high=high)
    assert part is not None
    found = (
        part,
        standardised(part, low=low, high=high),
        sensitivity_at(curve, specificity=specificity),
    )
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("word", "numbers"),
    [
        ("partial_auc", {"specificity_low": 0.9, "specificity_high": 0.9}),
        ("sensitivity_at_specificity", {"specificity": 1.1}),
        ("recall_at_alert_rate", {"alert_rate": -0.1}),
    ],
)
def test_a_range_that_makes_no_sense_is_an_error(word: str, numbers: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        statistic_of(word, numbers)(curve_of(SCORES, Y))


def test_a_ranking_without_scores_or_a_known_measure_is_an_error() -> None:
    with pytest.raises(UsageError):
        curve_of(np.full(8, np.nan), Y)
    with pytest.raises(UsageError):
        statistic_of("lift", {})


def drawn(
    candidate: FloatArray, soc: FloatArray, outcome: BoolArray, *, accelerated: bool = False
) -> RankComparison | NotEvaluable:
    return compared(
        (candidate, soc),
        outcome,
        np.arange(len(outcome)),
        statistic=area,
        drawing=Drawing(seed=3, resamples=200, by_outcome=True, accelerated=accelerated),
    )


@pytest.mark.parametrize(
    ("candidate", "outcome", "code"),
    [
        (SCORES[:0], Y[:0], "no_pairs"),
        (np.where(Y, np.nan, SCORES), Y, "scores_missing"),
        (SCORES, np.zeros(8, dtype=bool), "one_class"),
        (SCORES, np.arange(8) == 2, "too_few_events"),
        (np.full(8, 0.3), Y, "constant_scores"),
        (np.exp(OTHER), Y, "arms_identical"),
    ],
)
def test_rankings_that_cannot_be_compared_are_refused(
    candidate: FloatArray, outcome: BoolArray, code: str
) -> None:
    found = drawn(candidate, OTHER[: len(candidate)], outcome)
    assert isinstance(found, NotEvaluable)
    assert found.code == code


def test_a_measure_undefined_on_many_resamples_is_refused() -> None:
    found = compared(
        (SCORES, OTHER),
        np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=bool),
        np.arange(8),
        statistic=area,
        drawing=Drawing(seed=3, resamples=200, by_outcome=False),
    )
    assert isinstance(found, NotEvaluable)
    assert found.code == "resamples_undefined"


def test_a_difference_that_never_moves_is_not_tested() -> None:
    """Both arms flag every event first, though in different order."""
    candidate = np.where(Y, 2.0, 0.0) + SCORES / 10
    found = drawn(candidate, np.where(Y, 2.0, 0.0) + OTHER / 10, Y)
    assert isinstance(found, RankComparison)
    test = rank_test(found, margin=0.05, level=0.95, direction=Direction.HIGHER_IS_BETTER)
    assert isinstance(test, NotEvaluable)
    assert test.code == "zero_variance"


def large(n: int = 3000) -> tuple[FloatArray, FloatArray, BoolArray]:
    rng = np.random.default_rng(8)
    outcome = rng.random(n) < 0.3
    shared = rng.normal(size=n) + outcome
    return shared + rng.normal(size=n), shared + rng.normal(size=n) * 1.4, outcome


def test_many_pairs_give_the_interval_of_delong_however_it_is_drawn() -> None:
    candidate, soc, outcome = large()
    plain = area_findings((candidate, soc), outcome, None, level=0.95, interval="wald")
    found = drawn(candidate, soc, outcome, accelerated=True)
    assert isinstance(plain, Findings)
    assert isinstance(found, RankComparison)
    wald = plain.named("difference")
    for word in ("normal", "percentile", "bca"):
        limits = found.difference.interval(word, level=0.95)
        assert limits == pytest.approx((wald.low, wald.high), abs=0.006)
    with pytest.raises(UsageError):
        found.difference.interval("wald", level=0.95)


def test_the_jackknife_agrees_with_placements_on_many_pairs() -> None:
    candidate, soc, outcome = large()
    alone, subjects = None, np.arange(3000) // 3
    for cluster in (alone, subjects):
        wald, left = (
            area_findings((candidate, soc), outcome, cluster, level=0.9, interval=word)
            for word in ("wald", "jackknife")
        )
        assert isinstance(wald, Findings)
        assert isinstance(left, Findings)
        for name in ("candidate", "standard_of_care", "difference"):
            error = wald.named(name).standard_error
            assert left.named(name).standard_error == pytest.approx(error, rel=0.01)


def test_perfect_separation_has_an_area_without_interval() -> None:
    found = area_findings((Y + SCORES / 10, OTHER), Y, None, level=0.95, interval="wald")
    assert isinstance(found, Findings)
    assert found.named("candidate").estimate == 1.0
    assert found.named("candidate").low is None
    assert found.named("candidate").reason
    assert found.named("standard_of_care").low is not None


def test_the_jackknife_says_when_leaving_a_subject_out_leaves_one_class() -> None:
    cluster = np.array([0, 1, 0, 2, 2, 3, 0, 1])
    outcome = np.array([1, 0, 1, 0, 0, 0, 1, 0], dtype=bool) | (np.arange(8) == 3)
    found = area_findings((SCORES, OTHER), outcome, cluster, level=0.95, interval="jackknife")
    assert isinstance(found, Findings)
    assert found.named("difference").estimate is not None
    with pytest.raises(UsageError):
        area_findings((SCORES, OTHER), outcome, cluster, level=0.95, interval="bca")


@pytest.mark.parametrize("word", sorted(set(ESTIMATORS) - {"reader_averaged_area"}))
def test_every_estimator_gives_both_arms_and_their_difference(word: str) -> None:
    candidate, soc, outcome = large(300)
    rows = rows_of((candidate, soc), outcome, np.arange(300))
    for interval in ESTIMATOR_SPECS[word].intervals:
        found = ESTIMATORS[word].run(rows, asked(NUMBERS, interval=interval))
        assert isinstance(found, Findings)
        first, second, apart, *rest = found.quantities
        assert apart.low is not None
        assert apart.high is not None
        assert first.estimate is not None
        assert second.estimate is not None
        assert apart.estimate == pytest.approx(first.estimate - second.estimate)
        assert apart.estimate is not None
        assert apart.low < apart.estimate < apart.high
        assert [q.name for q in rest] == (
            ["partial_auc_standardised_candidate", "partial_auc_standardised_standard_of_care"]
            if word == "partial_area"
            else []
        )


@pytest.mark.parametrize("measure", TEST_SPECS["bootstrap_rank_difference"].measures)
def test_every_ranking_measure_can_be_tested_by_resampling(measure: str) -> None:
    candidate, soc, outcome = large(300)
    rows = rows_of((candidate, soc), outcome, np.arange(300) // 2)
    found = TESTS["bootstrap_rank_difference"].run(rows, asked({"measure": measure, **NUMBERS}))
    assert isinstance(found, Estimate)
    assert found.n_clusters == 150
    assert found.candidate is not None


def test_a_measure_that_ranks_nothing_is_an_error() -> None:
    candidate, soc, outcome = large(300)
    rows = rows_of((candidate, soc), outcome, np.arange(300))
    run = TESTS["bootstrap_rank_difference"].run
    with pytest.raises(UsageError):
        run(rows, asked())
    with pytest.raises(UsageError):
        run(rows, asked({"measure": "brier"}))


def test_protocol_and_engine_hold_the_same_words() -> None:
    assert set(TESTS) == set(TEST_SPECS)
    assert set(ESTIMATORS) == set(ESTIMATOR_SPECS)
    assert all(entry.method.name == word for word, entry in TESTS.items())
    assert all(entry.method.name == word for word, entry in ESTIMATORS.items())
