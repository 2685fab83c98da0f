"""On data that say nothing, every method answers with a reason; never with a number or a pass."""

import numpy as np
import pytest

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import clustered_difference
from evaluation.inference.discrimination.areas import delong, single_area
from evaluation.inference.missing.bounds import informative_missingness
from evaluation.inference.proportions.difference import (
    PairedCounts,
    arm_shares,
    score_statistic,
    score_test,
)
from evaluation.inference.proportions.mcnemar import mcnemar
from evaluation.inference.proportions.ratio import ratio_interval
from protocols.errors import UsageError
from protocols.vocabulary import Direction

HIGHER = Direction.HIGHER_IS_BETTER


def code_of(found: object) -> str:
    assert isinstance(found, NotEvaluable), found
    assert found.reason.endswith(".")
    return found.code


def test_five_hundred_pairs_without_any_disagreement_do_not_show_non_inferiority() -> None:
    counts = PairedCounts(300, 0, 0, 200)
    found = score_test(counts, margin=0.05, direction=HIGHER, level=0.95)
    assert code_of(found) == "no_discordant_pairs"
    # The bare statistic would pass: this is the trap.
    assert score_statistic(counts, -0.05) > 1.96


def test_an_empty_table_is_not_evaluable_in_any_paired_method() -> None:
    empty = PairedCounts(0, 0, 0, 0)
    assert code_of(score_test(empty, margin=0.05, direction=HIGHER, level=0.95)) == "no_pairs"
    assert code_of(arm_shares(empty, level=0.95)) == "no_pairs"
    assert code_of(mcnemar(empty, kind="exact")) == "no_discordant_pairs"
    assert code_of(ratio_interval(empty, level=0.95)) == "ratio_undefined"


def test_few_discordant_pairs_are_tested_with_a_warning() -> None:
    found = score_test(PairedCounts(30, 2, 1, 7), margin=0.1, direction=HIGHER, level=0.95)
    assert isinstance(found, Estimate)
    assert "Only 3 of 40 pairs are discordant" in found.warnings[0]


@pytest.mark.parametrize(
    ("candidate", "soc", "outcome", "code"),
    [
        ([], [], [], "no_pairs"),
        ([1, 2, 3], [3, 2, 1], [1, 1, 1], "one_class"),
        ([1, 2, 3], [3, 2, 1], [0, 0, 0], "one_class"),
        ([1, 2, 3, 4], [4, 3, 2, 1], [1, 0, 0, 0], "too_few_events"),
        ([1, 2, 3, 4], [4, 3, 2, 1], [1, 1, 1, 0], "too_few_events"),
        ([5, 5, 5, 5], [4, 3, 2, 1], [1, 1, 0, 0], "constant_scores"),
        ([1, 2, 3, 4], [1, 2, 3, 4], [1, 0, 1, 0], "arms_identical"),
        ([1, 2, 3, 4], [10, 20, 30, 40], [1, 0, 1, 0], "arms_identical"),
        ([1, 2, np.nan, 4], [1, 2, 3, 4], [1, 0, 1, 0], "scores_missing"),
        ([4, 3, 2, 1], [1, 2, 3, 4], [1, 1, 0, 0], "zero_variance"),
    ],
)
def test_areas_that_cannot_be_compared_are_refused_with_their_reason(
    candidate: list[float], soc: list[float], outcome: list[int], code: str
) -> None:
    arms = np.array(candidate, dtype=np.float64), np.array(soc, dtype=np.float64)
    found = delong(*arms, np.array(outcome) == 1, margin=0.05, level=0.95)
    assert code_of(found) == code


def test_events_in_one_subject_only_are_not_enough_for_a_clustered_area() -> None:
    rng = np.random.default_rng(1)
    outcome = np.array([True] * 4 + [False] * 8)
    cluster = np.array([0] * 4 + [1, 1, 2, 2, 3, 3, 4, 4])
    arms = rng.normal(size=12), rng.normal(size=12)
    found = delong(*arms, outcome, margin=0.05, level=0.95, cluster=cluster)
    assert code_of(found) == "too_few_events"


def test_a_perfect_arm_has_an_area_but_no_interval() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    area = single_area(scores, np.array([False, False, True, True]), level=0.95)
    assert not isinstance(area, NotEvaluable)
    assert (area.area, area.low, area.high) == (1.0, None, None)


def difference(candidate: list[float], soc: list[float], cluster: list[int]) -> object:
    def floats(values: list[float]) -> FloatArray:
        return np.array(values, dtype=np.float64)

    return clustered_difference(
        floats(candidate),
        floats(soc),
        np.array(cluster, dtype=np.int64),
        margin=0.1,
        direction=HIGHER,
        level=0.95,
    )


def test_clustered_differences_without_variation_are_refused() -> None:
    assert code_of(difference([], [], [])) == "no_pairs"
    assert code_of(difference([1, 0, 1], [0, 0, 1], [7, 7, 7])) == "one_cluster"
    assert code_of(difference([1, 0, 1], [1, 0, 1], [1, 2, 3])) == "no_discordant_pairs"
    assert code_of(difference([1, 1, 1], [0, 0, 0], [1, 2, 3])) == "constant_differences"
    assert code_of(difference([1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 2, 2])) == "zero_variance"
    assert code_of(difference([1, np.inf], [0, 1], [1, 2])) == "values_not_finite"


def test_missingness_of_one_group_only_cannot_be_informative() -> None:
    found = informative_missingness(
        events_answered=3, n_answered=9, events_unanswered=0, n_unanswered=0, level=0.95
    )
    assert code_of(found) == "one_group"


def test_a_negative_margin_is_a_wrong_call_not_a_result() -> None:
    with pytest.raises(UsageError, match="margin is a non-negative number") as caught:
        score_test(PairedCounts(9, 3, 2, 1), margin=-0.1, direction=HIGHER, level=0.95)
    assert caught.value.code == "MARGIN_NEGATIVE"


def test_a_negative_cell_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="cannot be negative"):
        PairedCounts(1, -1, 0, 0)


def test_arms_of_different_length_are_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="one length"):
        delong(np.ones(3), np.ones(3), np.array([True, False]), margin=0.1, level=0.95)
