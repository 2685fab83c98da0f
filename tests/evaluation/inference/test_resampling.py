"""Resampling by subject: published numbers, another implementation, and refusals."""

import numpy as np
import pytest
from scipy import stats

from evaluation.inference.arrays import FloatArray
from evaluation.inference.base import NotEvaluable
from evaluation.inference.clusters.differences import mean_of_sums
from evaluation.inference.resampling import (
    Replicates,
    acceleration,
    basic_interval,
    bca_interval,
    bootstrap,
    bootstrap_each,
    bootstrap_totals,
    jackknife,
    jackknife_error,
    jackknife_totals,
    percentile_interval,
    subject_weights,
)
from protocols.errors import UsageError

VALUES = np.array([0.3, 1.2, -0.4, 2.9, 0.8, 0.1, -1.1, 5.2, 0.6, 1.4, -0.2, 0.9, 0.7, 3.3, -0.6])
SUMS = np.column_stack((VALUES, np.ones(len(VALUES))))


def test_the_acceleration_of_a_mean_by_hand() -> None:
    left_out = jackknife_totals(SUMS, mean_of_sums)
    centred = VALUES - VALUES.mean()
    by_hand = (centred**3).sum() / (6 * (centred**2).sum() ** 1.5)
    assert acceleration(left_out) == pytest.approx(by_hand, rel=1e-10)
    assert jackknife_error(left_out) == pytest.approx(stats.sem(VALUES), rel=1e-12)


def test_intervals_agree_with_another_implementation() -> None:
    drawn = bootstrap_totals(SUMS, mean_of_sums, seed=3, resamples=20_000)
    assert isinstance(drawn, Replicates)
    mean, left_out = float(VALUES.mean()), jackknife_totals(SUMS, mean_of_sums)
    ours = {
        "percentile": percentile_interval(drawn, level=0.95),
        "basic": basic_interval(drawn, mean, level=0.95),
        "BCa": bca_interval(drawn, mean, left_out, level=0.95),
    }
    for method, found in ours.items():
        theirs = stats.bootstrap(  # type: ignore[call-overload]
            (VALUES,), np.mean, method=method, n_resamples=20_000, rng=np.random.default_rng(5)
        ).confidence_interval
        assert found == pytest.approx((theirs.low, theirs.high), abs=0.04)


def test_the_same_seed_draws_the_same_subjects_and_another_seed_does_not() -> None:
    one, same, other = (list(subject_weights(9, seed=s, resamples=4)) for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_statistic_that_is_often_undefined_has_no_answer() -> None:
    cluster = np.arange(4)

    def share(weights: np.ndarray) -> float | None:
        return None if weights[0] == 0 else float(weights[0])

    often = bootstrap(share, cluster, seed=1, resamples=200)
    assert isinstance(often, NotEvaluable)
    assert often.code == "resamples_undefined"
    undefined = jackknife(share, cluster)
    assert isinstance(jackknife_error(undefined), NotEvaluable)


def test_a_statistic_that_is_seldom_undefined_says_how_often() -> None:
    sums = np.column_stack((np.arange(4.0), np.array([1.0, 1.0, 1.0, 1.0])))

    def seldom(totals: FloatArray) -> FloatArray:
        return np.where(totals[:, 0] <= 0, np.nan, totals[:, 0])

    found = bootstrap_totals(sums, seldom, seed=1, resamples=2000)
    assert isinstance(found, Replicates)
    assert 0 < found.undefined <= 100
    assert str(found.undefined) in found.warnings[0]


def test_each_of_several_statistics_is_judged_by_itself() -> None:
    found = bootstrap_each(lambda w: (float(w[0]), None), np.arange(3), seed=1, resamples=20)
    assert isinstance(found[0], Replicates)
    assert isinstance(found[1], NotEvaluable)


def test_an_estimate_beyond_all_replicates_has_no_accelerated_interval() -> None:
    drawn = Replicates(np.array([1.0, 2.0, 3.0]), 0)
    found = bca_interval(drawn, 9.0, jackknife_totals(SUMS, mean_of_sums), level=0.9)
    assert isinstance(found, NotEvaluable)
    assert found.code == "estimate_outside_replicates"


def test_a_constant_statistic_has_no_accelerated_interval() -> None:
    found = acceleration(np.array([2.0, 2.0, 2.0]))
    assert isinstance(found, NotEvaluable)
    assert found.code == "zero_variance"


def test_one_subject_cannot_be_left_out() -> None:
    found = jackknife_error(np.array([1.0]))
    assert isinstance(found, NotEvaluable)
    assert found.code == "one_cluster"


def test_one_resample_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(UsageError):
        bootstrap_totals(SUMS, mean_of_sums, seed=1, resamples=1)


def test_a_level_of_zero_is_a_mistake_of_the_caller() -> None:
    drawn = Replicates(np.array([1.0, 2.0]), 0)
    with pytest.raises(UsageError):
        percentile_interval(drawn, level=0.0)


def test_twenty_thousand_subjects_give_the_linearised_error() -> None:
    rng = np.random.default_rng(0)
    sums = np.column_stack((rng.normal(size=20_000), rng.integers(1, 6, 20_000).astype(float)))
    drawn = bootstrap_totals(sums, mean_of_sums, seed=1, resamples=2000)
    assert isinstance(drawn, Replicates)
    residual = sums[:, 0] - sums[:, 1] * sums[:, 0].sum() / sums[:, 1].sum()
    linearised = np.sqrt((residual**2).sum()) / sums[:, 1].sum()
    assert drawn.standard_error == pytest.approx(linearised, rel=0.05)
