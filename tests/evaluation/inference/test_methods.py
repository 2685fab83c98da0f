"""What each method promises beside its reference numbers."""

import numpy as np
import pytest
from scipy import stats

from evaluation.inference import registry
from evaluation.inference.base import Estimate, NotEvaluable
from evaluation.inference.clusters.means import ClusterTotals, leverage_adjusted
from evaluation.inference.discrimination.areas import delong
from evaluation.inference.discrimination.roc import roc_points
from evaluation.inference.proportions.difference import PairedCounts, arm_shares, score_test
from evaluation.inference.proportions.mcnemar import mcnemar
from evaluation.inference.proportions.single import midp_interval, newcombe_independent_interval
from evaluation.inference.rows import Asked, Rows
from evaluation.inference.safety.bounds import exact_interval, exact_lower, exact_upper
from protocols.errors import UsageError
from protocols.vocabulary import Direction
from tests.support.rows import rows_of

HIGHER, LOWER = Direction.HIGHER_IS_BETTER, Direction.LOWER_IS_BETTER


def right_or_wrong(subjects: int) -> Rows:
    return rows_of("accuracy", n=400, subjects=subjects)


def test_repeated_subjects_turn_the_area_test_into_its_clustered_form() -> None:
    asked = Asked(level=0.9, margin=0.1)
    found = registry.estimate("delong", rows_of("auc", n=400, subjects=90), asked)
    assert isinstance(found, Estimate)
    assert (found.n_clusters, found.df) == (90, 89)


def test_repeated_subjects_leave_a_warning_on_the_score_test() -> None:
    repeated = right_or_wrong(subjects=50)
    found = registry.estimate("tango_score", repeated, Asked(level=0.9, margin=0.1))
    assert isinstance(found, Estimate)
    assert "treats pairs as independent" in found.warnings[-1]


def test_information_of_the_score_test_is_taken_at_the_margin() -> None:
    counts = PairedCounts(400, 30, 25, 45)
    found = score_test(counts, margin=0.05, direction=HIGHER, level=0.95)
    assert isinstance(found, Estimate)
    assert found.statistic == pytest.approx((found.estimate + 0.05) * found.information**0.5)


def test_the_exact_tests_agree_with_the_sign_test_of_another_library() -> None:
    counts = PairedCounts(40, 9, 3, 20)
    found = mcnemar(counts, kind="exact")
    assert not isinstance(found, NotEvaluable)
    assert found.p_one_sided == pytest.approx(stats.binomtest(9, 12, alternative="greater").pvalue)
    assert found.p_two_sided == pytest.approx(stats.binomtest(9, 12).pvalue)
    fewer = mcnemar(counts, kind="exact", direction=LOWER)
    assert not isinstance(fewer, NotEvaluable)
    assert fewer.p_one_sided == pytest.approx(stats.binomtest(9, 12, alternative="less").pvalue)


def test_mid_p_lies_half_a_point_probability_below_the_exact_p() -> None:
    counts = PairedCounts(40, 9, 3, 20)
    exact, midp = mcnemar(counts, kind="exact"), mcnemar(counts, kind="midp")
    assert not isinstance(exact, NotEvaluable)
    assert not isinstance(midp, NotEvaluable)
    point = stats.binom.pmf(9, 12, 0.5)
    assert exact.p_one_sided - midp.p_one_sided == pytest.approx(point / 2)
    assert exact.p_two_sided - midp.p_two_sided == pytest.approx(point)


def test_tied_discordant_cells_have_no_evidence_in_any_kind() -> None:
    counts = PairedCounts(9, 5, 5, 9)
    for kind in ("exact", "midp", "plain", "continuity"):
        found = mcnemar(counts, kind=kind)
        assert not isinstance(found, NotEvaluable)
        assert found.p_two_sided == pytest.approx(1.0)


def test_exact_bounds_agree_with_another_library() -> None:
    for events, n in ((0, 20), (3, 50), (20, 20), (7, 1000)):
        low, high = exact_interval(events, n, 0.95)
        other = stats.binomtest(events, n).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((other.low, other.high), abs=1e-12)
        assert exact_lower(events, n, 0.975) == pytest.approx(low, abs=1e-15)
        assert exact_upper(events, n, 0.975) == pytest.approx(high, abs=1e-15)


def test_no_events_among_n_leave_the_textbook_bound() -> None:
    assert exact_upper(0, 100, 0.95) == pytest.approx(1 - 0.05 ** (1 / 100), rel=1e-14)


def test_an_empty_denominator_is_no_share() -> None:
    with pytest.raises(UsageError, match="is not a proportion"):
        exact_upper(0, 0, 0.95)


def test_arm_shares_come_with_wilson_intervals_that_agree_with_another_library() -> None:
    shares = arm_shares(PairedCounts(40, 9, 3, 20), level=0.95)
    assert not isinstance(shares, NotEvaluable)
    soc, candidate = shares
    other = stats.binomtest(49, 72).proportion_ci(0.95, method="wilson")
    assert (candidate.low, candidate.high) == pytest.approx((other.low, other.high), abs=1e-12)
    assert soc.share == 43 / 72


def test_newcombes_interval_of_two_groups_matches_his_table() -> None:
    # Newcombe 1998 (17:873), table II, 56/70 - 48/80, method 10.
    low, high = newcombe_independent_interval(56, 70, 48, 80, level=0.95)
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_mid_p_limits_lie_inside_the_exact_ones() -> None:
    low, high = midp_interval(3, 20, level=0.95)
    outer_low, outer_high = exact_interval(3, 20, 0.95)
    assert outer_low < low < 0.15 < high < outer_high


def test_a_dominant_subject_shows_in_the_degrees_of_freedom() -> None:
    even = ClusterTotals(np.arange(8.0), np.ones(8), np.full(8, 10.0))
    uneven = ClusterTotals(np.arange(8.0), np.ones(8), np.array([100.0, *[2.0] * 7]))
    one, other = leverage_adjusted(even), leverage_adjusted(uneven)
    assert not isinstance(one, NotEvaluable)
    assert not isinstance(other, NotEvaluable)
    assert one.df == pytest.approx(7)
    assert other.df < 2


def test_a_curve_starts_and_ends_at_its_corners_and_never_falls() -> None:
    rng = np.random.default_rng(2)
    outcome = rng.random(5000) < 0.3
    points = roc_points(rng.normal(size=5000) + outcome, outcome)
    assert 150 < len(points) <= 200
    ends = points[0], points[-1]
    assert [(p.false_positive_share, p.true_positive_share) for p in ends] == [(0, 0), (1, 1)]
    for axis in ("false_positive_share", "true_positive_share"):
        values = [getattr(point, axis) for point in points]
        assert values == sorted(values)


def test_the_area_under_all_points_of_the_curve_is_the_area() -> None:
    rng = np.random.default_rng(2)
    outcome = rng.random(150) < 0.3
    scores = rng.integers(0, 30, 150).astype(np.float64)
    points = roc_points(scores, outcome)
    x = [p.false_positive_share for p in points]
    y = [p.true_positive_share for p in points]
    found = delong(scores, rng.normal(size=150), outcome, margin=0.1, level=0.95)
    assert isinstance(found, Estimate)
    assert np.trapezoid(y, x) == pytest.approx(found.candidate)


def test_a_thinned_curve_has_every_point_once_also_where_a_tie_leaps() -> None:
    rng = np.random.default_rng(0)
    outcome = rng.random(2000) < 0.3
    scores = np.where(rng.random(2000) < 0.7, 0.0, rng.normal(size=2000) + outcome)
    points = roc_points(scores, outcome)
    assert len(set(points)) == len(points)
    assert (points[-1].false_positive_share, points[-1].true_positive_share) == (1, 1)


def test_a_curve_without_events_has_no_points() -> None:
    assert roc_points(np.arange(4.0), np.zeros(4, dtype=bool)) == ()
